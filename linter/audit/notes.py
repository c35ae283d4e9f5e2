"""Findings as a report shows them: every run's, each once, with who accepted it and since when it is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from linter.audit.live import note_of
from linter.audit.model import Note
from linter.audit.runs import Runs
from linter.findings import Severity
from linter.reports.json import body
from linter.reports.visible import visible


class About(NamedTuple):
    """What is known of findings beside the runs."""

    approvers: Mapping[tuple[str, str], str]
    """(fingerprint, last day) -> who accepted it."""
    before: frozenset[str] | None
    """Fingerprints of the last report; None where there is none."""
    first_seen: Mapping[str, str]
    """Fingerprint -> its first sight."""


def notes(runs: Runs, about: About) -> tuple[Note, ...]:
    """Every finding, the gravest first, then by place. What both creep and check say counts once, in creep's words."""
    found: dict[tuple[str, str], Note] = {}
    for note in _all(runs):
        found.setdefault((note.fingerprint, note.message), _known(note, about))
    return tuple(sorted(found.values(), key=_order))


def _all(runs: Runs) -> Iterable[Note]:
    for error in runs.errors:
        yield Note(
            "", "error", error.message, f"{visible(error.path)}:{error.line}:{error.column}", "", "", "", "", "", "open"
        )
    for outcome in runs.told:
        said = body(outcome)
        yield from (note_of(one) for one in (*said["findings"], *said["silenced"]))
    if runs.live is not None:
        yield from (fact.note for fact in runs.live.facts)


def _known(note: Note, about: About) -> Note:
    return note._replace(
        approver=about.approvers.get((note.fingerprint, note.until), "") if note.status == "accepted" else "",
        new=about.before is not None and bool(note.rule) and note.fingerprint not in about.before,
        first_seen=about.first_seen.get(note.fingerprint, ""),
    )


def path_of(note: Note) -> str:
    """The file that it stands in."""
    return note.place.rsplit(":", 2)[0]


def _order(note: Note) -> tuple[int, str, int, int, str, str]:
    path, line, column = note.place.rsplit(":", 2)
    return -Severity[note.severity.upper()], path, int(line), int(column), note.rule, note.message
