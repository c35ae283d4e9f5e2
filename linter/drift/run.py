"""One run of `permlint drift`: which manifests, what they ask to be compared, the systems asked, and the outcome."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from linter.acceptance import ACCEPTED, accept
from linter.checking import Selection, order
from linter.checks.subject import Subject, Surroundings
from linter.drift.asking import Daemons, Standing
from linter.drift.comparing import tell
from linter.drift.judging import Judge
from linter.drift.planes import Plane, intents, planes
from linter.drift.population import Ground, asked, population
from linter.drift.questions import Questions
from linter.drift.recordings import Recording
from linter.drift.strangers import Agreed, strangers, watched
from linter.engine import Engine
from linter.files import STDIN, read_file, read_stdin
from linter.findings import UNVERIFIED_RULE, Severity, Silenced
from linter.manifest.reader import read
from linter.manifest.signing import digest_of
from linter.manifest.text import Unreadable
from linter.outcome import InputError, Outcome, Sought
from linter.rulesets import Ruleset
from linter.systems.live import Comparison, Failure, Observation, Unverified

if TYPE_CHECKING:
    from datetime import date

    from linter.config import Config


class Request(NamedTuple):
    """What a run is asked to do, beside which manifests."""

    environments: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()
    recordings: tuple[Recording, ...] = ()
    offline: str = ""
    """Why nothing may be asked live, a clause; empty where it may."""
    self_check: bool = False
    sought: Sequence[Sought] = ()
    """Whom to look for, though no manifest and no pattern may find them."""
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
    questions = Questions(request.recordings, request.offline)
    judge = Judge(Engine(rules, Surroundings(config, as_of, by_name=False)))
    plan = [intent for subject in named for intent in intents(config, subject, request.environments, request.systems)]
    agreed = Agreed(config, [*named, *context], questions.target)
    found, lost = planes(plan, questions.target)
    watches, unwatched = watched(config, [*named, *context], request.environments, request.systems, questions.target)
    units = questions.units(found, watches)
    compare = partial(_compare, self_check=request.self_check)
    with executor or Daemons() as pool:
        told = tell(units, found, compare, pool, request.progress)
    for intent, problem in lost:
        judge.give_up(intent, problem)
    judge.judge_all(list(zip(found, told.compared, strict=True)))
    questions.keep_all(found, told)
    ground = Ground(
        config, agreed, found, lost, watches, told.answers, questions.times(told), judge.compared, request.sought
    )
    judge.findings += strangers(judge.engine, watches, told.answers, agreed)
    unchecked = [*told.interruption, *judge.unwatched(unwatched, watches, told.answers, found)]
    outcome = _outcome(config, judge, request, selection, named, errors, unchecked, as_of)
    return Result(
        outcome._replace(asked=asked(ground), population=population(ground)),
        {name: entries for name, entries in questions.record.items() if entries},
        told.seconds,
        bool(told.interruption),
    )


def _bound(config: "Config", recordings: Sequence[Recording]) -> "Config":
    """The configuration, and for each system that it does not bind the kind that a recording gives: an operator named the file."""
    recorded = {
        name: {"kind": entries[0]["kind"]} for one in recordings for name, entries in one.systems.items() if entries
    }
    return config._replace(systems={**recorded, **config.systems})


def _compare(plane: Plane, answer: Observation | Failure, *, self_check: bool) -> Comparison | Failure:
    """One plane compared, its part of each manifest judged; or why that could not be done."""
    if isinstance(answer, Failure):
        return answer
    target = plane.target if self_check and plane.target.access else None
    try:
        compared = plane.adapter.compare(plane.binding, plane.principal, plane.claims, answer, target)
    except Unverified as problem:
        return Failure.of(problem)
    return compared._replace(place=answer.place())


def _outcome(
    config: "Config",
    judge: Judge,
    request: Request,
    selection: Selection,
    named: Sequence[Subject],
    errors: list[InputError],
    unwatched: Iterable[str],
    as_of: "date",
) -> Outcome:
    engine = judge.engine
    whole = selection.whole and not (request.environments or request.systems)
    silenced: list[Silenced] = []
    findings = judge.findings
    try:
        findings, silenced = accept(engine, findings, judge.looked if whole else lambda _: False)
    except Unreadable as error:
        errors.append(InputError(ACCEPTED, error.line, error.column, error.message))
    accepted = {
        (one.finding.location.path, one.finding.environment, one.finding.resource)
        for one in silenced
        if one.finding.rule == UNVERIFIED_RULE
    }
    unverified = [*unwatched, *judge.unverified(findings, accepted)]
    unchecked = [*selection.unmatched, *judge.crashed, *unverified]
    unchecked += [note for note in judge.notes if note.startswith("self-check failed")]
    if not judge.verdicts and not unchecked and not errors and named:
        unchecked.append("no resource of these manifests was asked for")
    return Outcome(
        command="drift",
        as_of=as_of,
        findings=tuple(sorted(findings, key=order)),
        silenced=tuple(sorted(silenced, key=lambda one: order(one.finding))),
        errors=tuple(sorted(errors)),
        manifests=len(named),
        rules={id: rule for id, rule in engine.rules.rules.items() if rule.gravest is not Severity.OFF},
        unchecked=tuple(dict.fromkeys(unchecked)),
        verdicts=tuple(sorted(judge.verdicts)),
        notes=tuple(judge.notes),
        effective=tuple(judge.effective),
        digests={subject.path: digest_of(subject.manifest) for subject in named},
        within=config.within,
        unverified=tuple(unverified),
        attempts=tuple(sorted(judge.attempts.values())),
    )
