"""Granted against declared for ordinary privileges: excess, conditional, missing, unusable (DESIGN.md, section 1)."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from linter.boxes import EVERYTHING, Names
from linter.manifest.model import Resource
from linter.systems.live import CONDITIONAL, EXCESS, MISSING, UNVERIFIED, Claim, Discrepancy
from linter.systems.postgresql.declared import BY_COLUMN, OWNERSHIP, RELATIONS, Demand, Rights
from linter.systems.postgresql.granted import SURE, Effective, Held, Object, PowerKind, Reason, Source, revoke
from linter.systems.postgresql.index import Index
from linter.systems.postgresql.names import quote

READING = frozenset({"SELECT", "CONNECT", "TEMPORARY"})
_CHANGING = frozenset({"UPDATE", "DELETE", "TRUNCATE"})
"""What an audit log's own writer must not be able to do (NIST SP 800-53 AU-9)."""


class Agreed(NamedTuple):
    """What all agents that share a principal may do together."""

    may: Rights
    everything: frozenset[Object]
    passes_on: bool


class Side:
    """One agent's claim beside what its principal holds."""

    def __init__(
        self,
        claim: Claim,
        demands: Sequence[Demand],
        audit: Demand | None,
        agreed: Agreed,
        effective: Effective,
        index: Index,
    ) -> None:
        self.claim = claim
        self.demands = demands
        self.audit = audit
        self.agreed = agreed
        self.effective = effective
        self.index = index

    @property
    def role(self) -> str:
        """The principal."""
        return self.effective.role

    @cached_property
    def superuser(self) -> bool:
        """Whether no permission is checked at all."""
        return any(one.kind is PowerKind.SUPERUSER and one.role == self.role for one in self.effective.powers)

    @cached_property
    def owned(self) -> frozenset[Object]:
        """What it owns, itself or through a role that it inherits."""
        return frozenset(one.object for one in self.effective.owned)

    @cached_property
    def audited(self) -> frozenset[Object]:
        """The audit log, where there is one here."""
        return frozenset(self.audit.objects if self.audit else ())

    @cached_property
    def held(self) -> dict[tuple[Object, str], list[Held]]:
        """What is held, by object and privilege."""
        found: dict[tuple[Object, str], list[Held]] = {}
        for one in self.effective.held:
            found.setdefault((one.object, one.privilege), []).append(one)
        return found

    def resource_of(self, object: Object) -> Resource | None:
        """The resource that an object belongs to: the one that names it, else the narrowest wildcard."""
        return self._owners.get(object)

    @cached_property
    def _owners(self) -> dict[Object, Resource]:
        owners: dict[Object, Resource] = {}
        for demand in sorted(self.demands, key=lambda one: (len(one.schemas) or -1, len(one.objects))):
            for object in demand.objects:
                owners.setdefault(object, demand.resource)
        return owners

    def columns(self, object: Object) -> tuple[str, ...]:
        """A relation's columns; none for what has none."""
        relation = self.index.relation(object.schema, object.name) if object.type in RELATIONS else None
        return relation.columns if relation is not None else ()


def held_names(held: Sequence[Held]) -> Names:
    """The columns on which a privilege is held."""
    names = Names(frozenset())
    for one in held:
        names = names.join(EVERYTHING if one.columns is None else Names(frozenset(one.columns)))
    return names


def listed(names: Names, columns: Sequence[str]) -> list[str]:
    """The existing columns of a set, in the relation's order; a system column that is named comes last."""
    if names.excluded:
        return [one for one in columns if one not in names.names]
    return [*(one for one in columns if one in names.names), *sorted(names.names.difference(columns))]


def excess(side: Side) -> Iterator[Discrepancy]:
    """What is held and no claim allows."""
    for (object, privilege), held in side.held.items():
        if object in side.agreed.everything and object not in side.audited:
            continue
        if object in side.owned or all(one.default for one in held):
            continue  # ownership, or the ordinary noise: said once, elsewhere
        agreed = side.agreed.may.get((object, privilege))
        if object in side.audited and privilege in _CHANGING:
            agreed = None
        left = held_names(held).minus(agreed) if agreed is not None else held_names(held)
        columns: list[str] | None = None
        if object.type in RELATIONS and privilege in BY_COLUMN:
            columns = None if left == EVERYTHING else listed(left, side.columns(object))
            if columns == [] and (agreed is not None or any(one.columns is not None for one in held)):
                continue
        elif left.empty:
            continue
        if side.resource_of(object) is None and object not in side.audited and _predefined(held):
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
    if any(source.grantable for source in sources):
        what += ", with the right to grant it"
    resource = side.resource_of(object)
    fix = fixes(side, object, held, columns, agreed)
    return Discrepancy(
        fact,
        key=f"{object.type}:{object.sql}:{privilege}",
        values={"what": what, "via": held[0].via, "object": object.sql, "privilege": privilege},
        cases=("reading",) if reading(privilege, object) else (),
        details=details(side, privilege, object, columns, held[0].sources[0], held[0].bound),
        fix=fix,
        cause=cause(held[0].sources[0]),
        resource=resource,
        place=side.claim.audit_log.place if audited and resource is None and side.claim.audit_log else None,
        verdict=EXCESS if sure else CONDITIONAL,
        reason=f"{side.role} has {what}",
    )


def reading(privilege: str, object: Object) -> bool:
    """Whether a privilege changes nothing."""
    return privilege in READING or (privilege == "USAGE" and object.type in ("schema", "type", "language"))


def describe(privilege: str, object: Object, columns: Sequence[str] | None, *, other: bool = False) -> str:
    """A privilege in words: "UPDATE on 18 other columns of app.tickets"."""
    kind = "" if object.type in RELATIONS or object.type == "sequence" else f"{object.type} "
    if columns is None:
        return f"{privilege} on {kind}{object.sql}"
    word = "other " if other else ""
    noun = "column" if len(columns) == 1 else "columns"
    if len(columns) > 3:
        return f"{privilege} on {len(columns)} {word}{noun} of {object.sql}"
    return f"{privilege} on the {word}{noun} {', '.join(map(quote, columns))} of {object.sql}"


def details(
    side: Side, privilege: str, object: Object, columns: Sequence[str] | None, source: Source | None, bound: str = SURE
) -> dict[str, object]:
    """The contract's details (DESIGN.md, section 5)."""
    return {
        "privilege": privilege,
        "object_type": object.type,
        "schema": object.schema,
        "object": object.name + (f"({object.arguments})" if object.sql.endswith(")") else ""),
        "columns": None if columns is None else list(columns),
        "role": side.role,
        "via": path(source) if source is not None else [side.role],
        "bound": bound,
    }


def path(source: Source) -> list[str]:
    """How a privilege is held, outermost first: roles, then the grant or the attribute."""
    end = "owner" if source.reason is Reason.OWNER else "superuser" if source.reason is Reason.SUPERUSER else ""
    if source.grantors:
        end = f"GRANT by {', '.join(source.grantors)}"
    steps = [*source.path, *(["PUBLIC"] if source.reason is Reason.PUBLIC else [])]
    return [*steps, end] if end else steps


def cause(source: Source) -> str:
    """The decision behind a privilege, which the text report groups by."""
    if source.reason is Reason.PUBLIC:
        return "granted to PUBLIC: every role has it"
    if len(source.path) > 1:
        return f"{source.path[0]} is a member of {' -> '.join(source.path[1:])}"
    return f"granted to {source.path[0]} itself" + (f" by {', '.join(source.grantors)}" if source.grantors else "")


def fixes(side: Side, object: Object, held: Sequence[Held], columns: list[str] | None, agreed: Names | None) -> str:
    """The statements that end an excess and leave what is agreed; each way in which it is held needs its own."""
    statements: list[str] = []
    narrowed = False
    for one in held:
        ended = one
        if one.columns is not None and columns is not None:
            within = tuple(name for name in one.columns if name in columns)
            if not within:
                continue
            ended = one._replace(columns=within)
        statements += [revoke(ended, source) for source in one.sources]
        narrowed = narrowed or one.columns is None or any(len(source.path) > 1 for source in one.sources)
    if narrowed and columns is not None and agreed is not None:
        kept = listed(agreed, side.columns(object))
        if kept:
            statements.append(grant(held[0].privilege, object, kept, side.role))
    return "\n".join(dict.fromkeys(statements))


def grant(privilege: str, object: Object, columns: Sequence[str] | None, role: str) -> str:
    """The GRANT of one privilege."""
    limit = f" ({', '.join(map(quote, columns))})" if columns is not None else ""
    return f"GRANT {privilege}{limit} ON {object.on} TO {quote(role)};"


def missing(side: Side) -> Iterator[Discrepancy]:
    """What is declared and not even possibly held."""
    for demand in side.demands:
        for (object, privilege), needed in demand.must.items():
            if privilege == OWNERSHIP:
                if object not in side.owned:
                    yield _missing(side, demand.resource, object, privilege, None)
                continue
            left = needed.minus(held_names(side.held.get((object, privilege), ())))
            if left.empty:
                continue
            columns: list[str] | None = None
            if object.type in RELATIONS and privilege in BY_COLUMN and left != EVERYTHING:
                columns = listed(left, side.columns(object))
                if not columns:
                    continue
            yield _missing(side, demand.resource, object, privilege, columns)


def _missing(side: Side, resource: Resource, object: Object, privilege: str, columns: list[str] | None) -> Discrepancy:
    if object.type == "parameter":
        reason = f"whether {side.role} may set {object.sql} is not in the catalog: no role was granted it"
        return Discrepancy(
            "unverified-resource", key=f"parameter:{object.sql}", values={"reason": reason}, resource=resource,
            verdict=UNVERIFIED, reason=reason,
        )  # fmt: skip
    what = describe(privilege, object, columns)
    if privilege == OWNERSHIP:
        fix = f"ALTER {object.keyword} {object.sql} OWNER TO {quote(side.role)};"
    else:
        fix = grant(privilege, object, columns, side.role)
        if object.schema in side.index.schemas:
            schema = side.index.object(("schema", side.index.schemas[object.schema]))
            if (schema, "USAGE") not in side.held:
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


def unusable(side: Side) -> Iterator[Discrepancy]:
    """What is declared and held, and of no use until something else is granted."""
    for one in side.effective.unusable:
        wanted = [
            demand.resource
            for demand in side.demands
            if demand.must and (not one.privilege or (one.object, one.privilege) in demand.must)
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
            verdict="" if one.needs.startswith("SELECT") else MISSING,  # without WHERE it works
            touches=tuple(wanted),
            reason=f"{side.role} lacks {one.needs}, which {what} needs",
        )


def passed_on(side: Side) -> Iterator[Discrepancy]:
    """Agreed privileges that may be granted to others, which nobody agreed to; one an object."""
    if side.agreed.passes_on:
        return
    found: dict[Object, list[Held]] = {}
    for (object, privilege), held in side.held.items():
        if object in side.owned or object in side.agreed.everything or (object, privilege) not in side.agreed.may:
            continue
        found.setdefault(object, []).extend(one for one in held if one.grantable)
    for object, held in found.items():
        if not held:
            continue
        privileges = sorted({one.privilege for one in held})
        sources = [source for one in held for source in one.sources if source.grantable]
        statements = [
            line.partition(" -- or")[0].replace("REVOKE ", "REVOKE GRANT OPTION FOR ", 1)
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
