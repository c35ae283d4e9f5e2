"""The text report of `drift`: grouped by cause, because one decision (a grant, a membership) ends a whole group of findings.

Below the findings, each resource's verdict that is not plain "ok"; with `verbose` every verdict, and all that is granted.
"""

from collections.abc import Iterator, Sequence

from linter.findings import Finding, Severity
from linter.outcome import Outcome
from linter.reports.text import Printer, Style, summary
from linter.reports.visible import inert, visible

_MOST_FINDINGS, _MOST_FIXES = 20, 12
"""Findings and statements shown of a group, unless `verbose` asks for all: one membership may bring ten thousand."""


def render(outcome: Outcome, style: Style) -> str:
    """The report; empty only with `quiet` and nothing to say."""
    printer = Printer(style)
    blocks = [printer.error(error) for error in outcome.errors]
    shown = [one for one in outcome.findings if style.verbose or one.severity >= _least(style)]
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in shown:
        # Without a cause a finding stands alone.
        groups.setdefault((finding.cause, "" if finding.cause else finding.fingerprint), []).append(finding)
    for (cause, _), findings in sorted(groups.items(), key=_gravest):
        blocks += ["\n".join(_group(printer, cause, findings)) + "\n"] if cause else [printer.full(findings[0]) + "\n"]
    if style.verbose and outcome.silenced:
        blocks += [*(printer.silenced(one) for one in outcome.silenced), ""]
    if not style.quiet:
        # What is unverified is said below, as not checked.
        verdicts = [one for one in outcome.verdicts if style.verbose or one.verdict not in ("ok", "unverified")]
        for one in verdicts:
            also = f", also {', '.join(one.also)}" if one.also else ""
            who = f" as {one.principal}" if one.principal else ""
            tint = "1;32" if one.verdict == "ok" else "1;33"
            line = f"{one.agent} ({one.environment}) {one.resource}{who}"
            blocks.append(f"{printer.tint(one.verdict, tint)}{also}: {visible(line)}: {visible(one.reason)}")
        if verdicts:
            blocks.append("")
        if style.verbose:
            blocks += [line for who, table in outcome.effective for line in _table(who, table())]
        blocks += [f"note: {visible(note)}" for note in outcome.notes]
    blocks += [f"{printer.tint('not checked', '1;33')}: {visible(sentence)}" for sentence in outcome.unchecked]
    if not style.quiet:
        blocks.append(summary(outcome, style))
    return inert("".join(block + "\n" for block in blocks))


def _gravest(group: tuple[tuple[str, str], Sequence[Finding]]) -> int:
    """The gravest groups first; otherwise in the order of the manifests."""
    return -max(one.severity for one in group[1])


def _least(style: Style) -> Severity:
    """Of drift warnings are shown too: what an agent can read beyond its manifest is worth a line in any case."""
    return style.threshold if style.quiet else min(style.threshold, Severity.WARNING)


def _group(printer: Printer, cause: str, findings: Sequence[Finding]) -> Iterator[str]:
    agents = dict.fromkeys(f"{one.agent} ({one.environment})" if one.environment else one.agent for one in findings)
    concerned = ", ".join(filter(None, agents))
    yield printer.tint(visible(cause), "1") + (f"  [{visible(concerned)}]" if concerned else "")
    whole = printer.style.verbose
    shown = sorted(findings, key=lambda each: -each.severity)
    for one in shown if whole else shown[:_MOST_FINDINGS]:
        yield f"  {printer.brief(one)}"
    if len(shown) > _MOST_FINDINGS and not whole:
        yield f"  ... and {len(shown) - _MOST_FINDINGS} more (-v shows them)"
    fixes = list(dict.fromkeys(line for one in findings for line in one.fix.splitlines()))
    for place, line in enumerate(fixes if whole else fixes[:_MOST_FIXES]):
        head = printer.tint("help", "36") + ":" if place == 0 else " " * 5
        yield f"  = {head} {visible(line)}" if place == 0 else f"    {head} {visible(line)}"
    if len(fixes) > _MOST_FIXES and not whole:
        yield f"          ... and {len(fixes) - _MOST_FIXES} more statements"


def _table(who: str, rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"{visible(who)}:"
    shown = [[visible(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    yield ""
