"""A run in one line, the same in every format: what was found, what was silenced, what could not be checked."""

from __future__ import annotations

from linter.findings import Severity, count
from linter.outcome import Outcome


def totals(outcome: Outcome) -> str:
    """Such as "1 error, 2 warnings, 3 for information; 1 suppressed, 0 accepted; 4 manifests checked, 30 rules".

    Holds no text of a stranger.
    """
    found = ", ".join(
        (
            plural(count(outcome.findings, Severity.ERROR), "error"),
            plural(count(outcome.findings, Severity.WARNING), "warning"),
            f"{count(outcome.findings, Severity.INFO)} for information",
        )
    )
    missed = []
    if outcome.errors:
        missed.append(f"{len(outcome.errors)} unreadable")
    if outcome.unchecked:
        missed.append(f"{len(outcome.unchecked)} not checked")
    read = f"{plural(outcome.manifests, 'manifest')} checked, {plural(len(outcome.rules), 'rule')}"
    return "; ".join([found, silenced(outcome), *missed, read])


def silenced(outcome: Outcome) -> str:
    """Such as "1 suppressed, 0 accepted"."""
    by = [one.by for one in outcome.silenced]
    return f"{by.count('suppression')} suppressed, {by.count('acceptance')} accepted"


def plural(number: int, noun: str) -> str:
    """Such as "1 error", "2 errors"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
