"""One `git cat-file --batch` process: objects by name, many at a time."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from typing import IO, NamedTuple

from linter.history.failures import failed
from linter.history.model import HistoryError
from linter.manifest.reader import MAX_BYTES

_AHEAD = 4096
"""Bytes of names written before the first answer is read: they fit in every system's pipe, so neither side waits for the
other. A longer name goes alone, for git reads a whole line before it answers."""


class Found(NamedTuple):
    """An object."""

    name: str
    kind: str
    """blob, tree, commit or tag."""
    content: bytes | None
    """None where it is larger than a manifest may be: it was passed over."""


class Objects:
    """The process starts when the first object is asked for."""

    def __init__(self, command: list[str], environment: dict[str, str], folder: str) -> None:
        self._command = [*command, "cat-file", "--batch"]
        self._environment = environment
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def get(self, expression: str) -> Found | None:
        """The object that an expression means; None where it means none."""
        return next(self.stream([expression]))

    def blobs(self, expressions: Iterable[str]) -> Iterator[str | None]:
        """The names of the files that expressions such as "HEAD:PATH" mean; None where there is none."""
        for found in self.stream(expressions):
            yield found.name if found is not None and found.kind == "blob" else None

    def stream(self, expressions: Iterable[str]) -> Iterator[Found | None]:
        """The object that each expression means, in order; None where it means none.

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
        if batch:
            yield from self._answers(batch)

    def _answers(self, batch: list[bytes]) -> list[Found | None]:
        if self._process is None:
            self._process = subprocess.Popen(  # noqa: S603 - a list, no shell
                self._command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # nobody would read a pipe while answers are read
            )
        asked, answered = self._process.stdin, self._process.stdout
        assert asked is not None
        assert answered is not None
        try:
            asked.write(b"".join(batch))
            asked.flush()
            return [_answer(answered) for _ in batch]
        except (BrokenPipeError, EOFError):
            raise self._ended(batch) from None

    def _ended(self, batch: list[bytes]) -> HistoryError:
        """Why the process ended, as another one says of the same questions."""
        self.close()
        done = subprocess.run(  # noqa: S603 - a list, no shell
            self._command,
            cwd=self._folder,
            env=self._environment,
            input=b"".join(batch),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
        return failed(os.fsdecode(done.stderr))


def _answer(stream: IO[bytes]) -> Found | None:
    """Raises: EOFError, where the process has ended."""
    line = stream.readline()
    if line.endswith((b" missing\n", b" ambiguous\n")):
        return None
    words = line.split(b" ")
    if len(words) != 3:
        raise EOFError
    left = size = int(words[2])
    content = b""
    while left:
        content = stream.read(min(left, MAX_BYTES))
        if not content:
            raise EOFError
        left -= len(content)
    if stream.read(1) != b"\n":
        raise EOFError
    return Found(words[0].decode("ascii"), words[1].decode("ascii"), content if size <= MAX_BYTES else None)
