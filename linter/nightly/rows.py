"""Nouns to rows and back: how the state's tables hold findings and sources."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

from linter.findings import Severity, Source
from linter.nightly.news import Known, SourceState

_INSERT = f"INSERT OR REPLACE INTO finding VALUES ({', '.join('?' * len(Known._fields))})"  # noqa: S608 - a constant
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
    return SourceState(Source(*json.loads(fields.pop("name"))), **{**fields, "rejected": bool(fields["rejected"])})


def open_findings(connection: sqlite3.Connection) -> Iterator[Known]:
    """Every finding that has not ended."""
    return map(known_of, connection.execute("SELECT * FROM finding WHERE ended = '' ORDER BY fingerprint"))


def find(connection: sqlite3.Connection, fingerprint: str) -> Known | None:
    """A finding, open or ended."""
    row = connection.execute("SELECT * FROM finding WHERE fingerprint = ?", (fingerprint,)).fetchone()
    return None if row is None else known_of(row)


def write(connection: sqlite3.Connection, findings: Iterable[Known]) -> None:
    """Put findings in, in place of what was known of them."""
    place = Known._fields.index("source")
    connection.executemany(_INSERT, ((*one[:place], named(one.source), *one[place + 1 :]) for one in findings))


def source_states(connection: sqlite3.Connection) -> dict[Source, SourceState]:
    """Every source that was ever asked, and not so long ago that it was forgotten."""
    states = map(state_of, connection.execute("SELECT * FROM source ORDER BY name"))
    return {one.source: one for one in states}


def write_sources(connection: sqlite3.Connection, states: Iterable[SourceState]) -> None:
    """Put sources in, in place of what was known of them."""
    connection.executemany(_SOURCE, ((named(one.source), *one[1:]) for one in states))
