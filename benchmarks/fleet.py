"""`python -m benchmarks.fleet`: where the time of a nightly `drift` goes, of 200 roles on 20 databases.

Twice: ten roles a database, a manifest each; and every role on every database, so 4,000 comparisons. Each database has 100
tables of 10 columns. The servers' time is what the server's own log says, permlint's is its process' CPU time. All of it runs
on one machine: real servers have processors of their own, and a network before them.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests import servers

ROLES, DATABASES, TABLES, COLUMNS = 200, 20, 100, 10
_CONFIG = '[systems.{0}]\nkind = "postgresql"\ndsn_env = "DSN_{0}"\n'


class Taken(NamedTuple):
    """One run of the command. Seconds."""

    wall: float
    cpu: float
    served: float
    """By all databases together."""
    findings: int


def main() -> None:
    """Build the servers' side, run the command, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--major", type=int, default=16)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--profile", metavar="FILE", help="Write what cProfile says of the second scene.")
    options = parser.parse_args()
    with servers.running(options.major, "max_connections=200", "log_min_duration_statement=0") as server:
        _databases(server)
        for title, everywhere in (("ten roles a database", False), ("every role on every database", True)):
            with tempfile.TemporaryDirectory() as folder:
                env = _project(Path(folder), server, everywhere=everywhere)
                runs = [_run(Path(folder), server, env) for _ in range(options.runs)]
                best = min(runs)
                print(
                    f"{title}: {best.wall:.2f} s wall; permlint's CPU {best.cpu:.2f} s; "
                    f"the servers' own time {best.served:.2f} s; {best.findings} findings"
                )
                if everywhere and options.profile:
                    _run(Path(folder), server, env, "-m", "cProfile", "-o", options.profile)


def _databases(server: servers.Server) -> None:
    """Each role holds what its manifest says; one in ten is also a member of a group that deletes."""
    with server.connect() as connection:
        connection.execute(";".join(f"CREATE ROLE agent{role} LOGIN" for role in range(ROLES)).encode())
        connection.execute(b"CREATE ROLE crew; CREATE ROLE auditor LOGIN")
        connection.execute(f"GRANT crew TO {', '.join(f'agent{role}' for role in range(0, ROLES, 10))}".encode())
        for number in range(DATABASES):
            connection.execute(f"CREATE DATABASE d{number}".encode())
    columns = ", ".join(f"c{number} text" for number in range(COLUMNS))
    everybody = ", ".join(f"agent{role}" for role in range(ROLES))
    for number in range(DATABASES):
        with server.connect(f"d{number}") as connection:
            statements = [f"CREATE TABLE t{table} (id int PRIMARY KEY, {columns})" for table in range(TABLES)]
            statements += [f"GRANT SELECT ON t{table} TO {everybody}" for table in range(TABLES)]
            statements += [f"GRANT UPDATE (c1, c2) ON t0 TO {everybody}", "GRANT DELETE ON t3 TO crew"]
            connection.execute(";".join(statements).encode())
            connection.execute(b"VACUUM ANALYZE")


def _project(folder: Path, server: servers.Server, *, everywhere: bool) -> dict[str, str]:
    """A manifest a role; the environment with the databases' connection strings."""
    names = [f"d{number}" for number in range(DATABASES)]
    (folder / "permlint.toml").write_text("".join(map(_CONFIG.format, names)), encoding="utf-8")
    for role in range(ROLES):
        mine = names if everywhere else [names[role % DATABASES]]
        identities = ", ".join(f"{name}: agent{role}" for name in mine)
        entries = "".join(
            f"  - {{resource: {name}.public.*, access: read-only}}\n"
            f"  - {{resource: {name}.public.t0, access: read-write, scope: {{columns: [c1, c2]}}}}\n"
            for name in mine
        )
        text = f"agent_name: agent{role}\nenvironment: staging\nidentities: {{{identities}}}\nresources:\n{entries}"
        (folder / f"agent{role}.agent-permissions.yaml").write_text(text, encoding="utf-8")
    return {f"DSN_{name}": server.dsn(name, "auditor") for name in names}


def _run(folder: Path, server: servers.Server, env: dict[str, str], *python: str) -> Taken:
    """The command as a process of its own."""
    before = server.log.stat().st_size
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *python, "-m", "linter", "drift", "--format", "json"],
        cwd=folder,
        env={**os.environ, **env, "PYTHONPATH": str(Path(__file__).parent.parent)},
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    assert process.returncode in (0, 1), output[-500:]
    with server.log.open("rb") as log:
        log.seek(before)
        served = sum(map(float, re.findall(rb"duration: ([\d.]+) ms", log.read()))) / 1000
    return Taken(wall, usage.ru_utime + usage.ru_stime, served, output.count(b'"rule": '))


if __name__ == "__main__":
    main()
