"""Configuration parameters: whether a role may set one, held against what a login of that role is told when it tries."""

from __future__ import annotations

from pathlib import Path

import psycopg

from linter.systems.postgresql.names import quote
from linter.systems.postgresql.parameters import contexts
from linter.systems.postgresql.scan import scan
from tests.servers import World
from tests.test_drift import BINDING, compared, manifest, setup
from tests.world import build

_DENIED, _TOO_LATE = "42501", "55P02"
_GRANTED = ("log_statement", "DateStyle", "shared_buffers", "dynamic_library_path")


def test_every_parameter_of_the_server(tmp_path: Path, world: World) -> None:
    setup(world)
    if world.server.major >= 15:
        world.run(f"GRANT SET ON PARAMETER {', '.join(_GRANTED)} TO {{agent}}")
    with world.server.connect(world.database) as connection:
        rows = connection.execute("SELECT name, context FROM pg_settings ORDER BY name").fetchall()
    names = [str(name) for name, context in rows if context not in ("backend", "superuser-backend")]
    entries = [f"{{resource: 'postgres.parameter:{name}', actions: [set]}}" for name in names]
    build(tmp_path, {"agent-permissions.yaml": manifest(world, *entries)}, BINDING)
    verdicts = {one["resource"]: one["verdict"] for one in compared(tmp_path, world)["verdicts"]}
    assert len(verdicts) > 300
    said, found = {}, {}
    for name in names:
        said[name] = verdicts[f"postgres.parameter:{name}"]
        denied = world.attempt("agent", f"SET {quote(name)} TO DEFAULT") in (_DENIED, _TOO_LATE)
        found[name] = "missing" if denied else "ok"
    assert said == found


def test_an_auditor_with_connect_alone_knows_the_same(world: World) -> None:
    world.run("CREATE ROLE {auditor} LOGIN")
    dsn = world.server.dsn(world.database, world.role("auditor"))
    seen = contexts(scan(dsn, [world.role("auditor")]).parameters)
    with psycopg.connect(world.dsn) as connection:
        rows = connection.execute("SELECT lower(name), context FROM pg_settings").fetchall()
    assert {name: seen.get(name) for name, _ in rows} == dict(rows)
