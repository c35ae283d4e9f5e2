"""Names of a manifest in a database: every form, what does not exist, and scopes that cannot be compared. On the newest server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from unittest.mock import patch

import pytest

from linter.checks.subject import Subject, Surroundings
from linter.config import load
from linter.drift.planes import intents, planes
from linter.files import read_file
from linter.manifest.reader import read
from linter.systems.postgresql.granted import POSSIBLE
from tests import servers
from tests.servers import World
from tests.test_drift import BINDING, compared, manifest, rules, setup
from tests.world import build


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One database for all names: nothing here changes it."""
    with servers.running(max(servers.programs())) as server, servers.world(server) as fresh:
        setup(
            fresh,
            "GRANT SELECT ON app.tickets TO {agent}",
            'CREATE TABLE app."Odd.one" ("Col" int, low int); GRANT SELECT ON app."Odd.one" TO {agent}',
            "CREATE FUNCTION app.close(ticket integer, tags character varying[]) RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE VIEW app.open_tickets AS SELECT * FROM app.tickets; GRANT SELECT ON app.open_tickets TO {agent}",
            "CREATE TABLE app.notes (id int, tenant int); GRANT SELECT ON app.notes TO {agent}",
            "ALTER TABLE app.notes ENABLE ROW LEVEL SECURITY; CREATE POLICY mine ON app.notes TO {agent} USING (tenant = 42)",
            "ALTER ROLE {agent} SET search_path = nowhere, app",
            "GRANT SET ON PARAMETER log_statement TO {agent}",
        )
        yield fresh


@pytest.mark.parametrize(
    ("entry", "verdict"),
    [
        ("{resource: postgres.app.Tickets, access: read-only}", "ok"),
        ('{resource: \'postgres."app"."tickets"\', access: read-only}', "ok"),
        ("{resource: postgres.tickets, access: read-only}", "ok"),
        ("{resource: postgres.open_tickets, access: read-only}", "ok"),
        ("{resource: 'postgres.app.\"Odd.one\"', access: read-only}", "ok"),
        ("{resource: 'postgres.app.close(int, varchar[])', access: execute}", "ok"),
        ("{resource: 'postgres.APP.CLOSE( INTEGER , character varying [])', access: execute}", "ok"),
        ("{resource: 'postgres.schema:app', actions: [usage]}", "ok"),
        ("{resource: 'postgres.app.*', access: read-only}", "ok"),
        ("{resource: 'postgres.database:DATABASE', actions: [connect]}", "ok"),
        ("{resource: 'postgres.parameter:work_mem', actions: [set]}", "ok"),
        ("{resource: 'postgres.parameter:DateStyle', actions: [update]}", "ok"),
        ("{resource: 'postgres.parameter:app.tenant', actions: [set]}", "ok"),
        ("{resource: 'postgres.parameter:log_statement', actions: [set]}", "ok"),
        ("{resource: 'postgres.parameter:track_functions', actions: [set]}", "missing"),
        ("{resource: 'postgres.parameter:dynamic_library_path', actions: [set]}", "missing"),
        ("{resource: 'postgres.parameter:work_mem', actions: [alter_system]}", "missing"),
        ("{resource: 'postgres.parameter:shared_buffers', actions: [set]}", "missing"),
        ("{resource: 'postgres.schema:app', access: read-write}", "missing"),
        ("{resource: postgres.app.tickets, access: none}", "excess"),
        ("{resource: postgres.app.tickets, access: execute}", "excess"),
        (
            "{resource: postgres.app.tickets, access: read-only, scope: 'those of today, whatever they are'}",
            "unverified",
        ),
        ("{resource: postgres.app.tickets, access: read-only, scope: {channels: ['#x']}}", "unverified"),
        ("{resource: postgres.app.tickets, access: read-only, scope: {rows: tenant = 42}}", "excess"),
        ("{resource: postgres.app.notes, access: read-only, scope: {rows: tenant = 42}}", "unverified"),
        ("{resource: postgres.app.open_tickets, access: read-only, scope: {rows: tenant = 42}}", "unverified"),
        ("{resource: postgres.app.notes, access: readonly}", "unverified"),
    ],
)
def test_forms(tmp_path: Path, world: World, entry: str, verdict: str) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, entry.replace("DATABASE", world.database))}, BINDING)
    body = compared(tmp_path, world)
    assert [(one["verdict"], one["reason"]) for one in body["verdicts"]] == [(verdict, body["verdicts"][0]["reason"])]
    if verdict == "unverified":
        assert len(body["unchecked"]) == 1


@pytest.mark.parametrize(
    ("entry", "message", "column"),
    [
        (
            "{resource: postgres.app.tikets, access: read-only}",
            "app.tikets does not exist; did you mean app.tickets?",
            16,
        ),
        ("{resource: postgres.tikets, access: read-only}", "tikets does not exist; did you mean app.tickets?", 16),
        (
            "{resource: 'postgres.app.\"Tickets\"', access: read-only}",
            'app."Tickets" does not exist; did you mean app.tickets?',
            16,
        ),
        (
            "{resource: postgres.app.odd.one, access: read-only}",
            "app.odd.one (a name is SCHEMA.OBJECT) does not exist",
            16,
        ),
        ("{resource: postgres.ap.tickets, access: read-only}", "schema ap does not exist; did you mean app?", 16),
        ("{resource: 'postgres.ap.*', access: read-only}", "schema ap does not exist; did you mean app?", 16),
        ("{resource: 'postgres.schema:ap', actions: [usage]}", "schema ap does not exist; did you mean app?", 16),
        (
            "{resource: 'postgres.app.close(text)', access: execute}",
            "close(text) does not exist; did you mean app.close(integer, character varying[])?",
            16,
        ),
        (
            "{resource: 'postgres.database:postgres', actions: [connect]}",
            "database postgres in this connection, which is to DATABASE does not exist",
            16,
        ),
        (
            "{resource: 'postgres.parameter:wrok_mem', actions: [set]}",
            "parameter wrok_mem does not exist; did you mean work_mem?",
            16,
        ),
        (
            "{resource: postgres.app.tickets, access: read-only, scope: {columns: [stauts, id]}}",
            "column stauts of app.tickets does not exist; did you mean status?",
            64,
        ),
        (
            "{resource: 'postgres.app.\"Odd.one\"', access: read-only, scope: {columns: [col, low]}}",
            'column col of app."Odd.one" does not exist; did you mean "Col"?',
            68,
        ),
    ],
)
def test_what_does_not_exist(tmp_path: Path, world: World, entry: str, message: str, column: int) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, entry)}, BINDING)
    body = compared(tmp_path, world)
    (found,) = [one for one in body["findings"] if one["rule"] == "drift/unknown-object"]
    assert found["message"] == message.replace("DATABASE", world.database)
    assert (found["line"], found["column"], found["severity"]) == (5, column, "error")
    assert body["verdicts"][0]["verdict"] in ("missing", "excess")
    assert body["status"] == 1


def test_a_foreign_server_that_the_role_can_log_in_to(tmp_path: Path) -> None:
    with servers.running(max(servers.programs())) as server, servers.world(server) as fresh:
        setup(
            fresh,
            "CREATE FOREIGN DATA WRAPPER plain; CREATE ROLE {group}; GRANT {group} TO {agent}",
            "CREATE SERVER ours FOREIGN DATA WRAPPER plain; CREATE SERVER theirs FOREIGN DATA WRAPPER plain",
            "CREATE SERVER everyones FOREIGN DATA WRAPPER plain; CREATE SERVER barred FOREIGN DATA WRAPPER plain",
            "GRANT USAGE ON FOREIGN SERVER ours, theirs, everyones TO {agent}",
            "CREATE USER MAPPING FOR {agent} SERVER ours OPTIONS (user 'boss', password 'hunter2-canary')",
            "CREATE USER MAPPING FOR {group} SERVER theirs; CREATE USER MAPPING FOR PUBLIC SERVER everyones",
            "CREATE USER MAPPING FOR {agent} SERVER barred",
        )
        build(
            tmp_path, {"agent-permissions.yaml": manifest(fresh, "{resource: postgres.app.*, access: none}")}, BINDING
        )
        body = compared(tmp_path, fresh)
    about = [one for one in body["findings"] if one["details"]["object_type"] == "foreign server"]
    said = {one["details"]["object"]: one["message"].split(", which")[0] for one in about}
    has, logs_in = f"{fresh.role('agent')} has USAGE on foreign server", "where a user mapping logs it in"
    assert {name: text.startswith(f"{has} {name}") for name, text in said.items()} == dict.fromkeys(said, True)
    assert {name: logs_in in text for name, text in said.items()} == {"ours": True, "theirs": False, "everyones": True}
    assert "hunter2" not in str(body)


def test_a_possible_grant_is_conditional(tmp_path: Path, world: World) -> None:
    # PostgreSQL has no condition that permlint cannot decide: a scan's grant is made one by hand.
    entry = "{resource: postgres.app.tickets, access: none}"
    build(tmp_path, {"agent-permissions.yaml": manifest(world, entry)}, BINDING)
    config = load(None, str(tmp_path))
    text = read_file(str(tmp_path / "agent-permissions.yaml"), str(tmp_path))
    subject = Subject("agent-permissions.yaml", read(text), Surroundings(config, date(2026, 11, 24), by_name=False))
    with patch.dict(os.environ, {"PG_DSN": world.dsn}):
        (plane,), lost = planes(intents(config, subject), lambda adapter, binding, _: adapter.target(binding))
        observed = plane.adapter.observe(plane.target, (plane.principal,))
    assert lost == []
    real = observed.effective(plane.principal)  # type: ignore[attr-defined]
    held = tuple(one._replace(bound=POSSIBLE) if one.object.name == "tickets" else one for one in real.held)
    with patch.object(observed, "effective", return_value=real._replace(held=held)):
        outcome = plane.adapter.compare(plane.binding, plane.principal, plane.claims, observed, None)
    (part,) = outcome.parts
    (found,) = [one for one in part.discrepancies if one.fact == "conditional-privilege"]
    assert (found.verdict, found.details["privilege"], found.details["bound"]) == ("conditional", "SELECT", "possible")
    assert not [one for one in part.discrepancies if one.resource is not None and one.verdict == "excess"]


def test_what_admin_and_ddl_mean(tmp_path: Path, world: World) -> None:
    entries = ("{resource: postgres.app.tickets, access: admin}", "{resource: postgres.app.notes, actions: [alter]}")
    build(tmp_path, {"agent-permissions.yaml": manifest(world, *entries)}, BINDING)
    body = compared(tmp_path, world)
    assert [one["verdict"] for one in body["verdicts"]] == ["missing", "missing"]
    missing = [one["details"]["privilege"] for one in body["findings"] if one["rule"] == "drift/missing-privilege"]
    assert sorted(missing) == ["DELETE", "INSERT", "OWNERSHIP", "UPDATE"]
    assert "undeclared-privilege" in rules(body)  # on what no resource names
