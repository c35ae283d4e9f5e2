"""One `git cat-file --batch` process: objects by name, many at a time."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO

from linter.history.failures import failed
from linter.history.model import HistoryError

_AHEAD = 4096
"""Bytes of names written before the first answer is read: they fit in every system's pipe, so neither side waits for the
other. A longer name goes alone, for git reads a whole line before it answers."""


class Objects:
    """The process starts when the first object is asked for."""

    def __init__(self, command: list[str], environment: dict[str, str], folder: str) -> None:
        self._command = [*command, "cat-file", "--batch"]
        self._environment = environment
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._complaints: IO[bytes] | None = None

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None
        if self._complaints is not None:
            self._complaints.close()
            self._complaints = None

    def get(self, name: str) -> bytes | None:
        """An object's content; None where there is no such object."""
        return next(self.stream([name]))[1]

    def name(self, expression: str) -> str | None:
        """The full name of the object that an expression means; None where it means none."""
        return next(self.stream([expression]))[0]

    def stream(self, expressions: Iterable[str]) -> Iterator[tuple[str | None, bytes | None]]:
        """Full name and content for each expression, in order; (None, None) where there is no such object.

        An expression is on one line. Answers come in batches; each batch is asked for when the one before is used up.

        Raises:
            HistoryError: the process ended: a corrupt object, or one that a partial clone lacks.
        """
        batch: list[bytes] = []
        size = 0
        for expression in expressions:
            line = os.fsencode(expression) + b"\n"
            if size + len(line) > _AHEAD and batch:
                yield from self._answers(batch)
                batch, size = [], 0
            batch.append(line)
            size += len(line)
        yield from self._answers(batch)

    def _answers(self, batch: list[bytes]) -> list[tuple[str | None, bytes | None]]:
        if self._process is None:
            # A file: nobody would read a pipe while answers are read.
            self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
            self._process = subprocess.Popen(  # noqa: S603 - a list, no shell
                self._command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
            )
        asked, answered = self._process.stdin, self._process.stdout
        assert asked is not None
        assert answered is not None
        answers: list[tuple[str | None, bytes | None]] = []
        try:
            asked.write(b"".join(batch))
            asked.flush()
            for _ in batch:
                words = answered.readline().split(b" ")
                if len(words) == 3 and words[2][:-1].isdigit():
                    size = int(words[2])
                    content = answered.read(size + 1)
                    if len(content) != size + 1:
                        raise self._ended()
                    answers.append((words[0].decode("ascii"), content[:-1]))
                elif words[-1] in (b"missing\n", b"ambiguous\n"):
                    answers.append((None, None))
                else:
                    raise self._ended()
        except BrokenPipeError:
            raise self._ended() from None
        return answers

    def _ended(self) -> HistoryError:
        assert self._process is not None
        assert self._complaints is not None
        self._process.kill()
        self._process.wait()
        self._complaints.seek(0)
        return failed(os.fsdecode(self._complaints.read()))
