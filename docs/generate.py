"""Writes the pages that follow from data: docs/rules/ from the catalogue, two references from the schemas.

python docs/generate.py
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from linter.catalogue import COMMANDS, Manual, Reference, Rule, built_in, ids, load_file, manual, references
from linter.checking import check, select
from linter.checks import TEMPLATES, builtin
from linter.config import load
from linter.data import folder
from linter.findings import Finding
from linter.rulesets import ruleset

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent))
from docs import reference  # noqa: E402 - so that it runs as a script, too

TODAY = date(2026, 11, 24)
"""The day by which examples are judged that name none."""
_WHERE = {"otherwise": "otherwise", "production": "in production"}


def pages() -> dict[str, str]:
    """Every generated page: path below docs/ -> content."""
    rules, known = catalogue(), references()
    found = {f"rules/{id}.md": page(rule, known) for id, rule in rules.items()}
    found["rules/README.md"] = index(rules)
    found["configuration.md"] = reference.configuration()
    found["manifest.md"] = reference.manifest()
    return found


def leftovers(wanted: Mapping[str, str]) -> list[Path]:
    """Pages below docs/rules/ whose rule is gone."""
    return [path for path in sorted(DOCS.glob("rules/**/*.md")) if path.relative_to(DOCS).as_posix() not in wanted]


def catalogue() -> dict[str, Rule]:
    """Every rule file there is: first those that `check` runs, in its order, then the other commands'."""
    base = Path(folder("rules"))
    paths = [base / f"{id}.yaml" for id in dict.fromkeys([*built_in(), *ids()])]
    rules = [load_file(str(path), path.name) for path in paths]
    return {rule.id: rule for rule in rules}


_OPENING = (
    'A rule\'s name reads as "allow NAME". `permlint rules` prints this list as your configuration sets it, and '
    "`permlint explain NAME` prints a page. [Configuration](../configuration.md#rules) changes a severity or turns a rule off; "
    "a mandatory rule stays as it is."
)


def index(rules: Mapping[str, Rule]) -> str:
    """The page that lists the rules."""
    parts = [
        "# Rules",
        _OPENING,
    ]
    for category in dict.fromkeys(id.partition("/")[0] for id in rules):
        rows = [
            (f"[{rule.id.partition('/')[2]}]({id}.md)", brief(rule), plain(rule.summary))
            for id, rule in rules.items()
            if id.startswith(f"{category}/")
        ]
        parts += [f"## {category}", reference.table(("rule", "severity", "finds"), rows)]
    return reference.whole(parts, "rules/")


def brief(rule: Rule) -> str:
    """A rule's severities in a few words."""
    words = ", ".join(
        severity.label if case == "otherwise" else f"{severity.label} {where(case)}"
        for case, severity in sorted(rule.severity.items(), key=lambda pair: pair[0] != "otherwise")
    )
    return words + ("; mandatory" if rule.mandatory else "")


def where(case: str) -> str:
    """A case in words."""
    return " and ".join(_WHERE.get(one, f"`{one}`") for one in case.split("+"))


def page(rule: Rule, known: Mapping[str, Reference]) -> str:
    """One rule's page."""
    text: Manual = manual(rule, known)
    rows = [(where(case), severity.label) for case, severity in rule.severity.items()]
    parts = [
        f"# {rule.id}",
        f"{plain(rule.summary)}. Since {text.since}.",
        reference.table(("case, the first that holds", "severity"), rows)
        if len(rows) > 1
        else f"Severity: {rows[0][1]}.",
        " ".join(remarks(rule)),
        "## Why",
        text.why,
        "## What to do",
        *cases(rule.fix),
    ]
    if rule.params:
        parts += ["## Parameters", *parameters(rule)]
    if text.examples:
        parts += [
            "## Examples",
            f"A marked line is found; an example without a mark is a near miss, and `{rule.id}` is silent on it.",
        ]
        for number, example in enumerate(text.examples, 1):
            parts += shown(rule, example, number)
    if text.references:
        parts += ["## Supports evidence for", "\n".join(f"- {cited(one)}" for one in text.references)]
    return reference.whole(parts, f"rules/{rule.id}.yaml")


def remarks(rule: Rule) -> Iterator[str]:
    """What else holds for a rule, a sentence each."""
    if rule.mandatory:
        yield "Mandatory: it cannot be silenced, accepted, turned off or lowered."
    if rule.calendar:
        yield "It judges by the day: where files are named, as a hook does, it is at most a warning."
    if rule.swallows:
        names = ", ".join(f"`{one}`" for one in rule.swallows)
        yield f"At the same place it takes the place of {names}, which it explains better."
    if rule.severity["otherwise"].label == "off" and len(rule.severity) == 1:
        yield f'It is off; `[rules."{rule.id}"]` with `severity = "info"` turns it on.'
    if rule.tidies:
        yield "`permlint check --fix` repairs it even where it is off."


def cases(texts: Mapping[str, str]) -> Iterator[str]:
    """What a rule says, by case. Its {placeholders} become names in angle brackets."""
    for case, text in sorted(texts.items(), key=lambda pair: pair[0] == "otherwise"):
        filled = re.sub(r"\{\{|\}\}|\{(\w+)\}", lambda found: f"<{found[1]}>" if found[1] else found[0][0], text)
        if filled:
            yield plain(filled) if len(texts) == 1 else f"{where(case)[:1].upper()}{where(case)[1:]}: {plain(filled)}"


def parameters(rule: Rule) -> Iterator[str]:
    """A rule's parameters: what they mean, and what they are."""
    meanings = _meanings(rule.check)
    rows = [
        (
            f"`{name}`",
            plain(meanings.get(name, "")),
            ", ".join(f"`{one}`" for one in (value if isinstance(value, list) else [value])),
        )
        for name, value in rule.params.items()
    ]
    yield reference.table(("parameter", "meaning", "value"), rows)
    missing = [(f"`{name}`", plain(meaning)) for name, meaning in meanings.items() if name not in rule.params]
    if missing:
        yield "It also takes:"
        yield reference.table(("parameter", "meaning"), missing)
    yield f'`[rules."{rule.id}".params]` in the configuration changes them.'


def _meanings(check_name: str) -> dict[str, str]:
    """The parameters that a check takes, each with the docstring below it."""
    template = TEMPLATES.get(check_name)
    if template is None or template.params is None:
        return {}
    body = ast.parse(inspect.getsource(template.params)).body[0]
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    for node in body.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found[node.target.id] = ""
        elif found and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found[list(found)[-1]] = str(node.value.value)
    return found


def _live(live: Mapping[str, Any]) -> Iterator[str]:
    """What a live system has: the statements that make a database so, or recorded answers."""
    if "sql" in live:
        yield "In the database:"
        yield reference.fenced("sql", live["sql"])
    for system, said in live.get("recorded", {}).items():
        yield f"What `{system}` says, as it is recorded:"
        yield reference.fenced("json", json.dumps(said, indent=2, ensure_ascii=False) + "\n")


def shown(rule: Rule, example: Mapping[str, Any], number: int) -> Iterator[str]:
    """One example: its files, and what permlint says of them."""
    yield f"### {plain(example.get('title', f'Example {number}'))}"
    for commit in example.get("before", ()):
        for path, text in commit["files"].items():
            by = f" by {commit['author'].partition(' <')[0]}" if "author" in commit else ""
            yield f"An earlier commit{by}: `{path}`" + (" is deleted" if text is None else "")
            if text is not None:
                yield reference.fenced(path.rpartition(".")[2], text)
    for path, text in example["files"].items():
        by = f"Now, by {example['author'].partition(' <')[0]}: " if "author" in example else ""
        yield f"{by}`{path}`"
        yield reference.fenced(path.rpartition(".")[2], text)
    yield from _live(example.get("live", {}))
    if "config" in example:
        yield "`permlint.toml`"
        yield reference.fenced("toml", example["config"])
    if rule.id in built_in() and "before" not in example:
        found = findings(example, (rule.id,))
        if found:
            lines = [
                f"{one.location.path}:{one.location.line}:{one.location.column}: {one.severity.label}: {one.message}"
                for one in found
            ]
            yield "permlint says:"
            yield reference.fenced("text", "\n".join(lines))
            repairs = [one.repair for one in found if one.repair]
            if repairs:
                unsafe = "" if any(one.safe for one in repairs) else " --unsafe-fixes"
                yield f"`permlint check --fix{unsafe}` repairs it."


def findings(example: Mapping[str, Any], rules: Collection[str]) -> list[Finding]:
    """What `check` finds in an example, of these rules."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in {**example["files"], "permlint.toml": example.get("config", "")}.items():
            target = Path(root, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode())
        config = load(None, root)
        as_of = date.fromisoformat(example["as_of"]) if "as_of" in example else TODAY
        selection = select(config, (), root, force_exclude=False)
        return [one for one in check(config, ruleset(config), selection, as_of).findings if one.rule in rules]


def cited(one: Reference) -> str:
    """A published standard's item, as a list entry."""
    return f"{one.standard}: {one.id}" + (f" {one.title}" if one.title else "")


def plain(text: str) -> str:
    """Prose in which only backticks are markup."""
    parts = text.split("`")
    return "`".join(
        re.sub(r"([<>*_|\[\]])", r"\\\1", one) if number % 2 == 0 else one for number, one in enumerate(parts)
    )


def main() -> None:
    """Write the pages, delete those whose rule is gone."""
    wanted = pages()
    for path in leftovers(wanted):
        path.unlink()
    for name, text in wanted.items():
        target = DOCS / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")


for command in COMMANDS:
    builtin.register(command)

if __name__ == "__main__":
    main()
