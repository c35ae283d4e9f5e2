"""The README is true: its commands run, its output is real, its files are what it says of them."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from linter.config import load
from linter.findings import Severity
from tests.command import permlint
from tests.servers import programs, running
from tests.world import build, places, run

ROOT = Path(__file__).parent.parent
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
COMMANDS = [line.removeprefix("$ ") for kind, text in BLOCKS if kind == "console" for line in text.splitlines()]


def block(kind: str, holding: str) -> str:
    """The one code block of a kind that holds a text."""
    (found,) = (text for one, text in BLOCKS if one == kind and holding in text)
    return str(found)


# Its dates are made today's: the README must not grow stale in a test.
MANIFEST = re.sub(r"\d{4}-\d\d-\d\d", str(date.today()), block("yaml", "agent_name:"))
SCRIPTS = {"scripts/revert_run.py": "", "match.py": ""}


@pytest.fixture(scope="module")
def clone(checkout: Path, offline: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean clone, as a newcomer has it."""
    found = tmp_path_factory.mktemp("newcomer") / "permlint"
    subprocess.run(["git", "clone", "--quiet", str(checkout), str(found)], env=offline, check=True)
    return found


def dev(clone: Path, env: dict[str, str], command: str) -> subprocess.CompletedProcess[str]:
    """Run one of the README's commands on this Python."""
    words = [sys.executable, *shlex.split(command)[1:]]
    return subprocess.run(words, cwd=clone, env=env, capture_output=True, text=True, timeout=300, check=False)


def masked(text: str) -> list[str]:
    """Lines without what differs from day to day."""
    return re.sub(r"\b[0-9a-f]{10}\b", "COMMIT", re.sub(r"\d{4}-\d\d-\d\d", "DATE", text)).splitlines()


def test_the_first_command_is_the_demo(clone: Path, offline: dict[str, str]) -> None:
    assert COMMANDS[0] == "python3 dev.py demo"
    done = dev(clone, offline, COMMANDS[0])
    assert done.returncode == 0, done.stdout + done.stderr
    said = iter(masked(done.stdout))
    for line in masked(block("text", "$ permlint creep")):
        assert line == "..." or line in said, f"not in the demo's output, or not in this order: {line}"


def test_the_picture_is_one() -> None:
    picture = (ROOT / "docs" / "images" / "report.png").read_bytes()
    assert picture.startswith(b"\x89PNG\r\n")
    assert len(picture) < 300_000


def test_the_second_command_lints_the_examples(clone: Path, offline: dict[str, str]) -> None:
    assert COMMANDS[1] == "python3 dev.py check"
    done = dev(clone, offline, COMMANDS[1])
    assert done.returncode == 1, done.stderr
    assert "error[manifest/value-lost-to-comment]" in done.stdout
    assert "4 manifests checked" in done.stdout


def test_the_third_command_is_what_ci_runs() -> None:
    assert COMMANDS[2] == "python3 dev.py test"
    assert (ROOT / ".ci" / "run").read_text("utf-8").splitlines()[-1] == f"exec {COMMANDS[2]}"


GRANTS = b"""
CREATE ROLE invoice_matcher LOGIN;
CREATE ROLE auditor LOGIN;
CREATE SCHEMA audit;
CREATE TABLE invoices (id int PRIMARY KEY, status text, matched_payment int);
CREATE TABLE audit.invoice_runs (run_id text);
GRANT SELECT, UPDATE (status, matched_payment) ON invoices TO invoice_matcher;
GRANT USAGE ON SCHEMA audit TO invoice_matcher;
GRANT INSERT ON audit.invoice_runs TO invoice_matcher;
"""


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    """An auditor's way to a database that grants the README's agent what its manifest says."""
    with running(max(programs())) as server, server.connect() as connection:
        connection.execute(GRANTS)
        yield server.dsn(user="auditor")


@pytest.mark.parametrize("command", COMMANDS[3:])
def test_the_other_commands_run(tmp_path: Path, command: str, dsn: str, offline: dict[str, str]) -> None:
    files = {f"agents/{name}": text for name, text in SCRIPTS.items()}
    build(tmp_path, files, block("toml", "[systems.postgres]"))
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, env=offline, check=True)
    unreviewed = re.sub(r"reviewed: .*\n", "", MANIFEST)
    for text, email in ((unreviewed, "kim@example.com"), (MANIFEST, "security@example.com")):
        build(tmp_path, {"agents/agent-permissions.yaml": text})
        person = {"GIT_AUTHOR_EMAIL": email, "GIT_COMMITTER_EMAIL": email}
        for step in ("add --all", "commit --quiet --message Agreed", "tag --force v1.0"):
            subprocess.run(["git", *step.split()], cwd=tmp_path, env=offline | person, check=True, capture_output=True)
    program, *arguments = shlex.split(command)
    assert program == "permlint"
    done = permlint(tmp_path, *arguments, env={"PERMLINT_POSTGRES_DSN": dsn, "HOME": offline["HOME"]})
    assert done.returncode == 0, done.stdout + done.stderr
    wanted = ("agents/agent-permissions.yaml", "1 manifest checked", "slack.com/api/auth.test")
    assert any(one in done.stdout for one in wanted)


def test_the_manifest_has_no_fault(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": MANIFEST, **SCRIPTS})
    assert [one.rule for one in run(tmp_path, as_of=date.today()).findings if one.severity > Severity.INFO] == []


def test_the_scope_it_suggests_is_read(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    (scope,) = re.findall(r"`(scope: \{.*\})`", readme)
    build(
        tmp_path,
        {"agent-permissions.yaml": MANIFEST.replace("scope: status, matched_payment columns only", scope), **SCRIPTS},
    )
    assert places(run(tmp_path), "manifest/schema-violation") == []


def test_the_suppression_silences(tmp_path: Path) -> None:
    text = (
        "agent_name: a\nenvironment: staging\nowner: b\nresources:\n"
        + block("yaml", "permlint: ignore")
        + "    access: read-only\n"
    )
    build(tmp_path, {"agent-permissions.yaml": text})
    outcome = run(tmp_path)
    assert outcome.findings == ()
    assert [one.reason for one in outcome.silenced] == ["public pages"]


def test_the_configuration_is_read(tmp_path: Path) -> None:
    build(tmp_path, {}, block("toml", "[rules."))
    config = load(None, str(tmp_path))
    assert config.manifests == ("agents/**/*.yaml",)
    assert config.rules["rollback/never-rehearsed"]["severity"]["production"] == "error"


def test_the_hook_exists() -> None:
    (hook,) = re.findall(r"- id: (\S+)", block("yaml", "repos:"))
    assert f"- id: {hook}\n" in (ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")
