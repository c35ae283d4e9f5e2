"""Roles that the agent's role can become, and those whose membership it can hand out."""

from collections.abc import Iterator

from linter.manifest.model import Resource
from linter.systems.live import EXCESS, Discrepancy
from linter.systems.postgresql.attributes import conferred
from linter.systems.postgresql.granted import Object, Power, PowerKind, Reach
from linter.systems.postgresql.names import quote
from linter.systems.postgresql.policies import other_rows
from linter.systems.postgresql.rights import Rights, held, rights_of
from linter.systems.postgresql.side import Side, held_names, ordinary
from linter.systems.postgresql.wording import describe, held_by

_MOST_SHOWN = 3
"""Rights that a sentence names; the others it counts, and details list."""


def reachable(side: Side) -> Iterator[Discrepancy]:
    """Roles that it does not act as now, and can, where that brings anything that nobody agreed to."""
    by_create_role = any(one.kind is PowerKind.CREATE_ROLE for one in side.effective.powers)
    ways: dict[str, list[Reach]] = {}
    for one in side.effective.reach:
        ways.setdefault(one.role, []).append(one)
    tellers: dict[str, set[str]] = {}
    """Predefined role -> roles of which it was said that they have its power."""
    for reach, *others in ways.values():
        if reach.how == "create-role" and by_create_role:
            continue  # the attribute is reported
        gained, touched = _gained(side, reach)
        given = _conferred(side, reach)
        if tellers.get(reach.role, set()).intersection(reach.path):
            continue  # said of the role by way of which it is reached
        for power in given:
            tellers.setdefault(power.role, set()).add(reach.role)
        brings = [*reach.gains, *(f"{one.role} ({one.confers})" for one in given)]
        if not gained and not brings:
            continue
        everywhere = "superuser" in reach.gains or any(one.kind is PowerKind.SUPERUSER for one in given)
        shown = ", ".join([*brings, *gained[:_MOST_SHOWN]])
        rest = f" and {len(gained) - _MOST_SHOWN} more" if len(gained) > _MOST_SHOWN else ""
        yield Discrepancy(
            "reachable-role",
            key=f"{reach.how}:{reach.role}",
            values={"role": reach.role, "how": _HOW.get(reach.how, reach.how), "gains": f"{shown}{rest}"},
            cases=(reach.how.replace(" ", "-"),),
            details={
                "privilege": "SET ROLE",
                "object_type": "role",
                "schema": "",
                "object": reach.role,
                "columns": None,
                "role": side.role,
                "via": list(reach.path),
                "bound": "sure",
                "gains": [*brings, *gained],
            },
            fix="\n".join(dict.fromkeys(way.fix for way in (reach, *others))),
            cause=held_by(reach.path, f"an attribute of {side.role}"),
            verdict=EXCESS,
            touches=side.resources if everywhere else touched,
            reason=f"{side.role} can become {reach.role}",
        )


def administration(side: Side) -> Iterator[Discrepancy]:
    """Roles of which it can make any other a member: ADMIN OPTION, in effect now."""
    index = side.index
    for oid, path in index.graph.administered(index.roles[side.role]).items():
        role = index.role_names[oid]
        names = index.path(path)
        holder = names[-2]
        yield Discrepancy(
            "role-administration",
            key=f"admin option:{role}",
            values={"who": side.role, "confers": f"can make any role a member of {role}"},
            cases=("admin-option",),
            details={
                "privilege": "ADMIN OPTION",
                "object_type": "role",
                "schema": "",
                "object": role,
                "columns": None,
                "role": side.role,
                "via": list(names),
                "bound": "sure",
            },
            fix=f"REVOKE ADMIN OPTION FOR {quote(role)} FROM {quote(holder)};",
            cause=held_by(names, ""),
            reason=f"{side.role} can make any role a member of {role}",
        )


_HOW = {
    "set role": "SET ROLE",
    "admin option": "granting itself the membership",
    "create-role": "granting itself the membership (CREATEROLE)",
    "login setting": "logging in (ALTER ROLE ... SET role)",
}


def _conferred(side: Side, reach: Reach) -> list[Power]:
    """What the role's place in predefined roles adds: the server asks for it by name, so that no ACL shows it."""
    index = side.index
    mine = {one.role for one in side.effective.powers}
    role = index.graph.roles[index.roles[reach.role]]
    return [] if role.superuser else [one for one in conferred(index, role) if one.role not in mine]


def _gained(side: Side, reach: Reach) -> tuple[list[str], tuple[Resource, ...]]:
    """What becoming the role adds that is neither agreed nor held already, in words; and the resources concerned."""
    if reach.inherited or "superuser" in reach.gains:
        return [], ()
    index, oid = side.index, side.index.roles[reach.role]
    if oid not in index.snapshot.scanned:
        return ["rights that were not read"], ()
    rights = rights_of(index, oid)
    found: dict[str, None] = {}
    touched: dict[int, Resource] = {}
    for one in held(rights):
        if ordinary(one) or one.object in side.agreed.everything:
            continue
        left = held_names([one]).minus(held_names(side.holds(one.object, one.privilege)))
        agreed = side.agreed.allows(one.object, one.privilege)
        if agreed is not None:
            left = left.minus(agreed)
        if left.empty:
            continue
        found[describe(one.privilege, one.object, one.columns)] = None
        _touch(side, one.object, touched)
    for object, resource in _rows_opened(side, rights):
        found[f"other rows of {object.sql}"] = None
        touched[resource.position] = resource
    for thing in index.things.values():
        owned = thing.object
        if thing.owner in rights.inherited and owned not in side.owned and owned not in side.agreed.everything:
            found[f"the ownership of {owned.type} {owned.sql}"] = None
            _touch(side, owned, touched)
    return sorted(found, key=_gravity), tuple(touched.values())


def _rows_opened(side: Side, rights: Rights) -> Iterator[tuple[Object, Resource]]:
    """Relations of which rows were declared, where other policies bind the role."""
    index = side.index
    for demand in side.demands:
        for object in demand.objects if demand.rows else ():
            relation = index.relation(object.schema, object.name)
            if relation is None or not rights.on_relation(relation.oid):
                continue
            if other_rows(rights_of(index, index.roles[side.role]), rights, relation):
                yield object, demand.resource


def _touch(side: Side, object: Object, touched: dict[int, Resource]) -> None:
    resource = side.resource_of(object)
    if resource is not None:
        touched[resource.position] = resource


_ORDER = ("the ownership", "DELETE", "TRUNCATE", "UPDATE", "INSERT", "EXECUTE", "SELECT")


def _gravity(what: str) -> tuple[int, str]:
    return next((place for place, word in enumerate(_ORDER) if what.startswith(word)), len(_ORDER)), what
