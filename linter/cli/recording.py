"""`permlint review record`: a filled-in CSV report, proved against the manifests, into permlint-decisions.yaml."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date

import click

from linter.audit.csv import shown_as
from linter.audit.decisions import DECISIONS, CannotEdit, Decisions, load, merged
from linter.audit.declared import permissions, shown_path
from linter.audit.filled import BadFile, Filled, Known, decode, parse
from linter.checking import select
from linter.config import Config
from linter.drift.run import gather
from linter.exits import Exit
from linter.history.git import open_repository
from linter.history.model import HistoryError
from linter.manifest.text import Unreadable
from linter.replacing import edit
from linter.reports.totals import plural
from linter.reports.visible import visible

_MAX_BYTES = 64 << 20


def record(path: str, config: Config, today: date) -> int:
    """Store the decisions of a file; the exit status.

    Raises:
        BadFile: it is no filled-in report.
    """
    try:
        with open(path, "rb") as file:
            raw = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise BadFile(f"cannot be read: {error.strerror}") from None
    if len(raw) > _MAX_BYTES:
        raise BadFile("is larger than 64 MiB: that is no report")
    try:
        stored = load(config.root)
    except Unreadable as error:
        raise click.ClickException(visible(f"{DECISIONS}:{error.line}:{error.column}: {error.message}")) from None
    filled = parse(decode(raw), _known(config, stored, today), today)
    for fault in filled.faults:
        click.echo(visible(f"error: {path}:{fault.line}:{fault.column}: {fault.message}"), err=True)
    if filled.faults:
        click.echo(f"nothing is stored: {plural(len(filled.faults), 'fault')}", err=True)
        return Exit.USAGE
    _store(config, stored, filled)
    return Exit.CLEAN


def _known(config: Config, stored: Decisions | None, today: date) -> Known:
    subjects, _, errors = gather(config, select(config, (), config.root, force_exclude=False), today)
    if errors:
        first = errors[0]
        where = visible(f"{first.path}:{first.line}:{first.column}: {first.message}")
        raise click.ClickException(f"{where}\nwhat cannot be read cannot be decided on: nothing is stored")
    declared: dict[str, str] = {}
    now: dict[tuple[str, str, str], list[str]] = {}
    paths: dict[str, dict[str, None]] = {}
    for subject in subjects:
        for one in permissions(subject, (), None, {}):
            said = shown_as(f"{one.what} ({one.scope})" if one.scope else one.what)
            declared[one.id] = said
            paths.setdefault(one.id, {})[shown_path(subject)] = None
            now.setdefault((shown_as(one.agent), shown_as(one.environment), shown_as(one.resource)), []).append(said)
    decided = {one.id: one for one in stored.entries} if stored is not None else {}
    return Known(declared, now, decided, {id: tuple(own) for id, own in paths.items() if len(own) > 1})


def _store(config: Config, stored: Decisions | None, filled: Filled) -> None:
    people = f" and {plural(filled.people, 'principal')}" if filled.people else ""
    left = f"; {plural(filled.empty, 'permission')}{people} of this file left undecided"
    if not filled.decisions:
        click.echo(f"no row is filled in: nothing to store{left}")
        return
    path = os.path.join(config.root, DECISIONS)
    try:
        text = merged(stored, filled.decisions)
        edit(path, stored.document.text.content if stored is not None else None, text)
    except CannotEdit as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.FileError(path, error.strerror or "cannot be written") from None
    counts = {
        one: sum(each.decision == one for each in filled.decisions)
        for one in ("keep", "modify", "revoke", "investigate")
    }
    words = ", ".join(f"{number} {word}" for word, number in counts.items() if number)
    click.echo(f"{DECISIONS}: {plural(len(filled.decisions), 'decision')} ({words}){left}")
    _vouch(config, sorted({one.by for one in filled.decisions}))


def _vouch(config: Config, deciders: Sequence[str]) -> None:
    """Say whose decisions are recorded for others: anyone can type a name into a cell."""
    try:
        with open_repository(config.root) as repository:
            me = (repository.config("user.email") or "").strip()
    except HistoryError:
        return
    others = [one for one in deciders if one.casefold() != me.casefold()]
    if others:
        by = visible(me) if me else "nobody, for git knows no user.email"
        names = ", ".join(map(visible, others[:5])) + (f" and {len(others) - 5} more" if len(others) > 5 else "")
        click.echo(f"recorded by {by} for {names}: commit the file, so that history tells who vouches for it")
