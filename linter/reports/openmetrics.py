"""The metrics of a run of `drift`, for the textfile collector of Prometheus' node_exporter.

OpenMetrics 1.0 (github.com/prometheus/OpenMetrics, specification/OpenMetrics.md), kept to what Prometheus' text format 0.0.4
reads as well, since that is what the collector parses: gauges alone, no timestamps, and the last line is a comment to it.
A job that stops running is noticed by `permlint_run_timestamp_seconds`, a system that is no longer checked by
`permlint_last_success_timestamp_seconds`.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime

from linter.findings import Severity
from linter.nightly.digest import counts, troubles
from linter.nightly.history import systems
from linter.outcome import Outcome
from linter.reports.visible import visible

_AGES = ((1, "1d"), (7, "7d"), (30, "30d"), (90, "90d"))
"""Days up to which a finding belongs to a bucket; the oldest are "older", and without a state nobody knows."""
_OLDER, _UNKNOWN = "older", "unknown"
_MOST_SYSTEMS = 100
"""Systems with a series of their own, the ones longest unchecked first: a name may be a stranger's."""
_Sample = tuple[Mapping[str, str], float]


def render(outcome: Outcome) -> str:
    """The text, ending in `# EOF`."""
    return "".join(f"{line}\n" for line in [*_lines(outcome), "# EOF"])


def _lines(outcome: Outcome) -> Iterator[str]:
    nightly = outcome.nightly
    of_findings = "Open findings, by severity and by the days since they came up."
    yield from _metric("permlint_findings", of_findings, _findings(outcome))
    accepted = len(counts(nightly).accepted) if nightly is not None else len(outcome.silenced)
    yield from _metric("permlint_accepted_findings", "Findings that somebody agreed to live with.", [({}, accepted)])
    if nightly is not None:
        failing = {(one.system, one.environment) for one in troubles(nightly)}
        checked = [(one.system, one.environment, one.last_success) for one in systems(nightly.sources)]
    else:
        failing = {(one.source.system, one.source.environment) for one in outcome.attempts if one.problem}
        checked = []
    told = "Systems, each in one environment, that could not be checked and are not accepted."
    yield from _metric("permlint_unverified_systems", told, [({}, len(failing))])
    told = "Files that could not be read, the state among them."
    yield from _metric("permlint_unreadable_files", told, [({}, len(outcome.errors))])
    samples = [
        ({"system": system, "environment": environment}, datetime.fromisoformat(last).timestamp() if last else 0)
        for system, environment, last in sorted(checked, key=lambda one: one[2])[:_MOST_SYSTEMS]
    ]
    told = "When a system could last be checked for every agent; 0 where it never could."
    yield from _metric("permlint_last_success_timestamp_seconds", told, samples)
    if outcome.timing is not None:
        told = "How long the run took."
        yield from _metric("permlint_run_duration_seconds", told, [({}, round(outcome.timing.seconds, 3))])
        told = "When the run ended."
        yield from _metric("permlint_run_timestamp_seconds", told, [({}, int(outcome.timing.ended.timestamp()))])


def _findings(outcome: Outcome) -> list[_Sample]:
    nightly = outcome.nightly
    if nightly is None:
        ages = [(one.severity, _UNKNOWN) for one in outcome.findings]
        buckets: Iterable[str] = (_UNKNOWN,)
    else:
        today = date.fromisoformat(nightly.day)
        ages = [(one.severity, _bucket(today, one.since)) for one in counts(nightly).open]
        buckets = [*(name for _, name in _AGES), _OLDER]
    levels = [level for level in reversed(Severity) if level is not Severity.OFF]
    return [
        ({"severity": level.label, "age": bucket}, ages.count((level, bucket)))
        for level in levels
        for bucket in buckets
    ]


def _bucket(today: date, since: str) -> str:
    days = (today - date.fromisoformat(since)).days
    return next((name for most, name in _AGES if days <= most), _OLDER)


def _metric(name: str, told: str, samples: Iterable[_Sample]) -> Iterator[str]:
    yield f"# HELP {name} {told}"
    yield f"# TYPE {name} gauge"
    for labels, value in samples:
        shown = ",".join(f'{label}="{_escape(text)}"' for label, text in labels.items())
        yield f"{name}{{{shown}}} {value}" if shown else f"{name} {value}"


def _escape(text: str) -> str:
    """A label's value; line ends are written out before, as all that is unsafe."""
    return visible(text).replace("\\", "\\\\").replace('"', '\\"')
