"""`permlint check --fix`: repairs manifests round by round until nothing changes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from linter.checks.subject import Subject, Surroundings
from linter.engine import Engine
from linter.files import STDIN, read_file
from linter.manifest.fixer import repaired
from linter.manifest.reader import read
from linter.manifest.text import Text, Unreadable
from linter.reports.visible import visible
from linter.rulesets import Ruleset
from linter.secrets import mask

if TYPE_CHECKING:
    from datetime import date

    from linter.checking import Selection
    from linter.config import Config

_MOST_ROUNDS = 10
"""A repair may bring the next to light; a pair that undid each other would go on for ever."""


class Fixed(NamedTuple):
    """A manifest that repairs change."""

    path: str
    """Relative to the root."""
    before: str
    after: str
    repairs: int


def fix(config: Config, rules: Ruleset, selection: Selection, as_of: date, *, unsafe: bool) -> Iterator[Fixed]:
    """The selected manifests that repairs change; nothing is written. What cannot be read is left to the check."""
    around = Surroundings(config, as_of, by_name=selection.by_name)
    for path in selection.named:
        if path == STDIN:
            continue
        try:
            text = read_file(os.path.join(config.root, path), config.root)
            after, repairs = _settled(path, text, Engine(rules, around), unsafe=unsafe)
        except Unreadable:
            continue
        if repairs:
            yield Fixed(path, text.content, after.content, repairs)


def _settled(path: str, text: Text, engine: Engine, *, unsafe: bool) -> tuple[Text, int]:
    total = 0
    for _ in range(_MOST_ROUNDS):
        document = read(text)
        subject = Subject(path, document, engine.around)
        text, made = repaired(document, engine.repairs(subject, unsafe=unsafe))
        if not made:
            break
        total += made
    return text, total


def diff(fixed: Fixed) -> str:
    """What would change, as a unified diff; credentials are masked in it as everywhere."""
    from difflib import unified_diff

    path = visible(fixed.path)
    lines = unified_diff(_lines(fixed.before), _lines(fixed.after), f"a/{path}", f"b/{path}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(text: str) -> list[str]:
    """Lines with their ends, fit to print. `str.splitlines` would also break at characters that end no line in a file."""
    parts = visible(mask(text), keep="\r\n\t").split("\n")
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
