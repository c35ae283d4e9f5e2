"""Scopes that speak of rows: whether row-level security binds the role. What a policy's expression means nobody compares."""

from collections.abc import Iterator

from linter.manifest.model import Resource
from linter.systems.live import EXCESS, UNVERIFIED, Discrepancy
from linter.systems.postgresql.declared import RELATIONS
from linter.systems.postgresql.granted import Object, RowSecurity
from linter.systems.postgresql.names import quote
from linter.systems.postgresql.policies import ROWS, shut
from linter.systems.postgresql.rights import rights_of
from linter.systems.postgresql.side import Side
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


def enforced(side: Side, object: Object) -> str:
    """The statements that make row-level security bind the role: each of these by itself may be why it does not."""
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
        fix=enforced(side, object),
        cause=f"no row-level security binds {side.role} on {object.sql}",
        resource=resource,
        verdict=EXCESS,
        reason=f"{side.role} has {what}",
    )
