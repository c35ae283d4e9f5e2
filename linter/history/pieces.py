"""A manifest's data by its pieces, each read once: a version differs from the one before in few lines.

The pieces are the entries of `resources` and what stands around them, and they are YAML of their own: each goes through the
one reader. Whatever could make them mean something else apart than together (an anchor, a directive, a quotation or a
bracket that is open at a piece's end) is left to the reader as a whole, and so is what it refuses.
"""

from __future__ import annotations

from typing import Any

from linter.manifest.reader import MAX_NODES, read
from linter.manifest.text import Text, Unreadable
from linter.patterns import Pattern

_LIST = "resources:\n"
_STANDS_FOR_ALL = "ALL_ENTRIES_OF_THIS_MANIFEST"
_ITEM = Pattern(r" +- ")
_OUTSIDE = Pattern(r"(?m)^[^ \n]")


class Pieces:
    """What was read before, by its text."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}

    def joined(self, content: str) -> dict[str, Any] | None:
        """The data of a text that can be read in pieces; None of any other, and where a key stands twice.

        Equal entries of two texts are one object: nobody may change it.
        """
        parts = _split(content)
        if parts is None:
            return None
        frame, entries = parts
        data = self._one(frame)
        # Where the list stands is read, not guessed: only there can its one entry have become the value of that key.
        if type(data) is not dict or data.get("resources") != [_STANDS_FOR_ALL]:
            return None
        found = []
        for entry in entries:
            one = self._one(_LIST + entry)
            if type(one) is not dict or len(one) != 1 or type(one.get("resources")) is not list:
                return None
            found += one["resources"]
        return {**data, "resources": found} if len(found) == len(entries) else None

    def _one(self, text: str) -> Any:
        if text not in self._known:
            try:
                document = read(Text(text))
                self._known[text] = None if document.duplicates else document.data
            except Unreadable:
                self._known[text] = None
        return self._known[text]


def _split(content: str) -> tuple[str, list[str]] | None:
    """What is around the entries, with one that stands for all of them; and each entry, with its indentation."""
    place = 0 if content.startswith(_LIST) else content.find("\n" + _LIST) + 1
    start = place + len(_LIST)
    item = _ITEM.match(content, start)
    if (
        item is None
        or content[place:start] != _LIST
        or not content.endswith("\n")
        or len(content) >= MAX_NODES  # apart, nobody would count them all
        or "&" in content
        or content[0] == "%"
        or "\n%" in content
        or _STANDS_FOR_ALL in content
    ):
        return None
    outside = next(_OUTSIDE.finditer(content[start:]), None)
    end = start + outside.start() if outside else len(content)
    frame = f"{content[:start]}{item[0]}{_STANDS_FOR_ALL}\n{content[end:]}"
    return frame, [f"{item[0]}{entry}\n" for entry in content[start + len(item[0]) : end - 1].split("\n" + item[0])]
