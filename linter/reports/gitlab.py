"""The report for GitLab's Code Quality (`artifacts:reports:codequality`): a list of issues.

The form is that of GitLab's documentation, "Code Quality report format": description, check_name, fingerprint, severity,
location.path and location.lines.begin. A list has no head, so what could not be checked, and how much was silenced, are
issues too.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from linter.findings import Severity
from linter.outcome import Outcome
from linter.reports.totals import silenced
from linter.reports.visible import inert_json, visible

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.INFO: "info"}


def render(outcome: Outcome) -> str:
    """One JSON list, and a line end."""
    seen: Counter[str] = Counter()
    place = outcome.in_repository
    issues = [
        _issue(error.message, "permlint/unreadable", "blocker", place(error.path), error.line)
        for error in outcome.errors
    ]
    issues += [_issue(sentence, "permlint/not-checked", "major", ".", 1) for sentence in outcome.unchecked]
    for finding in outcome.findings:
        location = finding.location
        issue = _issue(
            finding.message, finding.rule, _SEVERITIES[finding.severity], place(location.path), location.line
        )
        identity = finding.fingerprint.removeprefix("sha256:")
        seen[identity] += 1
        # GitLab drops an issue whose fingerprint it has seen in this report.
        issue["fingerprint"] = identity if seen[identity] == 1 else f"{identity}:{seen[identity]}"
        issues.append(issue)
    if outcome.silenced:
        first = outcome.silenced[0].finding.location
        said = f"Silenced: {silenced(outcome)}"
        issues.append(_issue(said, "permlint/silenced", "info", place(first.path), first.line))
    return inert_json(json.dumps(issues, indent=2)) + "\n"


def _issue(description: str, check: str, severity: str, path: str, line: int) -> dict[str, Any]:
    import hashlib

    said = f"{check}\0{path}\0{description}".encode("utf-8", "surrogatepass")
    return {
        "description": visible(description),
        "check_name": check,
        "fingerprint": hashlib.sha256(said).hexdigest(),
        "severity": severity,
        "location": {"path": visible(path), "lines": {"begin": line}},
    }
