"""Where `check` points when an entry reaches further than it looks: the word, the predicate, the sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.world import build, run

HEAD = "agent_name: a\nenvironment: production\nresources:\n"
RULES = (
    "scope/admin-access",
    "scope/delete-in-production",
    "scope/unbounded-write",
    "scope/uncheckable-scope",
    "scope/wildcard-resource",
    "blast-radius/understated-blast-radius",
)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            '{resource: aws.s3.b, actions: [s3:GetObject, "s3:*"], scope: {paths: [x]}, blast_radius: high}',
            ["error[scope/admin-access] 4:50", "warning[blast-radius/understated-blast-radius] 4:94"],
        ),
        (
            '{resource: db.t, actions: ["tr*"], scope: {paths: [x]}, blast_radius: critical}',
            ["error[scope/delete-in-production] 4:32"],
        ),
        ("{resource: pg.t, access: write, scope: {columns: [a], rows: 1=1}, blast_radius: high}", []),
        (
            "{resource: pg.t, access: write, scope: {note: n, rows: 1=1}, blast_radius: high}",
            ["error[scope/unbounded-write] 4:60"],
        ),
        ("{resource: pg.t, access: write, scope: {rows: 1=1 and t = 5}, blast_radius: high}", []),
        (
            "{resource: crm, access: write, scope: no restrictions, blast_radius: critical}",
            ["error[scope/unbounded-write] 4:43"],
        ),
        (
            "{resource: crm.notes, access: write, scope: n/a, blast_radius: high}",
            ["warning[scope/unbounded-write] 4:49"],
        ),
        (
            "{resource: crm.notes, access: write, scope: own notes, blast_radius: high}",
            ["info[scope/uncheckable-scope] 4:49"],
        ),
        (
            "{resource: crm.notes, access: write, scope: {paths: [/, a]}, blast_radius: high}",
            ["error[scope/unbounded-write] 4:57"],
        ),
        (
            "{resource: crm.**, access: write, scope: {paths: [x]}, blast_radius: critical}",
            ["error[scope/wildcard-resource] 4:16"],
        ),
    ],
)
def test_the_place(tmp_path: Path, entry: str, expected: list[str]) -> None:
    build(tmp_path, {"agent-permissions.yaml": f"{HEAD}  - {entry}\n"})
    outcome = run(tmp_path)
    found = [one for one in outcome.findings if one.rule in RULES]
    assert [f"{one.severity.name.lower()}[{one.rule}] {one.location.line}:{one.location.column}" for one in found] == (
        expected
    )
