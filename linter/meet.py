"""What two sets have in common: which part of a widening still stands, and which commit brought it."""

from collections.abc import Iterable
from functools import lru_cache

from linter.actions import action_within
from linter.boxes import Box, Names, Value
from linter.permissions import Leaf, normal, object_within


def meet(one: Iterable[Leaf], other: Iterable[Leaf], *, loose: bool = False) -> tuple[Leaf, ...]:
    """The leaves that are surely in both: of two different texts nothing is known to be common.

    Args:
        loose: take two texts for one, in the words of `other`.
    """
    one, other = list(one), list(other)
    there = near(other, one)  # of what is added to all that there is: the few first
    if not there:
        return ()
    mine = near(one, there)
    if loose or len(mine) * len(there) > _FEW:
        mine, there = list(normal(mine)), list(normal(there))
    found = []
    for narrow, wide, swapped in nested(mine, there):
        action = common_action(narrow.action, wide.action)
        if action is not None:
            box = common_box(*((wide.box, narrow.box) if swapped else (narrow.box, wide.box)), loose=loose)
            if box is not None:
                found.append(Leaf(narrow.system, narrow.object, action, box))
    return normal(found)


_FEW = 64
"""Pairs of leaves that are looked at as they are; to bring more into normal form first pays."""


def near(leaves: Iterable[Leaf], others: Iterable[Leaf]) -> list[Leaf]:
    """The leaves whose object contains, is or lies below one of the others': the algebra relates no more than these."""
    named = {leaf[:2] for leaf in others}
    if not named:
        return []
    above = {(system, path) for system, object in named for path in _above(object)}
    broad = [one for one in named if not one[1] or one[1][-1] == "*"]
    if not broad:
        paths = {path for _, path in above}  # tells most apart at a third of the cost
        return [leaf for leaf in leaves if leaf[1] in paths and leaf[:2] in above]
    return [
        leaf
        for leaf in leaves
        if leaf[:2] in above
        or any(leaf.system == system and object_within(leaf.object, path) for system, path in broad)
    ]


@lru_cache(maxsize=1024)
def _above(path: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    """Every object that contains this one: itself, the whole system, each prefix's "*"."""
    return frozenset([path, (), *[(*path[:length], "*") for length in range(len(path))]])


def nested(one: list[Leaf], other: list[Leaf]) -> list[tuple[Leaf, Leaf, bool]]:
    """Every pair in which one leaf's object lies in the other's, the narrower first, and whether that is of `other`."""
    found = [(leaf, wide, False) for leaf, wide in _below(one, other)]
    return found + [(leaf, wide, True) for leaf, wide in _below(other, one) if leaf.object != wide.object]


def _below(narrow: list[Leaf], wide: list[Leaf]) -> list[tuple[Leaf, Leaf]]:
    index: dict[tuple[str, tuple[str, ...]], list[Leaf]] = {}
    for leaf in wide:
        index.setdefault((leaf.system, leaf.object), []).append(leaf)
    broad = any([not path or path[-1] == "*" for _, path in index])
    return [
        (leaf, found)
        for leaf in narrow
        for above in (_above(leaf.object) if broad else (leaf.object,))
        for found in index.get((leaf.system, above), ())
    ]


def common_action(one: str, other: str) -> str | None:
    """The narrower of two actions, or None where neither contains the other."""
    if action_within(one, other):
        return one
    return other if action_within(other, one) else None


def common_box(one: Box, other: Box, *, loose: bool) -> Box | None:
    """The common part of two boxes, or None where there is none that is known."""
    bounds: dict[str, Value] = dict(one)
    for name, limit in other:
        own = bounds.get(name)
        if own is None or (loose and isinstance(limit, str)):
            bounds[name] = limit
        elif isinstance(own, Names) and isinstance(limit, Names):
            both = own.meet(limit)
            if both.empty:
                return None
            bounds[name] = both
        elif own != limit:
            return None
    return tuple(sorted(bounds.items()))
