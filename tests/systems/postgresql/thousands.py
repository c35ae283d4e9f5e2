"""By hand: many more random histories than the suite has time for.

python -m tests.systems.postgresql.thousands [EXAMPLES [MAJOR...]]
"""

from __future__ import annotations

import sys

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import servers
from tests.systems.postgresql import test_oracle, test_reach


def main(examples: int, majors: list[int]) -> None:
    """Run them on each version; the first disagreement is shrunk and raised."""
    for major in majors:
        with servers.running(major) as server:

            @given(st.data())
            @settings(max_examples=examples, database=None, deadline=None, suppress_health_check=list(HealthCheck))
            def histories(data: st.DataObject) -> None:
                test_oracle.check(server, data)
                test_reach.check(server, data)

            histories()
        print(f"PostgreSQL {major}: {examples} histories, no disagreement", flush=True)


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    main(numbers[0] if numbers else 1000, numbers[1:] or list(servers.programs()))
