"""`permlint accept`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from datetime import date
from typing import TextIO

import click

from linter.acceptance import ACCEPTED, load
from linter.accepting import CannotEdit, acceptance, write
from linter.catalogue import Rule
from linter.cli.now import check_all, configured, every_rule, refuse
from linter.cli.options import Day
from linter.config import Config
from linter.exits import Exit
from linter.manifest.period import after
from linter.manifest.text import Unreadable
from linter.outcome import Outcome
from linter.replacing import edit
from linter.reported import BadReport, NoSuchFinding, Reported, of_json, of_outcome, resolve
from linter.reports.totals import plural
from linter.reports.visible import visible
from linter.secrets import find

_STALE = "suppression/stale-acceptance"


@click.command("accept")
@click.argument("fingerprints", nargs=-1, metavar="[FINGERPRINT...]")
@click.option("--all", "everything", is_flag=True, help="Accept every open finding: adoption in one command.")
@click.option("--reason", required=True, metavar="TEXT", help="Why; the next reader weighs it.")
@click.option("--until", required=True, type=Day(), metavar="DATE", help="The last day that it holds.")
@click.option("--by", metavar="NAME", help="Who accepts; git's user.email where this is left out.")
@click.option(
    "--from",
    "source",
    type=click.File("r", encoding="utf-8", errors="surrogateescape"),
    metavar="FILE",
    help="Accept findings of a JSON report, of whichever command, instead of a check run now; - is standard input.",
)
@click.option("--config", "config_file", type=click.Path(), metavar="FILE", help="Configuration, as for check.")
@click.option("--as-of", type=Day(), metavar="DATE", help="The day to judge dates by, instead of today.")
def command(
    fingerprints: tuple[str, ...],
    everything: bool,
    reason: str,
    until: date,
    by: str | None,
    source: TextIO | None,
    config_file: str | None,
    as_of: date | None,
) -> int:
    """Accept findings as they are, until a day.

    Writes permlint-accepted.yaml at the project's root. An accepted finding is counted, and decides no exit status. When
    it changes, or its day is over, it counts again. FINGERPRINT is what `check -v` and `--format json` show; the first 12 of
    its digits are enough. An accepted finding is renewed by accepting it again. Mandatory rules cannot be accepted.

    \b
    permlint accept 3f9a1c20b7d4 --reason "rebuilt in January, OPS-12" --until 2027-01-31
    permlint accept --all --reason "found on adoption" --until 2027-01-31
    permlint check --format json --output found.json
    permlint accept --from found.json --all --reason "ticket 7" --until 2027-01-31
    """
    if bool(fingerprints) == everything:
        raise click.UsageError("name the fingerprints to accept, or give --all")
    reason, by = _words("--reason", reason), None if by is None else _words("--by", by)
    config, rules = configured(config_file)
    today = as_of or date.today()
    _limit(until, today, config.longest_acceptance)
    unchecked: tuple[str, ...] = ()
    if source is None:
        outcome = _readable(check_all(config, rules, today))
        unchecked = outcome.unchecked
        found = of_outcome(outcome)
    else:
        found = _reported(source)
    chosen = _open(found) if everything else _named(fingerprints, found)
    known = every_rule(config, rules)
    refused = [one for one in chosen if _mandatory(one, known)]
    if refused and not everything:
        raise click.ClickException(visible(f"{refused[0].rule} is mandatory: a finding of it cannot be accepted"))
    chosen = [one for one in chosen if one not in refused]
    _write(config, chosen, found, reason, until, by or _who(config.root))
    for one in refused:
        click.echo(visible(f"not accepted, the rule is mandatory: {one.path}:{one.line}: {one.rule}: {one.message}"))
    for sentence in unchecked:
        click.echo(f"not checked: {visible(sentence)}")
    return Exit.UNCHECKED if unchecked else Exit.CLEAN


def _words(option: str, text: str) -> str:
    if not text.strip():
        raise click.UsageError(f"{option} is empty: say {'why' if option == '--reason' else 'who'}")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise click.UsageError(f"{option} is not UTF-8")
    if find(text):
        raise click.UsageError(
            f"{option} holds what looks like a credential: everyone who reads the repository would see it"
        )
    return text.strip()


def _limit(until: date, today: date, longest: str) -> None:
    last = after(today.isoformat(), longest)
    if until < today:
        raise click.UsageError(f"--until {until} is over already")
    if until > last:
        raise click.UsageError(
            f"--until {until} is more than {longest} ahead: {last} at most (`longest_acceptance` in the configuration)"
        )


def _readable(outcome: Outcome) -> Outcome:
    if outcome.errors:
        refuse(outcome.errors)
    return outcome


def _reported(source: TextIO) -> list[Reported]:
    try:
        return of_json(source.read())
    except BadReport as error:
        raise click.ClickException(visible(f"{source.name} {error}")) from None


def _open(found: list[Reported]) -> list[Reported]:
    # A stale acceptance ends when its entry is renewed or removed: accepting it would hide both.
    return [one for one in found if not one.silenced and one.rule != _STALE]


def _named(fingerprints: tuple[str, ...], found: list[Reported]) -> list[Reported]:
    chosen = []
    for written in fingerprints:
        try:
            identity = resolve(written, (one.fingerprint for one in found))
        except NoSuchFinding as error:
            raise click.ClickException(visible(str(error))) from None
        same = [one for one in found if one.fingerprint == identity]
        if same[0].rule == _STALE:
            raise click.ClickException(
                f"{_STALE} is not for accepting: accept the finding that the entry names, or remove it"
            )
        taken = [one for one in same if one.silenced != "suppression"]
        if not taken:
            raise click.ClickException(f"`{written}` is silenced already, by a comment in the manifest")
        chosen += taken
    return chosen


def _mandatory(one: Reported, rules: Mapping[str, Rule]) -> bool:
    rule = rules.get(one.rule)
    if rule is None:
        raise click.ClickException(visible(f"{one.rule} is no rule of this permlint: is the report another version's?"))
    return rule.mandatory


def _write(config: Config, chosen: list[Reported], found: list[Reported], reason: str, until: date, by: str) -> None:
    if not chosen:
        click.echo("nothing to accept")
        return
    new = [acceptance(one, reason, until.isoformat(), by) for one in chosen]
    path = os.path.join(config.root, ACCEPTED)
    try:
        loaded = load(config.root)
        text, renewed = write(loaded, new, {(one.fingerprint, one.content) for one in found})
        edit(path, loaded.document.text.content if loaded is not None else None, text)
    except Unreadable as error:
        raise click.ClickException(visible(f"{ACCEPTED}:{error.line}:{error.column}: {error.message}")) from None
    except CannotEdit as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.FileError(path, error.strerror or "cannot be written") from None
    again = f", {renewed} of them renewed" if renewed else ""
    click.echo(f"accepted {plural(len(set(new)), 'finding')} until {until}{again}: {ACCEPTED}")


def _who(root: str) -> str:
    """Git's user.email; empty where git does not know."""
    try:
        done = subprocess.run(
            ["git", "config", "user.email"],  # noqa: S607 - the user's own git
            cwd=root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            text=True,
        )
    except OSError:
        return ""
    return done.stdout.strip()
