"""What came of each decision, and what is gone since the last report: proved by a system that was asked, or not proved."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from linter.audit.decisions import Decided
from linter.audit.granted import overlap, together
from linter.audit.live import Live
from linter.audit.model import LEVELS, Decision, Permission, Principal, Revoked
from linter.audit.renames import Renamed, last, levels, mistaken, object_of, renamed, same_principal
from linter.manifest.period import after
from linter.systems.live import MISSING, OK, UNVERIFIED
from linter.systems.places import elsewhere

CARRIED = "it was granted when it was last seen; nothing that was asked now says whether it still is"
"""The reason of a permission that stays in the report, unverified, because nothing proves that it is gone."""
_FORMS = 3
"""Other forms that are named."""
_NO_MANIFEST = "its manifest is gone, so nothing asks for it"


class Ground(NamedTuple):
    """What outcomes are judged by."""

    as_of: date
    within: str
    """How long a decision may take."""
    live: Live | None
    rows: Mapping[tuple[str, str, str], Sequence[Permission]]
    """(agent, environment, system) -> the permissions of this report."""
    held: Mapping[tuple[str, str], Sequence[Permission]]
    """(system, principal) -> the same."""
    verified: Mapping[str, str]
    """What an earlier report, or the nightly history, knows of first verified absences, by id."""
    moved: Collection[str]
    """Systems that are asked elsewhere than before, and an operator says that this is right."""
    before: Mapping[str, Permission]
    """What the last report had, by id."""

    def strayed(self, row: Permission | Principal) -> str:
        """In what the place that was asked now differs from where something was seen, a clause; empty where it does not."""
        return "" if row.system in self.moved else self.elsewhere(row)

    def elsewhere(self, row: Permission | Principal) -> str:
        """The same, whatever an operator says."""
        return "" if self.live is None else elsewhere(row.place, self.live.place(row.system, row.environment))

    def compared(self, row: Permission) -> str:
        """When its principal was compared where a permission was seen; empty where it was not."""
        if self.live is None or self.strayed(row):
            return ""
        return self.live.compared(row.system, row.environment, row.principal)

    def mistaken(self, row: Permission, decided: Decided | None) -> str:
        """Why the principal that was compared may be another than that which held a permission, a clause; empty where it is not."""
        if self.live is None or self.elsewhere(row):
            return ""  # elsewhere it counts on an operator's word alone
        return mistaken(self.live, row, decided)

    def renamed(self, row: Permission, decided: Decided | None) -> Renamed:
        """What there is of the same right on an object that was, or may have been, renamed."""
        if self.live is None or self.elsewhere(row):
            return Renamed((), ())
        whose = [one for one in self.beside(row) if same_principal(row, decided, one)]
        return renamed(row, decided, whose, self.before)

    def proof(self, row: Permission, decided: Decided | None) -> str:
        """When its principal was compared where a permission was seen, under whatever names; empty where nobody can tell."""
        if self.mistaken(row, decided) or any(self.renamed(row, decided)):
            return ""
        return self.compared(row)

    def beside(self, row: Permission) -> Sequence[Permission]:
        """What the same agent has in the same system and environment, and what the same principal has there.

        A principal that was compared keeps what it has when its agent gets another name, or says that it is of another
        environment.
        """
        own = self.rows.get(place(row), ())
        if self.live is None or not self.live.compared(row.system, row.environment, row.principal):
            return own
        where = self.live.asked_at(row.system, row.environment)
        others = (
            one
            for one in self.held.get((row.system, row.principal), ())
            if self.live.asked_at(one.system, one.environment) == where
        )
        return tuple({one.id: one for one in (*own, *others)}.values())


def place(row: Permission) -> tuple[str, str, str]:
    """Where a permission is."""
    return row.agent, row.environment, row.system


class Gone(NamedTuple):
    """A permission that this report has not."""

    row: Permission
    decided: Decided | None
    instead: tuple[Permission, ...]
    """What there is now in its place: what may have been agreed to since, or is granted of the same right."""
    at: str
    """The first verified absence; empty where nothing proves it."""
    doubt: str = ""
    """Why another name may be all that changed, a clause."""


def standing(ground: Ground, decided: Decided, row: Permission) -> Decision:
    """The outcome of a decision on a permission that this report still has, as it was when it was last seen."""
    if row.origin == "granted" and row.verdict == "unverified" and decided.decision != "keep":
        return decision(decided, "unverified")
    if decided.decision != "keep" and lacking(ground, row):
        if ground.renamed(row, decided).sure:
            return undone(ground, decided)
        at = ground.verified.get(row.id) or ground.proof(row, decided)
        return decision(decided, "done" if at else "unverified", at)
    return undone(ground, decided)


def lacking(ground: Ground, row: Permission) -> bool:
    """Whether a manifest still declares what the system has taken away."""
    return row.verdict == MISSING and row.granted == 0 and ground.live is not None


def undone(ground: Ground, decided: Decided) -> Decision:
    """The outcome of a decision on what still stands."""
    due = after(decided.on, ground.within)
    if decided.decision == "keep":
        return decision(decided, "")
    return decision(decided, "overdue", due.isoformat()) if due < ground.as_of else decision(decided, "pending")


def decision(decided: Decided, outcome: str, since: str = "") -> Decision:
    """A decision with its outcome."""
    return Decision(decided.decision, decided.by, decided.on, decided.reason, outcome, since)


def gone(ground: Ground, row: Permission, decided: Decided | None, agreed: Iterable[Permission]) -> Gone:
    """What is known of a permission that this report has not.

    Args:
        agreed: what is declared now and may not have been declared when the permission was seen.
    """
    instead = [one for one in agreed if _touches(one, row)]
    if row.origin == "granted" and ground.live and ground.live.compared(row.system, row.environment, row.principal):
        others = [one for one in ground.beside(row) if one.origin == "granted"]
        instead += [one for one in others if overlap(row, one)] or together(row, others)
    other = ground.renamed(row, decided)
    instead += other.sure
    at = _absent(ground, row, decided, instead)
    stands = row.origin == "granted" and instead
    doubt = "" if at or stands else doubts(ground, row, decided)
    return Gone(row, decided, tuple({one.id: one for one in instead}.values()), at, doubt)


def _absent(ground: Ground, row: Permission, decided: Decided | None, instead: Sequence[Permission]) -> str:
    known = ground.verified.get(row.id, "")
    if known or ground.live is None or instead:
        return known
    if any(_hides(other, row) for other in ground.beside(row)):
        return ""
    return ground.proof(row, decided)


def doubts(ground: Ground, row: Permission, decided: Decided | None) -> str:
    """Why another name is, or may be, all that changed, a clause; empty where nothing says so."""
    sure, perhaps = ground.renamed(row, decided)
    if sure:
        return f"its object was renamed, and it stands: {'; '.join(_words(sure))}"
    if clause := ground.mistaken(row, decided):
        return clause
    words = "; ".join(_words(perhaps))
    return f"that its object was renamed cannot be excluded, and this may be it: {words}" if words else ""


def _hides(other: Permission, row: Permission) -> bool:
    """Whether a permission that there is leaves it open whether another one is gone."""
    if other.origin == "granted":
        if row.origin == "granted":
            return overlap(row, other)
        return _touches(row, other) or _confers(other, row) or " (gaining " in other.what
    if row.origin == "granted" or other.verdict != UNVERIFIED:
        return False
    return bool(levels(other) & levels(row))  # a key that may write to one channel may write to all


def _confers(scope: Permission, declared: Permission) -> bool:
    """Whether a key's scope may allow what an entry does: its level is the gravest of what it allows, and not all of it."""
    return _of_no_object(scope) and scope.level >= min(levels(declared), default=0)


def _of_no_object(granted: Permission) -> bool:
    """Whether what is granted is a key's scope, or a role: of no object in particular."""
    return not re.search("[.:/]", object_of(granted)) and not granted.what.endswith("(schema)")


def _touches(declared: Permission, other: Permission) -> bool:
    """Whether what a declared entry allows may be another permission of the same place."""
    if other.origin == "granted" and not other.privileged and other.level not in levels(declared):
        return False
    object, other_object = object_of(declared), object_of(other)
    if other.origin == "granted" and _of_no_object(other):
        return True
    everywhere = "*" in object + other_object or not object or not other_object
    return everywhere or last(object) == last(other_object)


def revoked(ground: Ground, found: Gone, *, manifest: bool) -> Revoked:
    """A permission that is gone, as the report tells of it.

    Args:
        manifest: whether its agent still has one.
    """
    row = found.row
    of_manifest = row.origin == "declared" or not (manifest or found.at or found.instead)
    other = "" if found.at or row.origin == "declared" else _forms(found.instead)
    return Revoked(
        id=row.id,
        agent=row.agent,
        environment=row.environment,
        resource=row.resource,
        what=row.what,
        decided=None if found.decided is None else _of_gone(ground, found, found.decided),
        gone_from="" if other else "live" if not of_manifest else "both" if found.at else "manifest",
        verified=found.at,
        why=other or ("" if found.at else found.doubt or _why(ground, found, manifest=manifest)),
        place=row.place,
        principal_id=row.principal_id,
        object_id=row.object_id,
    )


def _why(ground: Ground, found: Gone, *, manifest: bool) -> str:
    return "" if found.instead else ground.strayed(found.row) or ("" if manifest else _NO_MANIFEST)


def _forms(instead: Sequence[Permission]) -> str:
    """What stands in the place of what was granted, a clause; empty for nothing."""
    words = "; ".join(_words(instead))
    return f"it stands, or may stand, in another form: {words}" if words else ""


def _words(rows: Sequence[Permission]) -> list[str]:
    """Some permissions in words, the first few and how many more."""
    words = dict.fromkeys(
        one.what if one.origin == "granted" else f"{one.resource}: {one.what}, declared" for one in rows
    )
    return [*[*words][:_FORMS], *([f"and {len(words) - _FORMS} more"] if len(words) > _FORMS else [])]


def _of_gone(ground: Ground, found: Gone, decided: Decided) -> Decision:
    if decided.decision == "keep":
        return decision(decided, "")
    if found.at:
        return decision(decided, "done", found.at)
    if not found.instead:
        return decision(decided, "unverified")
    if decided.decision != "modify":
        return undone(ground, decided)  # it stands in another form
    if ground.live is not None and not ground.strayed(found.row) and all(one.verdict == OK for one in found.instead):
        times = [ground.live.compared(one.system, one.environment, one.principal) for one in found.instead]
        return decision(decided, "done", max(times))
    return decision(decided, "unverified")


def remembered(decided: Decided) -> Permission:
    """A permission of which only the decision is left."""
    return Permission(
        id=decided.id, agent=decided.agent, environment=decided.environment, system=decided.system,
        resource=decided.resource, origin=decided.origin, what=decided.what, scope="", level=LEVELS.index(decided.level),
        granted=None, verdict="", also=(), reason="", principal=decided.principal, blast_declared="", blast_computed="",
        privileged=(), justification="", new=False, decision=None, finding=decided.finding, place=decided.place,
        principal_id=decided.principal_id, object_id=decided.object_id,
    )  # fmt: skip
