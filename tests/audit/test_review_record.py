"""Decisions come back: a filled-in table is proved cell by cell, stored, and the next report says what came of each."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Sequence
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from linter.audit.csv import inert, plain
from linter.audit.decisions import DECISIONS, Decided, load, merged
from linter.audit.filled import Known, parse
from tests.audit.projects import (
    CONFIG,
    DAY,
    MANIFEST,
    PATH,
    commit,
    decided,
    filled,
    git,
    permission,
    project,
    record,
    report,
    rows,
    slack,
)
from tests.command import permlint
from tests.world import build

LIVE = ("--live-from", "slack.json")
SCOPES = ("chat:write", "users:read", "channels:manage")


@pytest.fixture(scope="module")
def given_table(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """The table of a project whose key has too much."""
    folder = project(tmp_path_factory.mktemp("table"), {"slack.json": slack(*SCOPES)})
    return rows(folder, *LIVE)


@pytest.fixture
def table(tmp_path: Path, given_table: list[dict[str, str]]) -> list[dict[str, str]]:
    """The same table, and the project at hand."""
    project(tmp_path, {"slack.json": slack(*SCOPES)})
    return [dict(row) for row in given_table]


def known(table: Sequence[dict[str, str]]) -> Known:
    """What the table's project has."""
    return Known({row["id"]: row["what"] for row in table if row["origin"] == "declared"}, {}, {})


def plain_yaml(text: str) -> list[dict[str, str]]:
    """The decisions as another reader of YAML has them."""
    found = yaml.load(text, Loader=yaml.BaseLoader)["decisions"] or []  # noqa: S506 - texts alone
    return [dict(one) for one in found]


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
        "permlint-decisions.yaml: 2 decisions (1 keep, 1 revoke); 3 permissions left undecided",
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


def outcome(body: dict[str, object], what: str) -> tuple[str, str]:
    """The outcome of the decision on a permission, and since when."""
    one = permission(body, what)["decision"]
    return one["outcome"], one["since"]


def test_what_becomes_of_a_revoke(tmp_path: Path, table: list[dict[str, str]]) -> None:
    record(
        tmp_path,
        filled(
            table,
            {"create": decided("keep"), "users:read": decided("revoke"), "read": decided("modify", reason="narrow it")},
        ),
    )
    body = report(tmp_path, *LIVE)
    assert outcome(body, "create") == ("", "")
    assert outcome(body, "users:read") == ("pending", "")
    assert outcome(body, "read") == ("pending", "")
    assert body["decisions_open"] == 2

    later = "2026-12-26"  # 31 days
    (tmp_path / "slack.json").write_text(slack(*SCOPES, taken=f"{later}T00:00:00Z"))
    body = report(tmp_path, *LIVE, as_of=later)
    assert outcome(body, "users:read") == ("overdue", "2026-12-25")
    (row,) = (row for row in rows(tmp_path, *LIVE, as_of=later) if row["what"].startswith("users:read"))
    assert (row["last_decision"], row["last_outcome"], row["decision"]) == ("revoke", "overdue 2026-12-25", "")

    # Nobody looks: it is neither pending nor done.
    body = report(tmp_path, as_of=later)
    assert outcome(body, "users:read") == ("unverified", "")
    assert permission(body, "users:read")["verdict"] == "unverified"
    assert permission(body, "users:read")["granted"] is None

    (tmp_path / "slack.json").write_text(slack("chat:write", "channels:manage", taken=f"{later}T01:00:00Z"))
    body = report(tmp_path, *LIVE, as_of=later)
    (gone,) = body["revoked"]
    assert (gone["what"].partition(" ")[0], gone["gone_from"]) == ("users:read", "live")
    assert gone["verified"] == gone["decided"]["since"] == f"{later}T01:00:00Z"
    assert (gone["decided"]["decision"], gone["decided"]["outcome"]) == ("revoke", "done")

    # The first verified absence stays what it was.
    (tmp_path / "last.json").write_text(json.dumps(body))
    (tmp_path / "slack.json").write_text(slack("chat:write", "channels:manage", taken="2027-01-26T00:00:00Z"))
    again = report(tmp_path, *LIVE, "--previous", "last.json", as_of="2027-01-26")
    assert again["revoked"] == body["revoked"]


def test_how_long_a_revoke_may_take_is_configured(tmp_path: Path, table: list[dict[str, str]]) -> None:
    record(tmp_path, filled(table, {"create": decided("revoke", on="2026-11-10")}))
    assert outcome(report(tmp_path), "create") == ("pending", "")
    build(tmp_path, {}, CONFIG + '[report]\nrevoke_within = "14d"\n')
    assert outcome(report(tmp_path), "create") == ("overdue", "2026-11-24")


def test_a_declared_permission_that_changed_is_not_gone(tmp_path: Path, table: list[dict[str, str]]) -> None:
    record(tmp_path, filled(table, {"create": decided("revoke"), "read": decided("modify", reason="narrow it")}))
    wider = MANIFEST.replace('channels: ["#ops"]', 'channels: ["#ops", "#all"]').replace("read-only", "read-write")
    project(tmp_path, {PATH: wider, "slack.json": slack("chat:write.public")})
    found = {one["what"]: one for one in report(tmp_path)["revoked"]}
    assert {one["gone_from"] for one in found.values()} == {"manifest"}
    assert found["create"]["decided"]["outcome"] == "pending"
    assert found["read"]["decided"]["outcome"] == "unverified"
    late = {one["what"]: one for one in report(tmp_path, as_of="2027-01-01")["revoked"]}
    assert late["create"]["decided"]["outcome"] == "overdue"
    # What is granted now may be just what the entry declared.
    live = {one["what"]: one for one in report(tmp_path, *LIVE)["revoked"]}
    assert (live["create"]["verified"], live["create"]["decided"]["outcome"]) == ("", "pending")


def test_a_declared_permission_that_is_gone(tmp_path: Path, table: list[dict[str, str]]) -> None:
    record(tmp_path, filled(table, {"create": decided("revoke")}))
    other = MANIFEST.replace("#ops", "#other")
    project(tmp_path, {PATH: other, "slack.json": slack("chat:write")})
    for arguments in ((), LIVE):  # a key that may write to one channel may write to all
        (gone,) = report(tmp_path, *arguments)["revoked"]
        assert (gone["gone_from"], gone["verified"], gone["decided"]["outcome"]) == ("manifest", "", "unverified")
    reading = other.replace("access: write", "access: read-only")
    project(tmp_path, {PATH: reading, "slack.json": slack("channels:history")})
    (gone,) = report(tmp_path, *LIVE)["revoked"]
    assert (gone["gone_from"], gone["verified"], gone["decided"]["outcome"]) == ("both", "2026-11-24T22:00:00Z", "done")


def test_what_the_system_took_away_is_done_though_the_manifest_declares_it(
    tmp_path: Path, table: list[dict[str, str]]
) -> None:
    record(tmp_path, filled(table, {"create": decided("revoke")}))
    (tmp_path / "slack.json").write_text(slack(""))
    body = report(tmp_path, *LIVE)
    assert (permission(body, "create")["verdict"], permission(body, "create")["granted"]) == ("missing", 0)
    assert outcome(body, "create") == ("done", "2026-11-24T22:00:00Z")
    (tmp_path / "last.json").write_text(json.dumps(body))
    (tmp_path / "slack.json").write_text(slack("", taken="2027-01-01T00:00:00Z"))
    later = ("--previous", "last.json")
    assert outcome(report(tmp_path, *LIVE, *later, as_of="2027-01-01"), "create") == ("done", "2026-11-24T22:00:00Z")
    assert outcome(report(tmp_path, *later, as_of="2027-01-01"), "create") == ("overdue", "2026-12-25")
    (tmp_path / "slack.json").write_text(slack("chat:write", taken="2027-01-01T00:00:00Z"))
    assert outcome(report(tmp_path, *LIVE, *later, as_of="2027-01-01"), "create") == ("overdue", "2026-12-25")


def test_an_excess_that_was_declared_since_is_not_revoked(tmp_path: Path, table: list[dict[str, str]]) -> None:
    record(tmp_path, filled(table, {"users:read": decided("revoke")}))
    project(
        tmp_path,
        {PATH: MANIFEST.replace("resources:\n", "resources:\n  - {resource: slack.users, access: read-only}\n")},
    )
    body = report(tmp_path, *LIVE)
    assert not [one for one in body["agents"][0]["permissions"] if one["what"].startswith("users:read")]
    (gone,) = body["revoked"]
    assert (gone["verified"], gone["decided"]["outcome"]) == ("", "pending")


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
        (decided("revoke", on="2026-11-27"), "decided_on", "2026-11-27 is in the future"),
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
        ({**decided("revoke"), "id": ""}, "id", "this row has no permission to decide on"),
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


def test_the_latest_decision_stands(tmp_path: Path, table: list[dict[str, str]]) -> None:
    record(tmp_path, filled(table, {"create": decided("investigate", on="2026-11-20", reason="who posts there?")}))
    assert record(tmp_path, filled(table, {"create": decided("keep")})).returncode == 0
    assert [one.decision for one in stored(tmp_path)] == ["keep"]
    done = record(tmp_path, filled(table, {"create": decided("revoke", on="2026-11-21")}))
    assert "decided_on: sec@example.com decided it later already, on 2026-11-25" in done.stderr
    assert [one.decision for one in stored(tmp_path)] == ["keep"]


def stored(folder: Path) -> Sequence[Decided]:
    """The file's entries."""
    found = load(str(folder))
    assert found is not None
    return found.entries


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_what_spreadsheets_write(
    tmp_path: Path, table: list[dict[str, str]], separator: str, end: str, mark: str
) -> None:
    reason = f"zwei{end}Zeilen; \u201eso\u201c, ja"
    text = filled(table, {"users:read": decided("keep", reason=reason)}, separator=separator, end=end)
    assert record(tmp_path, mark + text).returncode == 0
    (one,) = stored(tmp_path)
    assert one.reason == "zwei Zeilen; \u201eso\u201c, ja"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda text: text.replace("sec@", "s\u00e9c@").encode("cp1252"),
            "is not UTF-8 (line 2): a spreadsheet saved it in an older",
        ),
        (lambda text: text.encode("utf-16"), 'is UTF-16: save it as "CSV UTF-8'),
        (lambda text: b"PK\x03\x04" + text.encode(), "is a workbook"),
        (lambda _: b"", "is empty"),
        (lambda text: text.encode() + b"\0", "holds a NUL character"),
        (lambda text: text.replace(",decided_by,", ",who,", 1).encode(), "has no column `decided_by`"),
        (lambda text: text.partition("\n")[2].encode(), "has no column `id`"),
        (lambda text: text.encode() + b'"open', "is no CSV at line"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, table: list[dict[str, str]], change: object, message: str) -> None:
    given = filled(table, {"create": decided("keep")})
    done = record(tmp_path, change(given))  # type: ignore[operator]
    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / DECISIONS).exists()


def test_rows_that_lost_a_cell(tmp_path: Path, table: list[dict[str, str]]) -> None:
    lines = filled(table, {"create": decided("keep")}).split("\r\n")
    place = next(number for number, line in enumerate(lines) if "keep" in line)
    lines[place] = ",".join(lines[place].split(",")[1:])
    done = record(tmp_path, "\r\n".join(lines))
    assert f"error: decide.csv:{place + 1}:1: id: the row has not as many cells" in done.stderr


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
    origin=st.sampled_from(["declared", "granted"]),
    agent=TEXT,
    environment=TEXT,
    system=TEXT,
    resource=st.just("") | TEXT,
    what=TEXT,
    level=st.sampled_from(["none", "read", "create", "update", "delete", "admin"]),
    principal=st.just("") | TEXT,
    finding=st.just("") | st.just(f"sha256:{'0' * 64}"),
)


@given(st.lists(st.lists(ENTRY, min_size=1, max_size=5), min_size=1, max_size=3))
@settings(max_examples=60)
def test_a_file_says_what_was_put_into_it(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[list[Decided]]
) -> None:
    folder = tmp_path_factory.mktemp("decisions")
    expected: dict[str, dict[str, str]] = {}
    for entries in rounds:
        before = load(str(folder))
        text = merged(before, entries)
        expected |= {one.id: {key: value for key, value in one._asdict().items() if value} for one in entries}
        (folder / DECISIONS).write_text(text, encoding="utf-8", newline="")
        read = plain_yaml(text)
        assert {one["id"]: one for one in read if one} == expected


def test_no_cell_of_ours_looks_like_a_number(table: list[dict[str, str]]) -> None:
    # LibreOffice 7.4 saved the check 185699478e50 as 1.86E+58.
    for row in table:
        assert row["check"].startswith("row-")
        assert not [
            cell for name, cell in row.items() if cell and name != "what" and re.fullmatch(r"[-+.\d]+([eE]\d+)?", cell)
        ]


@given(st.text(max_size=12))
def test_no_cell_begins_a_formula(text: str) -> None:
    shown = inert(text)
    assert not shown or shown[0] not in "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
    out = StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow([shown])
    ((back,),) = csv.reader(StringIO(out.getvalue(), newline=""))
    assert plain(back) == plain(shown)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12))
def test_a_cell_comes_back_as_it_was(text: str) -> None:
    assert plain(inert(text)) == text


def test_git_tells_who_decided(tmp_path: Path, table: list[dict[str, str]]) -> None:
    commit(tmp_path, "Agreed")
    git(tmp_path, "config", "user.email", "sec@example.com")
    done = record(tmp_path, filled(table, {"create": decided("keep")}))
    assert done.stdout.splitlines() == ["permlint-decisions.yaml: 1 decision (1 keep); 4 permissions left undecided"]
