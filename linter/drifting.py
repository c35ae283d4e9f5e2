"""One run of `permlint drift`: which manifests, what they ask to be compared, the systems asked, and the outcome."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, NamedTuple

from linter.acceptance import ACCEPTED, Acceptance, accept
from linter.asking import Daemons, Standing, Unit
from linter.checking import Selection, order
from linter.checks import Place
from linter.checks.subject import Subject, Surroundings
from linter.comparing import Told, tell
from linter.engine import Engine
from linter.files import STDIN, read_file, read_stdin
from linter.findings import (
    Asked,
    Attempt,
    Finding,
    InputError,
    Outcome,
    Population,
    ResourceVerdict,
    Severity,
    Silenced,
    Source,
)
from linter.identities import identity_faults
from linter.manifest.reader import read
from linter.manifest.signing import digest_of
from linter.manifest.text import Unreadable
from linter.planes import Intent, Plane, intents, planes
from linter.population import Ground, asked, population
from linter.recordings import Entry, Recording, find
from linter.rulesets import Ruleset
from linter.strangers import Watch, strangers, watched
from linter.systems.live import (
    GRAVITY,
    OK,
    UNVERIFIED,
    Adapter,
    Binding,
    Claim,
    Comparison,
    Discrepancy,
    Failure,
    Observation,
    Part,
    Table,
    Target,
    Unverified,
)

if TYPE_CHECKING:
    from datetime import date

    from linter.config import Config
    from linter.manifest.model import Resource

UNVERIFIED_RULE = "drift/unverified-resource"


class Request(NamedTuple):
    """What a run is asked to do, beside which manifests."""

    environments: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()
    recordings: tuple[Recording, ...] = ()
    offline: str = ""
    """Why nothing may be asked live, a clause; empty where it may."""
    self_check: bool = False
    progress: Callable[[Standing], None] | None = None
    """Told how far the asking is."""


class Result(NamedTuple):
    """A run's outcome, and what `--record` writes."""

    outcome: Outcome
    record: Mapping[str, list[dict[str, Any]]]
    """System -> an entry an environment."""
    seconds: tuple[tuple[str, float], ...] = ()
    """(a system's label, how long its answer took)."""
    interrupted: bool = False
    """Whether somebody ended it before every system had answered and was compared: what is missing is unverified."""


def gather(
    config: "Config", selection: Selection, as_of: "date"
) -> tuple[list[Subject], list[Subject], list[InputError]]:
    """The manifests that are reported on, those that are only context, and what cannot be read."""
    around = Surroundings(config, as_of, by_name=False)
    named: list[Subject] = []
    context: list[Subject] = []
    errors: list[InputError] = []
    for path in (*selection.named, *selection.context):
        wanted = path in selection.named
        try:
            text = read_stdin() if path == STDIN else read_file(os.path.join(config.root, path), config.root)
            (named if wanted else context).append(Subject(path, read(text), around))
        except Unreadable as error:
            if wanted:
                errors.append(InputError(path, error.line, error.column, error.message))
    return named, context, errors


class _Run:
    def __init__(self, config: "Config", rules: Ruleset, as_of: "date", request: Request) -> None:
        self.config = config
        self.request = request
        self.engine = Engine(rules, Surroundings(config, as_of, by_name=False))
        self.findings: list[Finding] = []
        self.verdicts: list[ResourceVerdict] = []
        self.crashed: list[str] = []
        self.notes: dict[str, None] = {}
        self.effective: list[tuple[str, Table]] = []
        self.record: dict[str, list[dict[str, Any]]] = {}
        self.asked: tuple[Asked, ...] = ()
        self.population: tuple[Population, ...] = ()
        self.compared: dict[tuple[str, ...], set[str]] = {}
        """The principals of each target that were compared."""
        self.attempts: dict[Source, Attempt] = {}
        self._recorded: dict[tuple[str, ...], Entry] = {}

    def target(self, adapter: Adapter, binding: Binding, agent: str) -> Target:
        """Where a binding leads for an agent: into a recording that knows the system, else where the adapter says."""
        found = find(self.request.recordings, binding.system, binding.environment, binding.kind, agent)
        if isinstance(found, str):
            raise Unverified(found)
        if found is not None:
            whose = found.data.get("agent", "")
            key = ("recorded", found.recording.path, binding.system, binding.environment, whose)
            self._recorded[key] = found
            return Target(key, f"{found.recording.path} ({binding.system})")
        if self.request.offline:
            raise Unverified(self.request.offline)
        return adapter.target(binding)

    def units(self, found: Iterable[Plane], watches: Iterable[Watch]) -> list[Unit]:
        """What has to be asked, or looked up in a recording: each target once."""
        units: dict[tuple[str, ...], Unit] = {}
        asking: list[Plane | Watch] = [*found, *watches]
        for one in asking:
            entry = self._recorded.get(one.target.key)
            recorded = None if entry is None else entry.data
            unit = units.setdefault(one.target.key, Unit(one.adapter, one.target, recorded=recorded))
            if isinstance(one, Plane):
                principals = sorted({*unit.principals, one.principal})
                declared = [*unit.declared, *(named for claim in one.claims for named in claim.named)]
                units[one.target.key] = unit._replace(principals=tuple(principals), declared=tuple(declared))
        return list(units.values())

    def times(self, told: Told) -> dict[tuple[str, ...], str]:
        """When each target that answered did: by its own account, else when it was recorded, else when it was asked."""
        found = {}
        for key, said in told.answers.items():
            if not isinstance(said, Failure):
                recorded = self._recorded.get(key)
                found[key] = said.told_at() or (recorded.recording.taken if recorded else told.times[key])
        return found

    def compare(self, plane: Plane, answer: Observation | Failure) -> Comparison | Failure:
        """One plane compared, its part of each manifest judged; or why that could not be done."""
        if isinstance(answer, Failure):
            return answer
        target = plane.target if self.request.self_check and plane.target.access else None
        try:
            return plane.adapter.compare(plane.binding, plane.principal, plane.claims, answer, target)
        except Unverified as problem:
            return Failure.of(problem)

    def keep(self, plane: Plane, answer: Observation) -> None:
        """What `--record` writes of an answer, once; one that was recorded for one agent stays that agent's."""
        head = {"kind": plane.binding.kind, "environment": plane.binding.environment}
        recorded = self._recorded.get(plane.target.key)
        if recorded is not None and "agent" in recorded.data:
            head["agent"] = recorded.data["agent"]
        entries = self.record.setdefault(plane.binding.system, [])
        if not any(
            head == {key: one[key] for key in ("kind", "environment", "agent") if key in one} for one in entries
        ):
            entries.append({**head, **answer.to_json()})

    def note(self, intents: Iterable[Intent], failure: Failure | None = None) -> None:
        """Remember that sources were compared, or why not; of two of one name (duplicate agents) the failure counts."""
        for intent in intents:
            source = _source(intent.subject, intent.environment, intent.system)
            if failure is not None or source not in self.attempts:
                known = failure or Failure("")
                self.attempts[source] = Attempt(source, intent.subject.path, intent.subject.owner, *known)

    def looked(self, one: Acceptance) -> bool:
        """Whether a run over every manifest would have found what is accepted: its systems were asked and have answered."""
        if self.request.environments or self.request.systems:
            return False
        failed = [asked.source for asked in self.attempts.values() if asked.problem]
        return not any(one.agent in ("", each.agent) and one.environment in ("", each.environment) for each in failed)

    def judge(self, part: Part, extra: Iterable[Discrepancy] = ()) -> None:
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
                )
            )

    def lose(self, claim: Claim, principal: str, failure: Failure) -> None:
        """A claim that could not be compared: each of its resources is unverified, and so is the audit log."""
        problem = failure.problem
        found = [_unverified(problem, resource) for resource in claim.resources]
        if claim.audit_log is not None and not claim.resources:
            found.append(_unverified(f"the audit log {claim.audit_log.name}: {problem}", None, claim.audit_log.place))
        self.judge(Part(claim, principal, tuple(found)))


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


def drift(
    config: "Config",
    rules: Ruleset,
    selection: Selection,
    as_of: "date",
    request: Request,
    executor: Executor | None = None,
) -> Result:
    """Compare what the selected manifests declare with what their principals really hold.

    Args:
        executor: who asks the systems, and is shut down at the end; by default threads of this process.
    """
    config = _bound(config, request.recordings)
    named, context, errors = gather(config, selection, as_of)
    run = _Run(config, rules, as_of, request)
    plan = [intent for subject in named for intent in intents(config, subject, request.environments, request.systems)]
    around = [intent for subject in context for intent in intents(config, subject)]
    found, lost = planes(plan, run.target)
    watches, unwatched = watched(config, [*named, *context], request.environments, request.systems, run.target)
    units = run.units(found, watches)
    with executor or Daemons() as pool:
        told = tell(units, found, run.compare, pool, request.progress)
    for intent, problem in lost:
        run.note([intent], Failure(problem))
        run.lose(_claim(intent), intent.principal or "", Failure(problem))
    _judge_all(run, list(zip(found, told.compared, strict=True)), told.answers)
    ground = Ground(config, plan, found, lost, watches, told.answers, run.times(told), run.compared)
    run.asked, run.population = asked(ground), population(ground)
    run.findings += strangers(run.engine, watches, told.answers, [*plan, *around])
    unchecked = [*told.interruption, *_unwatched(run, unwatched, watches, told.answers, found)]
    return _finish(run, selection, named, errors, unchecked, as_of)._replace(
        seconds=told.seconds, interrupted=bool(told.interruption)
    )


def _unwatched(
    run: _Run,
    unwatched: Iterable[tuple[Source, Failure]],
    watches: Sequence[Watch],
    answers: Mapping[tuple[str, ...], Observation | Failure],
    found: Sequence[Plane],
) -> list[str]:
    """A sentence for each system whose principals were to be looked through and were not, where nothing else says so."""
    failures = list(unwatched)
    for watch in watches:
        answer = answers[watch.target.key]
        failures.append((watch.source, answer if isinstance(answer, Failure) else Failure("")))
    compared = {plane.target.key for plane in found}
    silent = {watch.source for watch in watches if watch.target.key in compared}
    for source, failure in failures:
        run.attempts[source] = Attempt(source, "", "", *failure)
    return [
        f"principals of {source.system}: {failure.problem}"
        for source, failure in failures
        if failure.problem and source not in silent
    ]


def _bound(config: "Config", recordings: Sequence[Recording]) -> "Config":
    """The configuration, and for each system that it does not bind the kind that a recording gives: an operator named the file."""
    recorded = {
        name: {"kind": entries[0]["kind"]} for one in recordings for name, entries in one.systems.items() if entries
    }
    return config._replace(systems={**recorded, **config.systems})


def _claim(intent: Intent) -> Claim:
    return Claim(intent.subject, intent.environment, intent.system, intent.resources, intent.identity, intent.audit_log)


def _judge_all(
    run: _Run,
    compared: Sequence[tuple[Plane, Comparison | Failure]],
    answers: Mapping[tuple[str, ...], Observation | Failure],
) -> None:
    users: dict[tuple[object, ...], dict[str, None]] = {}
    for plane, outcome in compared:
        if not isinstance(outcome, Failure):
            agents = {claim.subject.manifest.agent: None for claim in plane.claims}
            users.setdefault((plane.target.key, outcome.principal), {}).update(agents)
    for plane, outcome in compared:
        if isinstance(outcome, Failure):
            run.note(plane.intents, outcome)
            for claim in plane.claims:
                run.lose(claim, plane.principal, outcome)
            continue
        run.note(plane.intents)
        sharing = list(users[plane.target.key, outcome.principal])
        for part in outcome.parts:
            run.judge(part, identity_faults(part, sharing))
            run.compared.setdefault(plane.target.key, set()).add(part.principal)
        run.notes.update(dict.fromkeys(outcome.notes))
        where = f"{outcome.principal} in {plane.binding.system} ({plane.binding.environment})"
        run.effective.append((where, outcome.effective))
        answer = answers[plane.target.key]
        if not isinstance(answer, Failure):
            run.keep(plane, answer)


def _finish(
    run: _Run,
    selection: Selection,
    named: Sequence[Subject],
    errors: list[InputError],
    unwatched: Iterable[str],
    as_of: "date",
) -> Result:
    engine = run.engine
    silenced: list[Silenced] = []
    findings = run.findings
    try:
        findings, silenced = accept(engine, findings, run.looked if selection.whole else lambda _: False)
    except Unreadable as error:
        errors.append(InputError(ACCEPTED, error.line, error.column, error.message))
    accepted = {
        (one.finding.location.path, one.finding.environment, one.finding.resource)
        for one in silenced
        if one.finding.rule == UNVERIFIED_RULE
    }
    unverified = [*unwatched, *_unverified_sentences(run, findings, accepted)]
    unchecked = [*selection.unmatched, *run.crashed, *unverified]
    unchecked += [note for note in run.notes if note.startswith("self-check failed")]
    if not run.verdicts and not unchecked and not errors and named:
        unchecked.append("no resource of these manifests was asked for")
    outcome = Outcome(
        command="drift",
        as_of=as_of,
        findings=tuple(sorted(findings, key=order)),
        silenced=tuple(sorted(silenced, key=lambda one: order(one.finding))),
        errors=tuple(sorted(errors)),
        manifests=len(named),
        rules={id: rule for id, rule in engine.rules.rules.items() if rule.gravest is not Severity.OFF},
        unchecked=tuple(dict.fromkeys(unchecked)),
        verdicts=tuple(sorted(run.verdicts)),
        notes=tuple(run.notes),
        effective=tuple(run.effective),
        asked=run.asked,
        population=run.population,
        digests={subject.path: digest_of(subject.manifest) for subject in named},
        within=run.config.within,
        unverified=tuple(unverified),
        attempts=tuple(sorted(run.attempts.values())),
    )
    return Result(outcome, {name: found for name, found in run.record.items() if found})


def _unverified_sentences(run: _Run, findings: Sequence[Finding], accepted: set[tuple[str, str, str]]) -> list[str]:
    """What remains unverified and is not accepted, folded by reason."""
    off = run.engine.rules.rules[UNVERIFIED_RULE].gravest is Severity.OFF
    if off:
        open_ones = [
            (one.path, one.environment, one.resource, one.reason)
            for one in run.verdicts
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
    return [
        f"{path}: {', '.join(filter(None, resources)) or 'the audit log'} ({environment}): {reason}"
        for (path, environment, reason), resources in folded.items()
    ]
