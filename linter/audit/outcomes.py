"""What came of each decision, and what is gone since the last report: proved by a system that was asked, or not proved."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from linter.audit.decisions import Decided
from linter.audit.granted import overlap
from linter.audit.live import Live
from linter.audit.model import LEVELS, Decision, Permission, Revoked
from linter.manifest.period import after


class Ground(NamedTuple):
    """What outcomes are judged by."""

    as_of: date
    within: str
    """How long a decision may take."""
    live: Live | None
    rows: Mapping[str, Permission]
    """Every permission of this report, by id."""
    verified: Mapping[str, str]
    """What an earlier report, or the nightly history, knows of first verified absences, by id."""


def standing(ground: Ground, decided: Decided, row: Permission) -> Decision:
    """The outcome of a decision on a permission that this report still has."""
    due = after(decided.on, ground.within)
    outcome, since = "pending", ""
    if decided.decision == "keep":
        outcome = ""
    elif row.origin == "granted" and row.verdict == "unverified":
        outcome = "unverified"
    elif due < ground.as_of:
        outcome, since = "overdue", due.isoformat()
    return Decision(decided.decision, decided.by, decided.on, decided.reason, outcome, since)


def absent(ground: Ground, row: Permission) -> str:
    """The first verified absence of a permission that this report has not; empty where nothing proves it."""
    known = ground.verified.get(row.id, "")
    if known or ground.live is None:
        return known
    others = [one for one in ground.rows.values() if one.origin == "granted"]
    if any(overlap(row, one) if row.origin == "granted" else _touches(row, one) for one in others):
        return ""
    return ground.live.compared(row.system, row.environment, row.principal)


def _touches(declared: Permission, granted: Permission) -> bool:
    """Whether what is granted may be what an entry that is gone declared."""
    place = (declared.agent, declared.environment, declared.system)
    if place != (granted.agent, granted.environment, granted.system):
        return False
    object = _last(declared.resource.partition(".")[2])
    other = _last(granted.what.partition(" on ")[2].partition(" (")[0])
    return bool(granted.privileged) or not object or not other or "*" in object + other or object == other


def _last(name: str) -> str:
    """The last part of an object's name, in whatever system's spelling."""
    return re.split(r"[.:/]", name)[-1].strip('"').lower()


def revoked(ground: Ground, row: Permission, decided: Decided | None) -> Revoked:
    """A permission that is gone from this report."""
    at = absent(ground, row)
    agreed = row.origin == "declared"
    return Revoked(
        id=row.id,
        agent=row.agent,
        environment=row.environment,
        resource=row.resource,
        what=row.what,
        decided=None if decided is None else _of_gone(decided, at),
        gone_from="manifest" if not at else "both" if agreed else "live",
        verified=at,
    )


def _of_gone(decided: Decided, at: str) -> Decision:
    outcome = "" if decided.decision == "keep" else "done" if at else "unverified"
    return Decision(decided.decision, decided.by, decided.on, decided.reason, outcome, at if outcome == "done" else "")


def remembered(decided: Decided) -> Permission:
    """A permission of which only the decision is left."""
    return Permission(
        id=decided.id, agent=decided.agent, environment=decided.environment, system=decided.system,
        resource=decided.resource, origin=decided.origin, what=decided.what, scope="", level=LEVELS.index(decided.level),
        granted=None, verdict="", reason="", principal=decided.principal, blast_declared="", blast_computed="",
        privileged=(), justification="", new=False, decision=None, finding=decided.finding,
    )  # fmt: skip


CARRIED = "it was granted when it was last seen; nothing that was asked now says whether it still is"
"""The reason of a permission that stays in the report, unverified, because nothing proves that it is gone."""
