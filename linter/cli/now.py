"""What the commands that look things up share: every rule there is, as configured, and a check of all manifests now."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import date
from typing import NoReturn

import click

from linter.catalogue import COMMANDS, BadRule, Rule
from linter.checking import check, select
from linter.config import BadConfig, Config, load
from linter.outcome import InputError, Outcome
from linter.reports.visible import visible
from linter.rulesets import Ruleset, ruleset


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


def every_rule(config: Config, rules: Ruleset) -> dict[str, Rule]:
    """The rules of `check`, and after them those that only other commands run, all as configured.

    Raises:
        click.ClickException: the configuration sets one as it cannot be set.
    """
    every = dict(rules.rules)
    try:
        for command in COMMANDS:
            every = {**every, **{id: rule for id, rule in ruleset(config, command).rules.items() if id not in every}}
    except (BadConfig, BadRule) as error:
        refuse([InputError(error.path, error.line, 1, error.message)])
    return every


def check_all(config: Config, rules: Ruleset, as_of: date) -> Outcome:
    """Check every manifest of the project."""
    return check(config, rules, select(config, (), config.root, force_exclude=False), as_of)


def refuse(errors: Iterable[InputError]) -> NoReturn:
    """End the command with what could not be read."""
    raise click.ClickException(
        "\n".join(visible(f"{one.path}:{one.line}:{one.column}: {one.message}") for one in errors)
    )
