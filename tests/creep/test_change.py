"""What counts as a change between two versions, and that it is counted by meaning."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.creep.change import Change, compare
from linter.creep.meet import meet
from linter.creep.timeline import changes
from linter.creep.words import in_words
from linter.manifest.model import Built, Manifest, build
from linter.manifest.reader import read
from linter.manifest.text import Text
from linter.permissions import Leaf, within

STRATEGY = """\
rollback_strategy: |
  First: scripts/triage.py --dry-run
  Writes go to audit_log.runs before.
  Undo: scripts/revert.py --run-id <id>
"""


def manifest(text: str) -> Manifest:
    data = read(Text(text)).data
    return build(data, data)


def entry(*lines: str, environment: str = "staging", tail: str = "", name: str = "postgres.tickets") -> str:
    """A manifest with one resource."""
    keys = "".join(f"    {line}\n" for line in lines)
    return f"agent_name: triage\nenvironment: {environment}\nresources:\n  - resource: {name}\n{keys}{tail}"


def told(before: str, after: str) -> list[str]:
    """What changed, as the timeline says it."""
    return [f"{mark} {text}" for mark, text in changes(difference(before, after), manifest(after))]


def difference(before: str, after: str) -> Change:
    return compare([manifest(before)], manifest(after), {})


COLUMNS = "scope: status, assigned_to columns only"
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
        entry("access: read-only", "scope: open tickets"),
        entry("access: read-only", 'scope: {rows: "state = 1"}'),
        ['~ postgres.tickets: read on rows where "state = 1": reworded, cannot be compared'],
        id="prose to rows",
    ),
    pytest.param(
        entry("access: read-only", "scope: the status of open tickets"),
        entry("access: read-only", "scope: {columns: [status]}"),
        ["~ postgres.tickets: read on columns status: reworded, cannot be compared"],
        id="prose to columns",
    ),
    pytest.param(
        entry("access: read-only", "scope: the status of open tickets"),
        entry("access: read-only", "scope: {columns: {except: [status]}}"),
        [
            "+ postgres.tickets: read on all columns but status",
            '- postgres.tickets: read on columns status; "the status of open tickets"',
        ],
        id="prose to nearly everything",
    ),
    pytest.param(
        entry("access: read-only", "scope: the docs", name="files"),
        entry("access: read-only", "scope: {paths: ['**']}", name="files"),
        ["+ files: read"],
        id="prose to a bare wildcard",
    ),
    pytest.param(
        entry("access: read-only", "scope: the docs", name="files"),
        entry("access: read-only", "scope: {paths: ['docs/**', README.md]}", name="files"),
        ["~ files: read on paths README.md, docs/**: reworded, cannot be compared"],
        id="prose to a pattern",
    ),
    pytest.param(
        entry("access: read-only", "scope: the docs", name="files"),
        entry("access: read-only", "scope: {paths: ['docs/**', '**/**']}", name="files"),
        ["+ files: read on paths **/**, docs/**", '- files: read on all paths but **/**, docs/**; "the docs"'],
        id="prose to another bare wildcard",
    ),
    pytest.param(
        entry("access: read-only", "scope: open tickets"),
        entry("access: read-only", "scope: all rows"),
        ["+ postgres.tickets: read"],
        id="prose to everything",
    ),
    *[
        pytest.param(
            entry("access: read-only", before),
            entry("access: read-only", f"scope: {everything}"),
            [f"+ postgres.tickets: read{rest}", *less],
            id=f"{before} to {everything}",
        )
        for before, rest, less in (  # type: ignore[var-annotated]
            ("scope: open tickets", "", []),
            ("scope: id, status columns only", " on all columns but id, status", []),
        )
        for everything in (
            '"*"',
            "any table",
            "all rows of all tables",
            "no restrictions",
            "full access",
            "as needed",
            "n/a",
        )
    ],
    pytest.param(
        entry("access: read-only", "scope: {columns: [id], rows: state = 1}"),
        entry("access: read-only", "scope: {columns: [id], rows: 1 = 1}"),
        ["+ postgres.tickets: read on columns id"],
        id="a predicate that is none, beside columns",
    ),
    pytest.param(
        entry("access: read-only", "scope: the docs", name="files"),
        entry("access: read-only", "scope: {paths: ['/**'], labels: [a]}", name="files"),
        ["~ files: read on labels a: reworded, cannot be compared"],
        id="a dimension that is no limit beside one that is",
    ),
    pytest.param(
        entry("access: read-only", "scope: status columns only"),
        entry("access: read-only", "scope: {columns: [status, salary]}"),
        ["+ postgres.tickets: read on columns salary"],
        id="prose that the structure explains, and a column more",
    ),
    pytest.param(
        entry("access: read-only", "scope: sensitive columns only"),
        entry("access: read-only", "scope: {columns: [salary]}"),
        ["~ postgres.tickets: read on columns salary: reworded, cannot be compared"],
        id="prose that describes columns",
    ),
    pytest.param(
        entry("access: read-only", "scope: {columns: [id]}"),
        entry("access: read-only", "scope: status columns only"),
        [
            '+ postgres.tickets: read on all columns but id; "status columns only"',
            "- postgres.tickets: read on columns id",
        ],
        id="columns to prose about others",
    ),
    pytest.param(
        entry("access: read-only", "scope: open tickets"),
        entry("access: read-only", "scope: all open tickets of the system tables"),
        [
            '~ postgres.tickets: read on "all open tickets of the system tables": reworded, cannot be compared',
        ],
        id="all of something is not everything",
    ),
    pytest.param(
        entry("access: read-only", 'scope: {rows: "state = 1"}'),
        entry("access: read-only", "scope: open tickets"),
        [
            '+ postgres.tickets: read on "open tickets"',
            '- postgres.tickets: read on rows where "state = 1"',
        ],
        id="rows to prose",
    ),
    pytest.param(
        entry("access: read-only", COLUMNS),
        entry("access: read-only", "scope: the columns that triage needs"),
        [
            '+ postgres.tickets: read on all columns but assigned_to, status; "the columns that triage needs"',
            "- postgres.tickets: read on columns assigned_to, status",
        ],
        id="understood prose to what nobody understands",
    ),
    pytest.param(
        entry("access: read-only", "scope: open tickets"),
        entry("access: read-only", "scope: open tickets") + "  - resource: postgres.tickets\n    access: read-only\n"
        "    scope: {columns: [salary]}\n",
        ["+ postgres.tickets: read on columns salary"],
        id="a structure beside prose that stays",
    ),
    pytest.param(
        entry("access: read-only", "scope: open tickets"),
        entry("access: read-only", "scope: open tickets") + "  - resource: postgres.tickets\n    access: read-only\n"
        "    scope: closed tickets\n",
        ['+ postgres.tickets: read on "closed tickets"'],
        id="prose beside prose that stays",
    ),
    pytest.param(
        entry("access: read-only", "scope: open tickets"),
        entry("actions: [read, delete]", 'scope: {rows: "state = 1"}'),
        [
            '+ postgres.tickets: delete on rows where "state = 1"',
            '~ postgres.tickets: read on rows where "state = 1": reworded, cannot be compared',
        ],
        id="an action more while prose gets its structure",
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
        entry("access: write", tail=STRATEGY),
        entry("access: write"),
        ["! the rollback strategy is gone (rollback_strategy)"],
        id="strategy removed",
    ),
    pytest.param(
        entry("access: write", tail=STRATEGY),
        entry("access: write", tail=STRATEGY.replace("scripts/revert.py --run-id <id>", "restore the backup")),
        ["! the rollback command is gone (scripts/revert.py --run-id <id>)"],
        id="command removed",
    ),
    *[
        pytest.param(
            entry("access: write", tail="rollback_strategy: {command: scripts/revert.py --run-id <id>}\n"),
            entry("access: write", tail=f"rollback_strategy: {{command: '{idle}'}}\n"),
            ["! the rollback command is gone (scripts/revert.py --run-id <id>)"],
            id=f"command replaced by {idle}",
        )
        for idle in ("true", ":", "exit 0", "echo scripts/revert.py --run-id <id>")
    ],
    pytest.param(
        entry("access: write", "rollback: scripts/undo.sh --run-id <id>"),
        entry("access: write", 'rollback: "true"'),
        ["! postgres.tickets: the rollback is gone (scripts/undo.sh --run-id <id>)"],
        id="a resource's rollback that does nothing",
    ),
    pytest.param(
        entry("access: write", tail="rollback_strategy: Undo with scripts/revert.py <id>\n"),
        entry("access: write", 'rollback: "exit 0"'),
        ["! the rollback strategy is gone (rollback_strategy)"],
        id="moved to a resource, where it does nothing",
    ),
    pytest.param(
        entry("access: write", tail=STRATEGY),
        entry("access: write", tail="rollback_strategy: scripts/revert.py --run-id <id>\n"),
        ["! the audit log is gone (an audit log)", "! the dry run is gone (a dry run)"],
        id="dry run and audit log removed",
    ),
    pytest.param(
        entry("access: write", "rollback: scripts/undo.sh --run-id <id>"),
        entry("access: write"),
        ["! postgres.tickets: the rollback is gone (scripts/undo.sh --run-id <id>)"],
        id="a resource's rollback removed",
    ),
    pytest.param(
        entry("access: write", "blast_radius: high (rows)"),
        entry("access: write", "blast_radius: low"),
        ["! postgres.tickets: blast radius high -> low"],
        id="blast radius lowered",
    ),
    pytest.param(
        entry("access: write", "blast_radius: high"),
        entry("access: admin", "blast_radius: low"),
        ["+ postgres.tickets: admin", "! postgres.tickets: blast radius high -> low"],
        id="lowered while it grew",
    ),
    pytest.param(
        entry("access: write", "reversibility: reversible"),
        entry("access: write", "reversibility: irreversible"),
        ["! postgres.tickets: reversibility reversible -> irreversible"],
        id="no longer reversible",
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
    found = told(before, after)
    assert len(found) == len(expected)
    assert all(one.startswith(wanted) for one, wanted in zip(sorted(found), sorted(expected), strict=True)), found


NO_LOSS = [
    pytest.param(entry("access: write", tail=STRATEGY), entry("access: read-only"), id="nothing left to undo"),
    pytest.param(
        entry("access: write", "blast_radius: high"), entry("access: read-only", "blast_radius: none"), id="narrowed"
    ),
    pytest.param(
        entry("access: write", "blast_radius: low"), entry("access: write", "blast_radius: high"), id="raised"
    ),
    pytest.param(
        entry("access: write", tail=STRATEGY),
        entry("access: write", "rollback: scripts/undo.sh --run-id <id>", tail="audit_log: runs\n"),
        id="moved to the resource",
    ),
    pytest.param(entry("access: read-only", tail=STRATEGY), entry("access: read-only"), id="it never wrote"),
    *[
        pytest.param(
            entry("access: write", tail="rollback_strategy: {command: scripts/revert.py --run-id <id>}\n"),
            entry("access: write", tail=f"rollback_strategy: {{command: '{other}'}}\n"),
            id=f"another command: {other}",
        )
        for other in ("make rollback RUN=<id>", "./true.sh <id>", "true && ./undo <id>", "echo <id> | xargs ./undo")
    ],
    pytest.param(
        entry("access: write", 'rollback: "true"'), entry("access: write"), id="what did nothing is not missed"
    ),
]


@pytest.mark.parametrize(("before", "after"), NO_LOSS)
def test_no_safety_is_lost(before: str, after: str) -> None:
    lost = difference(before, after).losses
    assert [one for one in lost if one.kind != "dry-run"] == []


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


# An oracle of its own: an agreement as a set of (environment, table, action, column) quadruples, by brute force.
TABLES, ACTIONS, NAMES, STAGES = ("t", "u"), ("read", "create", "update", "delete"), ("a", "b", "other"), ("qa", "live")


@st.composite
def agreements(draw: st.DrawFn) -> dict[str, Any]:
    resources = []
    for _ in range(draw(st.integers(0, 3))):
        one: dict[str, Any] = {"resource": f"db.{draw(st.sampled_from(TABLES))}"}
        one["actions"] = draw(st.lists(st.sampled_from(ACTIONS), min_size=1, unique=True))
        columns = draw(st.sets(st.sampled_from(("a", "b")), max_size=2))
        kind = draw(st.sampled_from(("none", "only", "except")))
        if columns and kind == "only":
            one["scope"] = {"columns": sorted(columns)}
        elif columns and kind == "except":
            one["scope"] = {"columns": {"except": sorted(columns)}}
        if draw(st.booleans()):
            one["environments"] = [draw(st.sampled_from(STAGES))]
        resources.append(one)
    return {"agent_name": "x", "environment": list(STAGES), "resources": resources}


def quadruples(agreement: Mapping[str, Any]) -> set[tuple[str, str, str, str]]:
    found = set()
    for one in agreement["resources"]:
        given = one.get("scope", {}).get("columns", {"except": []})
        columns = set(given) if isinstance(given, list) else set(NAMES) - set(given["except"])
        found |= set(product(one.get("environments", STAGES), [one["resource"][3:]], one["actions"], columns))
    return found


@given(agreements(), agreements())
def test_widened_and_narrowed_as_by_brute_force(one: dict[str, Any], other: dict[str, Any]) -> None:
    before, after = quadruples(one), quadruples(other)
    change = compare([build(one, one)], build(other, other), {})
    assert expand(change, "added") == after - before
    assert expand(change, "removed") == before - after
    assert not any(growth.reworded for growth in change.growths)


@given(agreements(), agreements())
def test_versions_that_share_entries_compare_as_ones_that_do_not(one: dict[str, Any], other: dict[str, Any]) -> None:
    built: Built = {}
    mixed = {**other, "resources": [*other["resources"], *one["resources"]]}
    for after in (other, mixed, one):
        shared = compare([build(one, one, built)], build(after, after, built), {})
        assert shared == compare([build(one, one)], build(after, after), {})


def expand(change: Change, which: str) -> set[tuple[str, str, str, str]]:
    """The quadruples in the leaves of a change."""
    found = set()
    for growth in change.growths:
        for leaf in getattr(growth, which):
            value: Any = dict(leaf.box).get("columns")
            names = set(NAMES) if value is None else set(value.names)
            names = set(NAMES) - names if value is not None and value.excluded else names
            found |= set(product([growth.environment], leaf.object, [leaf.action], names))
    return found


@given(agreements(), agreements())
def test_the_meet_is_in_both_and_as_by_brute_force(one: dict[str, Any], other: dict[str, Any]) -> None:
    mine, theirs = ([leaf for each in build(of, of).resources for leaf in each.leaves] for of in (one, other))
    both = meet(mine, theirs)
    assert within(both, mine) is True
    assert within(both, theirs) is True
    flat = [
        {quad[1:] for quad in quadruples({"resources": [{**each, "environments": ["qa"]} for each in of["resources"]]})}
        for of in (one, other)
    ]
    assert {quad[1:] for quad in expand(Change((_growth(both),)), "added")} == flat[0] & flat[1]


def _growth(leaves: tuple[Leaf, ...]) -> Any:
    from linter.creep.change import Growth

    return Growth("qa", False, leaves, (), (), ())
