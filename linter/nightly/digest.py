"""A night in few words, for every report: troubles folded by system, what is open, accepted and about to expire."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

from linter.findings import UNVERIFIED_RULE, Severity
from linter.nightly.history import System, systems
from linter.nightly.news import ACCEPTED, Known, Nightly, SourceState
from linter.reports.totals import plural

SOON = timedelta(days=14)
"""How long before its last day an acceptance counts as about to expire."""


class Trouble(NamedTuple):
    """A system that could not be checked, in one environment, for one reason."""

    system: str
    environment: str
    problem: str
    agents: tuple[str, ...]
    rejected: bool
    last_success: str
    """ISO time, or empty."""
    nights: int
    """In a row."""
    since: str
    waiting: int
    """How many open findings of it could not be looked at."""


class Counts(NamedTuple):
    """What stands at the end of a night."""

    open: tuple[Known, ...]
    """The oldest first; what could not be looked at tonight too, what is unverifiable not."""
    accepted: tuple[Known, ...]
    expiring: tuple[Known, ...]
    """Those of them whose last day is near."""
    unverifiable: int

    def of(self, severity: Severity) -> int:
        """How many open ones have exactly this severity."""
        return sum(one.severity is severity for one in self.open)


def troubles(nightly: Nightly) -> list[Trouble]:
    """What could not be checked tonight, each reason once."""
    waiting = {one.source: len(one.findings) for one in nightly.kept}
    grouped: dict[tuple[str, str, str], list[SourceState]] = {}
    for state in nightly.failing:
        grouped.setdefault((state.source.system, state.source.environment, state.problem), []).append(state)
    found = []
    for (system, environment, problem), states in grouped.items():
        whole: System = systems(states)[0]
        agents = tuple(dict.fromkeys(one.source.agent for one in states if one.source.agent))
        rejected = any(one.rejected for one in states)
        stay = sum(waiting.get(one.source, 0) for one in states)
        trouble = Trouble(
            system,
            environment,
            problem,
            agents,
            rejected,
            whole.last_success,
            whole.failures,
            whole.failing_since,
            stay,
        )
        found.append(trouble)
    return sorted(found, key=lambda one: (not one.rejected, one))


def unasked(nightly: Nightly) -> list[str]:
    """What stays open because nothing asks for it any more, a sentence each: only an answer, or a person, ends it."""
    asked = {one.source for one in nightly.sources}
    found = []
    for kept in nightly.kept:
        free = [one for one in kept.findings if one.accepted < nightly.day]
        if kept.source is not None and kept.source not in asked and free:
            source = kept.source
            where = f"{source.agent} in {source.system} ({source.environment})"
            found.append(f"{plural(len(free), 'finding')} of {where} not looked at: {kept.why}")
    return found


def counts(nightly: Nightly) -> Counts:
    """What is open, accepted and unverifiable after this night."""
    standing = [one.known for one in nightly.standings.values()]
    kept = [one for group in nightly.kept for one in group.findings]
    held = [one for one in (*standing, *kept) if one.accepted >= nightly.day]
    free = [one for one in (*standing, *kept) if one.accepted < nightly.day]
    soon = (date.fromisoformat(nightly.day) + SOON).isoformat()
    return Counts(
        tuple(
            sorted((one for one in free if one.rule != UNVERIFIED_RULE), key=lambda one: (one.since, one.fingerprint))
        ),
        tuple(held),
        tuple(one for one in held if one.accepted <= soon),
        sum(one.rule == UNVERIFIED_RULE for one in free),
    )


def begun(nightly: Nightly) -> dict[str, list[Known]]:
    """Where systems begin that answered for the first time, by system and environment."""
    found: dict[str, list[Known]] = {}
    for one in nightly.begun:
        if one.source is not None:
            system, environment = one.source.system, one.source.environment
            found.setdefault(f"{system} ({environment})" if environment else system, []).append(one)
    return found


def by_owner(findings: Iterable[Known]) -> dict[str, list[Known]]:
    """Findings by who answers for them, by name; what nobody owns comes last."""
    grouped: dict[str, list[Known]] = {}
    for one in findings:
        grouped.setdefault(one.owner, []).append(one)
    return dict(sorted(grouped.items(), key=lambda pair: (not pair[0], pair[0])))


def by_cause(findings: Iterable[Known]) -> list[tuple[str, list[Known]]]:
    """Findings by the decision that ends them, the gravest first; one without a cause stands alone."""
    grouped: dict[tuple[str, str], list[Known]] = {}
    for one in findings:
        grouped.setdefault((one.cause, "" if one.cause else one.fingerprint), []).append(one)
    groups = [(cause, found) for (cause, _), found in grouped.items()]
    return sorted(groups, key=lambda group: -max(one.severity for one in group[1]))


def news(nightly: Nightly, least: Severity) -> tuple[list[Known], dict[str, str], int]:
    """What is new, worsened or back from `least` up, the status of each, and how many less grave ones there are.

    What can no longer be verified is information by its severity, and news all the same.
    """
    changed = {key: one for key, one in nightly.standings.items() if one.status not in ("open", ACCEPTED)}
    told = [one.known for one in changed.values() if one.known.severity >= least or one.known.rule == UNVERIFIED_RULE]
    status = {key: one.status for key, one in changed.items()}
    return told, status, len(changed) - len(told)
