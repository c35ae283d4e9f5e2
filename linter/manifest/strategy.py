"""The rollback strategy's language: the commands that prose or a structured `command` names.

A command is certain only where it looks like one: a script by its extension, a tool at a line's start, something in
backticks or with an option. "Restore from backup", "just restore it" and "contact the DBA" are none, nor is a structured
`command` that says so; nor is one that does nothing, such as `true`.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from linter.manifest.idle import does_nothing
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
    r"(?<![\w./\\:@~+-])(?!(?:[Nn]ode|[Nn]ext|[Vv]ue|[Nn]uxt|[Ee]xpress|[Rr]eact)\.js\b)((?:[\w.@~+-]*/)*[\w@+-][\w.@+-]*\.(?:py|sh|bash|zsh|sql|js|mjs|cjs|ts|rb|pl|ps1|php|go|R))(?![\w/-]|\.\w)"
)
_INTERPRETER = Pattern(
    r"(?:python[\d.]*|bash|sh|zsh|node|ruby|perl|php|pwsh|psql|go|Rscript|npx|uv|poetry|sudo|run)\b[^`]*$"
)
_TOOL = Pattern(
    r"(?:\$\s*)?(?:\./)?(?:psql|python[\d.]*|bash|sh|make|just|npm|npx|node|kubectl|"
    r"git(?=\s+(?:-|revert|reset|restore|checkout|switch|push|apply|am|cherry-pick|stash|clean|rm|tag|branch)\b)|helm|terraform|aws|gcloud|az|gh|"
    r"flyctl|heroku|docker|ansible-playbook|alembic|dbt|rake|rails|uv|poetry)\s+[-\w./<{$:@]+"
)
# What has no extension, and a function of the database that undoes a run.
_LOCAL = Pattern(r"(?:\$\s*)?(?:\./|(?:bin|scripts?|tools|ops)/)[\w.-][\w./-]*(?=\s|$)")
_SQL = Pattern(r"(?:call|exec(?:ute)?|select(?:\s+\*\s+from)?)\s+[\w.]+\(", re.IGNORECASE)
_OPTION = Pattern(r"\w\s+--[A-Za-z][\w-]*")
_BACKTICKS = Pattern(r"`([^`\n]+)`")
_CALL = Pattern(r"\w[ /]")
_SENTENCE = frozenset(
    "a an the is are was were will can may must should be been by to from of for in on at with and or it its this that these "
    "those them their has have if when sure we you our your any all not via into using then".split()
)
_ASKING = frozenset("ask call contact email escalate notify page tell".split())
_SIGN = Pattern(r"^-|[_=<>$/{}:@*|.][\w<$/{-]")
"""What a command's words have and a sentence's have not."""
_DRY = Pattern(r"--?dry[-_]?run\b|\bdry[- ]run\b", re.IGNORECASE)
_UNDO = Pattern(
    r"\b(?:revert|roll(?:s|ed|ing)?[ -]?backs?|undo(?:es|ne)?|restor\w*|compensat\w*|rever[ts]\w*)|revert|rollback|undo",
    re.IGNORECASE,
)
_RUN = Pattern(
    r"<[^<>]+>|\$\{?\w+|\{\{?[^{}]+\}|%[sd]\b|--run\b|\brun[-_ ]?id\b|--since\b|\[[A-Z][A-Z_-]*\]", re.IGNORECASE
)
_PRINTING = ("echo ", "printf ", ": ")
_LABEL = Pattern(r"^\s*(?:[-*]|\d+[.)])?\s*(?:[A-Za-z][\w ()-]{0,40}:\s+)?(?:[Rr]un\s+)?")


_MOST_LINE = 2000
"""A longer line is no command; it also bounds the patterns' work on hostile text."""


def commands(rollback: Rollback) -> list[Command]:
    """The commands that undo a run: not those of a dry run."""
    return _in_field(rollback.command or "") if rollback.structured else in_prose(rollback.prose)


@lru_cache(maxsize=64)  # several rules ask, and a team's agents share a script
def _in_field(command: str) -> list[Command]:
    given = command.strip()
    if does_nothing(given) or _is_sentence(given) or _only_dry(given):
        return []
    return [_command(given, given)]


@lru_cache(maxsize=64)
def in_prose(prose: str) -> list[Command]:
    """The commands that undo something, in free text, line by line."""
    found: list[Command] = []
    for line in prose.replace("\\\n", " ").splitlines():
        line = line[:_MOST_LINE]  # noqa: PLW2901
        if _only_dry(line):
            continue
        quoted = [text for text in _BACKTICKS.findall(line) if _CALL.search(text)] if "`" in line else []
        if quoted:
            found += [_command(text, text) for text in quoted if not does_nothing(text)]
            line = _BACKTICKS.sub("", line)  # noqa: PLW2901
            if not (_SCRIPT.search(line) and _RUN.search(line)):
                continue  # elsewhere the words tell of the command
        bare = line[_LABEL.match(line).end() :]  # type: ignore[union-attr]
        script = _SCRIPT.search(line)
        named = (
            script
            or (any(pattern.match(bare) for pattern in (_TOOL, _LOCAL, _SQL)) and not _is_sentence(bare))
            or _OPTION.search(_DRY.sub("", bare))
        )
        # A sentence may begin with "wait" or "test": there a script is meant to be run, behind `echo` it is not.
        if named and not ((script is None or bare.startswith(_PRINTING)) and does_nothing(bare)):
            found.append(_command(line, bare))
    return found


def _only_dry(text: str) -> bool:
    return "dry" in text.lower() and _DRY.search(text) is not None and not _UNDO.search(text)


def _is_sentence(text: str) -> bool:
    """Whether words that look like a command are a person's sentence: "just restore it", "git is used", "contact the DBA"."""
    if "(" in text and _SQL.match(text):
        return False
    first, *rest = text[:_MOST_LINE].split() or [""]
    if first.lower() in _ASKING or (rest and rest[0].strip(",.;") in _SENTENCE | _ASKING):
        return not any(_SCRIPT.search(word) for word in rest)
    return not any(_SIGN.search(word) for word in rest) and any(word.strip(",.;") in _SENTENCE for word in rest)


def _command(line: str, text: str) -> Command:
    line = line[:_MOST_LINE]
    script = _SCRIPT.search(line)
    direct = script is not None and not _INTERPRETER.search(line[max(0, script.start() - 200) : script.start()])
    return Command(text.strip(), script[1] if script else None, direct, _RUN.search(line) is not None)
