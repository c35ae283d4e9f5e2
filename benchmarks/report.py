"""What `permlint report` costs: 100 agents of 30 resources, 5,000 findings, their keys as they were recorded."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import Case, medians

ROOT = Path(__file__).resolve().parent.parent
AGENTS, RESOURCES = 100, 30
DAY = "2026-11-25"
SCOPES = (
    "chat:write", "users:read", "users:read.email", "channels:history", "channels:manage", "channels:read", "groups:history",
    "groups:read", "im:history", "im:read", "mpim:history", "mpim:read", "files:read", "files:write", "reactions:read",
    "reactions:write", "team:read", "usergroups:read", "pins:read", "pins:write", "bookmarks:read",
)  # fmt: skip
_HEAD = """\
agent_name: agent-{number:03}
environment: production
owner: team-{team}
purpose: Sorts what comes in for team {team} and answers what it can
identities: {{slack: bot-{number:03}}}
resources:
"""
_TAIL = """\
rollback_strategy: |
  Run agent in dry-run mode first (--dry-run flag).
  All writes go to audit_log.agent_runs before execution.
  Rollback script: scripts/revert_agent_run.py --run-id <id>
"""


def make(folder: Path) -> Path:
    """The project: manifests in two commits, a recording of one Slack key that has far too much."""
    (folder / "agents").mkdir(parents=True)
    (folder / "scripts").mkdir()
    (folder / "scripts/revert_agent_run.py").write_text("import sys\n\nprint(sys.argv)\n")
    (folder / "permlint.toml").write_text('[systems.slack]\nkind = "slack"\ntoken_env = "SLACK_TOKEN"\n')
    answer = {
        "request": "GET /api/auth.test",
        "status": 200,
        "headers": {"x-oauth-scopes": ",".join(SCOPES)},
        "body": {"ok": True},
    }
    systems = {"slack": {"kind": "slack", "responses": [answer]}}
    recording = {"schema_version": 1, "taken": f"{DAY}T00:00:00Z", "systems": systems}
    (folder / "slack.json").write_text(json.dumps(recording))
    for day, size in (("2026-05-25", RESOURCES - 5), (DAY, RESOURCES)):
        for number in range(AGENTS):
            lines = [_entry(number, place) for place in range(size)]
            text = _HEAD.format(number=number, team=number % 7) + "".join(lines) + _TAIL
            (folder / f"agents/agent-{number:03}.agent-permissions.yaml").write_text(text)
        _git(folder, "init", "--quiet")
        _git(folder, "add", "--all")
        _git(folder, "commit", "--quiet", "--message", f"{size} resources each", day=day)
    return folder


def _entry(number: int, place: int) -> str:
    if place == 0:
        return "  - {resource: slack, access: read-only, blast_radius: none}\n"
    system = ("postgres", "warehouse", "helpdesk_api", "billing")[place % 4]
    access = ("read-only", "read-write", "write")[place % 3]
    blast = (
        ""
        if place % 2
        else "    blast_radius: none\n"
        if access == "read-only"
        else "    blast_radius: high (rows of one table)\n"
    )
    scope = f"column_{place}, status columns only"
    return f"  - resource: {system}.area{number % 9}.table{place}\n    access: {access}\n    scope: {scope}\n{blast}"


def _git(folder: Path, *arguments: str, day: str = DAY) -> None:
    person = {
        "GIT_AUTHOR_NAME": "k",
        "GIT_AUTHOR_EMAIL": "k@x.example",
        "GIT_COMMITTER_NAME": "k",
        "GIT_COMMITTER_EMAIL": "k@x.example",
    }
    dates = {"GIT_AUTHOR_DATE": f"{day}T00:00:00Z", "GIT_COMMITTER_DATE": f"{day}T00:00:00Z"}
    subprocess.run(["git", *arguments], cwd=folder, env={**os.environ, **person, **dates}, check=True)


def main() -> None:
    """Measure every format, and print a table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--only-make", type=Path, metavar="FOLDER")
    given = options.parse_args()
    if given.only_make:
        make(given.only_make)
        return
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as parent:
        folder = make(Path(parent, "project"))
        command = [sys.executable, "-m", "linter", "report", "--as-of", DAY, "--live-from", "slack.json"]
        cases = [
            Case(name, [*command, "--format", name, "--output", f"report.{name}"], 1)
            for name in ("html", "markdown", "csv", "json")
        ]
        taken = medians(cases, folder, environment, given.runs)
        body = json.loads((folder / "report.json").read_text())
        findings = len(body["findings"]) + sum(len(one["findings"]) for one in body["agents"])
        rows = sum(len(one["permissions"]) for one in body["agents"])
        print(f"{len(body['agents'])} agents, {rows} permissions, {findings} findings")
        for name, run in taken.items():
            size = (folder / f"report.{name}").stat().st_size / 1000
            print(f"| {name} | {run.cpu / 1000:.2f} s | {run.memory:.0f} MiB | {size:,.0f} kB |")


if __name__ == "__main__":
    main()
