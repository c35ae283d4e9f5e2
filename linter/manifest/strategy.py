"""The rollback strategy's language: the commands that prose or a structured `command` names.

A command is certain only where it looks like one: a script by its extension, a tool at a line's start, something in
backticks or with an option. "Restore from backup" and "contact the DBA" are none.
"""

import re
from typing import NamedTuple

from linter.manifest.model import Rollback
from linter.patterns import Pattern


class Command(NamedTuple):
    """One command that undoes something."""

    text: str
    script: str | None
    """The script that it runs, as written, where it names one by a path."""
    direct: bool
    """Whether the script is run by itself, without an interpreter before it."""
    takes_run: bool
    """Whether it takes the run to revert."""


_SCRIPT = Pattern(
    r"(?<![\w./\\:@~-])((?:[\w.@~+-]*/)*[\w@+-][\w.@+-]*\.(?:py|sh|bash|zsh|sql|js|mjs|cjs|ts|rb|pl|ps1|php|go|R))(?![\w/-]|\.\w)"
)
_INTERPRETER = Pattern(
    r"(?:python[\d.]*|bash|sh|zsh|node|ruby|perl|php|pwsh|psql|go|Rscript|npx|uv|poetry|sudo|run)\b[^`]*$"
)
_TOOL = Pattern(
    r"(?:\$\s*)?(?:\./)?(?:psql|python[\d.]*|bash|sh|make(?!\s+sure)|just|npm|npx|node|git|kubectl|helm|terraform|aws|gcloud|az|gh|"
    r"flyctl|heroku|docker|ansible-playbook|alembic|dbt|rake|rails|uv|poetry)\s+[-\w./<{$:@]+"
)
_OPTION = Pattern(r"\w\s+--[A-Za-z][\w-]*")
_BACKTICKS = Pattern(r"`([^`\n]*\w[ /][^`\n]*)`")
_DRY = Pattern(r"--?dry[-_]?run\b|\bdry[- ]run\b", re.IGNORECASE)
_UNDO = Pattern(
    r"\b(?:revert|roll(?:s|ed|ing)?[ -]?backs?|undo(?:es|ne)?|restor\w*|compensat\w*|rever[ts]\w*)|revert|rollback|undo",
    re.IGNORECASE,
)
_RUN = Pattern(
    r"<[^<>]+>|\$\{?\w+|\{\{?[^{}]+\}|%[sd]\b|--run\b|\brun[-_ ]?id\b|--since\b|\[[A-Z][A-Z_-]*\]", re.IGNORECASE
)
_LABEL = Pattern(r"^\s*(?:[-*]|\d+[.)])?\s*(?:[A-Za-z][\w ()-]{0,40}:\s+)?(?:[Rr]un\s+)?")


_MOST_LINE = 2000
"""A longer line is no command; it also bounds the patterns' work on hostile text."""


def commands(rollback: Rollback) -> list[Command]:
    """The commands that undo a run: not those of a dry run."""
    if rollback.structured:
        return [_command(rollback.command, rollback.command)] if rollback.command and rollback.command.strip() else []
    return in_prose(rollback.prose)


def in_prose(prose: str) -> list[Command]:
    """The commands that undo something, in free text, line by line."""
    found: list[Command] = []
    for line in prose.replace("\\\n", " ").splitlines():
        line = line[:_MOST_LINE]  # noqa: PLW2901
        if _DRY.search(line) and not _UNDO.search(line):
            continue
        quoted = _BACKTICKS.findall(line)
        if quoted:
            found += [_command(text, text) for text in quoted]
            continue
        script = _SCRIPT.search(line)
        bare = line[_LABEL.match(line).end() :]  # type: ignore[union-attr]
        if script is not None or _TOOL.match(bare) or _OPTION.search(_DRY.sub("", bare)):
            found.append(_command(line, bare))
    return found


def _command(line: str, text: str) -> Command:
    script = _SCRIPT.search(line)
    direct = script is not None and not _INTERPRETER.search(line[max(0, script.start() - 200) : script.start()])
    return Command(text.strip(), script[1] if script else None, direct, _RUN.search(line) is not None)
