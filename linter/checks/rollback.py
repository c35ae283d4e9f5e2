"""Checks of the undo: is there one, does it name a command, a script that exists, the run to revert."""

import os
from collections.abc import Iterator
from typing import Any, NamedTuple

from linter.blast import LEVELS, computed
from linter.checks import Hit, Place, template
from linter.checks.subject import Subject
from linter.manifest.model import Resource, Rollback
from linter.manifest.strategy import Command, commands, in_prose
from linter.systems import words


def _writing(subject: Subject) -> list[Resource]:
    return [resource for resource in subject.manifest.resources if resource.writes]


def _place(rollback: Rollback) -> Place:
    """Where the strategy's command stands."""
    route = ("rollback_strategy", "command") if rollback.structured and rollback.command else ("rollback_strategy",)
    return Place(route, "value" if rollback.command or not rollback.structured else "key")


@template("missing-rollback")
def missing_rollback(subject: Subject) -> Iterator[Hit]:
    """The agent writes and nothing says how that is undone."""
    writing = _writing(subject)
    if "rollback_strategy" in subject.manifest.written or not writing:
        return
    without = [resource for resource in writing if resource.rollback is None]
    if without:
        yield Hit(Place((), "absence"), {"resources": ", ".join(resource.name for resource in without)})


@template("no-rollback-command")
def no_rollback_command(subject: Subject) -> Iterator[Hit]:
    """A strategy without a command that a person could run at night."""
    rollback = subject.manifest.rollback
    if rollback is None or all(resource.rollback is not None for resource in _writing(subject)):
        return
    if not commands(rollback):
        yield Hit(_place(rollback))


@template("no-run-id")
def no_run_id(subject: Subject) -> Iterator[Hit]:
    """A command that cannot be told which run to revert."""
    rollback = subject.manifest.rollback
    if rollback is not None and _writing(subject):
        found = commands(rollback)
        if found and not any(command.takes_run for command in found):
            yield Hit(_place(rollback), {"command": found[0].text})


class ScriptParams(NamedTuple):
    """Parameters of `rollback-script`."""

    scripts_root: str = ""
    """A folder, relative to the root, that scripts are also looked for in."""
    elsewhere: bool = False
    """Whether scripts live outside this repository, so that their absence says nothing."""


@template("rollback-script", ScriptParams)
def missing_rollback_script(params: ScriptParams) -> Any:
    """A command that names a script which is not in the repository."""

    def check(subject: Subject) -> Iterator[Hit]:
        if params.elsewhere:
            return
        for place, command, structured, resource in _scripts(subject):
            script = command.script
            assert script is not None
            path, reason = subject.around.script(script)
            for folder in (os.path.dirname(subject.path), params.scripts_root):
                if not path:
                    path, _ = subject.around.script(os.path.join(folder, script))
            if not path:
                yield Hit(place, {"script": script, "reason": reason}, resource=resource, key=script)
            elif structured and command.direct and not os.access(path, os.X_OK):
                yield Hit(place, {"script": script}, ("not-executable",), resource=resource, key=script)

    return check


def _scripts(subject: Subject) -> Iterator[tuple[Place, Command, bool, Resource | None]]:
    """Every script that a rollback names: the strategy's, then each resource's own."""
    rollback = subject.manifest.rollback
    seen: set[str] = set()
    found: list[tuple[Place, Command, bool, Resource | None]] = []
    if rollback is not None:
        found += [(_place(rollback), command, rollback.structured, None) for command in commands(rollback)]
    for resource in subject.manifest.resources:
        if resource.rollback is not None:
            place = Place(("resources", resource.position, "rollback"))
            found += [(place, command, False, resource) for command in in_prose(resource.rollback)]
    for item in found:
        script = item[1].script
        if script is not None and script not in seen:
            seen.add(script)
            yield item


class IrreversibleParams(NamedTuple):
    """Parameters of `irreversible`."""

    systems: tuple[str, ...]
    """Words in a system's name that say: what is written there has left the house."""


@template("irreversible", IrreversibleParams)
def unacknowledged_irreversible(params: IrreversibleParams) -> Any:
    """Mail, chat, a webhook or a payment is written to, and nobody says whether that can be made good."""
    known = frozenset(params.systems)

    def check(subject: Subject) -> Iterator[Hit]:
        for resource in subject.manifest.resources:
            if resource.written & {"reversibility", "rollback"} or known.isdisjoint(words(resource.system)):
                continue
            if resource.writes:
                level, _ = computed(resource, production=subject.production(resource.environments))
                declared = LEVELS.index(resource.blast_radius) if resource.blast_radius else 0
                cases = ("from-medium",) if max(level, declared) >= 2 else ()
                yield Hit(Place(("resources", resource.position), "absence"), {}, cases, resource)

    return check


@template("never-rehearsed")
def never_rehearsed(subject: Subject) -> Iterator[Hit]:
    """A rollback that nobody has tried."""
    rollback = subject.manifest.rollback
    if rollback is not None and rollback.rehearsed is None and _writing(subject):
        yield Hit(Place((), "absence"))
