"""How far a run is, told on standard error: a line that is written over on a terminal, elsewhere a line where there is news.

A cron mail or a CI log gets nothing of a run in which no system is slow; with `verbose` a line a system, and what each took.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from math import ceil
from typing import TextIO

from linter.cli.options import harmless
from linter.drift.asking import Standing
from linter.reports.visible import visible

SLOW = 10.0
"""Seconds after which a system that has not answered is worth a line."""
_NAMED = 2
"""Systems that the terminal's line names."""


class Progress:
    """Tells, on a stream, of the systems that are asked."""

    def __init__(self, stream: TextIO | None, *, quiet: bool, verbose: bool, slow: float = SLOW) -> None:
        self._stream = stream
        self._quiet, self._verbose, self._slow = quiet, verbose, slow
        self._terminal = stream is not None and stream.isatty()
        self._told = 0
        self._since: dict[str, float] = {}
        self._late: set[str] = set()
        self._lanes = 1

    def __call__(self, standing: Standing) -> None:
        """Say what is new."""
        if self._quiet:
            return
        self._lanes = max(self._lanes, len(standing.running))
        for label in standing.running:
            self._since.setdefault(label, standing.seconds)
        if self._terminal:
            self._write("\r\x1b[K" + (self._line(standing) if len(standing.answered) < standing.of else ""))
            return
        for label, seconds in standing.answered[self._told :]:
            self._told += 1
            if self._verbose or label in self._late:
                self._say(f"{label}: {seconds:.1f} s, {self._told} of {standing.of}")
        for label in standing.running:
            if label not in self._late and standing.seconds - self._since[label] >= self._slow:
                self._late.add(label)
                self._say(f"{label} has not answered for {self._slow:g} s; {self._told} of {standing.of} have")

    def summary(self, seconds: Sequence[tuple[str, float]], whole: float) -> None:
        """With `verbose`, what each system took, the slowest first."""
        if not self._verbose or self._quiet or not seconds:
            return
        asked = "1 system was asked" if len(seconds) == 1 else f"{len(seconds)} systems were asked"
        self._say(f"{asked}, at most {self._lanes} at a time; the run took {whole:.1f} s")
        for label, took in sorted(seconds, key=lambda one: (-one[1], one[0])):
            self._say(f"{took:7.2f} s  {label}")

    def interrupted(self, *files: str | None) -> None:
        """What an interrupted run leaves, and which of these files, as far as they were asked for, it leaves alone."""
        self._write("\r\x1b[K" if self._terminal else "")
        untouched = "".join(f"; {path} is not written" for path in files if path)
        self._say(f"interrupted: what had not answered is reported as unverified{untouched}")

    def _line(self, standing: Standing) -> str:
        done = len(standing.answered)
        more = len(standing.running) - _NAMED
        names = ", ".join(standing.running[:_NAMED]) + (f" and {more} more" if more > 0 else "")
        line = f"{done} of {standing.of} systems answered"
        left = self._left(standing)
        line += f", about {left:.0f} s left" if left >= 1 else ""
        line += f"; waiting for {names}" if names else ""
        return visible(line)[: self._width() - 1]

    def _left(self, standing: Standing) -> float:
        """Seconds: as if the rest took what those took that have answered. None are left where that has run out already."""
        if not standing.answered:
            return 0
        mean = sum(seconds for _, seconds in standing.answered) / len(standing.answered)
        return mean * ceil(standing.of / self._lanes) - standing.seconds

    def _width(self) -> int:
        assert self._stream is not None, "a terminal is a stream"
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or 80
        except OSError:
            return 80

    def _say(self, sentence: str) -> None:
        self._write(f"permlint: {visible(sentence)}\n")

    def _write(self, text: str) -> None:
        if self._stream is not None:  # it may have been closed by whoever started this run
            self._stream.write(harmless(text))
            self._stream.flush()
