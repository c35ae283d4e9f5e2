"""A good manifest and a bad one, and what the real command says of those it cannot read."""

from __future__ import annotations

from pathlib import Path

from tests.command import permlint
from tests.world import build

GOOD = "agent_name: reader\nenvironment: staging\nowner: docs\nresources: []\n"
BAD = GOOD.replace("resources: []", "resources:\n  - {resource: wiki, access: readonly, blast_radius: none}")
HEAD = GOOD.replace("resources: []\n", "resources:\n")


def lines(folder: Path, *arguments: str | bytes) -> tuple[int, list[str]]:
    """Exit status and the lines that say what could not be read. A faulty neighbour must still be checked."""
    build(folder, {"neighbour.yaml": BAD})
    done = permlint(folder, "check", *arguments, "neighbour.yaml")
    assert done.stderr == ""
    assert "neighbour.yaml:5:30" in done.stdout
    assert "1 manifest checked" in done.stdout
    return done.returncode, [line for line in done.stdout.splitlines() if line.startswith("error: ")]
