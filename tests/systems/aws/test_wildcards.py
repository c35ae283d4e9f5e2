"""Patterns against brute force: every text up to a length, over a small alphabet, matched by `fnmatch`."""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from linter.systems.aws.wildcards import covers, meet, overlap, tidy, within

PATTERNS = st.text("ab*?", max_size=4)
TEXTS = ["".join(letters) for length in range(8) for letters in product("abx", repeat=length)]
"""Longer than two patterns of this size need to be told apart."""


def texts(pattern: str) -> set[str]:
    return {text for text in TEXTS if fnmatchcase(text, pattern)}


@settings(deadline=None, max_examples=150)
@given(PATTERNS, PATTERNS)
def test_two_patterns(one: str, other: str) -> None:
    mine, theirs = texts(one), texts(other)
    assert texts(tidy(one)) == mine
    one, other = tidy(one), tidy(other)
    assert overlap(one, other) == bool(mine & theirs)
    assert within(one, [other]) == (mine <= theirs)
    assert not covers(other, one) or mine <= theirs
    assert set[str]().union(*map(texts, meet(one, other))) == mine & theirs


@settings(deadline=None, max_examples=100)
@given(PATTERNS, st.lists(PATTERNS, max_size=3))
def test_a_union(one: str, others: list[str]) -> None:
    together = set[str]().union(*map(texts, others))
    assert within(tidy(one), [tidy(other) for other in others]) == (texts(one) <= together)
