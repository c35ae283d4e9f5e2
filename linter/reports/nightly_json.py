"""The `nightly` object of a JSON report: what a run with a state knows beside its findings."""

from typing import Any

from linter.nightly.digest import counts, troubles
from linter.nightly.history import systems
from linter.nightly.news import NEWS, Known, Nightly
from linter.reports.visible import visible


def night(nightly: Nightly) -> dict[str, Any]:
    """The object. Days are ISO dates, times ISO times in UTC; what is not known is null."""
    found = counts(nightly)
    statuses = [one.status for one in nightly.standings.values()]
    return {
        "day": nightly.day,
        "previous": nightly.previous or None,
        "adoption": nightly.adoption,
        **{status: statuses.count(status) for status in sorted(NEWS)},
        "open": len(found.open),
        "oldest": known(found.open[0]) if found.open else None,
        "accepted": len(found.accepted),
        "expiring": [known(one) for one in found.expiring],
        "unverifiable": found.unverifiable,
        "not_asked": nightly.not_asked,
        "failing": [
            {**one._asdict(), "agents": list(one.agents), "last_success": one.last_success or None}
            for one in troubles(nightly)
        ],
        "kept": [{"why": one.why, "findings": [known(each) for each in one.findings]} for one in nightly.kept],
        "begun": [known(one) for one in nightly.begun],
        "ended": [{**known(one), "how": one.how, "ended": one.ended} for one in nightly.ended],
        "sources": [
            {
                "system": one.system,
                "environment": one.environment,
                "last_success": one.last_success or None,
                "nights_failed": one.failures,
                "failing_since": one.failing_since or None,
            }
            for one in systems(nightly.sources)
        ],
        "notes": list(nightly.notes),
    }


def known(one: Known) -> dict[str, Any]:
    """A finding as the state remembers it."""
    return {
        "fingerprint": one.fingerprint,
        "rule": one.rule,
        "severity": one.severity.label,
        "message": one.message,
        "path": visible(one.path),
        "agent": one.agent,
        "environment": one.environment,
        "resource": one.resource,
        "system": one.source.system if one.source is not None else None,
        "owner": one.owner or None,
        "first_seen": one.first_seen,
        "since": one.since,
        "last_seen": one.last_seen,
        "nights": one.nights,
        "accepted_until": one.accepted or None,
    }
