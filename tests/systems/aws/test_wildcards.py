"""Patterns against brute force: every text up to a length, over a small alphabet, matched by `fnmatch`."""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linter.systems.aws.wildcards import TooHard, covers, meet, overlap, tidy, within

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


@pytest.mark.parametrize("pair", [("*a", "x" * 3000 + "*"), ("*" + "a*b?" * 200, "*" + "b*a" * 200)])
def test_what_nobody_writes_is_too_hard_and_no_crash(pair: tuple[str, str]) -> None:
    with pytest.raises(TooHard):
        meet(*pair)


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        ("arn:aws:s3:::*", "arn:aws:s3:::a/b", True),
        ("arn:aws:sqs:*:111122223333:q", "arn:aws:sqs:eu-west-1:111122223333:q", True),
        ("arn:aws:sqs:*:111122223333:q", "arn:aws:sqs:eu-west-1:999988887777:x:111122223333:q", False),
        ("arn:aws:dynamodb:*:*:table/*/stream/*", "arn:aws:dynamodb:*:*:table/orders", False),
        ("*", "arn:aws:s3:::a", True),
    ],
)
def test_of_two_arns_each_part_is_compared_by_itself(outer: str, inner: str, expected: bool) -> None:
    assert covers(outer, inner) is within(inner, [outer]) is expected


def test_arns_meet_part_by_part() -> None:
    assert meet("arn:aws:dynamodb:*:*:table/*/index/*", "arn:aws:dynamodb:eu-west-1:*:table/orders*") == (
        "arn:aws:dynamodb:eu-west-1:*:table/orders*/index/*",
    )
