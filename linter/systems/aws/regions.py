"""Sets of resources: a pattern without other patterns, and finite unions of those. Closed under and, or, and without."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from linter.systems.aws.wildcards import TooHard, covers, meet, overlap, parts, within


class Region(NamedTuple):
    """The texts of a pattern that are in none of the others."""

    pattern: str
    but: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing is left. What is too hard to work out counts as something."""
        try:
            return within(self.pattern, self.but)
        except TooHard:
            return False


Area = tuple[Region, ...]
"""A union of regions, none of them empty."""
NOTHING: Area = ()
EVERYTHING: Area = (Region("*"),)


def area(patterns: Iterable[str]) -> Area:
    """The union of patterns."""
    return join(Region(pattern) for pattern in patterns)


def join(regions: Iterable[Region]) -> Area:
    """The union: sorted, what lies in another left out."""
    return _join(frozenset(regions))


@lru_cache(maxsize=1 << 14)
def _join(regions: frozenset[Region]) -> Area:
    kept: dict[str, list[Region]] = {}
    for one in sorted(regions, key=lambda region: (len(region.but), len(region.pattern), region)):
        service = _service(one.pattern)
        near = chain(kept.get(service, ()), kept.get("", ()) if service else ())
        if not any(covers(known.pattern, one.pattern) and set(known.but) <= set(one.but) for known in near):
            kept.setdefault(service, []).append(one)
    return tuple(sorted(chain.from_iterable(kept.values())))


def _service(pattern: str) -> str:
    """The service that a pattern is of, which alone and what is of several can cover it; empty where it is of several, or of none."""
    found = parts(pattern)
    return "" if len(found) != 6 or "*" in found[2] or "?" in found[2] else found[2]


@lru_cache(maxsize=1 << 14)
def intersect(one: Area, other: Area) -> Area:
    """What both have."""
    if one == EVERYTHING:
        return other
    if other == EVERYTHING:
        return one
    found: list[Region] = []
    for mine in one:
        for theirs in other:
            found += _both(mine, theirs.pattern, theirs.but)
    return join(found)


def _both(mine: Region, pattern: str, but: tuple[str, ...]) -> Iterator[Region]:
    try:
        pieces = meet(mine.pattern, pattern)
    except TooHard:
        pieces = (mine.pattern,)
    for piece in pieces:
        yield from _region(piece, (*mine.but, *but))


def _region(pattern: str, but: Iterable[str]) -> Iterator[Region]:
    near = sorted({one for one in but if overlap(one, pattern)})
    kept = tuple(one for one in near if not any(other != one and covers(other, one) for other in near))
    found = Region(pattern, kept)
    if not found.empty:
        yield found


@lru_cache(maxsize=1 << 14)
def subtract(one: Area, other: Area) -> Area:
    """What the first has and the second has not."""
    left: list[Region] = list(one)
    for theirs in other:
        rest: list[Region] = []
        for mine in left:
            if not overlap(mine.pattern, theirs.pattern):
                rest.append(mine)
                continue
            rest += _region(mine.pattern, (*mine.but, theirs.pattern))
            for hole in theirs.but:
                rest += _both(mine, hole, ())
        left = list(join(rest))
    return tuple(left)


def show(found: Area) -> list[str]:
    """The patterns, without their exceptions, sorted."""
    return sorted({region.pattern for region in found})
