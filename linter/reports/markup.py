"""A stranger's text as Markdown: what it sets in backticks becomes a code span, and everything else is escaped.

No markup, no HTML, and a zero-width space (`&#8203;`) where a code host would make a link of its own, mention somebody or
refer to an issue.
"""

from __future__ import annotations

from linter.patterns import Pattern
from linter.reports.visible import visible

_MARKUP = Pattern(r"[\\`*_\[\]~$]")
# Mention, issue and merge request (GitLab: also `%milestone`, `&epic`, `~label`), the schemes and `www.`, e-mail addresses.
_REFERENCE = Pattern(r"(?i)[@%~](?=[\w\"])|[#!&](?=\d)|:(?=//)|www(?=\.)|\bGH-(?=\d)")
_BREAK = "&#8203;"
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"}


def prose(text: str) -> str:
    """A stranger's text for the middle of a line, in a table or out of it."""
    pieces = visible(text).split("`")
    if len(pieces) % 2 == 0:  # a backtick without its other half
        pieces[-2:] = ["`".join(pieces[-2:])]
    return "".join(code(piece) if place % 2 else _escape(piece) for place, piece in enumerate(pieces))


def code(text: str) -> str:
    """A text as a code span where it can be one: an edge space would be lost, a bar would end a cell, and `##[` is a command."""
    shown = visible(text)
    if not shown or shown != shown.strip() or "|" in shown or "`" in shown or "##" in shown:
        return _escape(shown)
    return f"`{shown}`"


def _escape(text: str) -> str:
    parts, last = [], 0
    for match in _REFERENCE.finditer(text):
        parts += [_plain(text[last : match.end()]), _BREAK]
        last = match.end()
    return "".join([*parts, _plain(text[last:])])


def _plain(text: str) -> str:
    escaped = _MARKUP.compiled.sub(lambda match: "\\" + match[0], text)
    return "".join(_ENTITIES.get(character, character) for character in escaped)
