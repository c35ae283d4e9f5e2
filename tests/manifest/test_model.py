"""The model: names split into segments, entries built from valid data, refused values pruned."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.boxes import Names
from linter.manifest.model import Manifest, build, prune, split_name
from linter.permissions import Leaf


def model(*resources: dict[str, Any], **top: Any) -> Manifest:
    data = {"agent_name": "a", "environment": "staging", "resources": list(resources), **top}
    return build(data, data)


@pytest.mark.parametrize(
    ("name", "system", "path"),
    [
        ("helpdesk_api", "helpdesk_api", ()),
        ("postgres.tickets", "postgres", ("tickets",)),
        ("postgres.app.tickets", "postgres", ("app", "tickets")),
        ("postgres.app.*", "postgres", ("app", "*")),
        ("postgres.*", "postgres", ("*",)),
        ('postgres."my.table"', "postgres", ('"my.table"',)),
        ('postgres.app."a ""b"".c"', "postgres", ("app", '"a ""b"".c"')),
        ("postgres.app.close(integer, numeric(4.2))", "postgres", ("app", "close(integer, numeric(4.2))")),
        ("slack.#ops-alerts", "slack", ("#ops-alerts",)),
        ("github.owner/repo", "github", ("owner/repo",)),
        ('postgres."open', "postgres", ('"open',)),
        ("postgres.f(open", "postgres", ("f(open",)),
    ],
)
def test_names(name: str, system: str, path: tuple[str, ...]) -> None:
    assert split_name(name) == (system, path)


@given(
    st.lists(
        st.from_regex(r'([a-z*#/]{1,4}|"([a-z.(]|""){0,5}"|[a-z]{1,3}\([a-z.,]{0,4}\))', fullmatch=True), min_size=1
    )
)
def test_segments_are_found_again(segments: list[str]) -> None:
    assert split_name("s." + ".".join(segments)) == ("s", tuple(segments))


@pytest.mark.parametrize("unit", ['"', "(", ")", '"(', 'a"', "a.", ".", '""', "()", '".', "(."])
def test_hostile_names_are_split_in_linear_time(unit: str) -> None:
    start = time.process_time()
    split_name("s.x" + unit * (200_000 // len(unit)))
    assert time.process_time() - start < 1


def test_an_entry() -> None:
    [resource] = model(
        {
            "resource": "postgres.tickets",
            "access": "read-write",
            "scope": "status, assigned_to columns only",
            "blast_radius": "medium (row-level (most))",
        }
    ).resources
    box = (("columns", Names(frozenset(["status", "assigned_to"]))),)
    assert resource.leaves == (
        Leaf("postgres", ("tickets",), "read", box),
        Leaf("postgres", ("tickets",), "update", box),
    )
    assert (resource.blast_radius, resource.blast_note) == ("medium", "row-level (most)")
    assert (resource.writes, resource.known) == (True, True)
    assert resource.environments == ("staging",)


@pytest.mark.parametrize(
    ("entry", "writes"),
    [
        ({"access": "none"}, False),
        ({"access": "read-only"}, False),
        ({"actions": ["SELECT", "s3:ListBucket"]}, False),
        ({"actions": ["chat:write"]}, True),
        ({"access": "execute"}, True),
        ({"access": "read-only", "actions": ["truncate"]}, True),
        ({"access": "write", "scope": {"columns": {"except": ["*"]}}}, False),
    ],
)
def test_writing(entry: dict[str, Any], writes: bool) -> None:
    assert model({"resource": "s", **entry}).resources[0].writes is writes


@pytest.mark.parametrize("refused", ["access", "actions", "scope"])
def test_an_entry_with_a_refused_value_is_not_known(refused: str) -> None:
    original = {
        "agent_name": "a",
        "environment": "e",
        "resources": [{"resource": "s", "access": "read-only", "actions": ["read"], "scope": "x"}],
    }
    manifest = build(prune(original, [("resources", 0, refused)]), original)
    [resource] = manifest.resources
    assert not resource.known
    assert bool(resource.leaves) is (refused == "scope")
    assert refused in resource.written


def test_a_refused_entry_leaves_the_others_in_their_places() -> None:
    original = {"agent_name": "a", "environment": "e", "resources": ["x", {"resource": "s", "access": "admin"}]}
    manifest = build(prune(original, [("resources", 0)]), original)
    assert [(one.position, one.name) for one in manifest.resources] == [(1, "s")]


def test_notes_among_the_identities_are_no_identities() -> None:
    manifest = model(identities={"postgres": "triage", "x-why": ["anything"]})
    assert manifest.identities == {"postgres": "triage"}
