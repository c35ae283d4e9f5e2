"""`permlint rules`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from linter import __version__
from linter.catalogue import Rule, manuals
from linter.cli.now import configured, every_rule
from linter.findings import Severity
from linter.reports.visible import visible

_CASES = {"otherwise": "", "production": " in production"}


@click.command("rules")
@click.option("--format", "shape", type=click.Choice(["text", "json"]), default="text", help="A table by default.")
@click.option("--config", "config_file", type=click.Path(), metavar="FILE", help="Configuration, as for check.")
def command(shape: str, config_file: str | None) -> None:
    """List every rule, as the configuration sets it.

    `permlint explain RULE` says when a rule has which of several severities. A * marks a mandatory rule, which cannot be silenced.

    \b
    permlint rules
    permlint rules --format json
    permlint rules | grep rollback/
    """
    known = every_rule(*configured(config_file))
    click.echo(_json(known) if shape == "json" else _table(known))


def _table(rules: Mapping[str, Rule]) -> str:
    rows = [(id, _brief(rule) + ("*" if rule.mandatory else ""), rule.summary) for id, rule in rules.items()]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "\n".join(visible(f"{id:{widths[0]}}  {severity:{widths[1]}}  {summary}") for id, severity, summary in rows)


def _brief(rule: Rule) -> str:
    """As `severities`, or, where that makes a column too wide, the severities it can have, such as "info/warning/error"."""
    whole = severities(rule)
    return whole if len(whole) < 30 else "/".join(one.label for one in sorted(set(rule.severity.values())))


def severities(rule: Rule) -> str:
    """Such as "warning, error in production"."""
    words = [("otherwise", rule.severity["otherwise"]), *((c, s) for c, s in rule.severity.items() if c != "otherwise")]
    return ", ".join(one.label + _CASES.get(case, f" where {case.replace('+', ' and ')}") for case, one in words)


def fix(rule: Rule) -> str:
    """What ends a finding of the rule, {placeholders} of what a check fills in left as they are."""
    return rule.fix["otherwise"].format_map(_Blanks()).rstrip()


class _Blanks(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


def _json(rules: Mapping[str, Rule]) -> str:
    pages = manuals(rules)
    body = {
        "schema_version": 1,
        "tool": {"name": "permlint", "version": __version__},
        "rules": [
            {
                "rule": id,
                "category": id.partition("/")[0],
                "summary": rule.summary,
                "severity": _severity(rule.severity),
                "mandatory": rule.mandatory,
                "check": rule.check,
                "params": rule.params,
                "fix": fix(rule),
                "since": pages[id].since,
                "references": [one.id for one in pages[id].references],
            }
            for id, rule in rules.items()
        ],
    }
    return json.dumps(body, indent=2)


def _severity(severity: Mapping[str, Severity]) -> Any:
    words = {case: one.label for case, one in severity.items()}
    return words if len(words) > 1 else words["otherwise"]
