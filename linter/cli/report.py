"""`permlint report`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from typing import NamedTuple

import click

from linter.acceptance import load as load_accepted
from linter.audit.attention import missed, unproved, unseen
from linter.audit.decisions import DECISIONS, Decided
from linter.audit.decisions import load as load_decisions
from linter.audit.gather import Brought, gather
from linter.audit.html import MissingExtra
from linter.audit.ledger import Past
from linter.audit.live import BadDrift, Live, from_json
from linter.audit.model import Audit, Permission, Revoked
from linter.audit.previous import BadReport, Previous, from_history
from linter.audit.previous import from_json as previous_of
from linter.audit.runs import Runs, run
from linter.audit.unmanaged import sought
from linter.catalogue import BadRule
from linter.checking import Selection, select
from linter.cli.asking import FORK, live_options, recordings_of
from linter.cli.options import Common, Formats, common_for, harmless, write_to
from linter.cli.progress import Progress
from linter.config import BadConfig, Config, load
from linter.drift.recordings import iso
from linter.drift.run import Request
from linter.exits import exit_status
from linter.findings import Finding, Location, Severity
from linter.forks import from_fork
from linter.history.git import open_repository
from linter.history.model import HistoryError
from linter.manifest.text import Unreadable
from linter.nightly.history import History
from linter.nightly.news import RESOLVED, Known
from linter.nightly.store import StateError
from linter.outcome import InputError, Outcome, Sought
from linter.reports.totals import plural
from linter.reports.visible import visible
from linter.secrets import mask

_FORMATS = Formats(
    ("html", "markdown", "csv", "json"),
    {"html": "html", "htm": "html", "md": "markdown", "csv": "csv", "json": "json"},
    "html",
)
_PAGE = "permlint-report.html"
"""Where a page goes that would else be printed on a terminal."""
_SHOWN = 10
"""Sentences about what was not checked, without -v."""


class Told(NamedTuple):
    """The files and words that a run is given."""

    live: bool
    live_from: tuple[str, ...]
    max_age: float
    force: bool
    drift_json: str | None
    since: str | None
    previous: str | None
    state: str | None
    moved: tuple[str, ...]


@click.command("report")
@click.argument("paths", nargs=-1, metavar="[PATH...]", type=click.Path())
@common_for(_FORMATS)
@click.option("--live", is_flag=True, help="Ask the systems what is really granted, as drift does.")
@live_options
@click.option(
    "--drift-json",
    type=click.Path(),
    metavar="FILE",
    help="What a nightly `drift --format json` said, instead of asking now.",
)
@click.option("--since", metavar="DATE|REV", help="What is new is what was not declared then.")
@click.option(
    "--previous", type=click.Path(), metavar="FILE", help="What is new is what this earlier JSON report has not."
)
@click.option(
    "--state", type=click.Path(), metavar="FILE", help="The nightly history (drift --state): first sights, proven ends."
)
@click.option(
    "--moved",
    multiple=True,
    metavar="SYSTEM",
    help="The system answers from another place than in the earlier report, and that is right; repeatable.",
)
def command(
    common: Common,
    paths: tuple[str, ...],
    live: bool,
    live_from: tuple[str, ...],
    max_age: float,
    force: bool,
    drift_json: str | None,
    since: str | None,
    previous: str | None,
    state: str | None,
    moved: tuple[str, ...],
) -> int:
    """Write what a security reviewer reads and signs: who may do what, what is really granted, and what to decide.

    PATH is a manifest or a folder to search; without PATH, every manifest that the configured globs match. The page is one
    file that asks nothing of anywhere. It says of every agent its owner, its permissions with scope and blast radius, its
    review, its rollback and how it grew; which principals have no manifest; what is privileged, excepted, revoked; and what it
    could not verify.

    \b
    permlint report --output report.html
    permlint report --live --output report.html --output decide.csv --format html --format csv
    permlint report --drift-json nightly.json --previous last-quarter.json --format json --output this-quarter.json
    permlint review record decide.csv          once the reviewers have filled it in

    Without --live, --live-from or --drift-json no socket is opened, and the report says that nothing was verified. --live-from
    alone asks nothing else. What was decided stands in permlint-decisions.yaml, and the next report says what came of it. The
    same inputs and --as-of give the same bytes.
    """
    if "-" in paths:
        raise click.UsageError("a report is made from files: name them, and not -")
    if since is not None and previous is not None:
        raise click.UsageError("--since and --previous both say what is compared with: give one")
    if drift_json is not None and (live or live_from):
        raise click.UsageError("--drift-json is what drift said earlier: it takes no --live and no --live-from")
    told = Told(live, live_from, max_age, force, drift_json, since, previous, state, moved)
    start = os.getcwd()
    try:
        config = load(common.config_file, start)
        selection = select(config, paths, start, force_exclude=False)
        audit, runs = _audit(config, selection, common, told)
    except (BadConfig, BadRule) as error:
        raise click.ClickException(visible(f"{error.path}:{error.line}: {error.message}")) from None
    written = [(name, _target(name, output)) for name, output in common.destinations]
    missing = ""
    for name, output in written:
        try:
            write_to(output, _renderer(name)(audit))
        except MissingExtra as problem:
            missing = f"not written: {problem}"
    _tell(audit, runs, [output for _, output in written if output != "-"], common)
    if missing:
        click.echo(missing, err=True)
        runs = runs._replace(unchecked=(*runs.unchecked, missing))
    return exit_status(_outcome(audit, runs), common.fail_on)


def _audit(config: Config, selection: Selection, common: Common, told: Told) -> tuple[Audit, Runs]:
    nightly = _nightly(told.drift_json, common.as_of, timedelta(hours=told.max_age))
    previous = _previous(config, selection, told)
    decided = _decided(config)
    seen, held = ((previous.principals or {}), previous.permissions.values()) if previous else ({}, ())
    request, faults = _request(told, common, sought(decided.values(), seen, held))
    runs = run(config, selection, common.as_of, request, nightly)
    runs = runs._replace(errors=(*faults, *runs.errors))
    known = _nights(told.state)
    gone = {
        one.fingerprint: one.ended
        for one in known
        # What ended by its name alone may have been renamed.
        if one.how == RESOLVED and one.lasting and one.ended <= common.as_of.isoformat()
    }
    past = Past(previous, decided, gone, told.moved)
    files = [one for one in (*told.live_from, told.drift_json, told.previous, told.state) if one is not None]
    first_seen = {one.fingerprint: one.first_seen for one in known}
    brought = Brought(past, _approvers(config), first_seen, tuple(map(os.path.abspath, files)))
    made_at = "" if common.as_of_given else iso(datetime.now(UTC))
    audit = gather(config, selection, common.as_of, runs, brought, made_at)
    answered = {system for system, _ in runs.live.answers} if runs.live else set()
    for system in dict.fromkeys(told.moved):
        if system not in answered:
            click.echo(visible(f"note: --moved {system}: no system of that name answered"), err=True)
    return audit, runs._replace(unchecked=(*runs.unchecked, *(_silent(audit) if audit.live else ())))


def _silent(audit: Audit) -> Iterator[str]:
    """What was to be proved, or was there, and nobody can tell of."""
    rights: list[tuple[Permission | Revoked, str]] = [*unproved(audit), *unseen(audit)]
    for one, why in rights:
        yield f"{one.agent or one.resource} ({one.environment}): {one.what}: {why}"
    for each, why in missed(audit):
        where = f"{each.system} ({each.environment})" if each.environment else each.system
        yield f"{where}: principal {each.name}: {why}"


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror or "cannot be read") if isinstance(error, OSError) else "is not UTF-8"
        raise click.FileError(visible(path), reason) from None


def _nightly(path: str | None, as_of: date, max_age: timedelta) -> Live | None:
    if path is None:
        return None
    try:
        return from_json(_text(path), as_of, max_age)
    except BadDrift as problem:
        raise click.ClickException(visible(f"{path} {problem}")) from None


def _previous(config: Config, selection: Selection, told: Told) -> Previous | None:
    try:
        if told.previous is not None:
            return previous_of(_text(told.previous))
        if told.since is None:
            return None
        with open_repository(config.root) as repository:
            return from_history(repository, config, selection.named, told.since)
    except BadReport as problem:
        raise click.ClickException(visible(f"{told.previous} {problem}")) from None
    except HistoryError as error:
        click.echo(f"Error: {visible(error.message)}", err=True)
        raise click.exceptions.Exit(error.status) from None


def _nights(path: str | None) -> list[Known]:
    """What the nightly history knows of each finding."""
    if path is None:
        return []
    try:
        with History.of(path) as history:
            return history.findings()
    except StateError as problem:
        raise click.ClickException(visible(f"{path} {problem}")) from None


def _request(told: Told, common: Common, sought: Sequence[Sought]) -> tuple[Request | None, tuple[InputError, ...]]:
    """How systems are asked; not at all, where nobody says so."""
    if not told.live and not told.live_from:
        return None, ()
    recordings, faults = recordings_of(told.live_from, common.as_of, told.max_age)
    offline = "" if told.live else "no recording has it, and without --live nothing is asked"
    if told.live and from_fork() and not told.force:
        offline = FORK
    progress = Progress(sys.stderr, quiet=common.quiet, verbose=common.verbose)
    return Request(recordings=recordings, offline=offline, sought=sought, progress=progress), faults


def _decided(config: Config) -> Mapping[str, Decided]:
    try:
        loaded = load_decisions(config.root)
    except Unreadable as error:
        raise click.ClickException(visible(f"{DECISIONS}:{error.line}:{error.column}: {error.message}")) from None
    return {one.id: one for one in loaded.entries} if loaded is not None else {}


def _approvers(config: Config) -> Mapping[tuple[str, str], str]:
    try:
        loaded = load_accepted(config.root)
    except Unreadable:
        return {}  # which the runs have told of
    return {(one.fingerprint, one.until): mask(one.by) for one in loaded.entries} if loaded is not None else {}


def _target(name: str, output: str) -> str:
    """A page is not printed on a terminal."""
    return _PAGE if name == "html" and output == "-" and sys.stdout.isatty() else output


def _renderer(name: str) -> Callable[[Audit], str]:
    module = import_module(f"linter.audit.{name}")
    render: Callable[[Audit], str] = module.render
    return render


def _outcome(audit: Audit, runs: Runs) -> Outcome:
    """What decides the exit status."""
    notes = [*audit.findings, *(one for agent in audit.agents for one in agent.findings)]
    counted = [
        Finding(one.rule, Severity[one.severity.upper()], one.message, Location(one.place, 1, 1, 1, 1))
        for one in notes
        if one.status == "open"
    ]
    return Outcome(
        "report",
        date.fromisoformat(audit.as_of),
        tuple(counted),
        (),
        runs.errors,
        len(audit.agents),
        {},
        runs.unchecked,
    )


def _tell(audit: Audit, runs: Runs, files: list[str], common: Common) -> None:
    """What was written, and what decides the exit status, on standard error."""
    for error in runs.errors:
        click.echo(visible(f"error: {error.path}:{error.line}:{error.column}: {error.message}"), err=True)
    shown = runs.unchecked if common.verbose else runs.unchecked[:_SHOWN]
    for sentence in shown:
        click.echo(visible(harmless(f"not checked: {sentence}")), err=True)
    if len(shown) < len(runs.unchecked):
        click.echo(f"not checked: {len(runs.unchecked) - len(shown)} more, which -v and the report tell", err=True)
    if files and not common.quiet:
        waiting = plural(audit.decisions_open, "permission")
        if audit.principals_open:
            waiting += f" and {plural(audit.principals_open, 'principal')} without a manifest"
        live = "" if audit.live else "; nothing was verified against a live system"
        count = plural(len(audit.agents), "agent")
        click.echo(visible(f"{', '.join(files)}: {count}, {waiting} to decide on{live}"), err=True)
