"""CPU time and peak memory of whole processes, run in turn so that a busy minute hits everyone alike."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple


class Run(NamedTuple):
    """What one process used, with all the processes that it waited for."""

    cpu: float
    """User and system time, milliseconds."""
    memory: float
    """Peak resident size of the largest process, MiB. Linux counts what the process that started it held: 15 MiB here."""
    status: int


class Case(NamedTuple):
    """One command and the median of its runs."""

    name: str
    command: Sequence[str]
    expected: int = 0
    """The exit status without which a run counts for nothing."""


class Failed(Exception):
    """A command that did not end as it must: its figure would be of another work."""


def run(case: Case, folder: Path, environment: Mapping[str, str]) -> Run:
    """Run a command once.

    Raises:
        Failed: another exit status than expected.
    """
    with subprocess.Popen(
        case.command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != case.expected:
        raise Failed(f"{case.name}: exit status {process.returncode}: {output[-500:].decode(errors='replace')}")
    return Run((usage.ru_utime + usage.ru_stime) * 1000, usage.ru_maxrss / 1024, process.returncode)


def medians(cases: Sequence[Case], folder: Path, environment: Mapping[str, str], runs: int) -> dict[str, Run]:
    """The medians of so many runs of each command, interleaved, after one that does not count (it warms caches)."""
    taken: dict[str, list[Run]] = {case.name: [] for case in cases}
    for turn in range(runs + 1):
        for case in cases:
            one = run(case, folder, environment)
            if turn:
                taken[case.name].append(one)
    return {
        name: Run(median([one.cpu for one in all_of]), median([one.memory for one in all_of]), all_of[0].status)
        for name, all_of in taken.items()
    }
