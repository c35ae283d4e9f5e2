"""permlint's effective set is the set for which PostgreSQL's own has_*_privilege says true, after any history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import psycopg
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from linter.systems.postgresql.effective import effective
from linter.systems.postgresql.granted import Effective, Object
from linter.systems.postgresql.index import Index
from linter.systems.postgresql.recording import from_json, to_json
from linter.systems.postgresql.scan import scan
from linter.systems.postgresql.snapshot import Snapshot
from tests import servers
from tests.systems.postgresql import oracle, programs

_FAMILIES = {
    "function": "routine",
    "procedure": "routine",
    "aggregate": "routine",
    "foreign data wrapper": "fdw",
    "foreign server": "server",
}
_SAME = ("schema", "database", "type", "language", "tablespace", "parameter", "large object")
_BY_COLUMN = ("SELECT", "INSERT", "UPDATE", "REFERENCES")


@given(st.data())
@settings(max_examples=12, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
def test_effective_set_is_postgresqls_own(server: servers.Server, data: st.DataObject) -> None:
    check(server, data)


def check(server: servers.Server, data: st.DataObject) -> None:
    """Run a history in a database of its own, then compare every role."""
    with servers.world(server) as world:
        history = data.draw(programs.statements(world.prefix, world.database))
        names = [world.role(name) for name in programs.NAMES]
        with server.connect(world.database) as connection:
            for number in range(len(names)):
                connection.execute(f"CREATE ROLE {programs.role(world.prefix, number)}".encode())
            for statement in (*programs.SETUP, *history):
                run(connection, statement, wanted=statement in programs.SETUP)
            snapshot = scan(world.dsn, names)
            assert from_json(to_json(snapshot)) == snapshot
            index = Index(snapshot)
            for name in names:
                compare(connection, index, snapshot, name)


def run(connection: psycopg.Connection[tuple[object, ...]], statement: str, *, wanted: bool) -> None:
    """Run a statement of a history: some are refused, as they should be."""
    before, _, rest = statement.rpartition(";") if statement.startswith("SET ROLE") else ("", "", statement)
    try:
        if before:
            connection.execute(before.encode())
        connection.execute(rest.encode())
    except psycopg.Error:
        assert not wanted, statement
    finally:
        connection.execute("RESET ROLE")


def compare(connection: psycopg.Connection[tuple[object, ...]], index: Index, snapshot: Snapshot, role: str) -> None:
    """Hold one role's effective set against PostgreSQL's answers."""
    computed = effective(index, role)
    graph, oid = index.graph, index.roles[role]
    superuser = graph.roles[oid].superuser
    ours = answers(computed, index)
    theirs = oracle.privileges(connection, role)
    if superuser or snapshot.server.version < 180000:
        # Of large objects a snapshot has only those that some grant or ownership concerns; before 18 nobody can ask.
        ours, theirs = (frozenset(one for one in found if one.family != "large object") for found in (ours, theirs))
    assert {one for one in ours if not one.grantable} == {one for one in theirs if not one.grantable}, role
    if superuser:
        return  # every has_ function says yes
    assert {one for one in ours if one.grantable} == {one for one in theirs if one.grantable}, role
    assert {index.role_names[one] for one in graph.inherited(oid)} == oracle.roles(connection, role, "USAGE")
    assert {index.role_names[one] for one in graph.memberships(oid)} == oracle.roles(connection, role, "MEMBER")
    how = "SET" if snapshot.server.version >= 160000 else "MEMBER"
    assert {index.role_names[one] for one in graph.settable(oid)} == oracle.roles(connection, role, how)


def answers(computed: Effective, index: Index) -> frozenset[oracle.Answer]:
    """An effective set in the oracle's words: on objects that are not the system's, to the column."""
    columns = {index.object(("relation", one.oid)): one.columns for one in index.snapshot.relations if one.kind != "S"}
    found: set[oracle.Answer] = set()
    for held in computed.held:
        found.update(spelled(held.object, held.privilege, held.columns, columns, grantable=False))
        if held.grantable:
            found.update(spelled(held.object, held.privilege, held.columns, columns, grantable=True))
    # An owner can grant what it does not have.
    for owned in computed.owned:
        for privilege in grantable(owned.object, index.version):
            found.update(spelled(owned.object, privilege, None, columns, grantable=True))
    return frozenset(found)


def spelled(
    object: Object,
    privilege: str,
    some: tuple[str, ...] | None,
    columns: Mapping[Object, tuple[str, ...]],
    *,
    grantable: bool,
) -> Iterator[oracle.Answer]:
    """One privilege as the oracle answers it: for the object, and for each of its columns."""
    if object.schema in ("information_schema", "pg_catalog"):
        return
    family = _FAMILIES.get(object.type, object.type if object.type in _SAME else "relation")
    name = f"{object.name}({object.arguments})" if family == "routine" else object.name
    if some is None:
        yield oracle.Answer(family, object.schema, name, "", privilege, grantable)
    if object in columns and privilege in _BY_COLUMN:
        for column in columns[object] if some is None else some:
            yield oracle.Answer("column", object.schema, name, column, privilege, grantable)


def grantable(object: Object, version: int) -> tuple[str, ...]:
    """What an owner can grant on an object: all there is for its kind (PostgreSQL's documentation, table 5.2)."""
    match object.type:
        case "table" | "partitioned table" | "view" | "materialized view" | "foreign table":
            common = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
            return (*common, "MAINTAIN") if version >= 170000 else common
        case "TOAST table":
            return ("SELECT",)
        case "sequence":
            return ("USAGE", "SELECT", "UPDATE")
        case "function" | "procedure" | "aggregate":
            return ("EXECUTE",)
        case "schema":
            return ("USAGE", "CREATE")
        case "database":
            return ("CREATE", "CONNECT", "TEMPORARY")
        case "large object":
            return ("SELECT", "UPDATE")
        case "tablespace":
            return ("CREATE",)
        case _:
            return ("USAGE",)
