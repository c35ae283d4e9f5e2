"""Recorded answers: what `drift --record` writes where the credential lives and `--live-from` reads elsewhere (DESIGN.md, section 5)."""

import json
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from linter.replacing import put
from linter.systems.secret import hide
from linter.systems.strict import Twice, unique

MAX_AGE = timedelta(hours=26)
"""A nightly recording, and two hours for a slow night."""
_MAX_BYTES = 1 << 28
"""A catalog of 20,000 tables is 60 MB."""


class BadRecording(Exception):
    """A file that cannot be used at all: a clause."""


class Recording(NamedTuple):
    """One file."""

    path: str
    """As given."""
    stale: str
    """Why it is too old to be believed, a clause; empty where it is not."""
    systems: Mapping[str, tuple[Mapping[str, Any], ...]]
    """System -> its entries, one an environment, or an environment and agent."""
    taken: str = ""
    """ISO time in UTC."""


def moment(as_of: date) -> datetime:
    """The time to judge a recording's age by: now, or the beginning of another day that was asked for."""
    now = datetime.now(UTC)
    return now if as_of in (now.date(), date.today()) else datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC)


def iso(time: datetime) -> str:
    """A time as every report writes it: ISO 8601, UTC, to the second."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def load(path: str, as_of: date, max_age: timedelta) -> Recording:
    """Read a recording.

    Raises:
        BadRecording: not there, not JSON or with a key twice, not of this form, or taken in the future.
    """
    data = _data(path)
    if not isinstance(data, dict) or data.get("schema_version") != 1:
        raise BadRecording("is no recording: `schema_version` is not 1")
    taken = _time(data.get("taken"))
    now = moment(as_of)
    if taken > now and taken.date() > as_of:
        raise BadRecording(f"was taken in the future: {data['taken']}")
    age = now - taken
    hours, most = age.total_seconds() / 3600, max_age.total_seconds() / 3600
    stale = f"{path} was recorded {hours:.0f} h ago, and may be {most:g} h old at most" if age > max_age else ""
    systems = data.get("systems")
    if not isinstance(systems, dict):
        raise BadRecording("has no `systems`")
    found = {}
    for name, given in systems.items():
        entries = given if isinstance(given, list) else [given]
        if not all(isinstance(one, dict) and isinstance(one.get("kind"), str) for one in entries):
            raise BadRecording(f"its system `{name}` has no `kind`")
        if any(not isinstance(one.get(key, ""), str) for one in entries for key in ("environment", "agent")):
            raise BadRecording(f"its system `{name}` has an `environment` or an `agent` that is no text")
        found[name] = tuple(entries)
    return Recording(path, stale, found, iso(taken))


def _data(path: str) -> Any:
    try:
        if os.path.getsize(path) > _MAX_BYTES:
            raise BadRecording("is larger than 256 MiB: that is no recording")
        with open(path, encoding="utf-8") as file:
            data = json.load(file, object_pairs_hook=unique)
    except OSError as error:
        raise BadRecording(f"cannot be read: {error.strerror}") from None
    except Twice as problem:
        raise BadRecording(str(problem)) from None
    except (ValueError, RecursionError):
        raise BadRecording("is not JSON") from None
    return data


def _time(given: object) -> datetime:
    if not isinstance(given, str):
        raise BadRecording("does not say when it was `taken`")
    try:
        taken = datetime.fromisoformat(given)
    except ValueError:
        raise BadRecording("`taken` is no time such as 2026-11-22T00:00:00Z") from None
    if taken.tzinfo is None:
        raise BadRecording("`taken` has no time zone: write 2026-11-22T00:00:00Z")
    return taken.astimezone(UTC)


class Entry(NamedTuple):
    """What was recorded of one system."""

    recording: Recording
    data: Mapping[str, Any]


def find(recordings: Iterable[Recording], system: str, environment: str, kind: str, agent: str) -> Entry | str | None:
    """What was recorded of a system in an environment; why it is none, a clause; None where no file knows the system.

    Args:
        agent: whose claims it answers. An entry of one agent's comes before one of everybody's, and is nobody else's; empty
            where nobody's claims are meant.
    """
    known = of_another = False
    of_all: Entry | str = ""
    for recording in recordings:
        for entry in recording.systems.get(system, ()):
            known = True
            if entry["kind"] != kind or entry.get("environment", environment) != environment:
                continue
            if "agent" not in entry:
                of_all = of_all or recording.stale or Entry(recording, entry)
            elif entry["agent"] == agent:
                return recording.stale or Entry(recording, entry)
            else:
                of_another = True
    if of_all or not known:
        return of_all or None
    whose = f"of the agent `{agent}`" if of_another else f"of `{environment}`"
    return f"what was recorded of `{system}` is not {whose}"


def save(path: str, entries: Mapping[str, list[dict[str, Any]]]) -> None:
    """Write a recording, readable by its owner alone.

    Raises:
        OSError: it cannot be written.
    """
    taken = iso(datetime.now(UTC))
    systems = {name: found[0] if len(found) == 1 else found for name, found in sorted(entries.items())}
    text = json.dumps({"schema_version": 1, "taken": taken, "systems": systems}, separators=(",", ":"))
    put(path, hide(text).encode() + b"\n", 0o600)
