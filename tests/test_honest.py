"""Twenty honest manifests, as different teams write them, read as their authors would: every finding must be worth its line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from linter.findings import Severity
from tests.world import build, places, run

HERE = Path(__file__).parent / "honest"
MANIFESTS = sorted(path.name.partition(".")[0] for path in HERE.iterdir())
SCRIPTS = [
    "bin/undo-scorecards.sh",
    "clean.py",
    "mailer.py",
    "post.py",
    "scripts/drop_suggestions.py",
    "scripts/restore-fields.js",
    "scripts/restore_pages.py",
    "skripte/zuruecksetzen.py",
    "sql/undo_load.sql",
    "sync.py",
    "tools/remove_notes.py",
    "undo/sessions.sql",
]
WRITES_IN_PRODUCTION_AND_NEVER_REHEARSED = {
    "calendar-assistant": 1,
    "db-cleaner": 1,
    "docs-writer": 2,
    "etl-loader": 1,
    "feature-flags": 1,
    "german-team": 1,
    "inventory-sync": 1,
    "log-summariser": 1,
    "n8n-workflow": 1,
    "release-bot": 1,
    "sales-mailer": 1,
    "shop-pricing": 1,
    "support-agent": 1,
}
INFORMATION = {
    "calendar-assistant": ["scope/uncheckable-scope 8:12"],
    "docs-writer": ["scope/uncheckable-scope 9:12"],
    "etl-loader": ["scope/uncheckable-scope 8:12", "scope/uncheckable-scope 12:12"],
    "feature-flags": ["scope/uncheckable-scope 11:12"],
    "german-team": ["scope/uncheckable-scope 9:12"],
    "hr-screening": ["rollback/never-rehearsed 1:1", "scope/uncheckable-scope 14:12"],
    "inventory-sync": ["scope/uncheckable-scope 8:12", "scope/uncheckable-scope 12:12"],
    "mcp-coder": ["rollback/never-rehearsed 1:1", "scope/unbounded-write 11:5"],
    "n8n-workflow": ["scope/uncheckable-scope 7:62"],
    "release-bot": ["scope/uncheckable-scope 10:12"],
    "research-reader": ["scope/uncheckable-scope 10:12"],
    "sales-mailer": ["scope/uncheckable-scope 8:12"],
    "shop-pricing": ["scope/unbounded-write 9:5"],
    "support-agent": ["scope/uncheckable-scope 9:12", "scope/uncheckable-scope 13:12"],
    "windows-team": ["scope/uncheckable-scope 8:12"],
}


def test_there_are_twenty() -> None:
    assert len(MANIFESTS) == 20


@pytest.mark.parametrize("name", MANIFESTS)
def test_an_honest_manifest(tmp_path: Path, name: str) -> None:
    build(tmp_path, dict.fromkeys(SCRIPTS, ""))
    copy = Path(shutil.copy(HERE / f"{name}.agent-permissions.yaml", tmp_path))
    if name == "windows-team":
        copy.write_bytes(copy.read_bytes().replace(b"\n", b"\r\n"))
    outcome = run(tmp_path)
    assert not outcome.errors
    loud = outcome._replace(findings=tuple(one for one in outcome.findings if one.severity > Severity.INFO))
    line = WRITES_IN_PRODUCTION_AND_NEVER_REHEARSED.get(name)
    assert places(loud) == ([f"rollback/never-rehearsed {line}:1"] if line else [])
    quiet = outcome._replace(findings=tuple(one for one in outcome.findings if one.severity is Severity.INFO))
    # Not one of these teams has signed a digest yet; each is told once, for information.
    lines = copy.read_text(encoding="utf-8").splitlines()
    unpinned = [number for number, text in enumerate(lines, 1) if text.startswith("reviewed:")]
    assert places(quiet, "review/changed-since-review") == [
        f"review/changed-since-review {number}:1" for number in unpinned
    ]
    others = [place for place in places(quiet) if not place.startswith("review/changed-since-review ")]
    assert others == INFORMATION.get(name, [])
