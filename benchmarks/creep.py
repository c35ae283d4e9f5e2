"""`python -m benchmarks.creep`: what history costs: 10,000 commits, 200 manifests, 2,600 versions. See README.md."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import Case, medians

COMMITS, MANIFESTS, VERSIONS = 10_000, 200, 2_600
MERGE_EVERY = 20


def manifest(number: int, version: int) -> str:
    """A manifest of twelve resources; each version widens, narrows or rewords one of them."""
    lines = [f"agent_name: agent-{number}", "environment: staging", f"owner: team-{number % 7}", "resources:"]
    for place in range(12):
        turn = version // 12 + (place < version % 12)
        access = ("read-only", "read-write", "write", "read-only")[turn % 4]
        lines += [f"  - resource: postgres.table_{place}", f"    access: {access}"]
        lines += [f"    scope: status, column_{turn} columns only", "    blast_radius: medium (row-level updates)"]
    lines += ["rollback_strategy: |", "  Run agent in dry-run mode first (--dry-run flag)."]
    lines += [
        "  All writes go to audit_log.agent_runs before execution.",
        "  Rollback script: scripts/revert_agent_run.py",
    ]
    return "\n".join(lines) + "\n"


def build(folder: Path) -> None:
    """Make the repository: a manifest changes in every fourth commit; every 20th commit is a merge of a short branch."""
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    importer = subprocess.Popen(["git", "fast-import", "--quiet"], cwd=folder, stdin=subprocess.PIPE)
    assert importer.stdin is not None
    put = importer.stdin.write
    made = 0
    for number in range(1, COMMITS + 1):
        merge = number % MERGE_EVERY == 0
        branch = "refs/heads/main"
        subject = f"Commit {number}"
        put(
            f"commit {branch}\nmark :{number}\nauthor Kim <kim@example.com> {1_600_000_000 + number * 3600} +0100\n".encode()
        )
        put(
            f"committer Kim <kim@example.com> {1_600_000_000 + number * 3600} +0100\ndata {len(subject)}\n{subject}\n".encode()
        )
        if number > 1:
            # The commit before a merge hangs beside its predecessor, and the merge joins the two.
            put(f"from :{number - 2 if number % MERGE_EVERY == MERGE_EVERY - 1 else number - 1}\n".encode())
        if merge:
            put(f"merge :{number - 2}\n".encode())
        files: dict[str, str] = {f"src/module_{number % 300}/file_{number % 17}.py": f"x = {number}\n"}
        if number == 1:
            files |= {
                f"agents/team_{one % 7}/agent_{one}/agent-permissions.yaml": manifest(one, 0)
                for one in range(MANIFESTS)
            }
            made = MANIFESTS
        elif (
            number % MERGE_EVERY not in (MERGE_EVERY - 2, 0) and made * COMMITS < VERSIONS * number and made < VERSIONS
        ):
            one = made % MANIFESTS
            files[f"agents/team_{one % 7}/agent_{one}/agent-permissions.yaml"] = manifest(one, made // MANIFESTS)
            made += 1
        for path, text in files.items():
            put(f"M 644 inline {path}\ndata {len(text)}\n{text}\n".encode())
    importer.stdin.close()
    assert importer.wait() == 0
    assert made == VERSIONS, made
    subprocess.run(["git", "reset", "-q", "--hard", "main"], cwd=folder, check=True)


PROGRAM = """
import gc, sys; gc.disable()
from linter.config import MANIFESTS
from linter.history.git import open_repository
from linter.history.read import branch, read_branch, read_history
with open_repository(".") as repository:
    {}(repository, {}sys.argv[1].split(), globs=MANIFESTS)
"""


def main() -> int:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="runs of each command whose median counts")
    parser.add_argument("--only-make", metavar="FOLDER", help="make the repository there and measure nothing")
    asked = parser.parse_args()
    if asked.only_make:
        build(Path(asked.only_make))
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder)
        manifests = subprocess.run(
            ["git", "ls-files", "*.yaml"], cwd=folder, capture_output=True, text=True, check=True
        )
        python, paths = sys.executable, " ".join(manifests.stdout.split())
        permlint = (python, "-m", "linter")
        log = ("git", "log", "--raw", "-z", "--format=%H", "--", "agents")
        cases = [
            Case("git log --raw, one folder", log),
            Case("permlint --version", (*permlint, "--version")),
            Case("history alone, all", (python, "-c", PROGRAM.format("read_history", ""), paths)),
            Case(
                "history alone, last 100",
                (python, "-c", PROGRAM.format("read_branch", "branch(repository, 'HEAD~100'), "), paths),
            ),
            Case("permlint creep", (*permlint, "creep", "-q", "--fail-on", "never")),
            Case("permlint creep --base", (*permlint, "creep", "-q", "--fail-on", "never", "--base", "HEAD~100")),
        ]
        kept = {one: value for one, value in os.environ.items() if not one.startswith(("PYTHON", "GIT_"))}
        root = str(Path(__file__).parent.parent)
        print(f"{'':28}{'CPU ms':>8}{'MiB':>6}")
        for title, taken in medians(cases, folder, {**kept, "PYTHONPATH": root}, asked.runs).items():
            print(f"{title:28}{taken.cpu:8,.0f}{taken.memory:6.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
