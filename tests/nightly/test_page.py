"""docs/nightly.md is true: its commands run, in its order, and print what it says."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from linter.config import load
from linter.nightly.digest import SOON
from linter.nightly.routing import destinations
from tests.command import permlint
from tests.nightly.nights import github, manifest, slack
from tests.world import build

PAGE = (Path(__file__).parent.parent.parent / "docs/nightly.md").read_text("utf-8")
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
CONFIG, NOTIFY = (text for kind, text in BLOCKS if kind == "toml")
COMMANDS = [text.removeprefix("$ ").strip() for kind, text in BLOCKS if kind == "console"]
OUTPUTS = [text for kind, text in BLOCKS if kind == "text"]
FILES = {
    "support/notifier.agent-permissions.yaml": manifest("notifier", "{resource: chat, access: read-only}"),
    "web/releaser.agent-permissions.yaml": manifest("releaser", "{resource: hub.gists, access: read-write}"),
}


class Project:
    """The page's project, night after night: the commands as it shows them, over recorded answers."""

    def __init__(self, folder: Path) -> None:
        self.folder = build(folder, FILES, CONFIG)

    def night(self, day: int, command: str, systems: Mapping[str, Any], *more: str) -> subprocess.CompletedProcess[str]:
        taken = f"2026-11-{day:02}"
        live = {"schema_version": 1, "taken": f"{taken}T00:00:00Z", "systems": systems}
        (self.folder / "live.json").write_text(json.dumps(live))
        program, *arguments = shlex.split(command)
        assert program == "permlint"
        return permlint(self.folder, *arguments, "--live-from", "live.json", "--as-of", taken, *more)


FIRST = {"chat": slack("channels:history", "files:write"), "hub": github("gist", "delete_repo")}
SECOND = {"chat": slack("channels:history", "usergroups:write")}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_the_page(project: Project) -> None:
    drift, again, explain, only_new, notify, metrics = COMMANDS
    shown = project.night(10, drift, FIRST)
    assert (shown.stdout, shown.stderr) == (OUTPUTS[0], "")
    shown = project.night(11, again, SECOND)
    assert (shown.stdout, shown.stderr) == (OUTPUTS[1], "")
    told = permlint(project.folder, *shlex.split(explain)[1:])
    assert told.stdout.startswith(OUTPUTS[2])
    nothing = project.night(12, only_new, SECOND)
    assert nothing.returncode == 3  # hub could not be checked
    assert nothing.stdout.startswith("Nothing new since 2026-11-11")
    assert project.night(12, only_new, {**SECOND, "hub": FIRST["hub"]}).returncode == 0
    more = project.night(13, only_new, {**SECOND, "hub": github("gist", "delete_repo", "repo")})
    assert (more.returncode, "1 new since 2026-11-12" in more.stdout) == (1, True)
    assert project.night(14, metrics, SECOND, "--fail-on", "never").returncode == 3
    assert (project.folder / "permlint.prom").read_text().endswith("# EOF\n")
    build(project.folder, {}, CONFIG + NOTIFY)
    assert [one.name for one in destinations(load(None, str(project.folder)))] == ["support", "security"]
    told = project.night(15, notify, SECOND)
    assert "SLACK_WEBHOOK_SUPPORT is not set" in told.stderr


def test_the_numbers_of_the_page() -> None:
    assert f"once, {SOON.days} days before" in PAGE
    assert "after 400 days (`--state-keep" in PAGE
    assert "[default: 400d]" in permlint(Path(), "drift", "--help").stdout
