"""The text report of `drift --state`: one screen, what changed first, so that it is still read after a month.

In this order: what is new, by owner and cause; what could not be checked; what stays open unseen; what is resolved; counts.
"""

from collections.abc import Iterable, Iterator

from linter.findings import Outcome, Severity
from linter.nightly.digest import by_cause, by_owner, counts, news, troubles
from linter.nightly.news import RESOLVED, Known, Nightly
from linter.reports.text import Printer, Style, summary
from linter.reports.totals import plural
from linter.reports.visible import inert, visible

_GROUPS, _FINDINGS, _FIXES, _ENDED = 12, 4, 3, 8
"""Causes of an owner, findings and statements of a cause, and ended findings that are shown, unless `verbose` asks for all."""
_ID = 12
"""Digits of a fingerprint that `permlint explain` takes."""
_TINTS = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.INFO: "1;34"}


def render(outcome: Outcome, nightly: Nightly, style: Style) -> str:
    """The screen; empty only with `quiet` and nothing to say."""
    printer = Printer(style)
    screen = _Screen(nightly, printer)
    lines = [printer.error(error) for error in outcome.errors]
    lines += [f"note: {visible(note)}" for note in nightly.notes]
    lines += screen.adoption() if nightly.adoption else screen.news()
    lines += screen.troubles()
    told = () if style.verbose else outcome.unverified
    lines += [f"{printer.tint('not checked', '1;33')}: {visible(one)}" for one in outcome.unchecked if one not in told]
    if not style.quiet:
        if not nightly.only_new:
            lines += [*screen.kept(), *screen.ended()]
        lines += [*screen.counts(), summary(outcome, style)]
    return inert("".join(line + "\n" for line in lines))


def identity(known: Known) -> str:
    """As much of a fingerprint as `permlint explain` needs."""
    return known.fingerprint.removeprefix("sha256:")[:_ID]


def concerned(findings: Iterable[Known]) -> str:
    """The agents of findings, each with its environment."""
    agents = dict.fromkeys(f"{one.agent} ({one.environment})" if one.environment else one.agent for one in findings)
    return ", ".join(filter(None, agents))


class _Screen:
    def __init__(self, nightly: Nightly, printer: Printer) -> None:
        self.nightly = nightly
        self.printer = printer
        self.style = printer.style
        self.least = self.style.threshold if self.style.quiet else min(self.style.threshold, Severity.WARNING)
        if self.style.verbose:
            self.least = Severity.INFO

    def adoption(self) -> Iterator[str]:
        """The first run: where everything begins, an owner a line."""
        yield self._head("First run with this state: nothing counts as new, the next run tells what changes")
        for owner, found in by_owner(counts(self.nightly).open).items():
            causes = len(by_cause(found))
            number = [(sum(one.severity is level for one in found), level.label) for level in reversed(Severity)]
            graded = ", ".join(f"{many} {word}" for many, word in number if many)
            yield f"  {self._owner(owner)}: {plural(len(found), 'finding')} ({graded}) of {plural(causes, 'cause')}"
            if not self.style.quiet:
                yield f"    {visible(concerned(found))}"
        yield ""

    def news(self) -> Iterator[str]:
        """What is new, worse or back, by owner and by cause."""
        told, status, minor = news(self.nightly, self.least)
        since = f" since {self.nightly.previous}" if self.nightly.previous else ""
        if not told:
            if not self.style.quiet:
                yield self._head(f"Nothing new{since}") + self._minor(minor)
                yield ""
            return
        words = [status[one.fingerprint] for one in told]
        number = ", ".join(f"{words.count(word)} {word}" for word in _ORDER if word in words)
        yield self._head(number + since) + self._minor(minor)
        for owner, found in by_owner(told).items():
            yield f"  {self._owner(owner)}"
            groups = by_cause(found)
            for cause, group in self._some(groups, _GROUPS):
                yield from self._group(cause, group, status)
            yield from self._rest(len(groups), _GROUPS, "cause", "    ")
        yield ""

    def _group(self, cause: str, group: list[Known], status: dict[str, str]) -> Iterator[str]:
        if cause:
            yield f"    {self.printer.tint(visible(cause), '1')}  [{visible(concerned(group))}]"
        shown = sorted(group, key=lambda one: -one.severity)
        for one in self._some(shown, _FINDINGS):
            severity = self.printer.tint(one.severity.label, _TINTS[one.severity])
            where = f"{visible(one.path)}:{one.line}"
            said = f"{severity} {status[one.fingerprint]}: {visible(one.message)}"
            alone = "" if cause else f"  [{visible(concerned([one]))}]"
            yield f"      {said}{alone}  ({where})  {identity(one)}"
        yield from self._rest(len(shown), _FINDINGS, "finding", "      ")
        fixes = list(dict.fromkeys(line for one in group for line in one.fix.splitlines()))
        for place, line in enumerate(self._some(fixes, _FIXES)):
            yield f"      {'= ' + self.printer.tint('help', '36') + ':' if place == 0 else ' ' * 7} {visible(line)}"
        yield from self._rest(len(fixes), _FIXES, "line", "              ")

    def troubles(self) -> Iterator[str]:
        """What could not be checked, since when, and what waits for it."""
        found = troubles(self.nightly)
        if not found:
            return
        yield self._head("Could not check")
        for one in found:
            of = f" for {', '.join(one.agents)}" if one.agents else ""
            place = f"{one.system} ({one.environment})" if one.environment else one.system
            success = f"checked last on {one.last_success[:10]}" if one.last_success else "never checked yet"
            nights = f", {one.nights} nights in a row" if one.nights > 1 else ""
            stay = (
                f"; {plural(one.waiting, 'finding')} of it stay{'s' if one.waiting == 1 else ''} open"
                if one.waiting
                else ""
            )
            yield f"  {visible(place + of)}: {visible(one.problem)}"
            yield f"    {success}{nights}{stay}"
        yield ""

    def kept(self) -> Iterator[str]:
        """What nothing asked for any more, or what can no longer be told."""
        failing = {one.source for one in self.nightly.failing}
        found = [one for one in self.nightly.kept if one.source not in failing]
        if not found:
            return
        yield self._head("Open, and not seen tonight")
        for one in self._some(found, _ENDED):
            whose = concerned(one.findings) or one.findings[0].path
            yield f"  {plural(len(one.findings), 'finding')} of {visible(whose)}: {visible(one.why)}"
        yield from self._rest(len(found), _ENDED, "group", "  ")
        yield ""

    def ended(self) -> Iterator[str]:
        """What is resolved, and what ended in another way, which is no proof."""
        for how, title in _ENDINGS:
            found = [one for one in self.nightly.ended if (one.how == RESOLVED) == how]
            if not found:
                continue
            yield self._head(title)
            for one in self._some(sorted(found, key=lambda each: -each.severity), _ENDED):
                open_for = f"open since {one.since}, {plural(one.nights, 'night')}"
                yield f"  {visible(one.message)}  [{visible(concerned([one]))}]  ({open_for})  {identity(one)}"
            yield from self._rest(len(found), _ENDED, "finding", "  ")
            yield ""

    def counts(self) -> Iterator[str]:
        """One line: open, accepted, unverifiable."""
        found = counts(self.nightly)
        oldest = ""
        if found.open:
            first = found.open[0]
            oldest = (
                f" (the oldest since {first.since}, {self._owner(first.owner)}: {visible(first.agent or first.path)})"
            )
        soon = (
            f" ({len(found.expiring)} of them until {max(one.accepted for one in found.expiring)} or earlier)"
            if found.expiring
            else ""
        )
        asked = f"; {self.nightly.not_asked} open and not asked for in this run" if self.nightly.not_asked else ""
        yield f"{len(found.open)} open{oldest}, {len(found.accepted)} accepted{soon}, {found.unverifiable} unverifiable{asked}"

    def _some(self, items: list, most: int) -> list:  # type: ignore[type-arg]
        return items if self.style.verbose else items[:most]

    def _rest(self, number: int, most: int, noun: str, indent: str) -> Iterator[str]:
        if number > most and not self.style.verbose:
            yield f"{indent}... and {plural(number - most, f'more {noun}')} (-v shows all)"

    def _minor(self, number: int) -> str:
        return f"; {number} for information (-v shows {'it' if number == 1 else 'them'})" if number else ""

    def _owner(self, owner: str) -> str:
        return visible(owner) or "without an owner"

    def _head(self, text: str) -> str:
        return self.printer.tint(text, "1")


_ORDER = ("new", "worsened", "reappeared")
_ENDINGS = ((True, "Resolved"), (False, "No longer found in this form, which proves nothing"))
