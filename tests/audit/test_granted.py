"""How much is granted within an entry, what a finding's right is called, and which rights may be the same."""

from __future__ import annotations

from typing import Any

import pytest

from linter.audit.granted import Plane, granted_level, overlap, rows, what
from linter.audit.identity import level_of_fact, powers_granted
from linter.audit.live import Fact, Verdict
from linter.audit.model import Note, Permission


def fact(rule: str, resource: str = "postgres.t", system: str = "postgres", **details: Any) -> Fact:
    """A finding of drift."""
    note = Note(f"drift/{rule}", "warning", "m", "a.yaml:1:1", "a", "staging", resource, "", "sha256:0", "open")
    return Fact(note, system, "agent", details, "")


def verdict(kind: str, *also: str) -> Verdict:
    """A verdict."""
    return Verdict(kind, also, "", "agent")


READ_WRITE = {1, 2, 3}


@pytest.mark.parametrize(
    ("declared", "said", "facts", "level"),
    [
        (READ_WRITE, verdict("ok"), [], 3),
        (READ_WRITE, verdict("unverified"), [], None),
        (READ_WRITE, verdict("missing", "unverified"), [fact("missing-privilege", privilege="UPDATE")], None),
        (READ_WRITE, verdict("missing"), [fact("missing-privilege", privilege="UPDATE")], 2),
        (READ_WRITE, verdict("missing"), [fact("missing-privilege", privilege="SELECT")], 3),
        (READ_WRITE, verdict("missing"), [fact("unknown-object", object="t")], 0),
        (READ_WRITE, verdict("missing"), [fact("missing-privilege", level="write", scopes=[])], None),
        ({1, 2}, verdict("missing"), [fact("missing-privilege", level="write", scopes=[])], 1),
        ({1}, verdict("excess"), [fact("undeclared-privilege", privilege="DELETE", bound="sure")], 4),
        (
            {1},
            verdict("excess", "missing"),
            [fact("undeclared-privilege", privilege="INSERT"), fact("missing-privilege", privilege="SELECT")],
            2,
        ),
        ({1}, verdict("excess"), [fact("undeclared-privilege", privilege="DELETE", bound="possible")], None),
        ({1}, verdict("excess"), [], None),  # the rule is off: nobody says how much
        ({1}, verdict("excess"), [fact("superuser", resource="", privilege="SUPERUSER")], 5),
        ({1}, verdict("excess"), [fact("undeclared-privilege", resource="", system="slack", level="admin")], None),
        ({1}, verdict("excess", "unverified"), [fact("undeclared-privilege", privilege="UPDATE")], 3),
        ({1}, verdict("conditional"), [fact("conditional-privilege", privilege="DELETE", bound="possible")], 1),
        (set(), verdict("ok"), [], 0),
    ],
)
def test_how_much_is_granted(declared: set[int], said: Verdict, facts: list[Fact], level: int | None) -> None:
    lacking = tuple(one for one in facts if "missing" in one.note.rule or "unknown" in one.note.rule)
    plane = Plane(tuple(one for one in facts if one not in lacking), lacking)
    assert granted_level(declared, said, "postgres.t", "postgres", plane) == level


@pytest.mark.parametrize(
    ("rule", "details", "words", "level", "powers"),
    [
        (
            "undeclared-privilege",
            {"privilege": "DELETE", "schema": "app", "object": "t", "object_type": "table"},
            "DELETE on app.t",
            4,
            (),
        ),
        (
            "undeclared-privilege",
            {
                "privilege": "UPDATE",
                "schema": "app",
                "object": "t",
                "object_type": "table",
                "columns": ["a", "b"],
                "grantable": True,
            },
            "UPDATE on app.t (columns a, b; with the right to grant it)",
            3,
            ("grant option",),
        ),
        (
            "undeclared-privilege",
            {"privilege": "CREATE", "schema": "", "object": "app", "object_type": "schema"},
            "CREATE on app (schema)",
            5,
            ("DDL",),
        ),
        (
            "undeclared-privilege",
            {"privilege": "REFERENCES", "schema": "app", "object": "t"},
            "REFERENCES on app.t",
            3,
            (),
        ),
        (
            "undeclared-privilege",
            {"privilege": "EXECUTE", "schema": "app", "object": "f(int)", "object_type": "function"},
            "EXECUTE on app.f(int) (function)",
            2,
            (),
        ),
        (
            "ownership",
            {"privilege": "OWNERSHIP", "schema": "app", "object": "t", "object_type": "table"},
            "OWNERSHIP on app.t",
            5,
            ("ownership",),
        ),
        (
            "superuser",
            {"privilege": "SUPERUSER", "object": "a", "object_type": "role"},
            "SUPERUSER on a (an attribute or a membership)",
            5,
            ("superuser",),
        ),
        (
            "reachable-role",
            {
                "privilege": "SET ROLE",
                "object": "boss",
                "object_type": "role",
                "gains": ["DELETE on app.t", "SELECT on app.u"],
            },
            "SET ROLE on boss (gaining DELETE on app.t; SELECT on app.u)",
            4,
            ("role that it can become",),
        ),
        (
            "undeclared-privilege",
            {"scopes": ["a:b"], "provider": "slack", "level": "write"},
            "a:b on slack (write)",
            3,
            (),
        ),
        (
            "undeclared-privilege",
            {"scopes": ["odd"], "provider": "slack", "level": "unknown"},
            "odd on slack (unknown)",
            3,
            (),
        ),
        (
            "undeclared-privilege",
            {"actions": ["s3:PutObject"], "resources": ["arn:aws:s3:::b/*"], "level": "write"},
            "s3:PutObject on arn:aws:s3:::b/*",
            3,
            (),
        ),
        (
            "undeclared-privilege",
            {"actions": ["*"], "resources": ["*"], "level": "admin"},
            "* on *",
            5,
            ("administration",),
        ),
        (
            "undeclared-privilege",
            {"actions": list("abcdefgh"), "resources": ["r"], "level": "read"},
            "a, b, c, d, e, f, and 2 more on r",
            1,
            (),
        ),
        (
            "unscoped-credential",
            {"provider": "gitlab", "scopes": [], "level": "admin"},
            "",
            5,
            ("every right of its owner", "administration"),
        ),
        (
            "security-definer-path",
            {"privilege": "DELETE", "schema": "app", "object": "tickets", "runs_as": "boss"},
            "DELETE on app.tickets (by code that runs as boss)",
            4,
            ("code that runs as another role",),
        ),
    ],
)
def test_what_a_finding_says(
    rule: str, details: dict[str, Any], words: str, level: int, powers: tuple[str, ...]
) -> None:
    assert what(f"drift/{rule}", details) == words
    assert level_of_fact(f"drift/{rule}", details) == level
    assert powers_granted(f"drift/{rule}", details) == powers


def row(rule: str, **details: Any) -> Permission:
    """A row of what is granted."""
    (found,) = rows(Plane((fact(rule, **details),), ()), "a")
    return found


DELETE = row("undeclared-privilege", privilege="DELETE", schema="app", object="t")
UPDATE = row("undeclared-privilege", privilege="UPDATE", schema="app", object="t", columns=["a", "b"])
FEWER = row("undeclared-privilege", privilege="UPDATE", schema="app", object="t", columns=["a"])
OWNED = row("ownership", privilege="OWNERSHIP", schema="app", object="t")
OTHER = row("undeclared-privilege", privilege="DELETE", schema="app", object="u")
SUPER = row("superuser", privilege="SUPERUSER", object="a", object_type="role")
TWO = row("undeclared-privilege", actions=["s3:GetObject", "s3:PutObject"], resources=["arn:aws:s3:::b"], level="write")
ONE = row("undeclared-privilege", actions=["s3:PutObject"], resources=["arn:aws:s3:::b"], level="write")
READ = row("undeclared-privilege", actions=["s3:GetObject"], resources=["arn:aws:s3:::c"], level="read")
STAR = row("undeclared-privilege", actions=["s3:*"], resources=["*"], level="write")
SELECT = row("undeclared-privilege", privilege="SELECT", schema="app", object="t")
SCHEMA = row("undeclared-privilege", privilege="USAGE", schema="", object="app", object_type="schema")


def becoming(*gains: str) -> Permission:
    """A role that the agent can become."""
    return row("reachable-role", privilege="SET ROLE", object="staff", object_type="role", gains=list(gains))


def predefined(name: str) -> Permission:
    """A place in a predefined role."""
    return row("server-power", privilege="PREDEFINED", object=name, object_type="role")


REPLICATION = row("server-power", privilege="REPLICATION", object="a", object_type="role")
BYPASS = row("bypass-rls", privilege="BYPASS RLS", object="a", object_type="role")
ROWS = row("undeclared-privilege", privilege="UPDATE", schema="app", object="t", rows="all")
OLD_CREATEROLE = row(
    "role-administration",
    privilege="CREATE ROLE",
    object="a",
    object_type="role",
    gains=["the membership of every role"],
)
CREATEROLE = row("role-administration", privilege="CREATE ROLE", object="a", object_type="role")
ASSUMING = row(
    "undeclared-privilege", actions=["sts:AssumeRole"], resources=["arn:aws:iam::1:role/x"], level="write",
    assumes=["s3:Put*", "sqs:SendMessage"],
)  # fmt: skip
EVERYTHING = "pg_read_all_data (reads every table, view and sequence, password hashes included)"
PROGRAMS = "pg_execute_server_program (runs programs on the server, and so is a superuser in effect)"


@pytest.mark.parametrize(
    ("gone", "there", "same"),
    [
        (DELETE, becoming("SELECT on app.t", "DELETE on app.t"), True),
        (DELETE, becoming("SELECT on app.t", "DELETE on app.u"), False),
        (DELETE, becoming("DELETE on app.tt", "DELETE on other_app.t"), False),
        (UPDATE, becoming("UPDATE on app.t"), True),
        (SCHEMA, becoming("USAGE on schema app"), True),
        (DELETE, becoming("superuser"), True),
        (DELETE, becoming(PROGRAMS), True),
        (DELETE, becoming(EVERYTHING), False),
        (SELECT, becoming(EVERYTHING), True),
        (DELETE, becoming(*(f"SELECT on app.t{number}" for number in range(9))), True),  # three are only counted
        (SELECT, predefined("pg_read_all_data"), True),
        (SCHEMA, predefined("pg_read_all_data"), True),
        (DELETE, predefined("pg_read_all_data"), False),
        (DELETE, predefined("pg_write_all_data"), True),
        (SELECT, predefined("pg_monitor"), False),
        (becoming("SELECT on app.t"), becoming("SELECT on app.t", "DELETE on app.t"), True),
        (DELETE, UPDATE, False),
        (DELETE, OTHER, False),
        (UPDATE, FEWER, True),
        (DELETE, OWNED, True),
        (OWNED, DELETE, False),
        (DELETE, SUPER, True),
        (SUPER, DELETE, False),
        (TWO, ONE, True),
        (ONE, READ, False),
        (READ, STAR, True),
        (STAR, READ, True),
        (DELETE, DELETE._replace(principal="another"), False),
        (SELECT, REPLICATION, True),
        (DELETE, REPLICATION, False),
        (REPLICATION, SELECT, False),
        (ROWS, BYPASS, True),
        (UPDATE, BYPASS, False),
        (DELETE, OLD_CREATEROLE, True),
        (DELETE, CREATEROLE, False),
        (ONE, ASSUMING, True),
        (READ, ASSUMING, False),
        (STAR, ASSUMING, True),
        (READ, ASSUMING._replace(what="sts:AssumeRole on arn:aws:iam::1:role/x (gaining *)"), True),
    ],
)
def test_what_may_be_the_same_right(gone: Permission, there: Permission, same: bool) -> None:
    assert overlap(gone, there) is same


def test_the_path_by_which_a_right_is_held_is_not_the_right() -> None:
    one = row("undeclared-privilege", privilege="DELETE", schema="app", object="t", via=["a", "GRANT by x"])
    other = row("undeclared-privilege", privilege="DELETE", schema="app", object="t", via=["a", "b", "GRANT by y"])
    assert one.id == other.id
    assert len({one.id, UPDATE.id, FEWER.id, OTHER.id, OWNED.id}) == 5
