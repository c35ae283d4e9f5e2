"""`permlint demo`."""

from __future__ import annotations

import os
import sys
import webbrowser
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from linter.cli.options import wants_color
from linter.demo import Impossible
from linter.demo.server import programs, running
from linter.demo.steps import REPORT, STEPS, environment, told
from linter.demo.world import DATA, make
from linter.exits import Exit


@click.command("demo")
@click.option("--keep", type=click.Path(), metavar="FOLDER", help="Keep the company's repository and its report there.")
@click.option("--open", "show", is_flag=True, help="Open the report in a browser.")
@click.option("-v", "--verbose", is_flag=True, help="Print each command's whole output.")
def command(keep: str | None, show: bool, verbose: bool) -> int:
    """Show what permlint does, on a small company that it makes and takes away again.

    A git repository with a history, a PostgreSQL of its own (pip install 'permlint[demo]' brings it) that grants more than was
    agreed, and what Slack answered, in a file. permlint's own commands are run on it. Nothing listens on the network,
    nothing outside a temporary folder is written.

    \b
    permlint demo
    permlint demo --keep acme   what is in acme afterwards can be looked through and changed
    """
    interactive = sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()
    if show and not keep and not interactive:
        raise click.UsageError("--open without a terminal needs --keep: the report would be deleted before it is seen")
    if keep and os.path.lexists(keep) and not (os.path.isdir(keep) and not os.listdir(keep)):
        raise click.UsageError(f"--keep {keep}: something is there already")
    try:
        programs()
        with TemporaryDirectory(prefix="permlint-demo-", ignore_cleanup_errors=True) as scratch:
            folder = Path(keep).absolute() if keep else Path(scratch, "acme")
            folder.mkdir(parents=True, exist_ok=True)
            make(folder, datetime.now().astimezone())
            with running(Path(scratch)) as dsn:
                _play(folder, dsn, verbose=verbose)
                _end(folder / REPORT, kept=keep is not None, show=show, interactive=interactive)
    except Impossible as problem:
        click.echo(f"permlint: {problem}", err=True)
        return Exit.UNCHECKED
    return Exit.CLEAN


def _play(folder: Path, dsn: str, *, verbose: bool) -> None:
    import psycopg

    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute((DATA / "database.sql").read_bytes())
        version = connection.info.server_version // 10000
    click.echo(f"A small company is in {folder}: two agents, their history in git, and a PostgreSQL {version}.")
    auditor = psycopg.conninfo.make_conninfo(dsn, user="auditor")
    for line in told(STEPS, folder, environment(auditor, color=wants_color("-")), whole=verbose):
        click.echo(line)


def _end(report: Path, *, kept: bool, show: bool, interactive: bool) -> None:
    click.echo("")
    if show and not webbrowser.open(report.as_uri()):
        click.echo("No browser can be opened here.")
    if kept:
        click.echo(f"{report.parent} keeps all but the database, which goes. The report: {report}")
    elif interactive:
        with suppress(EOFError):
            input(f"The report: {report}\nEnter ends the demo and deletes everything; --keep FOLDER would keep it. ")
    else:
        click.echo("Everything is deleted again; --keep FOLDER would keep it.")
