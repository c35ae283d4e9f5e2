"""Granted against declared for ordinary privileges: excess, conditional, missing, unusable (DESIGN.md, section 1)."""

from collections.abc import Iterator, Sequence

from linter.boxes import EVERYTHING, Names
from linter.manifest.model import Resource
from linter.systems.live import CONDITIONAL, EXCESS, MISSING, Discrepancy
from linter.systems.postgresql.declared import BY_COLUMN, OWNERSHIP, RELATIONS
from linter.systems.postgresql.granted import PASSED_ON, SURE, Held, Object, Reason, revoke
from linter.systems.postgresql.names import quote
from linter.systems.postgresql.parameters import by_no_session
from linter.systems.postgresql.remedies import fixes, grant
from linter.systems.postgresql.side import Side, held_names, listed, ordinary
from linter.systems.postgresql.wording import cause, describe, details, reading

_CHANGING = frozenset({"UPDATE", "DELETE", "TRUNCATE"})
"""What an audit log's own writer must not be able to do (NIST SP 800-53 AU-9)."""


def excess(side: Side) -> Iterator[Discrepancy]:
    """What is held and no claim allows."""
    for object, privileges in side.held.items():
        audited = object in side.audited
        if (object in side.agreed.everything and not audited) or object in side.owned:
            continue  # ownership is said once, elsewhere
        allowed = side.agreed.may.get(object, {})
        for privilege, held in privileges.items():
            agreed = None if audited and privilege in _CHANGING else allowed.get(privilege)
            if agreed == EVERYTHING or all(ordinary(one) for one in held):
                continue  # agreed, or the ordinary noise, which is counted elsewhere
            left = held_names(held).minus(agreed) if agreed is not None else held_names(held)
            columns: list[str] | None = None
            if object.type in RELATIONS and privilege in BY_COLUMN:
                columns = None if left == EVERYTHING else listed(left, side.columns(object))
                if columns == [] and (agreed is not None or any(one.columns is not None for one in held)):
                    continue
            elif left.empty:
                continue
            if not audited and side.resource_of(object) is None and _predefined(held):
                continue  # the predefined role is reported, with all that it gives
            yield _excess(side, object, privilege, held, columns, agreed)


def _predefined(held: Sequence[Held]) -> bool:
    return all(source.reason is Reason.PREDEFINED for one in held for source in one.sources)


def _excess(
    side: Side, object: Object, privilege: str, held: list[Held], columns: list[str] | None, agreed: Names | None
) -> Discrepancy:
    sources = [source for one in held for source in one.sources]
    sure = any(one.bound == SURE for one in held)
    public = all(source.reason is Reason.PUBLIC for source in sources)
    audited = object in side.audited and privilege in _CHANGING
    fact = "conditional-privilege" if not sure else "public-privilege" if public else "undeclared-privilege"
    if audited and sure:
        fact = "mutable-audit-log"
    what = describe(privilege, object, columns, other=agreed is not None)
    grantable = any(source.grantable for source in sources)
    if grantable:
        what += ", with the right to grant it"
    if object.type == "TOAST table":
        what += f": the long values of {side.index.toasted(object)}"
    if object.type == "foreign server" and side.index.logs_in(side.index.roles[side.role], object.name):
        what += ", where a user mapping logs it in"
    resource = side.resource_of(object)
    fix = fixes(side, object, held, columns, agreed)
    return Discrepancy(
        fact,
        key=f"{object.type}:{object.sql}:{privilege}",
        values={"what": what, "via": held[0].via, "object": object.sql, "privilege": privilege},
        cases=("reading",) if reading(privilege, object) else (),
        details={
            **details(side, privilege, object, columns, held[0].sources[0], held[0].bound),
            **({"grantable": True} if grantable else {}),
        },
        fix=fix,
        cause=cause(held[0].sources[0]),
        resource=resource,
        place=side.claim.audit_log.place if audited and resource is None and side.claim.audit_log else None,
        verdict=EXCESS if sure else CONDITIONAL,
        reason=f"{side.role} has {what}",
        judged_at=side.index.judged_at(object),
    )


def missing(side: Side) -> Iterator[Discrepancy]:
    """What is declared and not even possibly held."""
    for demand in side.demands:
        for object, needs in demand.must.items():
            held = side.held.get(object, {})
            for privilege, needed in needs.items():
                if privilege == OWNERSHIP:
                    if object not in side.owned:
                        yield _missing(side, demand.resource, object, privilege, None)
                    continue
                has = held.get(privilege, ())
                if any(one.columns is None for one in has):
                    continue
                left = needed.minus(held_names(has))
                columns: list[str] | None = None
                if object.type in RELATIONS and privilege in BY_COLUMN and left != EVERYTHING:
                    columns = listed(left, side.columns(object))
                if not left.empty and columns != []:
                    yield _missing(side, demand.resource, object, privilege, columns)


def _missing(side: Side, resource: Resource, object: Object, privilege: str, columns: list[str] | None) -> Discrepancy:
    what = describe(privilege, object, columns)
    if privilege == OWNERSHIP:
        fix = f"ALTER {object.keyword} {object.sql} OWNER TO {quote(side.role)};"
    elif object.type == "parameter":
        fix, why = _ungranted(side, privilege, object)
        what += why
    else:
        fix = grant(privilege, object, columns, side.role)
        if object.schema in side.index.schemas:
            schema = side.index.object(("schema", side.index.schemas[object.schema]))
            if not side.holds(schema, "USAGE"):
                fix = f"{grant('USAGE', schema, None, side.role)}\n{fix}"
    return Discrepancy(
        "missing-privilege",
        key=f"{object.type}:{object.sql}:{privilege}",
        values={"what": what, "object": object.sql, "privilege": privilege},
        details=details(side, privilege, object, columns, None),
        fix=fix,
        cause=f"never granted to {side.role}",
        resource=resource,
        verdict=MISSING,
        reason=f"{side.role} lacks {what}",
    )


def _ungranted(side: Side, privilege: str, object: Object) -> tuple[str, str]:
    """The statement that lets it set a parameter, if there is one; else why there is none."""
    if privilege == "SET" and by_no_session(object.name, side.index.parameters):
        return "", " (no session can: it belongs to the server's configuration)"
    if side.index.version < 150000:
        return "", " (until PostgreSQL 15 only superusers can)"
    return grant(privilege, object, None, side.role), ""


def unusable(side: Side) -> Iterator[Discrepancy]:
    """What is declared and held, and of no use until something else is granted."""
    for one in side.effective.unusable:
        wanted = [
            demand.resource
            for demand in side.demands
            if demand.must
            and (not one.privilege or one.privilege in demand.must.get(one.object, ()))
            # That SELECT is missing, or of no use, is said of itself.
            and not (one.partly and "SELECT" in demand.must.get(one.object, ()))
        ]
        if not wanted:
            continue
        what = describe(one.privilege, one.object, None) if one.privilege else f"database {one.object.sql}"
        yield Discrepancy(
            "unusable-privilege",
            key=f"{one.object.type}:{one.object.sql}:{one.privilege}:{one.needs}",
            values={"what": what, "needs": one.needs},
            cases=() if one.privilege else ("database",),
            details=details(side, one.privilege, one.object, None, None),
            fix=one.fix,
            cause=f"{side.role} lacks {one.needs}",
            resource=wanted[0] if one.privilege else None,
            verdict="" if one.partly else MISSING,
            touches=tuple(wanted),
            reason=f"{side.role} lacks {one.needs}, which {what} needs",
        )


def passed_on(side: Side) -> Iterator[Discrepancy]:
    """Agreed privileges that may be granted to others, which nobody agreed to; one an object."""
    if side.agreed.passes_on:
        return
    found: dict[Object, list[Held]] = {}
    for one in side.effective.held:
        if one.grantable and side.agreed.allows(one.object, one.privilege) is not None:
            found.setdefault(one.object, []).append(one)
    for object, held in found.items():
        if object in side.owned or object in side.agreed.everything:
            continue
        privileges = sorted({one.privilege for one in held})
        sources = [source for one in held for source in one.sources if source.grantable]
        statements = [
            f"{line.partition(' -- ')[0].replace('REVOKE ', 'REVOKE GRANT OPTION FOR ', 1)} -- {PASSED_ON}"
            for one in held
            for source in one.sources
            if source.grantable and source.reason is Reason.ACL
            for line in revoke(one, source).splitlines()
        ]
        what = f"{', '.join(privileges)} on {object.sql}"
        yield Discrepancy(
            "grant-option",
            key=f"{object.type}:{object.sql}",
            values={"what": what, "via": held[0].via},
            details={**details(side, privileges[0], object, held[0].columns, sources[0]), "privileges": privileges},
            fix="\n".join(dict.fromkeys(statements)),
            cause=cause(sources[0]),
            resource=side.resource_of(object),
            verdict=EXCESS,
            reason=f"{side.role} may pass on {what}",
        )
