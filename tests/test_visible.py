"""A stranger's text, made safe to print."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.reports.visible import unsafe, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("a\nb\tc\r", "a\\x0ab\\x09c\\x0d"),
        ("\x9b2J\x7f", "\\x9b2J\\x7f"),
        ("user\u202egnp.exe\u2066", "user\\u202egnp.exe\\u2066"),
        ("\u200bzero\u200d\u2060\ufeff", "\\u200bzero\\u200d\\u2060\\ufeff"),
        ("\u2028\u2029\x85", "\\u2028\\u2029\\x85"),
        ("caf\udce9", "caf\\xe9"),
        ("\ud83d", "\\ud83d"),
        ("é 日本 😀 ~", "é 日本 😀 ~"),
        ("", ""),
    ],
)
def test_what_would_steer_a_terminal_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_what_is_to_be_kept_stays() -> None:
    assert visible("a\n\x1b", keep="\n") == "a\n\\x1b"


@given(st.text())
def test_nothing_steers_and_nothing_else_changes(text: str) -> None:
    shown = visible(text)
    for one in shown:
        assert unicodedata.category(one) not in ("Cc", "Cs", "Zl", "Zp")
        assert unicodedata.bidirectional(one) not in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
    assert visible(shown) == shown
    shown.encode()
    assert "".join(one for one in text if not unsafe(one)) == "".join(one for one in text if visible(one) == one)
