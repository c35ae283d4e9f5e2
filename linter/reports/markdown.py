"""The Markdown report: a comment on a pull request or merge request, and a step's summary on GitHub.

No line begins with a stranger's text.
"""

from __future__ import annotations

from linter.findings import Finding
from linter.outcome import Outcome
from linter.reports.markup import code, prose
from linter.reports.totals import totals

COMMENT = 65_536
"""The most that a comment on GitHub may hold, in characters; GitLab takes more."""


def render(outcome: Outcome, limit: int = COMMENT) -> str:
    """The report, a table of the findings first, what is long folded away.

    Args:
        limit: the most bytes of UTF-8 that it may have; what has no room is counted, and left out.
    """
    notes = [
        f"- **Cannot be read**: {f'{_place(one.path, one.line)}: ' if one.placed else ''}{prose(one.message)}"
        for one in outcome.errors
    ]
    notes += [f"- **Not checked**: {prose(sentence)}" for sentence in outcome.unchecked]
    gravest = sorted(outcome.findings, key=lambda one: -one.severity)
    rows = [_row(finding) for finding in gravest]
    details = [_details(finding) for finding in gravest]
    quiet = [
        f"| {one.by}{f' until {prose(one.until)}' if one.until else ''} | {code(one.finding.rule)} |"
        f" {_place(one.finding.location.path, one.finding.location.line)} | {prose(one.reason)} |"
        for one in outcome.silenced
    ]
    room = _Room(limit - 400)  # the fixed lines below, and the line that says what was left out
    body = room.take([f"### permlint {outcome.command}: {totals(outcome)}"])
    if outcome.nightly is not None:
        from linter.reports.nightly_markdown import lines

        body += ["", *room.take(list(lines(outcome.nightly)))]
    if notes:
        body += ["", *room.take(notes)]
    if rows:
        table = ["", "| Severity | Rule | Place | Message |", "| --- | --- | --- | --- |", *room.take(rows)]
        body += table if len(table) > 3 else []
    if quiet and (kept := room.take(quiet)):
        heading = ["| By | Rule | Place | Reason |", "| --- | --- | --- | --- |"]
        body += _folded("Silenced", [*heading, *kept])
    if details and (kept := room.take(details)):
        body += _folded("Details and fixes", kept)
    if room.left_out:
        body += ["", f"{room.left_out} lines or details do not fit here: run `permlint {outcome.command}` to see them."]
    return "".join(line + "\n" for line in body)


class _Room:
    """What still fits. Once something does not, nothing after it is taken: the order is the gravity."""

    def __init__(self, limit: int) -> None:
        self.rest = limit
        self.left_out = 0

    def take(self, lines: list[str]) -> list[str]:
        kept = []
        for line in lines:
            self.rest -= len(line.encode()) + 1
            if self.rest < 0:
                self.left_out += 1
            else:
                kept.append(line)
        return kept


def _folded(title: str, lines: list[str]) -> list[str]:
    # GitHub reads Markdown inside HTML only after an empty line.
    return ["", f"<details><summary>{title}</summary>", "", *lines, "", "</details>"]


def _row(finding: Finding) -> str:
    location = finding.location
    place = _place(location.path, location.line)
    return f"| {finding.severity.label} | {code(finding.rule)} | {place} | {prose(finding.message)} |"


def _details(finding: Finding) -> str:
    location = finding.location
    lines = [f"- {code(finding.rule)}, {_place(location.path, location.line)}: {prose(finding.message)}"]
    lines += [
        f"  - Related: {_place(one.path, one.line)}{f': {prose(one.caption)}' if one.caption else ''}"
        for one in finding.related
    ]
    if finding.fix:
        lines.append("  - Fix: " + "<br>".join(map(prose, finding.fix.rstrip().split("\n"))))
    lines.append(f"  - {code(finding.fingerprint)}")
    return "\n".join(lines)


def _place(path: str, line: int) -> str:
    return f"{code(path)}:{line}"
