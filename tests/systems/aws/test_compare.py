# ruff: noqa: E501  # tables
"""Declared against granted on AWS, from recordings: what is found, how it is folded, and near misses that stay clean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from linter.checking import select
from linter.config import load
from linter.drift.recordings import Recording
from linter.drift.run import Request, drift
from linter.outcome import Outcome, Sought
from linter.rulesets import ruleset
from tests.systems.aws.situations import ACCOUNT, USER, allow, deny, policy
from tests.world import TODAY, build

CONFIG = '[systems.aws]\nkind = "aws"\nprofile = "auditor"\n'


def compared(
    folder: Path,
    resources: list[dict[str, Any]],
    *statements: Any,
    config: str = CONFIG,
    more: Any = None,
    system: str = "aws",
    **recorded: Any,
) -> Outcome:
    manifest = {"agent_name": "triage", "environment": "staging", "resources": resources, **(more or {})}
    build(folder, {"agent-permissions.yaml": json.dumps(manifest, indent=1)}, config)
    entry = {"kind": "aws", "caller_arn": USER, "scps": [], "identity_policies": [policy(*statements)], **recorded}
    settings = load(None, str(folder))
    selection = select(settings, (), str(folder), force_exclude=False)
    recording = Recording("recorded.json", "", {system: (entry,)})
    return drift(settings, ruleset(settings, "drift"), selection, TODAY, Request(recordings=(recording,))).outcome


def facts(outcome: Outcome) -> list[tuple[str, list[str], list[str], str]]:
    """(rule, actions, resources, level) of each finding."""
    assert not outcome.errors
    return [
        (one.rule.removeprefix("drift/"), one.details["actions"], one.details["resources"], one.details["level"])
        for one in outcome.findings
        if "actions" in one.details
    ]


def verdicts(outcome: Outcome) -> list[str]:
    return [one.verdict for one in outcome.verdicts]


READS = [allow("s3:GetObject", "arn:aws:s3:::invoices/*"), allow("s3:ListBucket", "arn:aws:s3:::invoices")]


@pytest.mark.parametrize(
    ("resource", "statements"),
    [
        ({"resource": "s3.invoices", "access": "read-only"}, READS),
        ({"resource": "aws.s3.invoices", "access": "read-only"}, READS),
        ({"resource": "aws.arn:aws:s3:::invoices", "access": "read-only"}, READS),
        ({"resource": "aws.s3.*", "access": "read-only"}, [allow("s3:Get*"), allow("s3:List*")]),
        ({"resource": "s3", "access": "admin"}, [allow("s3:*")]),
        ({"resource": "aws", "access": "admin"}, [allow("*")]),
        ({"resource": "s3.invoices", "access": "write"}, [allow("s3:PutObject", "arn:aws:s3:::invoices/*")]),
        ({"resource": "s3.invoices", "actions": ["s3:DeleteObject"]}, [allow("S3:deleteobject", "arn:aws:s3:::invoices/*")]),
        ({"resource": "s3.invoices", "actions": ["read", "delete"]}, [*READS, allow("s3:DeleteObject", "arn:aws:s3:::invoices/*")]),
        ({"resource": "dynamodb.orders", "access": "read-write"}, [allow(["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"], ["arn:aws:dynamodb:eu-west-1:*:table/orders", "arn:aws:dynamodb:eu-west-1:*:table/orders/index/*"])]),
        ({"resource": "logs./aws/lambda/fn", "access": "write"}, [allow(["logs:CreateLogStream", "logs:PutLogEvents"], f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/aws/lambda/fn:*")]),
        ({"resource": "events.event-bus/default", "access": "write"}, [allow("events:PutEvents", f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default")]),
        ({"resource": "ses.identity/example.com", "access": "write"}, [allow("ses:SendEmail", f"arn:aws:ses:us-east-1:{ACCOUNT}:identity/example.com")]),
        ({"resource": "xray", "access": "write"}, [allow("xray:PutTraceSegments")]),
        ({"resource": "kinesis.clicks", "access": "write"}, [allow("kinesis:PutRecord", f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/clicks")]),
        ({"resource": "states.stateMachine:triage", "access": "execute"}, [allow("states:StartExecution", f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:triage")]),
        ({"resource": "lambda.report", "access": "execute"}, [allow("lambda:InvokeFunction", f"arn:aws:lambda:*:{ACCOUNT}:function:report")]),
        ({"resource": "sqs.jobs", "access": "write"}, [allow("sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:jobs")]),
        ({"resource": "secretsmanager.db", "access": "read-only"}, [allow("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:db-??????")]),
        ({"resource": "s3.invoices", "access": "read-only"}, [*READS, allow("s3:GetObject", "arn:aws:s3:::other")]),  # dead: no object
        ({"resource": "s3.invoices", "access": "read-only"}, [*READS, allow("s3:*"), deny("s3:*", ["arn:aws:s3:::invoices*"], Condition={"Null": {"aws:username": "true"}}), {"Effect": "Deny", "NotAction": ["s3:Get*", "s3:List*"], "Resource": "*"}, {"Effect": "Deny", "Action": "*", "NotResource": ["arn:aws:s3:::invoices", "arn:aws:s3:::invoices/*"]}]),
    ],
)  # fmt: skip
def test_what_is_declared_is_clean(resource: Any, statements: Any, tmp_path: Path) -> None:
    outcome = compared(tmp_path, [resource], *statements, resource_policies={})
    assert facts(outcome) == []
    assert verdicts(outcome) == ["ok"]


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([allow("s3:DeleteObject", "arn:aws:s3:::invoices/*")], ("undeclared-privilege", ["s3:DeleteObject"], ["arn:aws:s3:::invoices/*"], "delete")),
        ([allow("s3:GetObject", "arn:aws:s3:::invoices-old/*")], ("undeclared-privilege", ["s3:GetObject"], ["arn:aws:s3:::invoices-old/*"], "read")),
        ([allow("s3:PutBucketPolicy", "arn:aws:s3:::invoices")], ("undeclared-privilege", ["s3:PutBucketPolicy"], ["arn:aws:s3:::invoices"], "admin")),
        ([allow(["s3:PutObject", "s3:PutObjectTagging"], "arn:aws:s3:::invoices/*")], ("undeclared-privilege", ["s3:PutObject", "s3:PutObjectTagging"], ["arn:aws:s3:::invoices/*"], "write")),
        ([allow("sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:jobs")], ("undeclared-privilege", ["sqs:SendMessage"], [f"arn:aws:sqs:eu-west-1:{ACCOUNT}:jobs"], "write")),
        ([allow("ec2:DescribeInstances")], ("undeclared-privilege", ["ec2:DescribeInstances"], ["*"], "read")),
        ([allow("s3:PutObject", "arn:aws:s3:::invoices/*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})], ("conditional-privilege", ["s3:PutObject"], ["arn:aws:s3:::invoices/*"], "write")),
        ([allow("new:DoIt")], ("conditional-privilege", ["new:DoIt"], ["*"], "unknown")),
    ],
)  # fmt: skip
def test_an_excess(statements: Any, expected: Any, tmp_path: Path) -> None:
    outcome = compared(tmp_path, [{"resource": "s3.invoices", "access": "read-only"}], *READS, *statements)
    assert facts(outcome) == [expected]


def test_the_rest_of_a_wildcard_is_excess_and_the_declared_part_is_not(tmp_path: Path) -> None:
    outcome = compared(tmp_path, [{"resource": "s3.invoices", "access": "read-only"}], allow("s3:GetObject"))
    (found,) = outcome.findings
    assert found.details["actions"] == ["s3:GetObject"]
    assert '{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::invoices/*"]}' in found.fix
    assert verdicts(outcome) == ["excess"]


def test_what_would_do_is_one_statement_a_place(tmp_path: Path) -> None:
    resource = {"resource": "s3.invoices", "actions": ["s3:GetObject", "s3:PutObject", "s3:ListBucket"]}
    found = compared(tmp_path, [resource], allow(["s3:GetObject", "s3:PutObject", "s3:ListBucket"])).findings[0]
    assert found.fix.splitlines()[1:] == [
        '{"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": ["arn:aws:s3:::invoices/*"]}',
        '{"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": ["arn:aws:s3:::invoices"]}',
    ]


def test_an_administrator_is_one_finding(tmp_path: Path) -> None:
    outcome = compared(tmp_path, [{"resource": "s3.invoices", "access": "read-only"}], allow("*"))
    assert facts(outcome) == [("undeclared-privilege", ["*"], ["*"], "admin")]
    assert verdicts(outcome) == ["excess"]


def test_power_user_is_a_few_findings(tmp_path: Path) -> None:
    statement = {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"}
    outcome = compared(tmp_path, [{"resource": "s3.invoices", "access": "read-only"}], statement)
    assert len(outcome.findings) < 20
    said = [one for one in facts(outcome) if len(one[1]) > 100]
    assert {one[3] for one in said} == {"read", "write", "delete", "admin"}
    assert all(len(one.message) < 500 for one in outcome.findings)


def test_scps_that_nobody_read_make_everything_possible_only(tmp_path: Path) -> None:
    outcome = compared(
        tmp_path, [{"resource": "s3.invoices", "access": "read-only"}], *READS, allow("sqs:*"), scps="AccessDenied"
    )
    assert {one[0] for one in facts(outcome)} == {"conditional-privilege"}
    assert verdicts(outcome) == ["unverified"]
    (condition,) = {one.details["condition"] for one in outcome.findings if "condition" in one.details}
    assert condition == "service control policies could not be read"


def test_missing_is_what_is_not_even_possible(tmp_path: Path) -> None:
    resources = [{"resource": "s3.invoices", "access": "read-write"}]
    outcome = compared(tmp_path, resources, *READS)
    (found,) = outcome.findings
    assert found.message == f"{USER} lacks s3:PutObject on s3.invoices, which is declared"
    assert found.fix == '{"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": ["arn:aws:s3:::invoices/*"]}'
    assert verdicts(outcome) == ["missing"]
    maybe = allow("s3:PutObject", "arn:aws:s3:::invoices/*", Condition={"StringEquals": {"aws:SourceVpc": "vpc-1"}})
    outcome = compared(tmp_path, resources, *READS, maybe)
    assert verdicts(outcome) == ["unverified"]


@pytest.mark.parametrize(("name", "near"), [("aws.s33.invoices", "s3"), ("aws.dynamo.orders", "")])
def test_a_service_that_does_not_exist(name: str, near: str, tmp_path: Path) -> None:
    outcome = compared(tmp_path, [{"resource": name, "access": "read-only"}], allow("s3:GetObject"))
    (found,) = [one for one in outcome.findings if one.rule == "drift/unknown-object"]
    assert found.message.startswith(f"{name.split('.')[1]} does not exist")
    assert not near or found.message.endswith(f"did you mean {near}?")


def test_an_action_that_does_not_exist(tmp_path: Path) -> None:
    outcome = compared(tmp_path, [{"resource": "s3.invoices", "actions": ["s3:GetObjekt"]}], *READS)
    assert "drift/unknown-object" in {one.rule for one in outcome.findings}


def test_all_of_an_agents_resources_are_one_plane(tmp_path: Path) -> None:
    resources = [{"resource": "s3.invoices", "access": "read-only"}, {"resource": "aws.sqs.jobs", "access": "write"}]
    outcome = compared(tmp_path, resources, *READS, allow("sqs:SendMessage", f"arn:aws:sqs:*:{ACCOUNT}:jobs"))
    assert verdicts(outcome) == ["ok", "ok"]
    assert outcome.findings == ()


def test_a_system_that_is_bound_itself(tmp_path: Path) -> None:
    config = '[systems.s3]\nkind = "aws"\nprofile = "auditor"\n'
    outcome = compared(
        tmp_path, [{"resource": "s3.invoices", "access": "read-only"}], *READS, config=config, system="s3"
    )
    assert verdicts(outcome) == ["ok"]


def test_prose_is_unverified(tmp_path: Path) -> None:
    resource = {"resource": "s3.invoices", "access": "read-only", "scope": "those of this year"}
    assert verdicts(compared(tmp_path, [resource], *READS)) == ["unverified"]


def test_roots_key_is_a_superuser(tmp_path: Path) -> None:
    outcome = compared(
        tmp_path, [{"resource": "s3.invoices", "access": "admin"}], caller_arn=f"arn:aws:iam::{ACCOUNT}:root"
    )
    assert [one.rule for one in outcome.findings] == ["drift/superuser"]


def test_ways_up(tmp_path: Path) -> None:
    def said(*statements: Any) -> list[str]:
        outcome = compared(tmp_path, [{"resource": "s3.invoices", "access": "read-only"}], *READS, *statements)
        return [one.message for one in outcome.findings if one.rule == "drift/privilege-escalation"]

    assert said(allow("iam:PassRole")) == []
    assert said(allow("lambda:CreateFunction")) == []
    assert said(allow("iam:PassRole"), allow("lambda:CreateFunction")) == [
        f"{USER} can run code as another role (iam:PassRole with lambda:CreateFunction)"
    ]
    assert said(allow("ssm:SendCommand")) == [
        f"{USER} can run commands on machines, which have roles (ssm:SendCommand)"
    ]
    assert said(allow("iam:CreateAccessKey")) == [f"{USER} can create keys for users (iam:CreateAccessKey)"]
    maybe = allow("iam:AttachUserPolicy", Condition={"StringEquals": {"aws:SourceVpc": "vpc-1"}})
    assert said(maybe) == [f"{USER} may be able to attach any policy to a user (iam:AttachUserPolicy)"]
    assert said(allow("iam:*"), deny("iam:*")) == []


def test_the_audit_log(tmp_path: Path) -> None:
    resources = [{"resource": "s3.invoices", "access": "read-only"}]
    more = {"audit_log": "s3.trail"}
    writes = allow("s3:PutObject", "arn:aws:s3:::trail/*")
    assert compared(tmp_path, resources, *READS, writes, more=more).findings == ()
    (found,) = compared(tmp_path, resources, *READS, more=more).findings
    assert (found.rule, found.message) == (
        "drift/unwritable-audit-log",
        f"{USER} lacks s3:PutObject on s3.trail, the audit log that the strategy names",
    )
    (found,) = compared(
        tmp_path, resources, *READS, writes, allow("s3:DeleteObject", "arn:aws:s3:::trail/*"), more=more
    ).findings
    assert found.details["actions"] == ["s3:DeleteObject"]


@pytest.mark.parametrize(
    "entry",
    [
        {"caller_arn": 3},
        {"identity_policies": "x"},
        {"identity_policies": [[]]},
        {"identity_policies": ["{"]},
        {"identity_policies": [{"Statement": [{"Effect": "Maybe"}]}]},
        {"identity_policies": [{"Statement": [{"Effect": "Allow", "Action": {"a": 1}, "Resource": "*"}]}]},
        {"managed_policies": [{"arn": "x", "default": "v2", "versions": {}}]},
        {"permissions_boundary": 7},
        {"groups": [7]},
        {"scps": [[7]]},
        {"rcps": [[7]]},
        {"rcps": 7},
        {"organization": 7},
        {"region": 7},
        {"resource_policies": {"arn:aws:s3:::b": 7}},
        {"account_authorization_details": {"UserDetailList": [7]}},
        {"account_authorization_details": []},
        {"caller_arn": "arn:aws:iam::1:nobody"},
    ],
)
def test_a_recording_that_is_none_is_unverified(entry: Any, tmp_path: Path) -> None:
    outcome = compared(tmp_path, [{"resource": "s3.invoices", "access": "read-only"}], *READS, **entry)
    assert verdicts(outcome) == ["unverified"]
    assert len(outcome.unchecked) == 1
    assert "Traceback" not in outcome.unchecked[0]


def test_a_pattern_made_to_be_slow_ends(tmp_path: Path) -> None:
    slow = ["arn:aws:s3:::" + "*a" * 40 + "*", "arn:aws:s3:::" + "*b?" * 40, "arn:aws:s3:::" + "*a*b" * 30]
    outcome = compared(
        tmp_path, [{"resource": "s3.invoices", "access": "read-only"}], allow("s3:*", slow), deny("s3:*", slow[1:])
    )
    assert outcome.findings


@pytest.mark.parametrize("name", ["aws.arn:aws:s3:::" + "*a?b" * 400, "aws.s3." + "b" * 3000])
def test_a_name_made_to_be_slow_is_unverified(name: str, tmp_path: Path) -> None:
    outcome = compared(tmp_path, [{"resource": name, "access": "read-only"}], *READS)
    assert "unverified" in {*verdicts(outcome), *outcome.verdicts[0].also}


def test_what_one_caller_has_is_no_population(tmp_path: Path) -> None:
    config = f'{CONFIG}[systems.aws.principals]\nnames = ["*"]\n'
    read = {"resource": "aws.s3.invoices", "access": "read-only"}
    (found,) = compared(tmp_path, [read], *READS, config=config, more={"identities": {"aws": USER}}).population
    assert (found.declared, found.unmanaged, found.present, found.absent) == ((USER,), (), (), ())
    assert found.problem == "what answered tells of one principal alone: which others there are, it does not say"


@pytest.mark.parametrize(
    ("whole", "identity", "borne"),
    [(True, "AIDATHERE", {"AIDAGONE": "", "AIDATHERE": "there"}), (True, "", {}), (False, "", {})],
)
def test_one_who_is_looked_for_by_name_and_by_id(
    tmp_path: Path, whole: bool, identity: str, borne: dict[str, str]
) -> None:
    gone, there = f"arn:aws:iam::{ACCOUNT}:user/gone", f"arn:aws:iam::{ACCOUNT}:user/there"
    user = {"UserName": "there", "Arn": there, "Path": "/", **({"UserId": identity} if identity else {})}
    dump = {
        "UserDetailList": [user],
        "RoleDetailList": [],
        "GroupDetailList": [],
        "Policies": [],
    }
    entry = {"kind": "aws", "account_authorization_details": dump} if whole else {"kind": "aws", "caller_arn": USER}
    build(tmp_path, {}, f'{CONFIG}[systems.aws.principals]\nnames = ["bot-*"]\n')
    settings = load(None, str(tmp_path))
    request = Request(
        recordings=(Recording("recorded.json", "", {"aws": (entry,)}),),
        sought=[
            Sought("aws", "", gone, "AIDAGONE"),
            Sought("aws", "", there, ""),
            Sought("other", "", gone, "AIDAGONE"),
            Sought("aws", "", "", "AIDATHERE"),
        ],
    )
    selection = select(settings, (), str(tmp_path), force_exclude=False)
    (found,) = drift(settings, ruleset(settings, "drift"), selection, TODAY, request).outcome.population
    assert (found.present, found.absent) == (((there,), (gone,)) if whole else ((), ()))
    assert found.borne == {id: name and there for id, name in borne.items()}
    assert found.identities == ({there: identity} if identity else {})
    assert bool(found.problem) is not whole
