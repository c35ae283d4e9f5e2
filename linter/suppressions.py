"""Suppression comments: `# permlint: ignore[category/name, ...] reason until=YYYY-MM-DD`, on the line or the line above."""

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Any, NamedTuple

from linter.findings import Finding, Location
from linter.manifest.text import Text
from linter.patterns import Pattern

if TYPE_CHECKING:
    from linter.manifest.reader import Document

_MARK = "permlint:"
_COMMENT = Pattern(r"#[ \t]*permlint:[ \t]*([^\r\n]*)")
_IGNORE = Pattern(r"ignore\[([^\]]*)\](.*)", re.DOTALL)
_UNTIL = Pattern(r"(?:^|\s)until=(\S*)")


class Suppression(NamedTuple):
    """One comment."""

    rules: tuple[str, ...]
    """The rules it names, as written; empty where it is malformed."""
    reason: str
    until: str
    """As written; empty where it has no end."""
    line: int
    column: int
    end_column: int
    covered: int
    """The line whose findings it covers: its own, or for a comment that stands alone the next line that is none."""
    written: str
    """What follows `permlint:`."""
    snippet: str
    agent: str

    def covers(self, finding: Finding) -> bool:
        """Whether it names the finding's rule and stands at its line."""
        return finding.location.line == self.covered and finding.rule in self.rules

    def holds(self, today: str) -> bool:
        """Whether it has not ended on this day (ISO). An `until` that is no date never holds."""
        return not self.until or (self.dated and today <= self.until)

    @property
    def dated(self) -> bool:
        """Whether its end, if it has one, is a date."""
        from linter.schema import is_date

        return not self.until or is_date(self.until)

    def location(self, path: str) -> Location:
        """Where the comment stands."""
        return Location(path, self.line, self.column, self.line, self.end_column, self.snippet)


def find_suppressions(document: "Document") -> list[Suppression]:
    """The suppression comments of a document, in order. Text that only looks like one, inside a value, is none."""
    content = document.text.content
    if _MARK not in content:
        return []
    from linter.secrets import mask

    shown = Text(mask(content))  # all that is quoted comes from here
    values = sorted(_scalars(document))
    starts = [start for start, _ in values]
    agent = document.data.get("agent_name") if isinstance(document.data, dict) else None
    found = []
    next_line = 0
    for match in _COMMENT.finditer(shown.content):
        before = bisect_right(starts, match.start()) - 1
        if before >= 0 and match.start() < values[before][1]:
            continue
        line, column = document.text.position(match.start())
        alone = not document.text.line(line)[: column - 1].strip()
        covered = line
        if alone:
            next_line = max(next_line, line + 1)  # of a block of comments each line is looked at once
            while next_line < len(document.text.starts) and document.text.line(next_line).lstrip().startswith("#"):
                next_line += 1
            covered = next_line
        parsed = _IGNORE.fullmatch(match[1].strip())
        rest = parsed[2] if parsed else ""
        until = _UNTIL.search(rest)
        found.append(
            Suppression(
                rules=tuple(name for one in parsed[1].split(",") if (name := one.strip())) if parsed else (),
                reason=_UNTIL.sub("", rest).strip(),
                until=until[1] if until else "",
                line=line,
                column=column,
                end_column=column + len(match[0].rstrip()),
                covered=covered,
                written=match[1].strip(),
                snippet=shown.line(line),
                agent=mask(agent) if isinstance(agent, str) else "",
            )
        )
    return found


def _scalars(document: "Document") -> list[tuple[int, int]]:
    """The spans of all scalar keys and values."""
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
