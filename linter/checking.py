"""One run of `permlint check`: which manifests, read, checked, and the outcome that the reports print."""

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from linter.acceptance import ACCEPTED, accept
from linter.checks.subject import Subject, Surroundings
from linter.engine import Engine
from linter.files import STDIN, read_file, read_stdin, relative, search
from linter.findings import Finding, Severity
from linter.globs import matcher
from linter.manifest.reader import read
from linter.manifest.text import Unreadable
from linter.outcome import InputError, Outcome
from linter.rulesets import Ruleset

if TYPE_CHECKING:
    from datetime import date

    from linter.config import Config


class Selection(NamedTuple):
    """What a run reads: paths relative to the root."""

    named: tuple[str, ...]
    """Reported on."""
    context: tuple[str, ...]
    """Read so that manifests can be compared, never reported on."""
    unmatched: tuple[str, ...]
    """What was asked for and matched nothing, a sentence each."""
    whole: bool
    """Whether all configured manifests are reported on."""
    by_name: bool
    """Whether files were named one by one, as a hook does."""


def _search(config: "Config", folder: str) -> list[str]:
    return search(config.root, folder, config.manifests, config.exclude)


def select(
    config: "Config",
    paths: Iterable[str],
    start: str,
    *,
    force_exclude: bool,
    find: Callable[["Config", str], list[str]] = _search,
) -> Selection:
    """Files, folders and `-` from the command line, or, without any, all that the configured globs match.

    Args:
        find: the manifests below a folder, relative to the root.
    """
    given = list(paths)
    if not given:
        found = find(config, config.root)
        globs = ", ".join(config.manifests)
        return Selection(
            tuple(found), (), () if found else (f"no manifest below {config.root} matches {globs}",), True, False
        )
    named: dict[str, None] = {}
    unmatched = []
    by_name = False
    excluded = matcher(config.exclude, folders=True) if force_exclude else None
    for path in given:
        if not path:
            unmatched.append("an empty path was given: is a variable unset?")
            continue
        if path == "-":
            named[STDIN] = None
            by_name = True
            continue
        absolute = os.path.normpath(os.path.join(start, path))
        if os.path.isdir(absolute):
            found = find(config, absolute)
            if not found:
                unmatched.append(f"no manifest below {path} matches {', '.join(config.manifests)}")
            named |= dict.fromkeys(found)
        elif excluded is None or not excluded(relative(absolute, config.root)):
            named[relative(absolute, config.root)] = None
            by_name = True
    context: list[str] = []
    if config.bounded and any(not os.path.isabs(path) and path != STDIN for path in named):
        everything = find(config, config.root)
        context = [path for path in everything if path not in named]
    return Selection(tuple(sorted(named)), tuple(context), tuple(unmatched), False, by_name)


def check(config: "Config", rules: Ruleset, selection: Selection, as_of: "date") -> Outcome:
    """Check the selected manifests."""
    around = Surroundings(config, as_of, by_name=selection.by_name)
    engine = Engine(rules, around)
    findings: list[Finding] = []
    silenced = []
    errors: list[InputError] = []
    unchecked = list(selection.unmatched)
    manifests = 0
    for path in selection.named:
        try:
            text = read_stdin() if path == STDIN else read_file(os.path.join(config.root, path), config.root)
            subject = Subject(path, read(text), around)
        except Unreadable as error:
            errors.append(InputError(path, error.line, error.column, error.message))
            continue
        manifests += 1
        verdict = engine.check(subject)
        engine.remember(subject, named=True)
        findings += verdict.findings
        silenced += verdict.silenced
        unchecked += verdict.crashed
    for path in selection.context:
        try:
            subject = Subject(path, read(read_file(os.path.join(config.root, path), config.root)), around)
        except Unreadable:
            continue  # not asked for: whoever names it is told
        engine.remember(subject, named=False)
    verdict = engine.check_fleet()
    unchecked += verdict.crashed
    findings += verdict.findings
    silenced += verdict.silenced
    try:
        findings, accepted = accept(engine, findings, lambda _: selection.whole)
        silenced += accepted
    except Unreadable as error:
        errors.append(InputError(ACCEPTED, error.line, error.column, error.message))
    return Outcome(
        command="check",
        as_of=as_of,
        findings=tuple(sorted(findings, key=order)),
        silenced=tuple(sorted(silenced, key=lambda one: order(one.finding))),
        errors=tuple(sorted(errors)),
        manifests=manifests,
        rules={id: rule for id, rule in rules.rules.items() if rule.gravest is not Severity.OFF},
        unchecked=tuple(unchecked),
        within=config.within,
    )


def order(finding: Finding) -> tuple[str, int, int, str, str]:
    """By path, line, column, rule (DESIGN.md, section 5)."""
    location = finding.location
    return location.path, location.line, location.column, finding.rule, finding.key
