"""The state file: an SQLite database of permlint's own, opened, recognised, and brought to this version's form.

A rollback journal and not a write-ahead log: there is one short transaction a night, the file travels alone (a CI cache, a
volume on a network, where a log's shared memory does not work), and nothing stays beside it once a run is over. With
`synchronous = EXTRA` a run that was committed survives a power cut; one that was not is rolled back by whoever comes next.
"""

import os
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

APPLICATION = 0x7065726D
"""`PRAGMA application_id` of a state: "perm"."""
BUSY = 30.0
"""Seconds to wait for another run's transaction."""

_FIRST = (
    """
    CREATE TABLE run (
        id INTEGER PRIMARY KEY, at TEXT NOT NULL, day TEXT NOT NULL, version TEXT NOT NULL, whole INTEGER NOT NULL
    )
    """,
    """
    CREATE TABLE finding (
        fingerprint TEXT PRIMARY KEY, about TEXT NOT NULL, rule TEXT NOT NULL, severity INTEGER NOT NULL,
        message TEXT NOT NULL, fix TEXT NOT NULL, cause TEXT NOT NULL, path TEXT NOT NULL, line INTEGER NOT NULL,
        agent TEXT NOT NULL, environment TEXT NOT NULL, resource TEXT NOT NULL,
        source TEXT, owner TEXT NOT NULL, extent TEXT NOT NULL,
        first_seen TEXT NOT NULL, since TEXT NOT NULL,
        accepted TEXT NOT NULL, ended TEXT NOT NULL, how TEXT NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE INDEX finding_ended ON finding (ended)",
    # Apart, and narrow: it is all that an ordinary night changes.
    """
    CREATE TABLE sight (
        fingerprint TEXT PRIMARY KEY, last_seen TEXT NOT NULL, nights INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE source (
        name TEXT PRIMARY KEY, path TEXT NOT NULL, owner TEXT NOT NULL, last_success TEXT NOT NULL,
        failures INTEGER NOT NULL, failing_since TEXT NOT NULL, problem TEXT NOT NULL, rejected INTEGER NOT NULL,
        last_asked TEXT NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE TABLE rule (id TEXT PRIMARY KEY, severity TEXT NOT NULL) WITHOUT ROWID",
    """
    CREATE TABLE notice (
        destination TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, episode TEXT NOT NULL,
        day TEXT NOT NULL, event TEXT NOT NULL, claimed TEXT NOT NULL, sent TEXT NOT NULL,
        PRIMARY KEY (destination, kind, subject, episode)
    ) WITHOUT ROWID
    """,
)
_PLACES = (
    "ALTER TABLE source ADD COLUMN place TEXT NOT NULL DEFAULT '{}'",
    "ALTER TABLE source ADD COLUMN elsewhere TEXT NOT NULL DEFAULT ''",
)
"""Version 2. A state of the first knows no places: the first answer says where each is."""
_LASTING = ("ALTER TABLE finding ADD COLUMN lasting TEXT NOT NULL DEFAULT ''",)
"""Version 3. Of a finding that an earlier one wrote nobody knows what its principal and object keep when they are renamed."""
STEPS: tuple[tuple[str, ...], ...] = (_FIRST, _PLACES, _LASTING)
"""What brings a state from version n to n + 1. A step that was released is never edited: the next one changes what it made."""


class StateError(Exception):
    """The state cannot be used: a clause, to be said after the file's name."""


@contextmanager
def transaction(path: str, steps: Sequence[Sequence[str]] = STEPS, busy: float = BUSY) -> Iterator[sqlite3.Connection]:
    """The state, made or migrated where need be, in one transaction that is committed when the block ends well.

    Raises:
        StateError: it cannot be opened or written, is of a newer version, or is another program's; nothing was changed.
    """
    with _said():
        if not os.path.exists(path):
            _make(os.path.realpath(path), steps)
    with _said(), closing(_connect(path, busy)) as connection:
        connection.execute("PRAGMA synchronous = EXTRA")
        connection.execute("BEGIN IMMEDIATE")
        try:
            _migrate(connection, steps)
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            # After some errors (a full disk) SQLite has rolled back by itself.
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise


@contextmanager
def reading(path: str, steps: Sequence[Sequence[str]] = STEPS) -> Iterator[sqlite3.Connection]:
    """The state as it is, for reading alone; it must be of this version.

    Raises:
        StateError: it is not there, is none, or is of another version.
    """
    if not os.path.exists(path):
        raise StateError("is not there")
    # Not "ro": what a killed run left half written could not be rolled back then, and so not be read.
    with _said(), closing(_connect(path, BUSY)) as connection:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")
        if _version(connection, steps) < len(steps):
            raise StateError(
                "is of an older version of permlint: a run of `permlint drift --state` brings it up to date"
            )
        yield connection


def _make(path: str, steps: Sequence[Sequence[str]]) -> None:
    """A state without a run, there whole or not at all: one that is empty is none of ours, and its history is lost.

    It tells what agents can do, so it is for its owner alone, as a recording is.
    """
    folder, name = os.path.split(path)
    try:
        handle, fresh = tempfile.mkstemp(prefix=f".{name}.", dir=folder)
    except OSError:
        return  # SQLite says what is wrong when it is to open what is not there
    os.close(handle)
    try:
        with closing(_connect(fresh, BUSY)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            _bring(connection, steps, 0)
            connection.execute("COMMIT")
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass  # another run was faster
        except OSError:
            os.replace(fresh, path)  # a file system without links
    finally:
        with suppress(OSError):
            os.unlink(fresh)


def _connect(path: str, busy: float) -> sqlite3.Connection:
    # A URI, so that nothing is created; `as_uri` escapes what a path may hold.
    connection = sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=rw", timeout=busy, uri=True)
    connection.isolation_level = None
    connection.row_factory = sqlite3.Row
    return connection


def _version(connection: sqlite3.Connection, steps: Sequence[Sequence[str]]) -> int:
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    if owner != APPLICATION:
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if owner or found or tables:
            raise StateError("is a database of another program, and no state of permlint's")
        raise StateError(
            "is empty, and a state never is: what it knew is lost. Restore it from a copy, or delete it to begin a new one"
        )
    if found > len(steps):
        raise StateError(
            f"was written by a newer permlint (its version is {found}, and this permlint knows {len(steps)}): "
            "update permlint, or give another file"
        )
    return found


def _migrate(connection: sqlite3.Connection, steps: Sequence[Sequence[str]]) -> None:
    found = _version(connection, steps)
    if found < len(steps):
        _bring(connection, steps, found)


def _bring(connection: sqlite3.Connection, steps: Sequence[Sequence[str]], found: int) -> None:
    for step in steps[found:]:
        for statement in step:
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {len(steps)}")


_SENTENCES = {
    sqlite3.SQLITE_NOTADB: "is no SQLite database",
    sqlite3.SQLITE_CORRUPT: "is damaged: restore it from a copy, or begin a new one under another name",
    sqlite3.SQLITE_READONLY: "cannot be written: it, or its folder, is read-only",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: is its folder there, and may this user write in it?",
    sqlite3.SQLITE_PERM: "cannot be opened: this user has no permission",
    sqlite3.SQLITE_FULL: "cannot be written: the disk is full",
    sqlite3.SQLITE_IOERR_WRITE: "cannot be written: the disk takes no more",
    sqlite3.SQLITE_IOERR: "cannot be read or written: the disk reports an error",
    sqlite3.SQLITE_BUSY: "is in use by another run, which did not end in time",
    sqlite3.SQLITE_LOCKED: "is in use by another run, which did not end in time",
    sqlite3.SQLITE_TOOBIG: "cannot take a text this long",
}


@contextmanager
def _said() -> Iterator[None]:
    """What SQLite raises as a sentence of ours; its own may quote what is stored."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code is None:
            raise  # a mistake in the use of the library, and no fault of the file
        name = getattr(error, "sqlite_errorname", "an error")
        raise StateError(
            _SENTENCES.get(code, _SENTENCES.get(code & 0xFF, f"cannot be used: SQLite says {name}"))
        ) from None
