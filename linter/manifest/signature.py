"""The smallest edit that signs a manifest: `reviewed` gets its date, name and digest, and no other byte changes."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from linter.manifest.reader import Document, Entry, read, resolve
from linter.manifest.text import Text, Unreadable
from linter.patterns import Pattern

_PLAIN = Pattern(r"[A-Za-z0-9][A-Za-z0-9._%+@/-]*|p1:[0-9a-f]{64}")
_ANCHORS = ("owner", "environment", "agent_name")
"""Keys after which a new `reviewed` stands; the first that is there."""


class CannotSign(Exception):
    """Why a manifest's text cannot be edited, in a sentence."""


class _Edit(NamedTuple):
    start: int
    end: int
    text: str


def sign(document: Document, date: str, by: str, digest: str) -> str:
    """The manifest's text with the review in it; an old one is replaced where it stands.

    Raises:
        CannotSign: the text is so written that an edit would change something else as well.
    """
    content = document.text.content
    wanted = {"date": date, "by": by, "digest": digest}
    values = {key: _scalar(value) for key, value in wanted.items()}
    edits = _replace(document, values) if "reviewed" in document.data else [_insert(document, values)]
    for edit in sorted(edits, reverse=True):
        content = content[: edit.start] + edit.text + content[edit.end :]
    _prove(document, content, wanted)
    return content


def _replace(document: Document, values: Mapping[str, str]) -> list[_Edit]:
    """The new values where the old ones stand; comments and keys of the team's own stay."""
    content, old = document.text.content, document.data["reviewed"]
    _, _, start, end = document.entry(("reviewed",))
    entries = _entries(document, old) if isinstance(old, dict) else {}
    if not entries or not all(start <= one[0] and one[3] <= end for one in entries.values()):
        space = " " if content[start - 1] == ":" else ""
        return [
            _Edit(start, end, space + _flow(values))
        ]  # empty, no mapping, or written elsewhere and named by an alias
    edits = [_Edit(entries[key][2], entries[key][3], text) for key, text in values.items() if key in entries]
    missing = {key: text for key, text in values.items() if key not in entries}
    if missing:
        edits.append(_beside(content, max(entries.values(), key=lambda one: one[3]), missing))
    return edits


def _insert(document: Document, values: Mapping[str, str]) -> _Edit:
    key = next((one for one in _ANCHORS if one in document.data), None)
    if key is None:
        raise CannotSign("it names no agent")
    return _beside(document.text.content, document.entry((key,)), {"reviewed": _flow(values)})


def _beside(content: str, entry: Entry, pairs: Mapping[str, str]) -> _Edit:
    """New pairs after an entry of the same mapping: on lines of their own, or after a comma within braces."""
    key_start, _, _, end = entry
    line = max(content.rfind("\n", 0, key_start), content.rfind("\r", 0, key_start)) + 1
    indent = content[line:key_start]
    if indent.strip():
        return _Edit(end, end, "".join(f", {key}: {text}" for key, text in pairs.items()))
    stop = next((place for place in range(end, len(content)) if content[place] in "\r\n"), len(content))
    stops = content[stop : stop + 2]
    ending = stops if stops == "\r\n" else stops[:1] or "\n"
    place = stop if stop == len(content) else stop + len(ending)
    lines = [f"{indent}{key}: {text}" for key, text in pairs.items()]
    if stop == len(content):
        return _Edit(place, place, "".join(ending + one for one in lines))
    return _Edit(place, place, "".join(one + ending for one in lines))


def _entries(document: Document, mapping: dict[str, Any]) -> dict[str, Entry]:
    places = document.spans[id(mapping)]
    return dict(places) if isinstance(places, dict) else {}


def _flow(values: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {text}" for key, text in values.items()) + "}"


def _scalar(value: str) -> str:
    """A text as YAML: plain where no reader takes it for something else."""
    if _PLAIN.fullmatch(value) and resolve(value) == value:
        return value
    if not value.isprintable():
        raise CannotSign("the name holds a character that YAML cannot hold")
    return "'" + value.replace("'", "''") + "'"


def _prove(before: Document, content: str, wanted: Mapping[str, str]) -> None:
    """Read it again: the review is as wanted, and everything else as it was."""
    try:
        after = read(Text(content))
    except Unreadable as error:
        raise CannotSign(f"it would not be YAML any more: {error.message}") from None
    old, new = dict(before.data), dict(after.data)
    kept, given = old.pop("reviewed", None), new.pop("reviewed", None)
    own = {key: one for key, one in kept.items() if key not in wanted} if isinstance(kept, dict) else {}
    if old != new or given != {**own, **wanted} or len(after.duplicates) > len(before.duplicates):
        raise CannotSign("an edit would change more than `reviewed`: write it by hand")
