"""Single facts of the effective set, each on every version: what is noise, what is power, what is to come, how it is spelled."""

from __future__ import annotations

import psycopg
import pytest

from linter.systems.postgresql.effective import effective
from linter.systems.postgresql.granted import Effective, Held, PowerKind, Reason, revoke
from linter.systems.postgresql.index import Index
from linter.systems.postgresql.names import quote
from linter.systems.postgresql.scan import scan
from tests import servers

HOSTILE = (
    'a"; DROP TABLE t; --',
    "Ünïcode ☃",
    "x" * 55,
    "select",
    'new\nline\\"',
    "\u202eback\u2028",
    "'quoted'",
    "a.b",
    "$1",
)


@pytest.fixture
def agent(world: servers.World) -> servers.World:
    """A world with an agent that nobody has granted anything."""
    world.run("CREATE ROLE {agent} LOGIN", "CREATE ROLE {group}", "CREATE ROLE {dba}", "CREATE SCHEMA app")
    return world


def look(world: servers.World, role: str = "agent") -> Effective:
    return effective(Index(scan(world.dsn, [world.role(role)])), world.role(role))


def decided(found: Effective) -> list[Held]:
    """What somebody decided: not the ordinary noise."""
    return [one for one in found.held if not one.default]


def test_a_new_role_has_nothing_that_anybody_decided(agent: servers.World) -> None:
    found = look(agent)
    created = [(one.object.name, one.privilege) for one in decided(found)]
    # Until 14 everybody may create in the schema public; that is no noise.
    assert created == ([("public", "CREATE")] if agent.server.major < 15 else [])
    assert {one.privilege for one in found.held} <= {"USAGE", "CONNECT", "TEMPORARY", "CREATE"}
    assert (found.powers, found.reach, found.owned, found.indirect, found.future, found.notes) == (
        (),
        (),
        (),
        (),
        (),
        (),
    )
    assert agent.database not in found.elsewhere
    assert "postgres" in found.elsewhere


def test_system_functions_beyond_what_initdb_granted(agent: servers.World) -> None:
    agent.run(
        "GRANT EXECUTE ON FUNCTION pg_read_file(text) TO {agent}",
        "GRANT SELECT ON pg_authid TO {group}",
        "GRANT SELECT (rolname) ON pg_authid TO {agent}",
        "GRANT {group} TO {agent}",
    )
    found = [(one.object.sql, one.privilege, one.columns) for one in decided(look(agent)) if one.object.schema]
    assert found == [
        ("pg_catalog.pg_authid", "SELECT", None),
        ("pg_catalog.pg_authid", "SELECT", ("rolname",)),
        ("pg_catalog.pg_read_file(text)", "EXECUTE", None),
    ]


@pytest.mark.parametrize(
    ("attribute", "kind"),
    [
        ("SUPERUSER", PowerKind.SUPERUSER),
        ("BYPASSRLS", PowerKind.BYPASS_RLS),
        ("CREATEROLE", PowerKind.CREATE_ROLE),
        ("CREATEDB", PowerKind.CREATE_DB),
        ("REPLICATION", PowerKind.REPLICATION),
    ],
)
def test_attributes_are_powers_and_never_inherited(agent: servers.World, attribute: str, kind: PowerKind) -> None:
    agent.run(f"ALTER ROLE {{group}} {attribute}", "GRANT {group} TO {agent}")
    found = look(agent)
    assert found.powers == ()
    (reached,) = [one for one in found.reach if one.role == agent.role("group")]
    assert reached.gains == (str(kind),)
    agent.run(f"ALTER ROLE {{agent}} {attribute}")
    (power,) = look(agent).powers
    assert (power.kind, power.role) == (kind, agent.role("agent"))
    agent.run(power.fix)
    assert look(agent).powers == ()


def test_predefined_roles_by_what_they_confer(agent: servers.World) -> None:
    agent.run("GRANT pg_execute_server_program TO {group}", "GRANT {group} TO {agent}", "GRANT pg_monitor TO {agent}")
    powers = {one.role: one for one in look(agent).powers}
    assert powers["pg_execute_server_program"].kind is PowerKind.SUPERUSER
    assert powers["pg_execute_server_program"].path == (
        agent.role("agent"),
        agent.role("group"),
        "pg_execute_server_program",
    )
    assert set(powers) == {
        "pg_execute_server_program",
        "pg_monitor",
        "pg_read_all_settings",
        "pg_read_all_stats",
        "pg_stat_scan_tables",
    }


def test_every_predefined_role_is_judged(agent: servers.World) -> None:
    """Each that the server has; one of a version to come, whose meaning nobody here knows, is not passed over."""
    with agent.server.connect(agent.database) as connection:
        rows = connection.execute(
            b"SELECT rolname FROM pg_roles WHERE rolname ~ '^pg_' AND rolname <> 'pg_database_owner'"
        )
        names = {str(name) for (name,) in rows.fetchall()}
        agent.run(*(f"GRANT {name} TO {{agent}}" for name in names))
        powers = {one.role: one for one in look(agent).powers}
        assert set(powers) == names
        assert not [one.role for one in powers.values() if "permlint" in one.confers]
        connection.execute(b"SET allow_system_table_mods = on")
        rename = "UPDATE pg_authid SET rolname = %s WHERE rolname = %s"
        connection.execute(rename.encode(), ["pg_future_power", agent.role("group")])
        try:
            connection.execute(f"GRANT pg_future_power TO {quote(agent.role('agent'))}".encode())
            (power,) = [one for one in look(agent).powers if one.role == "pg_future_power"]
        finally:
            connection.execute(rename.encode(), [agent.role("group"), "pg_future_power"])
    assert (power.kind, power.confers) == (
        PowerKind.PREDEFINED,
        "has what PostgreSQL gives to it by name, which this permlint does not know",
    )


def test_managed_services_administrators(world: servers.World) -> None:
    world.run("CREATE ROLE {agent} LOGIN", "CREATE ROLE rds_superuser", "GRANT rds_superuser TO {agent}")
    try:
        (power,) = look(world).powers
        assert (power.kind, power.role) == (PowerKind.SUPERUSER, "rds_superuser")
    finally:
        world.run("DROP ROLE rds_superuser")


def test_every_source_is_named_and_ended(agent: servers.World) -> None:
    agent.run(
        "CREATE TABLE app.t (a int, b int)",
        "ALTER TABLE app.t OWNER TO {dba}",
        "GRANT USAGE ON SCHEMA app TO {dba}, {group}",
        "GRANT SELECT ON app.t TO {group} WITH GRANT OPTION",
        "SET ROLE {group}; GRANT SELECT ON app.t TO {agent}; RESET ROLE",
        "GRANT SELECT ON app.t TO {agent}",
        "GRANT SELECT ON app.t TO PUBLIC",
        "GRANT {group} TO {agent}",
    )
    me, group, dba = (agent.role(name) for name in ("agent", "group", "dba"))
    (held,) = [one for one in look(agent).held if one.object.name == "t"]
    assert [(one.reason, one.path, one.grantors) for one in held.sources] == [
        (Reason.ACL, (me,), tuple(sorted((dba, group)))),
        (Reason.ACL, (me, group), (dba,)),
        (Reason.PUBLIC, (me,), (dba,)),
    ]
    assert held.via == f"{me} -> GRANT by {dba}, {group}"
    assert held.grantable
    for source in held.sources:
        for statement in revoke(held, source).split(" -- ")[0].splitlines():
            agent.run(statement.replace(f"FROM {group};", f"FROM {group} CASCADE;"))
    assert [one for one in look(agent).held if one.object.name == "t"] == []


def test_one_of_several_grantors_is_enough_to_pass_it_on(agent: servers.World) -> None:
    agent.run("GRANT USAGE ON SCHEMA app TO {dba}")
    for table, first, second in (("t1", " WITH GRANT OPTION", ""), ("t2", "", " WITH GRANT OPTION"), ("t3", "", "")):
        agent.run(
            f"CREATE TABLE app.{table} (a int)",
            f"GRANT SELECT ON app.{table} TO {{dba}} WITH GRANT OPTION",
            f"GRANT SELECT ON app.{table} TO {{agent}}{first}",
            f"SET ROLE {{dba}}; GRANT SELECT ON app.{table} TO {{agent}}{second}; RESET ROLE",
        )
    found = {one.object.name: one.grantable for one in look(agent).held if one.object.schema == "app"}
    assert found == {"t1": True, "t2": True, "t3": False}


def test_hostile_names(world: servers.World) -> None:
    world.run("CREATE ROLE {agent} LOGIN")
    with world.server.connect(world.database) as connection:
        for name in HOSTILE:
            schema, table = quote(name), f"{quote(name)}.{quote(name)}"
            role, column = quote(world.prefix + name), quote(name)
            for statement in (
                f"CREATE ROLE {role}",
                f"GRANT {role} TO {quote(world.role('agent'))}",
                f"CREATE SCHEMA {schema}",
                f"GRANT USAGE ON SCHEMA {schema} TO {role}",
                f"CREATE TABLE {table} ({column} int, {quote(name[:50] + 'z')} int)",
                f"GRANT SELECT ({column}), UPDATE ON {table} TO {role}",
                f"CREATE FUNCTION {table}({table}) RETURNS int LANGUAGE sql AS 'SELECT 1'",
                f"REVOKE EXECUTE ON FUNCTION {table} FROM PUBLIC",
                f"GRANT EXECUTE ON FUNCTION {table} TO {role}",
            ):
                connection.execute(statement.encode())
        found = [one for one in decided(look(world)) if one.object.schema in HOSTILE]
        assert len(found) == 3 * len(HOSTILE)
        for one in found:
            (source,) = one.sources
            connection.execute(revoke(one, source).encode())
    assert [one for one in decided(look(world)) if one.object.schema in HOSTILE] == []


@pytest.mark.parametrize("name", [*HOSTILE, "table", "plain", "a_1$", "1a", "A", "é", "back\\slash"])
def test_quoting_is_postgresqls(server: servers.Server, name: str) -> None:
    assert quote(name).isprintable()
    with server.connect() as connection:
        row = connection.execute(f"SELECT 1 AS {quote(name)}".encode())
        assert row.description is not None
        assert row.description[0].name == name


def test_reserved_words_are_all_quoted(server: servers.Server) -> None:
    with server.connect() as connection:
        words = connection.execute("SELECT word FROM pg_get_keywords() WHERE catcode <> 'U'").fetchall()
    assert [word for (word,) in words if quote(str(word)) == word] == []


def test_default_privileges_come_true(agent: servers.World) -> None:
    agent.run(
        "ALTER DEFAULT PRIVILEGES FOR ROLE {dba} IN SCHEMA app GRANT SELECT ON TABLES TO {group}",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {dba} GRANT USAGE ON SEQUENCES TO PUBLIC",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {dba} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
        "GRANT {group} TO {agent}",
        "GRANT CREATE, USAGE ON SCHEMA app TO {dba}",
    )
    found = look(agent).future
    assert [(one.type, one.privilege, one.schema, one.public) for one in sorted(found, key=lambda one: one.type)] == [
        ("sequence", "USAGE", "", True),
        ("table", "SELECT", "app", False),
    ]
    agent.run("SET ROLE {dba}; CREATE TABLE app.t (a int); CREATE SEQUENCE app.q; RESET ROLE")
    held = {(one.object.name, one.privilege) for one in look(agent).held if one.object.schema == "app"}
    assert held == {("t", "SELECT"), ("q", "USAGE")}
    agent.run(*(one.fix for one in found))
    assert look(agent).future == ()


def test_login_setting_and_search_path(agent: servers.World) -> None:
    agent.run(
        "GRANT {group} TO {agent}",
        "ALTER ROLE {agent} SET role = {group}",
        f'ALTER DATABASE {agent.database} SET search_path = nowhere, "App", app',
        'CREATE SCHEMA "App"',
    )
    index = Index(scan(agent.dsn, [agent.role("agent")]))
    assert index.search_path(agent.role("agent")) == ("App", "app")
    found = effective(index, agent.role("agent"))
    assert [one.how for one in found.reach] == ["login setting", "set role"]
    assert (
        agent.attempt("agent", "SELECT 1 / (current_user = '{group}')::int".replace("{group}", agent.role("group")))
        is None
    )
    agent.run(found.reach[0].fix, "REVOKE {group} FROM {agent}", "ALTER ROLE {agent} SET search_path = '$user', public")
    agent.run("ALTER ROLE {agent} SET role = {dba}")
    index = Index(scan(agent.dsn, [agent.role("agent")]))
    assert index.search_path(agent.role("agent")) == ("public",)
    found = effective(index, agent.role("agent"))
    assert found.reach == ()
    assert found.notes == (f"its setting role = {agent.role('dba')} has no effect: it may not SET ROLE to that",)


def test_ownership_is_inherited(agent: servers.World) -> None:
    agent.run(
        "CREATE TABLE app.t (a int)",
        "ALTER TABLE app.t OWNER TO {group}",
        f"ALTER DATABASE {agent.database} OWNER TO {{dba}}",
        "REVOKE ALL ON app.t FROM {group}",
        "GRANT {group}, {dba} TO {agent}",
    )
    found = look(agent)
    assert [(one.object.type, one.object.name) for one in found.owned if one.object.name != "public"] == [
        ("database", agent.database),
        ("table", "t"),
    ]
    assert [one for one in found.held if one.object.name == "t"] == []  # an owner can revoke from itself


def test_databases_elsewhere(agent: servers.World) -> None:
    other = f"{agent.database}_other"
    with agent.server.connect() as connection:
        connection.execute(f"CREATE DATABASE {other}".encode())
        try:
            assert other in look(agent).elsewhere
            connection.execute(f"REVOKE CONNECT ON DATABASE {other} FROM PUBLIC".encode())
            assert other not in look(agent).elsewhere
            with pytest.raises(psycopg.OperationalError):
                agent.server.connect(other, agent.role("agent"))
        finally:
            connection.execute(f"DROP DATABASE {other}".encode())
