"""A right of AWS that was taken from a user is not gone while it may assume a role that has it."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.audit.projects import decided, filled, record
from tests.audit.test_renamed import AWS, BUCKET, aws, recorded  # noqa: F401
from tests.audit.test_renamed_objects import outcomes
from tests.audit.test_unmanaged import asked
from tests.command import permlint
from tests.systems.aws.situations import allow, policy
from tests.world import build

LIVE = ("--live-from", "aws.json")


def allowed(iam: Any, user: str, *statements: Any) -> None:
    iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=json.dumps(policy(*statements)))


@pytest.mark.parametrize(
    ("actions", "chained", "outcome"),
    [("sqs:Send*", False, "pending"), ("sqs:SendMessage", True, "pending"), ("sns:Publish", False, "done")],
)
def test_a_role_that_has_it(
    tmp_path: Path,
    aws: tuple[str, Any],  # noqa: F811
    actions: str,
    chained: bool,
    outcome: str,
) -> None:
    url, iam = aws
    build(tmp_path, {"agent-permissions.yaml": BUCKET}, AWS)
    arn = iam.get_user(UserName="triage")["User"]["Arn"]
    trust = policy({"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sts:AssumeRole"})
    roles = {}
    for name in ("first", "second"):
        roles[name] = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        trust["Statement"][0]["Principal"] = {"AWS": roles["first"]}  # the second trusts the first alone
    given = {
        "first": allow("sts:AssumeRole", roles["second"]) if chained else allow(actions),
        "second": allow(actions) if chained else allow("s3:ListAllMyBuckets"),
    }
    for name, statement in given.items():
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(policy(statement)))
    try:
        allowed(iam, "triage", allow("sqs:SendMessage", "arn:aws:sqs:*:*:jobs"))
        recorded(tmp_path, url)
        day = asked(tmp_path, "", *LIVE)["as_of"]
        permlint(tmp_path, "report", *LIVE, "--output", "t.csv")
        with (tmp_path / "t.csv").open(newline="") as file:
            table = list(csv.DictReader(file))
        start = {"sqs:SendMessage on": decided("revoke", on=day)}
        assert record(tmp_path, filled(table, start), as_of=day).returncode == 0
        allowed(iam, "triage", allow("sts:AssumeRole", roles["first"]))
        recorded(tmp_path, url)
        ((found, why),) = outcomes(asked(tmp_path, "", *LIVE)).values()
        form = f"it stands, or may stand, in another form: sts:AssumeRole on {roles['first']} (gaining "
        assert (found, why.startswith(form)) == (outcome, outcome == "pending")
    finally:
        iam.delete_user_policy(UserName="triage", PolicyName="own")
        for name in roles:
            iam.delete_role_policy(RoleName=name, PolicyName="own")
            iam.delete_role(RoleName=name)
