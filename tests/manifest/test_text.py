"""Bytes to text, offsets to lines and columns."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.manifest.text import Text, Unreadable, decode


@pytest.mark.parametrize(
    ("raw", "content"),
    [
        (b"a: 1\n", "a: 1\n"),
        (b"\xef\xbb\xbfa: 1\n", "a: 1\n"),
        (b"\xef\xbb\xbf\xef\xbb\xbfa: 1\n", "a: 1\n"),
        ("a: é😀\r\n".encode(), "a: é😀\r\n"),
        (b"", ""),
    ],
)
def test_utf8_with_or_without_a_mark(raw: bytes, content: str) -> None:
    assert decode(raw).content == content


@pytest.mark.parametrize(
    ("raw", "line", "column", "message"),
    [
        ("a: 1\n".encode("utf-16"), 1, 1, "is UTF-16: save it as UTF-8"),
        (b"\xfe\xff" + "a: 1\n".encode("utf-16-be"), 1, 1, "is UTF-16: save it as UTF-8"),
        ("a: 1\n".encode("utf-32"), 1, 1, "is UTF-32: save it as UTF-8"),
        ("a: 1\n".encode("utf-16-le"), 1, 2, "a NUL character is not allowed in YAML: is it UTF-16? Save it as UTF-8"),
        (b"a: 1\nb: x\0\n", 2, 5, "a NUL character is not allowed in YAML"),
        (b"a: 1\r\nb: \xe9t\xe9\r\n", 2, 4, "byte 0xe9 is not UTF-8: save the file as UTF-8"),
        ("é: ".encode() + b"\xff", 1, 4, "byte 0xff is not UTF-8: save the file as UTF-8"),
        (b"\xef\xbb\xbfa\xff", 1, 2, "byte 0xff is not UTF-8: save the file as UTF-8"),
        (b"a: \xed\xa0\x80\n", 1, 4, "byte 0xed is not UTF-8: save the file as UTF-8"),
    ],
)
def test_what_is_not_utf8_is_refused_at_its_place(raw: bytes, line: int, column: int, message: str) -> None:
    with pytest.raises(Unreadable) as caught:
        decode(raw)
    assert (caught.value.line, caught.value.column, caught.value.message) == (line, column, message)


@given(st.text(st.sampled_from("ab😀\r\n\t\u2028"), max_size=40))
def test_lines_and_columns_are_those_of_an_editor(content: str) -> None:
    text = Text(content)
    lines = list(io.StringIO(content, newline=None))  # universal newlines
    for number, line in enumerate(lines, 1):
        assert text.line(number) == line.rstrip("\n")
    for offset in range(len(content)):
        before = content[:offset].replace("\r\n", "\n").replace("\r", "\n")
        if content[:offset].endswith("\r") and content[offset] == "\n":
            before = before[:-1] + "\r"  # between CR and LF the line has not ended
        assert text.position(offset) == (before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)
    assert text.position(len(content))[0] == len(text.starts)
