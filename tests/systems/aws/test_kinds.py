"""What an action is asked about: another account's resource of the name, no resource, one of several kinds."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.systems.aws.situations import ACCOUNT, allow, deny
from tests.systems.aws.test_compare import CONFIG, READS, compared, facts, verdicts


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("sqs.jobs", ["conditional"]),
        ("aws.sqs.jobs", ["conditional"]),
        ("aws.arn:aws:sqs:*:*:jobs", ["ok"]),
        ("sqs", ["ok"]),
    ],
)
def test_another_accounts_queue_of_the_same_name_is_another(resource: str, expected: list[str], tmp_path: Path) -> None:
    queues = [f"arn:aws:sqs:eu-west-1:{account}:jobs" for account in (ACCOUNT, "999999999999")]
    outcome = compared(
        tmp_path, [{"resource": resource, "access": "read-only"}], allow("sqs:ReceiveMessage", queues),
        system=resource.partition(".")[0],
        config=CONFIG.replace("systems.aws", f"systems.{resource.partition('.')[0]}"),
    )  # fmt: skip
    assert verdicts(outcome) == expected


@pytest.mark.parametrize(
    ("resource", "found"),
    [
        ("*", [("undeclared-privilege", ["s3:ListAllMyBuckets"], ["*"], "read")]),
        ("arn:aws:s3:::*", [("undeclared-privilege", ["s3:ListAllMyBuckets"], ["*"], "read")]),
        ("arn:aws:s3:::invoices", []),
    ],
)
def test_the_list_of_all_buckets_is_granted_on_all_buckets(resource: str, found: Any, tmp_path: Path) -> None:
    entries: list[dict[str, Any]] = [{"resource": "s3.invoices", "access": "read-only"}]
    reads = allow("s3:GetObject", "arn:aws:s3:::invoices/*")
    assert facts(compared(tmp_path, entries, reads, allow("s3:ListAllMyBuckets", resource))) == found
    both = [*entries, {"resource": "s3", "actions": ["s3:ListAllMyBuckets"]}]
    declared = facts(compared(tmp_path, both, reads, allow("s3:ListAllMyBuckets", resource)))
    assert [one[0] for one in declared] == ([] if found else ["missing-privilege"])


@pytest.mark.parametrize(
    "statements",
    [
        [{"Effect": "Allow", "NotAction": "s3:GetObject", "NotResource": "arn:aws:s3:::*"}],
        [allow("*", "arn:aws:*:*:*:*")],
        [allow("*"), deny("*", "arn:aws:s3:::prod/*")],
    ],
)
def test_nearly_everything_takes_no_minute(statements: Any, tmp_path: Path) -> None:
    began = time.process_time()
    outcome = compared(tmp_path, [{"resource": "s3.invoices", "access": "read-only"}], *statements)
    assert (
        time.process_time() - began < 60
    )  # 3 s; with all services' resources beside each other it was more than 10 minutes
    levels = {one.details["level"] for one in outcome.findings if one.rule == "drift/undeclared-privilege"}
    assert levels == {"read", "write", "delete", "admin"}


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (
            allow("s3:DeleteObject", "arn:aws:s3:::${aws:PrincipalTag/team}/*"),
            ": a variable in its resources could not be decided",
        ),
        (
            allow("s3:FrobObject", "arn:aws:s3:::invoices/*"),
            ": whether there is such an action, and what it does, is not known",
        ),
        (
            allow("s3:DeleteObject", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
            ": IpAddress aws:SourceIp = 10.0.0.0/8",
        ),
    ],
)
def test_a_condition_is_said_to_be_what_it_is(statement: Any, words: str, tmp_path: Path) -> None:
    outcome = compared(tmp_path, [{"resource": "s3.invoices", "access": "read-only"}], *READS, statement)
    (found,) = outcome.findings
    assert found.rule == "drift/conditional-privilege"
    assert found.message.endswith(words), found.message


MODEL = "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3"


TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/orders"


@pytest.mark.parametrize(
    ("action", "resource", "rule"),
    [
        # The reference calls every kind required, of which a request names one.
        ("bedrock:InvokeModel", MODEL, "undeclared-privilege"),
        ("bedrock:InvokeModelWithResponseStream", MODEL, "undeclared-privilege"),
        ("dynamodb:PutResourcePolicy", TABLE, "undeclared-privilege"),
        ("dynamodb:TagResource", TABLE, "undeclared-privilege"),
        ("dynamodb:Query", f"{TABLE}/index/by-day", "undeclared-privilege"),
        # A version or an alias is its function's too, and both kinds of load balancers have one service's name.
        ("lambda:InvokeFunction", f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:report:prod", "undeclared-privilege"),
        (
            "elasticloadbalancing:DeleteLoadBalancer",
            f"arn:aws:elasticloadbalancing:us-east-1:{ACCOUNT}:loadbalancer/app/a/1",
            "undeclared-privilege",
        ),
        # Where it may be so, it is possible.
        ("dynamodb:RestoreTableFromBackup", TABLE, "conditional-privilege"),
        ("ec2:RunInstances", "arn:aws:ec2:*::image/*", "conditional-privilege"),
        ("ec2:RunInstances", ["arn:aws:ec2:*::image/*", f"arn:aws:ec2:*:{ACCOUNT}:*/*"], "undeclared-privilege"),
        # And what is of no kind that it takes is dead.
        ("bedrock:InvokeModel", TABLE, ""),
    ],
)
def test_an_action_that_takes_several_kinds_of_resources(action: str, resource: Any, rule: str, tmp_path: Path) -> None:
    outcome = compared(tmp_path, [{"resource": "s3.invoices", "access": "read-only"}], *READS, allow(action, resource))
    assert [(one.rule, one.details["actions"]) for one in outcome.findings] == (
        [(f"drift/{rule}", [action])] if rule else []
    )
    if rule == "conditional-privilege":
        assert outcome.findings[0].message.endswith("it may take other resources too, on which it is not allowed")


def test_a_model_that_is_declared_is_invoked(tmp_path: Path) -> None:
    entries = [{"resource": "bedrock.anthropic.claude-3", "actions": ["bedrock:InvokeModel"]}]
    outcome = compared(tmp_path, entries, allow("bedrock:InvokeModel", MODEL))
    assert verdicts(outcome) == ["ok"]
    assert not outcome.findings
    less = compared(tmp_path, entries, allow("bedrock:InvokeModel", MODEL.replace("claude-3", "claude-2")))
    assert {one.rule for one in less.findings} == {"drift/missing-privilege", "drift/undeclared-privilege"}


def test_an_alias_of_a_function_that_is_declared_is_invoked(tmp_path: Path) -> None:
    entries = [{"resource": "lambda.report", "access": "execute"}]
    alias = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:report:prod"
    outcome = compared(tmp_path, entries, allow("lambda:InvokeFunction", alias))
    assert verdicts(outcome) == ["ok"]
    assert not outcome.findings
