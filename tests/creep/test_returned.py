"""A scope that is again in the words that it had is no widening; what only looks like that still is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from linter.creep.range import Range
from tests.creep.test_findings import WIDENINGS, entry, found, signed, team
from tests.world import run_creep

PROSE = "only open tickets of the helpdesk"


def scoped(scope: str, access: str = "access: read-write", **more: str) -> str:
    return entry(access, f"scope: {scope}", environment="production", **more)


@pytest.mark.parametrize(
    ("versions", "reworded"),
    [
        ([scoped(PROSE), scoped("{columns: [status]}"), scoped(PROSE)], ["creep/reworded-scope 6 step 2"]),
        ([scoped("status columns only"), scoped("status and body columns only"), scoped("status columns only")], []),
        (
            [scoped(PROSE), scoped("{columns: [status]}"), scoped("{columns: [body]}"), "- broken", scoped(PROSE)],
            ["creep/reworded-scope 6 step 4"],
        ),
    ],
    ids=["structured", "two columns", "in three steps"],
)
def test_taken_back(tmp_path: Path, versions: list[str], reworded: list[str]) -> None:
    team(tmp_path, *versions)
    outcome = run_creep(tmp_path)
    assert found(outcome, *WIDENINGS, "creep/unreviewed-widening") == []
    assert found(outcome, "creep/reworded-scope") == reworded


@pytest.mark.parametrize(
    "versions",
    [
        [scoped(PROSE), scoped("{columns: [status]}"), scoped("open tickets that somebody assigned to it")],
        [scoped(PROSE), scoped(PROSE, "access: read-only"), scoped(PROSE)],
        [scoped(PROSE), scoped("{columns: [status]}", name="users"), scoped(PROSE)],
        [scoped(PROSE), signed(scoped("{columns: [status]}")), scoped(PROSE)],
        [scoped("everything"), scoped("{columns: [status]}"), scoped("everything")],
        [scoped("{columns: [a, b]}"), scoped("{columns: [a]}"), scoped("{columns: [a, b]}")],
        [
            scoped("{rows: open, columns: [a, b]}"),
            scoped("{rows: open, columns: [a]}"),
            scoped("{rows: open, columns: [a, b]}"),
        ],
        [scoped(PROSE), scoped("{columns: [status]}", "access: read-only"), scoped(PROSE)],
    ],
    ids=["other words", "access", "away", "signed", "no words", "no text", "the same words", "narrowed beside"],
)
def test_wider_again(tmp_path: Path, versions: list[str]) -> None:
    team(tmp_path, *versions)
    (said,) = found(run_creep(tmp_path), *WIDENINGS)
    assert said.startswith("creep/write-added ")
    assert said.endswith(" step 2")


def test_a_branch_is_held_against_the_words_that_its_base_has(tmp_path: Path) -> None:
    team(tmp_path, scoped(PROSE), scoped("{columns: [status]}"), scoped(PROSE))
    assert found(run_creep(tmp_path, asked=Range(base="HEAD~1")), *WIDENINGS) == ["creep/write-added 6 step 2"]
    assert found(run_creep(tmp_path, asked=Range(base="HEAD~2")), *WIDENINGS) == []
