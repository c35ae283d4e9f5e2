"""Acceptances: `permlint-accepted.yaml`, findings that somebody agreed to live with, each bound to its content and to a day."""

import os
from typing import TYPE_CHECKING, NamedTuple

from linter import schema
from linter.catalogue import ids
from linter.files import read_file
from linter.findings import Finding, Location, Silenced
from linter.manifest.reader import MAX_NODES, Document, read
from linter.manifest.text import Unreadable
from linter.secrets import mask

if TYPE_CHECKING:
    from collections.abc import Callable

    from linter.engine import Engine
    from linter.manifest.text import Text

ACCEPTED = "permlint-accepted.yaml"
STALE = "suppression/stale-acceptance"
"""The rule on acceptances that accept nothing."""


class Acceptance(NamedTuple):
    """One entry of the file."""

    fingerprint: str
    rule: str
    content: str
    """The finding's `content` when it was accepted."""
    reason: str
    until: str
    """ISO date: its last day."""
    by: str = ""
    agent: str = ""
    environment: str = ""
    resource: str = ""
    path: str = ""

    def accepts(self, finding: Finding) -> bool:
        """Whether this is the finding, as it was."""
        return (self.fingerprint, self.content) == (finding.fingerprint, finding.content)


class Acceptances(NamedTuple):
    """The file: its entries in its order, and its text."""

    entries: tuple[Acceptance, ...]
    document: Document


def load(root: str, staged: "Callable[[str], Text | None] | None" = None) -> Acceptances | None:
    """The acceptances of the project with this root; None where there is no file.

    Args:
        staged: what a file, relative to the root, holds where only what is staged counts; None where it is not staged.

    Raises:
        Unreadable: the file is there but cannot be read, or is not of its schema.
    """
    path = os.path.join(root, ACCEPTED)
    if staged is None and not os.path.lexists(path):
        return None
    text = read_file(path, root) if staged is None else staged(ACCEPTED)
    if text is None:
        return None
    document = read(text, 10 * MAX_NODES)
    _validate(document)
    return Acceptances(tuple(Acceptance(**entry) for entry in document.data["accepted"]), document)


def accept(
    engine: "Engine",
    findings: list[Finding],
    looked: "Callable[[Acceptance], bool]",
    staged: "Callable[[str], Text | None] | None" = None,
) -> tuple[list[Finding], list[Silenced]]:
    """Take out what is accepted, and add what is to be said of the acceptances themselves.

    Args:
        looked: whether the run would have found what an acceptance accepts; where not, that nothing was found says nothing.
        staged: see `load`.

    Raises:
        Unreadable: see `load`.
    """
    loaded = load(engine.around.config.root, staged)
    if loaded is None:
        return findings, []
    today = engine.around.as_of.isoformat()
    # Two findings may share a fingerprint and differ in content: each has an entry of its own.
    known: dict[str, list[int]] = {}
    for place, entry in enumerate(loaded.entries):
        known.setdefault(entry.fingerprint, []).append(place)
    kept: list[Finding] = []
    silenced: list[Silenced] = []
    met: dict[int, list[str]] = {}
    for finding in findings:
        holds = None
        for place in known.get(finding.fingerprint, ()):
            entry = loaded.entries[place]
            problem = _problem(entry, finding, today, mandatory=engine.rules.rules[finding.rule].mandatory)
            met.setdefault(place, []).append(problem)
            holds = holds or (None if problem else entry)
        if holds is None:
            kept.append(finding)
        else:
            silenced.append(Silenced(finding, "acceptance", mask(holds.reason), holds.until))
    for place, entry in enumerate(loaded.entries):
        ran = entry.rule in engine.rules.rules or entry.rule not in ids()
        gone = "gone" if ran and looked(entry) else ""  # what another command finds cannot be missed here
        problem = min(met.get(place) or ["expired" if ran and today > entry.until else gone])
        if problem:
            location = _location(loaded.document, place)
            values = {"rule": entry.rule, "until": entry.until}
            kept += engine.say(STALE, values, location, "", entry.fingerprint, (problem,))
    return kept, silenced


def _problem(entry: Acceptance, finding: Finding, today: str, *, mandatory: bool) -> str:
    """Why an acceptance does not hold for a finding with its fingerprint, or empty."""
    if mandatory:
        return "mandatory"
    if today > entry.until:
        return "expired"
    return "" if entry.accepts(finding) else "changed"


def _validate(document: Document) -> None:
    if not schema.predicate("accepted")(document.data):
        violation = schema.explain("accepted", document.data)[0]
        offset = document.entry(violation.route)[2] if violation.route else 0
        line, column = document.text.position(offset)
        raise Unreadable(line, column, f"{violation.problem}. {violation.suggestion}".rstrip(". "))


def _location(document: Document, index: int) -> Location:
    start, end = document.entry(("accepted", index, "fingerprint"))[2:]
    line, column = document.text.position(start)
    return Location(ACCEPTED, line, column, line, column + end - start, mask(document.text.line(line)))
