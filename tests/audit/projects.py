"""A project with an agent, its Slack key as it was recorded, and runs of `permlint report` over it."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Iterable, Mapping
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

from tests.command import permlint
from tests.world import build

DAY = "2026-11-25"
CONFIG = '[systems.slack]\nkind = "slack"\ntoken_env = "SLACK_TOKEN"\n'
MANIFEST = """\
agent_name: triage
environment: staging
owner: support
purpose: Sorts tickets
resources:
  - resource: slack.#ops
    access: write
    scope: {channels: ["#ops"]}
    blast_radius: low
    reversibility: irreversible
  - resource: wiki.pages
    access: read-only
    blast_radius: none
rollback_strategy:
  dry_run: python3 triage.py --dry-run
  audit_log: slack.audit
  command: "@ops deletes the message by hand, by its --run-id"
"""
PATH = "agents/triage.agent-permissions.yaml"
LIVE = ("--live-from", "slack.json")


def slack(*scopes: str, taken: str = "2026-11-24T22:00:00Z") -> str:
    """A recording of a key with these scopes."""
    answer = {
        "request": "GET /api/auth.test",
        "status": 200,
        "headers": {"x-oauth-scopes": ",".join(scopes)},
        "body": {"ok": True, "user": "bot", "team": "acme"},
    }
    systems = {"slack": {"kind": "slack", "responses": [answer]}}
    return json.dumps({"schema_version": 1, "taken": taken, "systems": systems})


def project(folder: Path, files: Mapping[str, str | bytes] | None = None, *, config: str = CONFIG) -> Path:
    """The project; more files, or others in place of its own."""
    return build(folder, {PATH: MANIFEST, **(files or {})}, config)


def git(folder: Path, *arguments: str, day: str = DAY, by: str = "kim@example.com") -> str:
    """Run git as somebody, on a day."""
    identity = {
        "GIT_AUTHOR_NAME": by.partition("@")[0],
        "GIT_AUTHOR_EMAIL": by,
        "GIT_COMMITTER_NAME": by.partition("@")[0],
        "GIT_COMMITTER_EMAIL": by,
        "GIT_AUTHOR_DATE": f"{day}T12:00:00Z",
        "GIT_COMMITTER_DATE": f"{day}T12:00:00Z",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
    }
    done = subprocess.run(["git", *arguments], cwd=folder, env=identity, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(folder: Path, subject: str, *, day: str = DAY, by: str = "kim@example.com") -> str:
    """Commit everything there is; the commit's name."""
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", subject, day=day, by=by)
    return git(folder, "rev-parse", "HEAD")


def report(folder: Path, *arguments: str, as_of: str = DAY, status: Iterable[int] = (0, 1, 3)) -> dict[str, Any]:
    """The command's JSON."""
    done = permlint(folder, "report", "--format", "json", "--as-of", as_of, *arguments)
    assert done.returncode in status, done.stderr
    assert "Traceback" not in done.stderr
    body: dict[str, Any] = json.loads(done.stdout)
    return body


def rows(folder: Path, *arguments: str, as_of: str = DAY) -> list[dict[str, str]]:
    """The command's CSV."""
    done = permlint(folder, "report", "--format", "csv", "--as-of", as_of, *arguments)
    assert "Traceback" not in done.stderr
    return list(csv.DictReader(StringIO(done.stdout.removeprefix("\ufeff"), newline="")))


def permission(body: Mapping[str, Any], what: str) -> dict[str, Any]:
    """The one permission of a JSON report whose words begin so."""
    (found,) = (one for agent in body["agents"] for one in agent["permissions"] if one["what"].startswith(what))
    return dict(found)


def filled(
    given: Iterable[Mapping[str, str]],
    decisions: Mapping[str, Mapping[str, str]],
    *,
    separator: str = ",",
    end: str = "\r\n",
) -> str:
    """The table with decisions: how a permission's words begin -> cells to fill in."""
    table = [dict(row) for row in given]
    for start, cells in decisions.items():
        (row,) = (one for one in table if one["what"].startswith(start))
        row.update(cells)
    out = StringIO()
    writer = csv.DictWriter(out, list(table[0]), delimiter=separator, lineterminator=end)
    writer.writeheader()
    writer.writerows(table)
    return out.getvalue()


def decided(decision: str, *, on: str = DAY, by: str = "sec@example.com", reason: str = "") -> dict[str, str]:
    """The cells of a decision."""
    return {"decision": decision, "decided_by": by, "decided_on": on, "reason": reason}


def record(folder: Path, text: str | bytes, *, as_of: str = DAY) -> subprocess.CompletedProcess[str]:
    """`permlint review record` of a text."""
    (folder / "decide.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    done = permlint(folder, "review", "record", "decide.csv", "--as-of", as_of)
    assert "Traceback" not in done.stderr
    return done


def today() -> str:
    """The day, for what has no --as-of."""
    return date.today().isoformat()
