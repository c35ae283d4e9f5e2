"""The nouns of a scope audit. A renderer is a function of one `Audit`: it does no I/O, looks nothing up, and asks no clock.

Every text may hold a stranger's words: a renderer escapes it for its medium. Secrets are masked before a text comes here.
All collections are in the order in which they are shown, which the same inputs make the same.
"""

from typing import NamedTuple

from linter.creep.timeline import Timeline
from linter.systems.places import NOWHERE, Where

CHOICES = ("keep", "modify", "revoke", "investigate")
"""What a reviewer may decide of a permission."""


class Source(NamedTuple):
    """One place that principals were looked for in: all manifests, or one live system in one environment.

    Of the manifests (kind "manifests") a principal is a file: `declared` counts those that could be read, `unmanaged` names
    the others.
    """

    name: str
    """"manifests", or the system as configuration calls it."""
    environment: str
    """Empty for the manifests."""
    kind: str
    """"manifests", "postgresql", "aws", "slack", ..."""
    query: str
    """What found them: the globs, or the `principals` patterns of configuration, in words."""
    principals: int
    """How many it has. Always `declared` + `unmanaged`."""
    declared: int
    """How many of them a manifest speaks for."""
    unmanaged: tuple[str, ...]
    """The names of the others."""
    orphaned: tuple[str, ...]
    """Principals that a manifest names and the source does not have."""
    known: bool
    """Whether the source said which principals there are; where not, the numbers are of those that it was asked about, 0 for none."""
    problem: str
    """Why it is not known, a sentence; empty where it is."""


class Note(NamedTuple):
    """A finding, as the report shows it."""

    rule: str
    """`category/name`; empty for what could not be read at all."""
    severity: str
    """"error", "warning" or "info"."""
    message: str
    place: str
    """path:line:column."""
    agent: str
    environment: str
    resource: str
    fix: str
    fingerprint: str
    status: str
    """"open", "suppressed" or "accepted"."""
    reason: str = ""
    """Of the suppression or acceptance."""
    approver: str = ""
    """Who accepted it; empty where nobody is named."""
    until: str = ""
    """ISO date on which the suppression or acceptance ends, or empty."""
    new: bool = False
    """Whether the last report did not have it."""
    first_seen: str = ""
    """ISO date or time of its first sight, as the nightly history has it; empty where it has none."""


class Decision(NamedTuple):
    """What was decided of a permission or a principal, and what came of it."""

    decision: str
    """Of `CHOICES`."""
    by: str
    on: str
    """ISO date."""
    reason: str
    outcome: str
    """"" for keep; else "done", "pending", "overdue", or "unverified" where nothing live says whether it still stands.

    Of a principal also "managed": a manifest speaks for it now.
    """
    since: str = ""
    """Of "done": the first verified absence, ISO date or time; of "overdue": the day it was due."""


class Permission(NamedTuple):
    """One permission to decide on: what an entry of a manifest declares, or what is granted and nobody declared."""

    id: str
    """`sha256:` + hex, of what it allows and to whom: a permission that changed is another one."""
    agent: str
    environment: str
    system: str
    resource: str
    """As written in the manifest; for what is granted without an entry, the object as the system calls it, or empty."""
    origin: str
    """"declared" or "granted" (and not declared)."""
    what: str
    """What it allows, in words: "read, update"; "DELETE on app.tickets"."""
    scope: str
    """As written or in words; empty for none."""
    level: int
    """0 nothing, 1 read, 2 create or execute, 3 update, 4 delete, 5 admin: of the gravest action."""
    granted: int | None
    """The same of what is really granted within this permission; None where it is not known."""
    verdict: str
    """The gravest: "ok", "excess", "missing", "conditional", "unverified"; empty where no live data was taken."""
    also: tuple[str, ...]
    """The other verdicts on parts of it."""
    reason: str
    """The verdict's, a clause."""
    principal: str
    blast_declared: str
    blast_computed: str
    """none, low, medium, high, critical; empty where not known."""
    privileged: tuple[str, ...]
    """Why it is a privileged power: "administration", "DDL", "ownership", "grant option", "role administration", ...; else empty."""
    justification: str
    new: bool
    """Whether the last report did not have it."""
    decision: Decision | None
    finding: str = ""
    """Of what is granted and not declared: the fingerprint of the finding that says so."""
    place: Where = NOWHERE
    """Which account or database it was compared in last, as far as that says; empty where it was not compared."""
    principal_id: str = ""
    """What its principal keeps when it is renamed (linter.systems.lasting); empty where that is not known, or there is nothing such."""
    object_id: str = ""
    """The same of the one object that it is on."""


class Principal(NamedTuple):
    """A principal of a live system that no manifest speaks for, or spoke for when it was last seen: nobody agreed to what it may do."""

    id: str
    """`sha256:` + hex, of its source and its name."""
    system: str
    environment: str
    """As the source has it; empty where that is all of them."""
    name: str
    state: str
    """"unmanaged", "managed" (a manifest speaks for it now), or "unverified": nothing that was asked now says whether it is there."""
    reason: str
    """The state's, a clause; empty where it was simply found."""
    new: bool
    """Whether the last report did not have it."""
    decision: Decision | None
    place: Where
    """As of a permission."""
    principal_id: str = ""
    """As of a permission: its own."""


class Cell(NamedTuple):
    """An agent in an environment against a system, in the matrix."""

    declared: int
    """A level, as in `Permission`."""
    granted: int | None
    """None where it is not known."""
    verdict: str
    """The gravest of the permissions'; empty where no live data was taken."""


class Unit(NamedTuple):
    """One agent in one environment: a row of the matrix."""

    agent: str
    anchor: str
    """The agent's, to link to it."""
    environment: str
    production: bool
    cells: tuple[Cell | None, ...]
    """One a system of `Audit.systems`; None where the agent has nothing there."""


class Agent(NamedTuple):
    """One manifest."""

    anchor: str
    """A name for links into the page, [a-z0-9-]+, unlike every other agent's."""
    name: str
    path: str
    owner: str
    purpose: str
    environments: tuple[str, ...]
    production: bool
    identities: tuple[str, ...]
    """In words: "postgres: triage_agent (production)"."""
    expires: str
    rollback: str
    """The strategy in one or a few lines, as written; empty for none."""
    dry_run: str
    command: str
    audit_log: str
    rehearsed: str
    """ISO date, or empty."""
    rehearsed_days: int | None
    """Its age on the day of the report."""
    reviewed_by: str
    reviewed_on: str
    review_days: int | None
    review_state: str
    """"current", "due" (older than `review_every`), "changed" (the digest is of something else), "unpinned", or "never"."""
    blast: str
    """The gravest computed blast radius."""
    permissions: tuple[Permission, ...]
    timeline: Timeline | None
    """None where there is no history to read."""
    growth: tuple[tuple[str, int], ...]
    """(ISO date, how many leaves the agreement had from then on): oldest first, for the picture."""
    findings: tuple[Note, ...]
    """Open, suppressed and accepted ones."""
    new: bool


class Revoked(NamedTuple):
    """A permission that the last report had, or that a revoke was decided of, and that is gone; or such a principal."""

    id: str
    agent: str
    """Empty of a principal without a manifest."""
    environment: str
    resource: str
    """Of a principal, its system."""
    what: str
    decided: Decision | None
    """The revoke that was decided of it, if one was."""
    gone_from: str
    """"manifest", "live" or "both": where it is absent, in this form; `verified` says whether nothing of it is left.

    Empty: nowhere, what was granted stands in another form, which `why` names.
    """
    verified: str
    """The first verified absence from the live system, ISO date or time; empty: not verified."""
    why: str = ""
    """Why it is not verified, or what stands in its place: a clause, where that is known."""
    place: Where = NOWHERE
    """As of a permission."""
    principal_id: str = ""
    object_id: str = ""


class Asked(NamedTuple):
    """One source of evidence, and what it said."""

    name: str
    """The system and environment, "git", "drift-json", ..."""
    plane: str
    """Account or server, database, principals: without a secret; empty where there is none."""
    at: str
    """When it was asked, ISO time in UTC, by the source's own account where it has one; of git "as of commit" and the commit's
    time; empty where unknown."""
    result: str
    """"answered", or why it did not."""


class Input(NamedTuple):
    """A file that the report was made from."""

    path: str
    sha256: str


class Evidence(NamedTuple):
    """What an auditor needs to believe the rest, or not."""

    tool: str
    """"permlint 0.1.0"."""
    as_of: str
    as_of_given: bool
    """Whether an operator said --as-of, instead of today."""
    made_at: str
    """ISO time in UTC; empty with --as-of, which must give the same bytes each time."""
    commit: str
    """Of the checkout, with "-dirty" where it has changes; empty outside git."""
    configuration: str
    """`sha256:` + hex of the configuration file, or "defaults"."""
    asked: tuple[Asked, ...]
    unverified: tuple[str, ...]
    """What could not be verified, a sentence each."""
    inputs: tuple[Input, ...]


class Change(NamedTuple):
    """What is new since the last report."""

    since: str
    """What it is compared with: "the report of 2026-08-24", "v1.2 (2026-08-24)"."""
    agents_new: tuple[str, ...]
    agents_gone: tuple[str, ...]
    permissions_new: int
    findings_new: int | None
    """None where it is not known: an earlier version of the manifests says nothing of its findings."""
    principals_new: int | None
    """Principals without a manifest; None where it is not known."""


ONLY_DECLARED = (
    "Only what the manifests declare was compared, as git has it: what was found then, what was granted and where, and which "
    "principals had no manifest, git does not know. An earlier report does (--previous)."
)
"""What a comparison with git does not cover."""


class Audit(NamedTuple):
    """One report."""

    title: str
    as_of: str
    live: bool
    """Whether any live data was taken."""
    sources: tuple[Source, ...]
    systems: tuple[str, ...]
    """The columns of the matrix."""
    units: tuple[Unit, ...]
    agents: tuple[Agent, ...]
    principals: tuple[Principal, ...]
    """Those without a manifest."""
    findings: tuple[Note, ...]
    """Those that belong to no agent of this report: unmanaged principals, what cannot be read, stale acceptances."""
    change: Change | None
    """None where there is nothing to compare with."""
    revoked: tuple[Revoked, ...]
    decisions_open: int
    """Permissions that nobody has decided on."""
    principals_open: int
    """Principals without a manifest that nobody has decided on."""
    evidence: Evidence


LEVELS = ("none", "read", "create", "update", "delete", "admin")
"""The words of a level, by number; 2 is creating or executing."""


def unverified(one: Permission) -> bool:
    """Whether a permission, or a part of it, could not be verified."""
    return "unverified" in (one.verdict, *one.also)


def privileged(audit: Audit) -> tuple[tuple[Agent, Permission], ...]:
    """The section of privileged powers: every permission that is one."""
    return tuple((agent, one) for agent in audit.agents for one in agent.permissions if one.privileged)


def exceptions(audit: Audit) -> tuple[Note, ...]:
    """Every finding that is suppressed or accepted."""
    every = [*audit.findings, *(one for agent in audit.agents for one in agent.findings)]
    return tuple(one for one in every if one.status != "open")


def gone(audit: Audit) -> tuple[Revoked, ...]:
    """What is gone, proved or not."""
    return tuple(one for one in audit.revoked if one.gone_from)


def changed(audit: Audit) -> tuple[Revoked, ...]:
    """What was granted and stands in another form: nothing of it is gone."""
    return tuple(one for one in audit.revoked if not one.gone_from)
