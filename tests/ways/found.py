"""What ways around a manifest are tried with, and what is found of one."""

from __future__ import annotations

from pathlib import Path

from tests.servers import World
from tests.test_drift import BINDING, compared, manifest, setup
from tests.world import build

READ = "{resource: postgres.app.tickets, access: read-only}"
GRANT_READ = "GRANT SELECT ON app.tickets TO {agent}"
SECRETS = "CREATE TABLE app.secrets (id int PRIMARY KEY, value text)"
Case = tuple[tuple[str, ...], tuple[str, ...], list[str]]
"""The manifest's entries, what is set up, and each finding: its rule and severity."""


def check(tmp_path: Path, world: World, case: Case) -> None:
    entries, statements, expected = case
    build(tmp_path, {"agent-permissions.yaml": manifest(world, *entries)}, BINDING)
    setup(world, *(one.replace("{database}", world.database) for one in statements))
    body = compared(tmp_path, world)
    found = sorted(f"{one['rule'].removeprefix('drift/')} {one['severity']}" for one in body["findings"])
    assert found == expected, [one["message"] for one in body["findings"]]
    assert body["errors"] == []
