"""What a night has to tell somebody who is not looking: what changed, and nothing else."""

import json
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any, NamedTuple

from linter.findings import UNVERIFIED_RULE, Severity
from linter.nightly.digest import counts
from linter.nightly.news import NEWS, Known, Nightly, SourceState

EXPIRING, FAILING, REJECTED, ELSEWHERE, RECOVERED = "expiring", "failing", "rejected", "elsewhere", "recovered"
TROUBLE = (FAILING, REJECTED, ELSEWHERE)
_PATIENCE = 2
"""Nights for which a system may fail before somebody is told: one night is often over in the morning."""


class Event(NamedTuple):
    """One thing to be told once."""

    kind: str
    """"new", "worsened" or "reappeared" of a finding; else one of the kinds above."""
    subject: str
    """What it is about: a fingerprint, or a system in an environment with an owner."""
    episode: str
    """The day that tells this time from another: on which it came up, until which it is accepted, since which it fails."""
    owner: str
    environment: str
    system: str
    agents: tuple[str, ...]
    severity: str
    message: str
    rule: str = ""
    cause: str = ""
    fix: str = ""

    @property
    def id(self) -> str:
        """The same whenever this event is sent: who receives it twice can tell."""
        return sha256(json.dumps([self.kind, self.subject, self.episode]).encode()).hexdigest()[:32]

    def dumps(self) -> str:
        """As the state has it."""
        return json.dumps(self._asdict())

    @classmethod
    def loads(cls, text: str) -> "Event":
        """From the state."""
        given: dict[str, Any] = json.loads(text)
        return cls(**{**given, "agents": tuple(given["agents"])})


def events(nightly: Nightly) -> list[Event]:
    """What this night tells, whether it was told before or not, the gravest kinds first.

    Not on the first night, but for a credential that was refused: everything would be news.
    """
    found = [*_troubles(nightly)]
    if not nightly.adoption:
        found += _findings(nightly)
        soon = (one for one in counts(nightly).expiring if one.fingerprint not in nightly.fresh)
        found += [_of_finding(EXPIRING, one, one.accepted) for one in soon]
        found += _recoveries(nightly)
    return found


def _findings(nightly: Nightly) -> Iterator[Event]:
    for status in sorted(NEWS):
        for standing in nightly.standings.values():
            known = standing.known
            grave = known.severity >= Severity.WARNING or known.rule == UNVERIFIED_RULE
            if standing.status == status and grave:
                yield _of_finding(status, known, nightly.day)


def _of_finding(kind: str, known: Known, episode: str) -> Event:
    source = known.source
    return Event(
        kind,
        known.fingerprint,
        episode,
        known.owner,
        known.environment or (source.environment if source is not None else ""),
        source.system if source is not None else "",
        (known.agent,) if known.agent else (),
        known.severity.label,
        known.message,
        known.rule,
        known.cause,
        known.fix,
    )


def _by_owner(states: Iterable[SourceState]) -> dict[tuple[str, str, str], list[SourceState]]:
    grouped: dict[tuple[str, str, str], list[SourceState]] = {}
    for one in states:
        grouped.setdefault((one.source.system, one.source.environment, one.owner), []).append(one)
    return grouped


def _troubles(nightly: Nightly) -> Iterator[Event]:
    for key, states in _by_owner(nightly.failing).items():
        rejected = [one for one in states if one.rejected]
        strays = [one for one in states if one.source in nightly.strays]
        if rejected or strays or max(one.failures for one in states) >= _PATIENCE:
            problem = next(iter(rejected or strays or states)).problem
            yield _of_system(REJECTED if rejected else ELSEWHERE if strays else FAILING, key, states, problem)


def _recoveries(nightly: Nightly) -> Iterator[Event]:
    failing = _by_owner(nightly.failing)
    for key, states in _by_owner(nightly.recovered).items():
        if key not in failing:
            yield _of_system(RECOVERED, key, states, "it can be checked again")


def _of_system(kind: str, key: tuple[str, str, str], states: list[SourceState], message: str) -> Event:
    system, environment, owner = key
    agents = tuple(sorted({one.source.agent for one in states if one.source.agent}))
    since = min(one.failing_since for one in states)
    return Event(kind, json.dumps(key), since, owner, environment, system, agents, "", message)
