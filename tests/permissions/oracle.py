"""The oracle of the algebra, written from DESIGN.md's words: a tiny universe in which every permission is enumerated."""

from __future__ import annotations

from itertools import product

from hypothesis import settings
from hypothesis import strategies as st

from linter.boxes import Box, Names, Value
from linter.permissions import Leaf

# A point is one thing that can be done: a system, an object's label, an action's label, one name in each set
# dimension, and a text's label in each text dimension. "Labels" are compared by the tables below, spelled out by hand.

OBJECTS: dict[tuple[str, ...], set[tuple[str, ...]]] = {
    (): {()},
    ("*",): {(), ("*",)},
    ("a",): {(), ("*",), ("a",)},
    ("a", "*"): {(), ("*",), ("a", "*")},
    ("a", "b"): {(), ("*",), ("a", "*"), ("a", "b")},
    ("a", "b", "*"): {(), ("*",), ("a", "*"), ("a", "b", "*")},
    ("a*", "b"): {(), ("*",), ("a*", "b")},
}
"""Object -> all that contain it: itself, the whole system, a final "*" above it. Nothing else is a wildcard."""

ACTIONS: dict[str, tuple[set[str], set[str]]] = {
    # action: (surely within these, perhaps within these)
    "read": ({"read", "admin"}, {"x:one", "x:two", "x:t*", "s3:*"}),
    "update": ({"update", "admin"}, {"x:one", "x:two", "x:t*", "s3:*"}),
    "delete": ({"delete", "admin"}, {"x:one", "x:two", "x:t*", "s3:*"}),
    "admin": ({"admin"}, set()),
    "truncate": ({"truncate", "delete", "admin"}, {"x:one", "x:two", "x:t*", "s3:*"}),
    "s3:getobject": ({"s3:getobject", "s3:get*", "s3:*", "read", "admin"}, {"x:one", "x:two", "x:t*"}),
    "s3:get*": ({"s3:get*", "s3:*", "read", "admin"}, {"x:one", "x:two", "x:t*"}),
    "s3:putobject": ({"s3:putobject", "s3:*", "update", "admin"}, {"x:one", "x:two", "x:t*"}),
    # s3:* covers gets, puts and deletes: it is surely in no class but admin.
    "s3:*": ({"s3:*", "admin"}, {"x:one", "x:two", "x:t*"}),
    # A native without a class, against anything but itself and admin, is unknown.
    "x:one": (
        {"x:one", "admin"},
        {
            "x:two",
            "x:t*",
            "read",
            "update",
            "delete",
            "truncate",
            "s3:getobject",
            "s3:get*",
            "s3:putobject",
            "s3:*",
        },
    ),
    "x:two": (
        {"x:two", "x:t*", "admin"},
        {"x:one", "read", "update", "delete", "truncate", "s3:getobject", "s3:get*", "s3:putobject", "s3:*"},
    ),
    "x:t*": (
        {"x:t*", "admin"},
        {"x:one", "read", "update", "delete", "truncate", "s3:getobject", "s3:get*", "s3:putobject", "s3:*"},
    ),
}
NAMES = ("one", "two", "any other name")
SET_DIMENSIONS = ("channels", "columns")
TEXTS = (None, "p", "q")
TEXT_DIMENSIONS = ("prose", "rows")
Point = tuple[str, ...]


def names_of(value: Value | None) -> set[str]:
    """The names of the universe that a set dimension's value lets through."""
    if value is None:
        return set(NAMES)
    assert isinstance(value, Names)
    return {name for name in NAMES if (name in value.names) is not value.excluded}


def points_of(leaf: Leaf) -> set[Point]:
    box = dict(leaf.box)
    return set(product(*(sorted(names_of(box.get(name))) for name in SET_DIMENSIONS)))


Label = tuple[str, tuple[str, ...], str, str | None, str | None]
LABELS: list[Label] = list(product(("s", "t"), OBJECTS, ACTIONS, TEXTS, TEXTS))


def label_of(leaf: Leaf) -> Label:
    box = dict(leaf.box)
    rows, prose = box.get("rows"), box.get("prose")
    assert rows is None or isinstance(rows, str)
    assert prose is None or isinstance(prose, str)
    return (leaf.system, leaf.object, leaf.action, prose, rows)


def text_verdict(one: str | None, other: str | None) -> bool | None:
    if other is None or one == other:
        return True  # p in all, p in p
    return False if one is None else None  # all in p, p in q


def verdict(one: Label, other: Label, *, named: bool = False) -> bool | None:
    """Whether a label is within another: all its parts must be; one unknown part makes it unknown.

    `named`: an action that is perhaps within another is not.
    """
    sure, perhaps = ACTIONS[one[2]]
    verdicts = [
        one[0] == other[0],
        other[1] in OBJECTS[one[1]],
        True if other[2] in sure else None if other[2] in perhaps and not named else False,
        text_verdict(one[3], other[3]),
        text_verdict(one[4], other[4]),
    ]
    return False if False in verdicts else None if None in verdicts else True


Covered = set[tuple[Label, Point]]


def covers(leaves: tuple[Leaf, ...] | list[Leaf]) -> Covered:
    """Everything that a set surely permits."""
    return {
        (label, point)
        for leaf in leaves
        for label in LABELS
        if label[0] == leaf.system and verdict(label, label_of(leaf))
        for point in points_of(leaf)
    }


def remains(
    one: list[Leaf], other: list[Leaf], *, unknown_subtracts: bool, named: bool = False
) -> list[tuple[Label, Point]]:
    return [
        (label_of(leaf), point)
        for leaf in one
        for point in points_of(leaf)
        if not any(
            point in points_of(taken)
            and (
                (said := verdict(label_of(leaf), label_of(taken), named=named)) or (said is None and unknown_subtracts)
            )
            for taken in other
        )
    ]


def closed(left: list[tuple[Label, Point]]) -> Covered:
    """All that lies within what is left: a remaining label stands for everything surely within it."""
    tops: dict[Label, set[Point]] = {}
    for label, point in left:
        tops.setdefault(label, set()).add(point)
    return {
        (label, point) for label in LABELS for top, points in tops.items() if verdict(label, top) for point in points
    }


def in_normal_form(leaves: list[Leaf]) -> list[Leaf]:
    """The leaves that no other leaf contains point by point, so that the oracle starts from the set and not from its spelling."""
    pairs = [(label_of(leaf), point, leaf) for leaf in leaves for point in points_of(leaf)]
    kept = [
        (leaf, point)
        for label, point, leaf in pairs
        if not any(point == where and label != top and verdict(label, top) for top, where, _ in pairs)
    ]
    return [
        leaf._replace(
            box=tuple(
                sorted(
                    [(name, value) for name, value in leaf.box if isinstance(value, str)]
                    + [(name, single(one)) for name, one in zip(SET_DIMENSIONS, point, strict=True)]
                )
            )
        )
        for leaf, point in kept
    ]


def single(name: str) -> Names:
    return Names(frozenset(NAMES[:2]), True) if name == NAMES[2] else Names(frozenset([name]))


some_names = st.builds(Names, st.frozensets(st.sampled_from(NAMES[:2])), st.booleans()).filter(
    lambda names: not names.empty
)


def in_order(box: dict[str, Value]) -> Box:
    return tuple(sorted(box.items()))


values: dict[str, st.SearchStrategy[Value]] = {
    **dict.fromkeys(SET_DIMENSIONS, some_names),
    **dict.fromkeys(TEXT_DIMENSIONS, st.sampled_from(["p", "q"])),
}
boxes = st.fixed_dictionaries({}, optional=values).map(in_order)
leaves = st.builds(
    Leaf,
    st.sampled_from(["s", "s", "s", "t"]),
    st.sampled_from(sorted(OBJECTS)),
    st.sampled_from(sorted(ACTIONS)),
    boxes,
)
# Few labels too, so that boxes meet.
close = st.builds(Leaf, st.just("s"), st.sampled_from([("a",), ()]), st.sampled_from(["read", "x:one"]), boxes)
# What most manifests hold: classes on plain objects, none of which contains another.
plain = st.builds(
    Leaf,
    st.just("s"),
    st.sampled_from([("a",), ("a", "b"), ("a*", "b")]),
    st.sampled_from(["read", "update", "delete"]),
    boxes,
)
sets = st.lists(leaves, max_size=4) | st.lists(close, max_size=6) | st.lists(plain, max_size=6)
many = settings(max_examples=300)
