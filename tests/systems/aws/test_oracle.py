"""The evaluator against the recorded answers of an independent one (oracle/record.mjs), 900 policy sets and requests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from linter.systems.aws.evaluate import Evaluation, Situation
from linter.systems.aws.facts import facts
from linter.systems.aws.policies import Statement, document
from linter.systems.aws.principals import principal_of
from tests.systems.aws.situations import ROLE

FOLDER = Path(__file__).parent / "oracle"
UNDERSTOOD = {
    74: "A session policy's implicit deny does not bind what a resource's policy grants to the session's own ARN "
    "(IAM User Guide, 'Policy evaluation logic', 'Role sessions').",
    777: "A denial by NotPrincipal that names the account hits its principals that are not named themselves "
    "(IAM User Guide, 'NotPrincipal': 'all principals except for the user named Bob').",
    847: "Whether a boundary binds what a policy grants to Principal '*' is not documented: sure no, possible yes.",
}
"""Cases that are answered otherwise, each by the documentation."""


def _statements(policies: list[Any]) -> tuple[Statement, ...]:
    return tuple(one for policy in policies for one in document(policy, "a policy"))


def _situation(case: dict[str, Any]) -> Situation:
    who = principal_of(case["principal"])
    assert who is not None
    context = {key: tuple(one) if isinstance(one, list) else (one,) for key, one in case["context"].items()}
    resource = case.get("resource_policy")
    return Situation(
        who,
        ROLE if who.session else "",
        _statements(case["identity"]),
        _statements([case["boundary"]]) if "boundary" in case else None,
        tuple(_statements(level) for level in case["scps"]),
        _statements([case["session"]]) if "session" in case else None,
        True,
        {case["resource"]: _statements([resource])} if resource else {},
        facts(context, complete=True),
    )


def test_both_evaluators_agree() -> None:
    cases = json.loads((FOLDER / "cases.json").read_text())
    answers = json.loads((FOLDER / "answers.json").read_text())
    assert len(cases) == len(answers) >= 500
    assert {answer: answers.count(answer) > 100 for answer in set(answers)} == {
        "Allowed": True,
        "ExplicitlyDenied": True,
        "ImplicitlyDenied": True,
    }
    wrong = []
    for number, (case, answer) in enumerate(zip(cases, answers, strict=True)):
        found = Evaluation(_situation(case)).decide(case["action"], case["resource"])
        if found != ((answer == "Allowed"),) * 2:
            wrong.append(number)
    assert wrong == sorted(UNDERSTOOD)
