"""The algebra of permissions (DESIGN.md, section 1): leaves, sets, differences. It knows no system.

A leaf is (system, object, action, box); a set is a finite union of leaves. Every question is answered with two bounds,
because prose and unclassified native actions cannot always be compared: `possible` is what may be left of A after taking B
away, `sure` is what is left even when everything unknown is counted as taken away.

The frozen part: the table below, that of `actions`, and the normal form are algebra `p1`. A digest signs them, so they never change; a new
table or form is a `p2` beside this one.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import NamedTuple

from linter.actions import CLASSES, action, action_within, class_of
from linter.boxes import (
    EVERYTHING,
    Box,
    Effort,
    Names,
    Sets,
    Texts,
    Union,
    Value,
    looser,
    maximal,
    minus,
    parts,
    tidy,
    whole,
)

ACCESS: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "read-only": ("read",),
    "write": ("create", "update"),
    "read-write": ("read", "create", "update"),
    "execute": ("execute",),
    "admin": ("admin",),
}
"""What each level of `access` means. Never delete: that must be named in `actions`."""


class Leaf(NamedTuple):
    """One permission. `object`: segments; empty is the whole system, a final "*" everything below."""

    system: str
    object: tuple[str, ...]
    action: str
    box: Box = ()


class Difference(NamedTuple):
    """What is left of A after taking B away, as normal forms; `sure` is within `possible`."""

    sure: tuple[Leaf, ...]
    possible: tuple[Leaf, ...]


def grants(
    system: str, path: tuple[str, ...], access: str | None, actions: Iterable[str] | None, box: Mapping[str, Value]
) -> list[Leaf]:
    """The leaves of one resource entry, of its `bounds`."""
    return list(leaves_on(system, path, bounds(access, actions, box)))


def leaves_on(system: str, path: tuple[str, ...], bound: Iterable[tuple[str, Box]]) -> tuple[Leaf, ...]:
    """The leaves on one object."""
    return tuple([_leaf((system, path, word, box)) for word, box in bound])


def bounds(access: str | None, actions: Iterable[str] | None, box: Mapping[str, Value]) -> list[tuple[str, Box]]:
    """What one resource entry grants on its object: actions, each with its box.

    `box` has the scope's dimensions as written: `columns` binds reading and writing, `read_columns` and `write_columns`
    one side. Columns that narrow writing drop create and channels that narrow it drop update, unless `actions` names them.
    """
    words: Iterable[str] = ACCESS[access or "none"] if actions is None else dict.fromkeys(map(action, actions))
    if not box:
        return [(word, ()) for word in words]
    if "read_columns" in box or "write_columns" in box:
        write: Mapping[str, Value] = _side(box, "write_columns")
        read: Mapping[str, Value] = _side(box, "read_columns")
    elif EVERYTHING in box.values():
        write = read = {name: value for name, value in box.items() if value != EVERYTHING}
    else:
        write = read = box
    if actions is None and ("columns" in write or "channels" in write):
        dropped = ("create" if "columns" in write else "", "update" if "channels" in write else "")
        words = [word for word in words if word not in dropped]
    written = _box(write)
    if read is write:
        return [] if written is None else [(word, written) for word in words]
    seen = _box(read)
    sides = [(word, seen if class_of(word) == "read" else written) for word in words]
    return [(word, side) for word, side in sides if side is not None]


_leaf: Callable[[tuple[str, tuple[str, ...], str, Box]], Leaf] = partial(tuple.__new__, Leaf)
"""Past a named tuple's own constructor, which is a function in Python: half the time, and a manifest has dozens of leaves."""


def _box(bounds: Mapping[str, Value]) -> Box | None:
    """The dimensions as a box; None where one of them leaves nothing."""
    for value in bounds.values():
        if type(value) is Names and not value.names and not value.excluded:
            return None
    return tuple(sorted(bounds.items()) if len(bounds) > 1 else bounds.items())


def _side(box: Mapping[str, Value], own: str) -> dict[str, Value]:
    """The dimensions that bind one side: reading, or everything else."""
    bounds = {name: value for name, value in box.items() if name not in ("columns", "read_columns", "write_columns")}
    for name in ("columns", own):
        value = box.get(name)
        if isinstance(value, Names):
            known = bounds.get("columns")
            bounds["columns"] = value.meet(known) if isinstance(known, Names) else value
    return {name: value for name, value in bounds.items() if value != EVERYTHING}


def object_within(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether an object is another or lies below it; only a final "*" is a wildcard."""
    if one == other or not other:
        return True
    return other[-1] == "*" and len(one) >= len(other) and one[: len(other) - 1] == other[:-1]


class _Object:
    """What a set grants on one object: by action, the bounds."""

    __slots__ = ("_loose", "lengths", "named", "words")

    def __init__(self, *, named: bool) -> None:
        self.named = named
        self.words: dict[str, Union] = {}
        self.lengths: set[int] = set()
        """Of the patterns among the words, without the final "*"."""
        self._loose: dict[tuple[str, tuple[str, ...]], set[Sets]] | None = None

    def broader(self, word: str) -> list[str]:
        """The words of this object that `word` is surely within, itself among them."""
        names = {word, "admin", class_of(word)}
        if self.lengths and word not in CLASSES:
            names |= {word[:length] + "*" for length in self.lengths if length <= len(word)}
        return [name for name in names if name in self.words]

    def perhaps(self, word: str, texts: tuple[str, ...], effort: Effort) -> list[set[Sets]]:
        """The bounds of all that perhaps contains `word` with some text in each of these dimensions."""
        if self._loose is None:
            self._loose = {}
            for known, union in self.words.items():
                groups = (known, _ANY) if class_of(known) else (known, _ANY, _UNCLASSED)
                for named, boxes in union.items():
                    for group in groups:
                        self._loose.setdefault((group, tuple([name for name, _ in named])), set()).update(boxes)
        if self.named or word == "admin":
            groups_of = self.broader(word)
        elif class_of(word):
            groups_of = [*self.broader(word), _UNCLASSED]
        elif word.endswith("*") and effort.spend(len(self.words)):
            groups_of = [known for known in self.words if action_within(word, known) is not False]
        else:
            groups_of = [_ANY]
        keys = [(group, fewer) for fewer in looser(texts) for group in groups_of]
        return [self._loose[key] for key in keys if key in self._loose]


_ANY, _UNCLASSED = "?", "??"
"""All actions, and all without a class: no word of `actions`, so no action has these names."""


class _Branch(dict[str, "_Branch"]):
    """The objects below a prefix, by their next segment."""

    __slots__ = ("all",)

    def __init__(self) -> None:
        self.all: _Object | None = None
        """What is granted on everything below."""


class _Index:
    """The permissions of a set, found by the objects and actions that contain a given one."""

    def __init__(self, leaves: Iterable[Leaf], *, named: bool = False) -> None:
        self.objects: dict[tuple[str, tuple[str, ...]], _Object] = {}
        self._wildcards: dict[str, _Branch] = {}
        """System -> the objects that end with "*", as a tree of segments."""
        for system, path, word, box in leaves:
            split = parts(box)
            if split is None:
                continue
            found = self.objects.get((system, path))
            if found is None:
                found = self.objects[system, path] = _Object(named=named)
                if path and path[-1] == "*":
                    branch = self._wildcards.setdefault(system, _Branch())
                    for segment in path[:-1]:
                        branch = branch.setdefault(segment, _Branch())
                    branch.all = found
            if word.endswith("*"):
                found.lengths.add(len(word) - 1)
            texts, sets = split
            found.words.setdefault(word, {}).setdefault(texts, set()).add(sets)

    def above(self, system: str, path: tuple[str, ...]) -> list[_Object]:
        """Every object here that contains this one: itself, the whole system, each prefix's "*"."""
        exact = self.objects.get((system, path))
        found = [] if exact is None else [exact]
        if path and (everything := self.objects.get((system, ()))) is not None:
            found.append(everything)
        branch = self._wildcards.get(system)
        for segment in path:
            if branch is None:
                break
            if branch.all is not None and branch.all is not exact:
                found.append(branch.all)
            branch = branch.get(segment)
        return found


def normal(leaves: Iterable[Leaf]) -> tuple[Leaf, ...]:
    """The normal form: contained leaves dropped, boxes merged into the maximal ones, sorted. Equal sets, equal forms."""
    leaves = list(leaves)
    apart = _apart(leaves)
    if apart is not None:
        return tuple(sorted(apart.values()))
    index = _Index(leaves)
    effort = Effort()
    result = []
    for (system, path), found in sorted(index.objects.items(), key=lambda item: item[0]):
        above = index.above(system, path)
        for word in sorted(found.words):
            union = found.words[word]
            outer = [one.words[name] for one in above for name in one.broader(word) if one.words[name] is not union]
            result += [Leaf(system, path, word, box) for box in maximal(union, outer, effort)]
    return tuple(result)


_PLAIN = frozenset(CLASSES) - {"admin"}
"""Actions that neither contain nor are in one another."""

_Key = tuple[str, tuple[str, ...], str]
"""The system, object and action of a leaf."""


def _apart(leaves: list[Leaf]) -> dict[_Key, Leaf] | None:
    """The leaves in their normal form, where none can contain another: one for each class of an object, of a wide one
    alone in its system.

    Most sets are so. None where they are not: only the whole algebra tells.
    """
    found: dict[_Key, Leaf] = {}
    wide: set[str] = set()
    for leaf in leaves:
        key = system, path, word = leaf[:3]
        if word not in _PLAIN or key in found:
            return None
        if not path or path[-1] == "*":
            wide.add(system)
        box = leaf[3]
        plain = tidy(box)
        if plain is box:
            found[key] = leaf
        elif plain is not None:
            found[key] = _leaf((*key, plain))
    if wide and len({(leaf.system, leaf.object) for leaf in leaves if leaf.system in wide}) > len(wide):
        return None
    return found


def subtract(one: Iterable[Leaf], other: Iterable[Leaf], *, named: bool = False) -> Difference:
    """A minus B, both bounds. What would cost too much to work out (hostile input) is possible and not sure.

    `named`: an action covers another only where that is certain, so that only texts leave a doubt: `sure` is larger then.
    """
    one, other = list(one), list(other)
    plainly = _subtract_alike(one, other)
    if plainly is not None:
        return Difference(plainly, plainly)
    index = _Index(normal(other), named=named)
    effort = Effort()
    sure: list[Leaf] = []
    possible: list[Leaf] = []
    for leaf in normal(one):
        texts, sets = parts(leaf.box) or ((), ())
        rest, left = _left(leaf, texts, sets, index, effort)
        sure += [leaf._replace(box=whole(texts, piece)) for piece in rest]
        possible += [leaf._replace(box=whole(texts, piece)) for piece in left]
    return Difference(normal(sure), normal(possible))


def _subtract_alike(one: list[Leaf], other: list[Leaf]) -> tuple[Leaf, ...] | None:
    """The difference where a leaf can only be held against the other set's leaf of the same key, and neither names a text.

    None where more than that must be looked at.
    """
    if any([not path or path[-1] == "*" for leaves in (one, other) for _, path, _, _ in leaves]):
        return None
    mine, theirs = _apart(one), _apart(other)
    if mine is None or theirs is None:
        return None
    left: list[Leaf] = []
    several = False
    before: tuple[Box | None, Box | None] = (None, None)
    pieces: list[Sets] = []
    for key in sorted(mine):
        if key not in theirs:
            left.append(mine[key])
            continue
        boxes = mine[key].box, theirs[key].box
        if boxes[0] is not before[0] or boxes[1] is not before[1]:  # the actions of an entry share a box
            before = boxes
            texts, sets = parts(boxes[0]) or ((), ())
            named, taken = parts(boxes[1]) or ((), ())
            if texts or named:
                return None
            pieces = (minus(sets, [{taken}], Effort()) or []) if sets != taken else []
            several = several or len(pieces) > 1
        left += [_leaf((*key, piece)) for piece in pieces]
    return normal(left) if several else tuple(left)


def within(one: Iterable[Leaf], other: Iterable[Leaf]) -> bool | None:
    """Whether A is in B: True, False, or None where it cannot be known. What `subtract` leaves, without working it all out."""
    index = _Index(other)
    effort = Effort()
    verdict: bool | None = True
    for leaf in one:
        split = parts(leaf.box)
        if split is not None:
            rest, left = _left(leaf, *split, index, effort)
            if rest:
                return False
            if left:
                verdict = None
    return verdict


def _left(leaf: Leaf, texts: Texts, sets: Sets, index: _Index, effort: Effort) -> tuple[list[Sets], list[Sets]]:
    """What is surely and what is possibly left of one leaf, as the set dimensions of its box."""
    above = index.above(leaf.system, leaf.object)
    if not above:
        return [sets], [sets]
    known = [
        union[fewer]
        for found in above
        for word in found.broader(leaf.action)
        for union in (found.words[word],)
        for fewer in looser(texts)
        if fewer in union
    ]
    left = minus(sets, known, effort)
    if left is None:
        return [], [sets]
    if not left:
        return [], []
    named = tuple([name for name, _ in texts])
    unknown = [boxes for found in above for boxes in found.perhaps(leaf.action, named, effort)]
    return (minus(sets, known + unknown, effort) or []) if unknown else left, left
