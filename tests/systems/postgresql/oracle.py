"""What PostgreSQL itself says a role may do: has_*_privilege, called by OID for every object, column and privilege."""

from __future__ import annotations

from typing import NamedTuple

import psycopg

_TABLE = "SELECT INSERT UPDATE DELETE TRUNCATE REFERENCES TRIGGER"
_ANY_SCHEMA = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"


class Answer(NamedTuple):
    """One privilege that is in effect."""

    family: str
    schema: str
    name: str
    column: str
    privilege: str
    grantable: bool


def _one(family: str, function: str, source: str, privileges: str, *, column: str = "''", to: str = "o.oid") -> str:
    words = ", ".join(f"('{word}')" for word in privileges.replace("ALTER SYSTEM", "ALTER_SYSTEM").split())
    return f"""SELECT '{family}', o.schema, o.name, {column}, p.word, g.grantable
FROM ({source}) o, (SELECT replace(word, '_', ' ') FROM (VALUES {words}) v (word)) p (word),
     (VALUES (false), (true)) g (grantable)
WHERE {function}($1::oid, {to}, p.word || CASE WHEN g.grantable THEN ' WITH GRANT OPTION' ELSE '' END)"""


def _named(name: str, catalog: str) -> str:
    return f"SELECT oid, '' AS schema, {name}::text AS name FROM {catalog}"


def _queries(version: int) -> list[str]:
    table = _TABLE + (" MAINTAIN" if version >= 170000 else "")
    relations = (
        "SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name FROM pg_class c "
        f"JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_ANY_SCHEMA} AND c.relkind IN"
    )
    columns = (
        "SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name, a.attname::text AS column, a.attnum "
        "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid "
        f"WHERE {_ANY_SCHEMA} AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped"
    )
    granted = "c.relacl IS NOT NULL OR EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attacl IS NOT NULL)"
    toast = (
        "SELECT c.oid, 'pg_toast' AS schema, c.relname::text AS name, a.attname::text AS column, a.attnum "
        "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 "
        f"WHERE c.relkind = 't' AND c.relnamespace = to_regnamespace('pg_toast') AND ({granted})"
    )
    routines = (
        "SELECT p.oid, n.nspname::text AS schema, p.proname || '(' || oidvectortypes(p.proargtypes) || ')' AS name "
        f"FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {_ANY_SCHEMA}"
    )
    types = (
        "SELECT t.oid, n.nspname::text AS schema, t.typname::text AS name FROM pg_type t "
        f"JOIN pg_namespace n ON n.oid = t.typnamespace WHERE {_ANY_SCHEMA} AND t.typtype IN ('d', 'e')"
    )
    schemas = (
        "SELECT n.oid, '' AS schema, n.nspname::text AS name FROM pg_namespace n WHERE n.nspname !~ '^pg_(toast_)?temp'"
    )
    databases = "SELECT d.oid, '' AS schema, d.datname::text AS name FROM pg_database d"
    found = [
        _one("relation", "has_table_privilege", f"{relations} ('r', 'p', 'v', 'm', 'f')", table),
        _one("relation", "has_sequence_privilege", f"{relations} ('S')", "USAGE SELECT UPDATE"),
        _one("column", "has_column_privilege", columns, "SELECT INSERT UPDATE REFERENCES", column="o.column", to="o.oid, o.attnum"),
        _one("relation", "has_table_privilege", f"SELECT DISTINCT oid, schema, name FROM ({toast}) t", "SELECT"),
        _one("column", "has_column_privilege", toast, "SELECT", column="o.column", to="o.oid, o.attnum"),
        _one("routine", "has_function_privilege", routines, "EXECUTE"),
        _one("type", "has_type_privilege", types, "USAGE"),
        _one("schema", "has_schema_privilege", schemas, "USAGE CREATE"),
        _one("database", "has_database_privilege", databases, "CREATE CONNECT TEMPORARY"),
        _one("language", "has_language_privilege", _named("lanname", "pg_language"), "USAGE"),
        _one("tablespace", "has_tablespace_privilege", _named("spcname", "pg_tablespace"), "CREATE"),
        _one("fdw", "has_foreign_data_wrapper_privilege", _named("fdwname", "pg_foreign_data_wrapper"), "USAGE"),
        _one("server", "has_server_privilege", _named("srvname", "pg_foreign_server"), "USAGE"),
    ]  # fmt: skip
    if version >= 150000:
        parameters = "SELECT parname AS oid, '' AS schema, parname AS name FROM pg_parameter_acl"
        found.append(_one("parameter", "has_parameter_privilege", parameters, "SET ALTER SYSTEM"))
    if version >= 180000:
        objects = "SELECT oid, '' AS schema, oid::text AS name FROM pg_largeobject_metadata"
        found.append(_one("large object", "has_largeobject_privilege", objects, "SELECT UPDATE"))
    return found


def privileges(connection: psycopg.Connection[tuple[object, ...]], role: str) -> frozenset[Answer]:
    """Every privilege that a role has on objects that are not the system's own; the auditor must be a superuser."""
    row = connection.execute("SELECT oid FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    assert row is not None
    statement = " UNION ALL ".join(_queries(connection.info.server_version)).replace("$1", str(row[0]))
    return frozenset(Answer(*one) for one in connection.execute(statement.encode()).fetchall())  # type: ignore[arg-type]


def roles(connection: psycopg.Connection[tuple[object, ...]], role: str, how: str) -> frozenset[str]:
    """The roles for which pg_has_role says yes."""
    rows = connection.execute("SELECT rolname FROM pg_roles WHERE pg_has_role(%s, oid, %s)", [role, how]).fetchall()
    return frozenset(str(row[0]) for row in rows)
