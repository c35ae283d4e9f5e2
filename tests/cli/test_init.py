"""`permlint init`: what it writes is valid, and what is still open is pointed at."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import permlint
from tests.world import build, places, run

WRITTEN = """\
agent_name: ticket-triage
environment: staging
owner: support  # who answers for it: a team or a person
purpose: "Sorts tickets: by urgency"
resources:  # everything it may touch; what is not listed is not agreed
  - resource: postgres.tickets  # SYSTEM or SYSTEM.OBJECT
    access: read-write  # none, read-only, write, read-write, execute, admin; never deleting
    scope: TODO  # which part of it, such as {columns: [status]} or {rows: "tenant_id = 42"}
    blast_radius: medium  # how far a mistake reaches: none, low, medium, high, critical
rollback_strategy:  # how everything it does is undone
  dry_run: TODO  # the command that shows what it would do
  audit_log: TODO  # where each write is recorded before it happens: SYSTEM.OBJECT
  command: TODO  # such as python3 scripts/revert_run.py --run-id <id>
"""
OPTIONS = ["--agent", "ticket-triage", "--owner", "support", "--purpose", "Sorts tickets: by urgency"]
OPTIONS += ["--resource", "postgres.tickets=read-write"]


def test_from_options(tmp_path: Path) -> None:
    done = permlint(tmp_path, "init", "agents/triage/agent-permissions.yaml", *OPTIONS)
    assert done.returncode == 0
    assert done.stdout.startswith("agents/triage/agent-permissions.yaml is written.")
    assert (tmp_path / "agents/triage/agent-permissions.yaml").read_text() == WRITTEN
    outcome = run(tmp_path)
    assert places(outcome, "manifest/schema-violation") == []
    open_places = [
        (one.location.line, one.location.column) for one in outcome.findings if one.rule.endswith("placeholder-left")
    ]
    assert open_places == [(8, 12), (11, 12), (12, 14), (13, 12)]


def test_from_nothing_it_is_valid_and_all_open(tmp_path: Path) -> None:
    assert permlint(tmp_path, "init").returncode == 0
    rules = {one.rule for one in run(tmp_path).findings}
    assert "manifest/schema-violation" not in rules
    assert len(places(run(tmp_path), "manifest/placeholder-left")) == 5


def test_production_says_that_a_review_is_due(tmp_path: Path) -> None:
    permlint(tmp_path, "init", "--agent", "a", "--environment", "staging", "--environment", "production")
    text = (tmp_path / "agent-permissions.yaml").read_text()
    assert "environment: [staging, production]\n" in text
    assert "# reviewed: " in text


def test_words_that_yaml_would_take_for_something_else(tmp_path: Path) -> None:
    permlint(
        tmp_path,
        "init",
        "--agent",
        "no",
        "--owner",
        "#ops",
        "--purpose",
        "yes: 'x'",
        "--resource",
        "s.a b",
        "--environment",
        "017",
    )
    outcome = run(tmp_path)
    assert places(outcome, "manifest/schema-violation") == []
    assert places(outcome, "manifest/ambiguous-scalar") == []
    assert {one.agent for one in outcome.findings} == {"no"}


def test_to_standard_output(tmp_path: Path) -> None:
    done = permlint(tmp_path, "init", "-", "--agent", "triage")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "agent_name: triage")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": "mine\n"})
    done = permlint(tmp_path, "init")
    assert done.returncode == 2
    assert "is there already" in done.stderr
    assert (tmp_path / "agent-permissions.yaml").read_text() == "mine\n"


@pytest.mark.parametrize(
    ("resource", "message"), [("=read-only", "write SYSTEM.OBJECT=ACCESS"), ("wiki=readonly", "is no access")]
)
def test_a_resource_that_makes_no_sense(tmp_path: Path, resource: str, message: str) -> None:
    done = permlint(tmp_path, "init", "--resource", resource)
    assert done.returncode == 2
    assert message in done.stderr


def test_on_a_terminal_it_asks(tmp_path: Path) -> None:
    outer, inner = pty.openpty()
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "TERM": "dumb"}
    process = subprocess.Popen(
        [sys.executable, "-m", "linter", "init"], cwd=tmp_path, stdin=inner, stdout=inner, stderr=inner, env=env
    )
    os.close(inner)
    os.write(outer, b"ticket-triage\n\nsupport\nSorts tickets: by urgency\npostgres.tickets\nread-write\n\n")
    shown = b""
    try:
        while chunk := os.read(outer, 65536):
            shown += chunk
    except OSError:
        pass  # Linux reports the end of a terminal so
    os.close(outer)
    assert process.wait(60) == 0
    assert b"It touches" in shown
    assert (tmp_path / "agent-permissions.yaml").read_text() == WRITTEN
