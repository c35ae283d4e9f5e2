"""The index against HEAD: what the next commit would bring."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from linter.exits import Exit
from linter.history.assembly import Assembly
from linter.history.contents import Contents
from linter.history.git import Repository
from linter.history.log import Change, Entry, read_changes
from linter.history.model import History, HistoryError
from linter.history.paths import Paths
from linter.history.span import Span

_EMPTY_TREE = {
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
"""The tree without files, which git knows without having it, by the length of its names (SHA-1, SHA-256)."""


def read_staged(
    repository: Repository,
    paths: Sequence[str],
    *,
    globs: Iterable[str],
    exclude: Iterable[str] = (),
    contents: Contents | None = None,
) -> History:
    """What is staged, against HEAD; while merging, against both sides: what only one of them brought is not the merge's.

    Works before the first commit. A hook's own index (`git commit PATH` makes one) is used where it is this repository's.

    Raises:
        HistoryError: a manifest is in conflict, a path is outside the repository, or git fails.
    """
    repository.use_index(_index(repository))
    assembly = Assembly(repository, globs, exclude, contents)
    inner = [repository.inside(path) for path in paths]
    head = repository.commit("HEAD")
    parents = [head, *_merged(repository)] if head is not None else []
    against = parents or [_EMPTY_TREE[repository.name_length]]
    patterns = Paths(inner, assembly.globs, repository.prefix, everywhere=True).pathspecs
    diffs = []
    for one in against:
        output = repository.run("diff-index", "--cached", "--raw", "-z", "--no-abbrev", "-M50%", one, "--", *patterns)
        diffs.append(_unmerged(repository, read_changes(output)))
    there = dict(zip(inner, repository.objects.blobs([f":{path}" for path in inner]), strict=True))
    assembly.walk([Entry("", parents, diffs)], there)
    if parents:
        assembly.look_back(parents, patterns)
    return assembly.history(paths, Span(head or "", head), ())


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
        return []


def _index(repository: Repository) -> str | None:
    """The index that a hook's git works on, where it belongs to this repository."""
    given = os.environ.get("GIT_INDEX_FILE")
    if not given:
        return None
    path = os.path.realpath(os.path.join(repository.top, given))
    return path if path.startswith(os.path.realpath(repository.folder) + os.sep) else None
