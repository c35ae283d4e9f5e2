"""Splices that checks offer: a quoted scalar, a value on one line, a new key in a mapping."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from linter.findings import Splice
from linter.manifest.reader import Document, Route

Splices = Callable[[], tuple[Splice, ...]]


def quoted(start: int, end: int, text: str) -> Splices:
    """A double-quoted text in this stretch's place."""

    def splices() -> tuple[Splice, ...]:
        from linter.manifest.fixer import scalar

        return (Splice(start, end, scalar(text)),)

    return splices


def replaced(document: Document, route: Route, value: Any) -> Splices | None:
    """A value on one line in place of what stands at a route; None where an anchor, an alias, a tag or a comment stands in it."""
    start, end = document.entry(route)[2:]
    written = document.text.content[start:end]
    if written[:1] in ("&", "*", "!") or (start in document.blocks and "#" in written.partition("\n")[0]):
        return None

    def splices() -> tuple[Splice, ...]:
        from linter.manifest.fixer import flow

        # A manifest written as JSON stays JSON: who quotes a key there quotes all.
        as_json = document.text.content[document.entry(route)[0]] == '"' and written[:1] == '"'
        return (Splice(start, end, json.dumps(value, ensure_ascii=False) if as_json else flow(value)),)

    return splices


def inserted(document: Document, route: Route, after: str, key: str, value: str) -> Splices | None:
    """A new `key: value`, a plain word, after another key whose value stands on its line."""
    content = document.text.content
    start, _, _, end = document.entry((*route, after))
    mapping = document.entry(route)[2]
    if content[mapping : mapping + 1] in ("&", "*", "!") or "\n" in content[start:end]:
        return None
    if content[mapping : mapping + 1] == "{":
        quote = '"' if content[start] == '"' else ""
        return lambda: (Splice(end, end, f", {quote}{key}{quote}: {quote}{value}{quote}"),)
    stop = next((place for place in range(end, len(content)) if content[place] in "\r\n"), len(content))
    line_end = "\r\n" if content.startswith("\r\n", stop) else "\n" if stop == len(content) else content[stop]
    column = document.text.position(start)[1] - 1
    return lambda: (Splice(stop, stop, f"{line_end}{' ' * column}{key}: {value}"),)
