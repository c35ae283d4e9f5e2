"""Writing `permlint-accepted.yaml`: an entry is added at its sorted place or renewed where it stands, all else stays byte for byte.

Spliced at known spans, as repairs of a manifest are (`manifest/fixer.py`): ruamel.yaml emits values, its round trip would re-indent.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from io import StringIO
from typing import Any

from linter.acceptance import ACCEPTED, Acceptance, Acceptances
from linter.manifest.reader import MAX_BYTES, MAX_NODES, read
from linter.manifest.text import Text, Unreadable
from linter.reported import Reported
from linter.reports.visible import visible

_HEAD = """\
# Findings that somebody agreed to live with, each until its day: `permlint accept` writes this file.
# Give it a code owner, so that nobody accepts for the team alone.
accepted:
"""
_RENEWED = ("content", "reason", "until", "by")


class CannotEdit(Exception):
    """The file is written in a way that cannot be edited without changing something else: a sentence."""


def acceptance(finding: Reported, reason: str, until: str, by: str) -> Acceptance:
    """The entry that accepts a finding as it is now."""
    return Acceptance(
        fingerprint=finding.fingerprint,
        rule=finding.rule,
        content=finding.content,
        reason=reason,
        until=until,
        by=by,
        agent=finding.agent,
        environment=finding.environment,
        resource=finding.resource,
        path="" if finding.agent else visible(finding.path),
    )


def write(loaded: Acceptances | None, new: Iterable[Acceptance], live: set[tuple[str, str]]) -> tuple[str, int]:
    """The file's new text, and how many of its entries were renewed.

    Args:
        loaded: the file as it is, or None.
        new: what is accepted now.
        live: (fingerprint, content) of every finding there is: an entry for one of them is not taken for another.

    Raises:
        CannotEdit: see there.
    """
    fresh = sorted(set(new), key=_order)
    if loaded is None or not loaded.entries:
        start = _HEAD if loaded is None else _emptied(loaded)
        return _proved(start + "".join(_emit(one, "  ", "\n") for one in fresh), fresh), 0
    edit = _Edit(loaded)
    live = live | {(one.fingerprint, one.content) for one in fresh}
    places: dict[str, list[int]] = {}
    for index, old in enumerate(loaded.entries):
        places.setdefault(old.fingerprint, []).append(index)
    added, renewed = [], 0
    for one in fresh:
        place = _same(loaded.entries, places.get(one.fingerprint, []), one, live)
        if place is None:
            added.append(one)
        else:
            edit.renew(place, one)
            places[one.fingerprint].remove(place)
            renewed += 1
    for one in added:
        edit.add(one)
    return edit.text(), renewed


def _order(entry: Acceptance) -> tuple[str, str, str, str, str]:
    return entry.agent or entry.path, entry.rule, entry.resource, entry.fingerprint, entry.content


def _same(
    entries: tuple[Acceptance, ...], places: list[int], one: Acceptance, live: set[tuple[str, str]]
) -> int | None:
    """The entry to renew: of this very finding, or else one of its fingerprint whose content is no finding's any more."""
    exact = [place for place in places if entries[place].content == one.content]
    stale = [place for place in places if (one.fingerprint, entries[place].content) not in live]
    return next(iter(exact + stale), None)


def _emit(entry: Acceptance, indent: str, end: str) -> str:
    lines = [f"{key}: {_value(key, value)}" for key, value in entry._asdict().items() if value]
    return f"{indent}- " + f"{end}{indent}  ".join(lines) + end


def _value(key: str, value: str) -> str:
    # A day needs no quotes in YAML 1.2, and a digest in none.
    return value if key in ("fingerprint", "content", "until") else _scalar(value)


@cache
def _scalar(value: str) -> str:
    """A text as YAML on one line."""
    from ruamel.yaml import YAML
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    yaml = YAML()
    yaml.width = 1 << 30
    out = StringIO()
    yaml.dump({"k": value if value.isprintable() else DoubleQuotedScalarString(value)}, out)
    return out.getvalue().removeprefix("k:").strip()


def _emptied(loaded: Acceptances) -> str:
    """The text of a file with an empty list, up to where its first entry goes."""
    document = loaded.document
    content = document.text.content
    start, end = document.entry(("accepted",))[2:]
    if content[end:].strip():
        raise CannotEdit(f"{ACCEPTED} has text after its empty list: remove that first")
    return content[:start].rstrip() + "\n"


def _proved(text: str, expected: list[Acceptance]) -> str:
    """The text, if it reads back as exactly these entries."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise CannotEdit(f"{ACCEPTED} would be larger than 1 MiB, and permlint reads no more: accept fewer findings")
    try:
        data = read(Text(text), 10 * MAX_NODES).data
    except Unreadable as error:
        raise CannotEdit(f"{ACCEPTED} cannot be edited: line {error.line} would read: {error.message}") from None
    if data != {"accepted": [_plain(one) for one in expected]}:
        raise CannotEdit(f"{ACCEPTED} cannot be edited without changing something else in it: is an anchor used there?")
    return text


def _plain(entry: Acceptance) -> dict[str, Any]:
    return {key: value for key, value in entry._asdict().items() if value}


class _Edit:
    """Splices of one file, and the entries that it must read as afterwards."""

    def __init__(self, loaded: Acceptances) -> None:
        self.document = loaded.document
        self.content = loaded.document.text.content
        self.end = "\r\n" if "\r\n" in self.content else "\n"
        self.start = self.document.entry(("accepted",))[2]
        if self.content[self.start] != "-":
            raise CannotEdit(f"{ACCEPTED} has its entries in brackets: write each on lines of its own, after a dash")
        self.indent = " " * (self.document.text.position(self.start)[1] - 1)
        self.old = list(loaded.entries)
        self.before: dict[int, list[Acceptance]] = {}
        """What is added before the entry with this index; the number of entries for what comes last."""
        self.splices: list[tuple[int, int, str]] = []

    def renew(self, place: int, entry: Acceptance) -> None:
        """Put new values in place of old ones."""
        old = self.old[place]
        for key in _RENEWED:
            value = getattr(entry, key)
            if getattr(old, key) == value or not value:
                continue
            if getattr(old, key):
                start, end = self.document.entry(("accepted", place, key))[2:]
                self.splices.append((start, end, _value(key, value)))
            else:
                self._insert_key(place, f"{key}: {_value(key, value)}")
        self.old[place] = old._replace(**{key: getattr(entry, key) or getattr(old, key) for key in _RENEWED})

    def _insert_key(self, place: int, line: str) -> None:
        start = self.document.entry(("accepted", place))[2]
        until = self.document.entry(("accepted", place, "until"))[3]
        if self.content[start] == "{":
            self.splices.append((until, until, f", {line}"))
        else:
            self._insert_lines(until, " " * (self.document.text.position(start)[1] - 1) + line + self.end)

    def _insert_lines(self, after: int, lines: str) -> None:
        """Put lines below the line of an offset: what follows it there, a comment perhaps, stays."""
        at = self.content.find("\n", after) + 1
        if not at:
            at, lines = len(self.content), self.end + lines
        self.splices.append((at, at, lines))

    def add(self, entry: Acceptance) -> None:
        """Put an entry before the first that sorts after it."""
        later = (place for place, old in enumerate(self.old) if _order(old) > _order(entry))
        self.before.setdefault(next(later, len(self.old)), []).append(entry)

    def text(self) -> str:
        """The edited text, proved."""
        expected: list[Acceptance] = []
        for place in range(len(self.old) + 1):
            added = self.before.get(place, [])
            expected += [*added, *self.old[place : place + 1]]
            if added:
                # After the line that ends the entry before: a comment above an entry stays above it.
                key = ("accepted", place - 1) if place else ("accepted",)
                last = self.document.entry(key)[3 if place else 1]
                self._insert_lines(last, "".join(_emit(one, self.indent, self.end) for one in added))
        pieces, end = [], 0
        for start, after, text in sorted(self.splices, key=lambda one: one[0]):  # stable: of two at one place the first
            pieces += [self.content[end:start], text]
            end = after
        return _proved("".join([*pieces, self.content[end:]]), expected)
