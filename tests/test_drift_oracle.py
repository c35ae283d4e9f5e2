"""Excess and missing against an oracle of our own: PostgreSQL's has_*_privilege, and sets of (table, privilege, column) by hand.

Random grants to the agent, to roles that it inherits and to PUBLIC; random manifests over the same tables. The oracle knows
neither ACLs nor the algebra: it asks the server what holds, and spells out what an entry means one column at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import servers
from tests.servers import World
from tests.test_drift import BINDING, compared
from tests.world import build

TABLES = {"t": ("id", "a", "b"), "u": ("id", "x"), "Odd one": ("id", "Ä", 'q"q')}
BY_COLUMN = ("SELECT", "INSERT", "UPDATE")
WHOLE = ("DELETE", "TRUNCATE", "TRIGGER", "REFERENCES")
Cell = tuple[str, str, str]
"""Table, privilege, column; the column is empty for a privilege on the whole table."""


@pytest.fixture(scope="module", params=sorted({min(servers.programs()), max(servers.programs())}))
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Three tables and three roles, once; each example grants anew."""
    with servers.running(request.param) as server, servers.world(server) as fresh:
        fresh.run("CREATE SCHEMA app; CREATE ROLE {agent} LOGIN; CREATE ROLE {near}; CREATE ROLE {far}")
        fresh.run("GRANT {near} TO {agent}; GRANT {far} TO {near}; GRANT USAGE ON SCHEMA app TO {agent}")
        for table, columns in TABLES.items():
            written = ", ".join(f"{quoted(one)} integer{' PRIMARY KEY' if one == 'id' else ''}" for one in columns)
            fresh.run(f"CREATE TABLE app.{quoted(table)} ({written})")
        yield fresh


def quoted(name: str) -> str:
    """An identifier in double quotes."""
    return '"' + name.replace('"', '""') + '"'


@st.composite
def grants(draw: st.DrawFn) -> str:
    """One GRANT."""
    table = draw(st.sampled_from(sorted(TABLES)))
    grantee = draw(st.sampled_from(["{agent}", "{agent}", "{near}", "{far}", "PUBLIC"]))
    privilege = draw(st.sampled_from([*BY_COLUMN, *BY_COLUMN, *WHOLE]))
    columns = ""
    if privilege in BY_COLUMN and draw(st.booleans()):
        names = draw(st.lists(st.sampled_from(TABLES[table]), min_size=1, unique=True))
        columns = f" ({', '.join(map(quoted, names))})"
    return f"GRANT {privilege}{columns} ON app.{quoted(table)} TO {grantee}"


@st.composite
def entries(draw: st.DrawFn) -> dict[str, Any]:
    """One resource of a manifest."""
    entry: dict[str, Any] = {"table": draw(st.sampled_from([*sorted(TABLES), "*"]))}
    if draw(st.booleans()):
        entry["access"] = draw(st.sampled_from(["none", "read-only", "write", "read-write"]))
    else:
        words = ["select", "insert", "update", "delete", "truncate"]
        entry["actions"] = draw(st.lists(st.sampled_from(words), min_size=1, unique=True))
    if entry["table"] != "*" and draw(st.booleans()):
        columns = TABLES[entry["table"]]
        entry["columns"] = draw(st.lists(st.sampled_from(columns), min_size=1, unique=True))
    return entry


def yaml(entry: dict[str, Any]) -> str:
    """An entry as it stands in a manifest."""
    name = "*" if entry["table"] == "*" else quoted(entry["table"])
    lines = [f"  - resource: 'postgres.app.{name}'"]
    if "access" in entry:
        lines.append(f"    access: {entry['access']}")
    if "actions" in entry:
        lines.append(f"    actions: [{', '.join(entry['actions'])}]")
    if "columns" in entry:
        quotes = ", ".join("'" + one + "'" for one in entry["columns"])
        lines.append(f"    scope: {{columns: [{quotes}]}}")
    return "\n".join(lines)


def meant(entry: dict[str, Any]) -> tuple[set[Cell], set[Cell]]:
    """What an entry needs, and what it allows: DESIGN.md, sections 1 and 3, in words of one column each."""
    levels = {
        "none": (),
        "read-only": ("SELECT",),
        "write": ("INSERT", "UPDATE"),
        "read-write": ("SELECT", "INSERT", "UPDATE"),
    }
    narrowed = entry.get("columns")
    if "access" in entry:
        privileges = [one for one in levels[entry["access"]] if not (one == "INSERT" and narrowed)]
    else:
        privileges = [one.upper() for one in entry["actions"]]
    must: set[Cell] = set()
    may: set[Cell] = set()
    for table in TABLES if entry["table"] == "*" else [entry["table"]]:
        for privilege in privileges:
            if privilege in BY_COLUMN:
                must |= {(table, privilege, column) for column in narrowed or TABLES[table]}
            else:
                must.add((table, privilege, ""))
        if {"UPDATE", "DELETE", "TRUNCATE"} & set(privileges):
            may.add((table, "SELECT", "id"))
    return must, must | may


def held(world: World) -> set[Cell]:
    """What the server says the agent holds."""
    found: set[Cell] = set()
    agent = world.role("agent")
    with world.server.connect(world.database) as connection:
        for table, columns in TABLES.items():
            named = f"app.{quoted(table)}"
            for privilege in WHOLE:
                (yes,) = connection.execute(  # type: ignore[misc]
                    "SELECT has_table_privilege(%s, %s, %s)", [agent, named, privilege]
                ).fetchone()
                found |= {(table, privilege, "")} if yes else set()
            for privilege in BY_COLUMN:
                for column in columns:
                    (yes,) = connection.execute(  # type: ignore[misc]
                        "SELECT has_column_privilege(%s, %s, %s, %s)", [agent, named, column, privilege]
                    ).fetchone()
                    found |= {(table, privilege, column)} if yes else set()
    return found


def said(body: dict[str, Any], *rules: str) -> set[Cell]:
    """What the findings of some rules say, a column each."""
    found: set[Cell] = set()
    for one in body["findings"]:
        details = one["details"]
        if one["rule"].removeprefix("drift/") in rules and details["object_type"] == "table":
            table, privilege = details["object"], details["privilege"]
            columns = details["columns"] if details["columns"] is not None else TABLES[table]
            found |= {(table, privilege, column if privilege in BY_COLUMN else "") for column in columns}
    return found


@given(granted=st.lists(grants(), max_size=7), declared=st.lists(entries(), min_size=1, max_size=4))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_excess_and_missing_are_what_the_server_says(
    tmp_path: Path, world: World, granted: list[str], declared: list[dict[str, Any]]
) -> None:
    world.run("REVOKE ALL ON ALL TABLES IN SCHEMA app FROM PUBLIC, {agent}, {near}, {far}", *granted)
    head = f"agent_name: triage\nenvironment: staging\nidentities: {{postgres: {world.role('agent')}}}\nresources:\n"
    build(tmp_path, {"agent-permissions.yaml": head + "\n".join(map(yaml, declared)) + "\n"}, BINDING)
    body = compared(tmp_path, world)
    assert body["errors"] == []
    must: set[Cell] = set()
    may: set[Cell] = set()
    for entry in declared:
        needed, allowed = meant(entry)
        must |= needed
        may |= allowed
    truth = held(world)
    assert said(body, "undeclared-privilege", "public-privilege") == truth - may
    assert said(body, "missing-privilege") == must - truth
