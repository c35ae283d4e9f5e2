"""Boxes: the bounds of one permission, dimension by dimension. Part of algebra `p1` (DESIGN.md, section 1), frozen with it.

A box maps a dimension to a value; one that is absent is unconstrained. A set dimension (columns, channels) has a finite or
co-finite set of literals; a text dimension (rows, prose) has one atom. An atom is in "all" and in itself; "all" is in no
atom, and whether one atom is in another is unknown.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple, TypeVar


class Names(NamedTuple):
    """A set of literals: finite, or, when `excluded`, everything but them."""

    names: frozenset[str]
    excluded: bool = False

    def minus(self, other: "Names") -> "Names":
        """Set difference; both kinds are closed under it."""
        return self.meet(Names(other.names, not other.excluded))

    def meet(self, other: "Names") -> "Names":
        """Set intersection."""
        if self.excluded and other.excluded:
            return Names(self.names | other.names, True)
        if self.excluded:
            return Names(other.names - self.names)
        return Names(self.names - other.names if other.excluded else self.names & other.names)

    def join(self, other: "Names") -> "Names":
        """Set union."""
        both = Names(self.names, not self.excluded).meet(Names(other.names, not other.excluded))
        return Names(both.names, not both.excluded)

    @property
    def empty(self) -> bool:
        """Whether nothing is in it. (A co-finite set never is: names are unbounded.)"""
        return not self.names and not self.excluded


EVERYTHING = Names(frozenset(), excluded=True)

Value = Names | str
"""A set dimension's value, or a text dimension's one atom (already folded by `fold`)."""
Box = tuple[tuple[str, Value], ...]
"""Constrained dimensions, sorted by name."""
Texts = tuple[tuple[str, str], ...]
"""A box's text dimensions."""
Sets = tuple[tuple[str, Names], ...]
"""A box's set dimensions."""
Union = dict[Texts, set[Sets]]
"""A union of boxes, by their texts."""
Item = TypeVar("Item")


class Effort:
    """What one question may still cost, in comparisons of boxes: unions of boxes can be exponential, and input hostile."""

    def __init__(self, left: int = 50_000) -> None:
        self.left = left

    def spend(self, cost: int = 1) -> bool:
        """Whether there was enough left."""
        self.left -= cost
        return self.left >= 0


def fold(text: str) -> str:
    """The atom of a text dimension: NFC, white space folded."""
    if text.isascii() and text.isidentifier():
        return text
    folded = " ".join(text.split())
    if folded.isascii():
        return folded
    import unicodedata

    return unicodedata.normalize("NFC", folded)


def parts(box: Box) -> tuple[Texts, Sets] | None:
    """A box's text and set dimensions, those that constrain something, sorted; None where one of them leaves nothing."""
    if not box:
        return (), ()
    if len(box) == 1:  # most have one dimension
        name, only = box[0]
        if isinstance(only, str):
            return ((name, only),), ()
        if only.names:
            return (), ((name, only),)
    texts, sets = [], []
    for name, value in box:
        if isinstance(value, str):
            texts.append((name, value))
        elif value.names:
            sets.append((name, value))
        elif not value.excluded:
            return None
    return tuple(sorted(texts) if len(texts) > 1 else texts), tuple(sorted(sets) if len(sets) > 1 else sets)


def tidy(box: Box) -> Box | None:
    """The box without dimensions that constrain nothing, sorted: itself, where it is so; None where one leaves nothing."""
    if not box:
        return box
    if len(box) == 1:
        only = box[0][1]
        if isinstance(only, str) or only.names:
            return box
    split = parts(box)
    return None if split is None else whole(*split)


def whole(texts: Texts, sets: Sets) -> Box:
    """The box of these parts."""
    return tuple(sorted((*texts, *sets))) if texts and sets else texts or sets


def looser(texts: tuple[Item, ...]) -> Iterator[tuple[Item, ...]]:
    """The texts (or their dimensions) of every box that can contain one with these: these, and these less some of them."""
    for count in range(len(texts), -1, -1):
        yield from combinations(texts, count)


def order(box: Box) -> list[tuple[str, bool, list[str]]]:
    """A key to sort boxes by."""
    return [
        (name, value.excluded, sorted(value.names)) if isinstance(value, Names) else (name, False, [value])
        for name, value in box
    ]


def minus(one: Sets, unions: list[set[Sets]], effort: Effort) -> list[Sets] | None:
    """What is left of a box after taking others away, as disjoint boxes; None where that costs too much."""
    if any([() in union for union in unions]):
        return []
    count = sum([len(union) for union in unions])
    if count == 1:
        return [piece for union in unions for other in union for piece in _minus(one, other)]
    if count <= _FEW_BOXES:
        effort = Effort(_FEW_BOXES**3)
    elif not effort.spend(count):
        return None
    pieces = [one]
    for other in sorted(set[Sets]().union(*unions), key=order):
        rest: list[Sets] = []
        for piece in pieces:
            if not effort.spend():
                return None
            rest += _minus(piece, other)
        pieces = rest
    return pieces


_FEW_BOXES = 4
"""So many are always taken away: hostile input elsewhere must not hide a plain widening."""


def _minus(one: Sets, other: Sets) -> list[Sets]:
    """A box minus a box: one piece for each dimension of `other` that does not cover `one`."""
    bounds = dict(one)
    pieces: list[Sets] = []
    for name, limit in other:
        own = bounds.get(name, EVERYTHING)
        inside, outside = own.meet(limit), own.minus(limit)
        if inside.empty:
            return [one]
        if not outside.empty:
            pieces.append(tuple(sorted({**bounds, name: outside}.items())))
        bounds[name] = inside
    return pieces


def maximal(union: Union, outer: list[Union], effort: Effort) -> list[Box]:
    """The maximal boxes within these unions, less those that `outer` covers, sorted: the same for every spelling.

    A box that names a text counts whatever names fewer of its texts as outer too.
    """
    result: list[Box] = []
    for texts, boxes in sorted(union.items()):
        around = [other[fewer] for fewer in looser(texts) for other in outer if fewer in other]
        if texts and len(union) > 1:
            around += [union[fewer] for fewer in looser(texts) if fewer != texts and fewer in union]
        result += [whole(texts, sets) for sets in _beyond(boxes, around, effort)]
    return sorted(result, key=order)


def _beyond(boxes: set[Sets], around: list[set[Sets]], effort: Effort) -> set[Sets]:
    """The maximal boxes of the union that are in no maximal box of those around."""
    if not around:
        return _primes(boxes, effort)
    if any([() in union for union in around]):
        return set()
    if not effort.spend(sum([len(union) for union in around])):
        return boxes
    outer = set[Sets]().union(*around)
    cover, found = _primes(outer, effort), _primes(boxes | outer, effort)
    if not effort.spend(len(cover) * len(found)):
        return boxes
    return {box for box in found if not any([_within(box, one) for one in cover])}


_MOST_BOXES = 64
"""Maximal boxes of one union. Beyond it, hostile input, boxes stay as they are: right and deterministic, but not canonical."""


def _primes(boxes: set[Sets], effort: Effort) -> set[Sets]:
    """The maximal boxes within a union of boxes (its prime implicants, by iterated consensus)."""
    if len(boxes) < 2:
        return boxes
    merged = _merged(boxes, effort)
    if len(merged) < 2 or len(merged) > _MOST_BOXES:
        return merged
    known: set[Sets] = set()
    waiting = sorted(merged, key=order)
    while waiting:
        fresh = waiting.pop()
        if not effort.spend(4 * len(known) + 1) or len(known) > _MOST_BOXES:
            return merged
        if any([_within(fresh, box) for box in known]):
            continue
        known = {box for box in known if not _within(box, fresh)}
        for box in sorted(known, key=order):
            waiting += _consensus(fresh, box)
        known.add(fresh)
    return known


def _merged(boxes: set[Sets], effort: Effort) -> set[Sets]:
    """The same union with boxes joined that differ in one dimension alone: cheap, and all that most unions need."""
    count = 0
    while count != len(boxes) and () not in boxes and effort.spend(len(boxes)):
        count = len(boxes)
        for name in sorted({name for box in boxes for name, _ in box}):
            groups: dict[Sets, list[Names]] = {}
            for box in boxes:
                value = next((value for dimension, value in box if dimension == name), EVERYTHING)
                groups.setdefault(tuple([pair for pair in box if pair[0] != name]), []).append(value)
            boxes = {_with(rest, name, _joined(values)) for rest, values in groups.items()}
    return {()} if () in boxes else boxes


def _joined(many: list[Names]) -> Names:
    """The union of many sets, in time linear in their size."""
    named = frozenset[str]().union(*[value.names for value in many if not value.excluded])
    excluded = [value.names for value in many if value.excluded]
    return Names(frozenset.intersection(*excluded) - named, True) if excluded else Names(named)


def _with(rest: Sets, name: str, value: Names) -> Sets:
    return rest if value == EVERYTHING else tuple(sorted((*rest, (name, value))))


def _consensus(one: Sets, other: Sets) -> list[Sets]:
    """The boxes that two boxes cover only together: united in one dimension, intersected in all others."""
    mine, theirs = dict(one), dict(other)
    shared = {
        name: mine.get(name, EVERYTHING).meet(theirs.get(name, EVERYTHING)) for name in mine.keys() | theirs.keys()
    }
    empty = [name for name, value in shared.items() if value.empty]
    if len(empty) > 1:
        return []
    results = []
    for name in empty or sorted(mine.keys() & theirs.keys()):
        joined = {**shared, name: mine[name].join(theirs[name])}
        results.append(tuple(sorted([pair for pair in joined.items() if pair[1] != EVERYTHING])))
    return results


def _within(one: Sets, other: Sets) -> bool:
    """Whether a box is in another."""
    mine = dict(one)
    return all([mine.get(name, EVERYTHING).minus(limit).empty for name, limit in other])
