"""The index against HEAD: what the next commit would bring."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from linter.exits import Exit
from linter.files import skipped
from linter.globs import matcher
from linter.history.assembly import Assembly
from linter.history.contents import Contents
from linter.history.git import Repository
from linter.history.log import FILES, Change, Entry, read_changes
from linter.history.model import History, HistoryError
from linter.history.paths import Paths
from linter.history.span import Span, cut_before
from linter.manifest.text import Text, Unreadable, decode

if TYPE_CHECKING:
    from linter.config import Config

_OPTIONS = ("--ita-invisible-in-index", "--raw", "-z", "--no-abbrev", "-M50%")
_HEX = frozenset("0123456789abcdef")
_EMPTY_TREE = {
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
"""The tree without files, which git knows without having it, by the length of its names (SHA-1, SHA-256)."""
_EMPTY_FILE = {
    40: "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    64: "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
}


class Index:
    """What is staged: a commit is made of this, and not of the working tree.

    A hook's own index (`git commit PATH` makes one) is used where it is this repository's.
    """

    def __init__(self, repository: Repository) -> None:
        repository.use_index(_index(repository))
        self.repository = repository
        self._empty = _EMPTY_FILE[repository.name_length]
        self._blobs: dict[str, str] = {}
        """By paths from the top; empty for a link."""
        for line in os.fsdecode(repository.run("ls-files", "--stage", "-z")).split("\0"):
            entry, _, path = line.partition("\t")
            if entry and entry[:6] != "160000":  # a submodule's commit
                # What a link leads to is not in it.
                self._blobs[path] = entry.split(" ")[1] if entry[:6] in FILES else ""

    def find(self, config: Config, folder: str) -> list[str]:
        """The manifests below a folder, relative to the root: `linter.files.search` of what is staged."""
        wanted, unwanted = matcher(config.manifests, any_case=True), matcher(config.exclude, folders=True)
        below = os.path.relpath(os.path.realpath(folder), self.repository.top).replace(os.sep, "/")
        start = "" if below == "." else f"{below}/"
        names = [path for path in self._blobs if path.startswith(start) and not skipped(path[len(start) :])]
        found = [self.repository.outward(path) for path in names]
        found = [path for path in found if wanted(path) and not unwanted(path)]
        return sorted(set(found) - self._announced(found))

    def _announced(self, paths: list[str]) -> set[str]:
        """Those that are only announced (`git add --intent-to-add`): as if they were empty, and none of what is committed."""
        empty = {inner: path for path in paths if self._blobs[inner := self.repository.inside(path)] == self._empty}
        if not empty:
            return set()
        names = ["diff-index", "--cached", "--ita-invisible-in-index", "--name-only", "-z"]
        output = self.repository.run(
            "--literal-pathspecs", *names, _EMPTY_TREE[self.repository.name_length], "--", *empty
        )
        coming = set(os.fsdecode(output).split("\0"))
        return {path for inner, path in empty.items() if inner not in coming}

    def text(self, path: str) -> Text | None:
        """What a file, relative to the root, holds as it is staged; None where it is not.

        Raises:
            Unreadable: it is too large, or not UTF-8.
        """
        blob = self._blobs.get(self.repository.inside(path))
        found = self.repository.objects.get(blob) if blob else None
        if found is None:
            return None
        if found.content is None:
            raise Unreadable(1, 1, "is larger than 1 MiB: that is no manifest")
        return decode(found.content)


def read_staged(
    index: Index,
    paths: Sequence[str],
    *,
    globs: Iterable[str],
    exclude: Iterable[str] = (),
    contents: Contents | None = None,
) -> History:
    """What is staged, against HEAD; while merging, against both sides: what only one of them brought is not the merge's.

    Works before the first commit.

    Raises:
        HistoryError: a manifest is in conflict, a path is outside the repository, or git fails.
    """
    repository = index.repository
    assembly = Assembly(repository, globs, exclude, contents, judged=True)
    inner = [repository.inside(path) for path in paths]
    head = repository.commit("HEAD")
    parents = [head, *_merged(repository)] if head is not None else []
    against = parents or [_EMPTY_TREE[repository.name_length]]
    patterns = Paths(inner, assembly.globs, repository.prefix, everywhere=True).pathspecs
    diffs = []
    for one in against:
        output = repository.run("diff-index", "--cached", *_OPTIONS, one, "--", *patterns)
        diffs.append(_unmerged(repository, read_changes(output)))
    there = dict(zip(inner, repository.objects.blobs([f":{path}" for path in inner]), strict=True))
    assembly.walk([Entry("", parents, diffs)], there)
    new = assembly.look_back(parents, patterns) if parents else []
    return assembly.history(paths, Span(head or "", head), cut_before(repository, new))


def _unmerged(repository: Repository, changes: list[Change]) -> list[Change]:
    for change in changes:
        if change.status == "U":
            path = repository.outward(change.new or "")
            raise HistoryError(
                f"{path} is in conflict: nothing of it is staged until the merge is resolved", Exit.UNCHECKED
            )
    return changes


def _merged(repository: Repository) -> list[str]:
    """The commits that are being merged."""
    try:
        with open(os.path.join(repository.folder, "MERGE_HEAD"), encoding="ascii") as file:
            return file.read().split()
    except FileNotFoundError:
        # To the hook pre-merge-commit, which comes before that file, git tells them so (builtin/merge.c).
        found = (name.removeprefix("GITHEAD_") for name in os.environ if name.startswith("GITHEAD_"))
        return sorted(one for one in found if len(one) == repository.name_length and _HEX.issuperset(one))


def _index(repository: Repository) -> str | None:
    """The index that a hook's git works on, where it belongs to this repository."""
    given = os.environ.get("GIT_INDEX_FILE")
    if not given:
        return None
    path = os.path.realpath(os.path.join(repository.top, given))
    return path if path.startswith(os.path.realpath(repository.folder) + os.sep) else None
