"""A file's text: bytes to code points, offsets to lines and columns."""

from __future__ import annotations

import codecs
from bisect import bisect_right

from linter.patterns import Pattern

# UTF-32's little-endian mark begins with UTF-16's: the longer comes first.
_WIDE_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_LINE_BREAK = Pattern(r"\r\n|\n|\r")


class Unreadable(Exception):
    """A text that cannot be read as one YAML document: line and column (from 1) and one clear sentence."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.column = column
        self.message = message


class Text:
    """Decoded text. Lines end at LF, CR LF or CR, as editors and code hosts count them (YAML 1.1 has more)."""

    __slots__ = ("_last", "_starts", "content")

    def __init__(self, content: str) -> None:
        self.content = content
        self._starts: list[int] | None = None
        self._last = (0, "")

    @property
    def starts(self) -> list[int]:
        """The offset at which each line begins."""
        if self._starts is None:
            self._starts = [0, *(match.end() for match in _LINE_BREAK.finditer(self.content))]
        return self._starts

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1, of an offset."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The line with this number (from 1), without its end."""
        # Thousands of findings may quote one line of a megabyte: they share one copy.
        if self._last[0] != number:
            start = self.starts[number - 1]
            end = self.starts[number] if number < len(self.starts) else len(self.content)
            self._last = (number, self.content[start:end].rstrip("\r\n"))
        return self._last[1]


def decode(raw: bytes) -> Text:
    """Bytes to text: UTF-8, with or without a byte order mark.

    Raises:
        Unreadable: UTF-16 or UTF-32, or bytes that are not UTF-8.
    """
    for mark, name in _WIDE_MARKS:
        if raw.startswith(mark):
            raise Unreadable(1, 1, f"is {name}: save it as UTF-8")
    try:
        content = raw.decode()
    except UnicodeDecodeError as error:
        before = Text(raw[: error.start].decode().lstrip("\ufeff"))
        line, column = before.position(len(before.content))
        raise Unreadable(line, column, f"byte 0x{raw[error.start]:02x} is not UTF-8: save the file as UTF-8") from None
    # libyaml skips a byte order mark of its own accord: a second one would shift every span.
    content = content.lstrip("\ufeff")
    nul = content.find("\0")
    if nul >= 0:
        line, column = Text(content).position(nul)
        hint = ": is it UTF-16? Save it as UTF-8" if content.count("\0") * 3 > len(content) else ""
        raise Unreadable(line, column, f"a NUL character is not allowed in YAML{hint}")
    return Text(content)
