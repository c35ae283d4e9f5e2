"""A first manifest for an agent: commented, valid, and honest about what is still to be decided."""

from __future__ import annotations

from typing import NamedTuple

from linter.blast import LEVELS, computed
from linter.manifest.fixer import flow
from linter.manifest.model import build

PLACEHOLDER = "TODO"


class Entry(NamedTuple):
    """One resource to begin with."""

    resource: str
    """SYSTEM or SYSTEM.OBJECT."""
    access: str


class Answers(NamedTuple):
    """What is known of the agent; what is not becomes a placeholder that `permlint check` points at."""

    agent: str
    environments: tuple[str, ...]
    owner: str
    purpose: str
    entries: tuple[Entry, ...]


def skeleton(answers: Answers, *, production: bool) -> str:
    """The manifest's text."""
    environments = list(answers.environments)
    lines = [
        f"agent_name: {_word(answers.agent)}",
        f"environment: {flow(environments[0] if len(environments) == 1 else environments)}",
        f"owner: {_word(answers.owner)}  # who answers for it: a team or a person",
        f"purpose: {_word(answers.purpose)}",
    ]
    if production:
        lines += ["# Somebody else reviews it, then:", "# reviewed: {date: 2026-01-31, by: NAME}"]
    lines += ["resources:  # everything it may touch; what is not listed is not agreed"]
    writes = False
    for entry in answers.entries or (Entry(PLACEHOLDER, "read-only"),):
        one = {"resource": entry.resource, "access": entry.access}
        resource = build({"environment": environments, "resources": [one]}, {"resources": [one]}).resources[0]
        level, _ = computed(resource, production=production)
        writes = writes or resource.writes
        lines += [
            f"  - resource: {_word(entry.resource)}  # SYSTEM or SYSTEM.OBJECT",
            f"    access: {entry.access}  # none, read-only, write, read-write, execute, admin; never deleting",
            f'    scope: {PLACEHOLDER}  # which part of it, such as {{columns: [status]}} or {{rows: "tenant_id = 42"}}',
            f"    blast_radius: {LEVELS[level]}  # how far a mistake reaches: {', '.join(LEVELS)}",
        ]
    if writes:
        lines += [
            "rollback_strategy:  # how everything it does is undone",
            f"  dry_run: {PLACEHOLDER}  # the command that shows what it would do",
            f"  audit_log: {PLACEHOLDER}  # where each write is recorded before it happens: SYSTEM.OBJECT",
            f"  command: {PLACEHOLDER}  # such as python3 scripts/revert_run.py --run-id <id>",
        ]
    return "\n".join(lines) + "\n"


def _word(text: str) -> str:
    return flow(text or PLACEHOLDER)
