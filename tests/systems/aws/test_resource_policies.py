"""Policies of the resources that manifests name, read by real boto3: what they add, what they take, and what nobody read."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from linter.drift.recordings import load as load_recording
from linter.drift.recordings import save
from linter.drift.run import Request
from linter.systems.aws.account import Account
from linter.systems.aws.ask import ask
from linter.systems.aws.declared import place
from linter.systems.aws.holders import Holder, Home, holder, may_hold
from linter.systems.aws.resource_policies import CALLS, TOO_MANY
from linter.systems.aws.table import table
from tests.systems.aws.situations import allow, deny, policy
from tests.systems.aws.stub import ACCOUNT, Stub
from tests.systems.aws.world import BOT, LOGIN, READS, compared, said, user

HOME = Home("aws", ACCOUNT, "eu-west-1")
REGION = f"eu-west-1:{ACCOUNT}"


def to(who: Any, *actions: str, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    """A statement of a resource's policy."""
    return {"Effect": effect, "Principal": {"AWS": who}, "Action": list(actions), "Resource": "*", **more}


@pytest.mark.parametrize(
    ("name", "service", "arn"),
    [
        ("s3.invoices", "s3", "arn:aws:s3:::invoices"),
        ("s3.invoices/2026", "s3", "arn:aws:s3:::invoices"),
        ("arn:aws:s3:::invoices/2026/*", "s3", "arn:aws:s3:::invoices"),
        ("sqs.jobs", "sqs", f"arn:aws:sqs:{REGION}:jobs"),
        (f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs", "sqs", f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs"),
        ("lambda.report", "lambda", f"arn:aws:lambda:{REGION}:function:report"),
        ("secretsmanager.prod/db", "secretsmanager", f"arn:aws:secretsmanager:{REGION}:secret:prod/db-??????"),
        ("dynamodb.orders", "dynamodb", f"arn:aws:dynamodb:{REGION}:table/orders"),
        ("dynamodb.table/orders", "dynamodb", f"arn:aws:dynamodb:{REGION}:table/orders"),
        ("kms.1234", "kms", f"arn:aws:kms:{REGION}:key/1234"),
        # Names that would be a host, another ARN, or of another partition.
        (f"arn:aws:sqs:evil.example.com:{ACCOUNT}:jobs", "sqs", None),
        (f"arn:aws:sqs:localhost:{ACCOUNT}:jobs", "sqs", None),
        (f"arn:aws:s3:::arn:aws:s3:us-east-1:{ACCOUNT}:accesspoint/a", "s3", None),
        ("s3.a@b:c", "s3", None),
        (f"arn:aws-cn:sqs:cn-north-1:{ACCOUNT}:jobs", "sqs", None),
        # Several, none that is asked, and another account's.
        ("s3.*", "s3", None),
        ("s3.logs-*", "s3", None),
        ("arn:aws:sqs:*:999988887777:jobs", "sqs", None),
        ("kms.alias/orders", "kms", None),
        ("ec2.i-1", "ec2", None),
    ],
)
def test_the_one_resource_that_a_name_means(name: str, service: str, arn: str | None) -> None:
    kind, where = place("aws", tuple(name.split(".", 1)) if not name.startswith("arn:") else (name,), table(), "aws")
    found = holder(kind, where, HOME)
    assert kind == service
    assert (found.arn if found else None) == arn


def test_which_services_have_resources_with_policies() -> None:
    services = {call.partition(":")[0] for call in CALLS}
    assert all(map(may_hold, services))
    assert all(map(may_hold, ("", "ecr", "events", "es", "glue", "logs")))
    assert not any(map(may_hold, ("ec2", "iam", "rds", "athena", "sts")))


def manifest(*entries: str, **more: str) -> str:
    lines = "".join(f"  - {entry}\n" for entry in entries)
    log = "".join(f"{key}: {value}\n" for key, value in more.items())
    return f"agent_name: triage\nenvironment: staging\nidentities: {{aws: WHO}}\n{log}resources:\n{lines}"


CASES: tuple[tuple[str, str, dict[str, Any], Any, str], ...] = (
    # entry, name, its policy, what the user's own policies allow, verdict
    ("{resource: aws.s3.invoices, access: read-only}", "invoices", to(BOT, "s3:DeleteObject"), READS, "excess"),
    ("{resource: aws.s3.invoices, access: read-only}", "invoices", to(BOT, "s3:GetObject"), READS, "ok"),
    ("{resource: aws.s3.invoices, access: read-only}", "invoices", to("*", "s3:*", effect="Deny"), READS, "missing"),
    (
        "{resource: aws.s3.invoices, access: read-only}",
        "invoices",
        to("*", "s3:*", effect="Deny", Condition={"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}),
        READS,
        "unverified",
    ),
    ("{resource: aws.sqs.jobs, access: write}", "jobs", to(BOT, "sqs:SendMessage"), deny("iam:*"), "ok"),
    ("{resource: aws.sqs.jobs, access: write}", "jobs", to(BOT, "sqs:PurgeQueue"), allow("sqs:SendMessage"), "excess"),
    # A service's own requests are not the agent's; what SNS writes into a new topic's policy is documented nowhere.
    (
        "{resource: aws.sns.news, access: write}",
        "news",
        to("*", "SNS:Publish", "SNS:DeleteTopic", Condition={"StringEquals": {"AWS:SourceAccount": ACCOUNT}}),
        allow("sns:Publish", f"arn:aws:sns:*:{ACCOUNT}:news"),
        "ok",
    ),
    (
        "{resource: aws.sns.news, access: write}",
        "news",
        to("*", "SNS:Publish", "SNS:DeleteTopic", Condition={"StringEquals": {"AWS:SourceOwner": ACCOUNT}}),
        allow("sns:Publish", f"arn:aws:sns:*:{ACCOUNT}:news"),
        "conditional",
    ),
    (
        "{resource: aws.lambda.report, access: execute}",
        "report",
        to(BOT, "lambda:InvokeFunction"),
        deny("iam:*"),
        "ok",
    ),
    (
        "{resource: aws.secretsmanager.db, access: read-only}",
        "db",
        to(BOT, "secretsmanager:DeleteSecret"),
        allow("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:db-??????"),
        "excess",
    ),
    (
        "{resource: aws.dynamodb.orders, access: read-only}",
        "orders",
        to(BOT, "dynamodb:DeleteItem"),
        allow("dynamodb:GetItem", f"arn:aws:dynamodb:*:{ACCOUNT}:table/orders"),
        "excess",
    ),
    # A key's policy must allow by itself, or leave it to the account.
    ("{resource: aws.kms.k1, actions: ['kms:Decrypt']}", "k1", to(BOT, "kms:Decrypt"), deny("iam:*"), "ok"),
    (
        "{resource: aws.kms.k1, actions: ['kms:Decrypt']}",
        "k1",
        to(f"arn:aws:iam::{ACCOUNT}:root", "kms:*"),
        allow("kms:Decrypt", f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k1"),
        "ok",
    ),
    (
        "{resource: aws.kms.k1, actions: ['kms:Decrypt']}",
        "k1",
        to(f"{BOT}2", "kms:*"),
        allow("kms:Decrypt", f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k1"),
        "missing",
    ),
)


@pytest.mark.parametrize(("entry", "name", "held", "own", "verdict"), CASES)
def test_a_policy_that_was_read_counts(
    entry: str, name: str, held: Any, own: Any, verdict: str, tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    stub.pages = [{"UserDetailList": [user("bot", own)]}]
    stub.policies = {name: policy(held)}
    result = compared(tmp_path, stub, monkeypatch, manifest=manifest(entry))
    assert [one.verdict for one in result.outcome.verdicts] == [verdict], said(result)
    assert all("unread" not in one.reason for one in result.outcome.verdicts)


@pytest.mark.parametrize(
    ("name", "entry", "code"),
    [
        ("invoices", "{resource: aws.s3.invoices, access: read-only}", "NoSuchBucket"),
        ("jobs", "{resource: aws.sqs.jobs, access: write}", "QueueDoesNotExist"),
        ("news", "{resource: aws.sns.news, access: write}", "NotFoundException"),
        ("db", "{resource: aws.secretsmanager.db, access: read-only}", "NotFoundException"),
        ("orders", "{resource: aws.dynamodb.orders, access: read-only}", "NotFoundException"),
    ],
)
def test_what_could_not_be_read_is_never_ok(
    name: str, entry: str, code: str, tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs = ["s3:GetObject", "sqs:SendMessage", "sns:Publish", "secretsmanager:GetSecretValue", "dynamodb:GetItem"]
    where = ["arn:aws:s3:::invoices/*", f"arn:aws:*:*:{ACCOUNT}:*{name}*"]
    stub.pages = [{"UserDetailList": [user("bot", *(allow(one, where) for one in needs if one in _own(entry)))]}]
    for given, said_code in (({}, code), ({name: "AccessDenied"}, "AccessDenied")):
        stub.policies = given
        result = compared(tmp_path, stub, monkeypatch, manifest=manifest(entry))
        gravest = result.outcome.verdicts[0]
        assert "unverified" in (gravest.verdict, *gravest.also) or gravest.verdict == "excess"
        arns = result.record["aws"][0]["resource_policies"]
        assert list(arns.values()) == [said_code]
        assert gravest.verdict != "ok"


def _own(entry: str) -> list[str]:
    service = entry.split(".")[1]
    return [f"{service}:{name}" for name in ("GetObject", "SendMessage", "Publish", "GetSecretValue", "GetItem")]


def test_an_excess_stands_whatever_was_not_read_and_says_what(
    tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub.pages = [{"UserDetailList": [user("bot", READS, allow("s3:DeleteObject", "arn:aws:s3:::invoices/*"))]}]
    stub.policies = {"invoices": "AccessDenied"}
    result = compared(tmp_path, stub, monkeypatch)
    (found,) = result.outcome.findings
    assert found.rule == "drift/undeclared-privilege"
    assert (found.details["bound"], found.details["unread"]) == ("sure", ["policies of resources"])
    assert [one.verdict for one in result.outcome.verdicts] == ["excess"]
    stub.policies = {"invoices": None}
    (found,) = compared(tmp_path, stub, monkeypatch).outcome.findings
    assert "unread" not in found.details
    stub.pages = [{"UserDetailList": [user("bot", READS, allow(["ec2:DescribeVpcs", "s3:ListAllMyBuckets"]))]}]
    assert all("unread" not in one.details for one in compared(tmp_path, stub, monkeypatch).outcome.findings)


@pytest.mark.parametrize(
    ("own", "policies", "verdict"),
    [
        (allow("sqs:*"), {"invoices": None}, "missing"),  # no policy is there to allow it
        (allow("sqs:*"), {"invoices": "AccessDenied"}, "unverified"),  # it may allow it by itself
        (deny("s3:*"), {"invoices": "AccessDenied"}, "missing"),  # no policy could
        (deny("s3:DeleteObject"), {"invoices": "AccessDenied"}, "unverified"),
    ],
)
def test_missing_is_what_no_policy_could_allow(
    own: Any, policies: Any, verdict: str, tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub.pages = [{"UserDetailList": [user("bot", own)]}]
    stub.policies = policies
    result = compared(tmp_path, stub, monkeypatch)
    (found,) = result.outcome.verdicts
    assert verdict in (found.verdict, *found.also)
    assert {"missing", "unverified"} - {verdict} not in ({found.verdict}, {*found.also})
    result = compared(
        tmp_path,
        stub,
        monkeypatch,
        manifest=manifest("{resource: aws.sqs.q, access: none}", audit_log="aws.s3.invoices"),
    )
    rules = {rule for rule, _ in said(result)}
    assert ("drift/unwritable-audit-log" in rules) == (verdict == "missing")


def test_an_scp_binds_what_an_unread_policy_could_allow(tmp_path: Path) -> None:
    from tests.systems.aws.test_compare import compared as recorded

    dump: dict[str, Any] = {"account_authorization_details": {"UserDetailList": [user("bot", allow("sqs:ListQueues"))]}}
    resources = [{"resource": "s3.invoices", "access": "read-only"}]
    more = {"identities": {"aws": "bot"}}
    for scps, verdict in (([[policy(allow("sqs:*"))]], "missing"), ([[policy(allow("*"))]], "unverified")):
        outcome = recorded(tmp_path, resources, more=more, caller_arn=None, identity_policies=None, scps=scps, **dump)
        assert verdict in (outcome.verdicts[0].verdict, *outcome.verdicts[0].also), outcome.verdicts


def test_the_reason_names_the_policy(tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    stub.pages = [{"UserDetailList": [user("bot", READS, allow("ecr:*", f"arn:aws:ecr:*:{ACCOUNT}:repository/app"))]}]
    stub.policies = {"invoices": "AccessDenied"}
    entries = (
        "{resource: aws.s3.invoices, access: read-only}",
        "{resource: 'aws.s3.invoic*', actions: ['s3:GetObject']}",
        "{resource: aws.ecr.app, access: admin}",
    )
    result = compared(tmp_path, stub, monkeypatch, manifest=manifest(*entries))
    end = ": a policy may allow more than is declared, or deny what is"
    assert [one.reason for one in result.outcome.verdicts] == [
        "permlint does not read the policies of resources of ecr" + end,
        "it names no one resource of s3 whose policy could be read" + end,
        "the policy of arn:aws:s3:::invoices could not be read (AccessDenied)" + end,
    ]
    assert stub.asked.count("GetBucketPolicy") == 1


def test_the_audit_logs_policy_is_read_too(tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    writes = allow("s3:PutObject", "arn:aws:s3:::trail/*")
    stub.pages = [{"UserDetailList": [user("bot", READS, writes)]}]
    text = manifest("{resource: aws.s3.invoices, access: read-only}", audit_log="aws.s3.trail")
    stub.policies = {"invoices": None, "trail": None}
    assert said(compared(tmp_path, stub, monkeypatch, manifest=text)) == []
    stub.policies = {"invoices": None, "trail": policy(to("*", "s3:PutObject", effect="Deny"))}
    assert [rule for rule, _ in said(compared(tmp_path, stub, monkeypatch, manifest=text))] == [
        "drift/unwritable-audit-log"
    ]
    stub.policies = {"invoices": None, "trail": "AccessDenied"}
    ((rule, message),) = said(compared(tmp_path, stub, monkeypatch, manifest=text))
    assert rule == "drift/unverified-resource"
    assert message.startswith("the audit log aws.s3.trail: the policy of arn:aws:s3:::trail could not be read")


def test_a_region_of_another_partition_is_not_asked(
    tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub.pages = [{"UserDetailList": [user("bot", allow("sqs:SendMessage", f"arn:aws:sqs:cn-north-1:{ACCOUNT}:jobs"))]}]
    entry = f"{{resource: 'aws.arn:aws:sqs:cn-north-1:{ACCOUNT}:jobs', access: write}}"
    result = compared(tmp_path, stub, monkeypatch, manifest=manifest(entry))
    assert "could not be read (NotAsked)" in result.outcome.verdicts[0].reason
    assert "GetQueueUrl" not in stub.asked


def test_a_bucket_elsewhere_is_not_looked_for_by_calls_that_are_not_listed(
    tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub.pages = [{"UserDetailList": [user("bot", READS)]}]
    stub.errors = {"GetBucketPolicy": [(301, "PermanentRedirect")]}
    result = compared(tmp_path, stub, monkeypatch)
    assert [one.verdict for one in result.outcome.verdicts] == ["unverified"]
    assert not [name for name in stub.asked if name.startswith("HEAD")]


def test_a_manifest_cannot_have_a_thousand_resources_asked_for(stub: Stub) -> None:
    names = [f"b{number:03}" for number in range(120)]
    stub.policies = dict.fromkeys(names)
    found = ask(
        LOGIN, [], stub.url, named=lambda _: [Holder("s3", "us-east-1", one, f"arn:aws:s3:::{one}") for one in names]
    )
    assert stub.asked.count("GetBucketPolicy") == 100
    assert sum(one == TOO_MANY for one in found["resource_policies"].values()) == 20
    assert len(Account(found).unread) == 20


def test_what_is_recorded_is_what_was_read(tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    stub.pages = [{"UserDetailList": [user("bot", READS)]}]
    stub.policies = {"invoices": policy(to(BOT, "s3:DeleteObject"))}
    first = compared(tmp_path, stub, monkeypatch)
    save(str(tmp_path / "granted.json"), first.record)
    recording = load_recording(str(tmp_path / "granted.json"), date.today(), timedelta(hours=26))
    again = compared(tmp_path, stub, monkeypatch, request=Request(recordings=(recording,)))
    assert said(again) == said(first)
    assert [one.verdict for one in again.outcome.verdicts] == ["excess"]
    # A resource that came into the manifest since was not read.
    other = manifest("{resource: aws.s3.invoices, access: read-only}", "{resource: aws.s3.more, access: none}")
    late = compared(tmp_path, stub, monkeypatch, manifest=other, request=Request(recordings=(recording,)))
    reasons = {one.resource: one.reason for one in late.outcome.verdicts}
    assert reasons["aws.s3.more"].startswith("the policy of arn:aws:s3:::more was not read")


DENIED = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}


@pytest.mark.parametrize(
    ("condition", "verdict"),
    [
        ({}, "missing"),
        ({"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}, "ok"),
        ({"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-2"}}, "missing"),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, "unverified"),
    ],
)  # fmt: skip
def test_a_resource_control_policy_denies(condition: Any, verdict: str, tmp_path: Path) -> None:
    from tests.systems.aws.test_compare import compared as recorded

    resources = [{"resource": "s3.invoices", "access": "read-only"}]
    rcps = [[policy({**DENIED, "Condition": condition}), policy({**DENIED, "Effect": "Allow", "Action": "*"})]]
    outcome = recorded(tmp_path, resources, READS, rcps=rcps, organization="o-1")
    assert [one.verdict for one in outcome.verdicts] == [verdict]


def test_a_resource_control_policy_binds_some_services_alone(tmp_path: Path) -> None:
    from tests.systems.aws.test_compare import compared as recorded

    resources = [{"resource": "aws.lambda.report", "access": "execute"}]
    own = allow("lambda:InvokeFunction", f"arn:aws:lambda:*:{ACCOUNT}:function:report")
    outcome = recorded(tmp_path, resources, own, rcps=[[policy({**DENIED, "Action": "*"})]])
    assert [one.verdict for one in outcome.verdicts] == ["ok"]


def test_resource_control_policies_that_could_not_be_read(tmp_path: Path) -> None:
    from tests.systems.aws.test_compare import compared as recorded

    resources = [{"resource": "s3.invoices", "access": "read-only"}]
    outcome = recorded(tmp_path, resources, READS, rcps="AccessDenied")
    assert [one.reason for one in outcome.verdicts] == ["resource control policies could not be read: they may deny it"]
    outcome = recorded(tmp_path, resources, READS, allow("s3:DeleteObject"), rcps="AccessDenied")
    assert [one.verdict for one in outcome.verdicts] == ["excess"]
    assert json.loads(json.dumps(outcome.findings[0].details))["unread"] == ["resource control policies"]
