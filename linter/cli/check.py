"""`permlint check`."""

from __future__ import annotations

import os
from datetime import date

import click

from linter.catalogue import BadRule
from linter.checking import check, select
from linter.cli.options import FAIL_ON, Day, destinations, threshold, wants_color, write
from linter.config import BadConfig, load
from linter.engine import ruleset
from linter.exits import exit_status
from linter.findings import InputError, Outcome, Severity

FORMATS = ("text", "json", "sarif")
_EXTENSIONS = {"txt": "text", "json": "json", "sarif": "sarif"}


@click.command("check")
@click.argument("paths", nargs=-1, metavar="[PATH...]", type=click.Path())
@click.option(
    "--config",
    "config_file",
    type=click.Path(),
    metavar="FILE",
    help="Configuration, instead of the nearest permlint.toml or pyproject.toml.",
)
@click.option("--format", "formats", multiple=True, type=click.Choice(FORMATS), help="Repeatable; text by default.")
@click.option(
    "--output",
    "outputs",
    multiple=True,
    type=click.Path(),
    metavar="FILE",
    help="The n-th belongs to the n-th --format; - is standard output.",
)
@click.option(
    "--fail-on",
    type=click.Choice(FAIL_ON),
    default="error",
    show_default=True,
    help="The least severity that makes the exit status 1.",
)
@click.option("--as-of", type=Day(), metavar="DATE", help="The day to judge dates by, instead of today.")
@click.option("--force-exclude", is_flag=True, help="Let the configured `exclude` bind named files too (for hooks).")
@click.option("-q", "--quiet", is_flag=True, help="Print only what decides the exit status.")
@click.option("-v", "--verbose", is_flag=True, help="Print every finding in full, and what was silenced.")
def command(
    paths: tuple[str, ...],
    config_file: str | None,
    formats: tuple[str, ...],
    outputs: tuple[str, ...],
    fail_on: str,
    as_of: date | None,
    force_exclude: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Lint permission manifests.

    PATH is a manifest, a folder to search, or - for standard input. Without PATH, every manifest that the configured globs
    match below the project's root is checked; by default agent-permissions*.yaml and *.agent-permissions.yaml.

    \b
    permlint check
    permlint check agents/triage/agent-permissions.yaml
    permlint check --format sarif --output permlint.sarif
    git show HEAD:agent-permissions.yaml | permlint check -

    A comment `# permlint: ignore[category/name] reason until=2026-12-31` on a line, or alone above it, silences a finding.
    """
    wanted = destinations(formats, outputs, FORMATS, _EXTENSIONS)
    start = os.getcwd()
    day = as_of or date.today()
    try:
        config = load(config_file, start)
        rules = ruleset(config)
        selection = select(config, paths, start, force_exclude=force_exclude)
        outcome = check(config, rules, selection, day)
    except (BadConfig, BadRule) as error:
        outcome = Outcome("check", day, (), (), (InputError(error.path, error.line, 1, error.message),), 0, {})
    for name, output in wanted:
        write(output, _render(name, outcome, fail_on, color=wants_color(output), quiet=quiet, verbose=verbose))
    return exit_status(outcome, threshold(fail_on))


def _render(name: str, outcome: Outcome, fail_on: str, *, color: bool, quiet: bool, verbose: bool) -> str:
    if name == "json":
        from linter.reports import json

        return json.render(outcome)
    if name == "sarif":
        from linter.catalogue import manuals
        from linter.reports import sarif

        return sarif.render(outcome, manuals(outcome.rules), threshold(fail_on))
    from linter.reports import text

    return text.render(outcome, text.Style(threshold(fail_on) or Severity.ERROR, color, quiet, verbose))
