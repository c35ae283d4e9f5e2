"""Every permission of a report with its decision, and what became of those that the last report had and this one has not."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from linter.audit import outcomes
from linter.audit.decisions import DECISIONS, UNMANAGED, Decided
from linter.audit.declared import CHANGED, permissions, shown_name, shown_path
from linter.audit.granted import Plane, by_agent, rows
from linter.audit.live import Live
from linter.audit.model import Permission, Principal, Revoked
from linter.audit.previous import Previous
from linter.audit.runs import Runs
from linter.audit.unmanaged import People, managed
from linter.drift.planes import Intent
from linter.manifest.signing import digest_of
from linter.reports.totals import plural
from linter.reports.visible import visible
from linter.systems.places import NOWHERE

if TYPE_CHECKING:
    from linter.checks.subject import Subject
    from linter.config import Config


class Past(NamedTuple):
    """What was known before this report."""

    previous: Previous | None
    decided: Mapping[str, Decided]
    """By id."""
    gone: Mapping[str, str]
    """Fingerprint of a finding -> its first verified absence, as the nightly history has it."""
    moved: Collection[str] = ()
    """Systems that an operator says have moved."""


class Ledger(NamedTuple):
    """The permissions of a report."""

    rows: Mapping[str, Sequence[Permission]]
    """Path of the manifest -> its agent's."""
    principals: tuple[Principal, ...]
    """Those without a manifest."""
    revoked: tuple[Revoked, ...]
    unknown: tuple[str, ...]
    """What cannot be said of earlier permissions and principals, a sentence each."""


def ledger(
    config: Config, as_of: date, runs: Runs, plans: Mapping[str, Sequence[Intent]], past: Past, *, complete: bool
) -> Ledger:
    """The permissions of a report.

    Args:
        plans: path of the manifest -> who its agent is in each system.
        complete: whether every manifest of the project was asked for, so that an agent that is missing is gone.
    """
    planes = by_agent(runs.live) if runs.live else {}
    now = {shown_path(one): _now(one, runs.live, plans[shown_path(one)], planes) for one in runs.subjects}
    known = {row.id: row for found in now.values() for row in found}
    earlier = _earlier(past)
    verified = dict(past.previous.verified) if past.previous else {}
    verified |= {row.id: past.gone[row.finding] for row in earlier if row.finding in past.gone}
    by_place: dict[tuple[str, str, str], list[Permission]] = {}
    held: dict[tuple[str, str], list[Permission]] = {}
    for row in (each for found in now.values() for each in found):
        by_place.setdefault(outcomes.place(row), []).append(row)
        held.setdefault((row.system, row.principal), []).append(row)
    before = past.previous.permissions if past.previous else None
    ground = outcomes.Ground(as_of, config.revoke_within, runs.live, by_place, held, verified, past.moved, before or {})
    sorting = _Sorting(ground, runs, past, complete=complete)
    for row in earlier:
        if row.id not in known:
            sorting.take(row)
    last = {row.id: row for row in earlier}
    shared = _shared(now)

    def finished(row: Permission) -> Permission:
        decided = past.decided.get(row.id)
        if decided is not None and decided.decision == "keep" and row.id in shared:
            files = " and ".join(shared[row.id])
            sorting.unknown[f"which of {files} was kept for {row.agent} is not known: they declare the same"] = None
            decided = None
        here = NOWHERE if runs.live is None else runs.live.place(row.system, row.environment)
        then = last.get(row.id, row)
        seen = row._replace(
            place=then.place or here,
            principal_id=then.principal_id or row.principal_id,
            object_id=then.object_id or row.object_id,
        )
        # Where it was first seen, until somebody says that the system moved: elsewhere nothing proves that it is gone.
        if not here or ground.strayed(seen):
            row = seen
        else:
            row = row._replace(
                place=here,
                principal_id=row.principal_id or seen.principal_id,
                object_id=row.object_id or seen.object_id,
            )
        decision = outcomes.standing(ground, decided, seen) if decided is not None else None
        if decision is not None and decision.outcome not in ("", "done") and outcomes.lacking(ground, seen):
            row = row._replace(reason="; ".join(filter(None, (row.reason, outcomes.doubts(ground, seen, decided)))))
        return row._replace(decision=decision, new=before is not None and row.id not in before)

    every = {path: [finished(row) for row in (*found, *sorting.carried.get(path, ()))] for path, found in now.items()}
    people = People(ground, past.decided, past.previous.principals if past.previous else None, managed(plans))
    return Ledger(
        every,
        tuple(people.rows),
        (*sorting.revoked, *people.revoked),
        tuple(dict.fromkeys((*sorting.unknown, *people.strays, *_unplaced(ground, past), *_moved(ground, past)))),
    )


def _moved(ground: outcomes.Ground, past: Past) -> Iterator[str]:
    """What rests on an operator's word."""
    asked = {system for system, _ in ground.live.answers} if ground.live is not None else set()
    for system in dict.fromkeys(past.moved):
        if system in asked:
            yield f"{system} moved: what is not seen where it answers now counts as gone on the operator's word (--moved)"
        else:
            yield f"--moved {system}: no system of that name answered, so it says nothing"


def _unplaced(ground: outcomes.Ground, past: Past) -> Iterator[str]:
    """What cannot be said because a decision names no place: a permlint that did not know it recorded it, or nothing was asked."""
    told = past.previous.places if past.previous else {}
    bare: dict[str, int] = {}
    for one in past.decided.values():
        live = one.decision != "keep" and ground.live is not None and ground.live.place(one.system, one.environment)
        if live and not one.place and not told.get(one.id):
            bare[one.system] = bare.get(one.system, 0) + 1
    for system, number in bare.items():
        what = plural(number, "decision")
        yield f"{what} on {system} in {DECISIONS} name{'s' if number == 1 else ''} no place: an absence counts wherever it was asked"


def _shared(now: Mapping[str, Sequence[Permission]]) -> dict[str, list[str]]:
    """Id of what several manifests declare for one agent -> their paths: who kept one of them has not seen the other."""
    paths: dict[str, dict[str, None]] = {}
    for path, found in now.items():
        for row in found:
            if row.origin == "declared":
                paths.setdefault(row.id, {})[path] = None
    return {id: list(own) for id, own in paths.items() if len(own) > 1}


def _now(
    subject: Subject, live: Live | None, plan: Sequence[Intent], planes: Mapping[tuple[str, str], Plane]
) -> list[Permission]:
    """What an agent's manifest declares, and what it is granted beside."""
    found = permissions(subject, plan, live, planes)
    for environment in subject.manifest.environments:
        plane = planes.get((shown_path(subject), subject.redact(environment)))
        found += rows(plane, shown_name(subject)) if plane is not None else ()
    if live is not None:
        found = [row._replace(principal_id=live.identity(row.system, row.environment, row.principal)) for row in found]
    if live is None or not live.outdated(shown_path(subject), digest_of(subject.manifest)):
        return found
    return [
        row._replace(verdict="unverified", also=(), reason=CHANGED) if row.origin == "granted" else row for row in found
    ]


def _earlier(past: Past) -> list[Permission]:
    """What the last report had, and what was decided of; of both the report knows more."""
    found = {id: outcomes.remembered(one) for id, one in past.decided.items() if one.origin != UNMANAGED}
    if past.previous is not None:
        places = past.previous.places
        found = {id: row._replace(place=places.get(id) or row.place) for id, row in found.items()}
        found |= {
            id: row._replace(place=row.place or found[id].place) if id in found else row
            for id, row in past.previous.permissions.items()
        }
    return sorted(
        found.values(), key=lambda row: (row.agent, row.environment, row.system, row.resource, row.what, row.id)
    )


class _Sorting:
    """What is not in this report as it is now: gone, or only not seen."""

    def __init__(self, ground: outcomes.Ground, runs: Runs, past: Past, *, complete: bool) -> None:
        self.ground, self.past, self.complete = ground, past, complete
        self.unread = {visible(one.path) for one in runs.unreadable}
        self.paths = {shown_name(one): shown_path(one) for one in reversed(runs.subjects)}
        self.timelines = runs.timelines
        self.carried: dict[str, list[Permission]] = {}
        self.revoked: list[Revoked] = []
        self.unknown: dict[str, None] = {}

    def take(self, row: Permission) -> None:
        """Say of one permission what became of it."""
        previous, decided = self.past.previous, self.past.decided.get(row.id)
        path = self.paths.get(row.agent)
        if path is None and not self._left(row):
            return
        reported = previous is not None and row.id in previous.permissions
        found = outcomes.gone(self.ground, row, decided, self._agreed(row, path, decided))
        pending = decided is not None and decided.decision != "keep"
        if clause := self.ground.strayed(row):
            where = f"{row.system} ({row.environment})" if row.environment else row.system
            self.unknown[f"{where}: {clause}: that anything is gone since then is not proved"] = None
        unseen = row.origin == "granted" and not found.at and not found.instead
        if unseen and path is not None:
            why = clause or found.doubt
            reason = f"it was granted when it was last seen; {why}" if why else outcomes.CARRIED
            carried = row._replace(granted=None, verdict="unverified", also=(), reason=reason)
            self.carried.setdefault(path, []).append(carried)
            return
        if unseen:
            self.unknown[f"what was granted to {row.agent}, whose manifest is gone, was not looked at"] = None
        if pending or (reported and not unseen):
            self.revoked.append(outcomes.revoked(self.ground, found, manifest=path is not None))

    def _agreed(self, row: Permission, path: str | None, decided: Decided | None) -> Iterator[Permission]:
        """What is declared now and may not have been when the permission was last seen.

        What is granted may have come to be declared since: then it is no excess any more, and nobody took it away.
        """
        previous = self.past.previous
        before = previous.permissions if previous is not None and row.id in previous.permissions else None
        widened = before is None and (decided is None or path is None or self._widened(path, decided.on))
        for one in self.ground.beside(row):
            if one.origin == "declared" and (
                row.origin == "declared" or widened or (before is not None and one.id not in before)
            ):
                yield one

    def _widened(self, path: str, day: str) -> bool:
        """Whether a manifest may have come to declare more since a day: its history says so, or there is none."""
        told = self.timelines.get(path)
        if told is None:
            return True
        return any(
            step.mark in ("+", "~", " ")
            for entry in told.entries
            if not entry.date or entry.date[:10] >= day
            for step in entry.steps
        )

    def _left(self, row: Permission) -> bool:
        """Whether an agent that is not in this report is gone, and was not only left out or could not be read."""
        where = self.past.previous.paths.get(row.id, "") if self.past.previous else ""
        if where in self.unread or (not where and self.unread):
            self.unknown[f"what became of the permissions of {row.agent} is not known: a manifest cannot be read"] = (
                None
            )
            return False
        return self.complete
