"""What is granted on a TOAST table opens the long values of another table."""

from __future__ import annotations

from pathlib import Path

import pytest

from linter.systems.postgresql.effective import effective
from linter.systems.postgresql.index import Index
from linter.systems.postgresql.scan import scan
from linter.systems.postgresql.selfcheck import disagreements
from tests import servers
from tests.test_drift import BINDING, READ_WRITE, compared, manifest, setup
from tests.world import build


def toast(world: servers.World, table: str) -> str:
    """The name of a table's TOAST table."""
    with world.server.connect(world.database) as connection:
        row = connection.execute(
            "SELECT reltoastrelid::regclass::text FROM pg_class WHERE oid = %s::regclass", [table]
        ).fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.parametrize("granted", ["SELECT", "SELECT (chunk_data)", "ALL"])
def test_the_long_values_of_another_table(tmp_path: Path, world: servers.World, granted: str) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ_WRITE)}, BINDING)
    setup(
        world,
        "GRANT SELECT (status, assigned_to), UPDATE (status, assigned_to) ON app.tickets TO {agent}",
        "CREATE TABLE app.secret (note text); ALTER TABLE app.secret ALTER note SET STORAGE EXTERNAL",
        "INSERT INTO app.secret VALUES (repeat('x', 5000))",
    )
    assert compared(tmp_path, world)["findings"] == []
    name = toast(world, "app.secret")
    world.run(f"GRANT {granted} ON {name} TO {{agent}}", "GRANT USAGE ON SCHEMA pg_toast TO {agent}")
    assert world.attempt("agent", f"SELECT 1 / count(chunk_data) FROM {name}") is None
    found = [one for one in compared(tmp_path, world)["findings"] if one["details"]["schema"] == "pg_toast"]
    assert [one["rule"] for one in found] == ["drift/undeclared-privilege"]
    assert f"SELECT on {name}: the long values of app.secret" in found[0]["message"].replace(
        " the column chunk_data of", ""
    )
    world.run(found[0]["fix"])
    assert world.attempt("agent", f"SELECT 1 / count(chunk_data) FROM {name}") == "42501"


def test_those_of_the_system_too(world: servers.World) -> None:
    world.run("CREATE ROLE {agent} LOGIN; GRANT SELECT ON pg_toast.pg_toast_1255 TO {agent}")
    try:
        index = Index(scan(world.dsn, [world.role("agent")]))
        (held,) = [one for one in effective(index, world.role("agent")).held if one.object.schema == "pg_toast"]
        assert index.toasted(held.object) == "a table of the system"
    finally:
        world.run("REVOKE ALL ON pg_toast.pg_toast_1255 FROM {agent}")


def test_owners_and_readers_of_everything(world: servers.World) -> None:
    """The owner of a table owns its TOAST table, which is no finding of its own; the self-check agrees on both."""
    world.run(
        "CREATE ROLE {agent} LOGIN; CREATE ROLE {reader}; GRANT pg_read_all_data, pg_write_all_data TO {reader}"
        if world.server.major >= 14
        else "CREATE ROLE {agent} LOGIN; CREATE ROLE {reader}",
        "CREATE TABLE public.secret (note text); ALTER TABLE public.secret OWNER TO {agent}",
    )
    world.run(f"GRANT ALL ON {toast(world, 'public.secret')} TO PUBLIC")
    names = [world.role("agent"), world.role("reader")]
    snapshot = scan(world.dsn, names)
    for name in names:
        found = effective(Index(snapshot), name)
        held = [one for one in found.held if one.object.schema == "pg_toast" and one.object.type != "schema"]
        assert [one.privilege for one in held] == ["SELECT"]
        assert disagreements(world.dsn, snapshot, found) == ()
