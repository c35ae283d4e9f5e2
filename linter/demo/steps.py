"""What the demo runs: permlint's own commands, as a user types them, and what of their output is shown."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from linter.demo import Impossible
from linter.demo.world import RECORDED

REPORT = "report.html"


class Step(NamedTuple):
    """One command."""

    title: str
    """What it is for, a line."""
    arguments: tuple[str, ...]
    shown: int
    """Lines of its output that are shown, beside the last; the rest is counted."""


STEPS = (
    Step("The manifests by themselves, offline, in every commit and pull request:", ("check",), 19),
    Step("How the agreement grew, from git; who widened it, and what nobody signed:", ("creep",), 34),
    Step(
        f"What is really granted. The database is asked; Slack is not: {RECORDED} has what it answered.",
        ("drift", "--live-from", RECORDED),
        31,
    ),
    Step(
        "What a security reviewer reads and signs, in one file:",
        ("report", "--live", "--live-from", RECORDED, "--output", REPORT),
        12,
    ),
)
_FOREIGN = ("GIT_", "GITHUB_", "CI_", "SLACK_")
"""Variables that say of another repository, another run or another Slack than the demo's."""


def environment(dsn: str, *, color: bool) -> dict[str, str]:
    """What the commands are given: the variable that the configuration names."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(_FOREIGN)}
    return {**kept, "SHOP_AUDITOR_DSN": dsn, **({"FORCE_COLOR": "1"} if color else {})}


def run(step: Step, folder: Path, given: Mapping[str, str]) -> tuple[int, list[str]]:
    """Run a command in the company's repository; its exit status and the lines of its output.

    Raises:
        Impossible: it did not end as it does when there are findings.
    """
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-P", "-m", "linter", *step.arguments],
        cwd=folder,
        env=given,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    lines = done.stdout.decode(errors="replace").splitlines()
    if done.returncode != 1:
        raise Impossible(
            f"permlint {step.arguments[0]} ended with {done.returncode} in the demo: {' '.join(lines[-3:])}"
        )
    return done.returncode, lines


def told(steps: tuple[Step, ...], folder: Path, given: Mapping[str, str], *, whole: bool) -> Iterator[str]:
    """The story, line by line: each step's title, its command, its real output, and how it ended."""
    for number, step in enumerate(steps, start=1):
        yield ""
        yield f"{number}. {step.title}"
        yield f"$ permlint {' '.join(step.arguments)}"
        status, lines = run(step, folder, given)
        yield from lines if whole else shortened(lines, step.shown)
        yield f"[exit status {status}: there are findings]"


def shortened(lines: list[str], shown: int) -> Iterator[str]:
    """The first lines and the last, and between them how many there are."""
    if len(lines) <= shown + 2:
        yield from lines
        return
    yield from lines[:shown]
    yield f"[... {len(lines) - shown - 1} lines more: permlint demo -v shows them ...]"
    yield lines[-1]
