"""The audit log that a manifest names: structured, or in the strategy's prose where the sentence is certain."""

from linter.manifest.model import Manifest
from linter.manifest.reader import Route
from linter.patterns import Pattern

_NAME = r"`?([A-Za-z_][\w$-]*(?:\.[A-Za-z_][\w$]*){1,2})`?(?![\w./(-])"
_SENTENCE = Pattern(
    r"\b(?:writes?|changes?|actions?|updates?|runs?)\b[^.\n]{0,60}?\b(?:go(?:es)?|logged|recorded|written|appended|saved|stored)\s+"
    rf"(?:in|to|into)\s+{_NAME}"
)
_LABEL = Pattern(rf"(?i:\baudit[ _-]log)\s*(?::|is|=|in)\s*{_NAME}")


def audit_log(manifest: Manifest) -> tuple[str, Route] | None:
    """Its name as written and where it stands; None where none is named.

    Of prose two sentences are certain: "All writes go to SCHEMA.TABLE ..." and "audit log: SCHEMA.TABLE".
    """
    rollback = manifest.rollback
    if manifest.audit_log:
        return manifest.audit_log.strip(), ("audit_log",)
    if rollback is None:
        return None
    if rollback.audit_log:
        return rollback.audit_log.strip(), ("rollback_strategy", "audit_log")
    for line in rollback.prose.splitlines():
        found = _LABEL.search(line[:2000]) or _SENTENCE.search(line[:2000])
        if found and ("audit" in found[1].lower() or "log" in found[1].lower()):
            return found[1], ("rollback_strategy",)
    return None
