"""`permlint report` as a reviewer meets it: the real command, its statuses, files, manual and help."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
from pathlib import Path

import click
import pytest

from linter.cli import group
from tests.audit.projects import (
    DAY,
    LIVE,
    MANIFEST,
    PATH,
    commit,
    project,
    report,
    slack,
    today,
)
from tests.command import permlint


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
