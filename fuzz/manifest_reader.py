"""Fuzzes the reader: any bytes end in a document whose spans are right, or in `Unreadable`. Run by hand, see CONTRIBUTING.md.

python fuzz/manifest_reader.py -max_total_time=600 -timeout=5 FOLDER examples tests/honest
"""

import sys
from typing import Any

import atheris

with atheris.instrument_imports(include=["linter"]):
    from linter.manifest.reader import MAX_BYTES, Document, read
    from linter.manifest.text import Unreadable, decode


def one(raw: bytes) -> None:
    """One input."""
    try:
        text = decode(raw[:MAX_BYTES])
        document = read(text)
    except Unreadable as error:
        is_clear(error)
        return
    walk(document, document.data)
    for duplicate in document.duplicates:
        assert duplicate.first < duplicate.second, duplicate
    for suspect in document.suspects:  # several lines may be folded into one
        assert text.content[suspect.start : suspect.end].split() == suspect.value.split(), suspect


def is_clear(error: Unreadable) -> None:
    """A place, and a sentence that a terminal can show."""
    assert error.line >= 1, error
    assert error.column >= 1, error
    assert error.message, error
    assert error.message.isprintable(), error.message


def walk(document: Document, value: Any) -> None:
    """Every span lies within the text, a key's before its value's; a plain word is what stands at its span."""
    content = document.text.content
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, below in items:
        key_start, key_end, start, end = document.spans[id(value)][step]  # type: ignore[index]
        assert 0 <= key_start <= key_end <= len(content), (step, key_start, key_end)
        assert 0 <= start <= end <= len(content), (step, start, end)
        written = content[start:end]
        if isinstance(below, str) and "\n" not in written and "\r" not in written and written[:1] not in "'\"|>&*!":
            assert written == below, (step, written, below)
        document.text.line(document.text.position(end)[0])
        walk(document, below)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
