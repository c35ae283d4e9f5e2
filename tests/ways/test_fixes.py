"""Ways around the manifest: what is said once although two comparisons see it, and printed fixes that end what they are for."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests import servers
from tests.servers import World
from tests.test_drift import BINDING, compared, manifest, setup
from tests.ways.found import GRANT_READ, READ
from tests.world import build


def test_another_database_of_the_same_server_is_judged_where_it_is_compared(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with servers.twin(world) as other:
        more = BINDING.replace("postgres]", "reports]").replace("PG_DSN", "OTHER_DSN")
        monkeypatch.setenv("OTHER_DSN", other.dsn)
        text = manifest(world, READ, "{resource: reports.public.sums, access: read-only}")
        text = text.replace(f"postgres: {world.role('agent')}", "postgres: {0}, reports: {0}").replace(
            "{0}", world.role("agent")
        )
        build(tmp_path, {"agent-permissions.yaml": text}, BINDING + more)
        setup(world, GRANT_READ)
        other.run(
            "CREATE TABLE public.sums (id int); GRANT SELECT ON public.sums TO {agent}",
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
            f"GRANT CONNECT, TEMPORARY ON DATABASE {other.database} TO {{agent}}",
            f"GRANT CONNECT ON DATABASE {world.database} TO {{agent}}",
        )
        body = compared(tmp_path, world)
        said = [(one["resource"], one["message"].partition(",")[0]) for one in body["findings"]]
        # Said once, by the comparison with that database.
        temporary = f"{world.role('agent')} has TEMPORARY on database {other.database}"
        assert said == [("", temporary)]
        assert [one["verdict"] for one in body["verdicts"]] == ["ok", "ok"]
        # Where nobody compares that database, what is granted there is told here.
        build(tmp_path, {"agent-permissions.yaml": manifest(world, READ)})
        undeclared = [one["details"]["privilege"] for one in compared(tmp_path, world)["findings"]]
        assert sorted(undeclared) == ["CONNECT", "TEMPORARY"]


ROWS = "{resource: postgres.app.tickets, access: read-only, scope: {rows: 'id = 1'}}"
POLICY = (
    "ALTER TABLE app.tickets ENABLE ROW LEVEL SECURITY; CREATE POLICY mine ON app.tickets TO {agent} USING (id = 1)"
)
FIXES = {
    "a role at login, in this database": (
        READ,
        (GRANT_READ, "ALTER ROLE {agent} IN DATABASE {database} SET role = '{boss}'"),
        "reachable-role",
    ),
    "a role at login, of everybody": (
        READ,
        (GRANT_READ, "ALTER DATABASE {database} SET role = '{boss}'"),
        "reachable-role",
    ),
    "an owner whom no policy binds": (
        ROWS,
        (POLICY, "ALTER TABLE app.tickets OWNER TO {boss}; GRANT {boss} TO {agent}"),
        "undeclared-privilege",
    ),
    "a role that passes every policy": (
        ROWS,
        (POLICY, GRANT_READ, "ALTER ROLE {agent} BYPASSRLS"),
        "undeclared-privilege",
    ),
}


@pytest.mark.parametrize("case", FIXES)
def test_the_fix_of_a_way_around_ends_it(tmp_path: Path, world: World, case: str) -> None:
    entry, statements, rule = FIXES[case]
    build(tmp_path, {"agent-permissions.yaml": manifest(world, entry)}, BINDING)
    boss = "CREATE ROLE {boss}; GRANT DELETE ON app.tickets TO {boss}; GRANT USAGE ON SCHEMA app TO {boss}"
    if rule == "reachable-role":
        boss += "; ALTER ROLE {agent} NOINHERIT; GRANT {boss} TO {agent}"
    setup(world, boss, *(one.replace("{database}", world.database) for one in statements))
    found = [one for one in compared(tmp_path, world)["findings"] if one["rule"] == f"drift/{rule}"]
    wanted = [one for one in found if rule == "reachable-role" or one["details"].get("rows")]
    assert wanted
    for one in wanted:
        lines = one["fix"].splitlines()
        if rule == "reachable-role":
            assert "RESET role" in lines[0]
            # The membership, whose end ends it too, stays; and in this database a superuser has that role too.
            with world.server.connect() as connection:
                connection.execute(lines[0].encode())
        else:
            world.run(*lines)
    after = compared(tmp_path, world)["findings"]
    assert not [one for one in after if one["details"].get("rows") or "logging in" in one["message"]]


def test_a_grant_that_was_passed_on_needs_cascade(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ)}, BINDING)
    setup(
        world,
        "GRANT SELECT, DELETE ON app.tickets TO {agent} WITH GRANT OPTION; CREATE ROLE {friend}",
        "SET ROLE {agent}; GRANT SELECT, DELETE ON app.tickets TO {friend}; RESET ROLE",
    )
    for finding in compared(tmp_path, world)["findings"]:
        statement, _, note = finding["fix"].partition(" -- ")
        with pytest.raises(psycopg.errors.DependentObjectsStillExist):
            world.run(statement)
        assert note == "with CASCADE if it was passed on"
        world.run(f"{statement.removesuffix(';')} CASCADE")
    assert compared(tmp_path, world)["findings"] == []


def test_what_everybody_has_anyway_stays(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ)}, BINDING)
    setup(
        world,
        GRANT_READ,
        "CREATE FUNCTION app.add() RETURNS int LANGUAGE sql AS 'SELECT 1'; GRANT EXECUTE ON FUNCTION app.add() TO {agent}",
        f"GRANT TEMPORARY ON DATABASE {world.database} TO {{agent}}; GRANT USAGE ON SCHEMA public TO {{agent}}",
        "CREATE EXTENSION pg_stat_statements SCHEMA app; GRANT SELECT ON app.pg_stat_statements TO {agent}",
    )
    found = compared(tmp_path, world)["findings"]
    assert sorted(one["details"]["privilege"] for one in found) == ["EXECUTE", "SELECT", "TEMPORARY", "USAGE"]
    for one in found:
        assert "PUBLIC" not in one["fix"]
        world.run(*one["fix"].splitlines())
    assert compared(tmp_path, world)["findings"] == []
