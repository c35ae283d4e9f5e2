"""The rules of a run: the built-in catalogue and a team's own, as the configuration sets them, with their checks instantiated."""

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from linter.catalogue import BadRule, Rule, built_in, ids, line_of, load_file
from linter.checks import BadParams, builtin, instantiate
from linter.files import relative, search
from linter.findings import Severity

if TYPE_CHECKING:
    from linter.config import Config


class Ruleset(NamedTuple):
    """Every rule of a run, and the checks of those that are on."""

    rules: Mapping[str, Rule]
    checks: tuple[tuple[Rule, Any], ...]
    fleet_checks: tuple[tuple[Rule, Any], ...]
    tidying: tuple[tuple[Rule, Any], ...]
    """Checks of rules that are off and yet repair."""


def ruleset(config: "Config", command: str = "check") -> Ruleset:
    """A command's built-in rules, for `check` the team's own as well, as configuration sets them.

    Raises:
        BadConfig: a rule that does not exist, a parameter that it does not take, a mandatory rule turned down.
        BadRule: a team's rule file that cannot be used.
    """
    rules = built_in(command)
    own = _own(config) if config.rule_files else {}
    if command == "check":
        rules |= own
    for id, settings in config.rules.items():
        if id in rules:
            rules[id] = _configure(rules[id], settings, config)
        elif id not in own and id not in (known := ids()):
            near = nearest_rule(id, [*known, *own])
            hint = f"; did you mean `{near}`?" if near else ""
            raise config.fault(f"rules.{id}: there is no such rule{hint}", "rules", id)
    builtin.register(command)
    checks: list[tuple[Rule, Any]] = []
    fleet_checks: list[tuple[Rule, Any]] = []
    tidying: list[tuple[Rule, Any]] = []
    for rule in rules.values():
        if rule.check == "engine" or (rule.gravest is Severity.OFF and not rule.tidies):
            continue
        try:
            check, wants_fleet = instantiate(rule.check, rule.params)
        except BadParams as error:
            if rule.id in own and "params" not in config.rules.get(rule.id, {}):
                raise BadRule(relative(rule.source, config.root), line_of(rule, "params"), str(error)) from None
            raise config.fault(f"{rule.id}: {error}", "rules", rule.id, "params") from None
        kind = tidying if rule.gravest is Severity.OFF else fleet_checks if wants_fleet else checks
        kind.append((rule, check))
    return Ruleset(rules, tuple(checks), tuple(fleet_checks), tuple(tidying))


def _own(config: "Config") -> dict[str, Rule]:
    found = search(config.root, config.root, config.rule_files, ())
    if not found:
        raise config.fault("rule_files matches no file", "rule_files")
    rules: dict[str, Rule] = {}
    known = ids()
    for path in found:
        rule = load_file(os.path.join(config.root, path), path)
        if rule.id in rules or rule.id in known:
            raise BadRule(path, 1, f"`{rule.id}` is a rule already")
        rules[rule.id] = rule
    return rules


def _configure(rule: Rule, settings: Mapping[str, Any], config: "Config") -> Rule:
    if "severity" in settings:
        given = settings["severity"]
        words = {"otherwise": given} if isinstance(given, str) else given
        severity = {case: Severity[word.upper()] for case, word in words.items()}
        severity["otherwise"] = severity.pop("otherwise")
        if rule.mandatory and min(severity.values()) < min(rule.severity.values()):
            raise config.fault(
                f"rules.{rule.id}: the rule is mandatory and cannot be turned down", "rules", rule.id, "severity"
            )
        rule = rule._replace(severity=severity)
    return rule._replace(
        params={**rule.params, **settings.get("params", {})},
        mandatory=rule.mandatory or settings.get("mandatory", False),
    )


def nearest_rule(id: str, rules: Iterable[str]) -> str | None:
    """The rule that a misspelt id means, or None."""
    from difflib import get_close_matches

    known = list(rules)
    by_name = {one.partition("/")[2]: one for one in known}
    near = get_close_matches(id, known, 1, 0.6) or [
        by_name[name] for name in get_close_matches(id.rpartition("/")[2], list(by_name), 1, 0.7)
    ]
    return near[0] if near else None
