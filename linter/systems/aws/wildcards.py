"""Patterns of IAM: `*` is any text, `?` any one character, and nothing else is special (IAM User Guide, "Resource").

A pattern stands for the set of texts that it matches; of two ARNs, each of the six parts is compared by itself, since no
region and no account has a colon. Whether one set is in others, and what two have in common, is
answered exactly, within a bound of effort: a policy may come from a stranger.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import product

_RUN = re.compile(r"[*?]*\*[*?]*")
_MOST_STATES = 4_000
"""States of the automaton that one question may visit."""
_MOST_PIECES = 32
"""Patterns that the intersection of two may be."""


class TooHard(Exception):
    """A question about patterns that no policy written by a person asks."""


def tidy(pattern: str) -> str:
    """The same set in one spelling: in a run of wildcards, every `?` first and then one `*`."""
    if "**" not in pattern and "*?" not in pattern:
        return pattern
    return _RUN.sub(lambda run: "?" * run[0].count("?") + "*", pattern)


@lru_cache(maxsize=1 << 16)
def parts(pattern: str) -> tuple[str, ...]:
    """The six parts of an ARN; anything else is one part."""
    found = tuple(pattern.split(":", 5)) if pattern.startswith("arn:") else ()
    return found if len(found) == 6 else (pattern,)


@lru_cache(maxsize=1 << 16)
def covers(outer: str, inner: str) -> bool:
    """Whether every text of `inner` is one of `outer`; False where that would need more than a look at the symbols."""
    if outer == "*" or outer == inner:
        return True
    mine, theirs = parts(outer), parts(inner)
    if len(mine) == len(theirs) == 6:
        return all(map(_covers, mine, theirs))
    return _covers(outer, inner)


@lru_cache(maxsize=1 << 16)
def _covers(outer: str, inner: str) -> bool:
    if outer == "*" or outer == inner:
        return True
    # The classic two-pointer match, with the wildcards of `inner` taken as symbols: only "*" takes a "*".
    place = start = 0
    star = -1
    while place < len(inner):
        symbol = outer[start] if start < len(outer) else ""
        if symbol == "*":
            star, resume = start, place
            start += 1
        elif symbol and (symbol == inner[place] or (symbol == "?" and inner[place] != "*")):
            start, place = start + 1, place + 1
        elif star >= 0:
            resume += 1
            start, place = star + 1, resume
        else:
            return False
    return outer[start:].strip("*") == ""


@lru_cache(maxsize=1 << 16)
def overlap(one: str, other: str) -> bool:
    """Whether some text is in both."""
    mine, theirs = parts(one), parts(other)
    if len(mine) == len(theirs) == 6:
        return all(map(_overlap, mine, theirs))
    return _overlap(one, other)


@lru_cache(maxsize=1 << 16)
def _overlap(one: str, other: str) -> bool:
    if one == "*" or other == "*":
        return True
    if "*" not in one and "?" not in one:
        return _covers(other, one)
    reached = {(0, 0)}
    waiting = [(0, 0)]
    while waiting:
        left, right = waiting.pop()
        if left == len(one) and right == len(other):
            return True
        for step in _steps(one, left, other, right):
            if step not in reached:
                reached.add(step)
                waiting.append(step)
    return False


def _steps(one: str, left: int, other: str, right: int) -> Iterable[tuple[int, int]]:
    mine = one[left] if left < len(one) else ""
    theirs = other[right] if right < len(other) else ""
    if mine == "*":
        yield left + 1, right
        if theirs and theirs != "*":
            yield left, right + 1
    if theirs == "*":
        yield left, right + 1
        if mine and mine != "*":
            yield left + 1, right
    if mine and theirs and "*" not in (mine, theirs) and (mine == theirs or "?" in (mine, theirs)):
        yield left + 1, right + 1


@lru_cache(maxsize=1 << 14)
def meet(one: str, other: str) -> tuple[str, ...]:
    """The patterns that together are what both have in common.

    Raises:
        TooHard: there are too many.
    """
    if covers(one, other):
        return (other,)
    if covers(other, one):
        return (one,)
    if not overlap(one, other):
        return ()
    mine, theirs = parts(one), parts(other)
    if len(mine) == len(theirs) == 6:
        return tuple(_widest(":".join(pieces) for pieces in product(*map(_meet, mine, theirs))))
    return _meet(one, other)


def _meet(one: str, other: str) -> tuple[str, ...]:
    if _covers(one, other):
        return (other,)
    if _covers(other, one):
        return (one,)
    try:
        return tuple(sorted(_Meeting(one, other).at(0, 0)))
    except RecursionError:
        raise TooHard from None


class _Meeting:
    """What is left of two patterns from a place in each on, worked out once a pair of places."""

    def __init__(self, one: str, other: str) -> None:
        self.one, self.other = one, other
        self.known: dict[tuple[int, int], frozenset[str]] = {}

    def at(self, left: int, right: int) -> frozenset[str]:
        key = (left, right)
        if key not in self.known:
            if len(self.known) > _MOST_STATES:
                raise TooHard
            self.known[key] = self._at(left, right)
        return self.known[key]

    def _at(self, left: int, right: int) -> frozenset[str]:
        one, other = self.one, self.other
        prefix = ""
        # The common beginning is walked without recursion: an ARN is mostly that.
        while left < len(one) and right < len(other) and "*" not in (one[left], other[right]):
            if one[left] != other[right] and "?" not in (one[left], other[right]):
                return frozenset()
            prefix += other[right] if one[left] == "?" else one[left]
            left, right = left + 1, right + 1
        mine, theirs = one[left : left + 1], other[right : right + 1]
        found: set[str] = set()
        if not mine and not theirs:
            found = {""}
        elif mine == "*" and theirs == "*":
            found = {"*" + rest for rest in (*self.at(left + 1, right), *self.at(left, right + 1))}
        elif mine == "*":
            found = set(self.at(left + 1, right))
            if theirs:
                found |= {theirs + rest for rest in self.at(left, right + 1)}
        elif theirs == "*":
            found = set(self.at(left, right + 1))
            if mine:
                found |= {mine + rest for rest in self.at(left + 1, right)}
        return frozenset(_widest(tidy(prefix + rest) for rest in found))


def _widest(patterns: Iterable[str]) -> list[str]:
    kept: list[str] = []
    for one in sorted(set(patterns), key=lambda pattern: (len(pattern), pattern)):
        if not any(covers(known, one) for known in kept):
            kept = [known for known in kept if not covers(one, known)] + [one]
    if len(kept) > _MOST_PIECES:
        raise TooHard
    return kept


def within(inner: str, outers: Sequence[str]) -> bool:
    """Whether every text of `inner` is in one of `outers`, together if not in one alone.

    Raises:
        TooHard: it cannot be worked out with reasonable effort.
    """
    if any(covers(outer, inner) for outer in outers):
        return True
    near = tuple(outer for outer in outers if overlap(outer, inner))
    mine = parts(inner)
    if len(mine) == 6 and all(len(parts(outer)) == 6 for outer in near):
        # Only those that cover all but the last part can do so together; others would have to share a region.
        near = tuple(parts(outer)[5] for outer in near if all(map(_covers, parts(outer)[:5], mine[:5])))
        inner = mine[5]
    return bool(near) and _within(inner, near)


@lru_cache(maxsize=1 << 14)
def _within(inner: str, outers: tuple[str, ...]) -> bool:
    """By walking all texts of `inner` at once beside the places that they reach in each of `outers`."""
    letters = sorted({letter for pattern in (inner, *outers) for letter in pattern} - {"*", "?"})
    alphabet = [*letters, ""]  # "" stands for every character that no pattern names
    start = frozenset((number, place) for number, outer in enumerate(outers) for place in _closed(outer, 0))
    reached = {(place, start) for place in _closed(inner, 0)}
    waiting = list(reached)
    while waiting:
        place, beside = waiting.pop()
        if place == len(inner):
            if not any(there == len(outers[number]) for number, there in beside):
                return False
            continue
        symbol = inner[place]
        for letter in alphabet if symbol in "*?" else (symbol,):
            after = frozenset(
                (number, closed)
                for number, there in beside
                for moved in _moved(outers[number], there, letter)
                for closed in _closed(outers[number], moved)
            )
            for moved in _moved(inner, place, letter):
                for closed in _closed(inner, moved):
                    state = (closed, after)
                    if state not in reached:
                        if len(reached) > _MOST_STATES:
                            raise TooHard
                        reached.add(state)
                        waiting.append(state)
    return True


def _moved(pattern: str, place: int, letter: str) -> tuple[int, ...]:
    """Where one character leads from a place."""
    symbol = pattern[place : place + 1]
    if symbol == "*":
        return (place,)
    return (place + 1,) if symbol and (symbol == "?" or symbol == letter) else ()


def _closed(pattern: str, place: int) -> range:
    """A place and those that it reaches without a character."""
    end = place
    while pattern[end : end + 1] == "*":
        end += 1
    return range(place, end + 1)
