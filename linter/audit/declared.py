"""One manifest as an agent of the report: what it says of itself, and a row for each permission that it declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from linter import blast
from linter.actions import CLASSES
from linter.audit.granted import Plane, granted_level, gravest
from linter.audit.identity import declared_id, levels, powers_declared
from linter.audit.live import Live, Verdict
from linter.audit.model import Agent, Permission
from linter.creep.words import in_words
from linter.drift.planes import LOGIN, Intent, intents
from linter.manifest.model import Resource
from linter.manifest.period import after
from linter.manifest.signing import digest_of
from linter.manifest.trail import audit_log
from linter.reports.visible import visible

if TYPE_CHECKING:
    from linter.checks.subject import Subject

_UNTOLD = Verdict("unverified", (), "no comparison covers it", "")
CHANGED = "what is declared has changed since it was compared"


def shown_path(subject: Subject) -> str:
    """A manifest's path as every report writes it: bytes that are no UTF-8, and control characters, written out."""
    return visible(subject.path)


def shown_name(subject: Subject) -> str:
    """The agent's name; the path of a manifest that names none."""
    return subject.redact(subject.manifest.agent).strip() or shown_path(subject)


def header(subject: Subject, plan: Sequence[Intent], lasts: str) -> Agent:
    """An agent as its manifest has it; what needs the other runs is filled in by `linter.audit.agents`.

    Args:
        plan: who it is in each system.
        lasts: how long a review lasts where nothing else says it.
    """
    manifest, today = subject.manifest, subject.around.as_of
    rollback, reviewed = manifest.rollback, manifest.reviewed or {}
    dry_run = rollback.dry_run if rollback else None
    rehearsed = (rollback.rehearsed or "") if rollback else ""
    signed_on = reviewed.get("date", "")
    given = subject.document.data
    shown = _Shown(subject)
    return Agent(
        anchor="",
        name=shown_name(subject),
        path=shown_path(subject),
        owner=shown(manifest.owner or subject.default("owner") or subject.around.codeowners(subject.path)),
        purpose=shown(given.get("purpose") if isinstance(given, Mapping) else None),
        environments=tuple(map(shown, manifest.environments)),
        production=subject.production(),
        identities=tuple(shown(one) for one in _identities(plan)),
        expires=manifest.expires or "",
        rollback=shown(rollback.prose if rollback else None),
        dry_run=shown("yes" if dry_run is True else dry_run or None),
        command=shown(rollback.command if rollback else None),
        audit_log=shown(audit_log(manifest)),
        rehearsed=rehearsed,
        rehearsed_days=_days(rehearsed, today),
        reviewed_by=shown(reviewed.get("by")),
        reviewed_on=signed_on,
        review_days=_days(signed_on, today),
        review_state=_review(subject, lasts),
        blast="",
        permissions=(),
        timeline=None,
        growth=(),
        findings=(),
        new=False,
    )


class _Shown:
    """A text of a manifest without its secrets, and nothing where there is none."""

    def __init__(self, subject: Subject) -> None:
        self.redact: Callable[[str], str] = subject.redact
        self.known: dict[str, str] = {}

    def __call__(self, text: Any) -> str:
        if not isinstance(text, str) or not text:
            return ""
        if text not in self.known:
            self.known[text] = self.redact(text).strip()
        return self.known[text]


def _days(day: str, today: date) -> int | None:
    return (today - date.fromisoformat(day)).days if day else None


def _identities(plan: Sequence[Intent]) -> list[str]:
    found: dict[tuple[str, str], list[str]] = {}
    for intent in plan:
        principal = intent.principal or intent.identity
        if intent.system and principal:
            found.setdefault((intent.system, principal), []).append(intent.environment)
    own = "the credential's own login"
    return [
        f"{system}: {own if principal == LOGIN else principal} ({', '.join(where)})"
        for (system, principal), where in found.items()
    ]


def _review(subject: Subject, lasts: str) -> str:
    reviewed = subject.manifest.reviewed
    if not reviewed or "date" not in reviewed:
        return "never"
    if "digest" in reviewed and (subject.violations or digest_of(subject.manifest) != reviewed["digest"]):
        return "changed"
    every = subject.manifest.review_every or subject.default("review_every") or lasts
    if after(reviewed["date"], every) < subject.around.as_of:
        return "due"
    return "current" if "digest" in reviewed else "unpinned"


def plan_of(subject: Subject) -> list[Intent]:
    """Who an agent is in each system and environment; connects to nothing."""
    return list(intents(subject.around.config, subject))


def permissions(
    subject: Subject, plan: Sequence[Intent], live: Live | None, planes: Mapping[tuple[str, str], Plane]
) -> list[Permission]:
    """Every entry in every environment that it applies to, a row each, in the manifest's order."""
    path = shown_path(subject)
    principals = {(one.system, one.environment): one.principal or "" for one in plan}
    outdated = live is not None and live.outdated(path, digest_of(subject.manifest))
    shown = _Shown(subject)
    found = []
    for environment in subject.manifest.environments:
        production = subject.around.config.production(environment)
        for resource in subject.manifest.resources:
            if environment in resource.environments:
                principal = principals.get((resource.system, environment), "")
                row = _declared(subject, resource, environment, shown, production=production)
                row = row._replace(principal="" if principal == LOGIN else shown(principal))
                plane = planes.get((path, shown(environment)))
                found.append(row if live is None else _compared(row, resource, path, live, plane, outdated))
    return found


def _declared(subject: Subject, resource: Resource, environment: str, shown: _Shown, *, production: bool) -> Permission:
    grave = levels(resource.leaves)
    agent = subject.manifest.agent
    return Permission(
        id=declared_id(agent, environment, resource),
        agent=shown_name(subject),
        environment=shown(environment),
        system=shown(resource.system),
        resource=shown(resource.name),
        origin="declared",
        what=shown(_actions(resource)),
        scope=shown(_scope(subject, resource)),
        level=max(grave, default=0),
        granted=None,
        verdict="",
        also=(),
        reason="",
        principal="",
        blast_declared=resource.blast_radius or "",
        blast_computed=blast.LEVELS[blast.computed(resource, production=production)] if resource.known else "",
        privileged=powers_declared(resource),
        justification=shown(resource.justification),
        new=False,
        decision=None,
    )


def _actions(resource: Resource) -> str:
    if not resource.known:
        return "cannot be read: see the findings"
    words = dict.fromkeys(leaf.action for leaf in resource.leaves)
    rank = {name: place for place, name in enumerate(CLASSES)}
    return ", ".join(sorted(words, key=lambda word: (rank.get(word, len(rank)), word))) or "nothing"


def _scope(subject: Subject, resource: Resource) -> str:
    """As written; a structured one in the algebra's words."""
    given = subject.document.data["resources"][resource.position].get("scope")
    if given is None or isinstance(given, str):
        return " ".join((given or "").split())
    bounds = {line.partition(" on ")[2] for line in in_words(resource.leaves)} - {""}
    note = given.get("note") if isinstance(given, Mapping) else None
    return "; ".join([*sorted(bounds), *([note] if isinstance(note, str) else [])])


def _compared(
    row: Permission, resource: Resource, path: str, live: Live, plane: Plane | None, outdated: bool
) -> Permission:
    said = live.verdicts.get((path, row.environment, row.resource))
    verdict = gravest(said) if said else _UNTOLD
    if outdated:
        verdict = Verdict("unverified", (), CHANGED, verdict.principal, verdict.object_id)
    granted = granted_level(levels(resource.leaves), verdict, row.resource, row.system, plane)
    principal = verdict.principal or row.principal
    return row._replace(
        granted=granted,
        verdict=verdict.verdict,
        also=verdict.also,
        reason=verdict.reason,
        principal=principal,
        object_id=verdict.object_id,
    )
