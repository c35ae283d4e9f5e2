"""`permlint init`."""

from __future__ import annotations

import os
import sys

import click

from linter.cli.options import harmless
from linter.config import BadConfig, Config, load
from linter.exits import Exit
from linter.permissions import ACCESS
from linter.replacing import edit
from linter.reports.visible import visible
from linter.skeleton import Answers, Draft, Entry, skeleton
from linter.systems.live import Unverified, adapter_of

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
@click.option("--from", "system", default="", metavar="SYSTEM", help="Write what a configured system really grants.")
@click.option("--role", default="", metavar="NAME", help="Of which principal, with --from.")
def command(
    path: str,
    agent: str,
    environments: tuple[str, ...],
    owner: str,
    purpose: str,
    entries: tuple[Entry, ...],
    system: str,
    role: str,
) -> int:
    """Write a first manifest for an agent, commented.

    PATH is a new file, by default agent-permissions.yaml, or - for standard output.

    On a terminal it asks what the options do not say. What stays open is marked TODO, and `permlint check` points at each.

    \b
    permlint init
    permlint init agents/triage/agent-permissions.yaml --agent ticket-triage --environment staging
    permlint init --agent ticket-triage --owner support --resource postgres.tickets=read-write
    permlint init --from postgres --role triage_agent
    permlint init --from aws --role arn:aws:iam::111122223333:role/triage
    permlint init --from slack --agent notifier      a key is its own principal
    """
    if role and not system:
        raise click.UsageError("--role says whose grants are read: --from names the system")
    if path != "-" and os.path.lexists(path):
        raise click.ClickException(f"{path} is there already; name another file, or edit that one")
    answers = Answers(agent or (role if system else ""), environments, owner, purpose, entries)
    if sys.stdin is not None and sys.stdin.isatty() and not answers.agent:
        answers = _ask(answers)
    answers = answers._replace(environments=answers.environments or ("staging",))
    try:
        config = load(None, os.getcwd())
    except BadConfig as error:
        raise click.ClickException(f"{error.path}:{error.line}: {error.message}") from None
    if system:
        try:
            live = _ask_system(config, system, answers.environments[0], role)
        except Unverified as problem:
            click.echo(harmless(f"Error: {visible(str(problem))}"), err=True)
            return Exit.UNCHECKED
        answers = answers._replace(entries=(*live.entries, *entries), live=live)
    text = skeleton(answers, production=any(config.production(one) for one in answers.environments))
    if path == "-":
        click.echo(text, nl=False)
        return Exit.CLEAN
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        edit(path, None, harmless(text))
    except OSError as error:
        raise click.FileError(path, error.strerror or "cannot be written") from None
    click.echo(f"{path} is written. Fill in what says TODO, then: permlint check {path}")
    return Exit.CLEAN


def _ask_system(config: Config, system: str, environment: str, role: str) -> Draft:
    """What the system says of a principal.

    Raises:
        Unverified: it cannot be asked, or knows no such principal.
    """
    from linter.drift.planes import LOGIN, bind

    binding = bind(config, system, environment)
    adapter = adapter_of(binding.kind)
    if adapter is None:
        raise Unverified(f"permlint cannot ask systems of the kind `{binding.kind}`")
    if not role and not adapter.own_principal:
        raise click.UsageError(f"--role says which principal of {system} is meant")
    role = role or LOGIN
    return adapter.draft(system, role, adapter.observe(adapter.target(binding), (role,)))


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
