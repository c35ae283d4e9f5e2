"""What no list of privileges shows: attributes, ownership, roles within reach, code that runs as another, rights to come."""

from collections.abc import Iterator

from linter.manifest.model import Resource
from linter.permissions import class_of
from linter.systems.live import EXCESS, Discrepancy
from linter.systems.postgresql.compare import Side, describe, details, held_names
from linter.systems.postgresql.declared import NATIVE, family
from linter.systems.postgresql.effective import NotScanned, UnknownRole, effective
from linter.systems.postgresql.granted import Future, Indirect, Object, Power, PowerKind, Reach, Reason
from linter.systems.postgresql.names import quote

_FACTS = {
    PowerKind.SUPERUSER: "superuser",
    PowerKind.BYPASS_RLS: "bypass-rls",
    PowerKind.CREATE_ROLE: "role-administration",
}
_MOST_SHOWN = 3
"""Rights that a sentence names; the others it counts, and details list."""


def powers(side: Side) -> Iterator[Discrepancy]:
    """Attributes and predefined roles; a role that only comes with another one of the same kind is not said again."""
    told = {(one.kind, one.role) for one in side.effective.powers}
    for power in side.effective.powers:
        if any((power.kind, role) in told for role in power.path[1:-1]):
            continue
        conferred = _conferred(side, power)
        everywhere = power.kind is PowerKind.SUPERUSER
        who = f"{side.role} " if power.role == side.role else f"{side.role}, through {power.role}, "
        yield Discrepancy(
            _FACTS.get(power.kind, "server-power"),
            key=f"{power.kind}:{power.role}:{power.confers}",
            values={"confers": power.confers, "role": power.role, "who": who.rstrip()},
            cases=(power.kind.value,),
            details={
                "privilege": power.kind.value.upper().replace("-", " "),
                "object_type": "role",
                "schema": "",
                "object": power.role,
                "columns": None,
                "role": side.role,
                "via": list(power.path),
                "bound": "sure",
                **({"objects": conferred} if conferred else {}),
            },
            fix=power.fix,
            cause=_membership(power.path, f"an attribute of {power.role}"),
            verdict=EXCESS if everywhere else "",
            touches=_all(side) if everywhere else (),
            reason=f"{who}{power.confers}",
        )


def _all(side: Side) -> tuple[Resource, ...]:
    return tuple(demand.resource for demand in side.demands)


def _conferred(side: Side, power: Power) -> list[str]:
    """What a predefined role gives on objects that no resource names."""
    return sorted(
        describe(one.privilege, one.object, one.columns)
        for one in side.effective.held
        if side.resource_of(one.object) is None
        and all(source.reason is Reason.PREDEFINED and source.path[-1] == power.role for source in one.sources)
    )


def _membership(path: tuple[str, ...], otherwise: str) -> str:
    return f"{path[0]} is a member of {' -> '.join(path[1:])}" if len(path) > 1 else otherwise


def ownership(side: Side) -> Iterator[Discrepancy]:
    """What it owns, and so can alter, drop, and grant to anyone; ordinary rights on it need no finding of their own."""
    for one in side.effective.owned:
        audited = one.object in side.audited
        if one.object in side.agreed.everything and not audited:
            continue
        held = sorted({privilege for object, privilege in side.held if object == one.object})
        resource = side.resource_of(one.object)
        what = f"the ownership of {one.object.type} {one.object.sql}"
        via = " -> ".join([one.path[0], *(f"{role} (inherits)" for role in one.path[1:]), "owner"])
        yield Discrepancy(
            "mutable-audit-log" if audited else "ownership",
            key=f"{one.object.type}:{one.object.sql}:OWNERSHIP",
            values={"what": what, "via": via, "object": one.object.sql, "privilege": "OWNERSHIP"},
            details={
                **details(side, "OWNERSHIP", one.object, None, None),
                "via": [*one.path, "owner"],
                "privileges": held,
            },
            fix=one.fix,
            cause=_membership(one.path, f"{one.path[0]} is the owner"),
            resource=resource,
            place=side.claim.audit_log.place if audited and resource is None and side.claim.audit_log else None,
            verdict=EXCESS,
            reason=f"{side.role} has {what}",
        )


def reachable(side: Side) -> Iterator[Discrepancy]:
    """Roles that it does not act as now, and can, where that brings anything that nobody agreed to."""
    by_create_role = any(one.kind is PowerKind.CREATE_ROLE for one in side.effective.powers)
    ways: dict[str, list[Reach]] = {}
    for one in side.effective.reach:
        ways.setdefault(one.role, []).append(one)
    for reach, *others in ways.values():
        if reach.how == "create-role" and by_create_role:
            continue  # the attribute is reported
        gained, touched = _gained(side, reach)
        if not gained and not reach.gains:
            continue
        shown = ", ".join([*reach.gains, *gained[:_MOST_SHOWN]])
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
                "gains": [*reach.gains, *gained],
            },
            fix="\n".join(dict.fromkeys(way.fix for way in (reach, *others))),
            cause=_membership(reach.path, f"an attribute of {side.role}"),
            verdict=EXCESS,
            touches=_all(side) if "superuser" in reach.gains else touched,
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
            cause=_membership(names, ""),
            reason=f"{side.role} can make any role a member of {role}",
        )


_HOW = {
    "set role": "SET ROLE",
    "admin option": "granting itself the membership",
    "create-role": "granting itself the membership (CREATEROLE)",
    "login setting": "logging in (ALTER ROLE ... SET role)",
}


def _gained(side: Side, reach: Reach) -> tuple[list[str], tuple[Resource, ...]]:
    """What becoming the role adds that is neither agreed nor held already, in words; and the resources concerned."""
    if reach.inherited:
        return [], ()
    try:
        other = effective(side.index, reach.role)
    except (NotScanned, UnknownRole):
        return ["rights that could not be read"], ()
    found: dict[str, None] = {}
    touched: dict[int, Resource] = {}
    for one in other.held:
        key = (one.object, one.privilege)
        if one.default or one.object in side.agreed.everything:
            continue
        left = held_names([one]).minus(held_names(side.held.get(key, ())))
        agreed = side.agreed.may.get(key)
        if agreed is not None:
            left = left.minus(agreed)
        if left.empty:
            continue
        found[describe(one.privilege, one.object, one.columns)] = None
        _touch(side, one.object, touched)
    for owned in other.owned:
        if owned.object not in side.owned and owned.object not in side.agreed.everything:
            found[f"the ownership of {owned.object.type} {owned.object.sql}"] = None
            _touch(side, owned.object, touched)
    return sorted(found, key=_gravity), tuple(touched.values())


def _touch(side: Side, object: Object, touched: dict[int, Resource]) -> None:
    resource = side.resource_of(object)
    if resource is not None:
        touched[resource.position] = resource


_ORDER = ("the ownership", "DELETE", "TRUNCATE", "UPDATE", "INSERT", "EXECUTE", "SELECT")


def _gravity(what: str) -> tuple[int, str]:
    return next((place for place, word in enumerate(_ORDER) if what.startswith(word)), len(_ORDER)), what


def indirect(side: Side) -> Iterator[Discrepancy]:
    """Code that runs as another role and that the agent can set off, where it does more than the agent may."""
    for one in side.effective.indirect:
        if one.held and not one.dangerous and not one.bypasses_rls:
            continue
        if one.target is not None and _allowed(side, one.target, one.privilege) and not one.bypasses_rls:
            continue
        declared = (one.object, _entry(one)) in side.agreed.may or one.object in side.agreed.everything
        # To read a view or to call a function as its owner may be just what was agreed: that is information.
        grave = one.bypasses_rls or (
            one.target is None and ("superuser" in one.dangerous or "search_path" in one.dangerous)
        )
        agreed = declared and one.kind in ("view", "function") and not grave
        reaches = describe(one.privilege, one.target, None) if one.target else "whatever its body does"
        resource = side.resource_of(one.target) if one.target else None
        because = (
            "is not bound by row-level security" if one.bypasses_rls else one.dangerous if one.target is None else ""
        )
        yield Discrepancy(
            "security-definer-path",
            key=f"{one.kind}:{one.object.sql}:{one.name}:{one.privilege}:{one.target.sql if one.target else ''}",
            values={
                "kind": one.kind,
                "object": f"{one.name} of {one.object.sql}" if one.name else one.object.sql,
                "runs_as": one.runs_as,
                "reaches": reaches,
                "entry": one.entry,
                "because": f"; it {because}" if because else "",
                "via": one.via,
            },
            cases=("agreed",) if agreed else (),
            details={
                **details(side, one.privilege or "EXECUTE", one.target or one.object, None, None),
                "via": one.via.split(" -> "),
                "runs_as": one.runs_as,
            },
            fix=one.fix,
            cause=f"{one.kind} {one.object.sql} runs as {one.runs_as}",
            resource=side.resource_of(one.object) or resource,
            verdict=EXCESS if one.target is not None and not agreed else "",
            touches=(resource,) if resource is not None else (),
            reason=f"through {one.kind} {one.object.sql} {side.role} has {reaches}",
        )


def _entry(one: Indirect) -> str:
    return one.entry.partition(" on ")[0]


def _allowed(side: Side, object: Object, privilege: str) -> bool:
    return object in side.agreed.everything or (object, privilege) in side.agreed.may


def future(side: Side) -> Iterator[Discrepancy]:
    """What default privileges will give on objects to come, where no wildcard agrees to it."""
    for one in side.effective.future:
        if any(_foreseen(demand.schemas, demand.resource, one) for demand in side.demands):
            continue
        where = f" in schema {one.schema}" if one.schema else ""
        what = f"{one.privilege} on every {one.type} that {one.creator} creates{where}"
        yield Discrepancy(
            "future-privilege",
            key=f"{one.creator}:{one.schema}:{one.type}:{one.privilege}",
            values={"what": what},
            cases=("public",) if one.public else (),
            details={
                "privilege": one.privilege,
                "object_type": one.type,
                "schema": one.schema,
                "object": "*",
                "columns": None,
                "role": side.role,
                "via": [
                    *one.path,
                    *(["PUBLIC"] if one.public else []),
                    f"ALTER DEFAULT PRIVILEGES FOR ROLE {one.creator}",
                ],
                "bound": "sure",
            },
            fix=one.fix,
            cause=f"default privileges of {one.creator}",
        )


def _foreseen(schemas: tuple[str, ...], resource: Resource, one: Future) -> bool:
    """Whether a wildcard resource agrees to this right on objects to come."""
    if one.schema not in schemas:
        return False
    words = {leaf.action for leaf in resource.leaves if not leaf.box}
    if "admin" in words or any(class_of(word) == "admin" for word in words):
        return True
    kind = family(Object("function" if one.type == "function" else one.type, one.schema, "*"))
    return one.privilege in {NATIVE.get(kind, {}).get(word) for word in words}
