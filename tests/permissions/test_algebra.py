"""The algebra's subtraction, containment and normal form against the oracle, and the laws that hold without one."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from linter.boxes import EVERYTHING, Names
from linter.permissions import Leaf, normal, subtract, within
from tests.permissions.oracle import close, closed, covers, in_normal_form, many, remains, sets


@many
@given(sets, sets)
def test_subtract_agrees_with_the_oracle_point_by_point(one: list[Leaf], other: list[Leaf]) -> None:
    left = subtract(one, other)
    start = in_normal_form(one)
    assert covers(left.possible) == closed(remains(start, other, unknown_subtracts=False))
    assert covers(left.sure) == closed(remains(start, other, unknown_subtracts=True))


@many
@given(sets, sets)
@example([Leaf("s", ("a",), "x:one")], [Leaf("s", ("a",), "read")])
@example([Leaf("s", ("a",), "delete")], [Leaf("s", ("a",), "x:one")])
@example([Leaf("s", ("a",), "read", (("prose", "p"),))], [Leaf("s", ("a",), "read", (("prose", "q"),))])
def test_by_named_actions_only_texts_leave_a_doubt(one: list[Leaf], other: list[Leaf]) -> None:
    left, plain = subtract(one, other, named=True), subtract(one, other)
    start = in_normal_form(one)
    assert left.possible == plain.possible
    assert covers(left.sure) == closed(remains(start, other, unknown_subtracts=True, named=True))
    assert within(plain.sure, left.sure) is True
    assert within(left.sure, left.possible) is True


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
