"""A small project in a temporary folder, and a run of `check` over it: what most tests stand on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from linter.catalogue import COMMANDS
from linter.checking import check, select
from linter.checks import builtin
from linter.config import load
from linter.creep.range import Range
from linter.creep.run import creep, judge
from linter.outcome import Outcome
from linter.rulesets import ruleset

for command in COMMANDS:
    builtin.register(command)  # before a test looks at the templates, or replaces one

TODAY = date(2026, 11, 24)


def build(folder: Path, files: Mapping[str, str | bytes], config: str | None = None) -> Path:
    """Write files (path -> content) and, if given, permlint.toml."""
    if config is not None:
        files = {**files, "permlint.toml": config}
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def run(folder: Path, *paths: str, as_of: date = TODAY, force_exclude: bool = False) -> Outcome:
    """`permlint check` in this folder, in process."""
    config = load(None, str(folder))
    selection = select(config, paths, str(folder), force_exclude=force_exclude)
    return check(config, ruleset(config), selection, as_of)


def run_creep(folder: Path, *paths: str, asked: Range = Range(), as_of: date = TODAY) -> Outcome:  # noqa: B008
    """`permlint creep` in this folder, in process."""
    config = load(None, str(folder))
    if asked.partial:
        return judge(config, paths, str(folder), as_of, asked, given=False)
    selection = select(config, paths, str(folder), force_exclude=False)
    return creep(config, ruleset(config, "creep"), selection, as_of, asked)


def check_text(folder: Path, text: str | bytes, *, config: str | None = None, as_of: date = TODAY) -> Outcome:
    """Check one manifest's text."""
    build(folder, {"agent-permissions.yaml": text}, config)
    return run(folder, "agent-permissions.yaml", as_of=as_of)


def places(outcome: Outcome, rule: str | None = None) -> list[str]:
    """`rule line:column` of each finding, of one rule or of all."""
    return [
        f"{one.rule} {one.location.line}:{one.location.column}"
        for one in outcome.findings
        if rule is None or one.rule == rule
    ]
