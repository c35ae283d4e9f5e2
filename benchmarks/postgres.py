"""`python -m benchmarks.postgres`: what a scan of PostgreSQL costs the server, beside the bare query, in the same run.

One role over 10,000 tables x 20 columns, 500 roles, 100,000 grants; then a 24-level ladder of roles. Server time is what the
server's own log says (log_min_duration_statement = 0), sending the rows included. Others' ways stand beside it: one set of
has_*_privilege (that is --self-check), a view of information_schema, and one call of has_table_privilege a table, which says
nothing of columns or provenance.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from linter.systems.postgresql.effective import effective
from linter.systems.postgresql.index import Index
from linter.systems.postgresql.scan import scan
from linter.systems.postgresql.selfcheck import disagreements
from tests import servers

TABLES, COLUMNS, ROLES, GRANTS = 10_000, 20, 500, 10
BARE = """SELECT c.oid, c.relname, x.* FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) x
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') UNION ALL
SELECT a.attrelid, a.attname, x.* FROM pg_attribute a, aclexplode(a.attacl) x WHERE NOT a.attisdropped"""
"""One aclexplode query over relations and columns: what nobody can do without."""


def main() -> None:
    """Build the database, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--major", type=int, default=16)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with servers.running(options.major, "max_locks_per_transaction=4096", "shared_buffers=512MB") as server:
        with servers.world(server) as world:
            agent, several = _large(world)
            _measure(world, agent, several, options.runs)
        with servers.world(server) as world:
            _ladder(world)


def _large(world: servers.World) -> tuple[str, list[str]]:
    """Tables, roles and grants; the agent's role has a grant on each table and is a member of ten groups."""
    with world.server.connect(world.database) as connection:

        def batches(statements: list[str], size: int = 500) -> None:
            for start in range(0, len(statements), size):
                connection.execute(";".join(statements[start : start + size]).encode())

        roles = [world.role(f"r{number}") for number in range(ROLES)]
        columns = ", ".join(f"c{number} text" for number in range(COLUMNS))
        batches([f"CREATE ROLE {role} LOGIN" for role in roles])
        batches([f"GRANT {role} TO {roles[0]}" for role in roles[1:11]])
        batches([f"CREATE TABLE t{number} ({columns})" for number in range(TABLES)])
        batches(
            [
                statement
                for number in range(TABLES)
                for statement in (
                    f"GRANT SELECT ON t{number} TO {roles[0]}",
                    *(f"GRANT SELECT, INSERT ON t{number} TO {roles[1 + (number * 7 + other) % 499]}" for other in range(GRANTS - 2)),
                    f"GRANT UPDATE (c1, c2) ON t{number} TO {roles[1 + number % 499]}",
                )
            ]
        )  # fmt: skip
        connection.execute("VACUUM ANALYZE")
        connection.execute(f"ALTER DATABASE {world.database} SET log_min_duration_statement = 0".encode())
    return roles[0], roles[:200]


def _measure(world: servers.World, agent: str, several: list[str], runs: int) -> None:
    import psycopg  # noqa: F401 - its start is not the scan's

    print(
        f"PostgreSQL {world.server.major}: {TABLES} tables x {COLUMNS} columns, {ROLES} roles, {TABLES * GRANTS} grants"
    )
    measured = {name: _medians(world, what, runs) for name, what in _ours(world, agent).items()}
    measured |= {name: _medians(world, what, 1) for name, what in _others(world, agent, several).items()}
    measured |= {name: _medians(world, what, runs) for name, what in _processes(world, agent).items()}
    base = next(iter(measured.values()))[1]
    for name, (wall, served, trips) in measured.items():
        print(f"{name:28} {wall * 1000:8.0f} ms  server {served:8.0f} ms  {served / base:5.2f} x  {trips} statements")
    limit = 1.5 * measured["psql, that query"][0] + measured[_START][0]
    ends = {name: measured[name][0] for name in (_SCAN, _DRIFT)}
    for name, wall in ends.items():
        verdict = "within" if wall <= limit else "NOT within"
        print(f"{name}: {wall * 1000:.0f} ms, {verdict} 1.5 x psql + the start of psycopg ({limit * 1000:.0f} ms)")


_START, _SCAN, _DRIFT = "process: psycopg connects", "process: scan, effective", "process: permlint drift"
_CONNECT = "import sys, psycopg; psycopg.connect(sys.argv[1]).close()"
_EFFECTIVE = """import sys
from linter.systems.postgresql.effective import effective
from linter.systems.postgresql.index import Index
from linter.systems.postgresql.scan import scan
effective(Index(scan(sys.argv[1], [sys.argv[2]])), sys.argv[2])"""
_MANIFEST = """agent_name: bench
environment: staging
resources:
  - {resource: postgres.public.*, actions: [select, insert, update]}
"""
_CONFIG = """[systems.postgres]
kind = "postgresql"
dsn_env = "PERMLINT_BENCH_DSN"
role = "%s"
"""


def _processes(world: servers.World, agent: str) -> dict[str, Callable[[], None]]:
    """Whole processes, from their start: what the limit end to end is about."""
    folder = Path(tempfile.mkdtemp(dir=world.server.data.parent))
    (folder / "agent-permissions.yaml").write_text(_MANIFEST, encoding="utf-8")
    (folder / "permlint.toml").write_text(_CONFIG % agent, encoding="utf-8")
    env = {**os.environ, "PERMLINT_BENCH_DSN": world.dsn, "PYTHONPATH": str(Path(__file__).parent.parent)}

    def run(*arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=folder,
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
        assert done.returncode in (0, 1, 3), done.stderr

    return {
        _START: lambda: run("-c", _CONNECT, world.dsn),
        _SCAN: lambda: run("-c", _EFFECTIVE, world.dsn, agent),
        _DRIFT: lambda: run("-m", "linter", "drift", "--fail-on", "never"),
    }


def _ours(world: servers.World, agent: str) -> dict[str, Callable[[], None]]:
    """The bare query twice, and the scan."""

    def bare() -> None:
        with world.server.connect(world.database) as connection:
            connection.execute(BARE).fetchall()

    def psql() -> None:
        subprocess.run(["/usr/bin/psql", "-qAtX", "-o", "/dev/null", "-c", BARE, world.dsn], check=True)

    def whole() -> None:
        effective(Index(scan(world.dsn, [agent])), agent)

    return {"bare aclexplode query": bare, "psql, that query": psql, "scan and effective set": whole}


def _others(world: servers.World, agent: str, several: list[str]) -> dict[str, Callable[[], None]]:
    """Many roles, and other ways to the same end."""

    def shared() -> None:
        index = Index(scan(world.dsn, several))
        for role in several:
            effective(index, role)

    def self_check() -> None:
        snapshot = scan(world.dsn, [agent])
        assert disagreements(world.dsn, snapshot, effective(Index(snapshot), agent)) == ()

    def views() -> None:
        with world.server.connect(world.database, agent) as connection:
            connection.execute("SELECT * FROM information_schema.column_privileges").fetchall()

    def loop() -> None:
        with world.server.connect(world.database) as connection:
            for (oid,) in connection.execute(
                "SELECT oid FROM pg_class WHERE relkind = 'r' AND oid >= 16384"
            ).fetchall():
                connection.execute("SELECT has_table_privilege(%s, %s::oid, 'SELECT')", [agent, oid])

    return {
        "the same, 200 roles": shared,
        "scan and --self-check": self_check,
        "information_schema": views,
        "a has_ call a table, SELECT": loop,
    }


def _medians(world: servers.World, what: Callable[[], None], runs: int) -> tuple[float, float, int]:
    """Wall clock in seconds, server time in milliseconds, and how many statements were sent."""
    walls, serveds, trips = [], [], 0
    for _ in range(runs + 1):
        before = world.server.log.stat().st_size
        start = time.perf_counter()
        what()
        walls.append(time.perf_counter() - start)
        with world.server.log.open("rb") as log:
            log.seek(before)
            found = re.findall(rb"duration: ([\d.]+) ms", log.read())
        serveds.append(sum(float(one) for one in found))
        trips = len(found)
    return statistics.median(walls[1:]), statistics.median(serveds[1:]), trips


def _ladder(world: servers.World) -> None:
    """Two roles a level, each a member of both of the next: 2 to the 24th paths."""
    levels = [(world.role(f"a{level}"), world.role(f"b{level}")) for level in range(24)]
    with world.server.connect(world.database) as connection:
        for pair in levels:
            connection.execute("".join(f"CREATE ROLE {role};" for role in pair).encode())
        for lower, upper in pairwise(levels):
            connection.execute("".join(f"GRANT {one} TO {other};" for one in upper for other in lower).encode())
        connection.execute(f"CREATE TABLE t (a int); GRANT SELECT ON t TO {levels[-1][0]}".encode())
    start = time.perf_counter()
    found = effective(Index(scan(world.dsn, [levels[0][0]])), levels[0][0])
    took = time.perf_counter() - start
    (held,) = [one for one in found.held if one.object.name == "t"]
    assert len(held.sources[0].path) == 24
    print(f"24-level ladder of roles: {took * 1000:.0f} ms, path of {len(held.sources[0].path)} roles")


if __name__ == "__main__":
    main()
