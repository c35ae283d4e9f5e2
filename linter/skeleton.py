"""A first manifest for an agent: commented, valid, and honest about what is still to be decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from linter.blast import LEVELS, computed
from linter.manifest.fixer import flow
from linter.manifest.model import build
from linter.reports.visible import visible

PLACEHOLDER = "TODO"


class Entry(NamedTuple):
    """One resource to begin with."""

    resource: str
    """SYSTEM or SYSTEM.OBJECT."""
    access: str
    """Empty where `actions` say it."""
    actions: tuple[str, ...] = ()
    scope: Mapping[str, list[str]] | None = None
    """What is known to bound it; empty: nothing does; None: still to be said."""


class Draft(NamedTuple):
    """What a live system says of an agent."""

    entries: tuple[Entry, ...]
    """The least that covers what is granted."""
    decisions: tuple[str, ...]
    """What is granted and should not be declared before somebody decided so, a clause each."""
    identity: tuple[str, str]
    """System and principal; no principal where a key is its own."""


class Answers(NamedTuple):
    """What is known of the agent; what is not becomes a placeholder that `permlint check` points at."""

    agent: str
    environments: tuple[str, ...]
    owner: str
    purpose: str
    entries: tuple[Entry, ...]
    live: Draft | None = None
    """Where a live system was asked; `entries` are its entries."""


def skeleton(answers: Answers, *, production: bool) -> str:
    """The manifest's text."""
    environments = list(answers.environments)
    lines = [
        f"agent_name: {_word(answers.agent)}",
        f"environment: {flow(environments[0] if len(environments) == 1 else environments)}",
        f"owner: {_word(answers.owner)}  # who answers for it: a team or a person",
        f"purpose: {_word(answers.purpose)}",
    ]
    if answers.live is not None:
        system, principal = answers.live.identity
        lines += [f"identities: {flow({system: principal})}"] if principal else []
    if production:
        lines += ["# Somebody else reviews it, then:", "# reviewed: {date: 2026-01-31, by: NAME}"]
    lines += ["resources:  # everything it may touch; what is not listed is not agreed"]
    writes = False
    for entry in answers.entries or (Entry(PLACEHOLDER, "read-only"),):
        one = _entry(entry)
        resource = build({"environment": environments, "resources": [one]}, {"resources": [one]}).resources[0]
        level = computed(resource, production=production)
        writes = writes or resource.writes
        if answers.live is not None:
            lines += [
                f"  - {key}: {flow(value)}" if key == "resource" else f"    {key}: {flow(value)}"
                for key, value in one.items()
            ]
            lines += [f"    blast_radius: {LEVELS[level]}"]
            continue
        lines += [
            f"  - resource: {_word(entry.resource)}  # SYSTEM or SYSTEM.OBJECT",
            f"    access: {entry.access}  # none, read-only, write, read-write, execute, admin; never deleting",
            f'    scope: {PLACEHOLDER}  # which part of it, such as {{columns: [status]}} or {{rows: "tenant_id = 42"}}',
            f"    blast_radius: {LEVELS[level]}  # how far a mistake reaches: {', '.join(LEVELS)}",
        ]
    if answers.live is not None and answers.live.decisions:
        lines += ["# Granted, and not declared above: revoke each of these, or declare it with a justification."]
        lines += [f"# - {visible(one)}" for one in answers.live.decisions]
    if writes:
        lines += [
            "rollback_strategy:  # how everything it does is undone",
            f"  dry_run: {PLACEHOLDER}  # the command that shows what it would do",
            f"  audit_log: {PLACEHOLDER}  # where each write is recorded before it happens: SYSTEM.OBJECT",
            f"  command: {PLACEHOLDER}  # such as python3 scripts/revert_run.py --run-id <id>",
        ]
    return "\n".join(lines) + "\n"


def _entry(entry: Entry) -> dict[str, Any]:
    one: dict[str, Any] = {"resource": entry.resource}
    if entry.access:
        one["access"] = entry.access
    if entry.actions:
        one["actions"] = list(entry.actions)
    if entry.scope:
        one["scope"] = dict(entry.scope)
    return one


def _word(text: str) -> str:
    return flow(text or PLACEHOLDER)
