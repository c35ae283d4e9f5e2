"""The report for whatever shows test results: JUnit XML, in the subset that both GitLab and Jenkins read.

A finding at or above the threshold is a failed case, one below it or silenced a skipped case with its reason; what could not
be read or checked is a case in error, so that no viewer shows it as passed. Without failure and error there is one passed
case: Jenkins takes a report without cases for a fault. GitLab ("Unit test reports") knows a case by class name and name, and
drops a second one of the same: names are of the meaning, not of the line, and numbered where they repeat.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree import ElementTree

from linter.findings import Finding, Severity
from linter.outcome import Outcome
from linter.reports.totals import totals
from linter.reports.visible import inert, visible


class _Case(NamedTuple):
    path: str
    """The manifest; empty for what concerns the whole run."""
    name: str
    kind: str = ""
    """The element inside: "failure", "error" or "skipped"; none for a passed case."""
    type: str = ""
    message: str = ""
    text: str = ""


def render(outcome: Outcome, fail_on: Severity | None) -> str:
    """One XML document.

    Args:
        fail_on: the least severity that is a failure; with None ("never") none is.
    """
    cases = [*_cases(outcome, fail_on)]
    if not any(case.kind in ("failure", "error") for case in cases):
        cases.append(_Case("", totals(outcome)))
    root = ElementTree.Element("testsuites", {"name": f"permlint {outcome.command}: {totals(outcome)}"})
    _count(root, cases)
    for path in dict.fromkeys(case.path for case in cases):
        own = [case for case in cases if case.path == path]
        name = _clean(path) or f"permlint {outcome.command}"
        suite = ElementTree.SubElement(root, "testsuite", {"name": name})
        _count(suite, own)
        seen: Counter[str] = Counter()
        for case in own:
            seen[case.name] += 1
            again = f" ({seen[case.name]})" if seen[case.name] > 1 else ""
            element = ElementTree.SubElement(suite, "testcase", {"classname": name, "name": _clean(case.name) + again})
            if path:
                element.set("file", name)
            element.set("time", "0")
            if case.kind:
                inner = ElementTree.SubElement(element, case.kind, {"message": _clean(case.message)})
                if case.kind != "skipped":
                    inner.set("type", case.type)
                inner.text = _clean(case.text)
    ElementTree.indent(root)
    document = '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"
    return inert(document, lambda character: f"&#{ord(character)};")


def _cases(outcome: Outcome, fail_on: Severity | None) -> Iterator[_Case]:
    for error in outcome.errors:
        place = f"{error.path}:{error.line}:{error.column}: " if error.placed else ""
        path = error.path if error.placed else ""
        yield _Case(path, "can be read", "error", "unreadable", error.message, place + error.message)
    for sentence in outcome.unchecked:
        yield _Case("", "is checked", "error", "not-checked", sentence, sentence)
    for finding in outcome.findings:
        path, name = finding.location.path, _name(finding)
        if fail_on is not None and finding.severity >= fail_on:
            yield _Case(path, name, "failure", finding.rule, finding.message, _text(finding))
        else:
            message = f"{finding.severity.label}, below the threshold: {finding.message}"
            yield _Case(path, name, "skipped", "", message, _text(finding))
    for one in outcome.silenced:
        until = f" until {one.until}" if one.until else ""
        message = f"silenced by {one.by}{until}: {one.reason}"
        yield _Case(one.finding.location.path, _name(one.finding), "skipped", "", message, _text(one.finding))


def _name(finding: Finding) -> str:
    about = " ".join(filter(None, (finding.environment, finding.resource)))
    return f"{finding.rule}: {about}" if about else finding.rule


def _text(finding: Finding) -> str:
    location = finding.location
    lines = [f"{location.path}:{location.line}:{location.column}: {finding.severity.label}: {finding.message}"]
    for one in finding.related:
        lines.append(f"{one.path}:{one.line}:{one.column}{f': {one.caption}' if one.caption else ''}")  # noqa: PERF401
    if finding.fix:
        lines.append(f"Fix: {finding.fix.rstrip()}")
    return "\n".join([*lines, finding.fingerprint])


def _count(element: ElementTree.Element, cases: list[_Case]) -> None:
    kinds = [case.kind for case in cases]
    element.set("tests", str(len(cases)))
    for attribute, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(attribute, str(kinds.count(kind)))


def _clean(text: str) -> str:
    """A stranger's text in characters that XML 1.0 has (section 2.2); the library escapes what is markup."""
    return visible(text, keep="\n\t")
