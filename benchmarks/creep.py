#!/usr/bin/env python3
"""How long history takes: 10,000 commits, 200 manifests, 2,600 versions, made with `git fast-import`. Run by hand.

python benchmarks/creep.py            the figures of `linter.history`, each run a process of its own
python benchmarks/creep.py FOLDER     only make the repository there

Budget: the whole history at most 1 s of CPU (git's included) and 100 MiB; the last 100 commits under 150 ms beyond start-up.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time

COMMITS, MANIFESTS, VERSIONS = 10_000, 200, 2_600
MERGE_EVERY = 20
ROUNDS = 5


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


def build(folder: str) -> None:
    """Make the repository: a manifest changes in every fourth commit; every 20th commit is a merge of a short branch."""
    subprocess.run(["git", "init", "-q", "-b", "main", folder], check=True)
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


MEASURED = {
    "start-up": "pass",
    "whole history": "history = read_history(repository, paths, globs=MANIFESTS)",
    "last 100 commits": "history = read_branch(repository, 'HEAD~100', paths, globs=MANIFESTS)",
    "nothing staged": "history = read_staged(repository, paths, globs=MANIFESTS)",
}
PROGRAM = """
import gc, sys; gc.disable()
from linter.config import MANIFESTS
from linter.history.git import open_repository
from linter.history.read import read_branch, read_history
from linter.history.staged import read_staged
import linter.cli
paths = sys.argv[1].split()
with open_repository('.') as repository:
    history = None
    {}
if history: print(sum(len(line.versions) for line in history.lines), "versions", file=sys.stderr)
"""


def main() -> None:
    """Build, measure, print."""
    if len(sys.argv) > 1:
        build(sys.argv[1])
        return
    with tempfile.TemporaryDirectory() as folder:
        build(folder)
        listed = subprocess.run(["git", "ls-files", "*.yaml"], cwd=folder, capture_output=True, text=True, check=True)
        root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        for name, code in MEASURED.items():
            figures = []
            for _ in range(ROUNDS):
                before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
                command = [sys.executable, "-c", PROGRAM.format(code), listed.stdout.replace("\n", " ")]
                subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": root}, check=True)
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
                figures.append((cpu, time.monotonic() - began))
            cpu, wall = min(one[0] for one in figures), min(one[1] for one in figures)
            print(
                f"{name:20} {cpu * 1000:5.0f} ms CPU, {wall * 1000:5.0f} ms, at most {after.ru_maxrss >> 10} MiB so far"
            )


if __name__ == "__main__":
    main()
