"""Blobs to manifests, each once: parsed here, or remembered from an earlier run."""

from __future__ import annotations

from collections.abc import Iterable

from linter.exits import Exit
from linter.history.model import HistoryError
from linter.history.objects import Objects
from linter.manifest.lenient import lenient
from linter.manifest.model import Built, Manifest
from linter.manifest.reader import read
from linter.manifest.text import Unreadable, decode

Content = Manifest | Unreadable


class Contents:
    """What each blob holds."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._known: dict[str, Content] = {}
        self._built: Built = {}

    def load(self, blobs: Iterable[str]) -> None:
        """Read these blobs, in one go.

        Raises:
            HistoryError: one of them is not in the repository, or is corrupt.
        """
        wanted = [blob for blob in dict.fromkeys(blobs) if blob not in self._known]
        for blob, found in zip(wanted, self._objects.stream(wanted), strict=True):
            if found is None:
                raise HistoryError(
                    f"the object {blob} is not in the repository: it is a partial clone, for which permlint fetches nothing, "
                    "or damaged; `git fsck` tells",
                    Exit.UNCHECKED,
                )
            self._known[blob] = parse(found.content, self._built)

    def __getitem__(self, blob: str) -> Content:
        if blob not in self._known:
            self.load([blob])
        return self._known[blob]


def parse(raw: bytes | None, built: Built | None = None) -> Content:
    """A blob's manifest, or why it is none; None as a blob is one that was too large to be read."""
    if raw is None:
        return Unreadable(1, 1, "is larger than 1 MiB: that is no manifest")
    try:
        document = read(decode(raw))
    except Unreadable as error:
        return Unreadable(error.line, error.column, error.message)  # without what led to it: that holds the text
    manifest = lenient(document.data, built)
    if not manifest.agent:
        return Unreadable(1, 1, "is no manifest: it has no `agent_name`")
    if not isinstance(document.data.get("resources"), list):
        return Unreadable(1, 1, "is no manifest: it has no list of `resources`")
    return manifest
