"""What the commands that look things up share: every rule there is, as configured, and a check of all manifests now."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import date
from typing import NoReturn

import click

from linter.catalogue import BadRule, Rule, ids, load_file
from linter.checking import check, select
from linter.config import BadConfig, Config, load
from linter.data import folder
from linter.engine import Ruleset, ruleset
from linter.findings import InputError, Outcome
from linter.reports.visible import visible


def configured(config_file: str | None) -> tuple[Config, Ruleset]:
    """The configuration, and the rules of `check` as it sets them.

    Raises:
        click.ClickException: one of them cannot be used.
    """
    try:
        config = load(config_file, os.getcwd())
        return config, ruleset(config)
    except (BadConfig, BadRule) as error:
        refuse([InputError(error.path, error.line, 1, error.message)])


def every_rule(rules: Ruleset) -> dict[str, Rule]:
    """The rules of a run, and after them the built-in ones that only other commands run."""
    base = folder("rules")
    others = [id for id in ids() if id not in rules.rules]
    return {**rules.rules, **{id: load_file(os.path.join(base, f"{id}.yaml"), id) for id in others}}


def check_all(config: Config, rules: Ruleset, as_of: date) -> Outcome:
    """Check every manifest of the project."""
    return check(config, rules, select(config, (), config.root, force_exclude=False), as_of)


def refuse(errors: Iterable[InputError]) -> NoReturn:
    """End the command with what could not be read."""
    raise click.ClickException(
        "\n".join(visible(f"{one.path}:{one.line}:{one.column}: {one.message}") for one in errors)
    )
