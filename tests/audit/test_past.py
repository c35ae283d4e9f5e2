"""What a report is compared with, and what it takes from earlier runs: an earlier report, git, a nightly drift, its history."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

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
SECOND = MANIFEST.replace("agent_name: triage", "agent_name: second")


def saved(folder: Path, name: str, *arguments: str, as_of: str = DAY) -> dict[str, Any]:
    """A report, written to a file."""
    body = report(folder, *arguments, as_of=as_of)
    (folder / name).write_text(json.dumps(body))
    return body


def test_new_since_the_last_report(tmp_path: Path) -> None:
    project(tmp_path, {"slack.json": slack("chat:write")})
    saved(tmp_path, "last.json", *LIVE)
    same = report(tmp_path, *LIVE, "--previous", "last.json")
    assert same["change"] == {
        "since": f"the report of {DAY}", "agents_new": [], "agents_gone": [], "permissions_new": 0, "findings_new": 0,
        "principals_new": 0,
    }  # fmt: skip
    assert same["revoked"] == []
    build(tmp_path, {"agents/second.agent-permissions.yaml": SECOND, "slack.json": slack("chat:write", "users:read")})
    body = report(tmp_path, *LIVE, "--previous", "last.json")
    assert body["change"]["agents_new"] == ["second"]
    assert body["change"]["permissions_new"] == 5
    assert body["change"]["findings_new"] > 2
    first = next(one for one in body["agents"] if one["name"] == "triage")
    assert [one["what"] for one in first["permissions"] if one["new"]] == ["users:read on slack (read)"]
    assert [(one["name"], one["new"]) for one in body["agents"]] == [("second", True), ("triage", False)]


def test_an_agent_that_is_gone(tmp_path: Path) -> None:
    project(tmp_path, {"agents/second.agent-permissions.yaml": SECOND})
    saved(tmp_path, "last.json")
    (tmp_path / "agents/second.agent-permissions.yaml").unlink()
    body = report(tmp_path, "--previous", "last.json")
    assert body["change"]["agents_gone"] == ["second"]
    assert [(one["agent"], one["what"], one["gone_from"], one["verified"]) for one in body["revoked"]] == [
        ("second", "create", "manifest", ""),
        ("second", "read", "manifest", ""),
    ]


def test_what_cannot_be_read_or_was_left_out_is_not_gone(tmp_path: Path) -> None:
    project(tmp_path, {"agents/second.agent-permissions.yaml": SECOND})
    saved(tmp_path, "last.json")
    assert report(tmp_path, PATH, "--previous", "last.json")["revoked"] == []
    (tmp_path / "agents/second.agent-permissions.yaml").write_text("[")
    done = permlint(tmp_path, "report", "--format", "json", "--previous", "last.json", "--as-of", DAY)
    body = json.loads(done.stdout)
    assert (body["revoked"], body["change"]["agents_gone"]) == ([], [])
    assert any(
        "the permissions of second is not known: a manifest cannot be read" in one
        for one in body["evidence"]["unverified"]
    )


def test_what_was_granted_stays_until_somebody_looks(tmp_path: Path) -> None:
    project(tmp_path, {"slack.json": slack("chat:write", "users:read")})
    saved(tmp_path, "last.json", *LIVE)
    kept = permission(report(tmp_path, "--previous", "last.json"), "users:read")
    assert (kept["verdict"], kept["granted"]) == ("unverified", None)
    assert kept["reason"].startswith("it was granted when it was last seen")
    (tmp_path / "slack.json").write_text(slack("chat:write", "users:read", taken="2026-11-20T00:00:00Z"))
    stale = report(tmp_path, *LIVE, "--previous", "last.json")
    assert permission(stale, "users:read")["verdict"] == "unverified"
    assert stale["revoked"] == []
    (tmp_path / "slack.json").write_text(slack("chat:write"))
    (gone,) = report(tmp_path, *LIVE, "--previous", "last.json")["revoked"]
    assert (gone["what"], gone["gone_from"], gone["verified"]) == (
        "users:read on slack (read)",
        "live",
        "2026-11-24T22:00:00Z",
    )


def test_new_since_a_revision(tmp_path: Path) -> None:
    project(tmp_path, {"agents/gone.agent-permissions.yaml": SECOND.replace("second", "gone")})
    first = commit(tmp_path, "Agreed", day="2026-08-01")
    (tmp_path / "agents/gone.agent-permissions.yaml").unlink()
    project(
        tmp_path, {PATH: MANIFEST.replace("read-only", "read-write"), "agents/second.agent-permissions.yaml": SECOND}
    )
    commit(tmp_path, "More", day="2026-10-01")
    for since in (first, first[:12], "2026-09-01"):
        body = report(tmp_path, "--since", since)
        assert body["change"]["agents_new"] == ["second"]
        assert body["change"]["agents_gone"] == ["gone"]
        assert (body["change"]["permissions_new"], body["change"]["findings_new"]) == (3, None)
        new = [one["what"] for agent in body["agents"] for one in agent["permissions"] if one["new"]]
        assert sorted(new) == ["create", "read", "read, create, update"]
    assert body["change"]["since"] == "2026-09-01"


def test_what_git_does_not_know_is_said(tmp_path: Path) -> None:
    project(tmp_path, {"slack.json": slack("chat:write")})
    commit(tmp_path, "Agreed", day="2026-08-01")
    saved(tmp_path, "last.json", *LIVE)
    said = (
        "Only what the manifests declare was compared, as git has it: what was found then, what was granted and where"
    )
    for kind in ("html", "markdown"):
        common = ("report", "--as-of", DAY, *LIVE, "--format", kind, "--output", "-")
        assert said in permlint(tmp_path, *common, "--since", "HEAD").stdout
        assert said not in permlint(tmp_path, *common, "--previous", "last.json").stdout
    change = report(tmp_path, *LIVE, "--since", "HEAD")["change"]
    assert (change["findings_new"], change["principals_new"]) == (None, None)


def test_other_words_for_the_same_are_not_new(tmp_path: Path) -> None:
    project(tmp_path)
    commit(tmp_path, "Agreed", day="2026-08-01")
    text = MANIFEST.replace("access: read-only", "actions: [read]").replace(
        'scope: {channels: ["#ops"]}', 'scope: "#ops channel only"'
    )
    (tmp_path / PATH).write_text("# a comment\n" + text)
    assert report(tmp_path, "--since", "HEAD")["change"]["permissions_new"] == 0


def test_a_nightly_run_says_the_same_as_asking_now(tmp_path: Path) -> None:
    project(tmp_path, {"slack.json": slack("chat:write", "users:read")})
    now = report(tmp_path, *LIVE)
    nightly = ("drift", "--as-of", DAY, *LIVE, "--format", "json", "--output", "nightly.json", "--fail-on", "never")
    assert permlint(tmp_path, *nightly).returncode == 3
    later = report(tmp_path, "--drift-json", "nightly.json")
    for body in (now, later):
        body["evidence"].pop("inputs")
    assert later == now


def test_a_nightly_run_that_is_too_old(tmp_path: Path) -> None:
    project(tmp_path, {"slack.json": slack("chat:write", "users:read")})
    permlint(tmp_path, "drift", "--as-of", DAY, *LIVE, "--format", "json", "--output", "nightly.json")
    stale = report(tmp_path, "--drift-json", "nightly.json", as_of="2026-11-27", status=(3,))
    verdicts = {one["verdict"] for one in stale["agents"][0]["permissions"]}
    assert verdicts == {"unverified"}
    assert "the drift report is 50 h old, and may be 26 h old at most" in stale["evidence"]["unverified"]
    fresh = report(tmp_path, "--drift-json", "nightly.json", "--max-age", "72", as_of="2026-11-27")
    assert permission(fresh, "users:read")["verdict"] == "excess"
    done = permlint(tmp_path, "report", "--drift-json", "nightly.json", "--as-of", "2026-11-23")
    assert (done.returncode, done.stderr) == (2, "Error: nightly.json has an answer from the future\n")


def test_a_manifest_that_changed_since_the_nightly_run(tmp_path: Path) -> None:
    project(tmp_path, {"slack.json": slack("chat:write", "users:read")})
    permlint(tmp_path, "drift", "--as-of", DAY, *LIVE, "--format", "json", "--output", "nightly.json")
    (tmp_path / PATH).write_text(MANIFEST.replace("read-only", "read-write"))
    body = report(tmp_path, "--drift-json", "nightly.json")
    assert {(one["verdict"], one["reason"]) for one in body["agents"][0]["permissions"]} == {
        ("unverified", "what is declared has changed since it was compared")
    }


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda _: "{", "is not JSON"),
        (lambda _: "[]", "is no JSON report of drift's"),
        (lambda body: {**body, "command": "check"}, "is no JSON report of drift's"),
        (lambda body: {**body, "asked": None}, "is no JSON report of drift's, or was edited"),
        (lambda body: {**body, "findings": [{}]}, "is no JSON report of drift's, or was edited"),
        (lambda body: {**body, "findings": [{**body["findings"][0], "severity": 7}]}, "or was edited"),
        (
            lambda body: {**body, "asked": [{**body["asked"][0], "at": "yesterday"}]},
            "is not JSON, or has a time that is none",
        ),
        (lambda body: {**body, "asked": [{**body["asked"][0], "at": "2026-11-24T22:00:00"}]}, "or was edited"),
        (lambda body: {**body, "verdicts": 3}, "or was edited"),
    ],
)
def test_a_nightly_report_that_is_none(tmp_path: Path, edit: Any, message: str) -> None:
    project(tmp_path, {"slack.json": slack("chat:write", "users:read")})
    body = json.loads(permlint(tmp_path, "drift", "--as-of", DAY, *LIVE, "--format", "json").stdout)
    edited = edit(body)
    (tmp_path / "nightly.json").write_text(edited if isinstance(edited, str) else json.dumps(edited))
    done = permlint(tmp_path, "report", "--drift-json", "nightly.json", "--as-of", DAY)
    assert done.returncode == 2
    assert f"Error: nightly.json {message}" in done.stderr or message in done.stderr
    assert "internal error" not in done.stderr


def test_a_report_of_an_earlier_permlint_is_read(tmp_path: Path) -> None:
    project(tmp_path, {"slack.json": slack("chat:write")})
    body = report(tmp_path, *LIVE)
    for agent in body["agents"]:
        agent["permissions"] = [
            {name: said for name, said in one.items() if name not in ("also", "place")} for one in agent["permissions"]
        ]
    del body["principals"], body["principals_open"]
    (tmp_path / "old.json").write_text(json.dumps(body))
    again = report(tmp_path, *LIVE, "--previous", "old.json")
    assert again["change"]["principals_new"] is None
    assert [one["new"] for agent in again["agents"] for one in agent["permissions"]].count(True) == 0


def test_an_earlier_report_that_is_none(tmp_path: Path) -> None:
    project(tmp_path)
    body = saved(tmp_path, "last.json")
    for text, message in (
        ("{", "last.json is not JSON"),
        (json.dumps({**body, "command": "drift"}), "last.json is no JSON report of `permlint report`: see command"),
        (json.dumps({**body, "agents": [3]}), "last.json is no JSON report of `permlint report`: see agents/0"),
    ):
        (tmp_path / "last.json").write_text(text)
        done = permlint(tmp_path, "report", "--previous", "last.json")
        assert (done.returncode, done.stderr) == (2, f"Error: {message}\n")


def test_the_nightly_history(tmp_path: Path) -> None:
    text = MANIFEST.replace("slack.#ops", "slack").replace('    scope: {channels: ["#ops"]}\n', "")
    project(tmp_path, {PATH: text, "slack.json": slack("chat:write", "users:read", taken="2026-11-20T00:00:00Z")})
    night = (
        "drift",
        "--state",
        "nightly.sqlite",
        *LIVE,
        "--fail-on",
        "never",
        "--format",
        "json",
        "--output",
        "x.json",
    )
    assert permlint(tmp_path, *night, "--as-of", "2026-11-20").returncode == 3
    found = rows(tmp_path, *LIVE, as_of="2026-11-20")
    given = filled(found, {"users:read": decided("revoke", on="2026-11-20")})
    assert record(tmp_path, given, as_of="2026-11-20").returncode == 0
    body = report(tmp_path, *LIVE, "--state", "nightly.sqlite", as_of="2026-11-20")
    (note,) = (one for one in body["agents"][0]["findings"] if one["rule"] == "drift/undeclared-privilege")
    assert note["first_seen"] == "2026-11-20"
    (tmp_path / "slack.json").write_text(slack("chat:write", taken="2026-11-22T00:00:00Z"))
    assert permlint(tmp_path, *night, "--as-of", "2026-11-22").returncode == 3
    # No system is asked for this report: the history proves it.
    (gone,) = report(tmp_path, "--state", "nightly.sqlite")["revoked"]
    assert (gone["verified"], gone["gone_from"], gone["decided"]["outcome"]) == ("2026-11-22", "live", "done")
    before = report(tmp_path, "--state", "nightly.sqlite", as_of="2026-11-21")
    assert permission(before, "users:read")["decision"]["outcome"] == "unverified"
    done = permlint(tmp_path, "report", "--state", PATH)
    assert done.returncode == 2
    assert done.stderr.startswith(f"Error: {PATH} ")


def test_history_that_is_cut_is_said(tmp_path: Path) -> None:
    project(tmp_path / "whole")
    commit(tmp_path / "whole", "Agreed", day="2026-08-01")
    project(tmp_path / "whole", {PATH: MANIFEST.replace("read-only", "read-write")})
    commit(tmp_path / "whole", "More", day="2026-10-01")
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{tmp_path}/whole", "cut")
    body = report(tmp_path / "cut", status=(0,))
    assert any("the history is not told: history is cut at" in one for one in body["evidence"]["unverified"])
    assert permlint(tmp_path / "cut", "report", "--since", "HEAD~1").returncode == 3


def test_configuration_is_an_input(tmp_path: Path) -> None:
    project(tmp_path)
    one = report(tmp_path)["evidence"]
    build(tmp_path, {}, CONFIG + "# more\n")
    other = report(tmp_path)["evidence"]
    assert one["configuration"] != other["configuration"]
    assert {each["path"] for each in one["inputs"]} == {PATH, "permlint.toml"}
