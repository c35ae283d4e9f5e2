"""What two sets have in common: which part of a widening still stands, and which commit brought it."""

from collections.abc import Iterable

from linter.boxes import Box, Names, Value
from linter.permissions import Leaf, action_within, normal


def meet(one: Iterable[Leaf], other: Iterable[Leaf], *, loose: bool = False) -> tuple[Leaf, ...]:
    """The leaves that are surely in both: of two different texts nothing is known to be common.

    Args:
        loose: take two texts for one, in the words of `other`.
    """
    mine, theirs = normal(one), normal(other)
    return normal(
        [
            Leaf(narrow.system, narrow.object, action, box)
            for narrow, wide, swapped in (
                *((*pair, False) for pair in _nested(mine, theirs)),
                *((*pair, True) for pair in _nested(theirs, mine)),
            )
            if (action := _action(narrow.action, wide.action))
            and (box := _box(*((wide.box, narrow.box) if swapped else (narrow.box, wide.box)), loose=loose)) is not None
        ]
    )


def _nested(narrow: tuple[Leaf, ...], wide: tuple[Leaf, ...]) -> list[tuple[Leaf, Leaf]]:
    """Every pair whose first leaf's object lies in the second's."""
    index: dict[tuple[str, tuple[str, ...]], list[Leaf]] = {}
    for leaf in wide:
        index.setdefault((leaf.system, leaf.object), []).append(leaf)
    return [
        (leaf, found)
        for leaf in narrow
        for above in {leaf.object, (), *((*leaf.object[:length], "*") for length in range(len(leaf.object)))}
        for found in index.get((leaf.system, above), ())
    ]


def _action(one: str, other: str) -> str | None:
    if action_within(one, other):
        return one
    return other if action_within(other, one) else None


def _box(one: Box, other: Box, *, loose: bool) -> Box | None:
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
