"""The algebra against an oracle written from DESIGN.md's words: a tiny universe in which every permission is enumerated."""

from __future__ import annotations

import time
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from linter.boxes import EVERYTHING, Box, Names, Value, fold
from linter.permissions import ACCESS, CLASSES, Leaf, action, action_within, class_of, grants, normal, subtract, within

# --- The oracle. A point is one thing that can be done: a system, an object's label, an action's label, one name in each set
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


def verdict(one: Label, other: Label) -> bool | None:
    """Whether a label is within another: all its parts must be; one unknown part makes it unknown."""
    sure, perhaps = ACTIONS[one[2]]
    verdicts = [
        one[0] == other[0],
        other[1] in OBJECTS[one[1]],
        True if other[2] in sure else None if other[2] in perhaps else False,
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


def remains(one: list[Leaf], other: list[Leaf], *, unknown_subtracts: bool) -> list[tuple[Label, Point]]:
    return [
        (label_of(leaf), point)
        for leaf in one
        for point in points_of(leaf)
        if not any(
            point in points_of(taken)
            and ((said := verdict(label_of(leaf), label_of(taken))) or (said is None and unknown_subtracts))
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


def test_the_oracle_and_the_table_of_actions_agree() -> None:
    for one, other in product(ACTIONS, ACTIONS):
        sure, perhaps = ACTIONS[one]
        expected = True if other in sure else None if other in perhaps else False
        assert action_within(one, other) is expected, (one, other)


@many
@given(sets, sets)
def test_subtract_agrees_with_the_oracle_point_by_point(one: list[Leaf], other: list[Leaf]) -> None:
    left = subtract(one, other)
    start = in_normal_form(one)
    assert covers(left.possible) == closed(remains(start, other, unknown_subtracts=False))
    assert covers(left.sure) == closed(remains(start, other, unknown_subtracts=True))


@many
@given(sets, sets)
def test_within_agrees_with_the_oracle(one: list[Leaf], other: list[Leaf]) -> None:
    start = in_normal_form(one)
    if not remains(start, other, unknown_subtracts=False):
        expected: bool | None = True
    else:
        expected = False if remains(start, other, unknown_subtracts=True) else None
    assert within(one, other) is expected


@many
@given(sets, sets)
def test_equal_sets_have_equal_normal_forms_and_different_ones_different(one: list[Leaf], other: list[Leaf]) -> None:
    assert covers(normal(one)) == covers(one)
    assert (normal(one) == normal(other)) is (covers(one) == covers(other))


@many
@given(sets)
def test_the_normal_form_does_not_depend_on_spelling(given_set: list[Leaf]) -> None:
    form = normal(given_set)
    assert normal(form) == form
    assert normal(reversed(given_set)) == form
    assert normal([*given_set, *given_set]) == form
    assert normal(in_normal_form(given_set)) == form  # split into single points
    split = [
        leaf._replace(box=tuple(sorted({**dict(leaf.box), "columns": bound}.items())))
        for leaf in given_set
        for half in (Names(frozenset(["one"])), Names(frozenset(["one"]), True))
        if not (bound := half.meet(dict(leaf.box).get("columns", EVERYTHING))).empty  # type: ignore[arg-type]
    ]
    assert normal(split) == form


@many
@given(sets, sets, sets)
def test_the_laws_of_subtraction(one: list[Leaf], other: list[Leaf], more: list[Leaf]) -> None:
    left = subtract(one, other)
    assert within(left.sure, left.possible) is True
    assert within(left.possible, one) is True
    assert subtract(one, one) == ((), ())
    assert subtract(one, []) == (normal(one), normal(one))
    assert subtract([], other) == ((), ())
    assert subtract(reversed(one), [*other, *other]) == left
    assert subtract(normal(one), normal(other)) == left
    larger, less = subtract([*one, *more], other), subtract(one, [*other, *more])
    assert within(left.possible, larger.possible) is True
    assert within(left.sure, larger.sure) is True
    assert within(less.possible, left.possible) is True
    assert within(less.sure, left.sure) is True


FAR, FURTHER = Leaf("elsewhere", ("*",), "admin"), Leaf("further", (), "x:t*")
"""Of other systems, so that they change nothing; a set that holds them is none of those that are worked out quickly."""


@many
@given(sets, sets)
@example([], [])
def test_what_is_worked_out_quickly_is_what_the_whole_algebra_says(one: list[Leaf], other: list[Leaf]) -> None:
    assert normal([*one, FAR]) == (FAR, *normal(one))
    left = subtract(one, other)
    assert subtract([*one, FAR], [FURTHER, *other]) == ((FAR, *left.sure), (FAR, *left.possible))
    assert subtract([*one, FAR], [FAR, *other]) == left


@many
@given(st.lists(close, max_size=3), st.lists(close, max_size=3), st.lists(close, max_size=3))
def test_yes_is_transitive(one: list[Leaf], other: list[Leaf], third: list[Leaf]) -> None:
    if within(one, other) and within(other, third):
        assert within(one, third) is True
    assert within(one, [*one, *other]) is True


words = st.sampled_from(
    [
        *CLASSES,
        *"truncate all drop s3:* s3:g* s3:get* s3:getx s3:getobject s3:putobject s3:p* s3:de* iam:* iam:getuser".split(),
        *"iam:g* iam:passrole ia* e* ec2:d* ec2:describe* ec2:run t* tr* sqs:* sqs:sendmessage zoo zoo* z* r* read*".split(),
    ]
) | st.from_regex(r"[a-z][a-z:]{0,3}\*?", fullmatch=True)


@settings(max_examples=3000)
@given(words, words, words)
@example("s3:getobjectacl", "s3:get*", "read")
@example("s3:getobject", "s3:*", "update")
@example("read", "iam:getuser", "iam:*")
@example("s3:*", "s3:getobject", "truncate")
def test_actions_are_ordered(one: str, other: str, third: str) -> None:
    rank = {False: 0, None: 1, True: 2}
    if action_within(one, other) and action_within(other, third):
        assert action_within(one, third) is True
    if one != other and action_within(one, other):
        assert action_within(other, one) is not True
    if action_within(other, third):  # more to take away takes away no less
        assert rank[action_within(one, other)] <= rank[action_within(one, third)]
    if action_within(one, other):  # and what is larger is no easier to cover
        assert rank[action_within(other, third)] <= rank[action_within(one, third)]


# --- The frozen tables, in words.


def test_access_levels() -> None:
    assert ACCESS == {
        "none": (),
        "read-only": ("read",),
        "write": ("create", "update"),
        "read-write": ("read", "create", "update"),
        "execute": ("execute",),
        "admin": ("admin",),
    }


@pytest.mark.parametrize(
    ("word", "known_as", "kind"),
    [
        ("select", "read", "read"),
        ("SELECT", "read", "read"),
        ("Insert", "create", "create"),
        ("update", "update", "update"),
        ("delete", "delete", "delete"),
        ("execute", "execute", "execute"),
        ("*", "admin", "admin"),
        ("**", "admin", "admin"),
        ("TRUNCATE", "truncate", "delete"),
        ("s3:GetObject", "s3:getobject", "read"),
        ("s3:GetObjectAcl", "s3:getobjectacl", "read"),
        ("s3:PutObject", "s3:putobject", "update"),
        ("s3:DeleteObject", "s3:deleteobject", "delete"),
        ("s3:DeleteBucket", "s3:deletebucket", "admin"),
        ("s3:*", "s3:*", None),
        ("s3:**", "s3:*", None),
        ("iam:PassRole", "iam:passrole", "admin"),
        ("iam:GetUser", "iam:getuser", "read"),
        ("iam:*", "iam:*", "admin"),
        ("dynamodb:BatchWriteItem", "dynamodb:batchwriteitem", None),
        ("drop", "drop", "admin"),
        ("GRANT", "grant", "admin"),
        ("all", "all", "admin"),
        ("lambda:InvokeFunction", "lambda:invokefunction", "execute"),
        ("sqs:SendMessage", "sqs:sendmessage", "create"),
        ("chat:write", "chat:write", None),
    ],
)
def test_words(word: str, known_as: str, kind: str | None) -> None:
    assert action(word) == known_as
    assert class_of(known_as) == kind


@pytest.mark.parametrize(
    ("access", "actions", "box", "expected"),
    [
        ("none", None, {}, {}),
        (None, None, {}, {}),
        ("read-only", None, {}, {"read": {}}),
        ("read-only", ["delete"], {}, {"delete": {}}),
        (None, ["SELECT", "read", "select"], {}, {"read": {}}),
        ("read-write", ["delete", "update"], {}, {"delete": {}, "update": {}}),
        ("read-write", None, {"columns": "s"}, {"read": {"columns": "s"}, "update": {"columns": "s"}}),
        ("write", None, {"columns": "-s"}, {"update": {"columns": "-s"}}),
        ("write", None, {"columns": "-"}, {"create": {}, "update": {}}),
        ("write", ["insert"], {"columns": "s"}, {"create": {"columns": "s"}}),
        ("read-write", None, {"read_columns": "st"}, {"read": {"columns": "st"}, "create": {}, "update": {}}),
        ("read-write", None, {"write_columns": "s"}, {"read": {}, "update": {"columns": "s"}}),
        (
            "read-write",
            None,
            {"read_columns": "st", "write_columns": "s"},
            {"read": {"columns": "st"}, "update": {"columns": "s"}},
        ),
        (
            "read-write",
            None,
            {"columns": "st", "write_columns": "-s"},
            {"read": {"columns": "st"}, "update": {"columns": "t"}},
        ),
        ("read-write", None, {"columns": "s", "write_columns": "t"}, {"read": {"columns": "s"}}),
        ("write", None, {"channels": "c"}, {"create": {"channels": "c"}}),
        ("write", ["update"], {"channels": "c"}, {"update": {"channels": "c"}}),
        ("write", None, {"channels": "c", "columns": "s"}, {}),
        ("write", None, {"paths": "p"}, {"create": {"paths": "p"}, "update": {"paths": "p"}}),
        ("admin", None, {"columns": "s"}, {"admin": {"columns": "s"}}),
    ],
)
def test_what_an_entry_grants(
    access: str | None, actions: list[str] | None, box: dict[str, str], expected: dict[str, dict[str, str]]
) -> None:
    """A name a letter; "-" first: all but these."""

    def names(letters: str) -> Names:
        return Names(frozenset(letters.removeprefix("-")), letters.startswith("-"))

    found = grants("s", ("t",), access, actions, {name: names(value) for name, value in box.items()})
    assert {leaf.action: dict(leaf.box) for leaf in found} == {
        word: {name: names(value) for name, value in bounds.items()} for word, bounds in expected.items()
    }
    assert len(found) == len(expected)


def test_repeated_entries_add_up() -> None:
    """Two narrow entries are one wide one, and neither bounds the other."""
    one = grants("s", ("t",), "read-only", None, {"columns": Names(frozenset("a"))})
    rest = grants("s", ("t",), "read-only", None, {"columns": Names(frozenset("a"), True)})
    assert normal([*one, *rest]) == (Leaf("s", ("t",), "read"),)
    assert within(grants("s", ("t",), "read-only", None, {}), [*one, *rest]) is True


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ({"rows": "p"}, {"rows": "p"}, "no"),
        ({}, {"rows": "p"}, "no"),
        ({"rows": "p"}, {}, "widened"),
        ({"rows": "p"}, {"rows": "q"}, "reworded"),
        ({"rows": "p", "columns": "a"}, {"rows": "q", "columns": "ab"}, "widened"),
        ({"rows": "p", "columns": "ab"}, {"rows": "q", "columns": "a"}, "reworded"),
    ],
)
def test_creep(before: dict[str, str], after: dict[str, str], changed: str) -> None:
    """Sure not empty: widened; only possible: reworded."""

    def read(box: dict[str, str]) -> list[Leaf]:
        bounds: dict[str, Value] = {
            name: value if name == "rows" else Names(frozenset(value)) for name, value in box.items()
        }
        return grants("s", ("t",), "read-only", None, bounds)

    left = subtract(read(after), read(before))
    assert ("widened" if left.sure else "reworded" if left.possible else "no") == changed


@given(st.text())
def test_folding(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert folded == fold(f" {text}\n\t")
    assert fold("caf\u0065\u0301  x\u00a0y") == "caf\u00e9 x y"


# --- Hostile input: seconds of processor time, never minutes. (The reader takes at most a megabyte.)


def _names(*names: str, excluded: bool = False) -> Names:
    return Names(frozenset(names), excluded)


HOSTILE = {
    "many objects": [Leaf("s", (f"t{n}",), "read") for n in range(30_000)],
    "one object, many columns": [Leaf("s", ("t",), "read", (("columns", _names(f"c{n}")),)) for n in range(20_000)],
    "one object, many texts": [Leaf("s", ("t",), "read", (("prose", f"p{n}"),)) for n in range(20_000)],
    "many natives": [Leaf("s", ("t",), f"x:{n}") for n in range(20_000)],
    "many patterns": [Leaf("s", ("t",), f"x:{n}q*", (("columns", _names(f"c{n}")),)) for n in range(10_000)],
    "many reads and readers": [Leaf("s", ("t",), f"s3:get{n}q*", (("rows", f"p{n}"),)) for n in range(10_000)],
    "a diagonal": [
        Leaf("s", ("t",), "read", (("channels", _names(f"x{n}")), ("columns", _names(f"c{n}")))) for n in range(10_000)
    ],
    "boxes in seven dimensions": [
        Leaf(
            "s",
            ("t",),
            "read",
            tuple((f"d{d}", _names(*(f"n{k}" for k in range(12) if hash((n * 7 + d, k)) % 2))) for d in range(7)),
        )
        for n in range(2_000)
    ],
    "many small knots": [
        Leaf("s", (f"t{n // 50}",), "read", tuple((f"d{d}", _names(f"{n * d % 7}", f"{n % 5}")) for d in range(1, 6)))
        for n in range(10_000)
    ],
    "one long path": [Leaf("s", tuple("a" * 200_000), "read"), Leaf("s", ("a", "*"), "update")],
    "many wildcards": [Leaf("s", (*("a" * n), "*"), "read", (("prose", f"{n}"),)) for n in range(900)]
    + [Leaf("s", tuple("a" * 100_000), "read")],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_sets_do_not_hang(name: str) -> None:
    hostile = HOSTILE[name]
    plain = [Leaf("s", ("new",), "delete")]
    start = time.process_time()
    form = normal(hostile)
    left = subtract([*hostile, *plain], [*hostile, Leaf("s", ("t",), "read", (("columns", _names("c1")),))])
    assert time.process_time() - start < 20
    assert form == normal(form[::-1])
    assert plain[0] in left.sure  # a plain widening is not lost among them


def test_exhaustion_is_unknown_and_never_clean() -> None:
    knots = HOSTILE["boxes in seven dimensions"]
    everything = [Leaf("s", ("t",), "read")]
    left = subtract(everything, knots)
    assert left.possible == tuple(everything)
    assert left.sure == ()
    assert within(everything, knots) is None
