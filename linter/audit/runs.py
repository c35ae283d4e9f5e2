"""The runs that a report rests on: check, creep and, where it is asked for, drift, once each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from linter.audit.live import Live, from_body
from linter.checking import Selection, check
from linter.creep.range import Range
from linter.creep.run import creep
from linter.creep.timeline import Timeline
from linter.drift.run import Request, drift
from linter.drift.run import gather as read_manifests
from linter.outcome import InputError, Outcome
from linter.reports.json import body
from linter.reports.visible import visible
from linter.rulesets import Ruleset, ruleset

if TYPE_CHECKING:
    from linter.checks.subject import Subject
    from linter.config import Config


class Runs(NamedTuple):
    """What the runs said."""

    rules: Ruleset
    """Those of check."""
    subjects: tuple[Subject, ...]
    told: tuple[Outcome, ...]
    """Of creep and check."""
    timelines: dict[str, Timeline]
    """By the manifest's path."""
    live: Live | None
    """None where no live data was taken."""
    unreadable: tuple[InputError, ...]
    """Manifests."""
    errors: tuple[InputError, ...]
    """All that could not be read."""
    no_history: tuple[str, ...]
    """Why history is not told, or not all of it."""
    unchecked: tuple[str, ...]
    """What was asked for and could not be checked."""


def run(config: Config, selection: Selection, as_of: date, request: Request | None, nightly: Live | None) -> Runs:
    """Run them.

    Args:
        request: how live systems are asked; None where they are not.
        nightly: what a run of drift said earlier.

    Raises:
        BadConfig, BadRule: a rule cannot be used as it is configured.
    """
    selection = selection._replace(by_name=False)  # a report judges the calendar as a run over everything does
    rules = ruleset(config)
    checked = check(config, rules, selection, as_of)
    crept = creep(config, ruleset(config, "creep"), selection, as_of, Range())
    subjects, _, unreadable = read_manifests(config, selection, as_of)
    drifted = _drift(config, selection, as_of, request) if request else None
    live = nightly if drifted is None else from_body(body(drifted))
    crashed = [one for one in crept.unchecked if one.endswith("crashed")]
    absent = [one for one in crept.unchecked if one not in (*crashed, *checked.unchecked)]
    absent += [one.message for one in crept.errors if one.path == "."]
    unchecked = [*checked.unchecked, *crashed, *(drifted.unchecked if drifted else live.unverified if live else ())]
    errors = [one for told in (checked, crept, drifted) if told for one in told.errors if one.path != "."]
    return Runs(
        rules=rules,
        subjects=tuple(subjects),
        told=(crept, checked),
        timelines={visible(one.path): one for one in crept.timelines()},
        live=live,
        unreadable=tuple(unreadable),
        errors=_once(errors),
        no_history=tuple(dict.fromkeys(absent)),
        unchecked=tuple(dict.fromkeys(unchecked)),
    )


def _drift(config: Config, selection: Selection, as_of: date, request: Request) -> Outcome:
    result = drift(config, ruleset(config, "drift"), selection, as_of, request)
    if result.interrupted:
        raise KeyboardInterrupt  # half an audit is none
    return result.outcome


def _once(errors: Iterable[InputError]) -> tuple[InputError, ...]:
    """A manifest that cannot be read is told of once, as the first run that met it does."""
    return tuple(sorted({one.path: one for one in reversed(list(errors))}.values()))
