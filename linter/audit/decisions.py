"""Decisions: `permlint-decisions.yaml`, what reviewers decided of permissions and of principals without a manifest, the latest
of each; git keeps the earlier ones.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from typing import NamedTuple

from linter import schema
from linter.manifest.reader import Document, read
from linter.manifest.text import Text, Unreadable, decode
from linter.systems.places import NOWHERE, Where

DECISIONS = "permlint-decisions.yaml"
UNMANAGED = "unmanaged"
"""The origin of what is no permission but a principal without a manifest."""
_MAX_BYTES = 16 << 20
"""Eight thousand permissions, all decided, are 4 MB."""
_MAX_NODES = 2_000_000
_HEAD = """\
# What reviewers decided of permissions and principals, the latest decision of each: `permlint review record` writes this file.
# Give it a code owner, so that nobody decides for the team alone.
decisions:
"""


class CannotEdit(Exception):
    """The file is written in a way that cannot be added to without changing something else: a sentence."""


class Decided(NamedTuple):
    """One entry of the file, in the order of its keys."""

    id: str
    decision: str
    by: str
    on: str
    """ISO date."""
    reason: str
    origin: str
    agent: str
    environment: str
    system: str
    resource: str
    what: str
    level: str
    principal: str = ""
    finding: str = ""
    place: Where = NOWHERE
    """Where it was seen; NOWHERE where the report did not know, or was of a permlint that did not say."""
    principal_id: str = ""
    object_id: str = ""
    """What the principal and the object keep when they are renamed (linter.systems.lasting)."""

    @property
    def rank(self) -> tuple[str, ...]:
        """What the file is sorted by."""
        return self.agent, self.environment, self.system, self.resource, self.what, self.id


class Decisions(NamedTuple):
    """The file: its entries in its order, and its text."""

    entries: tuple[Decided, ...]
    document: Document


def load(root: str) -> Decisions | None:
    """The decisions of the project with this root; None where there is no file.

    Raises:
        Unreadable: the file is there but cannot be read, or is not of its schema.
    """
    path = os.path.join(root, DECISIONS)
    if not os.path.lexists(path):
        return None
    if os.path.islink(path):
        raise Unreadable(1, 1, "is a link: keep the file itself at the root")
    try:
        with open(path, "rb") as file:
            raw = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise Unreadable(1, 1, f"cannot be read: {error.strerror}") from None
    if len(raw) > _MAX_BYTES:
        raise Unreadable(1, 1, "is larger than 16 MiB")
    return _parsed(decode(raw))


def _parsed(text: Text) -> Decisions:
    document = read(text, _MAX_NODES)
    if not schema.predicate("decisions")(document.data):
        violation = schema.explain("decisions", document.data)[0]
        offset = document.entry(violation.route)[2] if violation.route else 0
        message = f"{violation.problem}. {violation.suggestion}".rstrip(". ")
        raise Unreadable(*text.position(offset), message)
    empty = {**dict.fromkeys(Decided._fields, ""), "place": NOWHERE}
    entries = tuple(Decided(**{**empty, **entry}) for entry in document.data["decisions"])
    seen: set[str] = set()
    for index, entry in enumerate(entries):
        if entry.id in seen:
            place = document.entry(("decisions", index, "id"))[2]
            raise Unreadable(*text.position(place), f"{entry.id} is decided twice: keep the latest")
        seen.add(entry.id)
    return Decisions(entries, document)


def merged(loaded: Decisions | None, new: Iterable[Decided]) -> str:
    """The file's new text: each new entry at its sorted place or where the earlier one of its permission stood; all others
    stay byte for byte, with the comments above them.

    Raises:
        CannotEdit: see there.
    """
    fresh = {one.id: one for one in new}
    if loaded is None:
        return _proved(_HEAD + "".join(map(_emit, sorted(fresh.values(), key=_rank))), list(fresh.values()))
    head, old = _pieces(loaded)
    end = "\r\n" if "\r\n" in head else "\n"
    kept: list[tuple[Decided, str]] = []
    for entry, piece in zip(loaded.entries, old, strict=True):
        replaced = fresh.pop(entry.id, None)
        if replaced is None or replaced == entry:
            kept.append((entry, piece))
        else:
            comments = "".join(line for line in piece.splitlines(keepends=True) if line.lstrip().startswith("#"))
            kept.append((replaced, comments + _emit(replaced, end)))
    added = sorted(fresh.values(), key=_rank, reverse=True)
    whole: list[tuple[Decided, str]] = []
    for entry, piece in kept:
        while added and added[-1].rank < entry.rank:
            whole.append((added[-1], _emit(added.pop(), end)))
        whole.append((entry, piece))
    whole += [(one, _emit(one, end)) for one in reversed(added)]
    return _proved(head + "".join(piece for _, piece in whole), [entry for entry, _ in whole])


def _rank(entry: Decided) -> tuple[str, ...]:
    return entry.rank


def _pieces(loaded: Decisions) -> tuple[str, list[str]]:
    """The file's head, and for each entry its lines, those of the comments above it included."""
    document, content = loaded.document, loaded.document.text.content
    if not loaded.entries:
        return content[: document.entry(("decisions",))[2]].rstrip() + "\n", []
    starts = []
    for index in range(len(loaded.entries)):
        line = document.text.position(document.entry(("decisions", index))[2])[0] - 1
        while line and document.text.line(line).lstrip().startswith("#"):
            line -= 1
        starts.append(document.text.starts[line])
    content += "" if content.endswith("\n") else "\n"
    ends = [*starts[1:], len(content)]
    return content[: starts[0]], [content[start:end] for start, end in zip(starts, ends, strict=True)]


def _emit(entry: Decided, end: str = "\n") -> str:
    lines = [f"{key}: {_scalar(key, value)}" for key, value in entry._asdict().items() if value]
    return "  - " + f"{end}    ".join(lines) + end


_PLAIN = frozenset({"id", "decision", "on", "origin", "level", "finding"})
_WORD = re.compile("[a-z0-9:-]+")
"""Words of our own, which no reader of YAML takes for something else."""


def _scalar(key: str, value: str | Where) -> str:
    """A value as YAML on one line: as JSON writes it, and what does not print as YAML escapes it."""
    if isinstance(value, str) and key in _PLAIN and _WORD.fullmatch(value):
        return value
    quoted = json.dumps(value if isinstance(value, str) else dict(value), ensure_ascii=False)
    return "".join(one if one.isprintable() else f"\\U{ord(one):08x}" for one in quoted)


def _proved(text: str, expected: list[Decided]) -> str:
    """The text, if it reads back as exactly these entries."""
    try:
        found = _parsed(Text(text)).entries
    except Unreadable as error:
        raise CannotEdit(f"{DECISIONS} cannot be added to: line {error.line} would read: {error.message}") from None
    if sorted(found, key=_rank) != sorted(expected, key=_rank):
        raise CannotEdit(f"{DECISIONS} cannot be added to without changing something else in it")
    return text
