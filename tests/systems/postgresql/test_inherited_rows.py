"""A statement meets the row-level security of the table that it names, and never that of its parent or its children."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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
        # So the way around the parent's policies is closed.
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


TABLES = (PLAIN, PARTITIONED.replace("FOR VALUES IN (1)", "DEFAULT"))
BOUND = (
    "ALTER TABLE app.parent ENABLE ROW LEVEL SECURITY; ALTER TABLE app.child ENABLE ROW LEVEL SECURITY",
    "INSERT INTO app.child VALUES (1), (2)",
)
POLICIES = {
    "the child's is stricter": ("USING (true)", "USING (id = 1)", True),
    "the child's is another": ("USING (id > 1)", "USING (id = 1)", True),
    "the child's restrictive one": ("USING (id > 0)", "USING (id > 0); CREATE POLICY r ON app.child AS RESTRICTIVE USING (id = 1)", True),
    "the same": ("USING (id = 1)", "USING (id = 1)", False),
    "the same, the table named in it": (
        "USING (EXISTS (SELECT FROM app.own WHERE own.id = parent.id))",
        "USING (EXISTS (SELECT FROM app.own WHERE own.id = child.id))",
        False,
    ),
    "the child's is laxer": ("USING (id = 1)", "USING (true)", False),
    "the child has one more": ("USING (id = 1)", "USING (id = 1); CREATE POLICY c2 ON app.child USING (id = 2)", False),
    "the parent's restrictive one": (
        "USING (id > 0); CREATE POLICY r ON app.parent AS RESTRICTIVE USING (id = 1)",
        "USING (id > 0)",
        False,
    ),
    "the parent has none": ("TO {other} USING (true)", "USING (id = 1)", False),
    "the parent's for another command": ("FOR DELETE USING (true)", "USING (id = 1)", False),
}  # fmt: skip


@pytest.mark.parametrize("case", POLICIES)
@pytest.mark.parametrize("tables", TABLES, ids=["inherits", "partition"])
def test_policies_of_both(tmp_path: Path, world: servers.World, tables: str, case: str) -> None:
    parents, childs, more = POLICIES[case]
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ)}, BINDING)
    world.run(
        "CREATE ROLE {agent} LOGIN; CREATE ROLE {other}; CREATE SCHEMA app; GRANT USAGE ON SCHEMA app TO {agent}",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE TABLE app.own (id int); INSERT INTO app.own VALUES (1)",
        tables,
        *BOUND,
        f"CREATE POLICY p ON app.parent {parents}",
        f"CREATE POLICY c ON app.child {childs}",
        "GRANT SELECT (id) ON app.parent TO {agent}",
    )
    body = compared(tmp_path, world)
    found = [one for one in body["findings"] if one["rule"] == "drift/conditional-privilege"]
    assert bool(found) is more
    if more:
        assert "rows of app.child that its policies keep from" in found[0]["message"]
        assert body["verdicts"][0]["verdict"] == "conditional"
    # The server's word for it: as many rows by way of the parent as of the child, or fewer.
    world.run("GRANT SELECT ON app.child, app.own TO {agent}")
    others = "SELECT 1 / (NOT EXISTS (SELECT id FROM app.parent EXCEPT SELECT id FROM app.child))::int"
    assert (world.attempt("agent", others) is None) is not more


ALL = "{resource: 'postgres.app.*', access: read-only}"
OPEN = "GRANT SELECT ON ALL TABLES IN SCHEMA app TO {agent}"
ENABLED = "ALTER TABLE app.child ENABLE ROW LEVEL SECURITY; CREATE POLICY c ON app.child "
CHILDREN = {
    "nothing binds the child": (ALL, OPEN, "undeclared-privilege"),
    "its policies are laxer": (ALL, f"{OPEN}; {ENABLED} USING (true)", "conditional-privilege"),
    "its policies are the same": (ALL, f"{OPEN}; {ENABLED} USING (id = 1)", ""),
    "it is shut": (ALL, f"{OPEN}; {ENABLED} TO {{other}} USING (true)", ""),
    "it is named itself": ("{resource: postgres.app.child, access: read-only}", OPEN, ""),
    "the parent may not be read": (ALL, "GRANT SELECT ON app.child TO {agent}", ""),
}


@pytest.mark.parametrize("case", CHILDREN)
@pytest.mark.parametrize("tables", TABLES, ids=["inherits", "partition"])
def test_a_child_opens_what_its_parent_keeps(tmp_path: Path, world: servers.World, tables: str, case: str) -> None:
    entry, granted, rule = CHILDREN[case]
    build(tmp_path, {"agent-permissions.yaml": manifest(world, entry)}, BINDING)
    world.run(
        "CREATE ROLE {agent} LOGIN; CREATE ROLE {other}; CREATE SCHEMA app; GRANT USAGE ON SCHEMA app TO {agent}",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        tables,
        "INSERT INTO app.child VALUES (1), (2); ALTER TABLE app.parent ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY p ON app.parent USING (id = 1)",
        granted,
    )

    def found() -> list[dict[str, Any]]:
        return [
            one
            for one in compared(tmp_path, world)["findings"]
            if "app.parent" in one["message"] and "rows" in one["message"]
        ]

    assert [one["rule"].removeprefix("drift/") for one in found()] == ([rule] if rule else [])
    if rule:
        more = "SELECT 1 / (SELECT count(*) FROM app.child WHERE id = 2)"
        assert world.attempt("agent", more) is None
    if rule == "undeclared-privilege":
        world.run(found()[0]["fix"])
        assert world.attempt("agent", more) == "22012"
        assert found() == []
