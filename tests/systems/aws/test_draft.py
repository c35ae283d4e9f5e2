"""A first manifest from what a user or role is granted: what it declares, what it leaves to decide, and that both commands agree."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linter.cli import run
from linter.systems import live
from linter.systems.aws.adapter import AWS
from linter.systems.aws.draft import draft
from linter.systems.aws.holders import Home
from tests.systems.aws.situations import ACCOUNT, SESSION, allow, deny, policy, situation
from tests.systems.aws.stub import Stub
from tests.systems.aws.world import BOT, CANARY, CONFIG, LOGIN, TRIAGE, role, user
from tests.world import build

QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:jobs"
FAR = f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs"
TABLE = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/orders"


def drafted(
    *statements: Any, system: str = "aws", **more: Any
) -> tuple[Mapping[str, tuple[str, ...]], tuple[str, ...]]:
    found = draft(system, situation(*statements, **more), Home("aws", ACCOUNT, "eu-west-1"))
    return {one.resource: one.actions for one in found.entries}, found.decisions


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (
            [allow(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::invoices/*"), allow("s3:ListBucket", "arn:aws:s3:::invoices")],
            {"aws.s3.invoices": ("s3:GetObject", "s3:ListBucket", "s3:PutObject")},
        ),
        ([allow("sqs:SendMessage", QUEUE)], {"aws.sqs.jobs": ("sqs:SendMessage",)}),
        (
            [allow(["dynamodb:GetItem", "dynamodb:Query"], [TABLE, f"{TABLE}/index/*"])],
            {"aws.dynamodb.orders": ("dynamodb:GetItem", "dynamodb:Query")},
        ),
        (
            [allow("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:prod/db-??????")],
            {"aws.secretsmanager.prod/db": ("secretsmanager:GetSecretValue",)},
        ),
        ([allow("s3:GetObject", "arn:aws:s3:::in*/2026/*")], {"aws.arn:aws:s3:::in*/2026/*": ("s3:GetObject",)}),
        ([allow("s3:GetObject", "arn:aws:s3:::invoices/2026/*")], {"aws.s3.invoices/2026": ("s3:GetObject",)}),
        ([allow(["ec2:DescribeVpcs", "sts:GetCallerIdentity"])], {"aws.ec2": ("ec2:DescribeVpcs",), "aws.sts": ("sts:GetCallerIdentity",)}),
        ([allow("sqs:SendMessage", FAR)], {f"aws.{FAR}": ("sqs:SendMessage",)}),
        (
            [allow("dynamodb:Query", [TABLE, f"{TABLE}/index/by-day"])],
            {"aws.dynamodb.orders": ("dynamodb:Query",), "aws.dynamodb.orders/index/by-day": ("dynamodb:Query",)},
        ),
        ([allow("s3:GetObject", "arn:aws:s3:::a/*"), deny("s3:GetObject", "arn:aws:s3:::a/*")], {}),
    ],
)  # fmt: skip
def test_what_is_named_is_declared(statements: Any, expected: Any) -> None:
    entries, decisions = drafted(*statements)
    assert (entries, decisions) == (expected, ())


@pytest.mark.parametrize(
    ("statement", "decision"),
    [
        (allow("*"), "every action on every resource"),
        (allow("s3:GetObject"), "s3:GetObject on every resource"),
        (allow("sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:*"), f"sqs:SendMessage on arn:aws:sqs:eu-west-1:{ACCOUNT}:*"),
        (allow("s3:DeleteObject", "arn:aws:s3:::invoices/*"), "s3:DeleteObject on arn:aws:s3:::invoices/*"),
        (allow("xray:PutResourcePolicy"), "xray:PutResourcePolicy on every resource"),
        (allow("s3:PutBucketPolicy", "arn:aws:s3:::invoices"), "s3:PutBucketPolicy on arn:aws:s3:::invoices"),
        (allow("new:DoIt"), "new:DoIt, which permlint's table does not know, on every resource"),
        (
            allow("s3:GetObject", "arn:aws:s3:::b/*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
            "s3:GetObject on arn:aws:s3:::b/*, if this holds: IpAddress aws:SourceIp = 10.0.0.0/8",
        ),
    ],
)  # fmt: skip
def test_what_nobody_should_have_by_default_is_left_to_decide(statement: Any, decision: str) -> None:
    assert drafted(statement) == ({}, (decision,))


def test_ways_to_more_permissions_are_left_to_decide() -> None:
    entries, decisions = drafted(allow(["iam:PassRole", "lambda:CreateFunction"]))
    assert entries == {}
    assert "it can run code as another role (iam:PassRole with lambda:CreateFunction)" in decisions


def test_a_power_user_is_few_lines() -> None:
    entries, decisions = drafted({"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"})
    assert entries == {}
    assert len(decisions) < 20
    reads = [f"{service}:Describe*" for service in "ec2 rds ecs eks elasticache autoscaling redshift dax dms".split()]
    entries, decisions = drafted(allow([*reads, "s3:List*"]))
    assert len(entries) + len(decisions) < 30


def test_what_could_not_be_read_is_said_and_does_not_empty_the_draft() -> None:
    read = allow("s3:GetObject", "arn:aws:s3:::invoices/*")
    said = "service control policies could not be read: they may deny some of what is declared"
    assert drafted(read, scps=None) == ({"aws.s3.invoices": ("s3:GetObject",)}, (said,))
    assert drafted(read, who=SESSION, session_known=False)[0] == {"aws.s3.invoices": ("s3:GetObject",)}


def test_a_system_that_is_one_service() -> None:
    reads = [
        allow("s3:GetObject", "arn:aws:s3:::invoices/*"),
        allow("s3:ListAllMyBuckets"),
        allow("sqs:SendMessage", QUEUE),
    ]
    assert drafted(*reads, allow("ec2:DescribeVpcs"), system="s3") == (
        {"s3": ("s3:ListAllMyBuckets",), "s3.invoices": ("s3:GetObject",), f"s3.{QUEUE}": ("sqs:SendMessage",)},
        ("ec2:DescribeVpcs on every resource",),
    )


ACTIONS = [
    "s3:GetObject",
    "s3:PutObject",
    "s3:*",
    "s3:ListBucket",
    "sqs:*",
    "sqs:Send*",
    "dynamodb:GetItem",
    "iam:PassRole",
    "ec2:Describe*",
]
PLACES = [
    "*",
    "arn:aws:s3:::invoices/*",
    "arn:aws:s3:::invoices",
    "arn:aws:s3:::in*",
    QUEUE,
    TABLE,
    "arn:aws:sqs:*:*:*",
]
STATEMENTS = st.builds(
    lambda effect, action, resource: {"Effect": effect, "Action": action, "Resource": resource},
    st.sampled_from(["Allow", "Allow", "Deny"]),
    st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=3),
    st.lists(st.sampled_from(PLACES), min_size=1, max_size=3),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(STATEMENTS, min_size=1, max_size=4))
def test_no_entry_deletes_administers_or_is_a_wildcard(statements: Any) -> None:
    entries, _ = drafted(*statements)
    for name, actions in entries.items():
        assert not any(re.search(r":(\*|Delete|Purge|PassRole|PutBucketPolicy|AddPermission)", one) for one in actions)
        assert not name.endswith((":*", "s3.*", "sqs.*"))


def _init(folder: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("AUDITOR_KEY", LOGIN.key)
    monkeypatch.setenv("AUDITOR_SECRET", CANARY)
    for name in ("GITHUB_EVENT_NAME", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID"):
        monkeypatch.delenv(name, raising=False)
    original, adapter = live.adapter_of, AWS(stub.url)
    for module in ("linter.drift.planes", "linter.drift.strangers", "linter.cli.init"):
        monkeypatch.setattr(f"{module}.adapter_of", lambda kind: adapter if kind == "aws" else original(kind))
    build(folder, {}, CONFIG)
    return run(["init", "agent-permissions.yaml", "--agent", "triage", "--owner", "o", "--purpose", "p", *arguments])


@pytest.mark.parametrize("who", [BOT, "bot", "AKIAAGENTAGENTAGENT1"])
def test_init_check_and_drift_agree(
    who: str, tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reads = allow(["s3:GetObject", "s3:ListBucket"], ["arn:aws:s3:::invoices", "arn:aws:s3:::invoices/*"])
    deletes = allow("s3:DeleteObject", "arn:aws:s3:::invoices/*")
    stub.pages = [
        {"UserDetailList": [user("bot", reads, allow("sqs:ReceiveMessage", QUEUE), allow("ec2:DescribeVpcs"), deletes)]}
    ]
    stub.keys = {"AKIAAGENTAGENTAGENT1": "bot"}
    stub.policies = {"invoices": None, "jobs": None}
    assert _init(tmp_path, stub, monkeypatch, "--from", "aws", "--role", who) == 0
    text = (tmp_path / "agent-permissions.yaml").read_text(encoding="utf-8")
    assert f'identities: {{aws: "{BOT}"}}' in text.replace("'", '"') or f"aws: {BOT}" in text
    named = [line.partition(": ")[2].strip('"') for line in text.splitlines() if "resource: " in line]
    assert named == [
        f"aws.{QUEUE}",
        "aws.ec2",
        "aws.s3.invoices",
    ]  # the queue is not in the region that the binding says
    assert "# - s3:DeleteObject on arn:aws:s3:::invoices/*" in text
    capsys.readouterr()
    assert run(["check", "--fail-on", "info"]) == 0
    capsys.readouterr()
    run(["drift", "--format", "json", "--record", "granted.json"])
    body = json.loads(capsys.readouterr().out)
    assert [(one["rule"], one["details"]["actions"]) for one in body["findings"]] == [
        ("drift/undeclared-privilege", ["s3:DeleteObject"])
    ]
    assert run(["drift", "--format", "json", "--live-from", "granted.json"]) == 0
    assert json.loads(capsys.readouterr().out)["findings"] == body["findings"]


def test_a_session_is_its_roles(tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    stub.pages = [{"RoleDetailList": [role("triage", allow("s3:GetObject", "arn:aws:s3:::invoices/*"))]}]
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/triage/run-1"
    assert _init(tmp_path, stub, monkeypatch, "--from", "aws", "--role", session) == 0
    assert TRIAGE in (tmp_path / "agent-permissions.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--role names a user or role"),
        (["--role", "bott"], "the account has no user or role bott"),
        (["--role", "ASIAAGENTAGENTAGENT1"], "a session's key: name its role"),
    ],
)
def test_nobody_to_write_of(
    arguments: list[str], message: str, tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    stub.pages = [{"UserDetailList": [user("bot", *policy()["Statement"])]}]
    assert _init(tmp_path, stub, monkeypatch, "--from", "aws", *arguments) == 3
    assert message in capsys.readouterr().err
    assert not (tmp_path / "agent-permissions.yaml").exists()
