"""`permlint check`."""

from __future__ import annotations

import os

import click

from linter.catalogue import BadRule
from linter.checking import check, select
from linter.cli.options import Common, common, emit
from linter.config import BadConfig, load
from linter.engine import ruleset
from linter.findings import InputError, Outcome


@click.command("check")
@click.argument("paths", nargs=-1, metavar="[PATH...]", type=click.Path())
@common
@click.option("--force-exclude", is_flag=True, help="Let the configured `exclude` bind named files too (for hooks).")
def command(common: Common, paths: tuple[str, ...], force_exclude: bool) -> int:
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
    start = os.getcwd()
    try:
        config = load(common.config_file, start)
        rules = ruleset(config)
        selection = select(config, paths, start, force_exclude=force_exclude)
        outcome = check(config, rules, selection, common.as_of)
    except (BadConfig, BadRule) as error:
        unread = InputError(error.path, error.line, 1, error.message)
        outcome = Outcome("check", common.as_of, (), (), (unread,), 0, {})
    return emit(outcome, common)
