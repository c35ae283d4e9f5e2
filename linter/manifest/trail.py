"""What a rollback strategy says besides its command: whether a dry run comes first, and where writes are recorded."""

import re

from linter.manifest.model import Manifest
from linter.patterns import Pattern

_DRY = Pattern(
    r"\bdry[-_ ]?runs?\b|\bdry[-_]run\b|--(?:dry|plan|preview|check|simulate|what-?if)\b|\bplan (?:mode|first)\b|\bpreview\b|\bsimulat",
    re.IGNORECASE,
)
_RECORDED = Pattern(
    r"\baudit|\b(?:log|logs|logged|logging)\b|\brecord(?:s|ed|ing)?\b|\bjournal|\bledger|\bhistory\b|\btrail\b|_log\b",
    re.IGNORECASE,
)
# "All writes go to audit_log.agent_runs": a verb of recording, then a dotted name.
_PLACE = Pattern(
    r"\b(?:writes?|actions?|changes?|logged|logs?|recorded|records?|audited|journal(?:l?ed|s)?|saved|stored|appended)\b"
    r"[^.;\n]{0,80}?\b(?:to|in|into)\s+(?:the\s+)?(?:table\s+)?[`'\"]?(?P<name>[A-Za-z_][\w$]*(?:\.[A-Za-z_][\w$]*){1,3})",
    re.IGNORECASE,
)
_FILES = frozenset("log txt json jsonl csv md py sh sql yaml yml toml parquet db sqlite gz com org io net dev".split())
_MOST = 4000
"""Longer prose is not searched beyond; it bounds the work on hostile text."""


def dry_run(manifest: Manifest) -> bool:
    """Whether a dry run is named: the field, or in prose any word for one."""
    rollback = manifest.rollback
    if rollback is None:
        return False
    return bool(rollback.dry_run) if rollback.structured else _DRY.search(rollback.prose[:_MOST]) is not None


def recorded(manifest: Manifest) -> bool:
    """Whether anything says that writes are recorded: a field, or in prose any word for it."""
    if audit_log(manifest):
        return True
    rollback = manifest.rollback
    return rollback is not None and _RECORDED.search(rollback.prose[:_MOST]) is not None


def audit_log(manifest: Manifest) -> str | None:
    """The audit log, as written: the strategy's field, else the manifest's, else the dotted name that prose says writes go to."""
    rollback = manifest.rollback
    given = (rollback.audit_log if rollback else None) or manifest.audit_log
    if given or rollback is None or rollback.structured:
        return given
    for match in _PLACE.finditer(rollback.prose[:_MOST]):
        name = match["name"]
        if name.rpartition(".")[2].lower() not in _FILES:
            return name
    return None
