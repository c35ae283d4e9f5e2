"""Code that runs as another role and that the agent can set off, where it does more than the agent may."""

from collections.abc import Iterator

from linter.boxes import EVERYTHING, Names
from linter.systems.live import EXCESS, Discrepancy
from linter.systems.postgresql.granted import Indirect, Object
from linter.systems.postgresql.side import Side
from linter.systems.postgresql.wording import describe, details


def indirect(side: Side) -> Iterator[Discrepancy]:
    """Code that runs as another role and that the agent can set off, where it does more than the agent may."""
    for one in side.effective.indirect:
        around = one.bypasses_rls or one.other_rows
        if one.held and not one.dangerous and not around:
            continue
        if one.target is not None and _allowed(side, one.target, one) and not around:
            continue
        declared = side.agreed.allows(one.object, _entry(one)) is not None or one.object in side.agreed.everything
        # To read a view or to call a function as its owner may be just what was agreed: that is information.
        kept = one.target is not None and one.target.schema == "pg_catalog"
        grave = (
            around or kept or (one.target is None and ("superuser" in one.dangerous or "search_path" in one.dangerous))
        )
        agreed = declared and one.kind in ("view", "function") and not grave
        reaches = describe(one.privilege, one.target, one.columns) if one.target else "whatever its body does"
        resource = side.resource_of(one.target) if one.target else None
        because = (
            "is not bound by row-level security"
            if one.bypasses_rls
            else "is bound by other policies of row-level security"
            if one.other_rows
            else one.dangerous
            if one.target is None
            else ""
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
                **details(side, one.privilege or "EXECUTE", one.target or one.object, one.columns, None),
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


def _allowed(side: Side, object: Object, one: Indirect) -> bool:
    """Whether what it does was agreed, on every column that it may touch."""
    agreed = side.agreed.allows(object, one.privilege)
    reached = EVERYTHING if one.columns is None else Names(frozenset(one.columns))
    return object in side.agreed.everything or (agreed is not None and reached.minus(agreed).empty)
