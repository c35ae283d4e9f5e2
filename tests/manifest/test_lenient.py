"""The lenient reading against `check`'s own, which prunes what jsonschema explains."""

from __future__ import annotations

import copy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError

from linter import schema
from linter.checks.subject import Subject, Surroundings
from linter.config import load
from linter.manifest.lenient import lenient, lenient_version, twice
from linter.manifest.model import Built
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


def hides_a_permission(error: ValidationError) -> bool:
    """Whether what jsonschema refuses is something without which less is granted, by where it stands."""
    path = list(error.absolute_path)
    if path[:1] == ["resources"] and len(path) > 2:
        return path[2] in ("resource", "access", "actions")
    if path[:1] == ["resources"] or not path:
        return error.validator != "additionalProperties"
    return path[0] in ("agent_name", "environment")


@given(faulty() | WRONG)
@example({**VALID, "owner": 1, "odd": 1, "expires": "soon", "identities": []})
@example({**VALID, "resources": [{"resource": "slack", "access": "write", "scope": None, "environments": "x"}]})
@example({**VALID, "resources": [{"resource": "slack", "access": "adminn"}]})
@example({**VALID, "resources": [{"resource": "slack", "acess": "admin"}]})
@example({**VALID, "resources": [{"resource": "slack", "access": "write", "justification": 1}]})
def test_a_fault_is_what_hides_a_permission(data: Any) -> None:
    document = read(Text(yaml.safe_dump(data, sort_keys=False)))
    refused = Draft202012Validator(schema.load("manifest")).iter_errors(document.data)
    fault = lenient(document.data).fault
    assert (fault is not None) is any(map(hides_a_permission, refused))
    if fault is not None and fault.route:
        document.entry(fault.route)


TEXT = """\
agent_name: triage
environment: staging
owner: support
resources:
  - resource: slack
    access: write
    justification: alerts
x-own: {a: 1, b: 2}
"""


@pytest.mark.parametrize(
    ("line", "place"),
    [
        pytest.param("    access: admin\n", "7:5", id="of a resource"),
        pytest.param("    justification: more\n", "8:5", id="below resources, whatever it is"),
        pytest.param("environment: production\n", "3:1", id="at the top"),
        pytest.param("owner: kim\n", None, id="what nobody signs"),
    ],
)
def test_a_key_that_stands_twice_where_a_review_signs(line: str, place: str | None) -> None:
    key = line.partition(":")[0] + ":"
    before, found, after = TEXT.partition(key)
    rest, end, tail = after.partition("\n")
    document = read(Text(before + found + rest + end + line + tail))
    duplicate = twice(document)
    assert len(document.duplicates) == 1
    shown = None if duplicate is None else "{}:{}".format(*document.text.position(duplicate.second[0]))
    assert shown == place


@given(faulty() | WRONG)
def test_both_leave_out_the_same(data: Any) -> None:
    document = read(Text(yaml.safe_dump(data, sort_keys=False)))
    subject = Subject(
        "x.yaml", document, Surroundings(load(None, str(Path(__file__).parent)), date(2026, 1, 1), by_name=False)
    )
    assert lenient(document.data).manifest == subject.manifest


@given(st.lists(st.tuples(faulty(), st.lists(st.integers(0, 40), max_size=4)), min_size=1, max_size=6))
def test_versions_that_share_entries_are_read_as_each_alone(drawn: list[tuple[Any, list[int]]]) -> None:
    """The same objects in several versions, accepted or refused before, beside others and in another place."""
    lists = [data.get("resources") for data, _ in drawn if isinstance(data, dict)]
    pool = [one for entries in lists if isinstance(entries, list) for one in entries]
    built = Built()
    for data, places in drawn:
        if not isinstance(data, dict) or not pool:
            continue
        shared = [pool[place % len(pool)] for place in places]
        version = {**data, "resources": shared}
        assert lenient_version(version, built) == lenient(copy.deepcopy(version))
