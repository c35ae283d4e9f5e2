"""Periods (`90d`, `12w`, `6m`) and the days that reviews and rehearsals last until."""

import re
from datetime import date, timedelta
from functools import lru_cache

_PERIOD = re.compile(r"([1-9][0-9]{0,3})([dwm])")


def is_period(text: str) -> bool:
    """Whether a text is a period: days, weeks or months."""
    return _PERIOD.fullmatch(text) is not None


@lru_cache(maxsize=1024)  # a team reviews on few days
def after(start: str, period: str) -> date:
    """The last day of a period that began on an ISO date; a month later is the same day, or the month's last.

    Raises:
        ValueError: not a date, or not a period.
    """
    match = _PERIOD.fullmatch(period)
    if match is None:
        raise ValueError(f"{period!r} is no period")
    number, unit = int(match[1]), match[2]
    day = date.fromisoformat(start)
    try:
        if unit != "m":
            return day + timedelta(days=number * (7 if unit == "w" else 1))
        months = day.year * 12 + day.month - 1 + number
        first = date(months // 12, months % 12 + 1, 1)
        return min(first + timedelta(days=day.day - 1), _month_end(first))
    except (OverflowError, ValueError):  # beyond the calendar's end
        return date.max


def _month_end(first: date) -> date:
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def in_future(day: str, today: date) -> bool:
    """Whether an ISO date has not come yet anywhere: somebody a time zone ahead may sign with tomorrow's."""
    return date.fromisoformat(day) > today + timedelta(days=1)
