"""`permlint report` as a reviewer meets it: the real command, real git, recorded answers."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest

from linter.audit.model import Audit, Permission
from linter.cli import group
from linter.schema import load
from tests.audit.projects import (
    CONFIG,
    DAY,
    MANIFEST,
    PATH,
    commit,
    git,
    permission,
    project,
    report,
    rows,
    slack,
    today,
)
from tests.command import permlint
from tests.world import build

LIVE = ("--live-from", "slack.json")


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
    assert [one["name"] for one in body["evidence"]["asked"]] == ["git"]
    said = permlint(tmp_path, "report", "--format", "markdown").stdout
    assert "**Nothing here was verified against a live system.**" in said


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


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ((), 0),
        (("--fail-on", "info"), 1),
        (("--fail-on", "never"), 0),
        (("--live-from", "slack.json"), 3),
        (("--live-from", "slack.json", "--fail-on", "warning"), 1),
        (("--live-from", "nowhere.json"), 2),
        (("--previous", "nowhere.json"), 2),
        (("--previous", PATH), 2),
        (("--drift-json", PATH), 2),
        (("--drift-json", "x", "--live"), 2),
        (("--since", "v1", "--previous", "x"), 2),
        (("--since", "v1"), 2),
        (("--output", "report.doc"), 2),
        (("--format", "text"), 2),
        (("nothing/",), 2),
        (("-",), 2),
    ],
)
def test_exit_statuses(tmp_path: Path, arguments: tuple[str, ...], status: int) -> None:
    project(tmp_path, {"slack.json": slack("chat:write", "users:read")})
    done = permlint(tmp_path, "report", "--as-of", DAY, *arguments)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr


def test_no_manifest_is_no_clean_report(tmp_path: Path) -> None:
    body = report(tmp_path, status=(3,))
    assert body["agents"] == []
    assert any("no manifest below" in one for one in body["evidence"]["unverified"])


def test_outputs(tmp_path: Path) -> None:
    project(tmp_path)
    done = permlint(tmp_path, "report", "--output", "a.csv")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "a.csv: 1 agent, 2 permissions to decide on; nothing was verified against a live system\n"
    assert permlint(tmp_path, "report", "-q", "--output", "b.csv").stderr == ""
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    several = ("--format", "json", "--format", "markdown", "--output", "c.json", "--output", "-")
    done = permlint(tmp_path, "report", *several)
    assert done.stdout.startswith("# Agent permission review\n")
    assert json.loads((tmp_path / "c.json").read_text())["command"] == "report"


def test_the_page_is_the_default(tmp_path: Path) -> None:
    project(tmp_path)
    done = permlint(tmp_path, "report")
    assert done.stdout.lower().startswith("<!doctype html>")
    assert permlint(tmp_path, "report", "--output", "r.html").stdout == ""
    assert (tmp_path / "r.html").read_text("utf-8").lower().startswith("<!doctype html>")


def test_on_a_terminal_a_page_goes_to_a_file(tmp_path: Path) -> None:
    pty = pytest.importorskip("pty")
    project(tmp_path)
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(tmp_path)
        os.environ["PYTHONPATH"] = str(Path(__file__).parent.parent.parent)
        os.execv(sys.executable, [sys.executable, "-m", "linter", "report"])  # noqa: S606
    said = b""
    while True:
        try:
            read = os.read(terminal, 4096)
        except OSError:
            break
        if not read:
            break
        said += read
    os.waitpid(child, 0)
    assert b"permlint-report.html: 1 agent" in said
    assert (tmp_path / "permlint-report.html").read_text("utf-8").lower().startswith("<!doctype html>")


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


def test_the_day_is_printed_as_given(tmp_path: Path) -> None:
    project(tmp_path)
    given = report(tmp_path)["evidence"]
    assert (given["as_of"], given["as_of_given"], given["made_at"]) == (DAY, True, "")
    done = permlint(tmp_path, "report", "--format", "json")
    own = json.loads(done.stdout)["evidence"]
    assert own["as_of_given"] is False
    assert own["made_at"][:10] >= today()[:8]


@pytest.mark.parametrize("format", ["html", "markdown", "csv", "json"])
def test_the_same_inputs_give_the_same_bytes(tmp_path: Path, format: str) -> None:
    here, there = tmp_path / "here", tmp_path / "a folder/there"
    second = MANIFEST.replace("triage", "b").replace("staging", "[staging, production]")
    project(here, {"slack.json": slack("chat:write", "users:read"), "agents/b.agent-permissions.yaml": second})
    commit(here, "Agreed")
    shutil.copytree(here, there)
    arguments = ("report", "--format", format, "--as-of", DAY, *LIVE)
    one = permlint(here, *arguments, env={"PYTHONHASHSEED": "1", "TZ": "Pacific/Auckland", "LC_ALL": "C"})
    below = ("report", "--format", format, "--as-of", DAY, "--live-from", "../slack.json")
    other = permlint(there / "agents", *below, env={"PYTHONHASHSEED": "2", "TZ": "America/Los_Angeles"})
    assert one.stdout == other.stdout
    assert len(one.stdout) > 1000


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


def test_the_manual_is_true(tmp_path: Path) -> None:
    page = (Path(__file__).parent.parent.parent / "docs/report.md").read_text("utf-8")
    commands = [line[2:] for text in re.findall(r"```console\n(.*?)```", page, re.DOTALL) for line in text.splitlines()]
    project(tmp_path)
    commit(tmp_path, "Agreed")
    assert len(commands) >= 5
    for command in commands:
        program, *arguments = shlex.split(command)
        assert program == "permlint"
        done = permlint(tmp_path, *arguments)
        assert done.returncode == 0, (command, done.stderr)
    assert {"report.html", "decide.csv", "this-quarter.json"} <= {one.name for one in tmp_path.iterdir()}
    known = {one for each in command_of("report").params for one in each.opts} | {
        "--force",
        "--record",
        "--state",
        "--format",
    }
    assert set(re.findall(r"`(--[a-z-]+)", page)) <= known


def command_of(name: str) -> click.Command:
    """A command of permlint's."""
    found = group.get_command(click.Context(group), name)
    assert found is not None
    return found


def test_its_help_teaches() -> None:
    said = command_of("report").get_help(click.Context(command_of("report"), info_name="permlint report"))
    for part in ("--drift-json", "permlint review record decide.csv", "no socket is opened", "--previous"):
        assert part in said


NO_SOCKETS = """\
import os, sys

def refuse(event, arguments):
    if event.startswith("socket."):
        os._exit(99)

sys.addaudithook(refuse)
"""


def test_without_live_no_socket_is_opened(tmp_path: Path) -> None:
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook/sitecustomize.py").write_text(NO_SOCKETS)
    paths = os.pathsep.join([str(tmp_path / "hook"), str(Path(__file__).parent.parent.parent)])
    environment = {"PYTHONPATH": paths, "SLACK_TOKEN": "xoxb-not-a-key-of-anybody"}
    folder = project(tmp_path / "project", {"slack.json": slack("chat:write")})
    commit(folder, "Agreed")
    for arguments in ((), LIVE):
        for format in ("html", "json"):
            done = permlint(folder, "report", "--format", format, "--as-of", DAY, *arguments, env=environment)
            assert done.returncode != 99
            assert len(done.stdout) > 1000
    asked = permlint(folder, "report", "--live", "--format", "json", env=environment)
    assert asked.returncode == 99  # so the hook does see one
