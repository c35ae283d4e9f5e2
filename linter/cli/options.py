"""What the commands' options share: formats and outputs, severity thresholds, dates."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from datetime import date

import click

from linter.findings import Severity

FAIL_ON = ("error", "warning", "info", "never")


def threshold(word: str) -> Severity | None:
    """`--fail-on` as a severity; None for "never"."""
    return None if word == "never" else Severity[word.upper()]


class Day(click.ParamType):  # type: ignore[type-arg]  # generic only in later releases of click
    """An ISO date."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """YYYY-MM-DD to a date."""
        if isinstance(value, date):
            return value
        try:
            if len(str(value)) != 10:
                raise ValueError
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a date such as 2026-11-24", param, ctx)


def destinations(
    formats: Sequence[str], outputs: Sequence[str], known: Sequence[str], extensions: dict[str, str]
) -> list[tuple[str, str]]:
    """(format, output) pairs: the n-th output belongs to the n-th format, "-" is standard output.

    A lone `--output` takes its format from the extension; formats without an output go to standard output.

    Raises:
        click.UsageError: outputs that belong to no format, or two formats on one output.
    """
    if not formats and len(outputs) == 1:
        extension = outputs[0].rpartition(".")[2].lower() if outputs[0] != "-" else "txt"
        if extension not in extensions:
            raise click.UsageError(
                f"--output {outputs[0]}: cannot tell the format from the extension; add --format ({', '.join(known)})"
            )
        return [(extensions[extension], outputs[0])]
    formats = formats or ["text"]
    if len(outputs) > len(formats):
        raise click.UsageError(
            f"{len(outputs)} times --output for {len(formats)} times --format: the n-th output belongs to the n-th format"
        )
    pairs = [(one, outputs[place] if place < len(outputs) else "-") for place, one in enumerate(formats)]
    targets = [output for _, output in pairs]
    if len(set(targets)) < len(targets):
        raise click.UsageError("two formats would be written to the same output: give each its own --output")
    return pairs


def wants_color(output: str) -> bool:
    """Colour only on a terminal, unless NO_COLOR (https://no-color.org) or FORCE_COLOR say otherwise."""
    if output != "-" or os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def write(output: str, text: str) -> None:
    """Write a report to a file or to standard output.

    Raises:
        click.ClickException: the file cannot be written.
    """
    if output == "-":
        sys.stdout.write(text)
        return
    try:
        with open(output, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise click.FileError(output, error.strerror or "cannot be written") from None


Renderer = Callable[[bool], str]
"""A format's report, given whether colour is wanted."""
