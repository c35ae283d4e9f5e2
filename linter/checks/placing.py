"""Symbolic places made exact: the span of a hit in its document, and the line and column that a finding names."""

from linter.checks import Place
from linter.checks.subject import Subject
from linter.findings import Location
from linter.manifest.text import Text


def locate(subject: Subject, place: Place) -> tuple[tuple[int, int], tuple[int, int]]:
    """The exact span of a place, and the stretch of text that it is about (its whole entry)."""
    document = subject.document
    if place.part == "absence":
        return _absence(subject, place)
    if place.span is not None and not place.route:
        return place.span, place.span
    key_start, key_end, start, end = document.entry(place.route)
    extent = (key_start, end)
    if place.span is not None:
        return place.span, extent
    if place.part == "key" or (place.part == "value" and start in document.blocks and key_start != start):
        return (key_start, key_end), extent
    if place.part == "entry":
        return extent, extent
    return (start, max(end, start)), extent


def _absence(subject: Subject, place: Place) -> tuple[tuple[int, int], tuple[int, int]]:
    """An absence in a resource is on that resource's line, one in the manifest on `agent_name`'s (DESIGN.md, section 3)."""
    document = subject.document
    content = document.text.content
    extent = document.entry(place.route)[2:] if place.route else (0, len(content))
    for key in ("resource", "agent_name"):
        try:
            entry = document.entry((*place.route, key))
        except (KeyError, IndexError, TypeError):
            continue
        return (entry[0], entry[3]), extent
    if place.route and isinstance(place.route[-1], str):
        return document.entry(place.route)[:2], extent
    # Neither stands there: the first line of what does.
    start = extent[0] if place.route else len(content) - len(content.lstrip())
    first = content[start : extent[1]].split("\n", 1)[0].rstrip()
    return (start, start + len(first)), extent


def location_of(path: str, text: Text, span: tuple[int, int], caption: str) -> Location:
    """The line and column of a span, with the source line as it may be shown."""
    line, column = text.position(span[0])
    end_line, end_column = text.position(span[1])
    return Location(path, line, column, end_line, end_column, text.line(line), caption)
