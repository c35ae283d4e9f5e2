"""Where a manifest went that is none any more by its name: by the agent that a new file declares, or by git's similarity."""

from __future__ import annotations

from collections.abc import Iterator

from linter.history.contents import Contents
from linter.history.git import Repository
from linter.history.log import FILES, Change, read_changes
from linter.history.model import History, Line
from linter.history.objects import Found
from linter.manifest.model import Manifest

_KEY = b"agent_name"
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
    changes = [one for one in read_changes(output) if one.new is not None and one.new_mode in FILES]
    # Not by the name alone: an agreement that is kept as agent.txt is read by whoever looks for it.
    named = [one is not None and _KEY in (one.content or b"") for one in _objects(repository, changes)]
    by_agent = {agent: line.path for line in history.deleted for agent in _agents(line)}
    by_path = {repository.inside(line.path): line.path for line in history.deleted}
    found: dict[str, str] = {}
    for one, likely in zip(changes, named, strict=True):
        manifest = contents[one.new_blob] if likely or one.old in by_path else None
        if isinstance(manifest, Manifest) and not (one.old == one.new and _declared(contents, one, manifest.agent)):
            path = by_agent.get(manifest.agent) or by_path.get(one.old or "")
            if path is not None:
                found.setdefault(path, repository.outward(one.new or ""))
    return found


def _objects(repository: Repository, changes: list[Change]) -> Iterator[Found | None]:
    return repository.objects.stream([one.new_blob for one in changes])


def _declared(contents: Contents, change: Change, agent: str) -> bool:
    """Whether a file declared this agent before, too: then nothing went there."""
    before = contents[change.old_blob] if change.old_mode in FILES else None
    return isinstance(before, Manifest) and before.agent == agent


def _agents(line: Line) -> set[str]:
    """What a line's agent was called at last."""
    known = [*([line.base] if line.base is not None else []), *line.versions]
    return {one.manifest.agent for one in known if one.manifest is not None}
