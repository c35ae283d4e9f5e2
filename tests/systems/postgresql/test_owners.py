"""Every kind of object that has an owner, by the servers' own catalogs: what a role owns is seen, and can be given away as is printed."""

from __future__ import annotations

from pathlib import Path

from linter.systems.postgresql.effective import effective
from linter.systems.postgresql.granted import Effective
from linter.systems.postgresql.index import Index
from linter.systems.postgresql.scan import scan
from tests import servers

# fmt: off
OWNED: dict[str, tuple[str, ...]] = {
    "pg_class": (
        "CREATE TABLE app.t (id int)", "CREATE TABLE app.part (id int) PARTITION BY LIST (id)", "CREATE VIEW app.v AS SELECT 1",
        "CREATE MATERIALIZED VIEW app.m AS SELECT 1", "CREATE SEQUENCE app.q", "CREATE FOREIGN TABLE app.f (id int) SERVER near",
    ),
    "pg_collation": ("CREATE COLLATION app.c (locale = 'C')",),
    "pg_conversion": ("CREATE CONVERSION app.c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",),
    "pg_database": ("ALTER DATABASE {database} OWNER TO {agent}",),
    "pg_event_trigger": ('CREATE EVENT TRIGGER "on; end" ON ddl_command_end EXECUTE FUNCTION app.watch()',),
    "pg_extension": ("CREATE EXTENSION plpgsql",),
    "pg_foreign_data_wrapper": ("CREATE FOREIGN DATA WRAPPER far",),
    "pg_foreign_server": ("CREATE SERVER away FOREIGN DATA WRAPPER near_",),
    "pg_language": ("CREATE LANGUAGE tongue HANDLER plpgsql_call_handler",),
    "pg_largeobject_metadata": ("SELECT lo_create(4711)",),
    "pg_namespace": ("CREATE SCHEMA own",),
    "pg_opclass": ("CREATE OPERATOR CLASS app.c FOR TYPE int USING hash FAMILY near AS OPERATOR 1 =, FUNCTION 1 hashint4(int)",),
    "pg_operator": (
        "CREATE OPERATOR app.=== (LEFTARG = int, RIGHTARG = app.kind, FUNCTION = app.like_it)",
        "CREATE OPERATOR app.!! (RIGHTARG = int, FUNCTION = int4abs)",
    ),
    "pg_opfamily": ("CREATE OPERATOR FAMILY app.f USING btree",),
    "pg_proc": (
        "CREATE FUNCTION app.f(int, text[]) RETURNS int LANGUAGE sql AS 'SELECT 1'", "CREATE PROCEDURE app.p() LANGUAGE sql AS ''",
        "CREATE AGGREGATE app.a(int) (SFUNC = int4pl, STYPE = int)",
        "CREATE AGGREGATE app.o(float8 ORDER BY int) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = app.done)",
    ),
    "pg_publication": ("CREATE PUBLICATION p",),
    "pg_statistic_ext": ("CREATE STATISTICS app.s ON id, other FROM app.near; ALTER TABLE app.near OWNER TO postgres",),
    "pg_subscription": ("CREATE SUBSCRIPTION s CONNECTION 'dbname=none' PUBLICATION p WITH (connect = false, slot_name = NONE)",),
    "pg_tablespace": ("CREATE TABLESPACE room LOCATION '{room}'",),
    "pg_ts_config": ("CREATE TEXT SEARCH CONFIGURATION app.c (PARSER = default)",),
    "pg_ts_dict": ("CREATE TEXT SEARCH DICTIONARY app.d (TEMPLATE = simple)",),
    "pg_type": (
        "CREATE TYPE app.own AS ENUM ()", "CREATE DOMAIN app.d AS int", "CREATE TYPE app.pair AS (a int)",
        "CREATE TYPE app.span AS RANGE (SUBTYPE = int)",
    ),
}
# fmt: on
"""Catalog -> what makes objects of it that the agent owns."""
SETUP = (
    "CREATE ROLE {agent} LOGIN; CREATE ROLE {heir} SUPERUSER; CREATE SCHEMA app; GRANT USAGE ON SCHEMA app TO PUBLIC",
    "CREATE FOREIGN DATA WRAPPER near_; CREATE SERVER near FOREIGN DATA WRAPPER near_; CREATE TABLE app.near (id int, other int)",
    "CREATE TYPE app.kind AS ENUM (); CREATE FUNCTION app.like_it(int, app.kind) RETURNS bool LANGUAGE sql AS 'SELECT true'",
    "CREATE FUNCTION app.done(internal, float8) RETURNS int LANGUAGE internal AS 'percentile_disc_final'",
    "CREATE OPERATOR FAMILY near USING hash",
    "CREATE FUNCTION app.watch() RETURNS event_trigger LANGUAGE internal AS 'int4abs'",
)


def look(world: servers.World) -> Effective:
    """The effective set of the agent."""
    return effective(Index(scan(world.dsn, [world.role("agent")])), world.role("agent"))


def test_every_catalog_with_an_owner_is_tried(server: servers.Server) -> None:
    """What the next version brings is missed here first."""
    owners = (
        "SELECT DISTINCT fktable::text FROM pg_get_catalog_foreign_keys() WHERE pktable = 'pg_authid'::regclass "
        "AND NOT fktable = ANY ('{pg_auth_members,pg_db_role_setting,pg_default_acl,pg_policy,pg_user_mapping}'::regclass[])"
        if server.major >= 14
        else "SELECT relname FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid WHERE relkind = 'r' "
        "AND relnamespace = 'pg_catalog'::regnamespace AND attname ~ '(owner|dba)$'"
    )
    with server.connect() as connection:
        assert {str(name) for (name,) in connection.execute(owners.encode()).fetchall()} == set(OWNED)


def test_what_a_role_owns_is_seen_and_can_be_given_away(world: servers.World) -> None:
    room = Path(world.server.folder, f"room of {world.database}")
    room.mkdir()
    world.run(*SETUP)
    assert look(world).owned == ()
    statements = [one for catalog, some in OWNED.items() if catalog != "pg_extension" for one in some]
    made = [one.replace("{database}", world.database).replace("{room}", str(room)) for one in statements]
    # Some kinds take a superuser, who need not stay one.
    world.run("ALTER ROLE {agent} SUPERUSER", "SET ROLE {agent}", *made, "RESET ROLE", "ALTER ROLE {agent} NOSUPERUSER")
    try:
        # The owner of the database has its schema public, which cannot be given away alone.
        owned = [one for one in look(world).owned if (one.object.type, one.object.name) != ("schema", "public")]
        assert len({one.object for one in owned}) == len(owned) == len(statements)
        for one in owned:
            assert one.path == (world.role("agent"),)
            world.run(one.fix.replace("<another role>", "{heir}"))
        assert look(world).owned == ()
    finally:
        with world.server.connect(world.database) as connection:
            connection.execute(b"DROP TABLESPACE room; ")
            connection.execute(b"DROP SUBSCRIPTION s")


def test_an_extension_is_given_away_with_all_that_is_in_it(world: servers.World) -> None:
    world.run(
        "CREATE ROLE {agent} SUPERUSER LOGIN; CREATE ROLE {heir} SUPERUSER; DROP EXTENSION plpgsql; SET ROLE {agent}"
    )
    world.run("SET ROLE {agent}; CREATE EXTENSION plpgsql; RESET ROLE; ALTER ROLE {agent} NOSUPERUSER")
    owned = look(world).owned
    (extension,) = [one for one in owned if not one.extension]
    assert {one.extension for one in owned} == {"", extension.object.name}
    world.run(extension.fix.partition(" -- ")[0].replace("<another role>", "{heir}"))
    assert look(world).owned == ()


def test_what_initdb_made_and_somebody_gave_away(world: servers.World) -> None:
    world.run("CREATE ROLE {agent} LOGIN", "ALTER FUNCTION pg_catalog.pg_sleep(double precision) OWNER TO {agent}")
    world.run('ALTER VIEW information_schema.tables OWNER TO {agent}; ALTER COLLATION pg_catalog."C" OWNER TO {agent}')
    assert [one.object.sql for one in look(world).owned] == [
        'pg_catalog."C"',
        "pg_catalog.pg_sleep(double precision)",
        "information_schema.tables",
    ]
