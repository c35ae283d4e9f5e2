"""The JSON report: the contract of DESIGN.md, section 5. `schema_version` changes when a field is removed or changes meaning."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from linter import __version__
from linter.findings import Finding, Location, Severity, Silenced, count
from linter.outcome import Outcome, Population, ResourceVerdict
from linter.reports.visible import inert_json, visible

if TYPE_CHECKING:
    from linter.creep.timeline import Entry, Timeline
    from linter.nightly.news import Nightly


def render(outcome: Outcome, *, effective: bool = False) -> str:
    """One JSON object, and a line end; with `effective`, all that is granted as well."""
    return inert_json(json.dumps(body(outcome, effective=effective), indent=2, ensure_ascii=True)) + "\n"


def body(outcome: Outcome, *, effective: bool = False) -> dict[str, Any]:
    """The object, as plain data."""
    by = [one.by for one in outcome.silenced]
    found: dict[str, Any] = {
        "schema_version": 1,
        "tool": {"name": "permlint", "version": __version__},
        "command": outcome.command,
        "as_of": outcome.as_of.isoformat(),
        "summary": {
            "manifests": outcome.manifests,
            "rules": len(outcome.rules),
            "errors": count(outcome.findings, Severity.ERROR),
            "warnings": count(outcome.findings, Severity.WARNING),
            "infos": count(outcome.findings, Severity.INFO),
            "suppressed": by.count("suppression"),
            "accepted": by.count("acceptance"),
            "unverified": sum(one.verdict == "unverified" for one in outcome.verdicts) or len(outcome.unchecked),
        },
        "errors": [
            {"path": _path(error.path), "line": error.line, "column": error.column, "message": error.message}
            for error in outcome.errors
        ],
        "unchecked": list(outcome.unchecked),
        "findings": [{**_finding(one), **_standing(one, outcome.nightly)} for one in outcome.findings],
        "silenced": [{**_silenced(one), **_standing(one.finding, outcome.nightly)} for one in outcome.silenced],
        "verdicts": [_verdict(one) for one in outcome.verdicts],
    }
    if outcome.command == "creep":
        found["timelines"] = [_timeline(one) for one in outcome.timelines()]
    if outcome.nightly is not None:
        from linter.reports.nightly_json import night

        found["nightly"] = night(outcome.nightly)
    if outcome.notes:
        found["notes"] = list(outcome.notes)
    if outcome.command == "drift":
        found["asked"] = [
            {**one._asdict(), "principals": list(one.principals), "compared": list(one.compared)}
            for one in outcome.asked
        ]
        found["objects"] = [
            {name: said for name, said in {**one._asdict(), "path": _path(one.path)}.items() if name in _OBJECT}
            for one in outcome.verdicts
            if one.object_id
        ]
        found["digests"] = {_path(path): digest for path, digest in outcome.digests.items()}
        found["population"] = [_population(one) for one in outcome.population]
    if effective and outcome.effective:
        found["effective"] = [
            {"of": who, "granted": [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]}
            for who, table in outcome.effective
            for rows in (table(),)
        ]
    return found


_OBJECT = frozenset({"path", "environment", "resource", "object_id"})
"""Which entry of which manifest names one object, and what that keeps when it is renamed."""


def _verdict(one: ResourceVerdict) -> dict[str, Any]:
    said = {**one._asdict(), "path": _path(one.path), "also": list(one.also)}
    del said["object_id"]
    return said


def _population(one: Population) -> dict[str, Any]:
    return {name: list(said) if isinstance(said, tuple) else said for name, said in one._asdict().items()}


def _timeline(one: Timeline) -> dict[str, Any]:
    distance = one.distance
    return {
        "path": _path(one.path),
        "agent": one.agent,
        "environments": list(one.environments),
        "entries": [_entry(entry) for entry in one.entries],
        "distance": distance
        and {
            "from": distance.beginning,
            "commit": distance.start.commit,
            "date": distance.start.date,
            "added": list(distance.added),
            "gravest": distance.gravest,
            "blast_radius": {"then": distance.blast_then, "now": distance.blast_now},
        },
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "commit": entry.commit,
        "author": entry.author,
        "email": entry.email,
        "date": entry.date,
        "subject": entry.subject,
        "steps": [{"mark": step.mark, "text": step.text} for step in entry.steps],
    }


def _path(path: str) -> str:
    """A path as valid Unicode: bytes that are not UTF-8 are written out."""
    return visible(path)


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity.label,
        "message": finding.message,
        **_location(finding.location),
        "agent": finding.agent,
        "environment": finding.environment,
        "resource": finding.resource,
        **({"system": finding.system, "principal": finding.principal} if finding.system else {}),
        **({"object_id": finding.object_id} if finding.object_id else {}),
        "fingerprint": finding.fingerprint,
        "fix": finding.fix,
        "fixable": None if finding.repair is None else "safe" if finding.repair.safe else "unsafe",
        "details": dict(finding.details),
        "related": [{**_location(one), "caption": one.caption} for one in finding.related],
    }


def _standing(finding: Finding, nightly: Nightly | None) -> dict[str, Any]:
    """What history says of a finding; nulls for one that only tells of a system that could not be asked tonight."""
    if nightly is None:
        return {}
    standing = nightly.standings.get(finding.fingerprint)
    if standing is None:
        return {"status": nightly.status(finding.fingerprint), "first_seen": None, "since": None, "nights": None}
    known = standing.known
    return {"status": standing.status, "first_seen": known.first_seen, "since": known.since, "nights": known.nights}


def _location(location: Location) -> dict[str, Any]:
    return {
        "path": _path(location.path),
        "line": location.line,
        "column": location.column,
        "end_line": location.end_line,
        "end_column": location.end_column,
    }


def _silenced(one: Silenced) -> dict[str, Any]:
    return {**_finding(one.finding), "silenced_by": one.by, "reason": one.reason, "until": one.until}
