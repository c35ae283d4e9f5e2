"""`permlint drift`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import click

from linter.audit.decisions import DECISIONS
from linter.audit.decisions import load as load_decisions
from linter.catalogue import BadRule
from linter.checking import select
from linter.checks.subject import Subject
from linter.cli.asking import FORK, live_options, recordings_of
from linter.cli.options import EXTENSIONS, FORMATS, Common, Formats, Period, common_for, emit, harmless
from linter.cli.progress import Progress
from linter.config import BadConfig, Config, load
from linter.drift.planes import LOGIN, Intent, intents
from linter.drift.recordings import save
from linter.drift.run import Request, Result, drift, gather
from linter.exits import Exit
from linter.forks import from_fork
from linter.manifest.text import Unreadable
from linter.outcome import InputError, Outcome, Sought, Timing
from linter.reports.visible import visible
from linter.rulesets import ruleset
from linter.systems.live import Binding

if TYPE_CHECKING:
    from linter.nightly.run import Telling

_FORMATS = Formats((*FORMATS, "openmetrics"), {**EXTENSIONS, "prom": "openmetrics"}, "text")


@click.command("drift")
@click.argument("paths", nargs=-1, metavar="[PATH...]", type=click.Path())
@common_for(_FORMATS)
@click.option("--environment", "environments", multiple=True, metavar="NAME", help="Only this environment; repeatable.")
@click.option("--system", "systems", multiple=True, metavar="NAME", help="Only this system; repeatable.")
@click.option("--explain-plan", is_flag=True, help="Print what would be compared with what, and connect to nothing.")
@live_options
@click.option("--record", type=click.Path(), metavar="FILE", help="Write what the systems answered, for --live-from.")
@click.option("--self-check", is_flag=True, help="Ask the server's own functions too, and report any disagreement.")
@click.option("--state", type=click.Path(), metavar="FILE", help="Remember the findings there, and tell what changed.")
@click.option("--only-new", is_flag=True, help="Tell only what is new, worse or back, and fail for nothing else.")
@click.option("--notify", is_flag=True, help="Tell those whom [notify.NAME] names what changed, and nothing else.")
@click.option(
    "--retired",
    multiple=True,
    metavar="AGENT",
    help="The agent is no more: end in the state what no manifest of its asks for; repeatable.",
)
@click.option(
    "--moved",
    multiple=True,
    metavar="SYSTEM",
    help="The system answers from another place now, and that is right: what is found there counts; repeatable.",
)
@click.option(
    "--state-keep",
    type=Period(),
    default="400d",
    show_default=True,
    metavar="PERIOD",
    help="How long the state remembers what is over.",
)
def command(
    common: Common,
    paths: tuple[str, ...],
    environments: tuple[str, ...],
    systems: tuple[str, ...],
    explain_plan: bool,
    live_from: tuple[str, ...],
    record: str | None,
    max_age: float,
    self_check: bool,
    force: bool,
    state: str | None,
    only_new: bool,
    notify: bool,
    retired: tuple[str, ...],
    moved: tuple[str, ...],
    state_keep: str,
) -> int:
    """Compare what manifests declare with what their agents are really granted.

    Each system that a manifest names must be bound in the configuration, [systems.NAME], which names the environment
    variable that holds the credential to look with: an auditor's, not the agent's. Fixes are printed and never run.

    \b
    permlint drift
    permlint drift agents/triage/agent-permissions.yaml --environment staging
    permlint drift --explain-plan
    permlint drift --record granted.json      where the credentials are
    permlint drift --live-from granted.json   where they are not
    permlint drift --state nightly.sqlite     every night: what is new, what is over, what could not be checked
    """
    if state is None and (only_new or notify or retired or moved):
        option = "--only-new" if only_new else "--notify" if notify else "--retired" if retired else "--moved"
        raise click.UsageError(f"{option} needs --state FILE: without it nothing is known of earlier nights")
    start = os.getcwd()
    offline = FORK if from_fork() and not force else ""
    try:
        config = load(common.config_file, start)
        telling = _telling(config, offline) if notify else None
        selection = select(config, paths, start, force_exclude=False)
        if explain_plan:
            return _explain(config, gather(config, selection, common.as_of), environments, systems)
        recordings, faults = recordings_of(live_from, common.as_of, max_age)
        if offline and not recordings:
            outcome = Outcome("drift", common.as_of, (), (), faults, 0, {}, (offline,))
            return emit(outcome, common)
        sought, unread = _sought(config)
        faults = (*faults, *unread)
        rules = ruleset(config, "drift")
        progress = Progress(sys.stderr, quiet=common.quiet, verbose=common.verbose)
        request = Request(environments, systems, recordings, offline, self_check, sought, progress)
        began = time.monotonic()
        result = drift(config, rules, selection, common.as_of, request)
        outcome = result.outcome._replace(errors=(*faults, *result.outcome.errors))
        if result.interrupted:
            progress.interrupted(record, state)
            emit(outcome, common)
            return Exit.INTERRUPTED
        progress.summary(result.seconds, time.monotonic() - began)
        _record(record, result)
        outcome = outcome._replace(timing=Timing(datetime.now(UTC), time.monotonic() - began))
        if state is not None:
            whole = selection.whole and not environments and not systems
            outcome = _remembered(outcome, state, state_keep, retired, moved, config.production, telling, whole=whole)
            if only_new:
                outcome = _only_news(outcome)
            if telling is not None and outcome.nightly is not None:
                return _told(emit(outcome, common), telling.send(state))
    except (BadConfig, BadRule) as error:
        fault = InputError(error.path, error.line, 1, error.message)
        outcome = Outcome("drift", common.as_of, (), (), (fault,), 0, {})
    return emit(outcome, common)


def _record(path: str | None, result: Result) -> None:
    if path is None:
        return
    try:
        save(path, result.record)
    except OSError as error:
        raise click.FileError(path, error.strerror or "cannot be written") from None


def _telling(config: Config, offline: str) -> Telling:
    from linter.nightly.run import Telling

    if offline:
        raise click.UsageError(f"--notify: {offline.partition(',')[0]}, so nobody is told: --force tells all the same")
    if not config.notify:
        raise click.UsageError("--notify needs somebody to tell: add [notify.NAME] to the configuration")
    return Telling(config)


def _remembered(
    outcome: Outcome,
    path: str,
    keep: str,
    retired: tuple[str, ...],
    moved: tuple[str, ...],
    production: Callable[[str], bool],
    telling: Telling | None,
    *,
    whole: bool,
) -> Outcome:
    from linter.nightly.run import remember

    router = telling.route if telling is not None else None
    return remember(
        path,
        outcome,
        whole=whole,
        keep=keep,
        today=date.today(),
        retired=retired,
        moved=moved,
        production=production,
        router=router,
    )


def _sought(config: Config) -> tuple[tuple[Sought, ...], tuple[InputError, ...]]:
    """Principals that reviewers decided of, or of what they hold: a report proves by this run what is gone."""
    try:
        loaded = load_decisions(config.root)
    except Unreadable as error:
        return (), (InputError(DECISIONS, error.line, error.column, error.message),)
    if loaded is None:
        return (), ()
    from linter.audit.unmanaged import sought

    return sought(loaded.entries, {}), ()


def _only_news(outcome: Outcome) -> Outcome:
    from linter.nightly.run import only_news

    return only_news(outcome)


def _told(status: int, problems: list[str]) -> int:
    """The exit status of a run that was to tell somebody: what could not be told was asked for and not done."""
    for problem in problems:
        click.echo(harmless(f"permlint: {visible(problem)}"), err=True)
    return Exit.UNCHECKED if problems and status == Exit.CLEAN else status


def _explain(
    config: Config,
    gathered: tuple[list[Subject], list[Subject], list[InputError]],
    environments: tuple[str, ...],
    systems: tuple[str, ...],
) -> int:
    """The plan, an intent a paragraph: manifest, environment, system, binding, principal and who says so."""
    named, _, errors = gathered
    for error in errors:
        click.echo(f"error: {visible(error.path)}:{error.line}:{error.column}: {visible(error.message)}")
    for subject in named:
        for intent in intents(config, subject, environments, systems):
            resources = ", ".join(resource.name for resource in intent.resources)
            lines = [
                f"{subject.path}: {subject.manifest.agent} in {intent.environment}, {intent.system or 'the audit log'}"
            ]
            if resources:
                lines.append(f"  declared   {resources}")
            if intent.audit_log is not None:
                lines.append(f"  audit log  {intent.audit_log.name}")
            if intent.binding is not None:
                lines.append(f"  binding    {_binding(config, intent.binding)}")
            if intent.principal is not None:
                lines.append(f"  principal  {_principal(intent)}")
                if intent.identity not in (None, intent.principal):
                    lines.append(f"             the manifest says {intent.identity}")
            if intent.problem:
                lines.append(f"  unverified {intent.problem}")
            click.echo("\n".join(visible(subject.redact(line)) for line in lines))
    return Exit.USAGE if errors else Exit.CLEAN


_OWN = {"postgresql": "the login of the connection string", "aws": "whom a recording names as its caller; nobody live"}
"""Kind -> who is meant where nobody is named; else it is the key."""


def _principal(intent: Intent) -> str:
    if intent.principal != LOGIN:
        return f"{intent.principal}, as {intent.source} says"
    return _OWN.get(intent.binding.kind if intent.binding else "", "the key itself")


def _binding(config: Config, binding: Binding) -> str:
    """A binding in words: its kind, its place in the configuration, its variable and whether that is set."""
    overlaid = config.systems[binding.system].get("environments") is not None
    place = f"systems.{binding.system}" + (f".environments.{binding.environment}" if overlaid else "")
    variables = [
        f"${name} ({'set' if os.environ.get(name) else 'not set'})"
        for key, name in sorted(binding.settings.items())
        if key.endswith("_env")
    ]
    return f"{place}, {binding.kind}{', ' if variables else ''}{', '.join(variables)}"
