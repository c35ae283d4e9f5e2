"""What a commit has at many paths: `git ls-tree`, which opens each folder once where `git cat-file` opens it for each path."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from linter.history.git import Repository

_MOST = 16_384
"""Bytes of paths in one command: half of what Windows takes."""


def files_of(repository: Repository, commit: str, paths: Iterable[str]) -> dict[str, str | None]:
    """The blob at each path, relative to the top; None where there is no file.

    Raises:
        HistoryError: git fails.
    """
    found: dict[str, str | None] = {}
    for some in _batches(paths):
        found |= dict.fromkeys(some)
        output = repository.run("--literal-pathspecs", "ls-tree", "-z", "--full-tree", commit, "--", *some)
        for line in os.fsdecode(output).split("\0"):
            entry, _, path = line.partition("\t")
            if path in found and entry.split(" ")[1] == "blob":
                found[path] = entry.split(" ")[2]
    return found


def _batches(paths: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for path in paths:
        if size > _MOST:
            yield batch
            batch, size = [], 0
        batch.append(path)
        size += len(os.fsencode(path)) + 1
    if batch:
        yield batch
