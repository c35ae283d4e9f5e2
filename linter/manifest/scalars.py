"""Where every scalar of a document stands: what lies outside them is punctuation, white space and comments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linter.manifest.reader import Document


def scalars(document: Document) -> list[tuple[int, int]]:
    """The spans of all scalar keys and values, and of each list's item an empty one at its start."""
    spans: list[tuple[int, int]] = []
    seen: set[int] = set()

    def walk(value: Any) -> None:
        if id(value) in seen:  # an alias: its text stands, and was walked, elsewhere
            return
        seen.add(id(value))
        places = document.spans[id(value)]
        pairs = (
            zip(value.values(), places.values(), strict=True)
            if isinstance(places, dict)
            else zip(value, places, strict=True)
        )
        for one, (key_start, key_end, start, end) in pairs:
            spans.append((key_start, key_end) if isinstance(places, dict) else (start, start))
            if isinstance(one, (dict, list)):
                walk(one)
            else:
                spans.append((start, end))

    if isinstance(document.data, (dict, list)):
        walk(document.data)
    return spans
