"""What the commands that end in findings share: their options, their reports, their exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import wraps
from typing import Any, NamedTuple

import click

from linter.exits import exit_status
from linter.findings import Severity
from linter.outcome import Outcome

FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit", "markdown")
EXTENSIONS = {"txt": "text", "json": "json", "sarif": "sarif", "xml": "junit", "md": "markdown"}
_SUMMARY = 1024 * 1024
"""Bytes that a step may write to its summary ("Workflow commands for GitHub Actions", "Step isolation and limits")."""
_FAIL_ON = ("error", "warning", "info", "never")


class Common(NamedTuple):
    """The options that every command with findings has."""

    config_file: str | None
    """`--config FILE`."""
    destinations: tuple[tuple[str, str], ...]
    """(format, output) pairs; the output "-" is standard output."""
    fail_on: Severity | None
    """None for "never"."""
    as_of: date
    """The day to judge dates by."""
    quiet: bool
    verbose: bool
    as_of_given: bool = False
    """Whether an operator said the day."""


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


class Period(click.ParamType):  # type: ignore[type-arg]  # as above
    """A period as a manifest writes it."""

    name = "period"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Checked, and left as it is."""
        from linter.manifest.period import is_period

        if not is_period(str(value)):
            self.fail(f"{value!r} is no period such as 400d, 52w or 12m", param, ctx)
        return str(value)


class Formats(NamedTuple):
    """The formats of a command."""

    names: tuple[str, ...]
    extensions: Mapping[str, str]
    """Extension of an output -> the format that it means."""
    default: str


_REPORTS = Formats(FORMATS, EXTENSIONS, "text")


def common(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command the common options; it gets them as its first argument, a `Common`."""
    return common_for(_REPORTS)(command)


def common_for(kinds: Formats) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """The same for a command with formats of its own."""

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        @wraps(command)
        def collected(
            config_file: str | None,
            formats: tuple[str, ...],
            outputs: tuple[str, ...],
            fail_on: str,
            as_of: date | None,
            quiet: bool,
            verbose: bool,
            **own: Any,
        ) -> int:
            threshold = None if fail_on == "never" else Severity[fail_on.upper()]
            pairs = tuple(_destinations(kinds, formats, outputs))
            given = Common(config_file, pairs, threshold, as_of or date.today(), quiet, verbose, as_of is not None)
            return command(given, **own)

        for option in reversed(_options(kinds)):
            collected = option(collected)
        return collected

    return decorate


def _options(kinds: Formats) -> tuple[Callable[[Callable[..., int]], Callable[..., int]], ...]:
    return (
        click.option(
            "--config",
            "config_file",
            type=click.Path(),
            metavar="FILE",
            help="Configuration, instead of the nearest permlint.toml or pyproject.toml.",
        ),
        click.option(
            "--format",
            "formats",
            multiple=True,
            type=click.Choice(kinds.names),
            help=f"Repeatable; {kinds.default} by default.",
        ),
        click.option(
            "--output",
            "outputs",
            multiple=True,
            type=click.Path(),
            metavar="FILE",
            help="The n-th belongs to the n-th --format; - is standard output.",
        ),
        click.option(
            "--fail-on",
            type=click.Choice(_FAIL_ON),
            default="error",
            show_default=True,
            help="The least severity that makes the exit status 1.",
        ),
        click.option("--as-of", type=Day(), metavar="DATE", help="The day to judge dates by, instead of today."),
        click.option("-q", "--quiet", is_flag=True, help="Print only what decides the exit status."),
        click.option("-v", "--verbose", is_flag=True, help="Print every finding in full, and what was silenced."),
    )


def _destinations(kinds: Formats, formats: Sequence[str], outputs: Sequence[str]) -> list[tuple[str, str]]:
    """(format, output) pairs: the n-th output belongs to the n-th format, "-" is standard output.

    A lone `--output` takes its format from the extension; formats without an output go to standard output.

    Raises:
        click.UsageError: outputs that belong to no format, or two formats on one output.
    """
    if not formats and len(outputs) == 1:
        if outputs[0] == "-":
            return [(kinds.default, "-")]
        extension = outputs[0].rpartition(".")[2].lower()
        if extension not in kinds.extensions:
            names = ", ".join(kinds.names)
            raise click.UsageError(
                f"--output {outputs[0]}: cannot tell the format from the extension; add --format ({names})"
            )
        return [(kinds.extensions[extension], outputs[0])]
    formats = formats or [kinds.default]
    if len(outputs) > len(formats):
        raise click.UsageError(
            f"{len(outputs)} times --output for {len(formats)} times --format: the n-th output belongs to the n-th format"
        )
    pairs = [(one, outputs[place] if place < len(outputs) else "-") for place, one in enumerate(formats)]
    targets = [output for _, output in pairs]
    if len(set(targets)) < len(targets):
        raise click.UsageError("two formats would be written to the same output: give each its own --output")
    return pairs


def emit(outcome: Outcome, common: Common) -> int:
    """Write every report that was asked for; the exit status.

    Raises:
        click.ClickException: a file cannot be written.
    """
    for name, output in common.destinations:
        write_to(output, _render(name, outcome, common, color=wants_color(output)))
    if any(name == "github" for name, _ in common.destinations):
        _summarize(outcome)
    return exit_status(outcome, common.fail_on)


def _render(name: str, outcome: Outcome, common: Common, *, color: bool) -> str:
    if name == "json":
        from linter.reports import json

        return json.render(outcome, effective=common.verbose)
    if name == "sarif":
        from linter.catalogue import manuals
        from linter.reports import sarif

        return sarif.render(outcome, manuals(outcome.rules), common.fail_on)
    if name == "github":
        from linter.reports import github

        return github.render(outcome)
    if name == "gitlab":
        from linter.reports import gitlab

        return gitlab.render(outcome)
    if name == "junit":
        from linter.reports import junit

        return junit.render(outcome, common.fail_on)
    if name == "markdown":
        from linter.reports import markdown

        if outcome.command == "creep":
            from linter.reports import timeline

            return timeline.markdown(outcome)
        return markdown.render(outcome)
    if name == "openmetrics":
        from linter.reports import openmetrics

        return openmetrics.render(outcome)
    return _text(outcome, common, color=color)


def _text(outcome: Outcome, common: Common, *, color: bool) -> str:
    from linter.reports import text

    style = text.Style(common.fail_on or Severity.ERROR, color, common.quiet, common.verbose)
    if outcome.nightly is not None:
        from linter.reports import nightly

        return nightly.render(outcome, outcome.nightly, style)
    if outcome.command == "drift":
        from linter.reports import causes

        return causes.render(outcome, style)
    findings = text.render(outcome, style)
    if outcome.command == "creep" and not common.quiet:
        from linter.reports import timeline

        return timeline.text(outcome, color=color) + findings
    return findings


def _summarize(outcome: Outcome) -> None:
    """Append the findings to the summary of the GitHub Actions step, where there is one."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    from linter.reports import markdown

    try:
        taken = os.path.getsize(path) if os.path.exists(path) else 0
        # Earlier commands of the step may have written too. GitHub drops a summary that is too large, all of it.
        if _SUMMARY - taken > 1024:
            with open(path, "a", encoding="utf-8", newline="\n") as file:
                file.write(harmless(markdown.render(outcome, _SUMMARY - taken - 1)) + "\n")
    except OSError as error:
        raise click.FileError(path, error.strerror or "cannot be written") from None


def wants_color(output: str) -> bool:
    """Colour only on a terminal, unless NO_COLOR (https://no-color.org) or FORCE_COLOR say otherwise."""
    if output != "-" or os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def harmless(text: str) -> str:
    """A text without any credential that this process has used. Where it has used none, nothing is loaded to look."""
    if "linter.systems.secret" not in sys.modules:
        return text
    from linter.systems.secret import hide

    return hide(text)


def write_to(output: str, text: str) -> None:
    """Write a report to standard output ("-"), or put a file in the place of the one that is there.

    Raises:
        click.ClickException: it cannot be written.
    """
    text = harmless(text)
    if output == "-":
        sys.stdout.write(text)
        return
    from linter.replacing import put

    try:
        put(output, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise click.FileError(output, error.strerror or "cannot be written") from None
