"""The audit log that the rollback strategy names, where it is in AWS: a bucket, a log group, a table, a queue."""

from collections.abc import Iterator

from linter.manifest.model import build
from linter.systems.aws.account import Account
from linter.systems.aws.declared import Demand, demand
from linter.systems.aws.excess import Granted
from linter.systems.aws.table import table
from linter.systems.aws.unread import doubts, grantable, of_its_own
from linter.systems.live import UNVERIFIED, AuditLog, Discrepancy


def audit_demand(log: AuditLog, partition: str) -> Demand:
    """What writing to the audit log takes: to add to it and no more than its service's writing."""
    entry = {"resource": log.name, "access": "write"}
    data = {"environment": ["any"], "resources": [entry]}
    return demand(build(data, data).resources[0], table(), partition)


def faults(log: AuditLog, wanted: Demand, granted: Granted, principal: str, account: Account) -> Iterator[Discrepancy]:
    """What keeps the agent from recording what it does."""
    evaluation = granted.evaluation
    who = evaluation.situation.who
    for what, nearest in wanted.unknown:
        yield Discrepancy(
            "missing-audit-log",
            key=log.name,
            values={"what": what, "hint": f"; did you mean {nearest}?" if nearest else ""},
            details={"object": what, "nearest": nearest, "role": principal},
            cause=f"AWS has nothing called {what}",
            place=log.place,
        )
    if not wanted.needs:
        return
    if any(granted.allowed(one.actions, one.where, sure=True) for one in wanted.needs):
        yield from (_unverified(log, f"the audit log {log.name}: {why}") for why in doubts(account, who, wanted))
        return
    names = " or ".join(dict.fromkeys(name for one in wanted.needs for name in one.names))
    if any(granted.allowed(one.actions, one.where, sure=False) for one in wanted.needs):
        why = "; ".join(granted.because(wanted.needs[0].actions)) or "its condition could not be decided"
        yield _unverified(log, f"whether {principal} may write to the audit log {log.name} depends: {why}")
        return
    unknown = of_its_own(account, who, wanted)
    if unknown and any(grantable(evaluation, wanted, one) for one in wanted.needs):
        why = f"its own policies do not allow it, and {unknown}"
        yield _unverified(log, f"whether {principal} may write to the audit log {log.name} depends: {why}")
        return
    yield Discrepancy(
        "unwritable-audit-log",
        key=f"{log.name}:{names}",
        values={"object": log.name, "privilege": names},
        details={
            "actions": list(wanted.needs[0].names),
            "resources": [],
            "level": "write",
            "bound": "possible",
            "role": principal,
        },
        cause=f"never granted to {principal}",
        place=log.place,
    )


def _unverified(log: AuditLog, reason: str) -> Discrepancy:
    return Discrepancy(
        "unverified-resource", key=f"audit:{log.name}", values={"reason": reason}, place=log.place, verdict=UNVERIFIED, reason=reason
    )  # fmt: skip
