"""A report beside a real database: the levels, the privileged powers, the population, and what is proved to be gone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests import servers
from tests.audit.projects import decided, filled, record, rows
from tests.command import permlint
from tests.servers import World
from tests.test_drift import TICKETS, manifest
from tests.world import build

CONFIG = """\
[systems.postgres]
kind = "postgresql"
dsn_env = "PG_DSN"
[systems.postgres.principals]
members_of = ["{agents}"]
"""
UPDATE = "{resource: postgres.app.tickets, access: read-write, scope: 'status, assigned_to columns only', blast_radius: high}"
AGREED = "GRANT SELECT (id, status, assigned_to), UPDATE (status, assigned_to) ON app.tickets TO {agent}"


@pytest.fixture
def world() -> Iterator[World]:
    """A database of one's own on the newest server."""
    with servers.running(max(servers.programs())) as server, servers.world(server) as fresh:
        fresh.run(
            TICKETS,
            AGREED,
            "CREATE ROLE {agents}; GRANT {agents} TO {agent}; CREATE ROLE {stray} LOGIN; GRANT {agents} TO {stray}",
        )
        yield fresh


def asked(folder: Path, world: World, *arguments: str) -> dict[str, Any]:
    """The JSON of a report that asks the database."""
    done = permlint(folder, "report", "--live", "--format", "json", *arguments, env={"PG_DSN": world.dsn})
    assert "Traceback" not in done.stderr
    body: dict[str, Any] = json.loads(done.stdout)
    return body


def levels(body: Mapping[str, Any]) -> list[tuple[str, str, int, int | None, str]]:
    """(origin, what, level, granted, verdict) of each permission."""
    every = [one for agent in body["agents"] for one in agent["permissions"]]
    return [(one["origin"], one["what"], one["level"], one["granted"], one["verdict"]) for one in every]


def test_a_report_beside_a_database(tmp_path: Path, world: World) -> None:
    config = CONFIG.replace("{agents}", world.role("agents"))
    text = manifest(world, UPDATE, "{resource: postgres.app.nowhere, access: read-only, blast_radius: none}")
    build(tmp_path, {"agent-permissions.yaml": text}, config)
    body = asked(tmp_path, world)
    agent, stray = world.role("agent"), world.role("stray")
    assert levels(body) == [("declared", "read, update", 3, 3, "ok"), ("declared", "read", 1, 0, "missing")]
    (_, source) = body["sources"]
    assert (source["principals"], source["declared"], source["unmanaged"]) == (2, 1, [stray])
    assert (source["known"], source["query"]) == (True, f"logins that are members of {world.role('agents')}")
    (place,) = (one for one in body["evidence"]["asked"] if one["name"] == "postgres")
    assert place["plane"].startswith(f"postgresql; database {world.database} of PostgreSQL {world.server.major} at ")
    assert place["plane"].endswith(f"asked as {servers.SUPERUSER}; of {agent}")
    assert place["at"].endswith("Z")
    assert {one["rule"] for one in body["findings"]} == {"drift/unmanaged-principal"}

    world.run(
        "GRANT DELETE, UPDATE (body) ON app.tickets TO {agent}; ALTER ROLE {agent} CREATEROLE",
        "CREATE TABLE app.own (x int); ALTER TABLE app.own OWNER TO {agent}; GRANT SELECT (id) ON app.tickets TO {agent} WITH GRANT OPTION",
    )
    body = asked(tmp_path, world)
    found = {one[1]: one[2:] for one in levels(body) if one[0] == "granted"}
    assert found["DELETE on app.tickets"] == (4, 4, "excess")
    assert found["UPDATE on app.tickets (columns body)"] == (3, 3, "excess")
    assert found["OWNERSHIP on app.own"] == (5, 5, "excess")
    powers = {
        one["what"]: one["privileged"] for each in body["agents"] for one in each["permissions"] if one["privileged"]
    }
    assert powers["OWNERSHIP on app.own"] == ["ownership"]
    assert powers["GRANT OPTION FOR SELECT on app.tickets"] == ["grant option"]
    assert powers[f"CREATE ROLE on {agent} (an attribute or a membership)"] == ["role administration"]
    (unit,) = body["units"]
    assert unit["cells"] == [{"declared": 3, "granted": 5, "verdict": "excess"}]


def test_a_revoke_is_proved_by_the_database(tmp_path: Path, world: World) -> None:
    build(
        tmp_path, {"agent-permissions.yaml": manifest(world, UPDATE)}, CONFIG.replace("{agents}", world.role("agents"))
    )
    world.run("GRANT DELETE, UPDATE (body, email) ON app.tickets TO {agent}")
    (tmp_path / "last.json").write_text(json.dumps(asked(tmp_path, world)))
    table = permlint(tmp_path, "report", "--live", "--format", "csv", "--output", "t.csv", env={"PG_DSN": world.dsn})
    assert table.returncode == 1, table.stderr
    import csv

    with (tmp_path / "t.csv").open(newline="") as file:
        given = list(csv.DictReader(file))
    day = json.loads((tmp_path / "last.json").read_text())["as_of"]
    revoke = {"DELETE": decided("revoke", on=day), "UPDATE": decided("revoke", on=day)}
    assert record(tmp_path, filled(given, revoke), as_of=day).returncode == 0
    world.run("REVOKE DELETE, UPDATE (body) ON app.tickets FROM {agent}")
    body = asked(tmp_path, world, "--previous", "last.json")
    gone = {one["what"]: one for one in body["revoked"]}
    assert gone["DELETE on app.tickets"]["decided"]["outcome"] == "done"
    assert gone["DELETE on app.tickets"]["gone_from"] == "live"
    # Of the two columns one is left: that is another permission, and no proof that the revoke was carried out.
    (left,) = (one for each in body["agents"] for one in each["permissions"] if one["what"].startswith("UPDATE"))
    assert "columns email" in left["what"]
    changed = gone["UPDATE on app.tickets (columns email, body)"]
    assert (changed["verified"], changed["decided"]["outcome"]) == ("", "pending")


def test_a_database_that_does_not_answer_resolves_nothing(tmp_path: Path, world: World) -> None:
    build(
        tmp_path, {"agent-permissions.yaml": manifest(world, UPDATE)}, CONFIG.replace("{agents}", world.role("agents"))
    )
    world.run("GRANT DELETE ON app.tickets TO {agent}")
    (tmp_path / "last.json").write_text(json.dumps(asked(tmp_path, world)))
    dead = {"PG_DSN": "host=127.0.0.1 port=1 dbname=x user=y password=canary-Zx81"}
    arguments = ("--live", "--previous", "last.json", "--format", "json", "--fail-on", "never")
    done = permlint(tmp_path, "report", *arguments, env=dead)
    assert done.returncode == 3
    assert "canary" not in done.stdout + done.stderr
    body = json.loads(done.stdout)
    assert body["revoked"] == []
    kept = next(one for one in levels(body) if one[1] == "DELETE on app.tickets")
    assert kept == ("granted", "DELETE on app.tickets", 4, None, "unverified")
    assert [one["known"] for one in body["sources"]] == [True, False]


def test_the_table_says_that_nobody_was_asked(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, UPDATE)})
    assert [(row["granted"], row["verdict"]) for row in rows(tmp_path)] == [("not asked", "not asked")]
