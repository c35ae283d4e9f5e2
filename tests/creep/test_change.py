"""What counts as a change between two versions, and that it is counted by meaning."""

from __future__ import annotations

import pytest

from linter.creep.change import compare
from linter.creep.words import in_words
from linter.permissions import Leaf
from tests.creep.changes import COLUMNS, STRATEGY, assert_told, entry, manifest, told

SAME = [
    pytest.param(
        entry("access: read-write", COLUMNS), "# Why\n" + entry(COLUMNS, 'access: "read-write" # so'), id="text"
    ),
    pytest.param(
        entry("access: read-write", COLUMNS),
        entry("access: read-write", "scope: {columns: [assigned_to, status]}"),
        id="prose to structured",
    ),
    pytest.param(entry("access: read-write"), entry("actions: [update, SELECT, insert]"), id="access to actions"),
    pytest.param(
        entry("access: read-write", COLUMNS), entry("actions: [read, update]", COLUMNS), id="columns drop create"
    ),
    pytest.param(entry("access: read-only", "scope: all rows"), entry("access: read-only"), id="all is no scope"),
    pytest.param(
        entry("access: read-write", "scope: status columns only"),
        entry("access: read-write", "scope: {columns: [status]}"),
        id="prose that the structure explains",
    ),
    pytest.param(
        entry("access: read-only", "scope: status columns only"),
        entry("access: read-only", "scope: only the status column"),
        id="prose that other prose explains",
    ),
    pytest.param(
        entry("access: read-only", "scope: no restrictions"), entry("access: read-only"), id="no restrictions are none"
    ),
    pytest.param(
        entry("access: read-only", 'scope: {rows: "1 = 1"}'),
        entry("access: read-only"),
        id="a predicate that is no limit",
    ),
    pytest.param(entry("access: read-only", "scope: n/a"), entry("access: read-only"), id="a scope that says nothing"),
    pytest.param(
        entry("access: read-only", 'scope: "open   tickets"'),
        entry("access: read-only", "scope: open tickets"),
        id="space",
    ),
    pytest.param(
        entry("access: read-only", environment="[staging, qa]"),
        entry("access: read-only", "environments: [qa, staging]", environment="[qa, staging]"),
        id="order of environments",
    ),
    pytest.param(
        entry("access: write", tail=STRATEGY),
        entry(
            "access: write",
            tail="rollback_strategy:\n  dry_run: true\n  audit_log: audit_log.runs\n  command: scripts/undo.sh --run-id <id>\n",
        ),
        id="strategy to structured",
    ),
]


@pytest.mark.parametrize(("before", "after"), SAME)
def test_no_change(before: str, after: str) -> None:
    assert told(before, after) == []
    assert told(after, before) == []


CHANGES = [
    pytest.param(
        entry("access: read-write", COLUMNS),
        entry("access: read-write", 'scope: "*"'),
        ["+ postgres.tickets: create", "+ postgres.tickets: read, update on all columns but assigned_to, status"],
        id="columns to all",
    ),
    pytest.param(
        entry("access: write", COLUMNS),
        entry("access: write", "scope: status, assigned_to, priority columns only"),
        ["+ postgres.tickets: update on columns priority"],
        id="a column more",
    ),
    pytest.param(
        entry("access: read-only", "scope: {rows: tenant_id = 42}"),
        entry("access: read-only"),
        ["+ postgres.tickets: read"],
        id="row predicate dropped",
    ),
    pytest.param(
        entry("access: read-only"),
        entry("access: read-only", "scope: {rows: tenant_id = 42}"),
        ["- postgres.tickets: read"],
        id="row predicate given",
    ),
    pytest.param(
        entry("access: read-only", "scope: open tickets"),
        entry("access: read-only", "scope: all open tickets"),
        ['~ postgres.tickets: read on "all open tickets": reworded, cannot be compared'],
        id="reworded",
    ),
    pytest.param(
        entry("actions: [read]"),
        entry("actions: [read, purge]"),
        ["+ postgres.tickets: purge"],
        id="a native word beside the class",
    ),
    pytest.param(
        entry("actions: [read]"), entry('actions: [read, "del*"]'), ["+ postgres.tickets: del*"], id="a pattern"
    ),
    pytest.param(
        entry("actions: [read]"),
        entry('actions: [read, "s3:PutBucketAcl"]'),
        ["+ postgres.tickets: s3:putbucketacl"],
        id="a native word that no table knows",
    ),
    pytest.param(
        entry("actions: [read, purge]"),
        entry("actions: [read, purge, delete]"),
        ["+ postgres.tickets: delete"],
        id="a class beside a native word",
    ),
    pytest.param(
        entry("actions: [read]"),
        entry("actions: [purge]"),
        ["+ postgres.tickets: purge", "- postgres.tickets: read"],
        id="a native word for a class that it need not be in",
    ),
    pytest.param(
        entry("actions: [read]", "scope: open tickets"),
        entry("actions: [read, purge]", "scope: tickets that are open"),
        [
            '+ postgres.tickets: purge on "tickets that are open"',
            '~ postgres.tickets: read on "tickets that are open": reworded, cannot be compared',
        ],
        id="a native word while the scope is reworded",
    ),
    pytest.param(
        entry("actions: [read, update]"),
        entry('actions: ["s3:GetObject", "s3:PutObject"]'),
        ["- postgres.tickets: read, update"],
        id="a class replaced by natives of it",
    ),
    pytest.param(
        entry('actions: ["s3:*"]'),
        entry('actions: ["s3:PutBucketAcl", "s3:ListBucket"]'),
        ["- postgres.tickets: s3:*"],
        id="a pattern replaced by natives of it",
    ),
    pytest.param(
        entry("access: write", 'scope: "#ops channel only"', name="slack"),
        entry("access: write", "scope: {channels: ['#ops', '#all']}", name="slack"),
        ["+ slack: create on channels #all"],
        id="channel added",
    ),
    pytest.param(
        entry("access: read-write"),
        entry("access: read-write", "actions: [select, delete]"),
        ["+ postgres.tickets: delete", "- postgres.tickets: create, update"],
        id="both ways",
    ),
    pytest.param(
        entry("access: read-only"),
        entry("access: read-only", environment="production"),
        ["+ runs in production", "- no longer runs in staging"],
        id="promoted",
    ),
    pytest.param(
        entry("access: read-only", environment="[staging, production]"),
        entry("access: read-write", "environments: [staging]", environment="[staging, production]"),
        ["+ postgres.tickets: create, update [staging]", "- postgres.tickets: read [production]"],
        id="one environment each way",
    ),
    pytest.param(
        entry("access: read-only", tail="expires: 2026-12-01\n"),
        entry("access: read-only", tail="expires: 2027-12-01\n"),
        ["+ expires 2027-12-01 instead of 2026-12-01"],
        id="expiry extended",
    ),
    pytest.param(
        entry("access: read-only", tail="expires: 2026-12-01\n"),
        entry("access: read-only"),
        ["+ expires never instead of 2026-12-01"],
        id="expiry removed",
    ),
    pytest.param(
        entry("access: read-only"),
        entry("access: read-only", tail="expires: 2026-12-01\n"),
        ["- expires 2026-12-01 instead of never"],
        id="expiry set",
    ),
    pytest.param(
        entry("access: read-only", tail="identities: {postgres: a}\n"),
        entry("access: read-only", tail="identities: {postgres: b}\n"),
        ["~ another principal in postgres"],
        id="another principal",
    ),
]


@pytest.mark.parametrize(("before", "after", "expected"), CHANGES)
def test_change(before: str, after: str, expected: list[str]) -> None:
    assert_told(before, after, expected)


def test_a_merge_brought_only_what_no_parent_had() -> None:
    one, other = entry("actions: [select, update]"), entry("actions: [select, delete]")
    merged = manifest(entry("actions: [select, update, delete, insert]"))
    change = compare([manifest(one), manifest(other)], merged, {})
    assert in_words(change.added) == ["postgres.tickets: create"]
    assert change.growths[0].removed == ()


def test_a_merge_took_away_only_what_every_parent_had() -> None:
    one, other = entry("actions: [select, update]"), entry("actions: [select, update, delete]")
    change = compare([manifest(one), manifest(other)], manifest(entry("actions: [delete]")), {})
    assert in_words(change.growths[0].removed) == ["postgres.tickets: read, update"]


def test_what_another_manifest_of_the_agent_granted_is_not_added() -> None:
    others = {"staging": (Leaf("postgres", ("tickets",), "delete"),)}
    change = compare([manifest(entry("access: read-only"))], manifest(entry("actions: [select, delete]")), others)
    assert not change.widened
