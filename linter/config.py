"""Trusted configuration: `permlint.toml`, or `[tool.permlint]` in pyproject.toml, found upward but never beyond the git top."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from linter import schema

MANIFESTS = (
    "**/agent-permissions*.yml",
    "**/agent-permissions*.yaml",
    "**/*.agent-permissions.yml",
    "**/*.agent-permissions.yaml",
)
"""Where manifests are when configuration does not say."""
NONPRODUCTION = frozenset({"dev", "development", "test", "qa", "ci", "sandbox", "preview", "stage", "staging"})
"""Anything else counts as production: an unknown environment is not called harmless."""
_SHARED = "pyproject.toml"
_MARK = b"tool.permlint"
_KINDS = frozenset({"postgresql", "aws", "slack", "github", "gitlab"})
"""The commonest kinds of system: the others are looked up, which costs more."""
"""What tells whether the file that many tools share has a part of ours."""


class BadConfig(Exception):
    """A configuration that cannot be used: path, line and a sentence."""

    def __init__(self, path: str, line: int, message: str) -> None:
        super().__init__(message)
        self.path, self.line, self.message = path, line, message


class Config(NamedTuple):
    """What a run is told by its configuration, or the defaults where there is none."""

    root: str
    """Absolute; every path in input and output is relative to it."""
    path: str | None
    """The configuration file, or None."""
    within: str
    """The root's folder below the git top, with a final "/"; empty where it is the top, or there is none."""
    bounded: bool
    """Whether the root is a project (a configuration or a git top), not just the working folder."""
    manifests: tuple[str, ...]
    exclude: tuple[str, ...]
    nonproduction: frozenset[str]
    rule_files: tuple[str, ...]
    defaults: tuple[Mapping[str, Any], ...]
    rules: Mapping[str, Mapping[str, Any]]
    systems: Mapping[str, Mapping[str, Any]]
    agents: Mapping[str, Mapping[str, Any]]
    notify: Mapping[str, Mapping[str, Any]]
    longest_acceptance: str
    """How far ahead a finding may be accepted: a period such as 90d."""
    revoke_within: str
    """How long a decision to revoke may take: a period such as 30d."""
    text: str
    """The file's text, to find the line of a fault in."""

    def production(self, environment: str) -> bool:
        """Whether an environment counts as production."""
        return environment.lower() not in self.nonproduction

    def fault(self, message: str, *keys: str) -> BadConfig:
        """A fault of this configuration, at the line where the last of these keys stands."""
        return BadConfig(_shown(self.path or "", self.root), _line(self.text, keys), message)


def load(explicit: str | None, start: str) -> Config:
    """The configuration for a run that starts in a folder.

    Args:
        explicit: `--config FILE`, or None to search upward.
        start: an absolute path.

    Raises:
        BadConfig: unreadable, not TOML, or not of the configuration schema.
    """
    top = git_top(start)
    path = os.path.abspath(explicit) if explicit is not None else _search(start, top)
    if path is None:
        return defaults(start)
    root = os.path.dirname(path)
    if os.path.commonpath([root, top or start]) != (top or root):
        # CI hands in the base branch's configuration from elsewhere: it governs the checkout that the run starts in.
        root = top or start
    shown = _shown(path, root)
    try:
        with open(path, encoding="utf-8-sig") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise BadConfig(explicit or shown, 1, f"cannot be read: {reason}") from None
    return _config(root, path, top, _table(text, path, shown), text)


def load_committed(start: str, contents: Callable[[Sequence[str]], Sequence[bytes | None]]) -> Config:
    """The configuration for a run that starts in a folder, were the git working tree's files others.

    Args:
        start: an absolute path.
        contents: what files hold, by their paths from the git top; None where there is no such file.

    Raises:
        BadConfig: as for `load`.
    """
    top = git_top(start)
    places = list(_places(start, top))
    for path, content in zip(places, contents([_shown(one, top or start) for one in places]), strict=True):
        if content is not None and (os.path.basename(path) != _SHARED or _MARK in content):
            root = os.path.dirname(path)
            shown = _shown(path, root)
            try:
                text = content.decode("utf-8-sig")
            except UnicodeDecodeError:
                raise BadConfig(shown, 1, "cannot be read: it is not UTF-8") from None
            return _config(root, path, top, _table(text, path, shown), text)
    return defaults(start)


def defaults(start: str) -> Config:
    """What holds for a run that starts in a folder and has no configuration."""
    top = git_top(start)
    return _config(top or start, None, top, {}, "")


def _table(text: str, path: str, shown: str) -> dict[str, Any]:
    import re
    import tomllib

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        raise BadConfig(shown, int(found[1]) if found else text.count("\n") + 1, f"is not TOML: {error}") from None
    except RecursionError:
        raise BadConfig(shown, 1, "is not TOML: it nests too deeply") from None
    if os.path.basename(path) == "pyproject.toml":
        data = data.get("tool", {}).get("permlint", {})
    if not schema.predicate("config")(data):
        violation = schema.explain("config", data)[0]
        keys = [str(step) for step in violation.route if isinstance(step, str)]
        place = ".".join(keys)
        problem = violation.problem
        if violation.kind == "invalid" and keys and keys[-1].endswith(("_env", "origin")):
            # Where a name or a host belongs, a credential may stand: never quote it.
            problem = problem.partition(", found")[0]
        suggestion = violation.suggestion
        if violation.kind == "missing":
            suggestion = suggestion.replace(":`", " = ...`", 1)  # TOML has no colons
        message = f"{place + ': ' if place else ''}{problem}. {suggestion}".rstrip(". ")
        raise BadConfig(shown, _line(text, keys), message)
    for system, binding in data.get("systems", {}).items():
        if near := _misspelt(binding["kind"]):
            message = f"systems.{system}.kind: there is no kind `{binding['kind']}`; did you mean `{near}`?"
            raise BadConfig(shown, _line(text, ("systems", system, "kind")), message)
    return data


def _misspelt(kind: str) -> str:
    """The kind that was surely meant; empty for one that permlint knows, or that is nothing like one: it cannot be compared."""
    if kind in _KINDS:
        return ""
    from difflib import get_close_matches

    from linter.systems.live import KINDS

    return "" if kind in KINDS else next(iter(get_close_matches(kind.lower(), KINDS, 1, 0.8)), "")


def _config(root: str, path: str | None, top: str | None, data: Mapping[str, Any], text: str) -> Config:
    below = "" if top is None else _shown(root, top)
    return Config(
        root=root,
        path=path,
        within="" if below in ("", ".") else f"{below}/",
        bounded=path is not None or top is not None,
        manifests=tuple(data.get("manifests", MANIFESTS)),
        exclude=tuple(data.get("exclude", ())),
        nonproduction=NONPRODUCTION | {name.lower() for name in data.get("nonproduction", ())},
        rule_files=tuple(data.get("rule_files", ())),
        defaults=tuple(data.get("defaults", ())),
        rules=data.get("rules", {}),
        systems=data.get("systems", {}),
        agents=data.get("agents", {}),
        notify=data.get("notify", {}),
        longest_acceptance=data.get("longest_acceptance", "90d"),
        revoke_within=data.get("report", {}).get("revoke_within", "30d"),
        text=text,
    )


def git_top(start: str) -> str | None:
    """The top of the git working tree that holds a folder, without running git."""
    folder = start
    while True:
        if os.path.lexists(os.path.join(folder, ".git")):
            return folder
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def _search(start: str, top: str | None) -> str | None:
    for path in _places(start, top):
        if not os.path.lexists(path):  # a broken link, too: a run without the rules that were meant would look clean
            continue
        if os.path.basename(path) != _SHARED:
            return path
        try:
            with open(path, "rb") as file:
                if _MARK in file.read():
                    return path
        except OSError:
            return path
    return None


def _places(start: str, top: str | None) -> Iterator[str]:
    """Where a configuration may stand, the nearest first."""
    folder = start
    while True:
        yield os.path.join(folder, "permlint.toml")
        yield os.path.join(folder, _SHARED)
        above = os.path.dirname(folder)
        if folder == top or above == folder:
            return
        folder = above


def _shown(path: str, root: str) -> str:
    return os.path.relpath(path, root).replace(os.sep, "/")


def _line(text: str, keys: Any) -> int:
    """The line on which the last of these keys stands, looking for each below the one before; 1 where none is found."""
    import re

    line, offset = 1, 0
    for key in keys:
        found = re.compile(rf"(?<![\w-])[\"']?{re.escape(key)}[\"']?(?![\w-])").search(text, offset)
        if found:
            offset = found.start()
            line = text.count("\n", 0, offset) + 1
    return line
