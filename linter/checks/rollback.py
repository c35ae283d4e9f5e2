"""Checks of the undo: is there one, does it name a command and the run to revert, is it tried out."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from linter.blast import LEVELS, computed
from linter.checks import BadParams, Hit, Place, template
from linter.checks.subject import Subject
from linter.checks.unknown import SURE, doubt
from linter.manifest.model import Rollback
from linter.manifest.period import after, in_future, is_period
from linter.manifest.strategy import commands
from linter.manifest.trail import dry_run, recorded
from linter.systems import words


def place_of(rollback: Rollback) -> Place:
    """Where the strategy's command stands."""
    route = ("rollback_strategy", "command") if rollback.structured and rollback.command else ("rollback_strategy",)
    return Place(route, "value" if rollback.command or not rollback.structured else "key")


@template("missing-rollback")
def missing_rollback(subject: Subject) -> Iterator[Hit]:
    """The agent writes and nothing says how that is undone."""
    writing = subject.manifest.writing
    if "rollback_strategy" in subject.manifest.written or not writing:
        return
    without = [resource for resource in writing if resource.rollback is None]
    doubts = [doubt(resource) for resource in without]
    if SURE in doubts:
        surely, perhaps = [
            ", ".join([resource.name for resource, one in zip(without, doubts, strict=True) if (one is SURE) is sure])
            for sure in (True, False)
        ]
        executes = all([resource.kinds <= {"read", "execute", None} for resource in without])
        values = {"resources": f"{surely}; perhaps {perhaps}" if perhaps else surely}
        yield Hit(Place((), "absence"), values, ("executes",) if executes else ())
    elif doubts:
        cases = [case for case in ("unknown", "sounds-like-reading") if all([case in one.cases for one in doubts])]
        said = "; ".join(f"{one.actions} on {resource.name}" for resource, one in zip(without, doubts, strict=True))
        yield Hit(Place((), "absence"), {"unknown": said}, tuple(cases))


@template("no-rollback-command")
def no_rollback_command(subject: Subject) -> Iterator[Hit]:
    """A strategy without a command that a person could run at night."""
    rollback = subject.manifest.rollback
    if rollback is None or all(resource.rollback is not None for resource in subject.manifest.writing):
        return
    if not commands(rollback):
        yield Hit(place_of(rollback))


@template("no-run-id")
def no_run_id(subject: Subject) -> Iterator[Hit]:
    """A command that cannot be told which run to revert."""
    rollback = subject.manifest.rollback
    if rollback is not None and subject.manifest.writing:
        found = commands(rollback)
        if found and not any(command.takes_run for command in found):
            yield Hit(place_of(rollback), {"command": found[0].text})


class IrreversibleParams(NamedTuple):
    """Parameters of `irreversible`."""

    systems: tuple[str, ...]
    """Words in a system's name that say: what is written there has left the house."""


@template("irreversible", IrreversibleParams)
def unacknowledged_irreversible(params: IrreversibleParams) -> Any:
    """Mail, chat, a webhook or a payment is written to, and nobody says whether that can be made good."""
    known = frozenset(params.systems)

    def check(subject: Subject) -> Iterator[Hit]:
        for resource in subject.manifest.writing:
            if not known.isdisjoint(words(resource.system)) and not resource.written & {"reversibility", "rollback"}:
                if "sounds-like-reading" in doubt(resource).cases:
                    continue  # nothing is sent
                level = computed(resource, production=subject.production(resource.environments))
                declared = LEVELS.index(resource.blast_radius) if resource.blast_radius else 0
                cases = ("from-medium",) if max(level, declared) >= 2 else ()
                yield Hit(Place(("resources", resource.position), "absence"), {}, cases, resource)

    return check


@template("no-dry-run")
def no_dry_run(subject: Subject) -> Iterator[Hit]:
    """A strategy that never tries the agent out without writing."""
    if subject.manifest.rollback is not None and subject.manifest.writing and not dry_run(subject.manifest):
        yield Hit(Place(("rollback_strategy",), "key"))


@template("no-audit-log")
def no_audit_log(subject: Subject) -> Iterator[Hit]:
    """Writes that nobody records: nothing says what a run did, so nothing can be reverted by it."""
    if subject.manifest.rollback is not None and subject.manifest.writing and not recorded(subject.manifest):
        yield Hit(Place(("rollback_strategy",), "key"))


@template("never-rehearsed")
def never_rehearsed(subject: Subject) -> Iterator[Hit]:
    """A rollback that nobody has tried."""
    rollback = subject.manifest.rollback
    if rollback is not None and rollback.rehearsed is None and subject.manifest.writing:
        yield Hit(Place((), "absence"))


class RehearsalParams(NamedTuple):
    """Parameters of `stale-rehearsal`."""

    lasts: str
    """How long a rehearsal counts, such as 90d."""


@template("stale-rehearsal", RehearsalParams)
def stale_rehearsal(params: RehearsalParams) -> Any:
    """A rehearsal that is too old, or that has not happened yet."""
    if not is_period(params.lasts):
        raise BadParams("`lasts`: expected a period such as 90d, 12w or 6m")

    def check(subject: Subject) -> Iterator[Hit]:
        rollback = subject.manifest.rollback
        if rollback is None or rollback.rehearsed is None or not subject.manifest.writing:
            return
        place = Place(("rollback_strategy", "rehearsed", "date"))
        today = subject.around.as_of
        if in_future(rollback.rehearsed, today):
            yield Hit(place, {"date": rollback.rehearsed}, ("future",))
        elif after(rollback.rehearsed, params.lasts) < today:
            yield Hit(place, {"date": rollback.rehearsed, "lasts": params.lasts})

    return check
