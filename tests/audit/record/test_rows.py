"""A filled-in table is proved cell by cell, and each fault is told with its row and column."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from linter.audit.csv import READ, SEALED
from linter.audit.decisions import DECISIONS
from linter.audit.filled import Known, parse
from tests.audit.projects import DAY, MANIFEST, PATH, decided, filled, project, record, report, rows
from tests.audit.record.tables import stored


def known(table: Sequence[dict[str, str]]) -> Known:
    """What the table's project has."""
    return Known({row["id"]: row["what"] for row in table if row["origin"] == "declared"}, {}, {}, {})


@pytest.mark.parametrize(
    ("cells", "column", "message"),
    [
        (decided("maybe"), "decision", "'maybe' is none of keep, modify, revoke, investigate"),
        (decided("revoke", by=""), "decided_by", "is empty: say who decided"),
        (decided("revoke", on=""), "decided_on", "is empty: write a date such as 2026-11-24"),
        (
            decided("revoke", on="11/25/2026"),
            "decided_on",
            "'11/25/2026' is not a date such as 2026-11-24; the spreadsheet",
        ),
        (decided("revoke", on="25.11.2026"), "decided_on", "'25.11.2026' is not a date"),
        (decided("revoke", on="46351"), "decided_on", "'46351' is not a date"),
        (decided("revoke", on="2026-02-30"), "decided_on", "'2026-02-30' is not a date"),
        (
            decided("revoke", on="2026-11-26"),
            "decided_on",
            "2026-11-26 is in the future: today is 2026-11-25; where that day has begun, it is recorded with --as-of 2026-11-26",
        ),
        (decided("revoke", on="2027-11-25"), "decided_on", "2027-11-25 is in the future: today is 2026-11-25"),
        (decided("keep"), "reason", "is empty: what is granted and was never agreed to is kept without one"),
        (decided("modify"), "reason", "is empty: modify says nothing without one"),
        (decided("investigate"), "reason", "is empty: investigate says nothing without one"),
        (decided(""), "decision", "is empty, and the rest of the decision is not"),
        ({"reason": "because"}, "decision", "is empty, and the rest"),
        (decided("revoke", reason="password: hunter2hunter2"), "reason", "holds what looks like a credential"),
        (decided("revoke", reason="x" * 2001), "reason", "is longer than 2000 characters"),
        (
            {**decided("revoke"), "what": "users:write on slack (write)"},
            "check",
            "a cell of this row is not what the report had",
        ),
        ({**decided("revoke"), "agent": "other"}, "check", "a cell of this row is not what the report had"),
        ({**decided("revoke"), "id": "sha256:12"}, "id", "is no id of a permission"),
        (
            {**decided("revoke"), "id": ""},
            "id",
            "this row is no permission and no principal of the report: take it out",
        ),
        (
            {**decided("revoke"), "id": "", "origin": "unreadable manifest"},
            "id",
            "this row is a manifest that cannot be read, and nothing to decide on: repair it first",
        ),
    ],
)
def test_a_row_that_is_wrong(
    given_table: list[dict[str, str]], cells: dict[str, str], column: str, message: str
) -> None:
    table = given_table
    text = filled(table, {"create": decided("keep"), "users:read": cells})
    line = next(number for number, row in enumerate(table, 2) if row["what"].startswith("users:read"))
    faults = parse(text, known(table), date.fromisoformat(DAY)).faults
    assert (faults[0].line, faults[0].column) == (line, list(table[0]).index(column) + 1)
    assert len(faults) == (3 if cells == {"reason": "because"} else 1)
    assert faults[0].message.startswith(f"{column}: {message}")


def test_a_name_of_two_lines_is_one_name(tmp_path: Path, table: list[dict[str, str]]) -> None:
    done = record(tmp_path, filled(table, {"create": decided("keep", by="kim@example.com\nlee@example.com")}))
    assert (done.returncode, done.stderr) == (0, "")
    assert [one.by for one in stored(tmp_path)] == ["kim@example.com lee@example.com"]


def test_a_manifest_that_cannot_be_read_is_told_with_what_follows(tmp_path: Path, table: list[dict[str, str]]) -> None:
    project(tmp_path, {PATH: "agent_name: [\n"})
    done = record(tmp_path, filled(table, {"create": decided("keep")}))
    fault, consequence = done.stderr.splitlines()
    assert done.returncode == 2
    assert fault.startswith(f"Error: {PATH}:2:1: is not YAML: ")
    assert consequence == "what cannot be read cannot be decided on: nothing is stored"


def test_every_fault_is_told_at_once(tmp_path: Path, table: list[dict[str, str]]) -> None:
    given = {"create": decided("?", by=""), "users:read": decided("keep")}
    done = record(tmp_path, filled(table, given))
    assert [one.split(": ")[2] for one in done.stderr.splitlines() if one.startswith("error")] == [
        "decision", "decided_by", "reason",
    ]  # fmt: skip


def test_a_permission_that_changed_meanwhile(tmp_path: Path, table: list[dict[str, str]]) -> None:
    text = filled(table, {"read": decided("keep")})
    project(tmp_path, {PATH: MANIFEST.replace("read-only", "read-write")})
    done = record(tmp_path, text)
    line = next(number for number, row in enumerate(table, 2) if row["what"] == "read")
    message = "id: this permission has changed since the report: it was read, and is read, create, update now"
    assert f"error: decide.csv:{line}:1: {message}\n" in done.stderr
    project(tmp_path, {PATH: MANIFEST.replace("wiki.pages", "wiki.drafts")})
    assert (
        "id: no manifest declares this permission any more: triage in staging has no wiki.pages"
        in record(tmp_path, text).stderr
    )


def test_only_the_table_is_sorted_not_one_column(tmp_path: Path, table: list[dict[str, str]]) -> None:
    whole = sorted(table, key=lambda row: row["what"])
    assert record(tmp_path, filled(whole, {"create": decided("keep")})).returncode == 0
    ids = [row["id"] for row in table]
    one = [{**row, "id": id} for row, id in zip(table, ids[1:] + ids[:1], strict=True)]
    done = record(tmp_path, filled(one, {"create": decided("keep")}))
    assert done.returncode == 2
    assert "was part of the table sorted" in done.stderr


def test_rows_that_disagree(tmp_path: Path, table: list[dict[str, str]]) -> None:
    twice = [*table, {**next(row for row in table if row["what"] == "create"), "what": "create", "decision": ""}]
    (first, second) = (row for row in twice if row["what"] == "create")
    first.update(decided("keep"))
    second.update(decided("revoke"))
    out = filled(twice, {})
    done = record(tmp_path, out)
    assert f"decision: line {twice.index(first) + 2} decides otherwise" in done.stderr
    second.update(decided("keep"))
    assert record(tmp_path, filled(twice, {})).returncode == 0


def test_rows_that_lost_a_cell(tmp_path: Path, table: list[dict[str, str]]) -> None:
    lines = filled(table, {"create": decided("keep")}).split("\r\n")
    place = next(number for number, line in enumerate(lines) if "keep" in line)
    lines[place] = ",".join(lines[place].split(",")[1:])
    done = record(tmp_path, "\r\n".join(lines))
    assert (
        f"error: decide.csv:{place + 1}:1: id: the row has {len(table[0]) - 1} cells and the first line {len(table[0])}: was"
        in done.stderr
    )


def test_a_row_whose_empty_end_was_left_out(tmp_path: Path, table: list[dict[str, str]]) -> None:
    text = filled(table, {"users:read": decided("revoke")})
    shortened = "\r\n".join(line.rstrip(",") for line in text.split("\r\n"))
    assert shortened != text
    assert record(tmp_path, shortened).returncode == 0


@pytest.mark.parametrize("column", [*READ, *SEALED])
def test_what_the_reviewer_reads_is_what_the_report_said(given_table: list[dict[str, str]], column: str) -> None:
    (row,) = (row for row in given_table if row["what"].startswith("users:read"))
    changed = "ok" if row[column] != "ok" else "excess"
    edited = [{**each, column: changed} if each is row else each for each in given_table]
    faults = parse(
        filled(edited, {row["what"] if column != "what" else changed: decided("revoke")}),
        known(given_table),
        date.fromisoformat(DAY),
    ).faults
    assert [one.message.partition(":")[0] for one in faults] == ["id" if column == "id" else "check"]


def test_columns_that_were_taken_out_or_emptied(tmp_path: Path, table: list[dict[str, str]]) -> None:
    given = filled(table, {"users:read": decided("revoke")})
    less = [{name: cell for name, cell in row.items() if name != "scope"} for row in table]
    assert "has no column `scope`" in record(tmp_path, filled(less, {"users:read": decided("revoke")})).stderr
    bare = [{name: cell for name, cell in row.items() if name not in READ} for row in table]
    assert "check: a cell of this row" in record(tmp_path, filled(bare, {"users:read": decided("revoke")})).stderr
    cut = [{**row, "check": row["check"][:16]} for row in table]
    assert "check: a cell of this row" in record(tmp_path, filled(cut, {"users:read": decided("revoke")})).stderr
    assert record(tmp_path, given).returncode == 0


@pytest.mark.parametrize("decision", ["keep", "revoke"])
def test_one_decision_never_stands_for_two_manifests(
    tmp_path: Path, table: list[dict[str, str]], decision: str
) -> None:
    other = "agents/shadow.agent-permissions.yaml"
    text = filled(table, {"read": decided(decision)})
    line = next(number for number, row in enumerate(table, 2) if row["what"] == "read")
    assert record(tmp_path, text).returncode == 0
    kept = (tmp_path / DECISIONS).read_text()
    project(tmp_path, {other: MANIFEST.replace("support", "nobody")})
    # A second manifest has not been looked at: what was kept of the first is open in both; a revoke stays due in both.
    body = report(tmp_path)
    found = {agent["path"]: agent["permissions"][1]["decision"] for agent in body["agents"]}
    assert {path: one and one["decision"] for path, one in found.items()} == dict.fromkeys(
        (PATH, other), "revoke" if decision == "revoke" else None
    )
    said = f"which of {other} and {PATH} was kept for triage is not known: they declare the same"
    assert (said in body["evidence"]["unverified"]) is (decision == "keep")
    # And no decision is taken while both stand.
    done = record(tmp_path, text)
    assert done.returncode == 2
    message = f"id: {other} and {PATH} declare this for one agent, and what is decided of one would stand for all"
    assert f"error: decide.csv:{line}:1: {message}" in done.stderr
    assert (tmp_path / DECISIONS).read_text() == kept
    # In another environment it is another one.
    (tmp_path / other).write_text(MANIFEST.replace("staging", "production"))
    assert record(tmp_path, text).returncode == 0


def test_one_entry_twice_in_one_manifest_is_one_permission(tmp_path: Path) -> None:
    entry = MANIFEST[MANIFEST.index("  - resource: wiki") : MANIFEST.index("rollback_strategy")]
    project(tmp_path, {PATH: MANIFEST.replace(entry, entry + entry)})
    *rest, last = rows(tmp_path)
    assert record(tmp_path, filled([*rest, {**last, **decided("keep")}], {})).returncode == 0
    assert [one["last_decision"] for one in rows(tmp_path) if one["what"] == "read"] == ["keep", "keep"]


@pytest.mark.parametrize("column", ["id", "agent", "what", "reason"])
def test_a_row_that_the_report_has_not(tmp_path: Path, table: list[dict[str, str]], column: str) -> None:
    total = {name: "Total" if name == column else "5" if name == "level" else "" for name in table[0]}
    done = record(tmp_path, filled([*table, total], {"create": decided("keep")}))
    message = "id: this row is no permission and no principal of the report: take it out"
    assert (done.returncode, done.stdout) == (2, "")
    assert f"error: decide.csv:{len(table) + 2}:1: {message}\n" in done.stderr


def test_a_row_that_was_pasted_twice_is_one_permission(tmp_path: Path, table: list[dict[str, str]]) -> None:
    (row,) = (one for one in table if one["what"] == "create")
    other = next(one for one in table if one["what"] == "read")
    copies = [*table, dict(row), dict(other)]
    copies[-2].update(decided("keep"))
    done = record(tmp_path, filled(copies, {}))
    assert done.returncode == 0
    assert "1 decision (1 keep); 4 permissions of this file left undecided" in done.stdout
