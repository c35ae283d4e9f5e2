"""A filled-in CSV report as it comes back from a spreadsheet: each decision proved, or refused at its line and column."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from io import StringIO
from typing import NamedTuple

from linter.audit.csv import COLUMNS, READ, SEALED, UNREAD, placed, plain, seal, seal_whole
from linter.audit.decisions import UNMANAGED, Decided
from linter.audit.model import CHOICES
from linter.reported import SHORTEST
from linter.schema import is_date
from linter.secrets import find

_FILLED = ("decision", "decided_by", "decided_on", "reason")
_SEPARATORS = ",;\t"
_SEPARATOR = re.compile('"?sep=([,;\t])"?', re.IGNORECASE)
"""A first line that some put there so that Excel takes the separator from it."""
_CUT = len("sha256:") + SHORTEST
_ID = re.compile(rf"sha256:(?:[0-9a-f]{{{SHORTEST}}}|[0-9a-f]{{64}})")
"""Whole, or as short as the HTML report has it of what a manifest declares."""
_LONGEST = 2000
"""Characters of a reason or a name."""


_SLIPPED = "a cell of this row is not what the report had there: was part of the table sorted, or a cell retyped?"
_STRANGE = "this row is no permission and no principal of the report: take it out"
_UNREADABLE = "this row is a manifest that cannot be read, and nothing to decide on: repair it first"


class BadFile(Exception):
    """A file that is no filled-in report: a sentence."""


class Fault(NamedTuple):
    """What is wrong with a cell."""

    line: int
    column: int
    """The cell's number in its row, from 1."""
    message: str


class Filled(NamedTuple):
    """What a file says."""

    decisions: tuple[Decided, ...]
    lines: Mapping[str, int]
    """Id -> the line that decides it."""
    empty: int
    """Permissions that nobody has decided on."""
    people: int
    """The same of principals without a manifest."""
    faults: tuple[Fault, ...]


class Known(NamedTuple):
    """What there is to decide on, and what was decided before."""

    declared: Mapping[str, str]
    """Id of each permission that a manifest declares now -> what it allows, in words."""
    now: Mapping[tuple[str, str, str], Sequence[str]]
    """(agent, environment, resource) -> what is declared there now, in words."""
    decided: Mapping[str, Decided]
    shared: Mapping[str, Sequence[str]]
    """Id of each permission that several manifests declare for one agent -> their paths."""


def decode(raw: bytes) -> str:
    """The text of a file that a spreadsheet wrote.

    Raises:
        BadFile: not UTF-8.
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadFile('is UTF-16: save it as "CSV UTF-8 (comma delimited)"')
    if raw.startswith(b"PK\x03\x04"):
        raise BadFile('is a workbook: save it as "CSV UTF-8 (comma delimited)"')
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadFile(
            f"is not UTF-8 (line {line}): a spreadsheet saved it in an older encoding such as Windows-1252, in which letters "
            'are lost; save it as "CSV UTF-8 (comma delimited)"'
        ) from None
    if "\0" in text:
        raise BadFile("holds a NUL character: it is no text")
    return text


def parse(text: str, known: Known, today: date) -> Filled:
    """The decisions in a filled-in report.

    Raises:
        BadFile: its first line is not the report's.
    """
    rows = _rows(text)
    first = next(rows, None)
    if first is None:
        raise BadFile("is empty")
    heads = [cell.strip() for cell in first[1]]
    read = READ if any(name in heads for name in READ) else ()  # what the HTML report saved has none of them
    missing = [name for name in (*SEALED, *read, "check", *_FILLED) if heads.count(name) != 1]
    if missing:
        raise BadFile(
            f"has no column `{missing[0]}`, or has it twice: fill in what `permlint report --format csv` wrote, "
            "and keep its first line and its columns; one that an older permlint wrote has to be written anew"
        )
    reader = _Reader(known, today, {name: heads.index(name) + 1 for name in COLUMNS if name in heads}, len(heads))
    for line, cells in rows:
        filled_up = [*cells, *[""] * (len(heads) - len(cells))]  # some leave empty cells at the end of a row out
        reader.take(line, dict(zip(heads, filled_up, strict=False)), len(cells))
    return reader.filled()


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows, each with the line it begins on."""
    head = text.partition("\n")[0]
    said = _SEPARATOR.fullmatch(head.strip("\r"))
    separator = said[1] if said else max(_SEPARATORS, key=head.count)
    csv.field_size_limit(1 << 20)
    reader = csv.reader(StringIO(text[len(head) + 1 :] if said else text, newline=""), delimiter=separator, strict=True)
    skipped = before = 1 if said else 0
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield before + 1, cells
            before = reader.line_num + skipped
    except csv.Error as error:
        raise BadFile(f"is no CSV at line {reader.line_num + skipped}: {error}") from None


class _Reader:
    def __init__(self, known: Known, today: date, columns: Mapping[str, int], width: int) -> None:
        self.known, self.today, self.columns, self.width = known, today, columns, width
        self.whole = {identity[:_CUT]: identity for identity in known.declared}
        self.decisions: dict[str, Decided] = {}
        self.lines: dict[str, int] = {}
        self.faults: list[Fault] = []
        self.empty: dict[str, str] = {}

    def filled(self) -> Filled:
        left = [origin for id, origin in self.empty.items() if id not in self.decisions]
        people = left.count(UNMANAGED)
        return Filled(tuple(self.decisions.values()), self.lines, len(left) - people, people, tuple(self.faults))

    def take(self, line: int, row: Mapping[str, str], width: int) -> None:
        """One row, and how many cells it has."""
        cells = {name: plain(cell.strip()) for name, cell in row.items()}
        before = len(self.faults)

        def fault(column: str, message: str) -> None:
            self.faults.append(Fault(line, self.columns[column], f"{column}: {message}"))

        if cells.get("origin") == "declared":
            cells["id"] = self.whole.get(cells["id"], cells["id"])
        if not any(cells.get(name) for name in _FILLED):
            if _ID.fullmatch(cells["id"]):
                self.empty[cells["id"]] = cells["origin"]
            elif cells["id"] or cells["origin"] != UNREAD:
                fault("id", _STRANGE)
            return
        faults = [*self._of_identity(cells)] if cells["id"] else []
        if width > self.width or (width < self.width and faults):
            fault("id", f"the row has {width} cells and the first line {self.width}: was one cut or inserted?")
            return
        if not cells["id"]:
            fault("id", _UNREADABLE if cells["origin"] == UNREAD else _STRANGE)
            return
        for column, message in (*faults, *self._of_decision(cells)):
            fault(column, message)
        if len(self.faults) == before:
            self._keep(line, cells)

    def _of_identity(self, cells: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        if not _ID.fullmatch(cells["id"]):
            yield "id", "is no id of a permission: sha256: and 64 hexadecimal digits"
        elif len(cells["id"]) > _CUT and self._sealed(cells) != cells["check"]:
            yield "check", _SLIPPED
        elif not _is_place(cells["place"]):
            yield "place", _SLIPPED
        elif cells["id"] not in self.known.declared and (cells["origin"] == "declared" or len(cells["id"]) == _CUT):
            now = self.known.now.get((cells["agent"], cells["environment"], cells["resource"]))
            if now is None:
                yield (
                    "id",
                    f"no manifest declares this permission any more: {cells['agent']} in {cells['environment']} has no {cells['resource']}",
                )
            else:
                yield (
                    "id",
                    f"this permission has changed since the report: it was {cells['what']}, and is {' / '.join(now)} now",
                )
        elif cells["id"] in self.known.shared:
            files = " and ".join(self.known.shared[cells["id"]])
            why = "declare this for one agent, and what is decided of one would stand for all"
            yield "id", f"{files} {why}: give each its own agent_name or environment (manifest/duplicate-agent)"

    def _sealed(self, cells: Mapping[str, str]) -> str:
        return seal_whole(cells) if READ[0] in self.columns else seal(cells[name] for name in SEALED)

    def _of_decision(self, cells: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        decision, on = cells["decision"].casefold(), cells["decided_on"]
        if not decision:
            yield "decision", "is empty, and the rest of the decision is not"
        elif decision not in CHOICES:
            yield "decision", f"{cells['decision']!r} is none of {', '.join(CHOICES)}"
        if not cells["decided_by"]:
            yield "decided_by", "is empty: say who decided"
        if not is_date(on):
            what = f"{on!r} is not a date such as 2026-11-24" if on else "is empty: write a date such as 2026-11-24"
            hint = "; the spreadsheet may have rewritten it: format the column as text" if on else ""
            yield "decided_on", what + hint
        elif on > self.today.isoformat():
            ahead = date.fromisoformat(on) == self.today + timedelta(days=1)
            hint = f"; where that day has begun, it is recorded with --as-of {on}" if ahead else ""
            yield "decided_on", f"{on} is in the future: today is {self.today}{hint}"
        beyond = cells["origin"] != "declared"
        if not cells["reason"] and (decision in ("modify", "investigate") or (decision == "keep" and beyond)):
            why = (
                "what is granted and was never agreed to is kept" if decision == "keep" else f"{decision} says nothing"
            )
            yield "reason", f"is empty: {why} without one"
        for name in ("decided_by", "reason"):
            if len(cells[name]) > _LONGEST:
                yield name, f"is longer than {_LONGEST} characters"
            elif find(cells[name]):
                yield name, "holds what looks like a credential: everyone who reads the repository would see it"

    def _keep(self, line: int, cells: Mapping[str, str]) -> None:
        one = Decided(
            decision=cells["decision"].casefold(),
            by=" ".join(cells["decided_by"].split()),
            on=cells["decided_on"],
            reason=" ".join(cells["reason"].split()),
            **{name: cells[name] for name in SEALED if name != "place"},
            place=placed(cells["place"]),
        )
        earlier = self.decisions.get(one.id)
        stored = self.known.decided.get(one.id)
        if earlier is not None and earlier != one:
            self.faults.append(
                Fault(line, self.columns["decision"], f"decision: line {self.lines[one.id]} decides otherwise")
            )
        elif stored is not None and stored.on > one.on:
            message = (
                f"decided_on: {stored.by} decided it later already, on {stored.on}: empty this row to record the others"
            )
            self.faults.append(Fault(line, self.columns["decided_on"], message))
        elif stored is not None and stored.on == one.on and stored.by != one.by and stored.decision != one.decision:
            # Of two people on one day nobody can say who came last.
            message = f"decision: {stored.by} decided {stored.decision} on the same day: agree, then empty this row or give a later day"
            self.faults.append(Fault(line, self.columns["decision"], message))
        else:
            self.decisions[one.id] = one
            self.lines.setdefault(one.id, line)


def _is_place(cell: str) -> bool:
    try:
        placed(cell)
    except (ValueError, RecursionError):
        return False
    return True
