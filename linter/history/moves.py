"""Where a manifest went that is none any more by its name: under another name or in another folder its agent may still be declared."""

from __future__ import annotations

from collections.abc import Iterable

from linter.history.contents import Contents
from linter.history.git import Repository
from linter.history.log import FILES, Change, read_changes
from linter.history.model import History, Line

_OPTIONS = ("--ita-invisible-in-index", "--raw", "-z", "--no-abbrev", "-M50%", "-l400")


def moves(repository: Repository, history: History, contents: Contents, *, staged: bool) -> dict[str, str]:
    """Deleted manifest -> the file that declares its agent now, both relative to the root, where there is one.

    Args:
        history: of a range with a beginning.
        staged: whether it is of what is staged.
    """
    if staged:
        asked = ["diff-index", "--cached", *_OPTIONS, history.start or ""]
    else:
        asked = ["diff-tree", "-r", *_OPTIONS, history.start or "", history.end or ""]
    output = repository.run(*asked)
    changes = [one for one in read_changes(output) if one.new is not None and one.old != one.new]
    by_agent = {agent: line for line in history.deleted for agent in _agents(line)}
    found: dict[str, str] = {}
    for one in _likely(changes, {repository.inside(line.path) for line in history.deleted}):
        manifest = contents[one.new_blob]
        line = by_agent.get(getattr(manifest, "agent", ""))
        if line is not None:
            found.setdefault(line.path, repository.outward(one.new or ""))
    return found


def _agents(line: Line) -> set[str]:
    """What a line's agent was called at last."""
    known = [*([line.base] if line.base is not None else []), *line.versions]
    return {one.manifest.agent for one in known if one.manifest is not None}


def _likely(changes: Iterable[Change], gone: set[str]) -> list[Change]:
    """Files that git thinks are one of those that are gone, and all YAML that is new."""
    return [
        one
        for one in changes
        if one.new_mode in FILES and (one.old in gone or (one.new or "").endswith((".yaml", ".yml")))
    ]
