"""Scopes that speak of rows: whether row-level security binds the role. What a policy's expression means nobody compares."""

from collections.abc import Iterator

from linter.manifest.model import Resource
from linter.systems.live import CONDITIONAL, EXCESS, UNVERIFIED, Discrepancy
from linter.systems.postgresql.declared import RELATIONS
from linter.systems.postgresql.granted import POSSIBLE, Object, RowSecurity
from linter.systems.postgresql.index import Index
from linter.systems.postgresql.names import quote
from linter.systems.postgresql.policies import ROWS, admits_more, applying, shut, spell, unbound
from linter.systems.postgresql.rights import rights_of
from linter.systems.postgresql.side import Side
from linter.systems.postgresql.snapshot import Policy, Relation
from linter.systems.postgresql.wording import details


def unbound_rows(side: Side) -> Iterator[Discrepancy]:
    """For each relation of a resource whose scope names rows: nothing narrows them, or something does and cannot be compared."""
    known = {one.object: one for one in side.effective.row_security}
    rights = rights_of(side.index, side.index.roles[side.role])
    for demand in side.demands:
        if not demand.rows:
            continue
        for object in demand.objects:
            held = [one for one in ROWS if side.holds(object, one) and one in demand.may.get(object, {})]
            if object.type not in RELATIONS or not held:
                continue
            found = known.get(object)
            if object.type not in ("table", "partitioned table"):
                reason = f"row-level security is for tables, and {object.sql} is a {object.type}"
            elif found is not None and found.binds:
                relation = side.index.relation(object.schema, object.name)
                if relation is not None and all(shut(rights, relation, one) for one in held):
                    continue  # no row is let through, which is said elsewhere
                policies = "; ".join(found.policies)
                reason = f"row-level security binds {side.role}, and nobody can compare its policies with the scope: {policies}"
            else:
                for privilege in held:
                    yield _unbound(side, demand.resource, object, privilege, found)
                continue
            yield Discrepancy(
                "unverified-resource",
                key=f"rows:{object.sql}",
                values={"reason": reason},
                resource=demand.resource,
                verdict=UNVERIFIED,
                reason=reason,
            )


def inherited_rows(side: Side) -> Iterator[Discrepancy]:
    """Rows that a table's row-level security keeps from the role, and that a statement on a parent reaches, or may reach.

    In a statement only the policies of the relation that it names apply (PostgreSQL manual, 5.11; measured on 15 to 18).
    """
    rights = rights_of(side.index, side.index.roles[side.role])
    told = {object for demand in side.demands if demand.rows for object in demand.objects}
    for child in side.index.secured:
        if unbound(rights, child) is not None or child.kind == "v":
            continue
        for parent in _ancestors(side.index, child):
            known = side.index.things.get(("relation", parent.oid))
            if known is None:
                continue
            # INSERT on a parent goes on to its partitions, and to no other child.
            words = ROWS if child.partition else ("SELECT", "UPDATE", "DELETE")
            held = [one for one in words if side.holds(known.object, one)]
            here = side.index.object(("relation", child.oid))
            if unbound(rights, parent) is not None:
                if held:
                    yield _inherited(side, here, known.object, held)
            elif known.object not in told:  # of which it is said that its policies have to be compared
                held = [one for one in held if admits_more(rights, parent, child, one)]
                if held:
                    yield _perhaps(side, here, known.object, held, applying(rights, parent, held[0]))


def _ancestors(index: Index, child: Relation) -> Iterator[Relation]:
    seen: set[int] = set()
    waiting = list(child.parents)
    while waiting:
        oid = waiting.pop()
        parent = index.relations.get(oid)
        if parent is not None and oid not in seen:
            seen.add(oid)
            waiting += parent.parents
            yield parent


def _inherited(side: Side, child: Object, parent: Object, held: list[str]) -> Discrepancy:
    what = f"{', '.join(held)} on {parent.sql}, and so on the rows of {child.sql} that row-level security there keeps from it"
    first = side.holds(parent, held[0])[0]
    return Discrepancy(
        "undeclared-privilege",
        key=f"{child.type}:{child.sql}:rows:{parent.sql}",
        values={"what": what, "via": first.via, "object": child.sql, "privilege": held[0]},
        cases=("reading",) if held == ["SELECT"] else (),
        details={**details(side, held[0], child, None, first.sources[0]), "rows": "all", "privileges": held},
        fix=_fix(side, parent),
        cause=f"no row-level security binds {side.role} on {parent.sql}",
        resource=side.resource_of(parent) or side.resource_of(child),
        verdict=EXCESS,
        reason=f"{side.role} has {what}",
    )


def _perhaps(side: Side, child: Object, parent: Object, held: list[str], policies: list[Policy]) -> Discrepancy:
    what = f"{', '.join(held)} on rows of {child.sql} that its policies keep from {side.role}"
    spelled = "; ".join(map(spell, policies))
    via = f"a statement on {parent.sql} meets the policies of {parent.sql} alone, which are others: {spelled}"
    return Discrepancy(
        "conditional-privilege",
        key=f"{child.type}:{child.sql}:rows:{parent.sql}",
        values={"what": what, "via": via},
        details={
            **details(side, held[0], child, None, side.holds(parent, held[0])[0].sources[0], POSSIBLE),
            "rows": "others",
            "privileges": held,
        },
        fix=f"-- decide whether the policies of {parent.sql} may open these rows; give both the same policies if not",
        cause=f"{parent.sql} and {child.sql} have different policies",
        resource=side.resource_of(parent) or side.resource_of(child),
        verdict=CONDITIONAL,
        reason=f"{side.role} may have {what}",
    )


def _fix(side: Side, object: Object) -> str:
    """What makes row-level security bind the role: each of these by itself may be why it does not."""
    relation = side.index.relation(object.schema, object.name)
    steps = []
    if relation is not None and not relation.row_security:
        steps.append(f"ALTER TABLE {object.sql} ENABLE ROW LEVEL SECURITY;")
    if side.index.graph.roles[side.index.roles[side.role]].bypass_rls:
        steps.append(f"ALTER ROLE {quote(side.role)} NOBYPASSRLS;")
    if object in side.owned and relation is not None and not relation.force_row_security:
        steps.append(f"ALTER TABLE {object.sql} FORCE ROW LEVEL SECURITY;")
    steps.append(f"-- and a policy for {quote(side.role)} that says what the scope says; whoever has none sees no row")
    return "\n".join(steps)


def _unbound(side: Side, resource: Resource, object: Object, privilege: str, found: RowSecurity | None) -> Discrepancy:
    why = found.reason if found is not None else "not enabled"
    what = f"{privilege} on all rows of {object.sql}: row-level security does not bind it ({why})"
    held = side.holds(object, privilege)[0]
    return Discrepancy(
        "undeclared-privilege",
        key=f"{object.type}:{object.sql}:{privilege}:rows",
        values={"what": what, "via": held.via, "object": object.sql, "privilege": privilege},
        cases=("reading",) if privilege == "SELECT" else (),
        details={**details(side, privilege, object, None, held.sources[0]), "rows": "all"},
        fix=_fix(side, object),
        cause=f"no row-level security binds {side.role} on {object.sql}",
        resource=resource,
        verdict=EXCESS,
        reason=f"{side.role} has {what}",
    )
