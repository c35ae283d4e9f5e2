"""Scopes that change their form: prose that gets its structure, structure that becomes prose, and what of it is wider."""

from __future__ import annotations

import pytest

from tests.creep.changes import COLUMNS, assert_told, entry

CHANGES = [
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
]


@pytest.mark.parametrize(("before", "after", "expected"), CHANGES)
def test_change(before: str, after: str, expected: list[str]) -> None:
    assert_told(before, after, expected)
