"""Nights on a real database: a grant that grows, a server that is away, a role that becomes all-powerful."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg import conninfo

from linter.nightly.history import History
from tests import servers
from tests.command import permlint
from tests.servers import World
from tests.test_drift import BINDING, manifest, setup
from tests.world import build

READ = "{resource: postgres.app.tickets, access: read-only, scope: {columns: [id]}}"


@pytest.fixture
def world(newest: servers.Server) -> Iterator[World]:
    with servers.world(newest) as fresh:
        yield fresh


def night(folder: Path, day: int, dsn: str, *more: str) -> dict[str, Any]:
    """The JSON of a night."""
    arguments = ["--state", "s.sqlite", "--as-of", f"2026-11-{day:02}", "--format", "json", *more]
    done = permlint(folder, "drift", *arguments, env={"PG_DSN": dsn})
    assert "Traceback" not in done.stderr
    body: dict[str, Any] = json.loads(done.stdout)
    return {**body, "status": done.returncode}


def standing(body: dict[str, Any], rule: str) -> list[tuple[str, list[str] | None]]:
    """Status and columns of each finding of a rule."""
    return [(one["status"], one["details"]["columns"]) for one in body["findings"] if one["rule"] == f"drift/{rule}"]


def ended(body: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["rule"].removeprefix("drift/"), one["how"]) for one in body["nightly"]["ended"]]


def test_a_grant_that_grows_goes_and_is_swallowed(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ)}, BINDING)
    setup(world, "GRANT SELECT (id, body) ON app.tickets TO {agent}")
    (first,) = standing(night(tmp_path, 1, world.dsn), "undeclared-privilege")
    assert first == ("open", ["body"])
    world.run("GRANT SELECT (status) ON app.tickets TO {agent}")
    assert standing(night(tmp_path, 2, world.dsn), "undeclared-privilege") == [("worsened", ["status", "body"])]
    assert standing(night(tmp_path, 3, world.dsn), "undeclared-privilege") == [("open", ["status", "body"])]
    away = night(tmp_path, 4, "postgresql://u:p@127.0.0.1:1/d")
    assert (away["status"], ended(away), away["nightly"]["open"]) == (3, [], 1)
    assert [one["waiting"] for one in away["nightly"]["failing"]] == [1]
    world.run("REVOKE SELECT (status) ON app.tickets FROM {agent}")
    assert standing(night(tmp_path, 5, world.dsn), "undeclared-privilege") == [("open", ["body"])]
    world.run("ALTER ROLE {agent} SUPERUSER")
    grave = night(tmp_path, 6, world.dsn)
    assert standing(grave, "superuser")[0][0] == "new"
    assert "resolved" not in dict(ended(grave)).values()
    world.run("ALTER ROLE {agent} NOSUPERUSER; REVOKE SELECT (body) ON app.tickets FROM {agent}")
    last = night(tmp_path, 7, world.dsn)
    assert dict(ended(last))["superuser"] == "resolved"
    assert last["nightly"]["open"] == 0


def failing(body: dict[str, Any]) -> list[tuple[str, int]]:
    return [(one["problem"], one["waiting"]) for one in body["nightly"]["failing"]]


def test_another_database_resolves_nothing_until_somebody_says_that_it_moved(
    tmp_path: Path, newest: servers.Server, world: World
) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ, environment="production")}, BINDING)
    setup(world, "GRANT SELECT (id, body) ON app.tickets TO {agent}")
    night(tmp_path, 1, world.dsn)
    with servers.world(newest) as other:
        other.run(
            "CREATE SCHEMA app; CREATE TABLE app.tickets (id int, body text)",
            f"GRANT USAGE ON SCHEMA app TO {world.role('agent')}",
            f"GRANT SELECT (id) ON app.tickets TO {world.role('agent')}",
        )
        away = night(tmp_path, 2, other.dsn, "--only-new")
        assert (away["status"], ended(away), away["nightly"]["open"]) == (3, [], 1)
        ((problem, waiting),) = failing(away)
        assert problem == (
            f"asked elsewhere than before: database {world.database} then, database {other.database} now "
            "(if it moved there for good: --moved postgres)"
        )
        assert waiting == 1
        assert failing(night(tmp_path, 3, other.dsn, "--moved", "another")) == [(problem, 1)]
        # Back again, it is as if nothing had been.
        back = night(tmp_path, 4, world.dsn)
        assert (failing(back), ended(back), back["nightly"]["open"]) == ([], [], 1)
        moved = night(tmp_path, 5, other.dsn, "--moved", "postgres")
        assert (failing(moved), ended(moved)) == ([], [("undeclared-privilege", "withdrawn")])
        after = night(tmp_path, 6, other.dsn)
        assert (after["status"], failing(after)) == (0, [])


def test_another_login_is_no_other_place(tmp_path: Path, newest: servers.Server, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ, environment="production")}, BINDING)
    setup(world, "GRANT SELECT (id, body) ON app.tickets TO {agent}; CREATE ROLE {auditor} LOGIN")
    night(tmp_path, 1, world.dsn)
    world.run("REVOKE SELECT (body) ON app.tickets FROM {agent}")
    world.run(
        "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC"
    )  # nor one that may not know the server's name
    asked = night(tmp_path, 2, newest.dsn(world.database, world.role("auditor")))
    assert (failing(asked), ended(asked)) == ([], [("undeclared-privilege", "resolved")])
    # But whose role has that oid now, a server that does not name its cluster cannot say: no report takes it for a proof.
    with History.of(str(tmp_path / "s.sqlite")) as history:
        assert [one.lasting for one in history.findings() if one.how == "resolved"] == [""]


def test_another_server_is_another_place_though_its_database_has_the_same_name(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ, environment="production")}, BINDING)
    setup(world, "GRANT SELECT (id, body) ON app.tickets TO {agent}")
    night(tmp_path, 1, world.dsn)
    with servers.running(min(servers.programs())) as older, older.connect() as session:
        session.execute(f"CREATE DATABASE {world.database}".encode())
        away = night(tmp_path, 2, older.dsn(world.database))
    ((problem, waiting),) = failing(away)
    here, there = (f"server {one.folder}:{one.port}" for one in (world.server, older))
    assert problem.startswith(f"asked elsewhere than before: {here} then, {there} now (")
    assert (waiting, ended(away)) == (1, [])


def test_a_server_in_the_place_of_another_is_told_by_its_identifier(tmp_path: Path, world: World) -> None:
    """A tunnel's end is always at the same address."""
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ, environment="production")}, BINDING)
    setup(world, "GRANT SELECT (id, body) ON app.tickets TO {agent}")
    tunnel = tmp_path / "tunnel"
    tunnel.mkdir()
    socket = f".s.PGSQL.{world.server.port}"
    (tunnel / socket).symlink_to(Path(world.server.folder, socket))
    dsn = conninfo.make_conninfo(world.dsn, host=str(tunnel))
    night(tmp_path, 1, dsn)
    with servers.running(world.server.major) as other, other.connect() as session:
        session.execute(f"CREATE DATABASE {world.database}".encode())
        (tunnel / socket).unlink()
        (tunnel / socket).symlink_to(Path(other.folder, f".s.PGSQL.{other.port}"))
        away = night(tmp_path, 2, dsn)
    ((problem, waiting),) = failing(away)
    assert problem.startswith(f"asked elsewhere than before: system identifier of {world.server.major} ")
    assert (waiting, ended(away)) == (1, [])


def test_an_upgraded_server_is_the_same_place(tmp_path: Path) -> None:
    """Another version at the same address: its files are new, and so is their identifier."""
    old, new = min(servers.programs()), max(servers.programs())
    tunnel = tmp_path / "tunnel"
    tunnel.mkdir()
    with servers.running(old) as before, servers.world(before) as world:
        build(tmp_path, {"agent-permissions.yaml": manifest(world, READ)}, BINDING)
        setup(world, "GRANT SELECT (id, body) ON app.tickets TO {agent}")
        socket = f".s.PGSQL.{before.port}"
        (tunnel / socket).symlink_to(Path(before.folder, socket))
        dsn = conninfo.make_conninfo(world.dsn, host=str(tunnel))
        night(tmp_path, 1, dsn)
    (tunnel / socket).unlink()
    with servers.running(new) as after:
        with after.connect() as session:
            session.execute(f"CREATE DATABASE {world.database}".encode())
        (tunnel / socket).symlink_to(Path(after.folder, f".s.PGSQL.{after.port}"))
        upgraded = World(after, world.database, world.prefix)
        setup(upgraded, "GRANT SELECT (id) ON app.tickets TO {agent}")
        resolved = night(tmp_path, 2, dsn)
    assert (failing(resolved), ended(resolved)) == ([], [("undeclared-privilege", "resolved")])


RENAMES = {
    "table": ("ALTER TABLE app.tickets RENAME TO old", "superseded"),
    "role": ("ALTER ROLE {agent} RENAME TO {other}", "withdrawn"),
    "none": ("REVOKE DELETE ON app.tickets FROM {agent}", "resolved"),
}


@pytest.mark.parametrize("change", RENAMES)
def test_another_name_resolves_nothing(tmp_path: Path, world: World, change: str) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ)}, BINDING)
    setup(world, "GRANT SELECT (id) ON app.tickets TO {agent}", "GRANT DELETE ON app.tickets TO {agent}")
    body = night(tmp_path, 1, world.dsn)
    (known,) = (one for one in body["findings"] if one["details"].get("privilege") == "DELETE")
    statement, how = RENAMES[change]
    world.run(statement)
    body = night(tmp_path, 2, world.dsn)
    assert [one["how"] for one in body["nightly"]["ended"] if one["fingerprint"] == known["fingerprint"]] == [how]
    with History.of(str(tmp_path / "s.sqlite")) as history:
        found = history.finding(known["fingerprint"])
        assert found is not None
        principal, object = json.loads(found.lasting)
    assert (object, principal.startswith("cluster ")) == (known["object_id"], True)
