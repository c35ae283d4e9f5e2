"""The manifests that the benchmarks read: made anew by each run, the same each time, every one of another agent.

A manifest has about 2 KB and twelve resources of six systems. Scopes are structured or prose, the strategy names a script
that exists. It is clean: with every rule on, nothing is found, not even information. `tutorial` writes the same agent as a
beginner would: three scopes in prose that cannot be compared and a rollback that nobody has tried, four findings.
"""

from __future__ import annotations

from collections.abc import Callable

from linter.manifest.lenient import lenient
from linter.manifest.reader import read
from linter.manifest.signing import digest_of
from linter.manifest.text import Text

Maker = Callable[[int], str]
_AREAS = ("billing", "support", "shipping", "identity", "catalog", "search", "ledger")
_REVIEWER = "by: security@agents.example"
_ENVIRONMENTS = ("staging", "[staging, production]", "production")

_HEAD = """\
# {title}: what agent {number} may touch.
manifest_version: 1
agent_name: {area}-agent-{number:05}
environment: {environment}
owner: {area}-platform
reviewed: {{date: "2026-10-{day:02}", by: security@agents.example}}
resources:
  - resource: postgres.{area}.cases_{number}
    access: read-write
    scope: status, assigned_to, team_{number} columns only
    blast_radius: high (row-level updates)
  - resource: postgres.{area}.notes_{number}
    actions: [create]
    scope: {{write_columns: [case_id, body, run_id]}}
    blast_radius: low (appends, never changes)
  - resource: postgres.{area}.orders
    access: read-only
    scope: id, total, placed_at columns only
    blast_radius: none (reads only)
  - resource: slack.#{area}-{number}
    access: write
    scope: "#{area}-{number} channel only"
    blast_radius: low (notifications only, no deletions)
    rollback: Run scripts/retract.py --run-id <id>
  - resource: github.{area}-team/agent-{number}
    access: read-write
    scope: {{labels: [triage, "area:{area}"]}}
    blast_radius: high (labels and comments)
  - resource: search_mcp.lookup
    access: execute
    scope: {{tools: [lookup]}}
    blast_radius: low
  - resource: postgres.audit_log.agent_runs
    actions: [create]
    scope: run_id, step, before columns only
    blast_radius: low (appends)
  - resource: postgres.{area}.holidays
    access: read-only
    blast_radius: none (reads only)
  - resource: postgres.{area}.teams
    access: read-only
    scope: only the columns name, lead
    blast_radius: none (reads only)
"""
_STRUCTURED = """\
  - resource: postgres.{area}.customers
    access: read-only
    scope: {{columns: {{except: [email]}}, rows: tenant = {number}}}
    blast_radius: none (reads only)
  - resource: helpdesk_api
    access: read-only
    scope: all columns except requester, phone
    blast_radius: none (reads only)
  - resource: s3.{area}-inbox
    access: read-only
    blast_radius: none (reads only)
rollback_strategy:
  dry_run: scripts/revert_run.py --dry-run
  audit_log: postgres.audit_log.agent_runs
  command: python3 scripts/revert_run.py --run-id <id>
  rehearsed: {{date: "2026-11-{day:02}", run_id: {number}}}
"""
_PROSE = """\
  - resource: warehouse.customers
    access: read-only
    scope: customers of tenant {number}, without their address
    blast_radius: none (reads only)
  - resource: helpdesk_api
    access: read-only
    scope: tickets created_after:2025-01-01
    blast_radius: none (reads only)
  - resource: inbox
    access: read-only
    scope: what arrived in the last {day} days
    blast_radius: none (reads only)
rollback_strategy: |
  Run agent in dry-run mode first (--dry-run flag).
  All writes go to audit_log.agent_runs before execution.
  Rollback script: scripts/revert_run.py --run-id <id>
"""
SCRIPTS = ("scripts/revert_run.py", "scripts/retract.py")
"""What the rollbacks run, relative to the root."""


def clean(number: int) -> str:
    """A manifest in which nothing is found."""
    return _fill(_HEAD + _STRUCTURED, number)


def tutorial(number: int) -> str:
    """The same in prose."""
    return _fill(_HEAD + _PROSE, number)


def _fill(template: str, number: int) -> str:
    area = _AREAS[number % len(_AREAS)]
    environment = _ENVIRONMENTS[number % len(_ENVIRONMENTS)]
    text = template.format(
        number=number, area=area, title=area.capitalize(), environment=environment, day=1 + number % 20
    )
    return text.replace(_REVIEWER, f"{_REVIEWER}, digest: {digest_of(lenient(read(Text(text)).data).manifest)}", 1)


def long(resources: int) -> str:
    """One clean manifest of many resources, short ones: a manifest may hold a megabyte."""
    entries = [
        f"  - resource: db.t{place}\n    access: read-only\n    blast_radius: none\n" for place in range(resources)
    ]
    return "agent_name: long\nenvironment: staging\nowner: us\nresources:\n" + "".join(entries)


def faulty(resources: int) -> str:
    """One manifest with a finding on every line below its head."""
    entries = [f"  - {{resource: db.t{place}, access: raed}}\n" for place in range(resources)]
    return "agent_name: faulty\nenvironment: staging\nowner: us\nresources:\n" + "".join(entries)
