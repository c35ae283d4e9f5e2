"""From comparisons to findings and verdicts: what each plane's outcome makes of the manifests that are compared on it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from linter.acceptance import Acceptance
from linter.checks import Place
from linter.checks.subject import Subject
from linter.drift.identities import identity_faults
from linter.drift.planes import Intent, Plane
from linter.drift.strangers import Watch
from linter.engine import Engine
from linter.findings import UNVERIFIED_RULE, Finding, Severity, Source
from linter.outcome import Attempt, ResourceVerdict, unverified_line
from linter.systems.live import (
    GRAVITY,
    OK,
    UNVERIFIED,
    Claim,
    Comparison,
    Discrepancy,
    Failure,
    Observation,
    Part,
    Table,
)
from linter.systems.places import Where, elsewhere

if TYPE_CHECKING:
    from linter.manifest.model import Resource


class Judge:
    """Gathers what the comparisons of one run come to."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.findings: list[Finding] = []
        self.verdicts: list[ResourceVerdict] = []
        self.crashed: list[str] = []
        self.notes: dict[str, None] = {}
        self.effective: list[tuple[str, Table]] = []
        self.compared: dict[tuple[str, ...], set[str]] = {}
        """The principals of each target that were compared."""
        self.attempts: dict[Source, Attempt] = {}

    def judge_all(self, compared: Sequence[tuple[Plane, Comparison | Failure]]) -> None:
        """Every plane that was to be compared."""
        users: dict[tuple[object, ...], dict[str, None]] = {}
        for plane, outcome in compared:
            if not isinstance(outcome, Failure):
                agents = {claim.subject.manifest.agent: None for claim in plane.claims}
                users.setdefault((plane.target.key, outcome.principal), {}).update(agents)
        places: dict[str, list[Where]] = {}
        for _, outcome in compared:
            if not isinstance(outcome, Failure):
                places.setdefault(outcome.principal, []).append(outcome.place)
        for plane, outcome in compared:
            if isinstance(outcome, Failure):
                self._note(plane.intents, outcome)
                for claim in plane.claims:
                    self._lose(claim, plane.principal, outcome)
                continue
            self._note(plane.intents, place=outcome.place)
            sharing = list(users[plane.target.key, outcome.principal])
            for part in outcome.parts:
                here = [one for one in part.discrepancies if not _judged(one, places[outcome.principal])]
                self._judge(part._replace(discrepancies=tuple(here)), identity_faults(part, sharing))
                self.compared.setdefault(plane.target.key, set()).add(part.principal)
            self.notes.update(dict.fromkeys(outcome.notes))
            where = f"{outcome.principal} in {plane.binding.system} ({plane.binding.environment})"
            self.effective.append((where, outcome.effective))

    def give_up(self, intent: Intent, problem: str) -> None:
        """What cannot even be asked."""
        self._note([intent], Failure(problem))
        claim = Claim(
            intent.subject, intent.environment, intent.system, intent.resources, intent.identity, intent.audit_log
        )
        self._lose(claim, intent.principal or "", Failure(problem))

    def unwatched(
        self,
        lost: Iterable[tuple[Source, Failure]],
        watches: Sequence[Watch],
        answers: Mapping[tuple[str, ...], Observation | Failure],
        found: Sequence[Plane],
    ) -> list[str]:
        """A sentence for each system whose principals were to be looked through and were not, where nothing else says so."""
        failures = list(lost)
        places: dict[Source, Where] = {}
        for watch in watches:
            answer = answers[watch.target.key]
            if isinstance(answer, Failure):
                failures.append((watch.source, answer))
            else:
                failures.append((watch.source, Failure("")))
                places[watch.source] = answer.place()
        compared = {plane.target.key for plane in found}
        silent = {watch.source for watch in watches if watch.target.key in compared}
        for source, failure in failures:
            self.attempts[source] = Attempt(source, "", "", *failure, places.get(source, {}))
        return [
            f"principals of {source.system}: {failure.problem}"
            for source, failure in failures
            if failure.problem and source not in silent
        ]

    def looked(self, one: Acceptance) -> bool:
        """Whether a run over everything would have found what is accepted: its systems were asked and have answered."""
        failed = [asked.source for asked in self.attempts.values() if asked.problem]
        return not any(one.agent in ("", each.agent) and one.environment in ("", each.environment) for each in failed)

    def unverified(self, findings: Sequence[Finding], accepted: set[tuple[str, str, str]]) -> list[str]:
        """What remains unverified and is not accepted, folded by reason."""
        off = self.engine.rules.rules[UNVERIFIED_RULE].gravest is Severity.OFF
        if off:
            open_ones = [
                (one.path, one.environment, one.resource, one.reason)
                for one in self.verdicts
                if UNVERIFIED in (one.verdict, *one.also) and (one.path, one.environment, one.resource) not in accepted
            ]
        else:
            open_ones = [
                (one.location.path, one.environment, one.resource, one.message)
                for one in findings
                if one.rule == UNVERIFIED_RULE
            ]
        folded: dict[tuple[str, str, str], list[str]] = {}
        for path, environment, resource, reason in open_ones:
            folded.setdefault((path, environment, reason), []).append(resource)
        return [unverified_line(*key, resources) for key, resources in folded.items()]

    def _note(self, intents: Iterable[Intent], failure: Failure | None = None, place: Where | None = None) -> None:
        """Remember that sources were compared, or why not; of two of one name (duplicate agents) the failure counts."""
        for intent in intents:
            source = _source(intent.subject, intent.environment, intent.system)
            if failure is not None or source not in self.attempts:
                known = failure or Failure("")
                asked = Attempt(source, intent.subject.path, intent.subject.owner, *known, place or {})
                self.attempts[source] = asked

    def _judge(self, part: Part, extra: Iterable[Discrepancy] = ()) -> None:
        """The findings and the verdicts of one agent's part."""
        whole = part._replace(discrepancies=(*part.discrepancies, *extra))
        claim = part.claim
        subject = claim.subject
        source = _source(subject, claim.environment, claim.system)
        said = self.engine.check_live(whole, source)
        self.findings += said.findings
        self.crashed += said.crashed
        if said.crashed and source in self.attempts:
            self.attempts[source] = self.attempts[source]._replace(problem="a check of permlint crashed")
        touching: dict[int, list[Discrepancy]] = {}
        for one in whole.discrepancies:
            for resource in _touched(one) if one.verdict else ():
                touching.setdefault(resource.position, []).append(one)
        for resource in claim.resources:
            held = touching.get(resource.position, [])
            kinds = sorted({one.verdict for one in held}, key=GRAVITY.index)
            gravest = kinds[0] if kinds else OK
            reason = next((one.reason for one in held if one.verdict == gravest), "what is granted is what is declared")
            self.verdicts.append(
                ResourceVerdict(
                    subject.path,
                    subject.redact(subject.manifest.agent),
                    claim.environment,
                    subject.redact(resource.name),
                    resource.system,
                    part.principal,
                    gravest,
                    tuple(kinds[1:]),
                    subject.redact(reason),
                    part.objects.get(resource.position, ""),
                )
            )

    def _lose(self, claim: Claim, principal: str, failure: Failure) -> None:
        """A claim that could not be compared: each of its resources is unverified, and so is the audit log."""
        problem = failure.problem
        found = [_unverified(problem, resource) for resource in claim.resources]
        if claim.audit_log is not None and not claim.resources:
            found.append(_unverified(f"the audit log {claim.audit_log.name}: {problem}", None, claim.audit_log.place))
        self._judge(Part(claim, principal, tuple(found)))


def _judged(one: Discrepancy, places: Iterable[Where]) -> bool:
    """Whether another comparison judges it."""
    return bool(one.judged_at) and any(place and not elsewhere(place, one.judged_at) for place in places)


def _source(subject: Subject, environment: str, system: str) -> Source:
    return Source(*map(subject.redact, (subject.manifest.agent, environment, system)))


def _touched(one: Discrepancy) -> "tuple[Resource, ...]":
    if one.touches is not None:
        return one.touches
    return (one.resource,) if one.resource is not None else ()


def _unverified(problem: str, resource: "Resource | None", place: Place | None = None) -> Discrepancy:
    return Discrepancy(
        "unverified-resource",
        key="whole",
        values={"reason": problem},
        resource=resource,
        place=place,
        verdict=UNVERIFIED,
        reason=problem,
    )
