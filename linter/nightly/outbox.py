"""What is to be told and what was: notices in the state, so that each event is told once, and none is lost with a run."""

import sqlite3
from datetime import datetime, timedelta

from linter.nightly.events import ELSEWHERE, FAILING, RECOVERED, REJECTED, TROUBLE, Event
from linter.nightly.routing import Routed

_STALE = timedelta(minutes=15)
"""After which a run that was to send a notice is believed dead."""
_TIME = "%Y-%m-%dT%H:%M:%SZ"


def put(connection: sqlite3.Connection, routed: Routed, day: str) -> None:
    """Note what is to be told, but for what was noted before."""
    for event, names in routed.events:
        for name in names:
            if event.kind == RECOVERED:
                _recover(connection, name, event, day)
            elif event.kind != FAILING or not _noted(connection, name, event):
                _insert(connection, name, event, day)


def _insert(connection: sqlite3.Connection, name: str, event: Event, day: str) -> None:
    values = (name, event.kind, event.subject, event.episode, day, event.dumps())
    connection.execute("INSERT OR IGNORE INTO notice VALUES (?, ?, ?, ?, ?, ?, '', '')", values)


def _noted(connection: sqlite3.Connection, name: str, event: Event) -> bool:
    """Whether of this system in this episode something graver was told: that it fails is then no news."""
    query = "SELECT 1 FROM notice WHERE destination = ? AND kind IN (?, ?) AND subject = ? AND episode = ?"
    values = (name, REJECTED, ELSEWHERE, event.subject, event.episode)
    return connection.execute(query, values).fetchone() is not None


def _recover(connection: sqlite3.Connection, name: str, event: Event, day: str) -> None:
    """Who was told that a system fails is told that it no longer does; who was not told yet need not be."""
    of = f"destination = ? AND subject = ? AND kind IN {TROUBLE!r}"
    connection.execute(f"DELETE FROM notice WHERE {of} AND sent = '' AND claimed = ''", (name, event.subject))  # noqa: S608
    query = f"SELECT max(episode) FROM notice WHERE {of}"  # noqa: S608 - constants
    (episode,) = connection.execute(query, (name, event.subject)).fetchone()
    if episode is not None and episode >= event.episode:
        _insert(connection, name, event._replace(episode=episode), day)


def claim(connection: sqlite3.Connection, name: str, now: datetime) -> list[Event]:
    """Take everything that waits for a destination: of two runs at once, one sends it."""
    dead = (now - _STALE).strftime(_TIME)
    waiting = "destination = ? AND sent = '' AND (claimed = '' OR claimed < ?)"
    query = f"SELECT event FROM notice WHERE {waiting} ORDER BY day, kind, subject"  # noqa: S608 - constants
    found = [Event.loads(text) for (text,) in connection.execute(query, (name, dead)).fetchall()]
    connection.execute(f"UPDATE notice SET claimed = ? WHERE {waiting}", (now.strftime(_TIME), name, dead))  # noqa: S608
    return found


def settle(connection: sqlite3.Connection, name: str, events: list[Event], sent: datetime | None) -> None:
    """Note that events arrived, or, without a time, that they are to be sent another night."""
    when = "" if sent is None else sent.strftime(_TIME)
    query = (
        "UPDATE notice SET sent = ?, claimed = '' WHERE destination = ? AND kind = ? AND subject = ? AND episode = ?"
    )
    connection.executemany(query, [(when, name, one.kind, one.subject, one.episode) for one in events])
