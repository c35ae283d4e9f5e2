"""Ways around the manifest that no list of privileges shows: views, functions, triggers, foreign keys, roles within reach, rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import servers
from tests.servers import World
from tests.test_drift import BINDING, compared, manifest, rules, setup
from tests.world import build


@pytest.fixture(scope="module", params=sorted({min(servers.programs()), max(servers.programs())}))
def server(request: pytest.FixtureRequest) -> Iterator[servers.Server]:
    """The oldest, where inheritance differs most, and the newest."""
    with servers.running(request.param) as found:
        yield found


@pytest.fixture
def world(server: servers.Server) -> Iterator[World]:
    """A database of one's own."""
    with servers.world(server) as fresh:
        yield fresh


READ = "{resource: postgres.app.tickets, access: read-only}"
GRANT_READ = "GRANT SELECT ON app.tickets TO {agent}"
SECRETS = "CREATE TABLE app.secrets (id int PRIMARY KEY, value text)"
PARTITIONS = (
    "CREATE TABLE app.events (id int, place int) PARTITION BY LIST (place);"
    "CREATE TABLE app.events_1 PARTITION OF app.events FOR VALUES IN (1); GRANT INSERT ON app.events TO {agent}"
)
RUNNER = (
    "CREATE FUNCTION app.runs() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = app AS "
    "'BEGIN RETURN NEW; END'; REVOKE EXECUTE ON FUNCTION app.runs() FROM PUBLIC"
)
CASES: dict[str, tuple[tuple[str, ...], tuple[str, ...], list[str]]] = {
    "a declared view that reads as its owner is what was agreed": (
        ("{resource: postgres.app.open_tickets, access: read-only}",),
        ("CREATE VIEW app.open_tickets AS SELECT id FROM app.tickets; GRANT SELECT ON app.open_tickets TO {agent}",),
        ["security-definer-path info"],
    ),
    "a declared view that steps over row-level security": (
        (READ, "{resource: postgres.app.all_tickets, access: read-only}"),
        (
            GRANT_READ,
            "ALTER TABLE app.tickets ENABLE ROW LEVEL SECURITY; CREATE POLICY mine ON app.tickets TO {agent} USING (id = 1)",
            "CREATE VIEW app.all_tickets AS SELECT * FROM app.tickets; GRANT SELECT ON app.all_tickets TO {agent}",
        ),
        ["security-definer-path warning"],
    ),
    "an undeclared view of secrets": (
        (READ,),
        (GRANT_READ, SECRETS, "CREATE VIEW app.leak AS SELECT * FROM app.secrets; GRANT SELECT ON app.leak TO {agent}"),
        ["security-definer-path warning", "undeclared-privilege warning"],
    ),
    "a function that runs as a superuser, declared": (
        (READ, "{resource: 'postgres.app.sweep()', access: execute}"),
        (
            GRANT_READ,
            "CREATE FUNCTION app.sweep() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'DELETE FROM app.tickets'",
        ),
        ["security-definer-path warning"],
    ),
    "a function that runs as an ordinary role, declared": (
        (READ, "{resource: 'postgres.app.sweep()', access: execute}"),
        (
            GRANT_READ,
            "CREATE FUNCTION app.sweep() RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = app AS 'SELECT'",
            "CREATE ROLE {sweeper}; ALTER FUNCTION app.sweep() OWNER TO {sweeper}",
        ),
        ["security-definer-path info"],
    ),
    "a foreign key that deletes elsewhere": (
        ("{resource: postgres.app.tickets, actions: [select, delete]}",),
        (
            "GRANT SELECT, DELETE ON app.tickets TO {agent}",
            "CREATE TABLE app.notes (ticket int REFERENCES app.tickets ON DELETE CASCADE)",
        ),
        ["security-definer-path warning"],
    ),
    "inherited and settable brings nothing more": (
        (READ,),
        ("CREATE ROLE {readers}; GRANT SELECT ON app.tickets TO {readers}; GRANT {readers} TO {agent}",),
        [],
    ),
    "a role at login": (
        (READ,),
        (
            GRANT_READ,
            "CREATE ROLE {boss}; GRANT DELETE ON app.tickets TO {boss}; ALTER ROLE {agent} NOINHERIT",
            "GRANT {boss} TO {agent}; ALTER ROLE {agent} SET role = {boss}",
        ),
        ["reachable-role warning"],
    ),
    "a predefined role that is not inherited": (
        (READ,),
        (GRANT_READ, "ALTER ROLE {agent} NOINHERIT; GRANT pg_execute_server_program TO {agent}"),
        ["reachable-role warning"],
    ),
    "predefined roles by way of another role": (
        (READ,),
        (
            GRANT_READ,
            "CREATE ROLE {ops}; GRANT pg_read_server_files, pg_signal_backend TO {ops}",
            "ALTER ROLE {agent} NOINHERIT; GRANT {ops} TO {agent}",
        ),
        ["reachable-role warning"],
    ),
    "a file of the server for everybody": (
        (READ,),
        (GRANT_READ, "GRANT EXECUTE ON FUNCTION pg_read_binary_file(text) TO PUBLIC"),
        ["public-privilege warning"],
    ),
    "what an extension keeps to itself, for everybody": (
        (READ,),
        (
            GRANT_READ,
            "CREATE EXTENSION pg_stat_statements; REVOKE SELECT ON pg_stat_statements FROM PUBLIC",
            "GRANT SELECT ON pg_stat_statements TO PUBLIC; CREATE EXTENSION dblink",
            "GRANT EXECUTE ON FUNCTION dblink_connect_u(text) TO PUBLIC; ALTER FUNCTION dblink_connect_u(text) SECURITY INVOKER",
            "GRANT USAGE ON FOREIGN DATA WRAPPER dblink_fdw TO PUBLIC",
        ),
        ["public-privilege warning", "public-privilege warning"],
    ),
    "a rule that deletes where it stands": (
        ("{resource: postgres.app.secrets, actions: [insert]}",),
        (
            SECRETS + "; GRANT INSERT ON app.secrets TO {agent}",
            "CREATE RULE one AS ON INSERT TO app.secrets DO ALSO DELETE FROM app.secrets WHERE id <> NEW.id",
        ),
        ["security-definer-path warning"],
    ),
    "a rule that inserts what it is given": (
        (READ, "{resource: postgres.app.secrets, actions: [insert]}"),
        (
            GRANT_READ,
            SECRETS + "; GRANT INSERT ON app.secrets TO {agent}; CREATE TABLE app.copies (id int)",
            "CREATE RULE copy AS ON INSERT TO app.secrets DO ALSO INSERT INTO app.copies VALUES (NEW.id)",
        ),
        ["security-definer-path warning"],
    ),
    "a rule that changes other columns than those agreed": (
        (
            "{resource: postgres.app.tickets, access: read-only}",
            "{resource: postgres.app.tickets, actions: [update], scope: {columns: [status]}}",
            "{resource: postgres.app.secrets, actions: [insert]}",
        ),
        (
            GRANT_READ,
            "GRANT UPDATE (status) ON app.tickets TO {agent}",
            SECRETS + "; GRANT INSERT ON app.secrets TO {agent}",
            "CREATE RULE own AS ON INSERT TO app.secrets DO ALSO UPDATE app.tickets SET email = NEW.value",
        ),
        ["security-definer-path warning"],
    ),
    "a foreign key that changes another column than those agreed": (
        (
            "{resource: postgres.app.tickets, access: read-only}",
            "{resource: postgres.app.tickets, actions: [update], scope: {columns: [id]}}",
            "{resource: postgres.app.notes, actions: [select, update], scope: {columns: [body]}}",
        ),
        (
            GRANT_READ,
            "GRANT UPDATE (id) ON app.tickets TO {agent}",
            "CREATE TABLE app.notes (ticket int REFERENCES app.tickets ON UPDATE CASCADE, body text)",
            "GRANT SELECT (body), UPDATE (body) ON app.notes TO {agent}",
        ),
        ["security-definer-path warning"],
    ),
    "a foreign key that changes a column that was agreed": (
        (
            "{resource: postgres.app.tickets, access: read-only}",
            "{resource: postgres.app.tickets, actions: [update], scope: {columns: [id]}}",
            "{resource: postgres.app.notes, actions: [select, update], scope: {columns: [ticket]}}",
        ),
        (
            GRANT_READ,
            "GRANT UPDATE (id) ON app.tickets TO {agent}",
            "CREATE TABLE app.notes (ticket int REFERENCES app.tickets ON UPDATE CASCADE, body text)",
            "GRANT SELECT (ticket), UPDATE (ticket) ON app.notes TO {agent}",
        ),
        [],
    ),
    "a superuser's function in a schema that is closed to the agent": (
        (READ,),
        (
            GRANT_READ,
            "CREATE SCHEMA inner_; CREATE FUNCTION inner_.sweep() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
        ),
        [],
    ),
    "the same, called by a view": (
        (READ, "{resource: postgres.app.swept, access: read-only}"),
        (
            GRANT_READ,
            "CREATE SCHEMA inner_; CREATE FUNCTION inner_.sweep() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
            "CREATE VIEW app.swept AS SELECT inner_.sweep(); GRANT SELECT ON app.swept TO {agent}",
        ),
        ["security-definer-path warning"],
    ),
    "a trigger of a partition": (
        ("{resource: postgres.app.events, actions: [insert]}",),
        (PARTITIONS, RUNNER, "CREATE TRIGGER t BEFORE INSERT ON app.events_1 FOR EACH ROW EXECUTE FUNCTION app.runs()"),
        ["security-definer-path warning"],
    ),
    "a trigger of the whole is said once": (
        ("{resource: postgres.app.events, actions: [insert]}",),
        (PARTITIONS, RUNNER, "CREATE TRIGGER t AFTER INSERT ON app.events FOR EACH ROW EXECUTE FUNCTION app.runs()"),
        ["security-definer-path warning"],
    ),
    "a statement's trigger of a partition, which nobody names": (
        ("{resource: postgres.app.events, actions: [insert]}",),
        (PARTITIONS, RUNNER, "CREATE TRIGGER t BEFORE INSERT ON app.events_1 EXECUTE FUNCTION app.runs()"),
        [],
    ),
    "a trigger of an inheriting table, which an insert does not reach": (
        ("{resource: postgres.app.kinds, actions: [insert]}",),
        (
            "CREATE TABLE app.kinds (id int); CREATE TABLE app.special () INHERITS (app.kinds)",
            RUNNER,
            "GRANT INSERT ON app.kinds TO {agent}",
            "CREATE TRIGGER t BEFORE INSERT ON app.special FOR EACH ROW EXECUTE FUNCTION app.runs()",
        ),
        [],
    ),
    "a trigger of an inheriting table, which a deletion reaches": (
        ("{resource: postgres.app.kinds, actions: [select, delete]}",),
        (
            "CREATE TABLE app.kinds (id int); CREATE TABLE app.special () INHERITS (app.kinds)",
            RUNNER,
            "GRANT SELECT, DELETE ON app.kinds TO {agent}",
            "CREATE TRIGGER t BEFORE DELETE ON app.special FOR EACH ROW EXECUTE FUNCTION app.runs()",
        ),
        ["security-definer-path warning"],
    ),
    "a foreign key to a partition": (
        ("{resource: postgres.app.events, actions: [select, delete]}",),
        (
            PARTITIONS + "; GRANT SELECT, DELETE ON app.events TO {agent}; REVOKE INSERT ON app.events FROM {agent}",
            "ALTER TABLE app.events_1 ADD PRIMARY KEY (id)",
            "CREATE TABLE app.notes (event int REFERENCES app.events_1 ON DELETE CASCADE)",
        ),
        ["security-definer-path warning"],
    ),
    "foreign keys one after the other, and a trigger at the end": (
        ("{resource: postgres.app.tickets, actions: [select, delete]}",),
        (
            "GRANT SELECT, DELETE ON app.tickets TO {agent}",
            "CREATE TABLE app.notes (id int PRIMARY KEY, ticket int REFERENCES app.tickets ON DELETE CASCADE)",
            "CREATE TABLE app.files (note int REFERENCES app.notes ON DELETE SET NULL)",
            RUNNER,
            "CREATE TRIGGER t AFTER UPDATE ON app.files FOR EACH ROW EXECUTE FUNCTION app.runs()",
        ),
        ["security-definer-path warning"] * 3,
    ),
    "what has no privileges has an owner, who can drop what depends on it": (
        (READ,),
        (
            GRANT_READ,
            (
                "GRANT CREATE ON DATABASE {database} TO {agent}; GRANT CREATE ON SCHEMA app TO {agent}; SET ROLE {agent};"
                "CREATE EXTENSION hstore SCHEMA app; CREATE PUBLICATION p; CREATE COLLATION app.c (locale = 'C');"
                "CREATE TEXT SEARCH DICTIONARY app.d (TEMPLATE = simple); RESET ROLE;"
                "REVOKE CREATE ON DATABASE {database} FROM {agent}; REVOKE CREATE ON SCHEMA app FROM {agent}"
            ),
        ),
        ["ownership error"] * 4,
    ),
    "whoever may do everything in a schema may own what is in it": (
        ("{resource: postgres.app.*, access: admin}",),
        (
            "GRANT USAGE, CREATE ON SCHEMA app TO {agent}; REVOKE CREATE ON SCHEMA app FROM {agent}",
            (
                "ALTER TABLE app.tickets OWNER TO {agent}; CREATE COLLATION app.c (locale = 'C'); CREATE TYPE app.kind AS ENUM ();"
                "ALTER COLLATION app.c OWNER TO {agent}; ALTER TYPE app.kind OWNER TO {agent}"
            ),
        ),
        [],
    ),
    "all tables to come, and the whole database is declared": (
        ("{resource: postgres, access: read-only}",),
        (
            "GRANT SELECT ON ALL TABLES IN SCHEMA app TO {agent}; GRANT SELECT ON ALL SEQUENCES IN SCHEMA app TO {agent}",
            "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {agent}",
        ),
        [],
    ),
    "all tables to come, and one schema is declared": (
        ("{resource: postgres.app.*, access: read-only}",),
        (
            "GRANT SELECT ON ALL TABLES IN SCHEMA app TO {agent}; GRANT SELECT ON ALL SEQUENCES IN SCHEMA app TO {agent}",
            "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {agent}",
        ),
        ["future-privilege warning"],
    ),
    "whoever may do everything in a database may own an extension": (
        ("{resource: postgres, access: admin}",),
        (
            "GRANT USAGE ON SCHEMA app TO {agent}; ALTER TABLE app.tickets OWNER TO {agent}",
            (
                "GRANT CREATE ON DATABASE {database} TO {agent}; SET ROLE {agent}; CREATE PUBLICATION p; RESET ROLE;"
                "REVOKE CREATE ON DATABASE {database} FROM {agent}"
            ),
        ),
        [],
    ),
    "a table's owner has its sequences": (
        (READ,),
        (
            "CREATE TABLE app.counted (id serial, other int GENERATED ALWAYS AS IDENTITY); CREATE SEQUENCE app.free",
            GRANT_READ,
            "ALTER TABLE app.counted OWNER TO {agent}; ALTER SEQUENCE app.free OWNER TO {agent}",
        ),
        ["ownership error", "ownership error"],
    ),
    "a trigger behind a view": (
        ("{resource: postgres.app.open_tickets, actions: [select, insert]}",),
        (
            "CREATE VIEW app.open_tickets WITH (security_barrier) AS SELECT * FROM app.tickets",
            "GRANT SELECT, INSERT ON app.open_tickets TO {agent}",
            RUNNER,
            "CREATE TRIGGER t BEFORE INSERT ON app.tickets FOR EACH ROW EXECUTE FUNCTION app.runs()",
        ),
        ["security-definer-path info", "security-definer-path info", "security-definer-path warning"],
    ),
    "a trigger behind a rule": (
        (READ, "{resource: postgres.app.inbox, actions: [insert]}"),
        (
            GRANT_READ,
            "CREATE TABLE app.inbox (id int); GRANT INSERT ON app.inbox TO {agent}",
            "CREATE RULE on_ AS ON INSERT TO app.inbox DO INSTEAD INSERT INTO app.tickets (id) VALUES (NEW.id)",
            RUNNER,
            "CREATE TRIGGER t BEFORE INSERT ON app.tickets FOR EACH ROW EXECUTE FUNCTION app.runs()",
        ),
        ["security-definer-path warning", "security-definer-path warning"],
    ),
    "a declared view whose owner has another policy": (
        (READ, "{resource: postgres.app.all_tickets, access: read-only}"),
        (
            GRANT_READ,
            "CREATE ROLE {reader}; GRANT USAGE ON SCHEMA app TO {reader}; GRANT SELECT ON app.tickets TO {reader}",
            "ALTER TABLE app.tickets ENABLE ROW LEVEL SECURITY; CREATE POLICY mine ON app.tickets TO {agent} USING (id = 1)",
            "CREATE POLICY all_ ON app.tickets TO {reader} USING (true); CREATE VIEW app.all_tickets AS SELECT * FROM app.tickets",
            "ALTER VIEW app.all_tickets OWNER TO {reader}; GRANT SELECT ON app.all_tickets TO {agent}",
        ),
        ["security-definer-path warning"],
    ),
    "a declared view whose owner has the same policies": (
        (READ, "{resource: postgres.app.all_tickets, access: read-only}"),
        (
            GRANT_READ,
            "CREATE ROLE {reader}; GRANT USAGE ON SCHEMA app TO {reader}; GRANT SELECT ON app.tickets TO {reader}",
            "ALTER TABLE app.tickets ENABLE ROW LEVEL SECURITY; CREATE POLICY mine ON app.tickets USING (id = 1)",
            "CREATE VIEW app.all_tickets AS SELECT * FROM app.tickets",
            "ALTER VIEW app.all_tickets OWNER TO {reader}; GRANT SELECT ON app.all_tickets TO {agent}",
        ),
        [],
    ),
    "a role that sees other rows": (
        ("{resource: postgres.app.tickets, access: read-only, scope: {rows: id = 1}}",),
        (
            GRANT_READ,
            "CREATE ROLE {reader}; GRANT USAGE ON SCHEMA app TO {reader}; GRANT SELECT ON app.tickets TO {reader}",
            "ALTER ROLE {agent} NOINHERIT; GRANT {reader} TO {agent}; ALTER TABLE app.tickets ENABLE ROW LEVEL SECURITY",
            "CREATE POLICY mine ON app.tickets TO {agent} USING (id = 1)",
            "CREATE POLICY all_ ON app.tickets TO {reader} USING (true)",
        ),
        ["reachable-role warning", "unverified-resource info"],
    ),
    "an owner's rights are one finding": (
        (READ,),
        (GRANT_READ, SECRETS, "ALTER TABLE app.secrets OWNER TO {agent}"),
        ["ownership error"],
    ),
    "a superuser is one finding": ((READ,), (SECRETS, "ALTER ROLE {agent} SUPERUSER"), ["superuser error"]),
    "pg_read_all_data is one finding, and the declared table's other columns": (
        ("{resource: postgres.app.tickets, access: read-only, scope: {columns: [id]}}",),
        (SECRETS, "GRANT pg_read_all_data TO {agent}"),
        ["server-power warning", "undeclared-privilege warning"],
    ),
    "no login": ((READ,), (GRANT_READ, "ALTER ROLE {agent} NOLOGIN"), ["unusable-privilege warning"]),
    "an expired password": (
        (READ,),
        (GRANT_READ, "ALTER ROLE {agent} VALID UNTIL '2001-01-01'"),
        ["unusable-privilege warning"],
    ),
    "a serial without its sequence": (
        ("{resource: postgres.app.tickets, actions: [insert]}",),
        ("GRANT INSERT ON app.tickets TO {agent}",),
        ["unusable-privilege warning"],
    ),
    "a large object and a foreign server": (
        (READ,),
        (
            GRANT_READ,
            "SELECT lo_create(4711); GRANT SELECT ON LARGE OBJECT 4711 TO {agent}",
            "CREATE FOREIGN DATA WRAPPER far; GRANT USAGE ON FOREIGN DATA WRAPPER far TO {agent}",
        ),
        ["undeclared-privilege warning", "undeclared-privilege warning"],
    ),
    "what an extension gives to everyone is ordinary": (
        (READ,),
        (GRANT_READ, "CREATE EXTENSION pg_stat_statements"),
        [],
    ),
    "temporary tables and another schema": (
        (READ,),
        (GRANT_READ, "CREATE SCHEMA other; GRANT CREATE ON SCHEMA other TO {agent}"),
        ["undeclared-privilege warning"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_ways_around_the_manifest(tmp_path: Path, world: World, case: str) -> None:
    entries, statements, expected = CASES[case]
    if case.startswith("pg_read_all_data") and world.server.major < 14:
        pytest.skip("pg_read_all_data came with PostgreSQL 14")
    if "predefined role" in case and world.server.major < 15:
        pytest.skip("until PostgreSQL 15 predefined roles are in effect without being inherited")
    build(tmp_path, {"agent-permissions.yaml": manifest(world, *entries)}, BINDING)
    setup(world, *(one.replace("{database}", world.database) for one in statements))
    body = compared(tmp_path, world)
    found = sorted(f"{one['rule'].removeprefix('drift/')} {one['severity']}" for one in body["findings"])
    assert found == expected, [one["message"] for one in body["findings"]]
    assert body["errors"] == []


def test_in_production_writing_is_an_error_and_reading_a_warning(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ, environment="production")}, BINDING)
    setup(world, "GRANT SELECT, DELETE ON app.tickets TO {agent}", SECRETS, "GRANT SELECT ON app.secrets TO {agent}")
    body = compared(tmp_path, world)
    assert {one["details"]["privilege"]: one["severity"] for one in body["findings"]} == {
        "DELETE": "error",
        "SELECT": "warning",
    }
    assert body["status"] == 1


def test_what_the_verdicts_say(tmp_path: Path, world: World) -> None:
    entries = (
        "{resource: postgres.app.tickets, access: read-write, scope: {columns: [status]}}",
        "{resource: postgres.app.notes, access: read-write}",
        "{resource: postgres.app.quiet, access: read-only, scope: whatever was said in the meeting}",
    )
    build(tmp_path, {"agent-permissions.yaml": manifest(world, *entries)}, BINDING)
    setup(
        world,
        "CREATE TABLE app.notes (id int); CREATE TABLE app.quiet (id int)",
        "GRANT SELECT, UPDATE (status) ON app.tickets TO {agent}; GRANT SELECT, DELETE ON app.notes TO {agent}",
        "GRANT SELECT ON app.quiet TO {agent}",
    )
    body = compared(tmp_path, world)
    assert [(one["resource"], one["verdict"], one["also"]) for one in body["verdicts"]] == [
        ("postgres.app.notes", "excess", ["missing"]),
        ("postgres.app.quiet", "unverified", []),
        ("postgres.app.tickets", "excess", []),
    ]
    assert body["status"] == 3
    assert body["summary"]["unverified"] == 1
    assert rules(body).count("missing-privilege") == 2
