"""Ways around the manifest by roles within reach, by ownership, by what everybody has, and by what comes later."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers import World
from tests.test_drift import BINDING, compared, manifest, rules, setup
from tests.ways.found import GRANT_READ, READ, SECRETS, Case, check
from tests.world import build

CASES: dict[str, Case] = {
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
    "an extension and all that is in it are one finding": (
        (READ,),
        (
            GRANT_READ,
            "DROP EXTENSION plpgsql; ALTER ROLE {agent} SUPERUSER; SET ROLE {agent}; CREATE EXTENSION plpgsql; RESET ROLE",
            "ALTER ROLE {agent} NOSUPERUSER",
        ),
        ["ownership error"],
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
def test_roles_ownership_and_what_everybody_has(tmp_path: Path, world: World, case: str) -> None:
    if case.startswith("pg_read_all_data") and world.server.major < 14:
        pytest.skip("pg_read_all_data came with PostgreSQL 14")
    if "predefined role" in case and world.server.major < 15:
        pytest.skip("until PostgreSQL 15 predefined roles are in effect without being inherited")
    check(tmp_path, world, CASES[case])


_OBJECT = "SELECT lo_from_bytea(4711, 'x')"
_TRIGGER = (
    "CREATE TABLE app.seen (id int); GRANT INSERT ON app.seen TO {agent}; CREATE FUNCTION app.no() RETURNS trigger LANGUAGE "
    "plpgsql AS 'BEGIN RAISE division_by_zero; END'; CREATE TRIGGER no BEFORE INSERT ON app.seen FOR EACH ROW EXECUTE FUNCTION app.no()"
)
SETTINGS = {
    "large objects, for its login": (
        _OBJECT,
        "ALTER ROLE {agent} SET lo_compat_privileges = 'tru'",
        "SELECT lo_get(4711)",
    ),
    "large objects, for the database": (
        _OBJECT,
        "ALTER DATABASE {database} SET lo_compat_privileges = on",
        "SELECT lo_get(4711)",
    ),
    "no triggers, here": (
        _TRIGGER,
        "ALTER ROLE {agent} IN DATABASE {database} SET session_replication_role = Replica",
        "INSERT INTO app.seen VALUES (1)",
    ),
}


@pytest.mark.parametrize("case", SETTINGS)
def test_what_a_setting_gives_to_a_login(tmp_path: Path, world: World, case: str) -> None:
    before, setting, statement = SETTINGS[case]
    entries = (READ, "{resource: postgres.app.seen, actions: [insert]}") if "seen" in before else (READ,)
    build(tmp_path, {"agent-permissions.yaml": manifest(world, *entries)}, BINDING)
    setup(world, GRANT_READ, before)
    assert world.attempt("agent", statement) is not None
    assert compared(tmp_path, world)["findings"] == []
    world.run(setting.replace("{database}", world.database))
    assert world.attempt("agent", statement) is None
    (found,) = compared(tmp_path, world)["findings"]
    assert found["rule"] == "drift/server-power"
    world.run(found["fix"])
    assert world.attempt("agent", statement) is not None
    assert compared(tmp_path, world)["findings"] == []
    weaker = setting.replace("{database}", world.database).replace("'tru'", "off").replace("= on", "= off")
    world.run(weaker.replace("Replica", "local"))
    assert compared(tmp_path, world)["findings"] == []


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
