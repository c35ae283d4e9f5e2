"""The lenient reading against `check`'s own, which prunes what jsonschema explains."""

from __future__ import annotations

import copy
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from linter.checks.subject import Subject, Surroundings
from linter.config import load
from linter.manifest.lenient import lenient
from linter.manifest.reader import read
from linter.manifest.text import Text

VALID: dict[str, Any] = {
    "agent_name": "triage",
    "environment": ["staging", "production"],
    "owner": "support",
    "reviewed": {"date": "2026-01-01", "by": "kim@example.com"},
    "rollback_strategy": {"command": "undo.sh", "dry_run": True},
    "identities": {"postgres": "triage_agent"},
    "resources": [
        {"resource": "postgres.tickets", "access": "read-write", "scope": {"columns": ["status"]}, "rollback": "undo"},
        {"resource": "slack", "actions": ["post"], "blast_radius": "low (chat)", "environments": ["staging"]},
        {"resource": "mail", "access": "write", "handles": ["egress"]},
    ],
}
WRONG: st.SearchStrategy[Any] = st.sampled_from(
    [None, 1, 1.5, True, "", "nonsense", [], {}, ["x"], {"x": 1}, [[]], [{}], [None]]
)
TOP = st.sampled_from([*VALID, "unknown", "x-own"])
ENTRY = st.sampled_from(
    "resource access actions scope blast_radius environments handles justification reversibility rollback odd".split()
)


@st.composite
def faulty(draw: st.DrawFn) -> Any:
    """A manifest with a few values replaced or taken away, at the top, in a resource, or a whole resource."""
    data = copy.deepcopy(VALID)
    for _ in range(draw(st.integers(0, 4))):
        where = draw(st.integers(-1, 3))
        resources = data.get("resources")
        target: Any = data
        key: Any = draw(TOP)
        if where >= 0 and isinstance(resources, list) and where < len(resources):
            target, key = (resources[where], draw(ENTRY)) if isinstance(resources[where], dict) else (resources, where)
            if draw(st.integers(0, 5)) == 0:
                target, key = resources, where
        if target is not resources and draw(st.booleans()):
            target.pop(key, None)
        else:
            target[key] = copy.deepcopy(draw(WRONG))  # what is drawn twice is one object, and may be changed next
    return data


@given(faulty() | WRONG)
def test_both_leave_out_the_same(data: Any) -> None:
    document = read(Text(yaml.safe_dump(data, sort_keys=False)))
    subject = Subject(
        "x.yaml", document, Surroundings(load(None, str(Path(__file__).parent)), date(2026, 1, 1), by_name=False)
    )
    assert lenient(document.data) == subject.manifest
