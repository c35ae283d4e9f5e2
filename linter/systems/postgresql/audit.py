"""The audit log that the rollback strategy names: does it exist, can the agent write there, can it change what it wrote."""

from collections.abc import Iterator, Sequence

from linter.manifest.model import build
from linter.systems.live import AuditLog, Discrepancy
from linter.systems.postgresql import declared
from linter.systems.postgresql.declared import Demand
from linter.systems.postgresql.index import Index
from linter.systems.postgresql.remedies import grant
from linter.systems.postgresql.side import Side, held_names
from linter.systems.postgresql.wording import details


def demand(log: AuditLog, index: Index, search_path: Sequence[str]) -> Demand:
    """What the audit log implies: USAGE on its schema and INSERT there, nothing more (DESIGN.md, section 3)."""
    written = {"resources": [{"resource": f"_.{log.name}", "actions": ["insert"]}]}
    entry = build(written, written).resources[0]._replace(name=log.name, object=log.object)
    return declared.demand(entry, index, search_path, ())


def faults(side: Side) -> Iterator[Discrepancy]:
    """It does not exist, or cannot be written to. That it can be changed is found with the excess."""
    log, wanted = side.claim.audit_log, side.audit
    if log is None or wanted is None:
        return
    for what, nearest, _ in wanted.unknown:
        yield Discrepancy(
            "missing-audit-log",
            key=log.name,
            values={"what": what, "hint": f"; did you mean {nearest}?" if nearest else ""},
            details={"object": what, "nearest": nearest, "role": side.role},
            cause=f"nothing in the database is called {what}",
            place=log.place,
        )
    for object, needs in wanted.must.items():
        for privilege, needed in needs.items():
            held = held_names(side.holds(object, privilege))
            if not needed.minus(held).empty and not (held.names and not needed.names):
                yield Discrepancy(
                    "unwritable-audit-log",
                    key=f"{object.sql}:{privilege}",
                    values={"object": object.sql, "privilege": privilege},
                    details=details(side, privilege, object, None, None),
                    fix=grant(privilege, object, None, side.role),
                    cause=f"never granted to {side.role}",
                    resource=side.resource_of(object),
                    place=log.place,
                )
    for one in side.effective.unusable:
        if one.privilege in wanted.must.get(one.object, ()):
            yield Discrepancy(
                "unwritable-audit-log",
                key=f"{one.object.sql}:{one.needs}",
                values={"object": one.object.sql, "privilege": one.needs},
                cases=("needs",),
                details=details(side, one.privilege, one.object, None, None),
                fix=one.fix,
                cause=f"{side.role} lacks {one.needs}",
                resource=side.resource_of(one.object),
                place=log.place,
            )
