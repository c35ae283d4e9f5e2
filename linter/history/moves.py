"""Where a manifest went that is none any more by its name: by the agent that a new file declares, or by git's similarity."""

from __future__ import annotations

from linter.history.contents import Contents
from linter.history.git import Repository
from linter.history.log import FILES, read_changes
from linter.history.model import History, Line
from linter.manifest.model import Manifest

_OPTIONS = ("--ita-invisible-in-index", "--raw", "-z", "--no-abbrev", "-M50%", "-l400")


def moves(repository: Repository, history: History, contents: Contents, *, staged: bool) -> dict[str, str]:
    """Deleted manifest -> the file that declares its agent now, or that it became, both relative to the root, where there is one.

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
    by_agent = {agent: line.path for line in history.deleted for agent in _agents(line)}
    by_path = {repository.inside(line.path): line.path for line in history.deleted}
    found: dict[str, str] = {}
    for one in changes:
        likely = one.old in by_path or (one.new or "").endswith((".yaml", ".yml"))
        manifest = contents[one.new_blob] if likely and one.new_mode in FILES else None
        if isinstance(manifest, Manifest):
            path = by_agent.get(manifest.agent) or by_path.get(one.old or "")
            if path is not None:
                found.setdefault(path, repository.outward(one.new or ""))
    return found


def _agents(line: Line) -> set[str]:
    """What a line's agent was called at last."""
    known = [*([line.base] if line.base is not None else []), *line.versions]
    return {one.manifest.agent for one in known if one.manifest is not None}
