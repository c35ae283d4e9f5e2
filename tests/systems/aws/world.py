"""An account on loopback and a project that declares what an agent may do there: what the live tests stand on."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from linter.checking import select
from linter.config import load
from linter.drift.run import Request, Result, drift
from linter.rulesets import ruleset
from linter.systems import live
from linter.systems.aws.adapter import AWS
from linter.systems.aws.ask import TOTAL, Login
from tests.systems.aws.situations import allow, policy
from tests.systems.aws.stub import ACCOUNT, Stub
from tests.world import build

CANARY = "CanarySecretKey/abc+0123456789012345678901"
LOGIN = Login("", "AKIAEXAMPLEEXAMPLE00", CANARY)
BOT = f"arn:aws:iam::{ACCOUNT}:user/agents/bot"
TRIAGE = f"arn:aws:iam::{ACCOUNT}:role/agents/triage"
CONFIG = """
[systems.aws]
kind = "aws"
access_key_id_env = "AUDITOR_KEY"
secret_access_key_env = "AUDITOR_SECRET"
"""
MANIFEST = """
agent_name: triage
environment: staging
identities: {aws: WHO}
resources:
  - resource: s3.invoices
    access: read-only
"""


def user(name: str, *statements: Any, **more: Any) -> dict[str, Any]:
    return {
        "UserName": name,
        "Path": "/agents/",
        "Arn": f"arn:aws:iam::{ACCOUNT}:user/agents/{name}",
        "UserId": f"AIDA{name}",
        "UserPolicyList": [{"PolicyName": "inline", "PolicyDocument": policy(*statements)}],
        "GroupList": [],
        "AttachedManagedPolicies": [],
        **more,
    }


def role(name: str, *statements: Any, **more: Any) -> dict[str, Any]:
    return {
        "RoleName": name,
        "Path": "/agents/",
        "Arn": f"arn:aws:iam::{ACCOUNT}:role/agents/{name}",
        "RoleId": "AROA",
        "AssumeRolePolicyDocument": policy(),
        "RolePolicyList": [{"PolicyName": "inline", "PolicyDocument": policy(*statements)}],
        "AttachedManagedPolicies": [],
        **more,
    }


READS = allow(["s3:GetObject", "s3:ListBucket"], ["arn:aws:s3:::invoices", "arn:aws:s3:::invoices/*"])


def compared(
    folder: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch, *, who: str = BOT, manifest: str = MANIFEST, config: str = CONFIG,
    request: Request | None = None, total: float = TOTAL,
) -> Result:  # fmt: skip
    monkeypatch.setenv("AUDITOR_KEY", LOGIN.key)
    monkeypatch.setenv("AUDITOR_SECRET", f" {CANARY}\n")
    original = live.adapter_of
    adapter = AWS(stub.url, total)
    for module in ("linter.drift.planes", "linter.drift.strangers"):
        monkeypatch.setattr(f"{module}.adapter_of", lambda kind: adapter if kind == "aws" else original(kind))
    build(folder, {"agent-permissions.yaml": manifest.replace("WHO", json.dumps(who))}, config)
    settings = load(None, str(folder))
    selection = select(settings, (), str(folder), force_exclude=False)
    return drift(settings, ruleset(settings, "drift"), selection, date.today(), request or Request())


def said(result: Result) -> list[tuple[str, str]]:
    return [(one.rule, one.message) for one in result.outcome.findings]
