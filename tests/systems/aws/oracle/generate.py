# ruff: noqa: E501, S311  # tables; chance is no secret here
"""Makes cases.json: policy sets and requests, from a fixed seed. Run by hand, then `record.mjs`, which asks another evaluator."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

ACCOUNT = "111122223333"
USER = f"arn:aws:iam::{ACCOUNT}:user/bots/triage"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/triage"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/triage/run-1"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
REQUESTS = [
    ("s3:GetObject", "arn:aws:s3:::invoices/2026/a.pdf"),
    ("s3:GetObject", "arn:aws:s3:::invoices/triage/b.txt"),
    ("s3:PutObject", "arn:aws:s3:::invoices-archive/a.pdf"),
    ("s3:DeleteObject", "arn:aws:s3:::Invoices/a.pdf"),
    ("s3:ListBucket", "arn:aws:s3:::invoices"),
    ("s3:PutBucketPolicy", "arn:aws:s3:::invoices"),
    ("s3:ListAllMyBuckets", "*"),
    ("dynamodb:PutItem", f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/orders"),
    ("dynamodb:Query", f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/orders/index/by-day"),
    ("sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:jobs"),
    ("lambda:InvokeFunction", f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:report"),
    ("kms:Decrypt", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/11112222-3333-4444-5555-666677778888"),
    ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/deploy"),
    ("iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/bots/triage"),
    ("ec2:DescribeInstances", "*"),
]
ACTIONS = [
    "*", "s3:*", "s3:Get*", "S3:getobject", "s3:?etObject", "s3:*Object", "s3:List*", "s3:Put*", "s3:DeleteObject", "dynamodb:*", "dynamodb:PutItem",
    "dynamodb:Q*", "sqs:Send*", "sqs:*", "lambda:Invoke*", "lambda:InvokeFunction", "kms:Decrypt", "kms:*", "sts:AssumeRole", "sts:*",
    "iam:*", "iam:Create*", "ec2:Describe*", "s3:ListAllMyBuckets", "s3:ListBucket", "s3:PutObject",
]  # fmt: skip
RESOURCES = [
    "*", "*", "*", "arn:aws:s3:::*", "arn:aws:s3:::invoices", "arn:aws:s3:::invoices/*", "arn:aws:s3:::invoices*", "arn:aws:s3:::?nvoices/*.pdf",
    "arn:aws:s3:::invoices/${aws:username}/*", "arn:aws:s3:::*/2026/*", "arn:aws:dynamodb:*:*:table/*", f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/orders",
    "arn:aws:dynamodb:*:*:table/orders/index/*", f"arn:aws:sqs:*:{ACCOUNT}:*", "arn:aws:lambda:*:*:function:rep*", "arn:aws:kms:*:*:key/*",
    f"arn:aws:iam::{ACCOUNT}:role/dep*", f"arn:aws:iam::{ACCOUNT}:user/*", "arn:aws:s3:::inv?ices/*", f"arn:aws:iam::{ACCOUNT}:user/bots/${{aws:username}}",
]  # fmt: skip
CONTEXTS: list[dict[str, Any]] = [
    {},
    {"aws:SourceIp": "10.1.2.3"},
    {"aws:SourceIp": "203.0.113.9", "aws:MultiFactorAuthPresent": "true"},
    {"aws:MultiFactorAuthPresent": "false", "aws:CurrentTime": "2026-11-24T12:00:00Z"},
    {"aws:PrincipalTag/team": "support", "aws:RequestedRegion": "eu-west-1"},
    {"aws:TagKeys": ["team", "cost"], "aws:MultiFactorAuthAge": "400"},
]
CONDITIONS: list[dict[str, Any]] = [
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}},
    {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
    {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.0.2.1"]}},
    {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
    {"StringEquals": {"aws:PrincipalTag/team": ["support", "sales"]}},
    {"StringNotEquals": {"aws:PrincipalTag/team": "support"}},
    {"StringEqualsIgnoreCase": {"aws:PrincipalTag/team": "SUPPORT"}},
    {"StringLike": {"aws:PrincipalTag/team": "sup*"}},
    {"StringNotLike": {"aws:RequestedRegion": "us-*"}},
    {"StringEqualsIfExists": {"aws:RequestedRegion": "eu-west-1"}},
    {"Null": {"aws:SourceIp": "true"}},
    {"Null": {"aws:MultiFactorAuthAge": "false"}},
    {"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}},
    {"NumericGreaterThanEqualsIfExists": {"aws:MultiFactorAuthAge": 400}},
    {"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}},
    {"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}},
    {"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "cost", "env"]}},
    {"ForAnyValue:StringLike": {"aws:TagKeys": ["t*"]}},
    {"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}},
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:*/*triage"}},
    {"ArnNotEquals": {"aws:PrincipalArn": USER}},
]


def _some(rng: random.Random, values: list[str], most: int) -> Any:
    found = rng.sample(values, rng.randint(1, most))
    return found[0] if len(found) == 1 and rng.random() < 0.5 else found


def _statement(rng: random.Random, allow: float, action: str) -> dict[str, Any]:
    one: dict[str, Any] = {"Effect": "Allow" if rng.random() < allow else "Deny"}
    near = [pattern for pattern in ACTIONS if pattern == "*" or pattern.lower()[:3] == action[:3]]
    key = "NotAction" if rng.random() < 0.08 else "Action"
    one[key] = _some(rng, near if rng.random() < 0.8 else ACTIONS, 2)
    key = "NotResource" if rng.random() < 0.1 else "Resource"
    one[key] = _some(rng, RESOURCES, 3)
    if rng.random() < 0.3:
        one["Condition"] = rng.choice(CONDITIONS)
    return one


def _policy(rng: random.Random, allow: float, action: str, most: int = 3) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [_statement(rng, allow, action) for _ in range(rng.randint(1, most))]}


def _open(rng: random.Random, allow: float, action: str) -> dict[str, Any]:
    policy = _policy(rng, allow, action, 2)
    if rng.random() < 0.6:
        policy["Statement"].append({"Effect": "Allow", "Action": "*", "Resource": "*"})
    return policy


def case(rng: random.Random) -> dict[str, Any]:
    """One policy set and one request."""
    action, resource = rng.choice(REQUESTS)
    who = rng.choice([USER, USER, SESSION])
    one: dict[str, Any] = {
        "principal": who,
        "action": action,
        "resource": resource,
        "context": dict(rng.choice(CONTEXTS)),
    }
    one["context"]["aws:PrincipalArn"] = USER if who == USER else ROLE
    if who == USER:
        one["context"]["aws:username"] = "triage"
    one["identity"] = [_policy(rng, 0.8, action) for _ in range(rng.randint(0, 2))]
    if rng.random() < 0.35:
        one["boundary"] = _open(rng, 0.8, action)
    one["scps"] = [[_open(rng, 0.5, action)] for _ in range(rng.choice([0, 0, 1, 2]))]
    if who == SESSION and rng.random() < 0.4:
        one["session"] = _open(rng, 0.8, action)
    ruled = action in ("kms:Decrypt", "sts:AssumeRole")
    if (resource != "*" and rng.random() < 0.4) or ruled:
        names = [USER, SESSION, ROLE, ROOT, ACCOUNT, "*", f"arn:aws:iam::{ACCOUNT}:user/other"]
        statements = []
        for _ in range(rng.randint(1, 2)):
            statement = _statement(rng, 0.8, action)
            statement.pop("NotResource", None)
            statement["Resource"] = rng.choice([resource, "*"])
            if action == "sts:AssumeRole":
                statement.pop("Resource")
                statement.pop("NotAction", None)
                statement["Action"] = rng.choice(["sts:AssumeRole", "sts:*"])
            principal = rng.choice(names)
            statement["Principal"] = "*" if principal == "*" else {"AWS": principal}
            if statement["Effect"] == "Deny" and rng.random() < 0.3 and action != "sts:AssumeRole":
                del statement["Principal"]
                statement["NotPrincipal"] = {"AWS": rng.choice([[USER, ROOT], [ROLE, SESSION, ROOT], [f"{ROOT}"]])}
            statements.append(statement)
        one["resource_policy"] = {"Version": "2012-10-17", "Statement": statements}
    return one


def main() -> None:
    """Write the cases."""
    rng = random.Random(20261124)
    cases = [case(rng) for _ in range(900)]
    lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in cases)
    Path(__file__).with_name("cases.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
