"""What a run of `drift` said, now or last night: read from its JSON either way, so that both tell the same."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from linter.audit.model import Asked, Note, Source
from linter.drift.recordings import moment
from linter.findings import Severity
from linter.outcome import Population
from linter.systems.places import NOWHERE, Where


class BadDrift(Exception):
    """A file that is no JSON report of drift's: a clause."""


class Fact(NamedTuple):
    """One finding, and what it is about."""

    note: Note
    system: str
    principal: str
    details: Mapping[str, Any]
    object_id: str


class Verdict(NamedTuple):
    """What a comparison says of one entry of a manifest in one environment."""

    verdict: str
    also: tuple[str, ...]
    reason: str
    principal: str
    object_id: str = ""


class Answer(NamedTuple):
    """One place that answered."""

    at: str
    compared: frozenset[str]
    """The principals that were compared there."""
    place: Where
    """Which account or database it was, as far as it says."""
    identities: Mapping[str, str]
    """Of those principals: name -> what it keeps when it is renamed, where it has such."""


class Live(NamedTuple):
    """What is known of live systems."""

    facts: tuple[Fact, ...]
    verdicts: Mapping[tuple[str, str, str], tuple[Verdict, ...]]
    """(path, environment, resource) -> the verdicts of the entries with that name."""
    digests: Mapping[str, str]
    """Path -> the digest of the agreement that was compared."""
    asked: tuple[Asked, ...]
    answers: Mapping[tuple[str, str], Answer]
    """(system, environment) -> what answered; an environment that is empty stands for all."""
    sources: tuple[Source, ...]
    populations: Mapping[tuple[str, str], Population]
    """(system, environment) -> who is there; what they say counts where that place is in `answers`."""
    unverified: tuple[str, ...]

    def outdated(self, path: str, digest: str) -> bool:
        """Whether a manifest has another agreement now than the one that was compared."""
        return self.digests.get(path, digest) != digest

    def compared(self, system: str, environment: str, principal: str) -> str:
        """When this principal was compared in a system; empty where it was not."""
        found = self.answers.get(self.asked_at(system, environment))
        return found.at if found is not None and principal in found.compared else ""

    def place(self, system: str, environment: str) -> Where:
        """Where a system answered."""
        found = self.answers.get(self.asked_at(system, environment))
        return found.place if found is not None else NOWHERE

    def identity(self, system: str, environment: str, principal: str) -> str:
        """What a principal that was compared keeps when it is renamed; empty where it was not, is not there, or has nothing such."""
        found = self.answers.get(self.asked_at(system, environment))
        return found.identities.get(principal, "") if found is not None else ""

    def bearer(self, system: str, environment: str, identity: str) -> str | None:
        """Who has such an identity now; empty for nobody, None where nothing that was asked says so."""
        found = self.populations.get(self.asked_at(system, environment))
        return found.borne.get(identity) if found is not None else None

    def asked_at(self, system: str, environment: str) -> tuple[str, str]:
        """The place of `answers` that an environment's permissions in a system are compared with."""
        return (system, environment if (system, environment) in self.answers else "")


def from_json(text: str, as_of: date, max_age: timedelta) -> Live:
    """A nightly run's `drift --format json`.

    Raises:
        BadDrift: it is none, or from the future. One that is too old is no error: what it says is unverified.
    """
    try:
        body = json.loads(text)
        if body["command"] != "drift" or body["schema_version"] != 1:
            raise BadDrift("is no JSON report of drift's: `permlint drift --format json --output FILE` writes one")
        ages = [_age(one["at"], as_of) for one in body["asked"] if one["at"]]
        live = from_body(body)
    except (ValueError, RecursionError):
        raise BadDrift("is not JSON, or has a time that is none") from None
    except (KeyError, TypeError, AttributeError, IndexError):
        raise BadDrift("is no JSON report of drift's, or was edited") from None
    oldest = max(ages, default=timedelta())
    if oldest > max_age:
        hours, most = oldest / timedelta(hours=1), max_age / timedelta(hours=1)
        return stale(live, f"the drift report is {hours:.0f} h old, and may be {most:g} h old at most")
    return live


def _age(written: str, as_of: date) -> timedelta:
    taken = datetime.fromisoformat(written)
    now = moment(as_of)
    if taken > now and taken.date() > as_of:
        raise BadDrift("has an answer from the future")
    return now - taken


def from_body(body: Mapping[str, Any]) -> Live:
    """The same of the object itself."""
    verdicts: dict[tuple[str, str, str], list[Verdict]] = {}
    objects = {  # which an older drift does not tell
        (one["path"], one["environment"], one["resource"]): str(one["object_id"]) for one in body.get("objects", ())
    }
    for one in body["verdicts"]:
        key = (one["path"], one["environment"], one["resource"])
        verdicts.setdefault(key, []).append(
            Verdict(one["verdict"], tuple(one["also"]), one["reason"], one["principal"], objects.get(key, ""))
        )
    asked = [_asked(one) for one in body["asked"]]
    populations = [_population(one) for one in body["population"]]
    return Live(
        facts=tuple(map(_fact, [*body["findings"], *body["silenced"]])),
        verdicts={key: tuple(found) for key, found in verdicts.items()},
        digests=dict(body["digests"]),
        asked=tuple(asked),
        answers={
            (one["system"], one["environment"]): Answer(
                one["at"],
                frozenset(one["compared"]),
                _texts(one.get("place", {})),
                _texts(one.get("identities", {})),
            )
            for one in body["asked"]
            if not one["problem"]
        },
        sources=tuple(map(_source, populations)),
        populations={(one.system, one.environment): one for one in populations},
        unverified=tuple(body["unchecked"]),
    )


def stale(live: Live, reason: str) -> Live:
    """The same, believed no more: no verdict of it counts, and no answer."""
    return live._replace(
        facts=(),
        verdicts={
            key: tuple(one._replace(verdict="unverified", also=(), reason=reason) for one in found)
            for key, found in live.verdicts.items()
        },
        answers={},
        asked=tuple(one._replace(result=reason) for one in live.asked),
        sources=tuple(one._replace(known=False, problem=reason) for one in live.sources),
        unverified=(reason, *live.unverified),
    )


def note_of(one: Mapping[str, Any]) -> Note:
    """A finding of a JSON report."""
    words = ("rule", "severity", "message", "agent", "environment", "resource", "fix", "fingerprint")
    rule, severity, message, agent, environment, resource, fix, fingerprint = (str(one[word]) for word in words)
    return Note(
        rule=rule,
        severity=Severity[severity.upper()].label,
        message=message,
        place=f"{one['path']}:{int(one['line'])}:{int(one['column'])}",
        agent=agent,
        environment=environment,
        resource=resource,
        fix=fix,
        fingerprint=fingerprint,
        status={"suppression": "suppressed", "acceptance": "accepted"}.get(one.get("silenced_by", ""), "open"),
        reason=str(one.get("reason", "")),
        until=str(one.get("until", "")),
    )


def _fact(one: Mapping[str, Any]) -> Fact:
    system, principal, object_id = (str(one.get(name, "")) for name in ("system", "principal", "object_id"))
    return Fact(note_of(one), system, principal, dict(one["details"]), object_id)


def _asked(one: Mapping[str, Any]) -> Asked:
    where = f"{one['system']} ({one['environment']})" if one["environment"] else one["system"]
    return Asked(where, "; ".join(_plane(one)), one["at"], one["problem"] or "answered")


def _plane(one: Mapping[str, Any]) -> Iterable[str]:
    if one["kind"]:
        yield one["kind"]
    if one["account"]:
        yield one["account"]
    if one["principals"]:
        yield f"of {', '.join(one['principals'])}"


def _population(one: Mapping[str, Any]) -> Population:
    system, environment, kind, query, problem = (
        str(one[name]) for name in ("system", "environment", "kind", "query", "problem")
    )
    declared, unmanaged, orphaned = (tuple(map(str, one[name])) for name in ("declared", "unmanaged", "orphaned"))
    # An older drift looks for nobody by name.
    present, absent = (tuple(map(str, one.get(name, ()))) for name in ("present", "absent"))
    identities, borne = (_texts(one.get(name, {})) for name in ("identities", "borne"))
    return Population(
        system, environment, kind, query, declared, unmanaged, orphaned, problem, present, absent, identities, borne
    )


def _texts(given: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(said) for name, said in given.items()}


def _source(one: Population) -> Source:
    return Source(
        name=one.system,
        environment=one.environment,
        kind=one.kind,
        query=one.query,
        principals=len(one.declared) + len(one.unmanaged),
        declared=len(one.declared),
        unmanaged=one.unmanaged,
        orphaned=one.orphaned,
        known=not one.problem,
        problem=one.problem,
    )
