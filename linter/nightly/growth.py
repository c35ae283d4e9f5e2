"""How far a finding reaches, and whether it has grown since another night.

A message may be reworded and a detail added by an update of permlint, so neither is compared. What reaches further are
the members of a finding's lists, its level, and a bound that became sure.
"""

import json
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

_NAMES = (
    *("columns", "scopes", "actions", "resources", "privileges", "agents"),
    *("repositories", "projects", "sites", "namespaces", "channels", "tools"),
)
"""Details that list names as the system has them: of the contract (DESIGN.md, section 5), or dimensions of a scope."""
_PROSE = ("gains", "objects")
"""Details that list descriptions, whose words an update of permlint may change."""
_LEVELS = ("read", "write", "delete", "admin")
_BOUNDS = ("possible", "sure")

Extent = Mapping[str, Any]
"""A list is a sorted list of texts, or None for all there is; `level` and `bound` are words."""


def extent(details: Mapping[str, Any]) -> dict[str, Any]:
    """How far a finding with these details reaches."""
    found: dict[str, Any] = {}
    for name in (*_NAMES, *_PROSE):
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
            if name in ("level", "bound"):
                whole[name] = max(known, value, key=(_LEVELS if name == "level" else _BOUNDS).index)
            else:
                whole[name] = None if known is None or value is None else sorted({*known, *value})
    return whole


def grew(before: Extent, now: Extent, *, same_version: bool = True) -> bool:
    """Whether it reaches further than before. A detail that one side lacks says nothing: an update may have brought it.

    Args:
        same_version: whether the same permlint saw both; descriptions are compared only then.
    """
    for name in before.keys() & now.keys():
        old, new = before[name], now[name]
        if name in ("level", "bound"):
            words = _LEVELS if name == "level" else _BOUNDS
            if words.index(new) > words.index(old):
                return True
        elif old is not None and (same_version or name not in _PROSE) and _beyond(old, new):
            return True
    return False


def _beyond(old: list[str], new: list[str] | None) -> bool:
    """Whether a list has what another has neither by name nor by a pattern such as `s3:Get*`."""
    if new is None:
        return True
    more = set(new).difference(old)
    patterns = [one.replace("[", "[[]") for one in old if "*" in one] if more else []
    return any(not any(fnmatchcase(one, pattern) for pattern in patterns) for one in more)


def overlap(one: Extent, other: Extent) -> bool:
    """Whether two findings name an action in common: then one may tell what the other told."""
    return not set(one.get("actions") or ()).isdisjoint(other.get("actions") or ())


def dumps(one: Extent) -> str:
    """As the state has it."""
    return json.dumps(one, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def loads(text: str) -> dict[str, Any]:
    """An extent from the state."""
    found: dict[str, Any] = json.loads(text)
    return found
