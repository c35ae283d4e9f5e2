"""A stranger's text made safe to print: what would move the cursor, change a colour or turn the reading direction is shown."""

from __future__ import annotations

from collections.abc import Callable

from linter.patterns import Pattern

# C0 and C1 controls, line and paragraph separators, bidirectional controls (CVE-2021-42574), lone surrogates (bytes of a
# path that is not UTF-8), byte order mark and other invisible format characters, the two characters that XML lacks.
_UNSAFE = Pattern(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff]"
)
# `##[name]` and `##vso[name]` anywhere, `::name::` at a line's start. GitHub: actions/runner, ActionCommand.cs; Azure Pipelines:
# "Logging commands".
_LOG_COMMAND = Pattern(r"(?m)##(?=[A-Za-z]*\[)|^[^\S\n]*::")


def visible(text: str, *, keep: str = "") -> str:
    """The text with every unsafe character written out, such as `\\x1b`; characters in `keep` stay."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.compiled.sub(lambda match: match[0] if match[0] in keep else escape(match[0]), text)


def escape(character: str) -> str:
    """One character as an escape."""
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8 (PEP 383)
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def unsafe(character: str) -> bool:
    """Whether a character would be written out."""
    return _UNSAFE.match(character) is not None


def inert(text: str, escape: Callable[[str], str] = escape) -> str:
    """A whole report, whose reader may be a CI log: no line of it is a command that a runner would obey.

    Args:
        escape: one character as the report's format escapes it.
    """
    if "##" not in text and "::" not in text:
        return text
    return _LOG_COMMAND.compiled.sub(lambda match: match[0][:-1] + escape(match[0][-1]), text)


def inert_json(text: str) -> str:
    """`inert` for JSON, where commands can only stand in strings."""
    return inert(text, lambda character: f"\\u{ord(character):04x}")
