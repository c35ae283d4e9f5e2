"""Blobs to manifests, each text once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from linter.exits import Exit
from linter.history.model import HistoryError
from linter.history.objects import Objects
from linter.history.pieces import Pieces
from linter.manifest.lenient import lenient
from linter.manifest.model import Built, Manifest
from linter.manifest.reader import Document
from linter.manifest.text import Unreadable, decode

Content = Manifest | Unreadable


class Contents:
    """What each blob holds. Versions share the entries that say the same."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._known: dict[str, Content] = {}
        self._read: dict[str, Content] = {}
        """By text: the documents of the working tree, whose blobs need not be parsed again."""
        self._built: Built = {}
        self._pieces = Pieces()

    def take(self, document: Document) -> Content:
        """The manifest of a document that was read elsewhere, or why it is none."""
        manifest = lenient(document.data, self._built)
        content = _judged(manifest, document.data)
        key = "resources" if manifest.agent else "agent_name"
        if isinstance(content, Unreadable) and isinstance(document.data, dict) and key in document.data:
            content = Unreadable(*document.text.position(document.entry((key,))[2]), content.message)
        self._read[document.text.content] = content
        return content

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
            self._known[blob] = self._parse(found.content)

    def __getitem__(self, blob: str) -> Content:
        if blob not in self._known:
            self.load([blob])
        return self._known[blob]

    def _parse(self, raw: bytes | None) -> Content:
        """A blob's manifest, or why it is none; None as a blob is one that was too large to be read."""
        if raw is None:
            return Unreadable(1, 1, "is larger than 1 MiB: that is no manifest")
        try:
            text = decode(raw)
            known = self._read.get(text.content)
            if known is not None:
                return known
            data = self._pieces.read(text)
        except Unreadable as error:
            return Unreadable(error.line, error.column, error.message)  # without what led to it: that holds the text
        return _judged(lenient(data, self._built), data)


def _judged(manifest: Manifest, data: Any) -> Content:
    if not manifest.agent:
        return Unreadable(1, 1, f"is no manifest: {_nameless(data)}")
    if not isinstance(data.get("resources"), list):
        return Unreadable(1, 1, "is no manifest: it has no list of `resources`")
    return manifest


def _nameless(data: Any) -> str:
    """What is wrong with the agent's name, which the schema refuses. It is not quoted: it may hold a secret."""
    if not isinstance(data, dict) or "agent_name" not in data:
        return "it has no `agent_name`"
    name = data["agent_name"]
    if name is None or name == "":
        return "its `agent_name` is empty"
    if not isinstance(name, str):
        return "its `agent_name` is no text"
    if name != name.strip():
        return "its `agent_name` begins or ends with white space"
    if "\n" in name:
        return "its `agent_name` has more than one line"
    return f"its `agent_name` has {len(name)} characters, and may have 200"
