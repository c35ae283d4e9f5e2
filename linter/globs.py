"""Globs over paths with "/": `*` and `?` within a segment, `**` across segments, `[...]` classes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import pairwise


def matcher(globs: Iterable[str], *, folders: bool = False, any_case: bool = False) -> Callable[[str], bool]:
    """A test for paths relative to the root.

    Args:
        folders: whether a glob that matches a folder covers all below it.
        any_case: whether letters match in either case: on macOS and Windows, `Agent-Permissions.YAML` is what opens by the usual name.
    """
    patterns = [_pattern(glob) + ("(?:/.*)?" if folders else "") for glob in globs]
    if not patterns:
        return lambda _: False
    match = re.compile("|".join(patterns), re.DOTALL | (re.IGNORECASE if any_case else 0)).fullmatch
    return lambda path: match(path) is not None


def _pattern(glob: str) -> str:
    glob = glob.removeprefix("./").strip("/")
    parts = []
    position = 0
    while position < len(glob):
        if glob.startswith("**/", position) and (position == 0 or glob[position - 1] == "/"):
            parts.append("(?:[^/]+/)*")
            position += 3
        elif glob.startswith("**", position):
            parts.append(".*")
            position += 2
        elif glob[position] == "*":
            parts.append(_STAR)
            position += 1
        elif glob[position] == "?":
            parts.append("[^/]")
            position += 1
        elif glob[position] == "[" and (end := glob.find("]", position + 2)) > 0:
            parts.append(_class(glob[position + 1 : end]))
            position = end + 1
        else:
            parts.append(re.escape(glob[position]))
            position += 1
    return "".join(_possessive(parts))


_STAR = "[^/]*"


def _possessive(parts: list[str]) -> list[str]:
    """A star before another of its segment takes the first stretch that fits, for good: never exponential, and as true."""
    stars = [place for place, part in enumerate(parts) if part == _STAR]
    for star, following in pairwise(stars):
        if not {"/", ".*", "(?:[^/]+/)*"}.intersection(parts[star:following]):
            parts[star] = "(?>[^/]*?"
            parts[following - 1] += ")"
    return parts


def _class(inner: str) -> str:
    """A class as git has it: `!` or `^` negates, a range that runs backwards is empty, "/" is never in it."""
    negated = inner[0] in "!^"
    members = []
    position = int(negated)
    while position < len(inner):
        low, high = inner[position], inner[position + 2 : position + 3]
        if inner[position + 1 : position + 2] == "-" and high:
            members += [f"{re.escape(low)}-{re.escape(high)}"] if low <= high else []
            position += 3
        else:
            members.append(re.escape(low))
            position += 1
    if not members:
        return "[^/]" if negated else "(?!)"
    return f"(?!/)[{'^' if negated else ''}{''.join(members)}]"
