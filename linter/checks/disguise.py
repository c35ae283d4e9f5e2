"""Text that a person and a YAML reader take for different things: a reviewer would sign what nobody reads."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from linter.checks import Hit, Place, template
from linter.checks.document import texts
from linter.patterns import Pattern

if TYPE_CHECKING:
    from linter.checks.subject import Subject
    from linter.manifest.reader import Document

Span = tuple[int, int]
_FAR = 80
"""Blanks in a row after which text is out of sight in an editor."""
_MOST = 100
"""Findings of one case in one manifest: enough to see that somebody hides something."""
_LONGEST = 60
"""Characters of a hidden text that a message quotes."""

# Embeddings, overrides and isolates (CVE-2021-42574): what follows is shown in another order than it is read.
_REORDERING = Pattern("[\u202a-\u202e\u2066-\u2069]")
# Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties.txt, and the blank fillers; without what those who write in
# other scripts need, which counts beside a Latin letter alone: joiners, marks of direction, variation selectors.
_INVISIBLE = Pattern(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060-\u2065\u206a-\u206f\u2800\u3164\ufeff\uffa0\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff]"
    "|(?<=[A-Za-z])[\u061c\u200c-\u200f\ufe00-\ufe0f]|[\u061c\u200c-\u200f](?=[A-Za-z])"
)
_WORD = Pattern(r"[^\W\d_]+|[\u066d\u204e\u2217\ufe61\uff0a]")
"""A word, or a character that looks like `*`."""
# In a word with Latin letters: the Greek and Cyrillic ones that look like them, and their full-width, phonetic and
# mathematical forms. Other Greek letters (the μ of a unit, a Δ) are nobody's double.
_DOUBLE = Pattern(
    "[\u0391\u0392\u0395-\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03b1\u03b9\u03ba\u03bd\u03bf\u03c1\u03c5\u03c7"
    "\u0400-\u052f\u0250-\u02af\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d7ff]"
)
_LATIN = Pattern("[A-Za-z]")
_BLANKS = Pattern(r"(?<![^\S\r\n])[^\S\r\n]{10,}+(?=\S)")
# A Latin letter, a digit, or one of `*`, `-`, `.`, `_` as a code. Programs that write JSON escape other characters, never these.
_ESCAPED = Pattern(r"(?<!\\)(?:\\\\)*(\\(?:x|u00|U000000)(?:2[aAdDeE]|3[0-9]|[46][1-9a-fA-F]|[57][0-9aA]|5[fF]))")
_DOUBLE_QUOTED = Pattern(r'(?:[&!][^\s"]*\s+)*"')
_GRANTING = (
    "(?:agent_name|environments?|expires|identities|resources?|access|actions|scope|blast_radius)[\"']?[^\\S\r\n]*:"
)
# Within quotes a line may stand where a key would, or within a plain value one whose blank after the colon is none.
_QUOTED_LINE = Pattern(rf"[\r\n]([^\S\r\n]*)((?:-[^\S\r\n]+)?[\"']?{_GRANTING})(?=\s)")
_PLAIN_LINE = Pattern(rf"[\r\n]([^\S\r\n]*)((?:-[^\S\r\n]+)?{_GRANTING})(?=[^ \t\r\n])")


@template("disguised-text")
def disguised_text(subject: Subject) -> Iterator[Hit]:
    """What only seems to be read, or only seems not to be."""
    content = subject.document.text.content
    latin = content.isascii()
    if " " * _FAR in content or "\t" in content or not latin:
        yield from _hits("far", _far(subject.document), content)
    if not latin:
        yield from _hits("reordered", _found(_REORDERING, content), content)
        yield from _named(subject.document)
    yield from _written(subject.document)


def _hits(case: str, spans: Iterator[Span], content: str) -> Iterator[Hit]:
    for number, (start, end) in enumerate(islice(spans, _MOST), 1):
        values = {"code": f"U+{ord(content[start]):04X}", "text": content[start : min(end, start + _LONGEST)]}
        yield Hit(Place(span=(start, end)), values, (case,), key=f"{case}:{number}")


def _found(pattern: Pattern, content: str) -> Iterator[Span]:
    return (match.span() for match in pattern.finditer(content))


def _far(document: Document) -> Iterator[Span]:
    """Text behind many blanks. A comment there is nobody's permission, unless it silences something."""
    content = document.text.content
    within: set[str] | None = None
    for match in _BLANKS.finditer(content):
        if len(match[0].expandtabs()) < _FAR:
            continue
        start = match.end()
        stop = content.find("\n", start)
        text = content[start : stop if stop >= 0 else None].rstrip()
        before = content[match.start() - 1 : match.start()]
        if text[0] == "#" and "permlint:" not in text and before not in _BREAKS:
            within = _before_signs(document) if within is None else within
            if match[0] not in within:
                continue
        yield start, start + len(text)


_BREAKS = ("", "\r", "\n")
"""What stands before a line's first word. A line that begins far to the right has no honest use, comment or not."""


def _before_signs(document: Document) -> set[str]:
    """The blanks before every `#` that is part of a text, and begins no comment."""
    said = [text for _, text in texts(document.data)]
    return {match[0] for text in said for match in _BLANKS.finditer(text) if text.startswith("#", match.end())}


def _named(document: Document) -> Iterator[Hit]:
    """What is invisible or another's double in a name, or invisible in a scope's prose."""
    content = document.text.content
    invisible: list[Span] = []
    doubles: list[Span] = []
    for start, end in sorted(set(_names(document.data, document, ""))):
        written = content[start:end]
        if written.isascii():
            continue
        invisible += [(start + match.start(), start + match.end()) for match in _INVISIBLE.finditer(written)]
        doubles += [
            (start + match.start(), start + match.end())
            for match in _WORD.finditer(written)
            if not match[0].isalpha() or (_DOUBLE.search(match[0]) and _LATIN.search(match[0]))
        ]
    yield from _hits("invisible", iter(invisible), content)
    yield from _hits("double", iter(doubles), content)


_NAMES = frozenset(
    {"agent_name", "environment", "identities", "resource", "access", "actions", "environments", "scope"}
)
_PROSE = frozenset({"rows", "note"})


def _names(value: Any, document: Document, within: str) -> Iterator[Span]:
    """The spans of the texts below the manifest's names; `within` is the field, empty above it."""
    if not isinstance(value, (dict, list)):
        return
    places = document.spans[id(value)]
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for step, one in pairs:
        field = within
        if isinstance(step, str):
            if step[:2] == "x-" or (within and step in _PROSE):
                continue
            field = within or (step if step in _NAMES else "")
            if not field and step != "resources":
                continue
        if isinstance(one, (dict, list)):
            yield from _names(one, document, field)
        elif field and isinstance(one, str):
            yield places[step][2:]  # type: ignore[index]


def _written(document: Document) -> Iterator[Hit]:
    """Letters that are written as codes, and lines that look like keys and are part of a value."""
    content = document.text.content
    coded: list[Span] = []
    keys: list[Span] = []
    for start, end in document.rewritten:
        written = content[start:end]
        if "\\" in written and _DOUBLE_QUOTED.match(written) and (match := _ESCAPED.search(written)):
            coded.append((start + match.start(1), start + match.end(1)))
        if "\n" in written or "\r" in written:
            keys += _lines(document, start, end)
    yield from _hits("coded", iter(coded), content)
    yield from _hits("key", iter(keys), content)


def _lines(document: Document, start: int, end: int) -> list[Span]:
    content = document.text.content
    written = content[start:end]
    if written[-1] not in ("'", '"'):
        return [(start + match.start(2), start + match.end(2)) for match in _PLAIN_LINE.finditer(written)]
    # No deeper than the line on which the value begins: YAML 1.2 wants it deeper, and libyaml does not.
    line = document.text.line(document.text.position(start)[0])
    depth = len(line) - len(line.lstrip(" -"))
    return [
        (start + match.start(2), start + match.end(2))
        for match in _QUOTED_LINE.finditer(written)
        if len(match[1]) <= depth
    ]
