"""What the state of `permlint drift --state` costs after a thousand nights.

python -m benchmarks.state            # --nights N, --findings N, --churn N
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from statistics import median

from linter.config import load
from linter.findings import Finding, Location, Severity, Source
from linter.nightly.run import remember
from linter.outcome import Attempt, Outcome
from linter.rulesets import ruleset

BEGIN = date(2024, 1, 1)
_AGENTS = 100
_MEASURED = 10
"""The last nights, of which the median is shown."""


def nights(count: int, findings: int, churn: int, folder: str) -> Iterator[Outcome]:
    """Outcomes of nights in a row: each night so many findings end and as many come up, and one grows."""
    rules = ruleset(load(None, folder), "drift").rules
    sources = [Source(f"agent-{number:03}", "production", "postgres") for number in range(_AGENTS)]
    tried = tuple(
        Attempt(one, f"agents/{one.agent}/agent-permissions.yaml", f"team-{one.agent[-1]}") for one in sources
    )
    for night in range(count):
        first = night * churn
        found = tuple(_finding(number, sources, night) for number in range(first, first + findings))
        yield Outcome("drift", BEGIN + timedelta(days=night), found, (), (), _AGENTS, rules, attempts=tried)


def _finding(number: int, sources: Sequence[Source], night: int) -> Finding:
    source = sources[number % len(sources)]
    table = f"app.table_{number}"
    columns = [f"column_{place}" for place in range(8 + (number == night))]
    role = source.agent.replace("-", "_")
    return Finding(
        "drift/undeclared-privilege",
        Severity.ERROR,
        f"{role} has SELECT on {table} ({', '.join(columns)}), which is not declared (member of reporting: GRANT by owner)",
        Location(f"agents/{source.agent}/agent-permissions.yaml", 7, 5, 7, 40),
        source.agent,
        source.environment,
        "postgres.app",
        f"{table}:SELECT",
        f"Take {', '.join(columns)} of {table} away from reporting.",
        details={"privilege": "SELECT", "object": table, "columns": columns, "role": role, "bound": "sure"},
        cause=f"granted to reporting, of which {role} is a member",
        source=source,
    )


def main() -> None:
    """Run every night in turn, and show what the last ones cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=1000)
    parser.add_argument("--findings", type=int, default=5000)
    parser.add_argument("--churn", type=int, default=25, help="findings that end, and come up, each night")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "state.sqlite")
        cpu: list[float] = []
        wall: list[float] = []
        today = BEGIN + timedelta(days=given.nights)
        for outcome in nights(given.nights, given.findings, given.churn, folder):
            began, used = time.perf_counter(), time.process_time()
            remembered = remember(str(path), outcome, whole=True, keep="400d", today=today)
            cpu.append(time.process_time() - used)
            wall.append(time.perf_counter() - began)
            assert remembered.nightly is not None, remembered.errors
        last = slice(-_MEASURED, None)
        print(f"{given.nights} nights of {given.findings} findings, {given.churn} of them others each night")
        print(f"the first night   {cpu[0] * 1000:6.0f} ms CPU")
        print(
            f"the last {_MEASURED} nights {median(cpu[last]) * 1000:6.0f} ms CPU, {median(wall[last]) * 1000:.0f} ms by the clock"
        )
        print(f"the state         {path.stat().st_size / 1e6:6.1f} MB")


if __name__ == "__main__":
    main()
