"""The scope language: what a `scope` bounds, structured or in prose whose meaning is certain.

The prose grammar is part of algebra `p1` and frozen (DESIGN.md, section 1): a sentence that it reads today means the same in
every later version, since digests sign the result. What it does not read stays declared, as one opaque atom.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from linter.permissions import EVERYTHING, Names, Value, fold

SET_DIMENSIONS = (
    "columns",
    "read_columns",
    "write_columns",
    "channels",
    "recipients",
    "repositories",
    "projects",
    "sites",
    "namespaces",
    "paths",
    "labels",
    "tools",
)
"""Dimensions whose value is a list of literals. `rows` is the one text dimension; `note` bounds nothing."""


class Scope(NamedTuple):
    """What a resource's `scope` says."""

    kind: str
    """"absent", "unbounded" (it says "all"), "bounded" (compared dimension by dimension) or "prose" (one opaque atom)."""
    box: Mapping[str, Value]
    words: str = ""
    """All free text in it, for rules that read words."""


ABSENT = Scope("absent", {})

_UNBOUNDED = re.compile(
    r"\*|(?:all|any|every|full|unrestricted|unlimited|everything|anything|no limits?)"
    r"(?:\s+(?:rows?|columns?|tables?|channels?|records?|data|access|objects?|resources?|repositories|repos?|files?|tools?))?"
    r"(?:\s+and\s+(?:all\s+)?(?:rows?|columns?|tables?))?\.?",
    re.IGNORECASE,
)
_NAME = r'(?:[A-Za-z_][A-Za-z0-9_$]*|"[^"\s][^"]*")'
_NAMES = rf"{_NAME}(?:\s*,\s*{_NAME})*(?:\s*,?\s+and\s+{_NAME})?"
_COLUMNS = re.compile(
    rf"(?:only\s+)?(?:the\s+)?(?P<a>{_NAMES})\s+columns?\s+only\.?"
    rf"|only\s+(?:the\s+)?(?P<b>{_NAMES})\s+columns?\.?"
    rf"|only\s+(?:the\s+)?columns?:?\s+(?P<c>{_NAMES})\.?"
    rf"|columns?:?\s+(?P<d>{_NAMES})\s+only\.?",
    re.IGNORECASE,
)
_ALL_BUT = re.compile(rf"(?:all|every)\s+columns?\s+(?:except|but)(?:\s+for)?\s+(?P<a>{_NAMES})\.?", re.IGNORECASE)
_CHANNEL = r"#[\w-]+"
_CHANNEL_LIST = rf"{_CHANNEL}(?:\s*,\s*{_CHANNEL})*(?:\s*,?\s+and\s+{_CHANNEL})?"
_CHANNELS = re.compile(
    rf"(?:only\s+)?(?:the\s+)?(?:channels?:?\s+)?(?P<a>{_CHANNEL_LIST})(?:\s+channels?)?(?:\s+only)?\.?", re.IGNORECASE
)
_SPLIT = re.compile(r"\s*,\s*(?:and\s+)?|\s+and\s+", re.IGNORECASE)
_NAME_IN_LIST = re.compile(_NAME)
# A word of the grammar is no column: "the status and only column" is prose.
_GRAMMAR = frozenset({"only", "the", "and", "column", "columns", "all", "any", "every", "except", "but", "no", "not", "or"})
_MOST_PROSE = 2000
"""Longer prose is never a list of names; it also bounds the patterns' work."""


def parse_prose(text: str) -> Scope:
    """A free-text scope: bounded where its meaning is certain, else one atom of the dimension `prose`."""
    words = fold(text)
    if len(words) <= _MOST_PROSE:
        if _UNBOUNDED.fullmatch(words):
            return Scope("unbounded", {}, words)
        match = _COLUMNS.fullmatch(words)
        names = _names(next(filter(None, match.groups()))) if match else None
        if names:
            return Scope("bounded", {"columns": Names(names)}, words)
        match = _ALL_BUT.fullmatch(words)
        names = _names(match["a"]) if match else None
        if names:
            return Scope("bounded", {"columns": Names(names, excluded=True)}, words)
        match = _CHANNELS.fullmatch(words) if "#" in words else None
        if match:
            return Scope("bounded", {"channels": Names(frozenset(_SPLIT.split(match["a"])))}, words)
    return Scope("prose", {"prose": words}, words)


def _names(listed: str) -> frozenset[str] | None:
    """The names of a list, quotes taken off; None where one of them is a word of the grammar."""
    names = [name for name in _NAME_IN_LIST.findall(listed) if name.lower() != "and"]
    if any(name.lower() in _GRAMMAR for name in names):
        return None
    return frozenset(name.strip('"') for name in names)


def parse_structured(given: Mapping[str, Any]) -> Scope:
    """A structured scope, already valid by the schema: a list of names, one name, or `{except: [names]}` a dimension."""
    box: dict[str, Value] = {}
    for name in SET_DIMENSIONS:
        value = given.get(name)
        if value is None:
            continue
        excluded = isinstance(value, Mapping)
        listed = value["except"] if excluded else [value] if isinstance(value, str) else value
        names = frozenset(fold(one) for one in listed)
        box[name] = EVERYTHING if "*" in names and not excluded else Names(names, excluded)
    rows = given.get("rows")
    if rows is not None:
        box["rows"] = fold(rows)
    bounded = {name: value for name, value in box.items() if value != EVERYTHING}
    words = " ".join(fold(given[name]) for name in ("rows", "note") if name in given)
    if bounded:
        return Scope("bounded", bounded, words)
    return Scope("unbounded" if box else "absent", {}, words)
