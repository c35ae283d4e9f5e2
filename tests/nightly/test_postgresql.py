"""Nights on a real database: a grant that grows, a server that is away, a role that becomes all-powerful."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import servers
from tests.command import permlint
from tests.servers import World
from tests.test_drift import BINDING, manifest, setup
from tests.world import build

READ = "{resource: postgres.app.tickets, access: read-only, scope: {columns: [id]}}"


@pytest.fixture(scope="module")
def newest() -> Iterator[servers.Server]:
    with servers.running(max(servers.programs())) as found:
        yield found


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
