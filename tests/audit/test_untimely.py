"""A decision that is dated before git has what it is on: the report says so, and goes on as decided."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.audit.projects import MANIFEST, PATH, commit, decided, filled, project, record, report, rows

MORE = MANIFEST.replace("rollback_strategy", "  - {resource: wiki.drafts, access: read-only}\nrollback_strategy")


def said(body: dict[str, Any]) -> list[str]:
    return [one for one in body["evidence"]["unverified"] if "git has it declared only later" in one]


@pytest.mark.parametrize(
    ("resource", "day", "untimely"),
    [
        ("wiki.drafts", "2026-09-01", True),
        ("wiki.drafts", "2026-09-30", True),
        ("wiki.drafts", "2026-10-01", False),
        ("wiki.drafts", "2026-11-01", False),
        ("wiki.pages", "2026-09-01", False),
        ("wiki.pages", "2026-07-31", True),
    ],
)
def test_a_decision_of_what_was_not_there(tmp_path: Path, resource: str, day: str, untimely: bool) -> None:
    project(tmp_path)
    commit(tmp_path, "Agreed", day="2026-08-01")
    project(tmp_path, {PATH: MORE})
    commit(tmp_path, "More", day="2026-10-01")
    given = rows(tmp_path)
    (row,) = (one for one in given if one["resource"] == resource)
    row.update(decided("keep", on=day))
    assert record(tmp_path, filled(given, {})).returncode == 0
    body = report(tmp_path)
    what = f"triage (staging): {resource}: read: its keep is dated {day}, and git has it declared only later"
    assert [one.startswith(what) for one in said(body)] == [True] * untimely
    (kept,) = (one for one in body["agents"][0]["permissions"] if one["resource"] == resource)
    assert kept["decision"]["decision"] == "keep"


def test_without_a_history_nothing_is_said(tmp_path: Path) -> None:
    project(tmp_path)
    given = rows(tmp_path)
    assert record(tmp_path, filled(given, {"read": decided("keep", on="2020-01-01")})).returncode == 0
    assert said(report(tmp_path)) == []
