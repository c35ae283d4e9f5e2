"""Decisions come back: a filled-in table is stored as a file of decisions that people can edit and git vouches for."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linter.audit.decisions import DECISIONS, Decided, load, merged
from tests.audit.projects import DAY, commit, decided, filled, git, record
from tests.audit.record.tables import plain_yaml, stored
from tests.command import permlint


def test_nothing_is_filled_in(table: list[dict[str, str]]) -> None:
    assert len(table) == 5
    for row in table:
        assert [row[name] for name in ("decision", "decided_by", "decided_on", "reason")] == [""] * 4
        assert row["last_decision"] == ""


def test_decisions_are_stored(tmp_path: Path, table: list[dict[str, str]]) -> None:
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "config", "user.email", "kim@example.com")
    given = {
        "create": decided("Keep"),
        "users:read": decided("revoke", by="boss@example.com", reason="nobody reads users"),
    }
    done = record(tmp_path, filled(table, given))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "permlint-decisions.yaml: 2 decisions (1 keep, 1 revoke); 3 permissions of this file left undecided",
        "recorded by kim@example.com for boss@example.com, sec@example.com: commit the file, so that history tells who vouches for it",
    ]
    stored = plain_yaml((tmp_path / DECISIONS).read_text())
    revoke = next(one for one in stored if one["decision"] == "revoke")
    assert revoke["id"] == next(row["id"] for row in table if row["what"].startswith("users:read"))
    assert (revoke["by"], revoke["on"], revoke["reason"]) == ("boss@example.com", DAY, "nobody reads users")
    assert (revoke["origin"], revoke["agent"], revoke["level"]) == ("granted", "triage", "read")
    assert record(tmp_path, filled(table, given)).returncode == 0
    assert plain_yaml((tmp_path / DECISIONS).read_text()) == stored
    assert permlint(tmp_path, "check", "--as-of", DAY).returncode == 0


def test_the_latest_decision_stands(tmp_path: Path, table: list[dict[str, str]]) -> None:
    record(tmp_path, filled(table, {"create": decided("investigate", on="2026-11-20", reason="who posts there?")}))
    assert record(tmp_path, filled(table, {"create": decided("keep")})).returncode == 0
    assert [one.decision for one in stored(tmp_path)] == ["keep"]
    done = record(tmp_path, filled(table, {"create": decided("revoke", on="2026-11-21")}))
    assert "decided_on: sec@example.com decided it later already, on 2026-11-25" in done.stderr
    assert [one.decision for one in stored(tmp_path)] == ["keep"]


def test_two_reviewers_who_disagree_on_one_day_have_to_agree(tmp_path: Path, table: list[dict[str, str]]) -> None:
    assert record(tmp_path, filled(table, {"create": decided("revoke", by="ann@example.com")})).returncode == 0
    done = record(tmp_path, filled(table, {"create": decided("keep", by="bob@example.com")}))
    assert done.returncode == 2
    assert (
        "decision: ann@example.com decided revoke on the same day: agree, then empty this row or give a later day"
        in done.stderr
    )
    assert [one.decision for one in stored(tmp_path)] == ["revoke"]
    # One's own mind may change, and two may say the same.
    for by, decision in (("ann@example.com", "keep"), ("bob@example.com", "keep")):
        assert record(tmp_path, filled(table, {"create": decided(decision, by=by)})).returncode == 0
    assert [(one.decision, one.by) for one in stored(tmp_path)] == [("keep", "bob@example.com")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("decisions: [", "permlint-decisions.yaml:"),
        ("decisions:\n  - {id: x}\n", "permlint-decisions.yaml:2:10:"),
        ("{}", "permlint-decisions.yaml:1:1:"),
    ],
)
def test_a_file_of_decisions_that_cannot_be_read(
    tmp_path: Path, table: list[dict[str, str]], text: str, message: str
) -> None:
    (tmp_path / DECISIONS).write_text(text)
    for done in (
        record(tmp_path, filled(table, {"create": decided("keep")})),
        permlint(tmp_path, "report", "--format", "json"),
    ):
        assert done.returncode == 2
        assert f"Error: {message}" in done.stderr
        assert "Traceback" not in done.stderr
    assert (tmp_path / DECISIONS).read_text() == text


def test_comments_in_the_file_stay(tmp_path: Path, table: list[dict[str, str]]) -> None:
    record(tmp_path, filled(table, {"users:read": decided("revoke")}))
    path = tmp_path / DECISIONS
    commented = path.read_text().replace("  - id:", "  # see OPS-12\n  - id:")
    path.write_text(commented)
    record(tmp_path, filled(table, {"create": decided("keep")}))
    after = path.read_text()
    assert len(stored(tmp_path)) == 2
    assert (
        "  # see OPS-12\n  - id: " + next(row["id"] for row in table if row["what"].startswith("users:read")) in after
    )
    record(tmp_path, filled(table, {"users:read": decided("keep", reason="needed")}))
    assert "# see OPS-12" in path.read_text()
    assert {one.decision for one in stored(tmp_path)} == {"keep"}


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20).filter(
    str.strip
)
ENTRY = st.builds(
    Decided,
    id=st.sampled_from([f"sha256:{digit * 64}" for digit in "0123456789abcdef"]),
    decision=st.sampled_from(["keep", "modify", "revoke", "investigate"]),
    by=TEXT,
    on=st.dates(date(2000, 1, 1), date(2030, 1, 1)).map(str),
    reason=st.just("") | TEXT,
    origin=st.sampled_from(["declared", "granted", "unmanaged"]),
    agent=TEXT,
    environment=TEXT,
    system=TEXT,
    resource=st.just("") | TEXT,
    what=TEXT,
    level=st.sampled_from(["none", "read", "create", "update", "delete", "admin"]),
    principal=TEXT,
    finding=st.just("") | st.just(f"sha256:{'0' * 64}"),
    place=st.dictionaries(TEXT, TEXT, max_size=3),
)


@given(st.lists(st.lists(ENTRY, min_size=1, max_size=5), min_size=1, max_size=3))
@settings(max_examples=60)
def test_a_file_says_what_was_put_into_it(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[list[Decided]]
) -> None:
    folder = tmp_path_factory.mktemp("decisions")
    expected: dict[str, dict[str, object]] = {}
    for entries in rounds:
        before = load(str(folder))
        text = merged(before, entries)
        expected |= {one.id: {key: value for key, value in one._asdict().items() if value} for one in entries}
        (folder / DECISIONS).write_text(text, encoding="utf-8", newline="")
        read = plain_yaml(text)
        assert {one["id"]: one for one in read if one} == expected


def test_git_tells_who_decided(tmp_path: Path, table: list[dict[str, str]]) -> None:
    commit(tmp_path, "Agreed")
    git(tmp_path, "config", "user.email", "sec@example.com")
    done = record(tmp_path, filled(table, {"create": decided("keep")}))
    assert done.stdout.splitlines() == [
        "permlint-decisions.yaml: 1 decision (1 keep); 4 permissions of this file left undecided"
    ]
