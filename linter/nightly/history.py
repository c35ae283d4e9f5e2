"""Reading a state: what earlier nights saw of a finding, and when each system was last asked with success.

    with History.of("nightly.sqlite") as history:
        history.finding("sha256:...")     # a Known: first_seen, last_seen, and once it is over, ended and how
        history.sources()                 # a System each: last_success of every system in every environment

A finding whose `how` is "resolved" ended on the first day on which its absence was verified. "withdrawn" (nothing looks for
it any more) and "superseded" (another finding tells of it, under a condition perhaps) prove no absence. A finding that is
open may not have been seen since `last_seen`: an outage resolves nothing.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from linter.nightly import rows
from linter.nightly.news import Known, SourceState
from linter.nightly.store import reading


class System(NamedTuple):
    """A system in one environment, over all agents that are compared with it."""

    system: str
    environment: str
    last_success: str
    """ISO time, UTC, of the last run that could check it for every agent: empty where that never was."""
    failures: int
    """Nights in a row on which it could not be checked, for the agent for which it is the longest."""
    failing_since: str
    problems: tuple[str, ...]


class History:
    """A state, opened for reading."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    @contextmanager
    def of(cls, path: str) -> "Iterator[History]":
        """Open a state file, and close it with the block. It is never created or written.

        Raises:
            StateError: it is not there, is none, or is of another version; a clause to follow the file's name.
        """
        with reading(path) as connection:
            yield cls(connection)

    def finding(self, fingerprint: str) -> Known | None:
        """What is known of a finding; None where it was never seen, or was forgotten long after it ended."""
        return rows.find(self._connection, fingerprint)

    def findings(self) -> list[Known]:
        """Every finding, open or ended, by agent, environment and fingerprint."""
        found = self._connection.execute(f"{rows.SELECT} ORDER BY agent, environment, fingerprint")
        return list(map(rows.known_of, found))

    def fingerprints(self) -> list[str]:
        """The fingerprint of every finding, open or ended."""
        return [row[0] for row in self._connection.execute("SELECT fingerprint FROM finding ORDER BY fingerprint")]

    def sources(self) -> list[System]:
        """Every system in every environment that the last run over everything asked, or a run since then."""
        states = rows.source_states(self._connection).values()
        row = self._connection.execute("SELECT max(day) FROM run WHERE whole").fetchone()
        last = row[0] or ""
        return systems(one for one in states if one.last_asked >= last)

    def last_run(self) -> str:
        """ISO time, UTC, of the last run; empty where there was none."""
        row = self._connection.execute("SELECT at FROM run ORDER BY id DESC LIMIT 1").fetchone()
        return "" if row is None else str(row[0])


def systems(states: Iterable[SourceState]) -> list[System]:
    """Sources by system and environment. Of several agents the one that fared worst counts."""
    grouped: dict[tuple[str, str], list[SourceState]] = {}
    for one in states:
        grouped.setdefault((one.source.system, one.source.environment), []).append(one)
    return [
        System(
            system,
            environment,
            min(one.last_success for one in found),
            max(one.failures for one in found),
            min((one.failing_since for one in found if one.failing_since), default=""),
            tuple(dict.fromkeys(one.problem for one in found if one.problem)),
        )
        for (system, environment), found in sorted(grouped.items())
    ]
