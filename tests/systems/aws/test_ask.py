# ruff: noqa: E501  # tables
"""Real boto3 against a server on loopback: every call that is made, pages, throttling, refusals, and where nothing goes."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from linter.checking import select
from linter.config import load
from linter.drifting import Request, Result, drift
from linter.recordings import load as load_recording
from linter.recordings import save
from linter.rulesets import ruleset
from linter.systems import live
from linter.systems.aws.adapter import AWS
from linter.systems.aws.ask import CALLS, Login, _clients, ask, auditor_policy
from linter.systems.live import Unverified
from tests.systems.aws.situations import allow, deny, policy
from tests.systems.aws.stub import ACCOUNT, Stub, serving
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


def _user(name: str, *statements: Any, **more: Any) -> dict[str, Any]:
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


def _role(name: str, *statements: Any, **more: Any) -> dict[str, Any]:
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


@pytest.fixture
def stub() -> Iterator[Stub]:
    with serving(Stub()) as found:
        yield found


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    """Where the environment would send requests: it must hear nothing."""
    with serving(Stub()) as found:
        for name in (
            "AWS_ENDPOINT_URL",
            "AWS_ENDPOINT_URL_IAM",
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "http_proxy",
            "https_proxy",
        ):
            monkeypatch.setenv(name, found.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        yield found
    assert found.asked == []


def _drift(
    folder: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch, *, who: str = BOT, manifest: str = MANIFEST, config: str = CONFIG,
    request: Request | None = None,
) -> Result:  # fmt: skip
    monkeypatch.setenv("AUDITOR_KEY", LOGIN.key)
    monkeypatch.setenv("AUDITOR_SECRET", f" {CANARY}\n")
    original = live.adapter_of
    adapter = AWS(stub.url)
    for module in ("linter.planes", "linter.strangers"):
        monkeypatch.setattr(f"{module}.adapter_of", lambda kind: adapter if kind == "aws" else original(kind))
    build(folder, {"agent-permissions.yaml": manifest.replace("WHO", json.dumps(who))}, config)
    settings = load(None, str(folder))
    selection = select(settings, (), str(folder), force_exclude=False)
    return drift(settings, ruleset(settings, "drift"), selection, date.today(), request or Request())


def _said(result: Result) -> list[tuple[str, str]]:
    return [(one.rule, one.message) for one in result.outcome.findings]


@pytest.mark.usefixtures("elsewhere")
def test_pages_are_joined_and_nothing_goes_elsewhere(stub: Stub) -> None:
    stub.pages = [
        {"UserDetailList": [_user("bot", READS)]},
        {"RoleDetailList": [_role("triage", READS)]},
        {"UserDetailList": [_user("other")], "Policies": []},
    ]
    found = ask(LOGIN, [BOT], stub.url)
    dump = found["account_authorization_details"]
    assert [one["UserName"] for one in dump["UserDetailList"]] == ["bot", "other"]
    assert dump["RoleDetailList"][0]["RolePolicyList"][0]["PolicyDocument"] == policy(READS)
    assert found["scps"] == []
    assert stub.asked == ["GetCallerIdentity", *["GetAccountAuthorizationDetails"] * 3, "DescribeOrganization"]
    assert all(f":{name}" in "".join(f":{call.partition(':')[2]}" for call in CALLS) for name in stub.asked)


def test_only_the_key_of_an_agent_is_looked_up(stub: Stub) -> None:
    stub.pages = [{"UserDetailList": [_user("bot", READS)]}]
    stub.keys = {"AKIAAGENTAGENTAGENT1": "bot"}
    found = ask(LOGIN, ["AKIAAGENTAGENTAGENT1", "bot"], stub.url)
    assert found["access_keys"] == {"AKIAAGENTAGENTAGENT1": "bot"}


def test_throttling_is_waited_for(stub: Stub) -> None:
    stub.pages = [{"UserDetailList": [_user("bot", READS)]}]
    stub.errors = {"GetAccountAuthorizationDetails": [(400, "Throttling")]}
    assert ask(LOGIN, [BOT], stub.url)["account_authorization_details"]["UserDetailList"]
    assert stub.asked.count("GetAccountAuthorizationDetails") == 2


def test_a_refusal_is_one_sentence(stub: Stub) -> None:
    stub.errors = {"GetAccountAuthorizationDetails": [(403, "AccessDenied")]}
    with pytest.raises(
        Unverified, match=r"^AWS answers GetAccountAuthorizationDetails with AccessDenied: give the auditor "
    ):
        ask(LOGIN, [BOT], stub.url)


def test_invalid_credentials_are_one_sentence(stub: Stub) -> None:
    stub.errors = {"GetCallerIdentity": [(403, "InvalidClientTokenId")]}
    with pytest.raises(Unverified) as caught:
        ask(LOGIN, [BOT], stub.url)
    assert str(caught.value) == "AWS answers GetCallerIdentity with InvalidClientTokenId: its credentials are not valid"


def test_a_closed_port_is_one_sentence() -> None:
    with serving(Stub()) as gone:
        pass
    with pytest.raises(Unverified, match=r"^AWS cannot be asked: no connection can be made$"):
        ask(LOGIN, [BOT], gone.url)


def test_service_control_policies_of_every_level(stub: Stub) -> None:
    levels = {ACCOUNT: policy(allow("s3:*")), "ou-1": policy(deny("iam:*"), allow("*")), "r-1": policy(allow("*"))}
    parents = {ACCOUNT: "ou-1", "ou-1": "r-1"}
    stub.organizations = {
        "DescribeOrganization": {"Organization": {"Id": "o-1", "MasterAccountId": "999988887777"}},
        "ListParents": lambda given: {"Parents": [{"Id": parents[given["ChildId"]], "Type": "ROOT"}]},
        "ListPoliciesForTarget": lambda given: {"Policies": [{"Id": given["TargetId"]}]},
        "DescribePolicy": lambda given: {"Policy": {"Content": json.dumps(levels[given["PolicyId"]])}},
    }
    assert ask(LOGIN, [BOT], stub.url)["scps"] == [[levels["r-1"]], [levels["ou-1"]], [levels[ACCOUNT]]]
    stub.organizations["DescribeOrganization"] = {"Organization": {"Id": "o-1", "MasterAccountId": ACCOUNT}}
    assert ask(LOGIN, [BOT], stub.url)["scps"] == []
    stub.errors = {"DescribeOrganization": [(400, "AccessDeniedException")]}
    assert ask(LOGIN, [BOT], stub.url)["scps"] == "AccessDenied"


def test_the_auditors_policy_is_every_call_that_needs_one() -> None:
    allowed = json.loads(auditor_policy())["Statement"][0]["Action"]
    assert set(allowed) == {call for call in CALLS if call != "sts:GetCallerIdentity"}
    reading = ("Get", "List", "Describe")
    assert all(call.partition(":")[2].startswith(reading) for call in CALLS)


@pytest.mark.parametrize("who", [BOT, "bot", "AKIAAGENTAGENTAGENT1"])
def test_a_user_by_arn_name_or_key(who: str, tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    stub.keys = {"AKIAAGENTAGENTAGENT1": "bot"}
    stub.pages = [{"UserDetailList": [_user("bot", READS)]}]
    result = _drift(tmp_path, stub, monkeypatch, who=who)
    assert [(one.verdict, one.principal) for one in result.outcome.verdicts] == [("ok", who)]
    assert _said(result) == []


def test_a_boundary_and_a_group_and_the_default_version(
    tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
    managed = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    versions = [
        {"VersionId": "v1", "IsDefaultVersion": False, "Document": policy(allow("*"))},
        {"VersionId": "v2", "IsDefaultVersion": True, "Document": policy(allow("s3:*"))},
    ]
    user = _user(
        "bot",
        GroupList=["readers"],
        PermissionsBoundary={"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary},
    )
    group = {"GroupName": "readers", "AttachedManagedPolicies": [{"PolicyName": "S3", "PolicyArn": managed}]}
    inner = [
        {
            "VersionId": "v1",
            "IsDefaultVersion": True,
            "Document": policy(READS, allow("s3:DeleteObject", "arn:aws:s3:::invoices/*")),
        }
    ]
    stub.pages = [
        {"UserDetailList": [user]},
        {
            "GroupDetailList": [group],
            "Policies": [{"Arn": boundary, "DefaultVersionId": "v1", "PolicyVersionList": inner}],
        },
        {"Policies": [{"Arn": managed, "DefaultVersionId": "v2", "PolicyVersionList": versions}]},
    ]
    result = _drift(tmp_path, stub, monkeypatch)
    assert _said(result) == [
        (
            "drift/undeclared-privilege",
            f"{BOT} has s3:DeleteObject on arn:aws:s3:::invoices/*, which is not declared (by the policy AmazonS3ReadOnlyAccess of the group readers)",
        )
    ]


def test_an_assumed_role_is_its_role_and_an_upper_bound(
    tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub.pages = [{"RoleDetailList": [_role("triage", READS, allow("s3:DeleteObject", "arn:aws:s3:::invoices/*"))]}]
    result = _drift(tmp_path, stub, monkeypatch, who=f"arn:aws:sts::{ACCOUNT}:assumed-role/triage/run-1")
    assert {rule for rule, _ in _said(result)} == {"drift/conditional-privilege", "drift/unverified-resource"}
    assert any("a session policy cannot be seen" in message for _, message in _said(result))
    result = _drift(tmp_path, stub, monkeypatch, who=TRIAGE)
    assert [rule for rule, _ in _said(result)] == ["drift/undeclared-privilege"]


def test_a_session_key_is_unverified(tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    result = _drift(tmp_path, stub, monkeypatch, who="ASIAAGENTAGENTAGENT1")
    assert [one.verdict for one in result.outcome.verdicts] == ["unverified"]
    assert result.outcome.unchecked[0].endswith("ASIAAGENTAGENTAGENT1 is a session's key: name its role")


def test_nobody_of_that_name(tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    stub.pages = [{"UserDetailList": [_user("bot", READS)]}]
    result = _drift(tmp_path, stub, monkeypatch, who="bott")
    assert _said(result) == [("drift/unknown-object", "the user or role bott does not exist")]


def test_the_auditor_is_never_taken_for_the_agent(tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = "\n".join(line for line in MANIFEST.splitlines() if "identities" not in line)
    result = _drift(tmp_path, stub, monkeypatch, manifest=manifest)
    assert [one.verdict for one in result.outcome.verdicts] == ["unverified"]
    assert "the login that asks is an auditor's" in result.outcome.unchecked[0]


@pytest.mark.parametrize("who", [BOT, "bot"])
def test_principals_without_a_manifest(who: str, tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    stub.pages = [{"UserDetailList": [_user("bot", READS), _user("lost")], "RoleDetailList": [_role("x", Path="/")]}]
    config = f'{CONFIG}[systems.aws.principals]\npaths = ["/agents/"]\n'
    said = _said(_drift(tmp_path, stub, monkeypatch, who=who, config=config))
    assert [message for rule, message in said if rule == "drift/unmanaged-principal"] == [
        f"arn:aws:iam::{ACCOUNT}:user/agents/lost of aws has no manifest, and it is under the path /agents/"
    ]


def test_recorded_is_live_and_no_output_has_the_secret(
    tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    stub.pages = [{"UserDetailList": [_user("bot", READS, allow("s3:DeleteObject", "arn:aws:s3:::invoices/*"))]}]
    first = _drift(tmp_path, stub, monkeypatch)
    file = tmp_path / "granted.json"
    save(str(file), first.record)
    asked = len(stub.asked)
    recording = load_recording(str(file), date.today(), timedelta(hours=26))
    second = _drift(tmp_path, stub, monkeypatch, request=Request(recordings=(recording,)))
    assert _said(second) == _said(first) != []
    assert second.outcome.verdicts == first.outcome.verdicts
    assert len(stub.asked) == asked
    printed = capfd.readouterr()
    everything = "\n".join([file.read_text(), repr(first), repr(LOGIN), printed.out, printed.err])
    for spelling in (CANARY, base64.b64encode(CANARY.encode()).decode(), quote(CANARY, safe="")):
        assert spelling not in everything
    assert not any(CANARY in body for body in stub.bodies)  # it signs; it is never sent


def test_an_unset_variable_is_named(tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    config = CONFIG.replace("AUDITOR_SECRET", "NOT_SET_HERE")
    result = _drift(tmp_path, stub, monkeypatch, config=config)
    assert "the variable NOT_SET_HERE is not set" in result.outcome.unchecked[0]
    assert stub.asked == []


def test_a_profile_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with pytest.raises(Unverified, match=r"^AWS cannot be asked: there is no such profile$"):
        ask(Login(profile="auditor"), [BOT])


@pytest.mark.usefixtures("elsewhere")
def test_the_environment_names_no_endpoint() -> None:
    client = _clients(LOGIN, None)
    assert client("sts").meta.endpoint_url.startswith("https://sts.")
    assert client("iam").meta.endpoint_url == "https://iam.amazonaws.com"
