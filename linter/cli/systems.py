"""`permlint systems`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import closing

import click

from linter.checking import select
from linter.cli.options import harmless
from linter.cli.progress import Progress
from linter.config import BadConfig, Config, load
from linter.drift.asking import Daemons, Unit, asked
from linter.drift.planes import LOGIN, bind, bound_as
from linter.drift.run import gather
from linter.exits import Exit
from linter.forks import from_fork
from linter.reports.visible import visible
from linter.systems.live import KINDS, Failure, Unverified, adapter_of


@click.command("systems")
@click.argument("kinds", nargs=-1, metavar="[KIND...]")
@click.option(
    "--config", "config_file", type=click.Path(), metavar="FILE", help="Configuration, instead of the nearest."
)
@click.option(
    "--check", "ask", is_flag=True, help="Ask each system too; exit 3 for what is unbound, unset or unreachable."
)
def command(config_file: str | None, ask: bool, kinds: tuple[str, ...]) -> int:
    """List the systems that configuration binds and those that manifests name, or explain KINDs of systems.

    With --check each one is asked, and what no binding, variable or server stands behind is told apart.

    \b
    permlint systems            what is bound here
    permlint systems --check    and whether it answers
    permlint systems slack      what is sent to Slack, which right that needs, what it can and cannot tell
    permlint systems all        the same of every kind
    """
    if kinds:
        return _explain(kinds)
    start = os.getcwd()
    try:
        config = load(config_file, start)
    except BadConfig as error:
        click.echo(f"error: {visible(error.path)}:{error.line}:1: {visible(error.message)}")
        return Exit.USAGE
    from datetime import date

    named = gather(config, select(config, (), start, force_exclude=False), date.today())[0]
    used: dict[str, dict[str, None]] = {}
    for subject in named:
        for resource in subject.manifest.resources:
            used.setdefault(resource.system, {}).update(dict.fromkeys(resource.environments))
    lines: list[tuple[str, str | Unit]] = []
    for system in sorted({*used, *config.systems}):
        entry = config.systems.get(bound_as(config, system), {})
        environments = dict.fromkeys([*(entry.get("environments") or {}), *used.get(system, {})]) or {"": None}
        for environment in environments:
            where = f" ({environment})" if environment else ""
            lines.append((f"{system}{where}: {entry.get('kind', 'unbound')}", _state(config, system, environment)))
    fork = ask and from_fork()
    answers = _ask(state for _, state in lines if isinstance(state, Unit)) if ask and not fork else {}
    sound = True
    for what, state in lines:
        if isinstance(state, str):
            said, fine = state, False
        elif fork:
            said, fine = "not asked in a pull request from a fork", False
        else:
            label = state.target.label
            problem = answers.get(id(state))
            said, fine = problem or f"{label} {'answers' if ask else 'is set'}", not problem
        sound = sound and fine
        click.echo(harmless(visible(f"{what}: {said}")))
    return Exit.CLEAN if sound or not ask else Exit.UNCHECKED


def _explain(kinds: tuple[str, ...]) -> int:
    """What comparing a kind of system takes and tells, a paragraph each."""
    unknown = [kind for kind in kinds if kind != "all" and kind not in KINDS]
    if unknown:
        raise click.UsageError(f"there is no kind {unknown[0]!r}; there are {', '.join(KINDS)}, and all")
    for kind in KINDS if "all" in kinds else dict.fromkeys(kinds):
        adapter = adapter_of(kind)
        assert adapter is not None, "a kind that is listed can be compared"
        click.echo(f"{kind}\n" + "".join(f"  {line}\n" for line in adapter.about()))
    return Exit.CLEAN


def _state(config: Config, system: str, environment: str) -> str | Unit:
    """A system that can be asked, or why it cannot be."""
    try:
        binding = bind(config, system, environment)
        adapter = adapter_of(binding.kind)
        if adapter is None:
            return "permlint cannot compare this kind"
        return Unit(adapter, adapter.target(binding), (LOGIN,))
    except Unverified as problem:
        return str(problem)


def _ask(units: Iterable[Unit]) -> dict[int, str]:
    """Why each system does not answer, by the unit's identity; empty where it does.

    Equal units are asked each: a place has one key, whatever else its bindings say of how to reach it.
    """
    progress = Progress(sys.stderr, quiet=False, verbose=False)
    with Daemons() as pool, closing(asked(units, pool, progress)) as coming:
        return {id(unit): got.said.problem if isinstance(got.said, Failure) else "" for unit, got in coming}
