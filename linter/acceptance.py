"""Acceptances: `permlint-accepted.yaml`, findings that somebody agreed to live with, each bound to its content and to a day."""

import os
from typing import TYPE_CHECKING, Any

from linter import schema
from linter.catalogue import exists
from linter.files import read_file
from linter.findings import Finding, Location, Silenced
from linter.manifest.reader import MAX_NODES, Document, read
from linter.manifest.text import Unreadable

if TYPE_CHECKING:
    from linter.engine import Engine

ACCEPTED = "permlint-accepted.yaml"


def accept(engine: "Engine", findings: list[Finding], *, whole: bool) -> tuple[list[Finding], list[Silenced]]:
    """Take out what is accepted, and add what is to be said of the acceptances themselves.

    Args:
        whole: whether every manifest was reported on; otherwise an acceptance without a finding says nothing.

    Raises:
        Unreadable: the file is there but cannot be read, or is not of its schema.
    """
    config = engine.around.config
    path = os.path.join(config.root, ACCEPTED)
    if not os.path.lexists(path):
        return findings, []
    document = read(read_file(path, config.root), 10 * MAX_NODES)
    _validate(document)
    today = engine.around.as_of.isoformat()
    kept: list[Finding] = []
    silenced: list[Silenced] = []
    entries = {entry["fingerprint"]: entry for entry in document.data["accepted"]}
    problems: dict[str, str] = {}
    for finding in findings:
        entry = entries.get(finding.fingerprint)
        if entry is None:
            kept.append(finding)
            continue
        problem = _problem(entry, finding, today, mandatory=engine.rules.rules[finding.rule].mandatory)
        problems[finding.fingerprint] = problem
        if problem:
            kept.append(finding)
        else:
            silenced.append(Silenced(finding, "acceptance", entry["reason"], entry["until"]))
    for index, entry in enumerate(document.data["accepted"]):
        ran = entry["rule"] in engine.rules.rules or not exists(entry["rule"])
        gone = "gone" if whole and ran else ""  # what another command finds cannot be missed here
        problem = problems.get(entry["fingerprint"], "expired" if today > entry["until"] else gone)
        if problem:
            location = _location(document, index)
            values = {"rule": entry["rule"], "until": entry["until"]}
            kept += engine.say("suppression/stale-acceptance", values, location, "", entry["fingerprint"], (problem,))
    return kept, silenced


def _problem(entry: dict[str, Any], finding: Finding, today: str, *, mandatory: bool) -> str:
    """Why an acceptance does not hold for the finding that it names, or empty."""
    if mandatory:
        return "mandatory"
    if today > entry["until"]:
        return "expired"
    return "changed" if entry["content"] != finding.content else ""


def _validate(document: Document) -> None:
    if not schema.predicate("accepted")(document.data):
        violation = schema.explain("accepted", document.data)[0]
        offset = document.entry(violation.route)[2] if violation.route else 0
        line, column = document.text.position(offset)
        raise Unreadable(line, column, f"{violation.problem}. {violation.suggestion}".rstrip(". "))


def _location(document: Document, index: int) -> Location:
    start, end = document.entry(("accepted", index, "fingerprint"))[2:]
    line, column = document.text.position(start)
    return Location(ACCEPTED, line, column, line, column + end - start, document.text.line(line))
