"""A stranger's text made safe to print: what would move the cursor, change a colour or turn the reading direction is shown."""

from __future__ import annotations

# C0 and C1 controls, line and paragraph separators, bidirectional controls (CVE-2021-42574), lone surrogates (bytes of a
# path that is not UTF-8), byte order mark and other invisible format characters, the two characters that XML lacks.
from linter.patterns import Pattern

_UNSAFE = Pattern(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff]"
)
_LOG_COMMAND = Pattern(r"##(?=[A-Za-z]*\[)")


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


def inert(text: str, second: str) -> str:
    """A whole report whose reader is also a CI log: no `##[command]` or `##vso[command]` in it, which runners obey anywhere.

    Args:
        second: the second `#` as the report's format escapes it.
    """
    # GitHub: actions/runner, ActionCommand.TryParse; Azure Pipelines: "Logging commands".
    return _LOG_COMMAND.compiled.sub(lambda _: "#" + second, text) if "##" in text else text
