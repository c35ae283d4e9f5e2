"""One run of `permlint drift`: which manifests, what they ask to be compared, the systems asked, and the outcome."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, as_completed
from threading import Semaphore, Thread
from typing import TYPE_CHECKING, Any, NamedTuple

from linter.acceptance import ACCEPTED, accept
from linter.checking import Selection, order
from linter.checks import Place
from linter.checks.subject import Subject, Surroundings
from linter.engine import Engine
from linter.files import STDIN, read_file, read_stdin
from linter.findings import Finding, InputError, Outcome, ResourceVerdict, Severity, Silenced
from linter.manifest.reader import read
from linter.manifest.text import Unreadable
from linter.planes import Intent, Plane, intents, planes
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

_MOST_AT_ONCE = 8
"""Systems asked at the same time."""
UNVERIFIED_RULE = "drift/unverified-resource"


class Request(NamedTuple):
    """What a run is asked to do, beside which manifests."""

    environments: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()
    recordings: tuple[Recording, ...] = ()
    offline: str = ""
    """Why nothing may be asked live, a clause; empty where it may."""
    self_check: bool = False
    progress: Callable[[int, int], None] | None = None
    """Told how many systems have answered, of how many."""


class Result(NamedTuple):
    """A run's outcome, and what `--record` writes."""

    outcome: Outcome
    record: Mapping[str, list[dict[str, Any]]]
    """System -> an entry an environment."""


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
        self._recorded: dict[tuple[str, ...], Entry] = {}

    def target(self, adapter: Adapter, binding: Binding) -> Target:
        """Where a binding leads: into a recording that knows the system, else where the adapter says."""
        found = find(self.request.recordings, binding.system, binding.environment, binding.kind)
        if isinstance(found, str):
            raise Unverified(found)
        if found is not None:
            key = ("recorded", found.recording.path, binding.system, binding.environment)
            self._recorded[key] = found
            return Target(key, found.recording.path)
        if self.request.offline:
            raise Unverified(self.request.offline)
        return adapter.target(binding)

    def observe(self, wanted: Mapping[Target, tuple[Adapter, set[str]]]) -> dict[tuple[str, ...], Observation | str]:
        """Ask every system once, several at a time; a sentence where one does not answer."""
        answers: dict[tuple[str, ...], Observation | str] = {}
        gate = Semaphore(_MOST_AT_ONCE)

        def work(future: "Future[Observation | str]", adapter: Adapter, target: Target, principals: list[str]) -> None:
            with gate:
                try:
                    future.set_result(self._ask(adapter, target, principals))
                except BaseException as error:  # the one who waits must be told, whatever it is
                    future.set_exception(error)

        waiting: dict[Future[Observation | str], Target] = {}
        for target, (adapter, principals) in wanted.items():
            future: Future[Observation | str] = Future()
            waiting[future] = target
            # A daemon's thread: an interrupted run ends at once, and does not wait for a server that may never answer.
            Thread(target=work, args=(future, adapter, target, sorted(principals)), daemon=True).start()
        for done in as_completed(waiting):
            answers[waiting[done].key] = done.result()
            if self.request.progress is not None:
                self.request.progress(len(answers), len(waiting))
        return answers

    def _ask(self, adapter: Adapter, target: Target, principals: Sequence[str]) -> Observation | str:
        try:
            entry = self._recorded.get(target.key)
            if entry is None:
                return adapter.observe(target, principals)
            return adapter.recorded(entry.data)
        except Unverified as problem:
            return str(problem)
        except ValueError as problem:
            return f"{target.label}: {problem}"

    def compare(self, plane: Plane, answer: Observation | str) -> Comparison | str:
        """One plane compared, its part of each manifest judged; or why that could not be done."""
        if isinstance(answer, str):
            return answer
        target = plane.target if self.request.self_check and plane.target.access else None
        try:
            return plane.adapter.compare(plane.binding, plane.principal, plane.claims, answer, target)
        except Unverified as problem:
            return str(problem)

    def judge(self, part: Part, extra: Iterable[Discrepancy] = ()) -> None:
        """The findings and the verdicts of one agent's part."""
        whole = part._replace(discrepancies=(*part.discrepancies, *extra))
        said = self.engine.check_live(whole)
        self.findings += said.findings
        self.crashed += said.crashed
        claim = part.claim
        subject = claim.subject
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

    def lose(self, claim: Claim, principal: str, problem: str) -> None:
        """A claim that could not be compared: each of its resources is unverified, and so is the audit log."""
        found = [_unverified(problem, resource) for resource in claim.resources]
        if claim.audit_log is not None and not claim.resources:
            found.append(_unverified(f"the audit log {claim.audit_log.name}: {problem}", None, claim.audit_log.place))
        self.judge(Part(claim, principal, tuple(found)))


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


def drift(config: "Config", rules: Ruleset, selection: Selection, as_of: "date", request: Request) -> Result:
    """Compare what the selected manifests declare with what their principals really hold."""
    config = _bound(config, request.recordings)
    named, context, errors = gather(config, selection, as_of)
    run = _Run(config, rules, as_of, request)
    plan = [intent for subject in named for intent in intents(config, subject, request.environments, request.systems)]
    around = [intent for subject in context for intent in intents(config, subject)]
    found, lost = planes(plan, run.target)
    watches, unwatched = watched(config, [*named, *context], request.environments, request.systems, run.target)
    wanted: dict[tuple[str, ...], tuple[Target, Adapter, set[str]]] = {}
    for target, adapter, principals in [
        *((plane.target, plane.adapter, {plane.principal}) for plane in found),
        *((watch.target, watch.adapter, set()) for watch in watches),
    ]:
        wanted.setdefault(target.key, (target, adapter, set()))[2].update(principals)
    answers = run.observe({target: (adapter, principals) for target, adapter, principals in wanted.values()})
    for intent, problem in lost:
        run.lose(_claim(intent), intent.principal or "", problem)
    compared = [(plane, run.compare(plane, answers[plane.target.key])) for plane in found]
    _judge_all(run, compared, answers)
    run.findings += strangers(run.engine, watches, answers, [*plan, *around])
    return _finish(run, selection, named, errors, [*unwatched, *_unanswered(watches, answers, found)], as_of)


def _bound(config: "Config", recordings: Sequence[Recording]) -> "Config":
    """The configuration, and for each system that it does not bind the kind that a recording gives: an operator named the file."""
    recorded = {
        name: {"kind": entries[0]["kind"]} for one in recordings for name, entries in one.systems.items() if entries
    }
    return config._replace(systems={**recorded, **config.systems})


def _claim(intent: Intent) -> Claim:
    return Claim(intent.subject, intent.environment, intent.system, intent.resources, intent.identity, intent.audit_log)


def _judge_all(
    run: _Run, compared: Sequence[tuple[Plane, Comparison | str]], answers: Mapping[tuple[str, ...], Observation | str]
) -> None:
    users: dict[tuple[object, ...], dict[str, None]] = {}
    for plane, outcome in compared:
        if not isinstance(outcome, str):
            agents = {claim.subject.manifest.agent: None for claim in plane.claims}
            users.setdefault((plane.target.key, outcome.principal), {}).update(agents)
    for plane, outcome in compared:
        if isinstance(outcome, str):
            for claim in plane.claims:
                run.lose(claim, plane.principal, outcome)
            continue
        sharing = list(users[plane.target.key, outcome.principal])
        for part in outcome.parts:
            run.judge(part, _identity_faults(part, sharing))
        run.notes.update(dict.fromkeys(outcome.notes))
        where = f"{outcome.principal} in {plane.binding.system} ({plane.binding.environment})"
        run.effective.append((where, outcome.effective))
        answer = answers[plane.target.key]
        entries = run.record.setdefault(plane.binding.system, [])
        known = {entry["environment"] for entry in entries}
        if not isinstance(answer, str) and plane.binding.environment not in known:
            entry = {"kind": plane.binding.kind, "environment": plane.binding.environment, **answer.to_json()}
            entries.append(entry)


def _identity_faults(part: Part, sharing: Sequence[str]) -> Iterable[Discrepancy]:
    claim = part.claim
    if claim.identity is not None and claim.identity != part.principal:
        yield Discrepancy(
            "identity-mismatch",
            key=claim.system,
            values={"declared": claim.identity},
            details={"declared": claim.identity, "compared": part.principal},
            cause=f"configuration says that the principal is {part.principal}",
            place=Place(("identities", claim.system)),
        )
    others = [agent for agent in sharing if agent != claim.subject.manifest.agent]
    if others:
        yield Discrepancy(
            "shared-principal",
            key=part.principal,
            values={"others": ", ".join(others)},
            details={"role": part.principal, "agents": sorted(sharing)},
            cause=f"{part.principal} is shared by {', '.join(sorted(sharing))}",
        )


def _unanswered(
    watches: Sequence[Watch], answers: Mapping[tuple[str, ...], Observation | str], found: Sequence[Plane]
) -> Iterable[str]:
    """Systems that only a `principals` pattern asked for, and that did not answer."""
    told = {plane.target.key for plane in found}
    for watch in watches:
        answer = answers[watch.target.key]
        if isinstance(answer, str) and watch.target.key not in told:
            yield f"principals of {watch.binding.system}: {answer}"


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
        findings, silenced = accept(engine, findings, whole=selection.whole)
    except Unreadable as error:
        errors.append(InputError(ACCEPTED, error.line, error.column, error.message))
    accepted = {
        (one.finding.location.path, one.finding.environment, one.finding.resource)
        for one in silenced
        if one.finding.rule == UNVERIFIED_RULE
    }
    unchecked = [*selection.unmatched, *run.crashed, *unwatched]
    unchecked += [note for note in run.notes if note.startswith("self-check failed")]
    unchecked += _unverified_sentences(run, findings, accepted)
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
        within=run.config.within,
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
