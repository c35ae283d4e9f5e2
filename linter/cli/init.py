"""`permlint init`."""

from __future__ import annotations

import os
import sys

import click

from linter.config import BadConfig, load
from linter.exits import Exit
from linter.permissions import ACCESS
from linter.skeleton import Answers, Entry, skeleton

_DEFAULT = "agent-permissions.yaml"


class _Resource(click.ParamType):  # type: ignore[type-arg]  # generic only in later releases of click
    """`SYSTEM[.OBJECT]=ACCESS`; read-only where no access is given."""

    name = "resource"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Entry:
        """The entry that the text means."""
        name, _, access = str(value).partition("=")
        if not name:
            self.fail("write SYSTEM.OBJECT=ACCESS, such as postgres.tickets=read-write", param, ctx)
        if (access or "read-only") not in ACCESS:
            self.fail(f"{access!r} is no access; it is one of {', '.join(ACCESS)}", param, ctx)
        return Entry(name, access or "read-only")


@click.command("init")
@click.argument("path", default=_DEFAULT, metavar="[PATH]", type=click.Path())
@click.option("--agent", default="", metavar="NAME", help="The agent, as everyone calls it.")
@click.option("--environment", "environments", multiple=True, metavar="NAME", help="Where it runs; repeatable.")
@click.option("--owner", default="", metavar="WHO", help="The team or person who answers for it.")
@click.option("--purpose", default="", metavar="TEXT", help="What it is for.")
@click.option(
    "--resource",
    "entries",
    multiple=True,
    type=_Resource(),
    metavar="NAME=ACCESS",
    help="What it touches, such as postgres.tickets=read-write; repeatable.",
)
def command(
    path: str, agent: str, environments: tuple[str, ...], owner: str, purpose: str, entries: tuple[Entry, ...]
) -> int:
    """Write a first manifest for an agent, commented.

    On a terminal it asks what the options do not say. What stays open is marked TODO, and `permlint check` points at each.

    \b
    permlint init
    permlint init agents/triage/agent-permissions.yaml --agent ticket-triage --environment staging
    permlint init --agent ticket-triage --owner support --resource postgres.tickets=read-write
    """
    if os.path.lexists(path):
        raise click.ClickException(f"{path} is there already; name another file, or edit that one")
    answers = Answers(agent, environments, owner, purpose, entries)
    if sys.stdin.isatty() and not agent:
        answers = _ask(answers)
    answers = answers._replace(environments=answers.environments or ("staging",))
    try:
        config = load(None, os.getcwd())
    except BadConfig as error:
        raise click.ClickException(f"{error.path}:{error.line}: {error.message}") from None
    text = skeleton(answers, production=any(config.production(one) for one in answers.environments))
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise click.FileError(path, error.strerror or "cannot be written") from None
    click.echo(f"{path} is written. Fill in what says TODO, then: permlint check {path}")
    return Exit.CLEAN


def _ask(known: Answers) -> Answers:
    """Ask for what is not known; an empty answer stays open."""
    agent = click.prompt("Agent", default="", show_default=False)
    environment = known.environments or (click.prompt("Environment", default="staging"),)
    owner = known.owner or click.prompt("Who answers for it", default="", show_default=False)
    purpose = known.purpose or click.prompt("What is it for", default="", show_default=False)
    entries = list(known.entries)
    while not known.entries:
        name = click.prompt("It touches (SYSTEM.OBJECT; empty when that is all)", default="", show_default=False)
        if not name:
            break
        access = click.prompt("  with access", default="read-only", type=click.Choice(list(ACCESS)))
        entries.append(Entry(name, access))
    return Answers(agent, environment, owner, purpose, tuple(entries))
