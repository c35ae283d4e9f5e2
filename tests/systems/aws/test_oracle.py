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
GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
UNDERSTOOD = {
    # "Permissions granted directly to a session are not limited by an implicit deny in ... a session policy."
    74: f"{GUIDE}reference_policies_evaluation-logic_policy-eval-denyallow.html",
    # s3:ListAllMyBuckets is granted on arn:aws:s3:::* by the S3 User Guide's own walkthrough ("AllowGroupToSeeBucketListInTheConsole").
    713: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/walkthrough1.html",
    # Whoever is not named is denied, though the account is: in the guide's example all but the one user who is named beside
    # his account.
    777: f"{GUIDE}reference_policies_elements_notprincipal.html",
    # Whether a boundary binds what a policy grants to Principal "*" is not documented: sure no, possible yes.
    847: "",
}
"""Cases that are answered otherwise, each by the documentation; all were read on 2026-11-25."""


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
