"""Rows that row-level security keeps from the role on a table, and not on its parent or child, by which a statement reaches them."""

from collections.abc import Iterator, Sequence

from linter.systems.live import CONDITIONAL, EXCESS, Discrepancy
from linter.systems.postgresql.granted import POSSIBLE, Object
from linter.systems.postgresql.index import Index
from linter.systems.postgresql.policies import ROWS, admits_more, applying, spell, unbound
from linter.systems.postgresql.rights import Rights, rights_of
from linter.systems.postgresql.rows import enforced
from linter.systems.postgresql.side import Side
from linter.systems.postgresql.snapshot import Relation
from linter.systems.postgresql.wording import details


def around(side: Side) -> Iterator[Discrepancy]:
    """Rows of a table that a statement on its parent or child reaches, or may reach, past the table's own policies.

    In a statement only the policies of the relation that it names apply (PostgreSQL manual, 5.11; measured on 15 to 18).
    """
    index = side.index
    rights = rights_of(index, index.roles[side.role])
    bound = {one.oid for one in index.secured if one.kind != "v" and unbound(rights, one) is None}
    for child in index.snapshot.relations if bound else ():
        if child.kind in ("S", "t"):
            continue
        # INSERT on a parent goes on to its partitions, and to no other child.
        commands = ROWS if child.partition else ("SELECT", "UPDATE", "DELETE")
        for parent in _ancestors(index, child):
            if child.oid in bound:
                yield from _past(side, rights, child, parent, commands)
            if parent.oid in bound:
                yield from _past(side, rights, parent, child, _agreed(side, parent, child, commands))


def _agreed(side: Side, parent: Relation, child: Relation, commands: Sequence[str]) -> list[str]:
    """What a wildcard allows on a child, where the role has it on the parent too; whoever named the child agreed to all its rows."""
    above, below = side.index.object(("relation", parent.oid)), side.index.object(("relation", child.oid))
    if below in side.named:
        return []
    return [one for one in commands if side.agreed.allows(below, one) is not None and side.holds(above, one)]


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


def _past(side: Side, rights: Rights, kept: Relation, by: Relation, commands: Sequence[str]) -> Iterator[Discrepancy]:
    """Rows of one table that a statement on another reaches."""
    things = side.index.things
    rows, other = things.get(("relation", kept.oid)), things.get(("relation", by.oid))
    if rows is None or other is None:
        return
    if other.object in side.narrowed:
        return  # what binds it there is told, and has to be compared with the rows that are declared
    held = [one for one in commands if side.holds(other.object, one)]
    if unbound(rights, by) is not None:
        if held:
            yield _surely(side, rows.object, other.object, held)
        return
    held = [one for one in held if admits_more(rights, by, kept, one)]
    if held:
        policies = "; ".join(spell(one) for one in applying(rights, by, held[0]))
        yield _perhaps(side, rows.object, other.object, held, policies)


def _surely(side: Side, rows: Object, other: Object, held: list[str]) -> Discrepancy:
    what = f"{', '.join(held)} on {other.sql}, and so on the rows of {rows.sql} that row-level security there keeps from it"
    first = side.holds(other, held[0])[0]
    return Discrepancy(
        "undeclared-privilege",
        key=f"{rows.type}:{rows.sql}:rows:{other.sql}",
        values={"what": what, "via": first.via, "object": rows.sql, "privilege": held[0]},
        cases=("reading",) if held == ["SELECT"] else (),
        details={**details(side, held[0], rows, None, first.sources[0]), "rows": "all", "privileges": held},
        fix=enforced(side, other),
        cause=f"no row-level security binds {side.role} on {other.sql}",
        resource=side.resource_of(other) or side.resource_of(rows),
        verdict=EXCESS,
        reason=f"{side.role} has {what}",
    )


def _perhaps(side: Side, rows: Object, other: Object, held: list[str], policies: str) -> Discrepancy:
    what = f"{', '.join(held)} on rows of {rows.sql} that its policies keep from {side.role}"
    via = f"a statement on {other.sql} meets the policies of {other.sql} alone, which are others: {policies}"
    return Discrepancy(
        "conditional-privilege",
        key=f"{rows.type}:{rows.sql}:rows:{other.sql}",
        values={"what": what, "via": via},
        details={
            **details(side, held[0], rows, None, side.holds(other, held[0])[0].sources[0], POSSIBLE),
            "rows": "others",
            "privileges": held,
        },
        fix=f"-- decide whether the policies of {other.sql} may open these rows; if not, give both the same policies",
        cause=f"{other.sql} and {rows.sql} have different policies",
        resource=side.resource_of(other) or side.resource_of(rows),
        verdict=CONDITIONAL,
        reason=f"{side.role} may have {what}",
    )
