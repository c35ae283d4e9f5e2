"""What came of each decision, as the next report tells it: pending, overdue, done, or unverified."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.audit.projects import (
    CONFIG,
    LIVE,
    MANIFEST,
    PATH,
    decided,
    filled,
    permission,
    project,
    record,
    report,
    rows,
    slack,
)
from tests.audit.record.tables import SCOPES
from tests.world import build


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
    # A scope's level is the gravest of what it allows: chat:write deletes, and posts.
    project(tmp_path, {PATH: reading, "slack.json": slack("chat:write", "channels:history")})
    (gone,) = report(tmp_path, *LIVE)["revoked"]
    assert (gone["gone_from"], gone["verified"], gone["decided"]["outcome"]) == ("manifest", "", "unverified")
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
    ("old", "new"), [("agent_name: triage", "agent_name: sorter"), ("environment: staging", "environment: production")]
)
def test_another_name_for_the_agent_takes_nothing_from_its_principal(
    tmp_path: Path, table: list[dict[str, str]], old: str, new: str
) -> None:
    """The key has what it had: neither a rename nor another environment is a revoke."""
    record(tmp_path, filled(table, {"users:read": decided("revoke"), "create": decided("revoke")}))
    (tmp_path / "last.json").write_text(json.dumps(report(tmp_path, *LIVE)))
    project(tmp_path, {PATH: MANIFEST.replace(old, new), "slack.json": slack(*SCOPES)})
    gone = {one["what"].split()[0]: one for one in report(tmp_path, *LIVE, "--previous", "last.json")["revoked"]}
    assert {what: one["verified"] for what, one in gone.items() if what != "read"} == {
        "create": "",
        "users:read": "",
        "channels:manage": "",
        "chat:write": "",
    }
    assert [gone[what]["decided"]["outcome"] for what in ("create", "users:read")] == ["pending", "pending"]
