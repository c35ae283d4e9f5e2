"""Findings by their fingerprint, of a run now or of a JSON report: what `accept` accepts and `explain` looks up."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from linter.findings import Finding, Location, Severity
from linter.outcome import Outcome

SHORTEST = 12
"""Hexadecimal digits that a shortened fingerprint must have at least."""


class Reported(NamedTuple):
    """A finding that some run reported."""

    fingerprint: str
    content: str
    rule: str
    message: str
    path: str
    line: int
    agent: str
    environment: str
    resource: str
    silenced: str = ""
    """By what, as in `Silenced.by`; empty for an open finding."""
    severity: Severity = Severity.ERROR
    fix: str = ""


class BadReport(Exception):
    """A file that is no JSON report of permlint's: a sentence."""


class NoSuchFinding(Exception):
    """A fingerprint that names no finding, or several: a sentence."""


def of_outcome(outcome: Outcome) -> list[Reported]:
    """Every finding of a run, silenced ones after the open ones."""
    return [
        *(_reported(one, one.fingerprint, "") for one in outcome.findings),
        *(_reported(one.finding, one.finding.fingerprint, one.by) for one in outcome.silenced),
    ]


def of_json(text: str) -> list[Reported]:
    """Every finding of a JSON report (`--format json`), of whichever command.

    Raises:
        BadReport: it is none.
    """
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise BadReport("is not JSON") from None
    if not isinstance(body, dict) or body.get("schema_version") != 1 or not isinstance(body.get("findings"), list):
        raise BadReport("is no JSON report of permlint's (--format json)")
    try:
        return [
            *(_of_entry(one, "") for one in body["findings"]),
            *(_of_entry(one, one["silenced_by"]) for one in body.get("silenced", [])),
        ]
    except (KeyError, TypeError, AttributeError):
        raise BadReport("holds a finding that is none: was it edited?") from None


def _of_entry(entry: dict[str, Any], silenced: str) -> Reported:
    line = int(entry["line"])
    words = ("rule", "message", "path", "agent", "environment", "resource", "fingerprint")
    rule, message, path, agent, environment, resource, fingerprint = (str(entry[word]) for word in words)
    finding = Finding(
        rule,
        Severity[entry["severity"].upper()],
        message,
        Location(path, line, 1, line, 1),
        agent,
        environment,
        resource,
        fix=str(entry.get("fix") or ""),
        details=entry["details"],
    )
    if not re.fullmatch("sha256:[0-9a-f]{64}", fingerprint):
        raise TypeError
    return _reported(finding, fingerprint, silenced)


def _reported(one: Finding, fingerprint: str, silenced: str) -> Reported:
    location = one.location
    about = (one.agent, one.environment, one.resource)
    said = (one.content, one.rule, one.message, location.path, location.line)
    return Reported(fingerprint, *said, *about, silenced, one.severity, one.fix)


def is_fingerprint(text: str) -> bool:
    """Whether a text is a fingerprint or may be the beginning of one, and no rule's name."""
    return re.fullmatch("(?i)sha256:[0-9a-f]*|[0-9a-f]{8,64}", text) is not None


def resolve(written: str, fingerprints: Iterable[str]) -> str:
    """The one fingerprint that begins as written, with or without `sha256:`.

    Raises:
        NoSuchFinding: too short, none, or several.
    """
    start = written.lower().removeprefix("sha256:")
    if not re.fullmatch("[0-9a-f]+", start):
        raise NoSuchFinding(f"`{written}` is no fingerprint: sha256: and hexadecimal digits")
    if len(start) < SHORTEST:
        raise NoSuchFinding(f"`{written}` is too short: give at least {SHORTEST} digits of the fingerprint")
    found = sorted({one for one in fingerprints if one.removeprefix("sha256:").startswith(start)})
    if len(found) > 1:
        raise NoSuchFinding(f"`{written}` begins {len(found)} fingerprints: {', '.join(found)}")
    if not found:
        raise NoSuchFinding(
            f"no finding has the fingerprint `{written}`: `permlint check -v` shows those that there are"
        )
    return found[0]
