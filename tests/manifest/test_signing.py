"""The digest: what changes it, what does not, and golden values. A digest that changes here unsigns every review there is."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from linter.manifest.model import build
from linter.manifest.signing import digest_of

TUTORIAL = """
agent_name: ticket-triage-v1
environment: staging
resources:
  - {resource: helpdesk_api, access: read-only, scope: "tickets created_after:2025-01-01"}
  - {resource: postgres.tickets, access: read-write, scope: "status, assigned_to columns only"}
  - {resource: slack_webhook, access: write, scope: "#ops-alerts channel only"}
"""
FULL = """
agent_name: loader
environment: [staging, production]
expires: "2027-01-31"
identities: {postgres: {staging: loader_stg, production: loader}, s3: "arn:aws:iam::111122223333:role/loader"}
resources:
  - {resource: postgres.app.*, actions: [select, TRUNCATE], environments: [staging]}
  - {resource: postgres.app.runs, access: write, scope: {columns: {except: [id]}, rows: "tenant = 42"}}
  - {resource: s3.invoices, actions: ["s3:GetObject"], scope: {paths: ["2026/*"]}}
"""


def digest(text: str, **changes: Any) -> str:
    data = {**yaml.load(text, yaml.CSafeLoader), **changes}
    return digest_of(build(data, data))


def of(*entries: dict[str, Any], **top: Any) -> str:
    return digest(TUTORIAL, resources=list(entries), **top)


def signed(text: str) -> str:
    """The digest of this canonical text, worked out with nothing of ours."""
    return "p1:" + hashlib.sha256(text.encode("ascii")).hexdigest()


@pytest.mark.parametrize(
    ("text", "canonical", "golden"),
    [
        (
            "{agent_name: a, environment: dev, resources: []}",
            '{"agent":"a","environments":{"dev":[]},"expires":null,"identities":{"dev":{}}}',
            "p1:2bd700fb767f3aa1687d6ae63a55e3922633aba48eee0e89604eb4e3fc79ddda",
        ),
        (
            TUTORIAL,
            (
                '{"agent":"ticket-triage-v1","environments":{"staging":['
                '["helpdesk_api",[],"read",{"prose":"tickets created_after:2025-01-01"}],'
                '["postgres",["tickets"],"read",{"columns":{"only":["assigned_to","status"]}}],'
                '["postgres",["tickets"],"update",{"columns":{"only":["assigned_to","status"]}}],'
                '["slack_webhook",[],"create",{"channels":{"only":["#ops-alerts"]}}]'
                ']},"expires":null,"identities":{"staging":{}}}'
            ),
            "p1:68e75938fd6c66892f75e697cdcd9430506300b8544b2927de0aab6037c6cc20",
        ),
        (
            FULL,
            (
                '{"agent":"loader","environments":{"production":['
                '["postgres",["app","runs"],"update",{"columns":{"except":["id"]},"rows":"tenant = 42"}],'
                '["s3",["invoices"],"s3:getobject",{"paths":{"only":["2026/*"]}}]'
                '],"staging":['
                '["postgres",["app","*"],"read",{}],'
                '["postgres",["app","*"],"truncate",{}],'
                '["postgres",["app","runs"],"update",{"columns":{"except":["id"]},"rows":"tenant = 42"}],'
                '["s3",["invoices"],"s3:getobject",{"paths":{"only":["2026/*"]}}]'
                ']},"expires":"2027-01-31","identities":{'
                '"production":{"postgres":"loader","s3":"arn:aws:iam::111122223333:role/loader"},'
                '"staging":{"postgres":"loader_stg","s3":"arn:aws:iam::111122223333:role/loader"}}}'
            ),
            "p1:b2494bde4f49183ec27f706fb7c613725ce6241e15041ce395b4a9714c872c3c",
        ),
        (
            '{agent_name: "caf\u00e9", environment: "pr\u00f6d", resources: [{resource: s, access: admin}]}',
            '{"agent":"caf\\u00e9","environments":{"pr\\u00f6d":[["s",[],"admin",{}]]},"expires":null,"identities":{"pr\\u00f6d":{}}}',
            "p1:3da6bcb72b6bedad2b525013bdc024965ba2d3db4f699400c98f6eeddcee8a45",
        ),
    ],
)
def test_golden_values(text: str, canonical: str, golden: str) -> None:
    assert signed(canonical) == golden
    assert digest(text) == golden


T = {"resource": "postgres.tickets"}
SAME = [
    ([{**T, "access": "read-write"}], [{**T, "actions": ["update", "INSERT", "select"]}]),
    ([{**T, "access": "read-write"}], [{**T, "access": "write"}, {**T, "access": "read-only"}]),
    ([{**T, "access": "read-write"}], [{**T, "access": "read-write"}] * 2),
    (
        [{**T, "access": "write", "scope": "b, a columns only"}],
        [{**T, "access": "write", "scope": {"columns": ["a", "b"]}}],
    ),
    (
        [{**T, "access": "write", "scope": "only the columns a and b"}],
        [{**T, "access": "write", "scope": {"columns": "a"}}, {**T, "access": "write", "scope": {"columns": "b"}}],
    ),
    (
        [{**T, "access": "read-write", "scope": {"read_columns": ["a"], "write_columns": ["a"]}}],
        [{**T, "access": "read-write", "scope": "a column only"}],
    ),
    (
        [{**T, "access": "read-only", "scope": "all columns except ssn"}],
        [{**T, "access": "read-only", "scope": {"columns": {"except": ["ssn"]}}}],
    ),
    ([{**T, "access": "read-only", "scope": "all rows"}], [{**T, "access": "read-only"}]),
    ([{**T, "access": "read-only", "scope": {"note": "why"}}], [{**T, "access": "read-only"}]),
    (
        [{**T, "access": "read-only", "scope": "open\n  tickets"}],
        [{**T, "access": "read-only", "scope": "open tickets"}],
    ),
    ([{**T, "access": "none"}], []),
    ([{**T, "access": "admin"}, {**T, "access": "read-only"}], [{**T, "access": "admin"}]),
    ([{**T, "actions": ["*"]}], [{**T, "access": "admin"}]),
    ([{**T, "actions": ["truncate", "delete"]}], [{**T, "actions": ["delete"]}]),
    (
        [{"resource": "postgres.*", "access": "write"}, {**T, "access": "write"}],
        [{"resource": "postgres.*", "access": "write"}],
    ),
    ([{**T, "access": "write", "environments": ["staging"]}], [{**T, "access": "write"}]),
    ([{**T, "access": "write", "environments": ["elsewhere"]}], []),
    (
        [{**T, "access": "write", "blast_radius": "low", "justification": "x", "reversibility": "reversible"}],
        [{**T, "access": "write"}],
    ),
    (
        [{**T, "access": "read-only", "scope": {"columns": [f"c{n}"]}} for n in range(300)],
        [{**T, "access": "read-only", "scope": {"columns": [f"c{n}" for n in reversed(range(300))]}}],
    ),
]
DIFFERENT = [
    ([{**T, "access": "read-only"}], [{**T, "access": "write"}]),
    ([{**T, "access": "read-only"}], [{"resource": "mysql.tickets", "access": "read-only"}]),
    ([{**T, "access": "read-only"}], [{"resource": "postgres", "access": "read-only"}]),
    ([{"resource": "s.a.b", "access": "read-only"}], [{"resource": "s.ab", "access": "read-only"}]),
    ([{**T, "access": "read-only", "scope": "open"}], [{**T, "access": "read-only", "scope": "closed"}]),
    ([{**T, "access": "read-only", "scope": "open"}], [{**T, "access": "read-only", "scope": {"rows": "open"}}]),
    (
        [{**T, "access": "read-only", "scope": {"columns": ["a"]}}],
        [{**T, "access": "read-only", "scope": {"columns": {"except": ["a"]}}}],
    ),
    (
        [{**T, "access": "read-only", "scope": {"columns": ["a"]}}],
        [{**T, "access": "read-only", "scope": {"labels": ["a"]}}],
    ),
    ([{**T, "actions": ["truncate"]}], [{**T, "actions": ["delete"]}]),
    (
        [{**T, "access": "write", "scope": "a, b columns only"}],
        [{**T, "actions": ["create", "update"], "scope": "a, b columns only"}],
    ),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_equal_sets_have_equal_digests(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> None:
    assert of(*one) == of(*other)
    assert of(*reversed(one)) == of(*one)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_sets_have_different_digests(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> None:
    assert of(*one) != of(*other)


@pytest.mark.parametrize(
    "change",
    [
        {"agent_name": "ticket-triage-v2"},
        {"environment": "production"},
        {"environment": ["staging", "production"]},
        {"expires": "2027-01-01"},
        {"identities": {"postgres": "triage"}},
        {"resources": []},
    ],
)
def test_what_is_signed(change: dict[str, Any]) -> None:
    assert digest(TUTORIAL, **change) != digest(TUTORIAL)


@pytest.mark.parametrize(
    "change",
    [
        {"owner": "support"},
        {"purpose": "triage"},
        {"reviewed": {"date": "2026-11-24", "by": "kim"}},
        {"review_every": "90d"},
        {"rollback_strategy": "scripts/x.py --run-id <id>"},
        {"audit_log": "postgres.audit"},
        {"x-team": [1]},
        {"identities": {"x-note": ["why"]}},
        {"identities": {"postgres": {"production": "triage"}}},  # not an environment of this manifest
        {"environment": ["staging"]},
    ],
)
def test_what_is_not_signed(change: dict[str, Any]) -> None:
    assert digest(TUTORIAL, **change) == digest(TUTORIAL)


def test_order_of_environments_and_identities() -> None:
    assert digest(FULL, environment=["production", "staging"]) == digest(FULL)
    both = {"staging": "r", "production": "r"}
    assert digest(FULL, identities={"s3": "r", "postgres": both}) == digest(
        FULL, identities={"postgres": "r", "s3": both}
    )


ENTRIES = st.fixed_dictionaries(
    {
        "resource": st.sampled_from(["s", "s.*", "s.t", "u.t"]),
        "access": st.sampled_from(["none", "read-only", "write", "admin"]),
    },
    optional={"scope": st.sampled_from(["a, b columns only", "#x", "all", "what is open", "all columns except a"])},
)


@given(st.lists(ENTRIES, max_size=6).flatmap(lambda entries: st.tuples(st.just(entries), st.permutations(entries))))
def test_order_and_repetition_do_not_matter(entries: tuple[list[dict[str, Any]], list[dict[str, Any]]]) -> None:
    one, other = entries
    assert of(*one) == of(*other) == of(*one, *other)
