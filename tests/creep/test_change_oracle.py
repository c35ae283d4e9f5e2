"""Comparing versions against brute force: an agreement as a set of quadruples."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from linter.creep.change import Change, compare
from linter.manifest.model import Built, build
from linter.meet import meet
from linter.permissions import Leaf, within

# An oracle of its own: an agreement as a set of (environment, table, action, column) quadruples, by brute force.
TABLES, ACTIONS, NAMES, STAGES = ("t", "u"), ("read", "create", "update", "delete"), ("a", "b", "other"), ("qa", "live")


@st.composite
def agreements(draw: st.DrawFn) -> dict[str, Any]:
    resources = []
    for _ in range(draw(st.integers(0, 3))):
        one: dict[str, Any] = {"resource": f"db.{draw(st.sampled_from(TABLES))}"}
        one["actions"] = draw(st.lists(st.sampled_from(ACTIONS), min_size=1, unique=True))
        columns = draw(st.sets(st.sampled_from(("a", "b")), max_size=2))
        kind = draw(st.sampled_from(("none", "only", "except")))
        if columns and kind == "only":
            one["scope"] = {"columns": sorted(columns)}
        elif columns and kind == "except":
            one["scope"] = {"columns": {"except": sorted(columns)}}
        if draw(st.booleans()):
            one["environments"] = [draw(st.sampled_from(STAGES))]
        resources.append(one)
    return {"agent_name": "x", "environment": list(STAGES), "resources": resources}


def quadruples(agreement: Mapping[str, Any]) -> set[tuple[str, str, str, str]]:
    found = set()
    for one in agreement["resources"]:
        given = one.get("scope", {}).get("columns", {"except": []})
        columns = set(given) if isinstance(given, list) else set(NAMES) - set(given["except"])
        found |= set(product(one.get("environments", STAGES), [one["resource"][3:]], one["actions"], columns))
    return found


@given(agreements(), agreements())
def test_widened_and_narrowed_as_by_brute_force(one: dict[str, Any], other: dict[str, Any]) -> None:
    before, after = quadruples(one), quadruples(other)
    change = compare([build(one, one)], build(other, other), {})
    assert expand(change, "added") == after - before
    assert expand(change, "removed") == before - after
    assert not any(growth.reworded for growth in change.growths)


@given(agreements(), agreements())
def test_versions_that_share_entries_compare_as_ones_that_do_not(one: dict[str, Any], other: dict[str, Any]) -> None:
    built = Built()
    mixed = {**other, "resources": [*other["resources"], *one["resources"]]}
    for after in (other, mixed, one):
        shared = compare([build(one, one, built)], build(after, after, built), {})
        assert shared == compare([build(one, one)], build(after, after), {})


def expand(change: Change, which: str) -> set[tuple[str, str, str, str]]:
    """The quadruples in the leaves of a change."""
    found = set()
    for growth in change.growths:
        for leaf in getattr(growth, which):
            value: Any = dict(leaf.box).get("columns")
            names = set(NAMES) if value is None else set(value.names)
            names = set(NAMES) - names if value is not None and value.excluded else names
            found |= set(product([growth.environment], leaf.object, [leaf.action], names))
    return found


@given(agreements(), agreements())
def test_the_meet_is_in_both_and_as_by_brute_force(one: dict[str, Any], other: dict[str, Any]) -> None:
    mine, theirs = ([leaf for each in build(of, of).resources for leaf in each.leaves] for of in (one, other))
    both = meet(mine, theirs)
    assert within(both, mine) is True
    assert within(both, theirs) is True
    flat = [
        {quad[1:] for quad in quadruples({"resources": [{**each, "environments": ["qa"]} for each in of["resources"]]})}
        for of in (one, other)
    ]
    assert {quad[1:] for quad in expand(Change((_growth(both),)), "added")} == flat[0] & flat[1]


def _growth(leaves: tuple[Leaf, ...]) -> Any:
    from linter.creep.change import Growth

    return Growth("qa", False, leaves, (), (), ())
