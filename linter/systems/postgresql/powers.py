"""Rights that no list of privileges bounds: attributes, predefined roles, ownership, what default privileges will give."""

from collections.abc import Iterator

from linter.actions import class_of
from linter.manifest.model import Resource
from linter.systems.live import EXCESS, Discrepancy
from linter.systems.postgresql.declared import NATIVE, family
from linter.systems.postgresql.granted import Future, Object, Power, PowerKind, Reason
from linter.systems.postgresql.side import Side
from linter.systems.postgresql.wording import describe, details, held_by

_FACTS = {
    PowerKind.SUPERUSER: "superuser",
    PowerKind.BYPASS_RLS: "bypass-rls",
    PowerKind.CREATE_ROLE: "role-administration",
}

_EVERY_ROLE = "the membership of every role that is no superuser"


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
                **({"gains": [_EVERY_ROLE]} if _hands_out(side, power) else {}),
            },
            fix=power.fix,
            cause=held_by(power.path, f"an attribute of {power.role}"),
            verdict=EXCESS if everywhere else "",
            touches=side.resources if everywhere else (),
            reason=f"{who}{power.confers}",
        )


def _hands_out(side: Side, power: Power) -> bool:
    """Whether it grants itself any role: until 16 CREATEROLE asked for no ADMIN OPTION (release notes of 16, "Privileges")."""
    return power.kind is PowerKind.CREATE_ROLE and side.index.version < 160000


def _conferred(side: Side, power: Power) -> list[str]:
    """What a predefined role gives on objects that no resource names."""
    return sorted(
        describe(one.privilege, one.object, one.columns)
        for one in side.effective.held
        if side.resource_of(one.object) is None
        and all(source.reason is Reason.PREDEFINED and source.path[-1] == power.role for source in one.sources)
    )


def ownership(side: Side) -> Iterator[Discrepancy]:
    """What it owns, and so can alter, drop, and grant to anyone; ordinary rights on it need no finding of their own."""
    extensions = {one.name for one in side.owned if one.type == "extension"}
    for one in side.effective.owned:
        audited = one.object in side.audited
        if one.extension in extensions and not audited:
            continue  # it goes with its extension
        if one.object in side.agreed.everything and not audited:
            continue
        if one.object.type in ("sequence", "TOAST table") and _of_a_table(side, one.object):
            continue  # it goes with its table, and cannot be given alone
        held = sorted(side.held.get(one.object, ()))
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
            cause=held_by(one.path, f"{one.path[0]} is the owner"),
            resource=resource,
            place=side.claim.audit_log.place if audited and resource is None and side.claim.audit_log else None,
            verdict=EXCESS,
            reason=f"{side.role} has {what}",
            judged_at=side.index.judged_at(one.object),
        )


def _of_a_table(side: Side, object: Object) -> bool:
    relation = side.index.relation(object.schema, object.name)
    return relation is not None and bool(relation.parents)


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
