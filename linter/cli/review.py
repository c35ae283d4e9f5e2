"""`permlint review`: what a reviewer writes into a manifest, or decides in a report."""

from __future__ import annotations

import os
from datetime import date

import click

from linter.cli.options import Day
from linter.config import BadConfig, load
from linter.exits import Exit
from linter.files import read_file, relative
from linter.manifest.text import Unreadable
from linter.reports.visible import visible


@click.group("review")
def command() -> None:
    """Write a review into a manifest, or store what reviewers decided of a report."""


@command.command("sign")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path())
@click.option("--by", metavar="EMAIL", help="Who signs: git's user.email, and no other.")
@click.option("--as-of", type=Day(), metavar="DATE", help="The day of the review, instead of today.")
@click.option(
    "--config", "config_file", type=click.Path(), metavar="FILE", help="Configuration, instead of the nearest."
)
def sign_command(paths: tuple[str, ...], by: str | None, as_of: date | None, config_file: str | None) -> int:
    """Sign what a manifest agrees to: writes `reviewed: {date, by, digest}` and changes nothing else.

    \b
    permlint review sign agents/triage/agent-permissions.yaml
    git commit -m "Reviewed: triage may set priorities" agents/triage/agent-permissions.yaml

    The digest pins the agent, what it may do in each environment, its identities and its end; comments, order and free text
    are not in it. Read `permlint creep PATH --from last-review` first. Commit the signature yourself: anyone can type a
    name, so whose review it is, the history tells (review/unattributed-review), and who wrote the widening does not review it
    (review/self-review).
    """
    from linter.history.git import open_repository
    from linter.history.model import HistoryError

    try:
        config = load(config_file, os.getcwd())
        with open_repository(config.root) as repository:
            email = (repository.config("user.email") or "").strip()
    except (BadConfig, HistoryError) as error:
        raise click.ClickException(visible(error.message)) from None
    if not email:
        raise click.ClickException("git knows no user.email: set it with `git config user.email you@example.com`")
    if by is not None and by.strip().casefold() != email.casefold():
        raise click.UsageError(f"--by {visible(by)} is not git's user.email ({visible(email)}): sign as yourself")
    day = (as_of or date.today()).isoformat()
    failed = [path for path in paths if not _sign(os.path.abspath(path), config.root, day, email)]
    return Exit.USAGE if failed else Exit.CLEAN


def _sign(path: str, root: str, day: str, email: str) -> bool:
    """Sign one file; says what it did, or why it did not."""
    from linter.manifest.lenient import lenient
    from linter.manifest.reader import read
    from linter.manifest.signature import CannotSign, sign
    from linter.manifest.signing import digest_of
    from linter.replacing import edit
    from linter.schema import predicate

    shown = visible(relative(path, root))
    try:
        document = read(read_file(path, root))
        if not predicate("manifest")(document.data) or document.duplicates:
            raise CannotSign("it has faults, and what cannot be read cannot be signed: see `permlint check`")
        digest = digest_of(lenient(document.data).manifest)
        text = sign(document, day, email, digest)
        edit(path, document.text.content, text)
    except Unreadable as error:
        click.echo(f"error: {shown}:{error.line}:{error.column}: {visible(error.message)}", err=True)
        return False
    except (CannotSign, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        click.echo(f"error: {shown}: not signed: {visible(reason or 'it cannot be written')}", err=True)
        return False
    click.echo(f"{shown}: signed by {visible(email)} on {day}, {digest}")
    return True


@command.command("record")
@click.argument("file", metavar="FILE", type=click.Path())
@click.option("--as-of", type=Day(), metavar="DATE", help="The day to judge dates by, instead of today.")
@click.option(
    "--config", "config_file", type=click.Path(), metavar="FILE", help="Configuration, instead of the nearest."
)
def record_command(file: str, as_of: date | None, config_file: str | None) -> int:
    """Store what reviewers decided: the report's CSV, filled in, into permlint-decisions.yaml at the project's root.

    \b
    permlint report --format csv --output decide.csv
    permlint review record decide.csv
    git commit -m "Decided in the review of Q4" permlint-decisions.yaml

    A reviewer fills in `decision` (keep, modify, revoke, investigate), `decided_by`, `decided_on` (2026-11-25) and `reason`, which
    may be empty for revoke and for keeping what a manifest declares. Rows that nobody filled in stay undecided. FILE may come
    from Excel or LibreOffice, as CSV UTF-8, with commas or semicolons. Every row is proved first: one that is wrong is named by
    line and cell, and then nothing is stored. The latest decision of a permission stands, git keeps the earlier ones. Whoever
    records need not be who decided; commit the file yourself, so that history tells who vouches for it.
    """
    from linter.audit.filled import BadFile
    from linter.cli.recording import record

    try:
        return record(file, load(config_file, os.getcwd()), as_of or date.today())
    except BadFile as problem:
        raise click.ClickException(visible(f"{file} {problem}")) from None
    except BadConfig as error:
        raise click.ClickException(visible(f"{error.path}:{error.line}: {error.message}")) from None
