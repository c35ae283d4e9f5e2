# ruff: noqa: E501  # tables
"""Real boto3 against a server on loopback: every call that is made, pages, throttling, refusals, and where nothing goes."""

from __future__ import annotations

import base64
import gc
import json
import re
import time
from datetime import date, timedelta
from pathlib import Path
from threading import Event
from threading import enumerate as enumerate_threads
from typing import Any
from urllib.parse import quote

import pytest
from botocore.model import OperationModel

from linter.drift.recordings import load as load_recording
from linter.drift.recordings import save
from linter.drift.run import Request
from linter.systems.aws.about import auditor_policy
from linter.systems.aws.ask import CALLS, Login, _clients, ask
from linter.systems.aws.table import table
from linter.systems.live import Unverified
from tests.systems.aws.situations import allow, deny, policy
from tests.systems.aws.stub import ACCOUNT, Stub, serving
from tests.systems.aws.world import BOT, CANARY, CONFIG, LOGIN, MANIFEST, READS, TRIAGE, compared, role, said, user


@pytest.mark.usefixtures("elsewhere")
def test_an_account_leaves_no_client_behind(stub: Stub) -> None:
    """A run collects nothing by itself, and twenty accounts would cost 300 MB."""
    stub.pages = [{"UserDetailList": [user("bot", READS)]}]
    gc.collect()
    gc.disable()
    try:
        ask(LOGIN, [BOT], stub.url)
        left = [one for one in gc.get_objects() if type(one) is OperationModel]
    finally:
        gc.enable()
    assert not left


@pytest.mark.usefixtures("elsewhere")
def test_pages_are_joined_and_nothing_goes_elsewhere(stub: Stub) -> None:
    stub.pages = [
        {"UserDetailList": [user("bot", READS)]},
        {"RoleDetailList": [role("triage", READS)]},
        {"UserDetailList": [user("other")], "Policies": []},
    ]
    found = ask(LOGIN, [BOT], stub.url)
    dump = found["account_authorization_details"]
    assert [one["UserName"] for one in dump["UserDetailList"]] == ["bot", "other"]
    assert dump["RoleDetailList"][0]["RolePolicyList"][0]["PolicyDocument"] == policy(READS)
    assert (found["scps"], found["rcps"], found["resource_policies"]) == ([], [], {})
    assert stub.asked == ["GetCallerIdentity", *["GetAccountAuthorizationDetails"] * 3, "DescribeOrganization"]
    assert all(f":{name}" in "".join(f":{call.partition(':')[2]}" for call in CALLS) for name in stub.asked)


@pytest.mark.parametrize("last", [{"IsTruncated": "true"}, {"IsTruncated": None}])
def test_an_account_that_is_not_whole_is_unverified(last: Any, stub: Stub) -> None:
    """More follows, and nobody says where; or an answer that says nothing."""
    stub.pages = [{"UserDetailList": [user("bot", READS)]}, last]
    with pytest.raises(Unverified, match="is not complete"):
        ask(LOGIN, [BOT], stub.url)


def test_what_was_asked_is_counted(tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    stub.pages = [{"UserDetailList": [user("bot", READS)]}, {}]
    stub.policies = {"invoices": None}
    ((_, table),) = compared(tmp_path, stub, monkeypatch).outcome.effective
    assert [row[:2] for row in table() if "asked" in row[1]] == [
        ("sts:GetCallerIdentity", "asked 1 time"),
        ("iam:GetAccountAuthorizationDetails", "asked 2 times"),
        ("organizations:DescribeOrganization", "asked 1 time"),
        ("s3:GetBucketPolicy", "asked 1 time"),
    ]
    assert all(re.fullmatch(r"\d\.\d\d s", row[2]) for row in table() if "asked" in row[1])


def test_only_the_key_of_an_agent_is_looked_up(stub: Stub) -> None:
    stub.pages = [{"UserDetailList": [user("bot", READS)]}]
    stub.keys = {"AKIAAGENTAGENTAGENT1": "bot"}
    found = ask(LOGIN, ["AKIAAGENTAGENTAGENT1", "bot"], stub.url)
    assert found["access_keys"] == {"AKIAAGENTAGENTAGENT1": "bot"}


def test_throttling_is_waited_for(stub: Stub) -> None:
    stub.pages = [{"UserDetailList": [user("bot", READS)]}]
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
    assert caught.value.rejected


def test_a_closed_port_is_one_sentence() -> None:
    with serving(Stub()) as gone:
        pass
    with pytest.raises(Unverified, match=r"^AWS cannot be asked: no connection can be made$"):
        ask(LOGIN, [BOT], gone.url)


LEVELS = {ACCOUNT: policy(allow("s3:*")), "ou-1": policy(deny("iam:*"), allow("*")), "r-1": policy(allow("*"))}
PARENTS = {ACCOUNT: "ou-1", "ou-1": "r-1"}
DENIES = policy({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"})


def organized(stub: Stub, **more: Any) -> None:
    """A member account with a service control policy at each level, and a resource control policy at its unit."""
    given = {"SERVICE_CONTROL_POLICY": list(LEVELS), "RESOURCE_CONTROL_POLICY": ["ou-1"]}
    contents = {f"SERVICE_CONTROL_POLICY {one}": found for one, found in LEVELS.items()}
    contents["RESOURCE_CONTROL_POLICY ou-1"] = DENIES

    def listed(asked: Any) -> Any:
        held = asked["TargetId"] in given[asked["Filter"]]
        return {"Policies": [{"Id": f"{asked['Filter']} {asked['TargetId']}"}] if held else []}

    stub.organizations = {
        "DescribeOrganization": {"Organization": {"Id": "o-1", "MasterAccountId": "999988887777"}},
        "ListParents": lambda asked: {"Parents": [{"Id": PARENTS[asked["ChildId"]], "Type": "ROOT"}]},
        "ListPoliciesForTarget": listed,
        "DescribePolicy": lambda asked: {"Policy": {"Content": json.dumps(contents[asked["PolicyId"]])}},
        **more,
    }


def test_the_organizations_policies_of_every_level(stub: Stub) -> None:
    organized(stub)
    found = ask(LOGIN, [BOT], stub.url)
    assert found["scps"] == [[LEVELS["r-1"]], [LEVELS["ou-1"]], [LEVELS[ACCOUNT]]]
    assert found["rcps"] == [[], [DENIES], []]
    assert found["organization"] == "o-1"
    organized(stub, DescribeOrganization={"Organization": {"Id": "o-1", "MasterAccountId": ACCOUNT}})
    found = ask(LOGIN, [BOT], stub.url)
    assert (found["scps"], found["rcps"]) == ([], [])
    stub.errors = {"DescribeOrganization": [(400, "AccessDeniedException")]}
    found = ask(LOGIN, [BOT], stub.url)
    assert (found["scps"], found["rcps"]) == ("AccessDenied", "AccessDenied")


def test_an_organization_that_enables_no_policies_denies_nothing(stub: Stub) -> None:
    organized(stub, ListPoliciesForTarget={"Policies": []})
    found = ask(LOGIN, [BOT], stub.url)
    assert (found["scps"], found["rcps"]) == ([], [])


def test_one_kind_of_policies_may_be_hidden(stub: Stub) -> None:
    def listed(asked: Any) -> Any:
        if asked["Filter"] == "RESOURCE_CONTROL_POLICY":
            raise LookupError("AccessDeniedException")
        return {"Policies": [{"Id": f"{asked['Filter']} {asked['TargetId']}"}]}

    organized(stub, ListPoliciesForTarget=listed)
    found = ask(LOGIN, [BOT], stub.url)
    assert (len(found["scps"]), found["rcps"]) == (3, "AccessDenied")


def test_a_policy_at_many_levels_is_read_once(stub: Stub) -> None:
    organized(
        stub, ListPoliciesForTarget={"Policies": [{"Id": "p-1"}]}, DescribePolicy={"Policy": {"Content": json.dumps(LEVELS["r-1"])}}
    )  # fmt: skip
    assert ask(LOGIN, [BOT], stub.url)["scps"] == [[LEVELS["r-1"]]] * 3
    assert stub.asked.count("DescribePolicy") == 1


def test_all_calls_together_have_an_end(stub: Stub) -> None:
    stub.hangs = {"GetAccountAuthorizationDetails": Event()}
    stub.pages = [{"UserDetailList": [user("bot", READS)]}] * 3
    with pytest.raises(Unverified, match=r"^AWS had not answered everything after 2 s: nothing was compared$"):
        ask(LOGIN, [BOT], stub.url, total=2.0)
    (waiting,) = [one for one in enumerate_threads() if one.name == "aws"]
    stub.hangs["GetAccountAuthorizationDetails"].set()
    waiting.join(20)
    assert not waiting.is_alive()
    sent = ["GetCallerIdentity", "GetAccountAuthorizationDetails"]  # on a slow machine not even these
    assert stub.asked == sent[: len(stub.asked)]  # nothing more is sent afterwards


def test_throttling_without_end_has_an_end(tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    stub.errors = {"GetAccountAuthorizationDetails": [(400, "Throttling")] * 99}
    began = time.monotonic()
    result = compared(tmp_path, stub, monkeypatch, total=1.0)
    assert time.monotonic() - began < 30
    assert [one.verdict for one in result.outcome.verdicts] == ["unverified"]
    assert re.search(r"Throttling|after 1 s", result.outcome.unchecked[0])


def test_the_auditors_policy_is_every_call_that_needs_one() -> None:
    allowed = json.loads(auditor_policy())["Statement"][0]["Action"]
    assert set(allowed) == {call for call in CALLS if call != "sts:GetCallerIdentity"}
    reading = ("Get", "List", "Describe")
    assert len(allowed) == len(set(allowed))
    assert all(table().place(call) is not None for call in CALLS)
    assert all(call.partition(":")[2].startswith(reading) for call in CALLS)


@pytest.mark.parametrize("who", [BOT, "bot", "AKIAAGENTAGENTAGENT1"])
def test_a_user_by_arn_name_or_key(who: str, tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    stub.keys = {"AKIAAGENTAGENTAGENT1": "bot"}
    stub.pages = [{"UserDetailList": [user("bot", READS)]}]
    stub.policies = {"invoices": None}
    result = compared(tmp_path, stub, monkeypatch, who=who)
    assert [(one.verdict, one.principal) for one in result.outcome.verdicts] == [("ok", who)]
    assert said(result) == []


def test_a_boundary_and_a_group_and_the_default_version(
    tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
    managed = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    versions = [
        {"VersionId": "v1", "IsDefaultVersion": False, "Document": policy(allow("*"))},
        {"VersionId": "v2", "IsDefaultVersion": True, "Document": policy(allow("s3:*"))},
    ]
    holder = user(
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
        {"UserDetailList": [holder]},
        {
            "GroupDetailList": [group],
            "Policies": [{"Arn": boundary, "DefaultVersionId": "v1", "PolicyVersionList": inner}],
        },
        {"Policies": [{"Arn": managed, "DefaultVersionId": "v2", "PolicyVersionList": versions}]},
    ]
    result = compared(tmp_path, stub, monkeypatch)
    assert said(result) == [
        (
            "drift/undeclared-privilege",
            f"{BOT} has s3:DeleteObject on arn:aws:s3:::invoices/*, which is not declared (by the policy AmazonS3ReadOnlyAccess of the group readers)",
        )
    ]


TWICE = '{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Action": "s3:GetObject"}]}'


def test_a_policy_with_a_key_twice_is_unverified(tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    more = [{"PolicyName": "more", "PolicyDocument": quote(TWICE)}]
    stub.pages = [{"UserDetailList": [user("bot", READS, UserPolicyList=more), user("other", READS)]}]
    ((rule, message),) = said(compared(tmp_path, stub, monkeypatch))
    assert rule == "drift/unverified-resource"
    assert "the inline policy more has the key `Action` twice in one object" in message
    stub.policies = {"invoices": None}
    other = f"arn:aws:iam::{ACCOUNT}:user/agents/other"
    assert said(compared(tmp_path, stub, monkeypatch, who=other)) == []  # nobody else's policies are doubted


def test_a_service_control_policy_with_a_key_twice_is_unverified(
    tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    organized(stub, DescribePolicy={"Policy": {"Content": TWICE}})
    stub.pages = [{"UserDetailList": [user("bot", READS)]}]
    ((rule, message),) = said(compared(tmp_path, stub, monkeypatch))
    assert rule == "drift/unverified-resource"
    assert "a service control policy has the key `Action` twice in one object" in message


def test_an_assumed_role_is_its_role_and_an_upper_bound(
    tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub.pages = [{"RoleDetailList": [role("triage", READS, allow("s3:DeleteObject", "arn:aws:s3:::invoices/*"))]}]
    result = compared(tmp_path, stub, monkeypatch, who=f"arn:aws:sts::{ACCOUNT}:assumed-role/triage/run-1")
    assert {rule for rule, _ in said(result)} == {"drift/conditional-privilege", "drift/unverified-resource"}
    assert any("a session policy cannot be seen" in message for _, message in said(result))
    result = compared(tmp_path, stub, monkeypatch, who=TRIAGE)
    assert [rule for rule, _ in said(result)] == ["drift/undeclared-privilege"]


def test_a_session_key_is_unverified(tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    result = compared(tmp_path, stub, monkeypatch, who="ASIAAGENTAGENTAGENT1")
    assert [one.verdict for one in result.outcome.verdicts] == ["unverified"]
    assert result.outcome.unchecked[0].endswith("ASIAAGENTAGENTAGENT1 is a session's key: name its role")


def test_nobody_of_that_name(tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    stub.pages = [{"UserDetailList": [user("bot", READS)]}]
    result = compared(tmp_path, stub, monkeypatch, who="bott")
    assert said(result) == [("drift/unknown-object", "the user or role bott does not exist")]


def test_the_auditor_is_never_taken_for_the_agent(tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = "\n".join(line for line in MANIFEST.splitlines() if "identities" not in line)
    result = compared(tmp_path, stub, monkeypatch, manifest=manifest)
    assert [one.verdict for one in result.outcome.verdicts] == ["unverified"]
    assert "the login that asks is an auditor's" in result.outcome.unchecked[0]


@pytest.mark.parametrize("who", [BOT, "bot"])
def test_principals_without_a_manifest(who: str, tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    stub.pages = [{"UserDetailList": [user("bot", READS), user("lost")], "RoleDetailList": [role("x", Path="/")]}]
    config = f'{CONFIG}[systems.aws.principals]\npaths = ["/agents/"]\n'
    found = said(compared(tmp_path, stub, monkeypatch, who=who, config=config))
    assert [message for rule, message in found if rule == "drift/unmanaged-principal"] == [
        f"arn:aws:iam::{ACCOUNT}:user/agents/lost of aws has no manifest, and it is under the path /agents/"
    ]


def test_recorded_is_live_and_no_output_has_the_secret(
    tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    stub.pages = [{"UserDetailList": [user("bot", READS, allow("s3:DeleteObject", "arn:aws:s3:::invoices/*"))]}]
    first = compared(tmp_path, stub, monkeypatch)
    file = tmp_path / "granted.json"
    save(str(file), first.record)
    asked = len(stub.asked)
    recording = load_recording(str(file), date.today(), timedelta(hours=26))
    second = compared(tmp_path, stub, monkeypatch, request=Request(recordings=(recording,)))
    assert said(second) == said(first) != []
    assert second.outcome.verdicts == first.outcome.verdicts
    assert len(stub.asked) == asked
    printed = capfd.readouterr()
    everything = "\n".join([file.read_text(), repr(first), repr(LOGIN), printed.out, printed.err])
    for spelling in (CANARY, base64.b64encode(CANARY.encode()).decode(), quote(CANARY, safe="")):
        assert spelling not in everything
    assert not any(CANARY in body for body in stub.bodies)  # it signs; it is never sent


def test_an_unset_variable_is_named(tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    config = CONFIG.replace("AUDITOR_SECRET", "NOT_SET_HERE")
    result = compared(tmp_path, stub, monkeypatch, config=config)
    assert "the variable NOT_SET_HERE is not set" in result.outcome.unchecked[0]
    assert stub.asked == []


def test_a_profile_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with pytest.raises(Unverified, match=r"^AWS cannot be asked: there is no such profile$"):
        ask(Login(profile="auditor"), [BOT])


@pytest.mark.usefixtures("elsewhere")
def test_the_environment_names_no_endpoint() -> None:
    client = _clients(LOGIN, None, Event(), {})
    assert client("sts").meta.endpoint_url.startswith("https://sts.")
    assert client("iam").meta.endpoint_url == "https://iam.amazonaws.com"
