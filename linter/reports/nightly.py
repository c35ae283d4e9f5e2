"""The text report of `drift --state`: one screen, what changed first, so that it is still read after a month.

In this order: what is new, by owner and cause; what could not be checked; what stays open unseen; what is resolved; counts.
"""

from collections.abc import Iterable, Iterator, Sequence

from linter.findings import Severity
from linter.nightly.digest import begun, by_cause, by_owner, counts, news, troubles, unasked
from linter.nightly.news import OPEN, RESOLVED, Known, Nightly
from linter.outcome import Outcome
from linter.reports import causes
from linter.reports.text import Printer, Style, summary
from linter.reports.totals import plural
from linter.reports.visible import inert, visible

_CAUSES, _FINDINGS, _FIXES, _ROWS = 6, 3, 2, 8
"""Causes that are shown, findings and statements of a cause, rows of any other list, unless `verbose` asks for all."""
_NAMES = 6
"""Agents that are named of one line."""
_ID = 12
"""Digits of a fingerprint that `permlint explain` takes."""
_TINTS = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.INFO: "1;34"}


def render(outcome: Outcome, nightly: Nightly, style: Style) -> str:
    """The screen, and with `verbose` the whole report below it; empty only with `quiet` and nothing to say."""
    printer = Printer(style)
    screen = _Screen(nightly, printer)
    lines = [] if style.verbose else [printer.error(error) for error in outcome.errors]
    lines += [f"note: {visible(note)}" for note in nightly.notes]
    lines += screen.adoption() if nightly.adoption else screen.news()
    lines += [*screen.begun(), *screen.troubles(), *screen.kept()]
    if not style.verbose:
        told = frozenset(outcome.unverified)
        kept = frozenset(unasked(nightly))
        other = [one for one in outcome.unchecked if one not in told]
        lines += [f"{printer.tint('not checked', '1;33')}: {visible(one)}" for one in other]
        if not other and not troubles(nightly):
            # else nothing here tells why the status is not 0
            lines += screen.unverified([one for one in outcome.unverified if one not in kept])
    if not style.quiet:
        if not nightly.only_new:
            lines += [*screen.ended(), *(screen.open() if style.verbose else ())]
        lines += [*screen.counts(), *(() if style.verbose else screen.summary(outcome))]
    whole = causes.render(outcome, style) if style.verbose else ""
    return inert("".join(line + "\n" for line in lines)) + whole


def identity(known: Known) -> str:
    """As much of a fingerprint as `permlint explain` needs."""
    return known.fingerprint.removeprefix("sha256:")[:_ID]


def concerned(findings: Iterable[Known]) -> str:
    """The agents of findings, each with its environment."""
    agents = dict.fromkeys(f"{one.agent} ({one.environment})" if one.environment else one.agent for one in findings)
    return some(list(filter(None, agents)))


def some(names: Sequence[str]) -> str:
    """The first of the names, and how many more there are."""
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return ", ".join(names[:_NAMES]) + more


def graded(findings: Iterable[Known]) -> str:
    """How many there are of each severity, such as "1 error, 2 warnings"."""
    levels = [one.severity for one in findings]
    number = {level: levels.count(level) for level in (Severity.ERROR, Severity.WARNING) if level in levels}
    infos = levels.count(Severity.INFO)
    words = [plural(many, level.label) for level, many in number.items()]
    return ", ".join([*words, f"{infos} for information"] if infos else words)


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
        owners = list(by_owner(counts(self.nightly).open).items())
        for owner, found in self._some(owners, _ROWS):
            causes = plural(len(by_cause(found)), "cause")
            yield f"  {self._owner(owner)}: {plural(len(found), 'finding')} ({graded(found)}) of {causes}"
            if not self.style.quiet:
                yield f"    {visible(concerned(found))}"
        yield from self._rest(len(owners), _ROWS, "owner", "  ")
        yield ""

    def news(self) -> Iterator[str]:
        """What is new, worse or back, by owner and by cause."""
        told, status, minor = news(self.nightly, self.least)
        since = f" since {self.nightly.previous}" if self.nightly.previous else ""
        if not told:
            if not self.style.quiet:
                yield self._head(self._nothing(since)) + self._minor(minor)
                yield ""
            return
        words = [status[one.fingerprint] for one in told]
        number = ", ".join(f"{words.count(word)} {word}" for word in _ORDER if word in words)
        yield self._head(number + since) + self._minor(minor)
        rest = len(told) if self.style.verbose else _CAUSES
        owners = by_owner(told)
        for place, (owner, found) in enumerate(owners.items()):
            groups = by_cause(found)
            if not rest:  # there is one screen, and everybody is on it who has something
                yield from self._owners(list(owners.items())[place:])
                break
            yield f"  {self._owner(owner)}"
            for cause, group in groups[:rest]:
                yield from self._group(cause, group, status)
            yield from self._more(len(groups) - rest, "cause", "    ")
            rest = max(0, rest - len(groups))
        yield ""

    def begun(self) -> Iterator[str]:
        """Systems that answered for the first time."""
        found = list(begun(self.nightly).items())
        if not found or self.style.quiet:
            return
        yield self._head("First answer: what is found is where it begins, and not new")
        for where, own in self._some(found, _ROWS):
            yield f"  {visible(where)}: {plural(len(own), 'finding')} ({graded(own)}) of {visible(concerned(own))}"
        yield from self._rest(len(found), _ROWS, "system", "  ")
        yield ""

    def _nothing(self, since: str) -> str:
        """The headline of a night without news, which is no good news of what could not be checked."""
        if not self.nightly.failing:
            return f"Nothing new{since}"
        if all(one.problem for one in self.nightly.sources):
            return f"Nothing could be checked{since and f', so what is new{since} is not known'}"
        return f"Nothing new{since} in what could be checked"

    def _owners(self, owners: list[tuple[str, list[Known]]]) -> Iterator[str]:
        """Owners in a line each: how many findings they have."""
        for owner, found in self._some(owners, _ROWS):
            yield f"  {self._owner(owner)}: {plural(len(found), 'finding')} ({graded(found)})"
        yield from self._rest(len(owners), _ROWS, "owner", "  ")

    def _group(self, cause: str, group: list[Known], status: dict[str, str]) -> Iterator[str]:
        if cause:
            yield f"    {self.printer.tint(visible(cause), '1')}  [{visible(concerned(group))}]"
        shown = sorted(group, key=lambda one: -one.severity)
        for one in self._some(shown, _FINDINGS):
            severity = self.printer.tint(one.severity.label, _TINTS[one.severity])
            where = f"{visible(one.path)}:{one.line}"
            alone = "" if cause else f"  [{visible(concerned([one]))}]"
            yield f"      {identity(one)} {severity} {status[one.fingerprint]}: {visible(one.message)}  ({where}){alone}"
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
        for one in self._some(found, _ROWS):
            of = f" for {some(one.agents)}" if one.agents else ""
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
        yield from self._rest(len(found), _ROWS, "system", "  ")
        yield ""

    def unverified(self, sentences: Sequence[str]) -> Iterator[str]:
        """What no comparison can tell, on any night: it is never clean."""
        for one in self._some(list(sentences), _FINDINGS):
            yield f"{self.printer.tint('not verified', '1;33')}: {visible(one)}"
        yield from self._rest(len(sentences), _FINDINGS, "sentence", "  ")
        if sentences:
            yield "  Until it can be compared, or is accepted (`permlint accept`), no night is clean."

    def kept(self) -> Iterator[str]:
        """What nothing asked for any more, or what can no longer be told."""
        failing = {one.source for one in self.nightly.failing}
        found = [one for one in self.nightly.kept if one.source not in failing]
        if not found:
            return
        yield self._head("Open, and not seen tonight")
        for one in self._some(found, _ROWS):
            whose = concerned(one.findings) or one.findings[0].path
            whose += f" in {one.source.system}" if one.source is not None else ""
            yield f"  {plural(len(one.findings), 'finding')} of {visible(whose)}: {visible(one.why)}"
        yield from self._rest(len(found), _ROWS, "group", "  ")
        yield ""

    def ended(self) -> Iterator[str]:
        """What is resolved, and what ended in another way, which is no proof."""
        for how, title in _ENDINGS:
            found = [one for one in self.nightly.ended if (one.how == RESOLVED) == how]
            told = [one for one in found if one.severity >= self.least]
            if not found:
                continue
            yield self._head(title) + self._minor(len(found) - len(told))
            groups = by_cause(told)
            for cause, group in self._some(groups, _ROWS):
                since = min(one.since for one in group)
                ids = " ".join(identity(one) for one in self._some(group, _FINDINGS))
                yield f"  {visible(cause or group[0].message)}  [{visible(concerned(group))}]  (open since {since})  {ids}"
            yield from self._rest(len(groups), _ROWS, "cause", "  ")
            yield ""

    def open(self) -> Iterator[str]:
        """Everything that was open before, and since when."""
        found = [one.known for one in self.nightly.standings.values() if one.status == OPEN]
        if found:
            yield self._head("Still open")
        for one in sorted(found, key=lambda each: (each.since, each.agent, each.fingerprint)):
            since = f"since {one.since}, {plural(one.nights, 'night')}"
            yield f"  {identity(one)} {one.severity.label} {since}: {visible(one.message)}  [{visible(concerned([one]))}]"
        if found:
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
        kept = {one.fingerprint for group in self.nightly.kept for one in group.findings}
        unseen = sum(one.fingerprint in kept for one in found.open)
        of_them = f", {unseen} of them not seen tonight" if unseen else ""
        yield f"{len(found.open)} open{of_them}{oldest}, {len(found.accepted)} accepted{soon}, {found.unverifiable} unverifiable{asked}"

    def summary(self, outcome: Outcome) -> Iterator[str]:
        """The last line of every report; beside what is open its numbers are of this run, and with --only-new of its news."""
        yield f"{'of what is new: ' if self.nightly.only_new else ''}{summary(outcome, self.style)}"

    def _some(self, items: list, most: int) -> list:  # type: ignore[type-arg]
        return items if self.style.verbose else items[:most]

    def _rest(self, number: int, most: int, noun: str, indent: str) -> Iterator[str]:
        if not self.style.verbose:
            yield from self._more(number - most, noun, indent)

    def _more(self, number: int, noun: str, indent: str) -> Iterator[str]:
        if number > 0:
            yield f"{indent}... and {plural(number, f'more {noun}')} (-v shows all)"

    def _minor(self, number: int) -> str:
        return f"; {number} for information (-v shows {'it' if number == 1 else 'them'})" if number else ""

    def _owner(self, owner: str) -> str:
        return visible(owner) or "without an owner"

    def _head(self, text: str) -> str:
        return self.printer.tint(text, "1")


_ORDER = ("new", "worsened", "reappeared")
_ENDINGS = ((True, "Resolved"), (False, "No longer found in this form, which proves nothing"))
