"""How heavy the page is, counted in bytes: the same on every machine."""

from __future__ import annotations

import json
from itertools import chain
from pathlib import Path

from benchmarks.report import DAY, make
from linter.audit.html import render
from linter.audit.model import Audit, Note, Permission
from tests.audit import factory
from tests.audit.test_html import Parsed
from tests.command import permlint

SYSTEM = "configuration binds no system `warehouse`: add [systems.warehouse] with its kind"


def test_a_hundred_agents_of_thirty_resources_are_below_a_megabyte(tmp_path: Path) -> None:
    folder = make(tmp_path / "project")
    outputs = ("--format", "html", "--output", "r.html", "--format", "json", "--output", "r.json")
    done = permlint(folder, "report", "--as-of", DAY, "--live-from", "slack.json", *outputs)
    assert done.returncode in (0, 1, 3), done.stderr
    body, page = json.loads((folder / "r.json").read_text()), (folder / "r.html").read_text()
    findings = [*body["findings"], *chain.from_iterable(one["findings"] for one in body["agents"])]
    permissions = list(chain.from_iterable(one["permissions"] for one in body["agents"]))
    assert (len(body["agents"]), len(permissions), len(findings)) == (100, 3500, 5300)
    assert len(page.encode()) < 1_000_000
    # And no row of a permission is missing for it, nor any resource that a finding is of.
    assert page.count("<td id=") == len(permissions)
    text = Parsed(page).text
    assert all(one["resource"] in text and one["rule"] in text for one in findings)


def alike(rows: int, findings: int) -> Audit:
    """An agent of so many permissions that nothing could verify and nobody gave a blast radius, and two findings on each of the first."""
    (one,) = (audit := factory.audit(1, 1, 0)).agents
    own = tuple(_row(one.name, number) for number in range(rows))
    notes = chain.from_iterable(_notes(one.name, row.resource, number) for number, row in enumerate(own[:findings]))
    return audit._replace(agents=(one._replace(permissions=own, findings=tuple(notes)),))


def _row(agent: str, number: int) -> Permission:
    return factory.permission(agent, 0, "production")._replace(
        id=factory.hexed(str(number)), system="warehouse", resource=f"warehouse.table{number + 100}", verdict="unverified",
        granted=None, reason=SYSTEM, blast_declared="", blast_computed="high", decision=None, scope="", justification="",
    )  # fmt: skip


def _notes(agent: str, resource: str, number: int) -> tuple[Note, Note]:
    one = factory.note(agent, 1, resource, "production")._replace(
        resource=resource, place=f"agents/{agent}/agent-permissions.yaml:{100 + number}:5", status="open", new=False
    )
    return (
        one._replace(rule="drift/unverified-resource", message=SYSTEM, fix="Make it comparable."),
        one._replace(
            rule="blast-radius/missing-blast-radius",
            severity="warning",
            message=f"no blast radius is declared for `{resource}`; `high` follows from what is granted: it updates",
            fix="Add `blast_radius: high (why)`.",
        ),
    )


def weight(rows: int, findings: int) -> int:
    return len(render(alike(rows, findings)).encode())


def test_a_row_of_a_permission_is_its_words_and_its_id() -> None:
    words = sum(map(len, ("warehouse.table100", "read", "?", "high")))
    assert (weight(90, 0) - weight(10, 0)) / 80 <= words + 16 + 44


def test_a_finding_that_a_row_tells_is_one_line_number() -> None:
    # ", 142" in each of the two rows of findings; the digits of their counts are all else that may grow.
    assert (weight(90, 90) - weight(90, 10)) / 160 <= len(", 142") + 0.2
    assert "<td>lines 100, 101, 102, 103<td>4 open" in render(alike(4, 4))
