"""Suppression comments: what they name, where they stand, what they cover."""

from __future__ import annotations

import time

import pytest

from linter.manifest.reader import read
from linter.manifest.text import Text
from linter.suppressions import Suppression, find_suppressions


def found(text: str) -> list[Suppression]:
    return find_suppressions(read(Text(text)))


def one(text: str) -> Suppression:
    (suppression,) = found(text)
    return suppression


@pytest.mark.parametrize(
    ("comment", "rules", "reason", "until"),
    [
        ("# permlint: ignore[scope/x] why", ("scope/x",), "why", ""),
        ("#permlint:ignore[scope/x]why", ("scope/x",), "why", ""),
        ("# permlint: ignore[scope/x, review/y] a b until=2026-12-31", ("scope/x", "review/y"), "a b", "2026-12-31"),
        ("# permlint: ignore[scope/x] until=2026-12-31 why", ("scope/x",), "why", "2026-12-31"),
        ("# permlint: ignore[scope/x]", ("scope/x",), "", ""),
        ("# permlint: ignore[scope/x] until=", ("scope/x",), "", ""),
        ("# permlint: ignore[]", (), "", ""),
        ("# permlint: ignore scope/x", (), "", ""),
        ("# permlint: disable=all", (), "", ""),
        ("# note # permlint: ignore[scope/x] why", ("scope/x",), "why", ""),
    ],
)
def test_what_a_comment_says(comment: str, rules: tuple[str, ...], reason: str, until: str) -> None:
    suppression = one(f"a: 1  {comment}\n")
    assert (suppression.rules, suppression.reason, suppression.until) == (rules, reason, until)


@pytest.mark.parametrize(
    ("text", "place", "covered"),
    [
        ("a: 1  # permlint: ignore[a/b] x\n", (1, 7), 1),
        ("# permlint: ignore[a/b] x\na: 1\n", (1, 1), 2),
        ("a:\n  # permlint: ignore[a/b] x\n  # note\n  b: 1\n", (2, 3), 4),
        ("a: 1\r\n# permlint: ignore[a/b] x\r\nb: 1\r\n", (2, 1), 3),
        ("é: 😀 # permlint: ignore[a/b] x\n", (1, 6), 1),
        ("a: 1\n# permlint: ignore[a/b] x", (2, 1), 3),
    ],
)
def test_where_it_stands_and_what_it_covers(text: str, place: tuple[int, int], covered: int) -> None:
    suppression = one(text)
    assert ((suppression.line, suppression.column), suppression.covered) == (place, covered)


def test_comments_that_stand_together_cover_the_same_line() -> None:
    text = "# permlint: ignore[a/b] x\n# permlint: ignore[c/d] y\na: 1\n# permlint: ignore[e/f] z\nb: 1\n"
    assert [each.covered for each in found(text)] == [3, 3, 5]


@pytest.mark.parametrize(
    "text",
    [
        "a: '# permlint: ignore[a/b] x'\n",
        'a: "# permlint: ignore[a/b] x"\n',
        "a: |\n  # permlint: ignore[a/b] x\n",
        "'# permlint: ignore[a/b]': 1\n",
        "a: x#permlint:ignore[a/b]\n",
        "- ['# permlint: ignore[a/b] x', b]\n",
        "a: 1 # permlint ignore[a/b]\n",
    ],
)
def test_what_only_looks_like_one(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("until", "holds"),
    [
        ("", True),
        ("2026-11-24", True),
        ("2026-11-23", False),
        ("soon", False),
        ("20261231", False),
        ("2026-13-01", False),
    ],
)
def test_how_long_it_holds(until: str, holds: bool) -> None:
    text = f"a: 1 # permlint: ignore[a/b] x{' until=' + until if until else ''}\n"
    assert one(text).holds("2026-11-24") is holds


def test_a_reason_shows_no_secret() -> None:
    token = "kQ7zR2mX9vB4nL1pW8sD3fG6hJ5tY0cA2eUo"
    suppression = one(f"a: 1 # permlint: ignore[a/ghp_{token}] ghp_{token} until=ghp_{token}\n")
    assert token not in str(suppression)


def test_many_comments_take_linear_time() -> None:
    text = "# permlint: ignore[a/b] x\n" * 20_000 + "a: [" + "b, " * 9_000 + "c]\n"
    start = time.process_time()
    assert len(found(text)) == 20_000
    assert time.process_time() - start < 10  # each with each would take minutes
