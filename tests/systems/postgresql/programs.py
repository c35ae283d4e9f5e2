"""Random histories of a database: roles, memberships, grants, owners, in SQL that may fail here and there, as histories do."""

from __future__ import annotations

from hypothesis import strategies as st
from psycopg.sql import Identifier

NAMES = ("a", 'b"; DROP', "Ünïcode ☃", "d." + "x" * 50, "select")
"""Of roles, after the prefix. The fourth is near the 63 bytes that a name can have."""
RELATIONS = ('app."t 1"', "app.t2", "public.t3", "app.v1", "public.m1", "app.child")
COLUMNS = ("a", '"B;"', "c")
_TABLE = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "ALL", "SELECT, UPDATE")
_OTHERS = (
    ("SEQUENCE app.q1", ("USAGE", "SELECT", "UPDATE", "ALL")),
    ("FUNCTION app.f(int)", ("EXECUTE",)),
    ("FUNCTION app.f(text, app.mood)", ("EXECUTE",)),
    ("PROCEDURE public.p()", ("EXECUTE",)),
    ("FUNCTION app.total(int)", ("EXECUTE",)),
    ("TYPE app.mood", ("USAGE",)),
    ("DOMAIN app.positive", ("USAGE",)),
    ("SCHEMA app", ("USAGE", "CREATE", "ALL")),
    ("SCHEMA public", ("USAGE", "CREATE", "ALL")),
    ("DATABASE {database}", ("CONNECT", "CREATE", "TEMPORARY", "ALL")),
    ("LANGUAGE sql", ("USAGE",)),
    ("TABLESPACE pg_default", ("CREATE",)),
    ("FOREIGN DATA WRAPPER wrapper", ("USAGE",)),
    ("FOREIGN SERVER elsewhere", ("USAGE",)),
    ("PARAMETER log_min_messages", ("SET", "ALTER SYSTEM", "ALL")),
    ("LARGE OBJECT 4711", ("SELECT", "UPDATE")),
)
_OWNED = (
    *(f"TABLE {name}" for name in RELATIONS),
    "SEQUENCE app.q1",
    "FUNCTION app.f(int)",
    "SCHEMA app",
    "TYPE app.mood",
    "DATABASE {database}",
    "LARGE OBJECT 4711",
)
SETUP = (
    "CREATE SCHEMA app",
    'CREATE TABLE app."t 1" (a int PRIMARY KEY, "B;" text, c int)',
    'CREATE TABLE app.t2 (a int, gone int, "B;" text, c int) PARTITION BY LIST (a)',
    "ALTER TABLE app.t2 DROP COLUMN gone",
    "CREATE TABLE app.child PARTITION OF app.t2 FOR VALUES IN (1)",
    'CREATE TABLE public.t3 (a serial, "B;" text, c int)',
    'CREATE VIEW app.v1 AS SELECT * FROM app."t 1"',
    "CREATE MATERIALIZED VIEW public.m1 AS SELECT * FROM public.t3",
    "CREATE SEQUENCE app.q1",
    "CREATE TYPE app.mood AS ENUM ('good', 'bad')",
    "CREATE DOMAIN app.positive AS int CHECK (value > 0)",
    "CREATE FUNCTION app.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION app.f(text, app.mood) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE PROCEDURE public.p() LANGUAGE sql AS 'SELECT 1'",
    "CREATE AGGREGATE app.total(int) (SFUNC = int4pl, STYPE = int)",
    "CREATE FOREIGN DATA WRAPPER wrapper",
    "CREATE SERVER elsewhere FOREIGN DATA WRAPPER wrapper",
    "SELECT lo_create(4711)",
)
_PREDEFINED = ("pg_read_all_data", "pg_write_all_data", "pg_maintain", "pg_monitor", "pg_database_owner")


def role(prefix: str, number: int) -> str:
    """A role's name as SQL."""
    return Identifier(prefix + NAMES[number]).as_string()


def statements(prefix: str, database: str) -> st.SearchStrategy[list[str]]:
    """A history; each statement runs on its own, as a superuser or as one of the roles."""
    roles = st.sampled_from([role(prefix, number) for number in range(len(NAMES))])
    grantees = st.one_of(roles, st.just("PUBLIC"))
    granted = st.one_of(roles, st.sampled_from(_PREDEFINED))
    booleans = st.sampled_from(["TRUE", "FALSE"])
    options = st.one_of(
        st.sampled_from(["", "", " WITH ADMIN OPTION"]),
        st.builds(" WITH INHERIT {}, SET {}".format, booleans, booleans),
        st.builds(" WITH ADMIN {}, INHERIT {}".format, booleans, booleans),
    )
    relations = st.sampled_from(RELATIONS)
    some = st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=2, unique=True).map(", ".join)
    on_table = st.builds("{} ON {}".format, st.sampled_from(_TABLE), relations)
    on_columns = st.builds(
        "{} ({}) ON {}".format, st.sampled_from(("SELECT", "INSERT", "UPDATE", "REFERENCES")), some, relations
    )
    on_other = st.sampled_from(_OTHERS).flatmap(lambda one: st.sampled_from([f"{word} ON {one[0]}" for word in one[1]]))
    what = st.one_of(on_table, on_columns, on_other)
    on_toast = st.builds(
        "DO $$BEGIN EXECUTE 'GRANT SELECT{} ON ' || (SELECT reltoastrelid::regclass FROM pg_class WHERE oid = '{}'::regclass) "
        "|| ' TO {}{}'; END$$".format,
        st.sampled_from(["", " (chunk_data)"]),
        st.sampled_from(('app."t 1"', "public.t3", "public.m1")),
        grantees,
        st.sampled_from(["", " WITH GRANT OPTION"]),
    )
    default = st.sampled_from(
        ["SELECT ON TABLES", "ALL ON TABLES", "USAGE ON SEQUENCES", "EXECUTE ON FUNCTIONS", "USAGE ON TYPES"]
    )
    places = st.sampled_from(["", " IN SCHEMA app", " IN SCHEMA public"])
    creations = st.sampled_from(
        [
            "CREATE TABLE app.late (a int, z int)",
            "CREATE TABLE public.late (a int, z int)",
            "CREATE SEQUENCE app.lateq",
            "CREATE FUNCTION app.latef() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE TYPE public.latet AS ENUM ('x')",
        ]
    )
    plain = st.one_of(
        st.builds("GRANT {} TO {}{}".format, what, grantees, st.sampled_from(["", "", " WITH GRANT OPTION"])),
        st.builds("GRANT {} TO {}{}".format, what, roles, st.sampled_from(["", " WITH GRANT OPTION"])),
        st.builds("REVOKE {}{} FROM {} CASCADE".format, st.sampled_from(["", "GRANT OPTION FOR "]), what, grantees),
        st.builds("GRANT {} TO {}{}".format, granted, roles, options),
        st.builds("GRANT {} TO {}{}".format, granted, roles, options),
        st.builds("REVOKE {}{} FROM {} CASCADE".format, st.sampled_from(["", "ADMIN OPTION FOR "]), granted, roles),
        st.builds("ALTER DEFAULT PRIVILEGES{} GRANT {} TO {}".format, places, default, grantees),
        st.builds("ALTER DEFAULT PRIVILEGES{} REVOKE {} FROM {}".format, places, default, grantees),
        creations,
    )
    superuser = st.one_of(
        plain,
        on_toast,
        st.builds("ALTER {} OWNER TO {}".format, st.sampled_from(_OWNED), roles),
        st.builds(
            "ALTER ROLE {} {}".format, roles, st.sampled_from(["INHERIT", "NOINHERIT", "SUPERUSER", "NOSUPERUSER"])
        ),
        st.builds("ALTER TABLE {} DROP COLUMN c CASCADE".format, relations),
        st.builds('ALTER TABLE {} RENAME COLUMN a TO "A"'.format, relations),
        st.builds("REVOKE ALL ON {} FROM {}".format, relations, roles),
    )
    as_role = st.builds("SET ROLE {};{}".format, roles, plain)
    one = st.one_of(superuser, superuser, as_role)
    return st.lists(one.map(lambda text: text.replace("{database}", database)), min_size=15, max_size=40)
