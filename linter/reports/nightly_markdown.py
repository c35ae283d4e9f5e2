"""The night in Markdown, above the table of findings: the same order as on the screen, each section a list."""

from collections.abc import Iterator

from linter.findings import Severity
from linter.nightly.digest import begun, by_cause, by_owner, counts, news, troubles
from linter.nightly.news import RESOLVED, Known, Nightly
from linter.reports.markup import prose
from linter.reports.nightly import concerned, graded, identity
from linter.reports.totals import plural


def lines(nightly: Nightly) -> Iterator[str]:
    """The lines, in the order of their gravity. An empty one parts sections."""
    for note in nightly.notes:
        yield from (f"- **Note**: {prose(note)}", "")
    yield from _adoption(nightly) if nightly.adoption else _news(nightly)
    yield from _begun(nightly)
    yield from _troubles(nightly)
    yield from _kept(nightly)
    if not nightly.only_new:
        yield from _ended(nightly)
    found = counts(nightly)
    oldest = f" (the oldest since {found.open[0].since}, {_owner(found.open[0].owner)})" if found.open else ""
    soon = f" ({len(found.expiring)} about to expire)" if found.expiring else ""
    yield f"{len(found.open)} open{oldest}, {len(found.accepted)} accepted{soon}, {found.unverifiable} unverifiable"


def _adoption(nightly: Nightly) -> Iterator[str]:
    yield "**First run with this state**: nothing counts as new, the next run tells what changes."
    yield ""
    for owner, found in by_owner(counts(nightly).open).items():
        causes = plural(len(by_cause(found)), "cause")
        yield f"- {_owner(owner)}: {plural(len(found), 'finding')} ({graded(found)}) of {causes}"
    yield ""


def _news(nightly: Nightly) -> Iterator[str]:
    told, status, minor = news(nightly, Severity.WARNING)
    less = f"; {minor} for information" if minor else ""
    checked = " in what could be checked" if nightly.failing else ""
    yield f"**New, worsened or reappeared{checked}: {len(told)}**{less}"
    yield ""
    for owner, found in by_owner(told).items():
        for cause, group in by_cause(found):
            yield f"- {_owner(owner)}: {prose(cause or 'one finding')} [{prose(concerned(group))}]"
            for one in sorted(group, key=lambda each: -each.severity):
                yield f"  - {one.severity.label}, {status[one.fingerprint]}: {prose(one.message)} `{identity(one)}`"
    if told:
        yield ""


def _begun(nightly: Nightly) -> Iterator[str]:
    found = begun(nightly)
    if found:
        yield from ("**First answer: what is found is where it begins, and not new**", "")
        yield from (f"- {prose(where)}: {plural(len(own), 'finding')} ({graded(own)})" for where, own in found.items())
        yield ""


def _troubles(nightly: Nightly) -> Iterator[str]:
    found = troubles(nightly)
    if found:
        yield from ("**Could not check**", "")
    for one in found:
        place = f"{one.system} ({one.environment})" if one.environment else one.system
        since = f"checked last on {one.last_success[:10]}" if one.last_success else "never checked yet"
        stay = f"; {plural(one.waiting, 'finding')} of it still open" if one.waiting else ""
        yield f"- {prose(place)}: {prose(one.problem)}; {since}{stay}"
    if found:
        yield ""


def _kept(nightly: Nightly) -> Iterator[str]:
    failing = {one.source for one in nightly.failing}
    found = [one for one in nightly.kept if one.source not in failing]
    if found:
        yield from ("**Open, and not seen tonight**", "")
    for one in found:
        whose = concerned(one.findings) or one.findings[0].path
        whose += f" in {one.source.system}" if one.source is not None else ""
        yield f"- {plural(len(one.findings), 'finding')} of {prose(whose)}: {prose(one.why)}"
    if found:
        yield ""


def _ended(nightly: Nightly) -> Iterator[str]:
    for proved, title in ((True, "Resolved"), (False, "No longer found in this form, which proves nothing")):
        found: list[Known] = [one for one in nightly.ended if (one.how == RESOLVED) == proved]
        if found:
            yield from (f"**{title}**", "")
        for one in found:
            yield f"- {prose(one.message)} [{prose(concerned([one]))}], open since {one.since} `{identity(one)}`"
        if found:
            yield ""


def _owner(owner: str) -> str:
    return prose(owner) if owner else "without an owner"
