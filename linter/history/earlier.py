"""What there was before a range that begins in the middle: a file's last version that can be read, an agent's last agreement.

Asked only for what is new in the range, or could not be read where it begins: an agreement that was deleted, or broken, and
comes back wider is no first agreement.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import NamedTuple

from linter.history.contents import Contents
from linter.history.git import Repository
from linter.history.log import FILES, Change, Entry, read_log
from linter.manifest.model import Manifest


def deletions(repository: Repository, commits: list[str]) -> set[str]:
    """Every file that was deleted up to these commits, whatever it was, relative to the top."""
    # Without pathspecs: git opens fewer trees for all files than for all YAML files (10,000 commits: 300 ms, 510 ms).
    names = ("-m", "--diff-filter=D", "--no-renames", "--name-only", "-z", "--format=", "-O" + os.devnull)
    return set(os.fsdecode(repository.run("log", *names, *commits, "--")).split("\0")) - {""}


class Earlier(NamedTuple):
    """A version that somebody agreed to, before the range."""

    path: str
    blob: str
    mode: str


class Looking:
    """Looks back from some commits."""

    def __init__(
        self,
        repository: Repository,
        contents: Contents,
        revisions: list[str],
        pathspecs: list[str],
        candidate: Callable[[str], bool],
    ) -> None:
        """`pathspecs`: where manifests may be, as git takes it; `candidate`: whether a path is a manifest's."""
        self._repository = repository
        self._contents = contents
        self._revisions = revisions
        self._pathspecs = pathspecs
        self._candidate = candidate

    def at(self, path: str) -> Earlier | None:
        """The last version at a path that can be read; None where there never was one, or where it has moved on."""
        entries = self._log(self._revisions, [f":(top,literal){path}"])
        for change in [one for entry in entries for diff in entry.diffs for one in diff]:
            for blob, mode in ((change.new_blob, change.new_mode), (change.old_blob, change.old_mode)):
                manifest = self._manifest(blob) if mode in FILES else None
                if manifest is not None:
                    return None if self._moved(entries[0], manifest.agent) else Earlier(path, blob, mode)
        return None

    def of(self, agents: Iterable[str]) -> tuple[dict[str, list[Earlier]], dict[str, tuple[Earlier, Entry]]]:
        """The manifests of these agents that were deleted last: of each agent, those that one commit took away; and, where one
        of them never had any, those of all others that were deleted, with their last commits.
        """
        wanted, found = set(agents), dict[str, list[Earlier]]()
        others: dict[str, tuple[Earlier, Entry]] = {}
        for entry in self._log(self._revisions, self._pathspecs, "--diff-filter=AD"):
            here = [one for diff in entry.diffs for one in self._deleted(diff)]
            for agent in wanted.intersection([agent for agent, _ in here]):
                found[agent] = list(dict.fromkeys([earlier for name, earlier in here if name == agent]))
            others = {agent: (earlier, entry) for agent, earlier in here if agent not in found} | others
            wanted.difference_update(found)
            if not wanted:
                return found, {}
        return found, others

    def _log(self, revisions: list[str], pathspecs: list[str], *options: str) -> list[Entry]:
        options = ("--no-renames", *options)
        return read_log(self._repository, pathspecs, revisions, first_parent=False, options=options)

    def _moved(self, last: Entry, agent: str) -> bool:
        """Whether the last commit that touched a path took the agent's manifest away and put it elsewhere."""
        if all(one.new is not None for diff in last.diffs for one in diff):
            return False
        whole = self._log([last.id], self._pathspecs, "--no-walk")
        return any(agent in self._born(diff) for entry in whole for diff in entry.diffs)

    def _deleted(self, diff: list[Change]) -> list[tuple[str, Earlier]]:
        """The agents whose manifests a commit took away and did not put elsewhere, with their last versions."""
        gone = [
            Earlier(one.old, one.old_blob, one.old_mode)
            for one in diff
            if one.old is not None and one.new is None and one.old_mode in FILES and self._candidate(one.old)
        ]
        if not gone:
            return []
        self._contents.load([one.blob for one in gone])
        moved = self._born(diff)
        named = [(manifest.agent, one) for one in gone if (manifest := self._manifest(one.blob)) is not None]
        return [(agent, one) for agent, one in named if agent not in moved]

    def _born(self, diff: list[Change]) -> set[str]:
        """The agents that a commit gave a new file."""
        blobs = [
            one.new_blob
            for one in diff
            if one.old is None and one.new is not None and one.new_mode in FILES and self._candidate(one.new)
        ]
        self._contents.load(blobs)
        return {manifest.agent for blob in blobs if (manifest := self._manifest(blob)) is not None}

    def _manifest(self, blob: str) -> Manifest | None:
        content = self._contents[blob]
        return content if isinstance(content, Manifest) else None
