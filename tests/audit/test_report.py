"""What a report says of agents, what they may do, and what was asked: real git, recorded answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema

from linter.audit.model import Audit, Permission
from linter.schema import load
from tests.audit.projects import (
    CONFIG,
    DAY,
    LIVE,
    MANIFEST,
    PATH,
    commit,
    git,
    permission,
    project,
    report,
    rows,
    slack,
)
from tests.command import permlint
from tests.world import build


def valid(body: dict[str, Any]) -> dict[str, Any]:
    """The body, if it is of the schema, and has no field that the schema does not tell of."""
    schema = load("report")
    jsonschema.Draft202012Validator(schema).validate(body)
    assert set(body) == set(schema["properties"])
    return body


def test_the_schema_tells_of_every_field() -> None:
    schema = load("report")
    jsonschema.Draft202012Validator.check_schema(schema)
    assert set(schema["properties"]) - {"schema_version", "tool", "command"} == set(Audit._fields)
    assert set(schema["$defs"]["Permission"]["properties"]) == set(Permission._fields)
    every = {
        **schema["properties"],
        **{key: one for each in schema["$defs"].values() for key, one in each["properties"].items()},
    }
    assert [key for key, one in every.items() if not one.get("description")] == []


def test_without_live_data(tmp_path: Path) -> None:
    project(tmp_path)
    head = commit(tmp_path, "Agreed")
    body = valid(report(tmp_path))
    assert body["live"] is False
    assert [(one["environment"], one["cells"]) for one in body["units"]] == [
        ("staging", [{"declared": 2, "granted": None, "verdict": ""}, {"declared": 1, "granted": None, "verdict": ""}])
    ]
    (agent,) = body["agents"]
    assert (agent["name"], agent["owner"], agent["purpose"], agent["path"]) == (
        "triage",
        "support",
        "Sorts tickets",
        PATH,
    )
    assert [(one["what"], one["level"], one["verdict"], one["granted"]) for one in agent["permissions"]] == [
        ("create", 2, "", None),
        ("read", 1, "", None),
    ]
    assert (agent["review_state"], agent["review_days"], agent["rehearsed"]) == ("never", None, "")
    assert agent["growth"] == [[DAY, 2]]
    assert body["decisions_open"] == 2
    assert body["evidence"]["commit"] == head
    assert "nothing here was verified against a live system" in body["evidence"]["unverified"][0]
    assert [(one["name"], one["at"]) for one in body["evidence"]["asked"]] == [
        ("git", f"as of commit, {DAY}T12:00:00Z")
    ]
    said = permlint(tmp_path, "report", "--format", "markdown").stdout
    assert "**Nothing here was verified against a live system.**" in said


def test_a_pattern_has_the_level_of_the_gravest_that_it_may_cover(tmp_path: Path) -> None:
    text = """\
agent_name: archiver
environment: staging
resources:
  - {resource: aws.s3.invoices, actions: ["s3:*"]}
  - {resource: cache, actions: [purge]}
  - {resource: queue, actions: [requeue]}
  - {resource: aws.s3.reports, actions: ["s3:Get*"]}
"""
    build(tmp_path, {"agent-permissions.yaml": text})
    body = valid(report(tmp_path))
    (agent,) = body["agents"]
    assert [(one["what"], one["level"], one["privileged"], one["blast_computed"]) for one in agent["permissions"]] == [
        ("s3:*", 5, ["administration"], "critical"),
        ("purge", 4, [], "critical"),
        ("requeue", 3, [], "high"),
        ("s3:get*", 1, [], "none"),
    ]


def test_what_is_granted(tmp_path: Path) -> None:
    project(tmp_path, {"slack.json": slack("chat:write", "users:read", "channels:manage")})
    body = valid(report(tmp_path, *LIVE))
    assert body["live"] is True
    beyond = permission(body, "channels:manage")
    assert (beyond["origin"], beyond["system"], beyond["resource"], beyond["verdict"]) == (
        "granted",
        "slack",
        "slack.#ops",
        "excess",
    )
    assert (beyond["level"], beyond["granted"], beyond["privileged"]) == (5, 5, ["administration"])
    (finding,) = (one for one in body["agents"][0]["findings"] if one["fingerprint"] == beyond["finding"])
    assert (finding["rule"], finding["status"]) == ("drift/undeclared-privilege", "open")
    assert permission(body, "create")["granted"] == 5
    assert permission(body, "read")["verdict"] == "unverified"
    slack_cell, wiki_cell = body["units"][0]["cells"]
    assert slack_cell == {"declared": 2, "granted": 5, "verdict": "excess"}
    assert wiki_cell == {"declared": 1, "granted": None, "verdict": "unverified"}
    asked = {one["name"]: one for one in body["evidence"]["asked"]}
    assert asked["slack"]["at"] == "2026-11-24T22:00:00Z"
    assert asked["slack"]["result"] == "answered"
    assert "binds no system `wiki`" in asked["wiki (staging)"]["result"]
    assert {one["path"] for one in body["evidence"]["inputs"]} == {PATH, "permlint.toml", "slack.json"}
    assert body["evidence"]["commit"] == ""


def test_a_recording_alone_asks_nothing_else(tmp_path: Path) -> None:
    config = CONFIG + '[systems.wiki]\nkind = "gitlab"\ntoken_env = "WIKI_TOKEN"\n'
    project(tmp_path, {"slack.json": slack("chat:write")}, config=config)
    body = report(tmp_path, *LIVE, status=(3,))
    (asked,) = (one for one in body["evidence"]["asked"] if one["name"] == "wiki")
    assert asked["result"] == "no recording has it, and without --live nothing is asked"


def test_a_fork_asks_nothing(tmp_path: Path) -> None:
    project(tmp_path)
    fork = {
        "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1",
        "CI_MERGE_REQUEST_PROJECT_ID": "2",
        "SLACK_TOKEN": "xoxb-not-a-key",
    }
    done = permlint(tmp_path, "report", "--live", "--format", "json", env=fork)
    assert done.returncode == 3
    asked = [one for one in json.loads(done.stdout)["evidence"]["asked"] if one["name"] == "slack"]
    assert [one["result"].partition(",")[0] for one in asked] == ["this is a pull request from a fork"]


def test_population_of_manifests(tmp_path: Path) -> None:
    project(tmp_path, {"agents/broken.agent-permissions.yaml": "agent_name: [\n"})
    done = permlint(tmp_path, "report", "--format", "json", "--as-of", DAY)
    assert done.returncode == 2
    assert "error: agents/broken.agent-permissions.yaml:2:1:" in done.stderr
    body = valid(json.loads(done.stdout))
    (source,) = body["sources"]
    assert (source["principals"], source["declared"]) == (2, 1)
    assert source["unmanaged"] == ["agents/broken.agent-permissions.yaml"]
    (note,) = (one for one in body["findings"] if not one["rule"])
    assert note["place"] == "agents/broken.agent-permissions.yaml:2:1"
    assert any(one.startswith("agents/broken") for one in body["evidence"]["unverified"])
    (row,) = (one for one in rows(tmp_path) if one["origin"] == "unreadable manifest")
    assert (row["id"], row["path"], row["verdict"]) == ("", "agents/broken.agent-permissions.yaml", "unverified")


def test_a_part_of_the_manifests_is_no_population(tmp_path: Path) -> None:
    project(tmp_path)
    (source,) = report(tmp_path, PATH)["sources"]
    assert (source["known"], source["problem"]) == (False, "only some manifests were asked for")


def test_without_git(tmp_path: Path) -> None:
    project(tmp_path)
    body = report(tmp_path, status=(0,))
    assert body["agents"][0]["timeline"] is None
    assert any("is not in a git repository" in one for one in body["evidence"]["unverified"])


def test_a_changed_checkout_says_so(tmp_path: Path) -> None:
    project(tmp_path)
    head = commit(tmp_path, "Agreed")
    build(tmp_path, {"elsewhere.txt": ""})
    assert report(tmp_path)["evidence"]["commit"] == head
    build(tmp_path, {"agents/b.agent-permissions.yaml": MANIFEST.replace("triage", "b")})
    assert report(tmp_path)["evidence"]["commit"] == f"{head}-dirty"


def test_what_is_accepted_and_suppressed_is_shown(tmp_path: Path) -> None:
    text = MANIFEST.replace(
        "  - resource: wiki.pages\n    access: read-only\n    blast_radius: none\n",
        "  - resource: wiki.pages  # permlint: ignore[blast-radius/missing-blast-radius] public until=2027-01-31\n"
        "    access: read-only\n",
    )
    project(tmp_path, {PATH: text, "slack.json": slack("chat:write", "users:read")})
    found = permlint(tmp_path, "drift", "--as-of", DAY, *LIVE, "--format", "json", "--output", "found.json")
    assert found.returncode in (0, 1, 3)
    accept = (
        "accept",
        "--from",
        "found.json",
        "--all",
        "--reason",
        "known",
        "--until",
        "2026-12-31",
        "--by",
        "boss@example.com",
    )
    assert permlint(tmp_path, *accept, "--as-of", DAY).returncode == 0
    body = report(tmp_path, *LIVE)
    notes = {one["rule"]: one for one in body["agents"][0]["findings"] if one["status"] != "open"}
    assert notes["drift/undeclared-privilege"]["status"] == "accepted"
    assert notes["drift/undeclared-privilege"]["approver"] == "boss@example.com"
    assert notes["drift/undeclared-privilege"]["until"] == "2026-12-31"
    assert notes["blast-radius/missing-blast-radius"]["reason"] == "public"
    assert permission(body, "users:read")["verdict"] == "excess"


def test_review_and_rehearsal(tmp_path: Path) -> None:
    more = (
        "reviewed: {date: 2026-01-10, by: sec@example.com}\n"
        "rollback_strategy:\n  dry_run: run --dry\n  command: undo --run-id <id>\n  rehearsed: {date: 2026-11-20, run_id: r1}\n"
    )
    project(tmp_path, {PATH: MANIFEST.partition("rollback_strategy")[0] + more})
    (agent,) = report(tmp_path)["agents"]
    assert (agent["review_state"], agent["review_days"], agent["reviewed_by"]) == ("due", 319, "sec@example.com")
    assert (agent["rehearsed"], agent["rehearsed_days"]) == ("2026-11-20", 5)
    assert (agent["dry_run"], agent["command"]) == ("run --dry", "undo --run-id <id>")
    assert report(tmp_path, as_of="2026-02-01")["agents"][0]["review_state"] == "unpinned"


def test_a_signed_manifest(tmp_path: Path) -> None:
    project(tmp_path)
    commit(tmp_path, "Agreed")
    git(tmp_path, "config", "user.email", "sec@example.com")
    assert permlint(tmp_path, "review", "sign", PATH, "--as-of", DAY).returncode == 0
    assert report(tmp_path)["agents"][0]["review_state"] == "current"
    text = (tmp_path / PATH).read_text()
    (tmp_path / PATH).write_text(text.replace("read-only", "read-write"))
    assert report(tmp_path)["agents"][0]["review_state"] == "changed"


def test_growth_is_told(tmp_path: Path) -> None:
    project(tmp_path)
    commit(tmp_path, "Agreed", day="2026-08-01")
    project(tmp_path, {PATH: MANIFEST.replace("read-only", "read-write")})
    commit(tmp_path, "Writes pages", day="2026-10-01")
    (agent,) = report(tmp_path)["agents"]
    assert agent["growth"] == [["2026-08-01", 2], ["2026-10-01", 4]]
    assert [one["subject"] for one in agent["timeline"]["entries"]] == ["Agreed", "Writes pages"]
    assert any(one["rule"] == "creep/write-added" for one in agent["findings"])
