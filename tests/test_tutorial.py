"""The manifest that the users start from, and what permlint says of it, line by line (RULES.md)."""

from __future__ import annotations

from pathlib import Path

import pytest

from linter.exits import Exit, exit_status
from linter.findings import Severity
from tests.world import build, places, run

TUTORIAL = """\
agent_name: ticket-triage-v1
environment: staging
resources:
  - resource: helpdesk_api
    access: read-only
    scope: tickets created_after:2025-01-01
    blast_radius: none (reads only)
  - resource: postgres.tickets
    access: read-write
    scope: status, assigned_to columns only
    blast_radius: medium (row-level updates)
  - resource: slack_webhook
    access: write
    scope: "#ops-alerts channel only"
    blast_radius: low (notifications only, no deletions)
rollback_strategy: |
  Run agent in dry-run mode first (--dry-run flag).
  All writes go to audit_log.agent_runs before execution.
  Rollback script: scripts/revert_agent_run.py --run-id <id>
"""
SOUND_SCRIPT = {"scripts/revert_agent_run.py": "print('reverting')\n"}
ALWAYS = [
    "review/no-owner 1:1",
    "rollback/never-rehearsed 1:1",
    "scope/uncheckable-scope 6:12",
    "rollback/unacknowledged-irreversible 12:5",
]


@pytest.mark.parametrize(
    "name", ["agent-permissions.yaml", "agents/triage/agent-permissions.yml", "x.agent-permissions.yaml"]
)
def test_with_a_sound_script_it_has_no_error(tmp_path: Path, name: str) -> None:
    build(tmp_path, {name: TUTORIAL, **SOUND_SCRIPT})
    outcome = run(tmp_path)
    assert places(outcome) == ALWAYS
    assert [one.severity for one in outcome.findings] == [Severity.INFO, Severity.INFO, Severity.INFO, Severity.WARNING]
    assert exit_status(outcome, Severity.ERROR) is Exit.CLEAN
    assert exit_status(outcome, Severity.WARNING) is Exit.FINDINGS


def test_without_any_script(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": TUTORIAL})
    outcome = run(tmp_path)
    assert places(outcome) == [*ALWAYS, "rollback/missing-rollback-script 16:1"]
    assert outcome.findings[-1].severity is Severity.WARNING


def test_an_unquoted_channel_is_lost(tmp_path: Path) -> None:
    text = TUTORIAL.replace('"#ops-alerts channel only"', "#ops-alerts channel only")
    build(tmp_path, {"agent-permissions.yaml": text, **SOUND_SCRIPT})
    outcome = run(tmp_path)
    assert places(outcome) == [*ALWAYS, "manifest/value-lost-to-comment 14:12"]
    lost = outcome.findings[-1]
    assert lost.severity is Severity.ERROR
    assert lost.fix == 'Quote the value: scope: "#ops-alerts channel only"'


def test_in_production_it_is_graver(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": TUTORIAL.replace("staging", "production")})
    errors = {one.rule for one in run(tmp_path).findings if one.severity is Severity.ERROR}
    assert errors == {"review/no-owner", "review/never-reviewed", "rollback/missing-rollback-script"}


THEIR_SCRIPT = """\
import argparse
import psycopg2


def revert(run_id):
    cur = psycopg2.connect("dbname=helpdesk").cursor()
    cur.execute("SELECT ticket_id, column_name, old_value FROM agent_audit_log WHERE run_id = %s", (run_id,))
    for ticket_id, column_name, old_value in cur.fetchall():
        cur.execute(f"UPDATE tickets SET {column_name} = %s WHERE id = %s", (old_value, ticket_id))
"""


def test_with_a_script_of_the_tutorials_kind(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": TUTORIAL, "scripts/revert_agent_run.py": THEIR_SCRIPT})
    outcome = run(tmp_path)
    assert places(outcome) == [*ALWAYS, "rollback/audit-log-mismatch 16:1", "rollback/injectable-rollback-script 16:1"]
    assert [one.severity for one in outcome.findings[-2:]] == [Severity.WARNING, Severity.WARNING]
    assert exit_status(outcome, Severity.ERROR) is Exit.CLEAN
