"""One run written into the state, and what it has to tell: the one place where history is made."""

import json
import sqlite3
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime

from linter import __version__
from linter.acceptance import STALE
from linter.findings import Source
from linter.manifest.period import after, in_future
from linter.nightly import growth, rows
from linter.nightly.fates import NOT_ASKED, Fates
from linter.nightly.moves import Moves, moves
from linter.nightly.news import (
    ACCEPTED,
    NEW,
    OPEN,
    REAPPEARED,
    WORSENED,
    Kept,
    Known,
    Nightly,
    SourceState,
    Standing,
)
from linter.nightly.rows import cleaned
from linter.nightly.sights import asked_sources, failed_tonight, seen
from linter.nightly.store import StateError
from linter.outcome import Attempt, Outcome


def record(
    connection: sqlite3.Connection,
    outcome: Outcome,
    *,
    whole: bool,
    today: date,
    at: datetime,
    keep: str,
    retired: Collection[str] = (),
    moved: Collection[str] = (),
    production: Callable[[str], bool] = lambda _: True,
) -> Nightly:
    """Compare a run with what is known, and write what is known now. The caller's transaction makes it one step.

    Args:
        whole: whether the run asked for everything there is: no PATH, no environment, no system of its own.
        today: the day on the clock; `outcome.as_of` may be an earlier one.
        at: the run's time, UTC.
        keep: how long ended findings and old runs are remembered, a period.
        retired: agents that are no more: what no manifest of theirs asks for is over, though nobody verified it.
        moved: systems that answer from another place now, and that is right: what is not seen there is over.
        production: whether an environment counts as production; others may be elsewhere each night.

    Raises:
        StateError: the run is of a day before the last run's, or of one that has not come.
    """
    previous, version = _previous(connection)
    adoption = not previous
    day, notes = _day(outcome.as_of, previous, today)
    asked = asked_sources(outcome)
    weights = dict(connection.execute("SELECT id, severity FROM rule"))
    now = {
        id: json.dumps({case: int(one) for case, one in rule.severity.items()}) for id, rule in outcome.rules.items()
    }
    known = {one.fingerprint: one for one in rows.open_findings(connection)}
    states = rows.source_states(connection)
    who = moves(asked, states, known.values(), moved, production)
    # An answer from elsewhere does not say that what was accepted is gone.
    waiting = {one.fingerprint for one in known.values() if one.source in who.strays and one.accepted >= day}
    unsaid = frozenset(one.fingerprint for one in outcome.findings if one.rule == STALE and one.key in waiting)
    outcome = outcome._replace(findings=tuple(one for one in outcome.findings if one.fingerprint not in unsaid))
    answered = {one.source[1:] for one in states.values() if one.last_success}
    strangers = (
        *(
            f"--retired {name}: the state knows no such agent"
            for name in retired
            if name not in {one.agent for one in states}
        ),
        *(
            f"--moved {name}: the state knows no such system"
            for name in moved
            if name not in {one.system for one in states}
        ),
    )
    renamed = _Renamed(known, weights, outcome)
    standings: dict[str, Standing] = {}
    written: list[tuple[Known | None, Known]] = []
    fresh: set[str] = set()
    begun: list[Known] = []
    for fingerprint, sight in seen(outcome, asked, day).items():
        before = known.pop(fingerprint, None) or rows.find(connection, fingerprint) or renamed.take(sight, connection)
        same_weight = weights.get(sight.rule) == now.get(sight.rule)
        standing = _stand(before, sight, same_weight=same_weight, same_version=version == __version__)
        begins = adoption or (sight.source is not None and sight.source[1:] not in answered)
        if begins and standing.status == NEW:
            standing = standing._replace(status=OPEN)
            begun.append(standing.known)
        standings[fingerprint] = standing
        written.append((before, standing.known))
        if sight.accepted and (before is None or before.accepted != sight.accepted):
            fresh.add(fingerprint)
    fates = Fates(outcome, who, standings.values(), whole=whole, retired=retired)
    ended: list[Known] = []
    not_asked = 0
    kept: dict[tuple[str, Source | None], list[Known]] = {}
    for one in known.values():
        how, why, by_name = fates.of(one)
        if how:
            ended.append(one._replace(ended=day, how=how, lasting="" if by_name else one.lasting))
            written.append((one, ended[-1]))
        elif why == NOT_ASKED:
            not_asked += 1
        else:
            kept.setdefault((why, one.source), []).append(one)
    rows.write(connection, written)
    tonight = {source: _state(states.get(source), source, who, day, at) for source in asked}
    rows.write_sources(connection, tonight.values())
    _turn_page(connection, now, day, at, keep, whole=whole)
    accepted = _accepted(outcome, asked)
    return Nightly(
        day,
        adoption,
        previous,
        standings,
        tuple(one for one in tonight.values() if one.problem and one.source not in accepted),
        tuple(tonight.values()),
        tuple(states[one.source] for one in tonight.values() if not one.problem and _failed(states.get(one.source))),
        tuple(Kept(why, source, tuple(found)) for (why, source), found in kept.items()),
        tuple(ended),
        not_asked,
        (*notes, *strangers),
        strays=who.strays,
        fresh=fresh,
        begun=() if adoption else tuple(begun),
        unsaid=unsaid,
    )


def _previous(connection: sqlite3.Connection) -> tuple[str, str]:
    """The last run's day and permlint's version then; empty where there was none."""
    row = connection.execute("SELECT day, version FROM run ORDER BY id DESC LIMIT 1").fetchone()
    return ("", "") if row is None else (row[0], row[1])


def _day(as_of: date, previous: str, today: date) -> tuple[str, tuple[str, ...]]:
    """The day that the run counts for: a clock that was put back makes no day before the last."""
    if in_future(as_of.isoformat(), today):
        raise StateError(f"is not written ahead: {as_of} has not come yet")
    if as_of.isoformat() >= previous:
        return as_of.isoformat(), ()
    if as_of != today:
        raise StateError(f"has a run of {previous}: history is not written backwards, to {as_of}")
    return previous, (f"the clock says {as_of}, and the last run was on {previous}: this run counts for that day",)


def _stand(before: Known | None, sight: Known, *, same_weight: bool, same_version: bool) -> Standing:
    """A finding of tonight held against what was known of it.

    Args:
        same_weight: whether its rule gives the severities that it gave the last time: otherwise the severity that rose is
            the rule's change, and not the world's.
        same_version: whether the same permlint saw it before.
    """
    if before is None:
        return Standing(ACCEPTED if sight.accepted else NEW, sight)
    if before.ended:
        return Standing(ACCEPTED if sight.accepted else REAPPEARED, sight._replace(first_seen=before.first_seen))
    nights = before.nights + (before.last_seen < sight.last_seen)
    sight = sight._replace(first_seen=before.first_seen, since=before.since, nights=nights)
    if sight.accepted:
        return Standing(ACCEPTED, sight)
    rose = same_weight and sight.severity > before.severity
    if rose or (before.extent != sight.extent and _grew(before, sight, same_version=same_version)):
        return Standing(WORSENED, sight)
    return Standing(REAPPEARED if before.accepted else OPEN, sight)


def _grew(before: Known, sight: Known, *, same_version: bool) -> bool:
    return growth.grew(growth.loads(before.extent), growth.loads(sight.extent), same_version=same_version)


class _Renamed:
    """Findings of rules that are gone, for rules that never ran here: the same fault under the name that it has now."""

    def __init__(self, known: dict[str, Known], weights: Mapping[str, str], outcome: Outcome) -> None:
        self._known = known
        self._weights = weights
        self._gone = {one.about: one.fingerprint for one in known.values() if one.rule not in outcome.rules}

    def take(self, sight: Known, connection: sqlite3.Connection) -> Known | None:
        """What was known under the rule's old name; it is known under the new one from now on."""
        if sight.rule in self._weights or sight.about not in self._gone:
            return None
        old = self._gone.pop(sight.about)
        rows.forget(connection, old)
        return self._known.pop(old)


def _state(before: SourceState | None, source: Source, moves: Moves, day: str, at: datetime) -> SourceState:
    asked, place = moves.asked[source], moves.place(source, before)
    if not asked.problem:
        success = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        return SourceState(
            source, asked.path, asked.owner, success, 0, "", "", rejected=False, last_asked=day, place=place
        )
    failed = before if _failed(before) else None
    since = before.elsewhere if before is not None else ""
    return SourceState(
        source,
        asked.path,
        asked.owner,
        before.last_success if before is not None else "",
        failed.failures + (failed.last_asked < day) if failed is not None else 1,
        failed.failing_since if failed is not None else day,
        asked.problem,
        asked.rejected,
        day,
        place,
        since or (day if source in moves.strays else ""),
    )


def _failed(state: SourceState | None) -> bool:
    return state is not None and state.failures > 0


def _accepted(outcome: Outcome, asked: Mapping[Source, Attempt]) -> set[Source | None]:
    """The sources that could not be checked, and with which somebody agreed to live."""
    agreed = {cleaned(one.finding.source) for one in outcome.silenced if failed_tonight(one.finding, asked)}
    return agreed - {cleaned(one.source) for one in outcome.findings if failed_tonight(one, asked)}


def _turn_page(
    connection: sqlite3.Connection, rules: Mapping[str, str], day: str, at: datetime, keep: str, *, whole: bool
) -> None:
    """Remember the run and its rules; forget what ended longer ago than is kept."""
    connection.execute("DELETE FROM rule")
    connection.executemany("INSERT INTO rule VALUES (?, ?)", rules.items())
    over = _over(connection, "finding", "ended", day, keep)
    of_them = "fingerprint IN (SELECT fingerprint FROM finding WHERE ended = ?)"
    connection.executemany(f"DELETE FROM sight WHERE {of_them}", over)  # noqa: S608 - constants
    connection.executemany("DELETE FROM finding WHERE ended = ?", over)
    for table, column in (("run", "day"), ("source", "last_asked"), ("notice", "day")):
        old = _over(connection, table, column, day, keep)
        connection.executemany(f"DELETE FROM {table} WHERE {column} = ?", old)  # noqa: S608
    connection.execute(
        "INSERT INTO run (at, day, version, whole) VALUES (?, ?, ?, ?)",
        (at.strftime("%Y-%m-%dT%H:%M:%SZ"), day, __version__, whole),
    )


def _over(connection: sqlite3.Connection, table: str, column: str, day: str, keep: str) -> list[tuple[str]]:
    """The days in a column that are longer ago than is kept."""
    days = connection.execute(f"SELECT DISTINCT {column} FROM {table} WHERE {column} != ''").fetchall()  # noqa: S608
    return [(one,) for (one,) in days if after(one, keep).isoformat() < day]
