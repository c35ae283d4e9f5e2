"""How a run ends: exit statuses (DESIGN.md, section 5), and what is told of an exception."""

from __future__ import annotations

import os
from enum import IntEnum

from linter.findings import Severity
from linter.outcome import Outcome

CRASHED = "engine/check-crashed"


class Exit(IntEnum):
    """What a run's end means."""

    CLEAN = 0
    FINDINGS = 1
    USAGE = 2
    """Usage, configuration, or input that cannot be read as one YAML document."""
    UNCHECKED = 3
    """Something asked for could not be checked: never shown as clean."""
    INTERNAL = 70
    INTERRUPTED = 130
    CLOSED_PIPE = 141


def exit_status(outcome: Outcome, fail_on: Severity | None) -> Exit:
    """2 beats 1 beats 3 beats 0; `fail_on` None ("never") silences 1 alone."""
    if outcome.errors:
        return Exit.USAGE
    # A crashed check is permlint's own fault and says "not checked", not "found".
    if fail_on is not None and any(one.severity >= fail_on and one.rule != CRASHED for one in outcome.findings):
        return Exit.FINDINGS
    return Exit.UNCHECKED if outcome.unchecked else Exit.CLEAN


def where(error: Exception) -> str:
    """Type and place of an exception; never its message, which may quote a secret."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{place}"
