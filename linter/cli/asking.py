"""What the commands that ask live systems share: answers recorded elsewhere, their age, and forks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import click

from linter.drift.recordings import MAX_AGE, BadRecording, Recording, load
from linter.outcome import InputError

FORK = "this is a pull request from a fork, so no system is asked with credentials: --force asks all the same"


def live_options(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command `--live-from`, `--max-age` and `--force`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.option(
        "--live-from",
        multiple=True,
        type=click.Path(),
        metavar="FILE",
        help="Recorded answers instead of live ones; repeatable.",
    ),
    click.option(
        "--max-age",
        type=click.FloatRange(min=0, min_open=True),
        default=MAX_AGE / timedelta(hours=1),
        show_default=True,
        metavar="HOURS",
        help="How old recorded answers may be.",
    ),
    click.option("--force", is_flag=True, help="Ask systems even in a pull request from a fork."),
)


def recordings_of(
    paths: tuple[str, ...], as_of: date, max_age: float
) -> tuple[tuple[Recording, ...], tuple[InputError, ...]]:
    """The recordings of `--live-from`, and those that cannot be used.

    Args:
        max_age: hours.
    """
    found: list[Recording] = []
    faults: list[InputError] = []
    for path in paths:
        try:
            found.append(load(path, as_of, timedelta(hours=max_age)))
        except BadRecording as error:
            faults.append(InputError(path, 1, 1, str(error)))
    return tuple(found), tuple(faults)
