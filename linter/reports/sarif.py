"""The SARIF 2.1.0 report, in the subset that GitHub code scanning reads ("SARIF support for code scanning").

What was silenced is counted, not listed: code scanning opens an alert for a result whatever its `suppressions` say.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from typing import Any

from linter import __version__
from linter.catalogue import Manual, Rule
from linter.exits import exit_status
from linter.findings import Finding, Location, Severity
from linter.outcome import InputError, Outcome
from linter.reports.visible import inert_json, visible

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
# Code scanning's bands: above 9.0 critical, 7.0 high, 4.0 medium, below that low. It takes one for a rule, not for a result.
_GRAVITY = {Severity.ERROR: "8.0", Severity.WARNING: "5.0", Severity.INFO: "2.0"}
_FAMILIES = {"CWE": "external/cwe/", "ASI": "external/owasp-agentic/", "AISVS": "external/owasp-aisvs/"}


def render(outcome: Outcome, manuals: Mapping[str, Manual], fail_on: Severity | None) -> str:
    """One SARIF log with one run, and a line end."""
    places = {id: place for place, id in enumerate(outcome.rules)}
    seen: Counter[str] = Counter()
    status = exit_status(outcome, fail_on)
    by = [one.by for one in outcome.silenced]
    run = {
        "tool": {
            "driver": {
                "name": "permlint",
                "organization": "permlint",
                "informationUri": "https://github.com/permlint/permlint",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(rule, manuals[id]) for id, rule in outcome.rules.items()],
            }
        },
        # Code scanning closes what an earlier upload of the same id had: two projects of one repository are two.
        "automationDetails": {"id": f"permlint/{outcome.command}/{visible(outcome.within)}"},
        "invocations": [
            {
                "executionSuccessful": not (outcome.errors or outcome.unchecked),
                "exitCode": int(status),
                "toolExecutionNotifications": [
                    *(_unread(error, outcome) for error in outcome.errors),
                    *({"level": "error", "message": {"text": _plain(one)}} for one in outcome.unchecked),
                ],
            }
        ],
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, outcome, places, seen) for finding in outcome.findings],
        "properties": {
            "manifests": outcome.manifests,
            "suppressed": by.count("suppression"),
            "accepted": by.count("acceptance"),
        },
    }
    log = json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)
    return inert_json(log) + "\n"


def _rule(rule: Rule, manual: Manual) -> dict[str, Any]:
    category, _, name = rule.id.partition("/")
    gravest = rule.gravest
    return {
        "id": rule.id,
        "name": "".join(part.capitalize() for part in name.split("-")),
        "shortDescription": {"text": f"{_plain(rule.summary)}."},
        "fullDescription": {"text": _plain(manual.why)},
        "help": {"text": _plain(manual.why), "markdown": _markdown(rule, manual)},
        "defaultConfiguration": {"level": _LEVELS[gravest]},
        "properties": {
            "tags": ["security", category, *(_tag(one.id) for one in manual.references)],
            "precision": "high" if gravest is not Severity.INFO else "medium",
            "problem.severity": "recommendation" if gravest is Severity.INFO else _LEVELS[gravest],
            "security-severity": _GRAVITY[gravest],
        },
    }


def _tag(identifier: str) -> str:
    """A standard's identifier as a tag: GitHub's own form for a weakness (`external/cwe/cwe-250`), and the like."""
    family = next((prefix for start, prefix in _FAMILIES.items() if identifier.startswith(start)), "external/")
    return family + identifier.lower()


def _markdown(rule: Rule, manual: Manual) -> str:
    """The rule's page: why, what it looks like, what it supports evidence for."""
    parts = [f"# {rule.id}", f"{rule.summary}.", "## Why", manual.why]
    example = manual.examples[0]
    for path, text in example["files"].items():
        parts += ["## Example", f"`{path}`:", f"```yaml\n{text.rstrip()}\n```"]
    if manual.references:
        lines = [" ".join(filter(None, (one.standard, one.id, one.title))) for one in manual.references]
        parts += ["## Supports evidence for", "\n".join(f"- {line}" for line in lines)]
    return visible("\n\n".join(parts), keep="\n\t")


def _result(finding: Finding, outcome: Outcome, places: Mapping[str, int], seen: Counter[str]) -> dict[str, Any]:
    identity = finding.fingerprint.removeprefix("sha256:")
    seen[identity] += 1
    cure = f"\n\nFix: {finding.fix.rstrip()}" if finding.fix else ""
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": places[finding.rule],
        "level": _LEVELS[finding.severity],
        "message": {"text": _plain(finding.message + cure)},
        "locations": [{"physicalLocation": _physical(finding.location, outcome)}],
        "partialFingerprints": {"primaryLocationLineHash": f"{identity}:{seen[identity]}"},
        "properties": {
            "agent": _plain(finding.agent),
            "environment": _plain(finding.environment),
            "resource": _plain(finding.resource),
            **({"details": dict(finding.details)} if finding.details else {}),
        },
    }
    if finding.related:
        result["relatedLocations"] = [
            {
                "id": number,
                "physicalLocation": _physical(location, outcome),
                "message": {"text": _plain(location.caption or "related")},
            }
            for number, location in enumerate(finding.related, 1)
        ]
    return result


def _unread(error: InputError, outcome: Outcome) -> dict[str, Any]:
    told = {"level": "error", "message": {"text": _plain(error.message)}}
    if not error.placed:
        return told
    region = {"startLine": error.line, "startColumn": error.column}
    location = {
        "physicalLocation": {"artifactLocation": {"uri": _uri(outcome.in_repository(error.path))}, "region": region}
    }
    return {**told, "locations": [location]}


def _physical(location: Location, outcome: Outcome) -> dict[str, Any]:
    region: dict[str, Any] = {
        "startLine": location.line,
        "startColumn": location.column,
        "endLine": location.end_line,
        "endColumn": location.end_column,
    }
    if location.snippet and location.end_line == location.line:
        region["snippet"] = {
            "text": visible(location.snippet[location.column - 1 : location.end_column - 1], keep="\t")
        }
    return {"artifactLocation": {"uri": _uri(outcome.in_repository(location.path))}, "region": region}


def _uri(path: str) -> str:
    """A relative reference from the repository's top; a `file:` URI where the path is absolute (RFC 3986, RFC 8089)."""
    from urllib.parse import quote

    quoted = quote(os.fsencode(path))
    if path.startswith("/"):
        return f"file://{quoted}"
    # A colon in the first segment would read as a scheme (RFC 3986, section 4.2); `quote` escapes it.
    return quoted


def _plain(text: str) -> str:
    """A stranger's text as a SARIF message: control characters shown, and no link of its own (SARIF, section 3.11.6)."""
    return visible(text, keep="\n\t").replace("](", "]\\(")
