"""How far a finding reaches, and whether it has grown since another night.

A message may be reworded and a detail added by an update of permlint, so neither is compared. What reaches further are
the members of a finding's lists (columns, scopes, actions, resources), its level, and a bound that became sure.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

_LISTS = ("columns", "scopes", "actions", "resources")
"""Details that fold several things into one finding (DESIGN.md, section 5)."""
_LEVELS = ("read", "write", "delete", "admin")
_BOUNDS = ("possible", "sure")

Extent = Mapping[str, Any]
"""A list is a sorted list of texts, or None for all there is; `level` and `bound` are words."""


def extent(details: Mapping[str, Any]) -> dict[str, Any]:
    """How far a finding with these details reaches."""
    found: dict[str, Any] = {}
    for name in _LISTS:
        value = details.get(name, ())
        if value is None:
            found[name] = None
        elif isinstance(value, list | tuple) and value:
            found[name] = sorted({str(one) for one in value})
    for name, words in (("level", _LEVELS), ("bound", _BOUNDS)):
        if details.get(name) in words:
            found[name] = details[name]
    return found


def union(extents: Iterable[Extent]) -> dict[str, Any]:
    """What several findings of one fingerprint reach together."""
    whole: dict[str, Any] = {}
    for one in extents:
        for name, value in one.items():
            known = whole.get(name, value)
            if name in _LISTS:
                whole[name] = None if known is None or value is None else sorted({*known, *value})
            else:
                words = _LEVELS if name == "level" else _BOUNDS
                whole[name] = max(known, value, key=words.index)
    return whole


def grew(before: Extent, now: Extent) -> bool:
    """Whether it reaches further than before. A detail that one side lacks says nothing: an update may have brought it."""
    for name in before.keys() & now.keys():
        old, new = before[name], now[name]
        if name in _LISTS:
            if old is not None and (new is None or not set(new) <= set(old)):
                return True
        else:
            words = _LEVELS if name == "level" else _BOUNDS
            if words.index(new) > words.index(old):
                return True
    return False


def dumps(one: Extent) -> str:
    """As the state has it."""
    return json.dumps(one, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def loads(text: str) -> dict[str, Any]:
    """An extent from the state."""
    found: dict[str, Any] = json.loads(text)
    return found
