"""A statement on a parent meets the parent's row-level security, and never its children's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import servers
from tests.test_drift import BINDING, compared, manifest
from tests.world import build

READ = "{resource: postgres.app.parent, access: read-only, scope: 'id column only'}"
COUNT = "SELECT 1 / count(*) FROM app."
PLAIN = "CREATE TABLE app.parent (id int); CREATE TABLE app.child () INHERITS (app.parent)"
PARTITIONED = "CREATE TABLE app.parent (id int) PARTITION BY LIST (id); CREATE TABLE app.child PARTITION OF app.parent FOR VALUES IN (1)"


@pytest.mark.parametrize("tables", [PLAIN, PARTITIONED], ids=["inherits", "partition"])
def test_a_parent_opens_what_its_child_keeps(tmp_path: Path, world: servers.World, tables: str) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ)}, BINDING)
    world.run(
        "CREATE ROLE {agent} LOGIN; CREATE SCHEMA app; GRANT USAGE ON SCHEMA app TO {agent}",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        tables,
        "INSERT INTO app.child VALUES (1)",
        "GRANT SELECT (id) ON app.parent TO {agent}",
    )
    assert compared(tmp_path, world)["findings"] == []
    world.run("ALTER TABLE app.child ENABLE ROW LEVEL SECURITY")
    assert world.attempt("agent", COUNT + "parent") is None
    body = compared(tmp_path, world)
    (found,) = body["findings"]
    assert (found["rule"], body["verdicts"][0]["verdict"]) == ("drift/undeclared-privilege", "excess")
    assert (
        "SELECT on app.parent, and so on the rows of app.child that row-level security there keeps from it"
        in found["message"]
    )
    world.run(found["fix"])
    assert world.attempt("agent", COUNT + "parent") == "22012"
    assert not [one for one in compared(tmp_path, world)["findings"] if "app.child" in one["message"]]


@pytest.mark.parametrize(
    "change",
    [
        "ALTER ROLE {agent} BYPASSRLS",
        "ALTER TABLE app.child DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE app.child NO INHERIT app.parent",
        "ALTER TABLE app.parent ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON app.parent USING (true)",
    ],
)
def test_near_misses(tmp_path: Path, world: servers.World, change: str) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ)}, BINDING)
    world.run(
        "CREATE ROLE {agent} LOGIN; CREATE SCHEMA app; GRANT USAGE ON SCHEMA app TO {agent}",
        PLAIN,
        "GRANT SELECT (id) ON app.parent TO {agent}; ALTER TABLE app.child ENABLE ROW LEVEL SECURITY",
        change,
    )
    assert not [one for one in compared(tmp_path, world)["findings"] if "app.child" in one["message"]]
