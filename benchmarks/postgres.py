"""`python -m benchmarks.postgres`: what `permlint drift` on PostgreSQL costs, beside the bare query and its peers, in the same run.

One role over 10,000 tables x 20 columns, 500 roles, 100,000 grants; then a 24-level ladder of roles. Server time is what the
server's own log says (log_min_duration_statement = 0), sending the rows included; CPU time is ours, with all that was started
and waited for. Every figure is the least of its runs, which take turns: a busy machine only ever adds.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from benchmarks import databases, peers
from linter.systems.postgresql.effective import effective
from linter.systems.postgresql.index import Index
from linter.systems.postgresql.scan import scan
from linter.systems.postgresql.selfcheck import disagreements
from tests import servers

Cases = Mapping[str, Callable[[], object]]
BARE = """SELECT c.oid, c.relname, x.* FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) x
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') UNION ALL
SELECT a.attrelid, a.attname, x.* FROM pg_attribute a, aclexplode(a.attacl) x WHERE NOT a.attisdropped"""
"""One aclexplode query over relations and columns: what nobody can do without."""
_BARE, _PSQL, _START = "the bare aclexplode query", "psql, that query", "a process: psycopg connects"
_CONNECT = "import sys, psycopg; psycopg.connect(sys.argv[1]).close()"
_DRIFT = "permlint drift"
_DECLARED = {
    "as granted": "{resource: postgres.public.*, actions: [select]}",
    "one table": "{resource: postgres.public.t1, actions: [select]}",
    "too much": "{resource: postgres.public.*, actions: [select, insert, update]}",
}
"""What the manifest says of the 10,000 tables: each has SELECT, some have INSERT, few UPDATE on two columns."""
_CONFIG = """[systems.postgres]
kind = "postgresql"
dsn_env = "PERMLINT_BENCH_DSN"
role = "%s"
"""


class Figure(NamedTuple):
    """The least of several runs: milliseconds, and how many statements were sent."""

    wall: float
    cpu: float
    server: float
    statements: int


def main() -> None:
    """Build the databases, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--major", type=int, default=16)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--peers", action="store_true", help="other tools too, once each: they take minutes")
    options = parser.parse_args()
    compileall.compile_dir(peers.ROOT / "linter", quiet=1)
    if options.peers:
        peers.install_postgres()
    with servers.running(options.major, "max_locks_per_transaction=4096", "shared_buffers=512MB") as server:
        with servers.world(server) as world:
            roles = databases.large(world)
            print(
                f"PostgreSQL {server.major}: {databases.TABLES} tables x {databases.COLUMNS} columns, "
                f"{databases.ROLES} roles, {databases.TABLES * databases.GRANTS} grants"
            )
            figures = measure(world, {**_ours(world, roles[0]), **_processes(world, roles[0])}, options.runs)
            figures |= measure(world, _others(world, roles[0], roles[:200]), 1)
            if options.peers:
                figures |= measure(world, peers.postgres(world.server.folder, world.database, world.dsn), 1)
            _print(figures)
        with servers.world(server) as world:
            foot = databases.ladder(world)
            (figure,) = measure(world, {"ladder": lambda: _effective(world, foot)}, options.runs).values()
            print(f"{databases.RUNGS}-level ladder of roles: {figure.wall:.0f} ms")


def measure(world: servers.World, cases: Cases, runs: int) -> dict[str, Figure]:
    """Every case so many times, in turn; one run before does not count."""
    taken: dict[str, list[Figure]] = {name: [] for name in cases}
    for turn in range(runs + (runs > 1)):
        for name, what in cases.items():
            before, cpu, start = world.server.log.stat().st_size, sum(os.times()[:4]), time.perf_counter()
            what()
            wall, used = time.perf_counter() - start, sum(os.times()[:4]) - cpu
            with world.server.log.open("rb") as log:
                log.seek(before)
                served = re.findall(rb"duration: ([\d.]+) ms", log.read())
            if turn or runs == 1:
                taken[name].append(Figure(wall * 1000, used * 1000, sum(map(float, served)), len(served)))
    return {name: Figure(*map(min, zip(*figures, strict=True))) for name, figures in taken.items()}


def _print(figures: Mapping[str, Figure]) -> None:
    base = figures[_BARE].server
    print(f"{'':44}{'wall ms':>10}{'CPU ms':>10}{'server ms':>10}{'x bare':>8}  statements")
    for name, one in figures.items():
        print(
            f"{name:44}{one.wall:10,.0f}{one.cpu:10,.0f}{one.server:10,.0f}{one.server / base:8.2f}  {one.statements}"
        )
    limit = 1.5 * figures[_PSQL].wall + figures[_START].wall
    for name, one in figures.items():
        if name.startswith(_DRIFT):
            verdict = "within" if one.wall <= limit else "NOT within"
            print(f"{name}: {one.wall:.0f} ms, {verdict} 1.5 x psql + the start of psycopg ({limit:.0f} ms)")


def _effective(world: servers.World, role: str) -> None:
    effective(Index(scan(world.dsn, [role])), role)


def _ours(world: servers.World, agent: str) -> Cases:
    """The bare query twice, and the scan."""

    def bare() -> None:
        with world.server.connect(world.database) as connection:
            connection.execute(BARE).fetchall()

    def psql() -> None:
        subprocess.run(["psql", "-qAtX", "-o", "/dev/null", "-c", BARE, world.dsn], check=True)

    return {_BARE: bare, _PSQL: psql, "scan and effective set": lambda: _effective(world, agent)}


def _processes(world: servers.World, agent: str) -> Cases:
    """Whole processes, from their start: what the limit end to end is about."""
    env = {**os.environ, "PERMLINT_BENCH_DSN": world.dsn, "PYTHONPATH": str(peers.ROOT)}

    def run(folder: Path, *arguments: str) -> bytes:
        done = subprocess.run([sys.executable, *arguments], cwd=folder, env=env, capture_output=True, check=False)
        assert done.returncode in (0, 3), done.stderr
        return done.stdout

    def project(declared: str) -> Path:
        folder = world.server.data.parent / declared.replace(" ", "-")
        folder.mkdir()
        manifest = f"agent_name: bench\nenvironment: staging\nresources:\n  - {_DECLARED[declared]}\n"
        (folder / "agent-permissions.yaml").write_text(manifest, encoding="utf-8")
        (folder / "permlint.toml").write_text(_CONFIG % agent, encoding="utf-8")
        return folder

    cases: dict[str, Callable[[], object]] = {_START: lambda: run(world.server.data.parent, "-c", _CONNECT, world.dsn)}
    command = ("-m", "linter", "drift", "--fail-on", "never")
    for declared in _DECLARED:
        folder = project(declared)
        found = json.loads(run(folder, *command, "--format", "json"))["findings"]
        cases[f"{_DRIFT}, {declared}: {len(found):,} findings"] = lambda folder=folder: run(folder, *command)  # type: ignore[misc]
    return cases


def _others(world: servers.World, agent: str, several: list[str]) -> Cases:
    """Many roles, and PostgreSQL's own ways to the same end."""

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
            tables = connection.execute("SELECT oid FROM pg_class WHERE relkind = 'r' AND oid >= 16384").fetchall()
            for (oid,) in tables:
                connection.execute("SELECT has_table_privilege(%s, %s::oid, 'SELECT')", [agent, oid])

    return {
        "the same for 200 roles, one scan": shared,
        "scan and --self-check": self_check,
        "information_schema.column_privileges": views,
        "one has_ call a table, SELECT alone": loop,
    }


if __name__ == "__main__":
    main()
