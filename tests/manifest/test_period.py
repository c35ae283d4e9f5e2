"""Periods: days, weeks and calendar months."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.manifest.period import after, in_future, is_period


@pytest.mark.parametrize(
    ("start", "period", "last"),
    [
        ("2026-01-01", "180d", "2026-06-30"),
        ("2026-01-01", "2w", "2026-01-15"),
        ("2026-01-31", "1m", "2026-02-28"),
        ("2028-01-31", "1m", "2028-02-29"),
        ("2026-01-31", "12m", "2027-01-31"),
        ("2026-12-15", "1m", "2027-01-15"),
        ("2026-08-31", "6m", "2027-02-28"),
        ("9999-12-01", "9999m", "9999-12-31"),
        ("9999-12-01", "9999d", "9999-12-31"),
    ],
)
def test_the_last_day(start: str, period: str, last: str) -> None:
    assert after(start, period).isoformat() == last


@pytest.mark.parametrize("text", ["", "90", "d", "0d", "090d", "90 d", "90days", "1y", "10000d", "-1d", "90d\n"])
def test_no_period(text: str) -> None:
    assert not is_period(text)
    with pytest.raises(ValueError, match="no period"):
        after("2026-01-01", text)


@given(st.dates(), st.integers(1, 9999), st.sampled_from("dwm"))
def test_it_never_ends_before_it_began(start: date, number: int, unit: str) -> None:
    assert after(start.isoformat(), f"{number}{unit}") >= start


def test_tomorrow_is_not_the_future_everywhere() -> None:
    today = date(2026, 11, 24)
    assert not in_future((today + timedelta(days=1)).isoformat(), today)
    assert in_future((today + timedelta(days=2)).isoformat(), today)
