"""Checks of the scripts that a rollback names: whether they are there, and what the Python ones say. Read, never run."""

import os
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from linter.checks import Hit, Place, template
from linter.checks.rollback import place_of
from linter.checks.subject import Subject
from linter.findings import Location
from linter.manifest.model import Resource
from linter.manifest.strategy import Command, commands, in_prose
from linter.manifest.trail import audit_log
from linter.rollback_script import Build
from linter.secrets import mask


class ScriptParams(NamedTuple):
    """Parameters of the checks that look for scripts."""

    scripts_root: str = ""
    """A folder, relative to the root, that scripts are also looked for in."""


class MissingParams(NamedTuple):
    """Parameters of `rollback-script`."""

    scripts_root: str = ""
    """A folder, relative to the root, that scripts are also looked for in."""
    elsewhere: bool = False
    """Whether scripts live outside this repository, so that their absence says nothing."""


class Named(NamedTuple):
    """A script that a rollback names."""

    place: Place
    command: Command
    script: str
    """As written."""
    structured: bool
    resource: Resource | None


@template("rollback-script", MissingParams)
def missing_rollback_script(params: MissingParams) -> Any:
    """A command that names a script which is not in the repository."""

    def check(subject: Subject) -> Iterator[Hit]:
        if params.elsewhere:
            return
        for named in _scripts(subject):
            path, reason = _find(subject, named.script, params.scripts_root)
            values = {"script": named.script, "reason": reason}
            if not path:
                yield Hit(named.place, values, resource=named.resource, key=named.script)
            elif named.structured and named.command.direct and not os.access(path, os.X_OK):
                yield Hit(named.place, values, ("not-executable",), resource=named.resource, key=named.script)

    return check


@template("injectable-script", ScriptParams)
def injectable_script(params: ScriptParams) -> Any:
    """A Python script that builds SQL from data."""

    def check(subject: Subject) -> Iterator[Hit]:
        for named in _scripts(subject):
            path = _python(subject, named, params)
            if not path:
                continue
            script = subject.around.python(path)
            values = {"script": named.script}
            if script is None:
                yield Hit(named.place, values, ("unread",), named.resource, key=named.script)
            elif script.builds:
                first = script.builds[0]
                values |= {"how": first.how, "line": str(first.line), "count": _times(len(script.builds))}
                shown = os.path.relpath(path, subject.around.config.root).replace(os.sep, "/")
                places = tuple(_location(shown, build) for build in script.builds[:_MOST_PLACES])
                yield Hit(named.place, values, (), named.resource, key=named.script, elsewhere=places)

    return check


@template("audit-log-mismatch", ScriptParams)
def audit_log_mismatch(params: ScriptParams) -> Any:
    """A Python script that reads another log than the one the strategy writes."""

    def check(subject: Subject) -> Iterator[Hit]:
        written = audit_log(subject.manifest)
        if not written:
            return
        last = written.rpartition(".")[2].strip('"').lower()
        for named in _scripts(subject):
            path = _python(subject, named, params)
            script = subject.around.python(path) if path else None
            if script is None or last in script.words:
                continue
            read = next((table for table in script.reads if _is_log(table)), None)
            if read is not None:
                yield Hit(named.place, {"script": named.script, "read": read, "written": written}, key=named.script)

    return check


_MOST_PLACES = 5
"""Places in one script that a finding shows."""
_LOG_WORDS = (
    "audit",
    "log",
    "journal",
    "histor",
    "trail",
    "ledger",
    "run",
    "event",
    "change",
    "backup",
    "snapshot",
    "before",
)


def _is_log(table: str) -> bool:
    """Whether a table's name says that it records something. Any other may be read to look something up."""
    return any(word in table.lower() for word in _LOG_WORDS)


def _times(number: int) -> str:
    return "" if number == 1 else f", and in {number - 1} more place{'' if number == 2 else 's'}"


def _location(path: str, build: Build) -> Location:
    return Location(
        path, build.line, build.column, build.line, build.end_column, mask(build.snippet), f"built with {build.how}"
    )


def _find(subject: Subject, script: str, scripts_root: str) -> tuple[str, str]:
    """The script's absolute path, from the root, beside the manifest or in `scripts_root`; else why it cannot be taken."""
    path, reason = subject.around.script(script)
    if not path:
        for folder in (os.path.dirname(subject.path), scripts_root):
            path = path or subject.around.script(os.path.join(folder, script))[0]
    return path, reason


def _python(subject: Subject, named: Named, params: ScriptParams) -> str:
    return _find(subject, named.script, params.scripts_root)[0] if named.script.endswith(".py") else ""


@lru_cache(maxsize=1)  # three rules ask, one after another
def _scripts(subject: Subject) -> tuple[Named, ...]:
    """Every script that a rollback names, once: the strategy's, then each resource's own."""
    rollback = subject.manifest.rollback
    found: list[tuple[Place, Command, bool, Resource | None]] = []
    if rollback is not None:
        found += [(place_of(rollback), command, rollback.structured, None) for command in commands(rollback)]
    for resource in subject.manifest.resources:
        if resource.rollback is not None:
            place = Place(("resources", resource.position, "rollback"))
            found += [(place, command, False, resource) for command in in_prose(resource.rollback)]
    named: dict[str, Named] = {}
    for place, command, structured, owner in found:
        if command.script is not None:
            named.setdefault(command.script, Named(place, command, command.script, structured, owner))
    return tuple(named.values())
