"""How much CPU time the AWS evaluator takes: `python -m benchmarks.aws`. Targets: table below 30 ms, 500 principals below 1 s."""

from __future__ import annotations

import random
from time import process_time

from linter.systems.aws.evaluate import Evaluation, Situation
from linter.systems.aws.facts import facts
from linter.systems.aws.policies import document
from linter.systems.aws.principals import principal_of
from linter.systems.aws.table import Table, table

PRINCIPALS, PATTERNS = 500, 20
_ENDS = ("Get*", "List*", "*", "Describe*", "Put*", "Create*", "Delete*", "*Tag*", "Up*e*", "?et*")


def situations(found: Table) -> list[Situation]:
    """Users with 20 statements each, every one a wildcard of its own."""
    rng = random.Random(1)  # noqa: S311  # chance is no secret here
    services = list(found.spans)
    who = principal_of("arn:aws:iam::111122223333:user/bot")
    assert who is not None
    made = []
    for number in range(PRINCIPALS):
        statements = [
            {
                "Effect": "Allow",
                "Action": f"{rng.choice(services)}:{rng.choice(_ENDS)}",
                "Resource": rng.choice(["*", f"arn:aws:s3:::bucket-{number}/*"]),
            }
            for _ in range(PATTERNS)
        ]
        policy = document({"Version": "2012-10-17", "Statement": statements}, "a policy")
        made.append(Situation(who, "", policy, None, (), None, True, {}, facts({})))
    return made


def main() -> None:
    """Print both figures."""
    start = process_time()
    found = table()
    print(f"the table of {found.everything.bit_length()} actions: {1000 * (process_time() - start):.1f} ms")
    made = situations(found)
    start = process_time()
    for one in made:
        Evaluation(one).rulings()
    print(f"{PRINCIPALS} principals x {PATTERNS} wildcard patterns: {process_time() - start:.2f} s")


if __name__ == "__main__":
    main()
