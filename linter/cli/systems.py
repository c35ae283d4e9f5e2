"""`permlint systems`."""

from __future__ import annotations

import os

import click

from linter.checking import select
from linter.config import BadConfig, Config, load
from linter.drifting import gather
from linter.exits import Exit
from linter.forks import from_fork
from linter.planes import LOGIN, bind
from linter.reports.visible import visible
from linter.systems.live import Unverified, adapter_of


@click.command("systems")
@click.option(
    "--config", "config_file", type=click.Path(), metavar="FILE", help="Configuration, instead of the nearest."
)
@click.option(
    "--check", "ask", is_flag=True, help="Ask each system too; exit 3 for what is unbound, unset or unreachable."
)
def command(config_file: str | None, ask: bool) -> int:
    """List the systems that configuration binds and those that manifests name.

    With --check each one is asked, and what no binding, variable or server stands behind is told apart.
    """
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
    sound = True
    for system in sorted({*used, *config.systems}):
        entry = config.systems.get(system, {})
        environments = dict.fromkeys([*(entry.get("environments") or {}), *used.get(system, {})]) or {"": None}
        for environment in environments:
            state, fine = _state(config, system, environment, ask=ask)
            sound = sound and fine
            where = f" ({environment})" if environment else ""
            click.echo(visible(f"{system}{where}: {entry.get('kind', 'unbound')}: {state}"))
    return Exit.CLEAN if sound or not ask else Exit.UNCHECKED


def _state(config: Config, system: str, environment: str, *, ask: bool) -> tuple[str, bool]:
    """A system's state in words, and whether it can be compared."""
    try:
        binding = bind(config, system, environment)
    except Unverified as problem:
        return str(problem), False
    adapter = adapter_of(binding.kind)
    if adapter is None:
        return "permlint cannot compare this kind", False
    try:
        target = adapter.target(binding)
        if not ask:
            return f"{target.label} is set", True
        if from_fork():
            return "not asked in a pull request from a fork", False
        adapter.observe(target, (LOGIN,))
    except Unverified as problem:
        return str(problem), False
    return f"{target.label} answers", True
