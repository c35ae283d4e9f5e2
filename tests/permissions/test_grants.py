"""What an entry of a manifest grants, and what becomes of it when the entry changes: the frozen tables, in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.boxes import Names, Value, fold
from linter.permissions import ACCESS, Leaf, grants, normal, subtract, within


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
