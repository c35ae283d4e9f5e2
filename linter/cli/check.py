"""`permlint check`."""

from __future__ import annotations

import os
from datetime import date

import click

from linter.catalogue import BadRule
from linter.checking import Selection, check, select
from linter.cli.options import Common, common, emit
from linter.config import BadConfig, Config, load
from linter.exits import Exit, exit_status
from linter.outcome import InputError, Outcome
from linter.reports.visible import visible
from linter.rulesets import Ruleset, ruleset


@click.command("check")
@click.argument("paths", nargs=-1, metavar="[PATH...]", type=click.Path())
@common
@click.option("--fix", is_flag=True, help="Repair what can be repaired without changing what was meant; then check.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix or --diff: also repairs that somebody should look at.")
@click.option(
    "--diff", "show_diff", is_flag=True, help="Show what --fix would change, and change nothing; status 1 if anything."
)
@click.option("--force-exclude", is_flag=True, help="Let the configured `exclude` bind named files too (for hooks).")
def command(
    common: Common, paths: tuple[str, ...], force_exclude: bool, fix: bool, unsafe_fixes: bool, show_diff: bool
) -> int:
    """Lint permission manifests.

    PATH is a manifest, a folder to search, or - for standard input. Without PATH, every manifest that the configured globs
    match below the project's root is checked; by default agent-permissions*.yaml and *.agent-permissions.yaml.

    \b
    permlint check
    permlint check agents/triage/agent-permissions.yaml
    permlint check --format sarif --output permlint.sarif
    permlint check --fix                  repair what is safe to repair
    permlint check --diff --unsafe-fixes  show every repair, and write none
    git show HEAD:agent-permissions.yaml | permlint check -

    A comment `# permlint: ignore[category/name] reason until=2026-12-31` on a line, or alone above it, silences a finding.
    """
    if unsafe_fixes and not (fix or show_diff):
        raise click.UsageError("--unsafe-fixes goes with --fix or --diff")
    if (fix or show_diff) and "-" in paths:
        raise click.UsageError("standard input cannot be repaired: name a file")
    start = os.getcwd()
    changed = False
    try:
        config = load(common.config_file, start)
        rules = ruleset(config)
        selection = select(config, paths, start, force_exclude=force_exclude)
        if fix or show_diff:
            changed = _repair(config, rules, selection, common.as_of, unsafe=unsafe_fixes, only_show=show_diff)
        outcome = check(config, rules, selection, common.as_of)
    except (BadConfig, BadRule) as error:
        fault = InputError(error.path, error.line, 1, error.message)
        outcome = Outcome("check", common.as_of, (), (), (fault,), 0, {})
    if not show_diff:
        return emit(outcome, common)
    for unread in outcome.errors:
        click.echo(f"{visible(unread.path)}:{unread.line}:{unread.column}: {visible(unread.message)}", err=True)
    status = exit_status(outcome._replace(findings=()), None)
    return Exit.FINDINGS if changed and status is not Exit.USAGE else status


def _repair(
    config: Config, rules: Ruleset, selection: Selection, as_of: date, *, unsafe: bool, only_show: bool
) -> bool:
    """Write the repairs, or show them; whether there are any.

    Raises:
        click.ClickException: a manifest cannot be written.
    """
    from linter import fixing
    from linter.replacing import edit

    found = False
    for fixed in fixing.fix(config, rules, selection, as_of, unsafe=unsafe):
        found = True
        if only_show:
            click.echo(fixing.diff(fixed), nl=False)
            continue
        try:
            edit(os.path.join(config.root, fixed.path), fixed.before, fixed.after)
        except OSError as error:
            raise click.FileError(fixed.path, error.strerror or "cannot be written") from None
        times = "1 repair" if fixed.repairs == 1 else f"{fixed.repairs} repairs"
        click.echo(f"{visible(fixed.path)}: {times}", err=True)
    return found
