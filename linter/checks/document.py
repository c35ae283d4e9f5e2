"""Checks of the file itself: schema, duplicate keys, lost values, placeholders, secrets, connections."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from linter.checks import Hit, Place, template
from linter.checks.repairs import quoted
from linter.checks.subject import Subject
from linter.findings import Repair, Splice
from linter.manifest.reader import Route
from linter.patterns import Pattern
from linter.schema import Violation, halfwidth


@template("schema")
def schema_violation(subject: Subject) -> Iterator[Hit]:
    """What the JSON Schema refuses."""
    for violation in subject.violations:
        yield Hit(
            _place(violation),
            {"problem": _problem(violation), "suggestion": violation.suggestion},
            ("suggested",) if violation.suggestion else (),
            key=".".join(map(str, violation.route)) + f":{violation.subject}",
            repair=_near_miss(subject, violation) if violation.nearest else None,
        )


def _near_miss(subject: Subject, violation: Violation) -> Repair | None:
    """The key or word that was meant in place of what stands there."""
    document, route = subject.document, violation.route
    key_start, key_end, start, end = document.entry(route)
    if violation.kind == "unknown":
        renamed = (*route[:-1], violation.nearest)
        safe = _close(violation.subject, violation.nearest)
        first = document.text.content[key_start : key_start + 1]
        key = f"{first}{violation.nearest}{first}" if first in ("'", '"') else violation.nearest
        return Repair(lambda: (Splice(key_start, key_end, key),), (route, renamed), safe)
    written = document.text.content[start:end]
    if start in document.blocks or written[:1] in ("&", "*", "!"):
        return None
    quote = written[:1] if written[:1] in ("'", '"') else ""
    word, bracket, note = halfwidth(written).strip(quote or None).partition("(")
    text = violation.nearest + (f" {bracket}{note}" if bracket else "")
    return Repair(
        lambda: (Splice(start, end, f"{quote}{text}{quote}"),), (route,), _close(word.strip(), violation.nearest)
    )


def _close(written: str, meant: str) -> bool:
    """Whether a word is certainly the other: written otherwise (`readonly`), or with one slip of the finger."""
    one, other = (re.sub(r"[-_ ]", "", word).lower() for word in (written, meant))
    if one[:1] in ("x", "\u0445") and one[1:] == other:
        return False  # rather `x-`, a key that says nothing; in Cyrillic, too
    while one and other and one[0] == other[0]:
        one, other = one[1:], other[1:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    return max(len(one), len(other)) <= 1 or (len(one) == 2 and one == other[::-1])


def _problem(violation: Violation) -> str:
    return (
        f"`{violation.subject}`: {violation.problem}"
        if violation.kind == "invalid" and violation.subject
        else violation.problem
    )


def _place(violation: Violation) -> Place:
    if violation.kind == "missing":
        return Place(violation.route, "absence")
    if violation.kind == "unknown":
        return Place(violation.route, "key")
    return Place(violation.route, "value") if violation.route else Place((), "absence")


@template("duplicate-key")
def duplicate_key(subject: Subject) -> Iterator[Hit]:
    """A key that stands twice in one mapping."""
    for key, first, second in subject.document.duplicates:
        line = subject.document.text.position(first[0])[0]
        related = Place(span=first, caption="it stands here first")
        yield Hit(Place(span=second), {"key": key, "line": str(line)}, key=key, related=(related,))


def texts(value: Any, route: Route = ()) -> Iterator[tuple[Route, str]]:
    """Every text value with its route, but for keys that begin with x-."""
    if isinstance(value, str):
        yield route, value
    elif isinstance(value, dict):
        for key, one in value.items():
            if not key.startswith("x-"):
                yield from texts(one, (*route, key))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from texts(one, (*route, index))


_TOUCHING = Pattern(r"[ \t]*(#[^\s#][^\r\n]*)")
_LOST_TAIL = Pattern(r"[ \t]+(#[^\s#][^\r\n]*)")
# Where prose stands. Elsewhere a value is complete at its end: `access: read-only #todo` has lost nothing.
_PROSE = frozenset({"scope", "rows", "note", "purpose", "justification", "rollback", "rollback_strategy", "command"})


@template("value-lost-to-comment")
def value_lost_to_comment(subject: Subject) -> Iterator[Hit]:
    """A value, or a prose value's tail, that YAML dropped because `#` began a comment."""
    document = subject.document
    content = document.text.content
    if not _comment_touches_a_word(content):
        return
    for route, value in _plain(document.data, ()):
        start, end = document.entry(route)[2:]
        if value is None and start == end:
            match = _TOUCHING.match(content, end)
            case = "whole"
        elif (
            isinstance(value, str)
            and route[-1] in _PROSE
            and content[start : start + 1] not in ("'", '"', "|", ">", "&", "*", "!")
        ):
            match = _LOST_TAIL.match(content, end)
            case = "tail"
        else:
            continue
        if match:
            lost = match[1].rstrip()
            kept = content[start:end]
            key = next((step for step in reversed(route) if isinstance(step, str)), "")
            whole = f"{kept} {lost}".strip().replace("\\", "\\\\").replace('"', '\\"')
            suggested = f'{key}: "{whole}"' if isinstance(route[-1], str) else f'- "{whole}"'
            span = (match.start(1), match.start(1) + len(lost))
            text = f"{value} {lost}" if value else lost
            repair = Repair(quoted(start if value else span[0], span[1], text), (route,), case == "whole")
            yield Hit(
                Place(route, span=span),
                {"key": key, "lost": lost, "quoted": suggested},
                (case,),
                key=".".join(map(str, route)),
                repair=repair,
            )


def _comment_touches_a_word(content: str) -> bool:
    """Whether some `#` may begin a comment without a blank after it: most begin `# like this`, or stand within quotes."""
    return any([not before[-1:].strip() and after[:1].strip() for before, after in pairwise(content.split("#"))])


def _plain(value: Any, route: Route) -> Iterator[tuple[Route, Any]]:
    if isinstance(value, dict):
        for key, one in value.items():
            if not key.startswith("x-"):
                yield from _plain(one, (*route, key))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _plain(one, (*route, index))
    elif value is None or isinstance(value, str):
        yield route, value


def _value_begins_with_angle(content: str) -> bool:
    """Whether some `<` may begin a value: most manifests have one only within a command."""
    place = content.find("<")
    while place >= 0:
        if content[max(0, place - 80) : place].rstrip(" \t\r\"'")[-1:] in ("", ":", "-", ",", "[", "{", "\n", "|", ">"):
            return True
        place = content.find("<", place + 1)
    return False


class PlaceholderParams(NamedTuple):
    """Parameters of `placeholder`."""

    words: tuple[str, ...]
    """Words that stand for a value to come; at a line's start, in brackets, or before a colon."""


@template("placeholder", PlaceholderParams)
def placeholder(params: PlaceholderParams) -> Any:
    """A placeholder where a value belongs."""
    words = "|".join(map(re.escape, params.words))
    marked = Pattern(rf"^\s*[-*]?\s*(?:{words})\b|\((?:{words})\b|\b(?:{words}):", re.MULTILINE)
    whole = Pattern(rf"\s*(?:<[^<>]*>|(?i:{words}))\s*")

    def check(subject: Subject) -> Iterator[Hit]:
        content = subject.document.text.content
        upper = content.upper()
        if not any([word in upper for word in params.words]) and not _value_begins_with_angle(content):
            return
        for route, value in texts(subject.document.data):
            if "labels" in route:  # a tracker's label may well be called TODO
                continue
            match = whole.fullmatch(value) or marked.search(value)
            if match:
                found = match[0].strip(" \t\r\n-*(:")
                yield Hit(
                    Place(route),
                    {"placeholder": found, "key": str(route[-1] if route else "")},
                    key=".".join(map(str, route)),
                )

    return check


@template("secret")
def secret(subject: Subject) -> Iterator[Hit]:
    """A credential-shaped value, anywhere in the text, comments and x- keys included."""
    for number, (start, end, kind) in enumerate(subject.secrets, 1):
        masked = subject.shown.content[start:end].split("\n")[0]
        yield Hit(Place(span=(start, end)), {"kind": kind, "masked": masked}, key=f"{kind}:{number}")


class ConnectionParams(NamedTuple):
    """Parameters of `connection`."""

    words: tuple[str, ...]
    """Words of a key that names what to connect with."""
    keys: tuple[str, ...]
    """Whole keys that do."""


@template("connection", ConnectionParams)
def connection(params: ConnectionParams) -> Any:
    """A key that names a host, URL, token, variable or file to connect with. Keys of the manifest's form never do."""
    words, keys = frozenset(params.words), frozenset(params.keys)

    def check(subject: Subject) -> Iterator[Hit]:
        for violation in subject.violations:
            if violation.kind == "unknown":
                key = violation.subject.lower().replace("-", "_")
                if key in keys or not words.isdisjoint(key.split("_")):
                    yield Hit(
                        Place(violation.route, "key"),
                        {"key": violation.subject},
                        key=".".join(map(str, violation.route)),
                    )

    return check
