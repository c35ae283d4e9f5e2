"""Blobs to manifests, each text once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from linter.exits import Exit
from linter.history.model import HistoryError
from linter.history.objects import Objects
from linter.history.pieces import Pieces
from linter.manifest.lenient import lenient, lenient_version, twice
from linter.manifest.model import Built, Manifest
from linter.manifest.reader import Document, read
from linter.manifest.text import Unreadable, decode
from linter.secrets import mask

Content = Manifest | Unreadable


class Contents:
    """What each blob holds. Versions share the entries that say the same."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._known: dict[str, Content] = {}
        self._read: dict[str, Content] = {}
        """By text: the documents of the working tree, whose blobs need not be parsed again."""
        self.built = Built()
        """The entries of all that was read."""
        self._pieces = Pieces()

    def take(self, document: Document) -> Content:
        """What a document that was read elsewhere holds."""
        content = self._read[document.text.content] = self._judged(document)
        return content

    @property
    def taken(self) -> list[Manifest]:
        """The manifests that were read elsewhere: those there are."""
        return [one for one in self._read.values() if isinstance(one, Manifest)]

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
            data = self._pieces.joined(text.content)
            if data is not None:
                manifest, fault = lenient_version(data, self.built)
                if fault is None:
                    return manifest
            return self._judged(read(text))
        except Unreadable as error:
            return Unreadable(error.line, error.column, error.message)  # without what led to it: that holds the text

    def _judged(self, document: Document) -> Content:
        """The manifest, where it is known what it grants; or why it is none."""
        manifest, fault = lenient(document.data, self.built)
        if not manifest.agent:
            return _none(document, "agent_name", _nameless(document.data))
        if not isinstance(document.data.get("resources"), list):
            return _none(document, "resources", "it has no list of `resources`")
        if fault is not None:
            start = document.entry(fault.route)[2] if fault.route else 0
            return _invalid(document, start, fault.problem)
        duplicate = twice(document)
        if duplicate is not None:
            return _invalid(document, duplicate.second[0], f"`{mask(duplicate.key)}` stands twice")
        return manifest


def _none(document: Document, key: str, problem: str) -> Unreadable:
    known = isinstance(document.data, dict) and key in document.data
    start = document.entry((key,))[2] if known else 0
    return Unreadable(*document.text.position(start), f"is no manifest: {problem}")


def _invalid(document: Document, start: int, problem: str) -> Unreadable:
    return Unreadable(*document.text.position(start), f"is not a valid manifest: {problem}")


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
