"""The report for a GitHub Actions log: workflow commands, which GitHub shows as annotations at their lines.

Form and escapes are those of "Workflow commands for GitHub Actions" and of the runner's own parser
(actions/runner, ActionCommand.cs). GitHub keeps the first ten annotations of each level in a step: the gravest come first.
"""

from __future__ import annotations

from linter.findings import Finding, Severity
from linter.outcome import InputError, Outcome
from linter.reports.totals import totals
from linter.reports.visible import visible

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(outcome: Outcome) -> str:
    """One command a line, the gravest first, and the totals in a line that is no command."""
    lines = [_unread(error, outcome.in_repository(error.path)) for error in outcome.errors]
    lines += [_command("error", {"title": "permlint: not checked"}, sentence) for sentence in outcome.unchecked]
    # Stable: within a severity the order of the outcome remains.
    lines += [_annotation(finding, outcome) for finding in sorted(outcome.findings, key=lambda one: -one.severity)]
    return "".join(line + "\n" for line in [*lines, f"permlint {outcome.command}: {totals(outcome)}"])


def _annotation(finding: Finding, outcome: Outcome) -> str:
    location = finding.location
    place: dict[str, str | int] = {
        "file": outcome.in_repository(location.path),
        "line": location.line,
        "endLine": location.end_line,
    }
    if location.line == location.end_line:  # GitHub refuses columns of a span of several lines
        place |= {"col": location.column, "endColumn": location.end_column}
    message = finding.message
    message += "".join(
        f"\n{one.path}:{one.line}:{one.column}{f': {one.caption}' if one.caption else ''}" for one in finding.related
    )
    if finding.fix:
        message += f"\nFix: {finding.fix.rstrip()}"
    return _command(_COMMANDS[finding.severity], {**place, "title": f"permlint: {finding.rule}"}, message)


def _unread(error: InputError, path: str) -> str:
    place: dict[str, str | int] = {"file": path, "line": error.line, "col": error.column} if error.placed else {}
    return _command("error", {**place, "title": "permlint: cannot be read"}, error.message)


def _command(name: str, properties: dict[str, str | int], message: str) -> str:
    shown = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{name} {shown}::{_data(message)}"


def _data(text: str) -> str:
    return visible(text, keep="\n").replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    return visible(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
