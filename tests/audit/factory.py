"""Audits made up for tests and benchmarks of what shows them: the same arguments give the same one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from linter.audit.model import (
    Agent,
    Asked,
    Audit,
    Cell,
    Change,
    Decision,
    Evidence,
    Input,
    Note,
    Permission,
    Principal,
    Revoked,
    Source,
    Unit,
)
from linter.creep.timeline import Distance, Entry, Step, Timeline

SYSTEMS = ("postgres", "helpdesk_api", "slack_webhook", "s3", "github", "tickets_mcp", "mailbox")
_OBJECTS = ("tickets", "invoices", "customers", "audit_log.agent_runs", "shipments", "kb_articles", "orders", "refunds")
_ACTIONS = (
    ("read", 1, "low"),
    ("create", 2, "low"),
    ("read, update", 3, "medium"),
    ("read, create, update", 3, "high"),
    ("read, delete", 4, "high"),
    ("admin", 5, "critical"),
)
_SCOPES = ("status, assigned_to columns only", "tickets created_after:2025-01-01", "", "#ops-alerts channel only")
_VERDICTS = ("ok", "ok", "ok", "excess", "ok", "missing", "unverified", "ok", "conditional", "ok")
_REASONS = {
    "ok": "",
    "excess": "DELETE is granted through role support_rw",
    "missing": "SELECT is not granted",
    "unverified": "the channel cannot be observed",
    "conditional": "holds while aws:SourceIp is in 10.0.0.0/8",
    "": "",
}
_RULES: tuple[tuple[str, str, str, str], ...] = (
    ("drift/undeclared-privilege", "error", "{who} has DELETE on {what}, which is not declared (via support_rw)",
     "REVOKE DELETE ON {what} FROM support_rw;"),
    ("scope/uncheckable-scope", "info", "this scope is prose: nothing can compare it", "Structure the scope."),
    ("blast-radius/understated-blast-radius", "warning", "`{what}` says low; high follows from what is granted",
     "Write `blast_radius: high`, or narrow the entry."),
    ("rollback/unacknowledged-irreversible", "warning", "what is sent through `{what}` cannot be taken back",
     "Add `reversibility: irreversible` (agreed), or `reversibility: compensable` with `rollback:`."),
    ("scope/unbounded-write", "error", "the agent may write everything that `{what}` covers, now and in future",
     "Narrow it with `scope:`."),
)  # fmt: skip


def hexed(text: str) -> str:
    """A digest in the form of the real ones."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def permission(agent: str, number: int, environment: str, *, live: bool = True, new: bool = False) -> Permission:
    """The `number`-th permission of an agent."""
    what, level, blast = _ACTIONS[0 if number % 3 == 0 else number % 5 if number % 19 else 5]
    system = SYSTEMS[number % len(SYSTEMS)]
    verdict = _VERDICTS[(number * 3 + len(agent)) % 10] if live else ""
    resource = f"{system}.{_OBJECTS[number % 8]}" + (f"_{number // 8}" if number > 7 else "")
    granted = None if not verdict or verdict == "unverified" else 4 if verdict == "excess" else level
    return Permission(
        id=hexed(f"{agent} {environment} {number}"),
        agent=agent,
        environment=environment,
        system=system,
        resource=resource,
        origin="granted" if verdict == "excess" and number % 4 == 1 else "declared",
        what="DELETE on " + resource if verdict == "excess" and number % 4 == 1 else what,
        scope=_SCOPES[number % 4],
        level=level,
        granted=granted,
        verdict=verdict,
        also=(),
        reason=_REASONS[verdict],
        principal=f"{agent.replace('-', '_')}_role",
        blast_declared="low" if number % 3 else blast,
        blast_computed=blast,
        privileged=("administration",) if level == 5 else ("ownership", "grant option") if number % 29 == 4 else (),
        justification="agreed with support in 2025" if number % 6 == 2 else "",
        new=new or number % 13 == 5,
        decision=None,
        finding=hexed(f"finding {agent} {number}") if verdict == "excess" and number % 4 == 1 else "",
        place={"database": "old  app" if number % 29 == 3 else "app", "server": "10.0.0.7"} if verdict else {},
    )


def note(agent: str, number: int, resource: str, environment: str) -> Note:
    """The `number`-th finding of an agent."""
    rule, severity, message, fix = _RULES[number % len(_RULES)]
    words = {"who": agent, "what": resource}
    status = "accepted" if number % 23 == 7 else "suppressed" if number % 29 == 3 else "open"
    return Note(
        rule=rule,
        severity=severity,
        message=message.format(**words),
        place=f"agents/{agent}/agent-permissions.yaml:{8 + 5 * number}:17",
        agent=agent,
        environment=environment,
        resource=resource,
        fix=fix.format(**words),
        fingerprint=hexed(f"{rule} {agent} {environment} {resource}"),
        status=status,
        reason="" if status == "open" else "agreed with security until the migration is done",
        approver="sam@example.com" if status == "accepted" else "",
        until="" if status == "open" else "2026-12-31",
        new=number % 17 == 4,
    )


def timeline(name: str, path: str, environments: tuple[str, ...]) -> Timeline:
    """A short story: a first version, growth, a lost safety, a review."""

    def entry(number: int, date: str, subject: str, *steps: tuple[str, str]) -> Entry:
        commit = hashlib.sha256(f"{name} {number}".encode()).hexdigest()[:40]
        author = ("Kim Okafor", "kim@example.com") if number % 2 else ("Sam Ruiz", "sam@example.com")
        return Entry(commit, *author, f"{date}T10:00:00+01:00", subject, tuple(Step(*step) for step in steps))

    entries = (
        entry(1, "2025-11-03", "Triage agent", (" ", f"first agreed, for {environments[0]}:"),
              (" ", "helpdesk_api: read"), (" ", "postgres.tickets: read")),
        entry(2, "2026-01-20", "It sets the status itself", ("+", "postgres.tickets: update on columns status")),
        entry(3, "2026-02-02", "Reviewed", ("=", "reviewed by sam@example.com on 2026-02-02")),
        entry(4, "2026-05-14", "Priorities, and no more dry run", ("+", "postgres.tickets: update on columns priority"),
              ("!", "the dry run is gone (agent.py --dry-run)"), ("~", 'slack_webhook: create on "alerts": reworded')),
        entry(5, "2026-09-30", "No more webhooks", ("-", "slack_webhook: create")),
    )  # fmt: skip
    distance = Distance(
        entries[1], "last-review", ("postgres.tickets: update on columns priority",), "write", "low", "medium"
    )
    return Timeline(path, name, environments, entries, distance)


def agent(number: int, permissions: int, findings: int, *, live: bool = True, environments: int = 1) -> Agent:
    """The `number`-th agent, with that many permissions and findings."""
    name = f"{('ticket-triage', 'invoice-reader', 'refund-helper', 'etl-loader', 'release-bot')[number % 5]}-{number}"
    where = ("production", "staging")[:environments] if number % 3 else ("staging", "production")[:environments]
    path = f"agents/{name}/agent-permissions.yaml"
    own = tuple(permission(name, n, where[n % len(where)], live=live, new=number == 4) for n in range(permissions))
    notes = tuple(note(name, n, own[n % len(own)].resource, own[n % len(own)].environment) for n in range(findings))
    growth = (("2025-11-03", 2), ("2026-01-20", 3), ("2026-05-14", permissions + 2), ("2026-09-30", permissions))
    return Agent(
        anchor=name,
        name=name,
        path=path,
        owner="support-platform" if number % 4 else "",
        purpose="Sorts new tickets by priority and assigns them to a team, around the clock.",
        environments=where,
        production="production" in where,
        identities=tuple(f"postgres: {name.replace('-', '_')}_role ({one})" for one in where),
        expires="2027-03-31" if number % 2 else "",
        rollback="Run agent in dry-run mode first (--dry-run flag).\nRollback script: scripts/revert_agent_run.py --run-id <id>",
        dry_run="agent.py --dry-run",
        command="scripts/revert_agent_run.py --run-id <id>",
        audit_log="postgres.audit_log.agent_runs",
        rehearsed="2026-08-11" if number % 3 else "",
        rehearsed_days=106 if number % 3 else None,
        reviewed_by="sam@example.com" if number % 5 else "",
        reviewed_on="2026-02-02" if number % 5 else "",
        review_days=296 if number % 5 else None,
        review_state=("never", "current", "due", "changed", "unpinned")[number % 5],
        blast="critical" if permissions > 5 else "medium",
        permissions=own,
        timeline=timeline(name, path, where),
        growth=growth,
        findings=notes,
        new=number == 4,
    )


def _unit(one: Agent, environment: str, live: bool) -> Unit:
    def cell(system: str) -> Cell | None:
        own = [each for each in one.permissions if each.system == system and each.environment == environment]
        if not own:
            return None
        known = [each.granted for each in own if each.granted is not None]
        worst = max(
            (each.verdict for each in own), key=("", "ok", "unverified", "missing", "conditional", "excess").index
        )
        return Cell(max(each.level for each in own), max(known) if known and live else None, worst)

    return Unit(one.name, one.anchor, environment, environment == "production", tuple(map(cell, SYSTEMS)))


def audit(
    agents: int = 5, permissions: int = 8, findings: int = 25, *, live: bool = True, environments: int = 1
) -> Audit:
    """An audit of that many agents, each with as many permissions, and that many findings in all."""
    each = [findings // agents + (number < findings % agents) for number in range(agents)]
    all_of = tuple(agent(n, permissions, each[n], live=live, environments=environments) for n in range(agents))
    if agents > 1:
        all_of = (_decided(all_of[0]), *all_of[1:])
    return Audit(
        title="Scope audit: agents of the support platform",
        as_of="2026-11-25",
        live=live,
        sources=_sources(agents, live),
        systems=SYSTEMS,
        units=tuple(_unit(one, where, live) for one in all_of for where in one.environments),
        agents=all_of,
        principals=_principals(live),
        findings=(
            Note(
                "drift/unmanaged-principal",
                "error",
                "etl_admin of postgres has no manifest, and it is a member of agents",
                "permlint.toml:4:1",
                "",
                "production",
                "",
                "Write a manifest for it, or drop the role.",
                hexed("unmanaged"),
                "open",
                new=True,
            ),
        ),
        change=Change("the report of 2026-08-24", tuple(one.name for one in all_of if one.new), ("fax-bot",), 9, 4, 1),
        revoked=(
            Revoked(
                hexed("faxes"),
                "fax-bot",
                "production",
                "postgres.faxes",
                "read, delete",
                Decision("revoke", "sam@example.com", "2026-08-25", "nobody sends faxes", "done", "2026-09-02"),
                "both",
                "2026-09-02T02:00:11Z",
            ),
            Revoked(hexed("exports"), "ticket-triage-0", "staging", "s3.exports", "read", None, "manifest", ""),
        ),
        decisions_open=sum(one.decision is None for each_of in all_of for one in each_of.permissions),
        principals_open=1,
        evidence=Evidence(
            tool="permlint 0.1.0",
            as_of="2026-11-25",
            as_of_given=True,
            made_at="",
            commit="c3442e60f5b1c4c0f4a5c7a3f8d0a9e7b1c2d3e4-dirty",
            configuration=hexed("configuration"),
            asked=(
                Asked(
                    "postgres (production)",
                    "db.internal, database app, 6 principals",
                    "2026-11-25T02:00:11Z",
                    "answered" if live else "not asked",
                ),
                Asked("slack_webhook (production)", "", "", "no token: SLACK_BOT_TOKEN is not set"),
                Asked("git", "", "2026-11-25T02:00:11Z", "answered"),
            ),
            unverified=("slack_webhook (production): no token, so nothing says what it may do",),
            inputs=tuple(Input(one.path, hashlib.sha256(one.path.encode()).hexdigest()) for one in all_of),
        ),
    )


def _principals(live: bool) -> tuple[Principal, ...]:
    """One that is found, and where something was asked one of each other state."""
    etl = Principal(
        hexed("etl_admin"), "postgres", "production", "etl_admin", "unmanaged", "", True, None, {"database": "app"}
    )
    if not live:
        return (etl._replace(state="unverified", reason="nothing was asked", new=False),)
    revoke = Decision("revoke", "sam@example.com", "2026-08-25", "nobody knows it", "unverified")
    lost = etl._replace(
        id=hexed("old_bot"), name="old_bot", state="unverified", reason="the server did not answer", new=False
    )
    agreed = etl._replace(
        id=hexed("new_bot"), name="new_bot", state="managed", reason="a manifest speaks for it now", new=False
    )
    return (etl, lost._replace(decision=revoke), agreed._replace(decision=revoke._replace(outcome="managed")))


def _sources(agents: int, live: bool) -> tuple[Source, ...]:
    return (
        Source("manifests", "", "manifests", "agents/**/agent-permissions.yaml", agents, agents, (), (), True, ""),
        Source("postgres", "production", "postgresql", "members of the role agents", agents + 1, agents, ("etl_admin",),
               ("fax_bot_role",) if live else (), live, "" if live else "not asked"),
        Source("slack_webhook", "production", "slack", "the configured tokens", 0, 0, (), (), False,
               "no token: SLACK_BOT_TOKEN is not set"),
    )  # fmt: skip


def _decided(one: Agent) -> Agent:
    """The agent with a decision of each outcome on its first permissions."""
    decisions = (
        Decision("keep", "sam@example.com", "2026-08-25", "needed for triage", ""),
        Decision("revoke", "sam@example.com", "2026-08-25", "nobody reads it", "overdue", "2026-09-24"),
        Decision("modify", "kim@example.com", "2026-08-25", "only two columns", "pending"),
        Decision("investigate", "kim@example.com", "2026-08-25", "who asked for it?", "unverified"),
    )
    changed = [each._replace(decision=made) for each, made in zip(one.permissions, decisions, strict=False)]
    return one._replace(permissions=(*changed, *one.permissions[len(changed) :]))


def mapped(value: Any, change: Callable[[str, str], str], field: str = "") -> Any:
    """A value of the model with every text changed.

    Args:
        change: (name of the field, text) -> text.
    """
    if isinstance(value, str):
        return change(field, value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(mapped(one, change, name) for name, one in zip(value._fields, value, strict=True)))
    if isinstance(value, tuple):
        return tuple(mapped(one, change, field) for one in value)
    if isinstance(value, dict):
        return {name: mapped(one, change, "where") for name, one in value.items()}
    return value
