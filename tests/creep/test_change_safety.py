"""Safeties that a version takes away, and what only looks like it."""

from __future__ import annotations

import pytest

from tests.creep.changes import STRATEGY, assert_told, difference, entry

CHANGES = [
    pytest.param(
        entry("access: write", tail=STRATEGY),
        entry("access: write"),
        ["! the rollback strategy is gone (rollback_strategy)"],
        id="strategy removed",
    ),
    pytest.param(
        entry("access: write", tail=STRATEGY),
        entry("access: write", tail=STRATEGY.replace("scripts/revert.py --run-id <id>", "restore the backup")),
        ["! the rollback command is gone (scripts/revert.py --run-id <id>)"],
        id="command removed",
    ),
    *[
        pytest.param(
            entry("access: write", tail="rollback_strategy: {command: scripts/revert.py --run-id <id>}\n"),
            entry("access: write", tail=f"rollback_strategy: {{command: '{idle}'}}\n"),
            ["! the rollback command is gone (scripts/revert.py --run-id <id>)"],
            id=f"command replaced by {idle}",
        )
        for idle in ("true", ":", "exit 0", "echo scripts/revert.py --run-id <id>")
    ],
    pytest.param(
        entry("access: write", "rollback: scripts/undo.sh --run-id <id>"),
        entry("access: write", 'rollback: "true"'),
        ["! postgres.tickets: the rollback is gone (scripts/undo.sh --run-id <id>)"],
        id="a resource's rollback that does nothing",
    ),
    pytest.param(
        entry("access: write", tail="rollback_strategy: Undo with scripts/revert.py <id>\n"),
        entry("access: write", 'rollback: "exit 0"'),
        ["! the rollback strategy is gone (rollback_strategy)"],
        id="moved to a resource, where it does nothing",
    ),
    pytest.param(
        entry("access: write", tail=STRATEGY),
        entry("access: write", tail="rollback_strategy: scripts/revert.py --run-id <id>\n"),
        ["! the audit log is gone (an audit log)", "! the dry run is gone (a dry run)"],
        id="dry run and audit log removed",
    ),
    pytest.param(
        entry("access: write", "rollback: scripts/undo.sh --run-id <id>"),
        entry("access: write"),
        ["! postgres.tickets: the rollback is gone (scripts/undo.sh --run-id <id>)"],
        id="a resource's rollback removed",
    ),
    pytest.param(
        entry("access: write", "blast_radius: high (rows)"),
        entry("access: write", "blast_radius: low"),
        ["! postgres.tickets: blast radius high -> low"],
        id="blast radius lowered",
    ),
    pytest.param(
        entry("access: write", "blast_radius: high"),
        entry("access: admin", "blast_radius: low"),
        ["+ postgres.tickets: admin", "! postgres.tickets: blast radius high -> low"],
        id="lowered while it grew",
    ),
    pytest.param(
        entry("access: write", "reversibility: reversible"),
        entry("access: write", "reversibility: irreversible"),
        ["! postgres.tickets: reversibility reversible -> irreversible"],
        id="no longer reversible",
    ),
]


@pytest.mark.parametrize(("before", "after", "expected"), CHANGES)
def test_change(before: str, after: str, expected: list[str]) -> None:
    assert_told(before, after, expected)


NO_LOSS = [
    pytest.param(entry("access: write", tail=STRATEGY), entry("access: read-only"), id="nothing left to undo"),
    pytest.param(
        entry("access: write", "blast_radius: high"), entry("access: read-only", "blast_radius: none"), id="narrowed"
    ),
    pytest.param(
        entry("access: write", "blast_radius: low"), entry("access: write", "blast_radius: high"), id="raised"
    ),
    pytest.param(
        entry("access: write", tail=STRATEGY),
        entry("access: write", "rollback: scripts/undo.sh --run-id <id>", tail="audit_log: runs\n"),
        id="moved to the resource",
    ),
    pytest.param(entry("access: read-only", tail=STRATEGY), entry("access: read-only"), id="it never wrote"),
    *[
        pytest.param(
            entry("access: write", tail="rollback_strategy: {command: scripts/revert.py --run-id <id>}\n"),
            entry("access: write", tail=f"rollback_strategy: {{command: '{other}'}}\n"),
            id=f"another command: {other}",
        )
        for other in ("make rollback RUN=<id>", "./true.sh <id>", "true && ./undo <id>", "echo <id> | xargs ./undo")
    ],
    pytest.param(
        entry("access: write", 'rollback: "true"'), entry("access: write"), id="what did nothing is not missed"
    ),
]


@pytest.mark.parametrize(("before", "after"), NO_LOSS)
def test_no_safety_is_lost(before: str, after: str) -> None:
    lost = difference(before, after).losses
    assert [one for one in lost if one.kind != "dry-run"] == []
