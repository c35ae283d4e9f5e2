"""The databases that `benchmarks.postgres` measures: 10,000 tables with 100,000 grants, and a ladder of roles."""

from __future__ import annotations

from itertools import pairwise

from tests import servers

TABLES, COLUMNS, ROLES, GRANTS = 10_000, 20, 500, 10
RUNGS = 24


def large(world: servers.World) -> list[str]:
    """Tables, roles and grants. The first role of those returned has a grant on each table and is a member of ten others."""
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
    return roles


def ladder(world: servers.World) -> str:
    """Two roles a rung, each a member of both of the next: 2 to the 24th paths to one table. The role at the foot."""
    rungs = [(world.role(f"a{rung}"), world.role(f"b{rung}")) for rung in range(RUNGS)]
    with world.server.connect(world.database) as connection:
        for pair in rungs:
            connection.execute("".join(f"CREATE ROLE {role};" for role in pair).encode())
        for lower, upper in pairwise(rungs):
            connection.execute("".join(f"GRANT {one} TO {other};" for one in upper for other in lower).encode())
        connection.execute(f"CREATE TABLE t (a int); GRANT SELECT ON t TO {rungs[-1][0]}".encode())
    return rungs[0][0]
