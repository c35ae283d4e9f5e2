"""Nouns to rows and back: how the state's tables hold findings and sources."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

from linter.findings import Severity, Source
from linter.nightly.news import Known, SourceState

_SIGHT = ("last_seen", "nights")
"""What stands in a table of its own; side by side among the fields."""
_FIELDS = tuple(field for field in Known._fields if field not in _SIGHT)
_INSERT = f"INSERT OR REPLACE INTO finding ({', '.join(_FIELDS)}) VALUES ({', '.join('?' * len(_FIELDS))})"  # noqa: S608 - constants
_SOURCE_PLACE, _SIGHT_PLACE = Known._fields.index("source"), Known._fields.index("last_seen")
SELECT = "SELECT * FROM finding JOIN sight USING (fingerprint)"
"""Every finding; a condition and an order may follow."""
_SOURCE = f"INSERT OR REPLACE INTO source VALUES ({', '.join('?' * len(SourceState._fields))})"  # noqa: S608


def clean(text: str) -> str:
    """A text as the file can hold it: bytes of a path that are no UTF-8 are written out."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def named(source: Source | None) -> str | None:
    """A source as one text, its key in the state."""
    return None if source is None else json.dumps(source)


def cleaned(source: Source | None) -> Source | None:
    """A source as it comes back from the state."""
    return None if source is None else Source(*map(clean, source))


def known_of(row: sqlite3.Row) -> Known:
    """A finding's row."""
    fields: dict[str, Any] = dict(row)
    source = fields["source"]
    fields["source"] = None if source is None else Source(*json.loads(source))
    fields["severity"] = Severity(fields["severity"])
    return Known(**fields)


def state_of(row: sqlite3.Row) -> SourceState:
    """A source's row."""
    fields: dict[str, Any] = dict(row)
    fields["rejected"], fields["place"] = bool(fields["rejected"]), json.loads(fields["place"])
    return SourceState(Source(*json.loads(fields.pop("name"))), **fields)


def open_findings(connection: sqlite3.Connection) -> Iterator[Known]:
    """Every finding that has not ended."""
    return map(known_of, connection.execute(f"{SELECT} WHERE ended = '' ORDER BY fingerprint"))


def find(connection: sqlite3.Connection, fingerprint: str) -> Known | None:
    """A finding, open or ended."""
    row = connection.execute(f"{SELECT} WHERE fingerprint = ?", (fingerprint,)).fetchone()
    return None if row is None else known_of(row)


def write(connection: sqlite3.Connection, findings: Iterable[tuple[Known | None, Known]]) -> None:
    """Put findings in, each in place of what was known of it.

    Args:
        findings: what was known before, if anything, and what is known now: what is the same is not written again.
    """
    wide: list[tuple[object, ...]] = []
    narrow: list[tuple[str, str, int]] = []
    for before, one in findings:
        values = _values(one)
        if before is None or _values(before) != values:
            wide.append(values)
        narrow.append((one.fingerprint, one.last_seen, one.nights))
    connection.executemany(_INSERT, wide)
    connection.executemany("INSERT OR REPLACE INTO sight VALUES (?, ?, ?)", narrow)


def _values(one: Known) -> tuple[object, ...]:
    return (*one[:_SOURCE_PLACE], named(one.source), *one[_SOURCE_PLACE + 1 : _SIGHT_PLACE], *one[_SIGHT_PLACE + 2 :])


def forget(connection: sqlite3.Connection, fingerprint: str) -> None:
    """Take a finding out."""
    for table in ("finding", "sight"):
        connection.execute(f"DELETE FROM {table} WHERE fingerprint = ?", (fingerprint,))  # noqa: S608 - constants


def source_states(connection: sqlite3.Connection) -> dict[Source, SourceState]:
    """Every source that was ever asked, and not so long ago that it was forgotten."""
    states = map(state_of, connection.execute("SELECT * FROM source ORDER BY name"))
    return {one.source: one for one in states}


def write_sources(connection: sqlite3.Connection, states: Iterable[SourceState]) -> None:
    """Put sources in, in place of what was known of them."""
    plain = ({**one._asdict(), "source": named(one.source), "place": json.dumps(one.place)} for one in states)
    connection.executemany(_SOURCE, (tuple(one.values()) for one in plain))
