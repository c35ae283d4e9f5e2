"""Two versions of a manifest, and what changed between them: what the tests of changes share."""

from __future__ import annotations

from linter.creep.change import Change, compare
from linter.creep.timeline import changes
from linter.manifest.model import Manifest, build
from linter.manifest.reader import read
from linter.manifest.text import Text

STRATEGY = """\
rollback_strategy: |
  First: scripts/triage.py --dry-run
  Writes go to audit_log.runs before.
  Undo: scripts/revert.py --run-id <id>
"""
COLUMNS = "scope: status, assigned_to columns only"


def manifest(text: str) -> Manifest:
    data = read(Text(text)).data
    return build(data, data)


def entry(*lines: str, environment: str = "staging", tail: str = "", name: str = "postgres.tickets") -> str:
    """A manifest with one resource."""
    keys = "".join(f"    {line}\n" for line in lines)
    return f"agent_name: triage\nenvironment: {environment}\nresources:\n  - resource: {name}\n{keys}{tail}"


def told(before: str, after: str) -> list[str]:
    """What changed, as the timeline says it."""
    return [f"{mark} {text}" for mark, text in changes(difference(before, after), manifest(after))]


def difference(before: str, after: str) -> Change:
    return compare([manifest(before)], manifest(after), {})


def assert_told(before: str, after: str, expected: list[str]) -> None:
    """That these are the changes, as the timeline says them; each by how it begins."""
    found = told(before, after)
    assert len(found) == len(expected)
    assert all(one.startswith(wanted) for one, wanted in zip(sorted(found), sorted(expected), strict=True)), found
