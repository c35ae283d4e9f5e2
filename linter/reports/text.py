"""The text report: what a person reads in a terminal or in a hook's output.

Findings at or above the threshold in full, others a line each, information as a count; with `verbose` all in full. Colour
is the caller's decision. Every text of a stranger goes through `visible`.
"""

from typing import NamedTuple

from linter.findings import Finding, Location, Severity, Silenced, count
from linter.outcome import InputError, Outcome
from linter.reports.totals import plural
from linter.reports.visible import escape, inert, unsafe, visible


class Style(NamedTuple):
    """How to print."""

    threshold: Severity
    """Findings at or above it are printed in full."""
    color: bool = False
    quiet: bool = False
    """Only findings at or above the threshold, errors and what could not be checked."""
    verbose: bool = False
    """Everything in full, what was silenced included."""


_TINTS = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.INFO: "1;34"}
_MOST_WIDTH = 200
"""Source lines are cut around their span beyond this."""


class Printer:
    """Findings and what belongs to them, as lines for a terminal."""

    def __init__(self, style: Style) -> None:
        self.style = style

    def tint(self, text: str, code: str) -> str:
        """The text in a colour, where colour is wanted."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.style.color and text else text

    def full(self, finding: Finding) -> str:
        """A finding with its source line, its related places and its fix."""
        code = _TINTS[finding.severity]
        head = self.tint(f"{finding.severity.label}[{finding.rule}]", code)
        message = self.tint(visible(finding.message), "1")
        width = len(str(max([finding.location.line, *(one.line for one in finding.related)])))
        bar = self.tint(" " * (width + 1) + "|", "34")
        lines = [f"{head}: {message}", *self._place(finding.location, "-->", width, code, bar)]
        for related in finding.related:
            lines += self._place(related, "==>", width, "34", bar)  # `:::` could be a runner's command
        if finding.fix:
            first, *rest = finding.fix.rstrip("\n").split("\n")
            lines.append(
                f"{bar[:-1] if not self.style.color else self.tint(' ' * (width + 1), '34')}= {self.tint('help', '36')}: {visible(first)}"
            )
            lines += [f"{' ' * (width + 9)}{visible(line)}" for line in rest]
        if self.style.verbose:
            lines.append(f"{' ' * (width + 1)}= {self.tint('fingerprint', '36')}: {finding.fingerprint}")
        return "\n".join(lines)

    def _place(self, location: Location, arrow: str, width: int, code: str, bar: str) -> list[str]:
        lines = [f"{' ' * width}{self.tint(arrow, '34')} {_where(location)}"]
        if location.snippet.strip():
            source, start, length = _excerpt(location)
            number = self.tint(f"{location.line:>{width}} |", "34")
            marks = self.tint(("^" if arrow == "-->" else "-") * length, code)
            caption = f" {self.tint(visible(location.caption), code)}" if location.caption else ""
            lines += [bar, f"{number} {source}", f"{bar} {' ' * start}{marks}{caption}", bar]
        elif location.caption:
            lines.append(f"{bar} {visible(location.caption)}")
        return lines

    def brief(self, finding: Finding) -> str:
        """A finding in one line."""
        severity = self.tint(finding.severity.label, _TINTS[finding.severity])
        return f"{_where(finding.location)}: {severity}[{finding.rule}]: {visible(finding.message)}"

    def silenced(self, one: Silenced) -> str:
        """What was silenced, by what and why."""
        until = f" until {one.until}" if one.until else ""
        reason = f": {visible(one.reason)}" if one.reason else ""
        return f"{_where(one.finding.location)}: {one.finding.rule} silenced by {one.by}{until}{reason}"

    def error(self, error: InputError) -> str:
        """What could not be read."""
        place = f"{visible(error.path)}:{error.line}:{error.column}: " if error.placed else ""
        return f"{self.tint('error', _TINTS[Severity.ERROR])}: {place}{visible(error.message)}"


def render(outcome: Outcome, style: Style) -> str:
    """The report; empty only with `quiet` and nothing to say."""
    printer = Printer(style)
    blocks = [printer.error(error) for error in outcome.errors]
    least = Severity.OFF if style.verbose else style.threshold
    full = [one for one in outcome.findings if one.severity >= least]
    blocks += [printer.full(finding) + "\n" for finding in full]
    if not style.quiet:
        rest = [one for one in outcome.findings if Severity.INFO < one.severity < least]
        blocks += [printer.brief(finding) for finding in rest]
        if rest:
            blocks.append("")
    if style.verbose and outcome.silenced:
        blocks += [*(printer.silenced(one) for one in outcome.silenced), ""]
    blocks += [f"{printer.tint('not checked', '1;33')}: {visible(sentence)}" for sentence in outcome.unchecked]
    if not style.quiet:
        blocks.append(summary(outcome, style))
    return inert("".join(block + "\n" for block in blocks))


def full(finding: Finding, *, color: bool) -> str:
    """One finding as the report shows it in full."""
    return inert(Printer(Style(finding.severity, color)).full(finding))


def summary(outcome: Outcome, style: Style) -> str:
    """The last line: what was found, silenced and looked at."""
    found = [
        plural(count(outcome.findings, severity), noun)
        for severity, noun in ((Severity.ERROR, "error"), (Severity.WARNING, "warning"))
    ]
    infos = count(outcome.findings, Severity.INFO)
    hint = " (-v shows it)" if infos and not style.verbose and style.threshold > Severity.INFO else ""
    found.append(f"{infos} for information{hint}")
    by = [one.by for one in outcome.silenced]
    parts = [", ".join(found)]
    safe = [one.repair.safe for one in outcome.findings if one.repair is not None]
    if safe:
        ways = [(safe.count(True), "--fix"), (safe.count(False), "--unsafe-fixes")]
        parts.append(", ".join(f"{number} fixable with {option}" for number, option in ways if number))
    parts.append(f"{by.count('suppression')} suppressed")
    if by.count("acceptance"):
        parts.append(f"{by.count('acceptance')} accepted")
    if outcome.errors:
        parts.append(f"{len(outcome.errors)} unreadable")
    parts += [plural(outcome.manifests, "manifest") + " checked", plural(len(outcome.rules), "rule")]
    return "; ".join(parts)


def _where(location: Location) -> str:
    return f"{visible(location.path)}:{location.line}:{location.column}"


def _excerpt(location: Location) -> tuple[str, int, int]:
    """The source line, the column (cells, from 0) where its marks begin, and how many marks there are."""
    line = location.snippet
    start = location.column - 1
    end = location.end_column - 1 if location.end_line == location.line else len(line.rstrip())
    cut = max(0, start - _MOST_WIDTH // 4) if len(line) > _MOST_WIDTH else 0
    tail = min(len(line), cut + _MOST_WIDTH)
    before, marked, after = line[cut:start], line[start:end], line[end:tail]
    marked = marked[: max(1, tail - start)]
    lead = "..." if cut else ""
    shown = [_cells(part) for part in (before, marked, after)]
    text = lead + "".join(part for part, _ in shown) + ("..." if tail < len(line) else "")
    return text.rstrip(), len(lead) + shown[0][1], max(1, shown[1][1])


def _cells(text: str) -> tuple[str, int]:
    """A piece of a source line as printed, and how many terminal cells it takes."""
    if text.isascii() and text.isprintable():
        return text, len(text)
    from unicodedata import combining, east_asian_width

    shown, width = [], 0
    for character in text:
        if character == "\t":
            piece = "    "
        elif unsafe(character):
            piece = escape(character)
        else:
            piece = character
            if combining(character):
                width -= 1
            elif east_asian_width(character) in "WF":
                width += 1
        shown.append(piece)
        width += len(piece)
    return "".join(shown), width
