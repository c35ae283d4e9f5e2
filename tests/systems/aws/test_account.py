"""An account as a recording has it: who is who, which of their policies count, and what is known of their requests."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from linter.systems.aws.account import Account
from linter.systems.aws.evaluate import Evaluation
from linter.systems.live import Unverified
from tests.systems.aws.situations import ACCOUNT, BUCKET, OBJECT, ROLE, SESSION, USER, allow, deny, policy

BOT = f"arn:aws:iam::{ACCOUNT}:user/bot"
YES, NO, MAYBE = (True, True), (False, False), (False, True)


def decided(data: dict[str, Any], who: str, action: str = "s3:GetObject", resource: str = OBJECT) -> tuple[bool, bool]:
    account = Account({"scps": [], **data})
    return Evaluation(account.situation(account.find(who))).decide(action, resource)


def dump(**lists: Any) -> dict[str, Any]:
    return {"account_authorization_details": lists}


def user(*statements: Any, **more: Any) -> dict[str, Any]:
    inline = [{"PolicyName": "inline", "PolicyDocument": policy(*statements)}]
    return {"UserName": "bot", "Arn": BOT, "UserPolicyList": inline, "GroupList": [], **more}


TAGGED = allow("s3:*", Condition={"StringEquals": {"aws:PrincipalTag/team": "support"}})


@pytest.mark.parametrize(
    ("tags", "expected"),
    [([{"Key": "team", "Value": "support"}], YES), ([{"Key": "team", "Value": "sales"}], NO), ([], NO)],
)
def test_the_tags_of_a_user_are_known(tags: Any, expected: Any) -> None:
    assert decided(dump(UserDetailList=[user(TAGGED, Tags=tags)]), "bot") == expected


def test_a_session_may_have_tags_of_its_own() -> None:
    role = {
        "RoleName": "triage",
        "Arn": ROLE,
        "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": policy(TAGGED)}],
    }
    assert decided(dump(RoleDetailList=[role]), ROLE) == MAYBE


@pytest.mark.parametrize(
    ("value", "trusted", "expected"),
    [
        ("support", "sts:AssumeRole", YES),
        ("sales", "sts:AssumeRole", NO),
        ("support", ["sts:AssumeRole", "sts:TagSession"], MAYBE),
        ("sales", ["sts:AssumeRole", "STS:Tag*"], MAYBE),
        ("sales", "sts:*", MAYBE),
    ],
)
def test_a_tag_of_a_session_takes_the_place_of_its_roles(value: str, trusted: Any, expected: Any) -> None:
    trust = policy({"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": trusted})
    role = {
        "RoleName": "triage",
        "Arn": ROLE,
        "Tags": [{"Key": "team", "Value": value}],
        "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": policy(TAGGED)}],
        "AssumeRolePolicyDocument": trust,
    }
    assert decided(dump(RoleDetailList=[role]), ROLE) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, NO),
        ({"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}, YES),
        ({"Bool": {"aws:SecureTransport": "true"}}, YES),
        ({"StringEquals": {"aws:username": "bot"}}, YES),
        ({"ArnEquals": {"aws:PrincipalArn": BOT}}, YES),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, MAYBE),
        # sts:GetSessionToken needs no permission, and what it gives has an issue time.
        ({"Null": {"aws:TokenIssueTime": "true"}}, MAYBE),
        ({"Null": {"aws:TokenIssueTime": "false"}}, MAYBE),
        # And it says that no code was shown, where the key itself says nothing.
        ({"Bool": {"aws:MultiFactorAuthPresent": "false"}}, MAYBE),
        ({"Null": {"aws:MultiFactorAuthPresent": "false"}}, MAYBE),
        ({"Null": {"aws:MultiFactorAuthAge": "false"}}, NO),
    ],
)
def test_what_a_long_term_key_carries(condition: Any, expected: Any) -> None:
    assert decided(dump(UserDetailList=[user(allow("s3:*", Condition=condition))]), "bot") == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"Bool": {"aws:MultiFactorAuthPresent": "false"}}, YES),  # the guide warns: a long-term key is not denied
        ({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}, NO),
        ({"Null": {"aws:MultiFactorAuthPresent": "true"}}, MAYBE),
        ({"Bool": {"aws:SecureTransport": "false"}}, YES),
    ],
)
def test_what_denies_a_long_term_key(condition: Any, expected: Any) -> None:
    denied = user(allow("s3:*"), deny("*", Condition=condition))
    assert decided(dump(UserDetailList=[denied]), "bot") == expected


PAST, TO_COME = "2026-01-01T00:00:00Z", "2100-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("condition", "allowed", "denied"),
    [
        ({"DateGreaterThan": {"aws:CurrentTime": PAST}}, YES, NO),
        ({"DateLessThan": {"aws:CurrentTime": PAST}}, NO, YES),
        ({"DateLessThan": {"aws:CurrentTime": TO_COME}}, YES, NO),
        ({"DateGreaterThan": {"aws:CurrentTime": TO_COME}}, MAYBE, MAYBE),  # now not, and later
        ({"DateLessThanEqualsIfExists": {"aws:currenttime": [PAST, TO_COME]}}, YES, NO),
        ({"DateGreaterThanEquals": {"aws:CurrentTime": [PAST, TO_COME]}}, YES, NO),
        ({"NumericGreaterThan": {"aws:EpochTime": 1_700_000_000}}, YES, NO),
        ({"NumericLessThan": {"aws:EpochTime": "1700000000"}}, NO, YES),
        ({"DateLessThan": {"aws:CurrentTime": "soon"}}, MAYBE, MAYBE),
        ({"DateEquals": {"aws:CurrentTime": PAST}}, MAYBE, MAYBE),
        ({"DateGreaterThan": {"aws:CurrentTime": PAST}, "DateLessThan": {"aws:CurrentTime": PAST}}, NO, YES),
        ({"DateLessThan": {"aws:TokenIssueTime": PAST}}, MAYBE, MAYBE),
    ],
)
def test_a_request_is_made_now_or_later(condition: Any, allowed: Any, denied: Any) -> None:
    assert decided(dump(UserDetailList=[user(allow("s3:*", Condition=condition))]), "bot") == allowed
    less = user(allow("s3:*"), deny("*", Condition=condition))
    assert decided(dump(UserDetailList=[less]), "bot") == denied


def test_a_role_may_have_been_assumed_with_mfa() -> None:
    data = {
        "caller_arn": ROLE,
        "identity_policies": [policy(allow("s3:*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}))],
    }
    assert decided(data, ROLE) == MAYBE


@pytest.mark.parametrize(
    ("boundary", "expected"),
    [
        (None, YES),
        (policy(allow("s3:*")), YES),
        (policy(allow("ec2:*")), NO),
        ("arn:aws:iam::aws:policy/B", NO),
        ({"arn": "arn:aws:iam::aws:policy/B"}, NO),
    ],
)
def test_the_boundary_of_a_caller(boundary: Any, expected: Any) -> None:
    bounding = {"arn": "arn:aws:iam::aws:policy/B", "default": "v1", "versions": {"v1": policy(allow("sqs:*"))}}
    data = {
        "caller_arn": USER,
        "identity_policies": [policy(allow("s3:*"))],
        "managed_policies": [bounding],
        "permissions_boundary": boundary,
    }
    assert decided(data, USER) == expected


def test_the_default_version_alone_and_the_groups_of_a_caller() -> None:
    managed = {"arn": "x", "default": "v2", "versions": {"v1": policy(allow("*")), "v2": policy(allow("sqs:*"))}}
    data = {
        "caller_arn": USER,
        "managed_policies": [managed],
        "groups": [{"name": "g", "policies": [policy(allow("ec2:*"))]}],
    }
    assert decided(data, USER) == NO
    assert decided(data, USER, "ec2:DescribeInstances", "*") == YES


def test_a_session_with_and_without_known_policies() -> None:
    data: dict[str, Any] = {"caller_arn": SESSION, "identity_policies": [policy(allow("s3:*"))]}
    assert decided(data, SESSION) == MAYBE
    assert decided({**data, "session_policies": []}, SESSION) == YES
    assert decided({**data, "session_policies": [policy(allow("s3:Put*"))]}, SESSION) == NO


def test_a_policy_of_a_bucket() -> None:
    named = {"Effect": "Allow", "Principal": {"AWS": USER}, "Action": "s3:GetObject", "Resource": f"{BUCKET}/*"}
    assert decided({"caller_arn": USER, "resource_policies": {BUCKET: policy(named)}}, USER) == YES


@pytest.mark.parametrize("scps", ["AccessDenied", None])
def test_service_control_policies_that_are_not_known(scps: Any) -> None:
    assert decided({"caller_arn": USER, "identity_policies": [policy(allow("s3:*"))], "scps": scps}, USER) == MAYBE


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/", NO), ("/agents/", NO), ("/aws-service-role/es.amazonaws.com/", YES), ("/my/aws-service-role/", NO)],
)
@pytest.mark.parametrize("policies", ["scps", "rcps"])
def test_policies_of_the_organization_do_not_bind_a_service_linked_role(
    policies: str, path: str, expected: Any
) -> None:
    levels = {"scps": [], "rcps": [], policies: [[policy(allow("*"), deny("s3:*", Principal="*"))]]}
    arn = f"arn:aws:iam::{ACCOUNT}:role{path}triage"
    inline = [{"PolicyName": "inline", "PolicyDocument": policy(allow("s3:GetObject"))}]
    listed = dump(RoleDetailList=[{"RoleName": "triage", "Arn": arn, "Path": path, "RolePolicyList": inline}])
    assert decided({**listed, **levels}, arn) == expected
    session, known = decided({**listed, **levels}, SESSION)
    assert (session, known) == (False, expected[1])  # an upper bound: its session policy is not known


def test_who_is_who() -> None:
    role = {"RoleName": "bot", "Arn": f"arn:aws:iam::{ACCOUNT}:role/bot"}
    account = Account(
        {**dump(UserDetailList=[user()], RoleDetailList=[role]), "access_keys": {"AKIAAAAAAAAAAAAAAAAA": "nobody"}}
    )
    assert account.find(BOT).principal.name == "bot"
    with pytest.raises(Unverified, match="a user and a role are called bot"):
        account.find("bot")
    for missing in ("other", f"{BOT}2", "AKIAAAAAAAAAAAAAAAAA"):
        with pytest.raises(LookupError):
            account.find(missing)
    for unknown in ("AKIABBBBBBBBBBBBBBBB", "ASIABBBBBBBBBBBBBBBB", "arn:aws:s3:::bucket"):
        with pytest.raises(Unverified):
            account.find(unknown)
    alone = Account({"caller_arn": USER})
    with pytest.raises(Unverified, match="does not cover"):
        alone.find(BOT)


def test_a_group_that_was_not_read_is_unverified() -> None:
    account = Account(dump(UserDetailList=[user(GroupList=["gone"])]))
    with pytest.raises(Unverified, match="the group gone is not among what was read"):
        account.situation(account.find("bot"))


def test_the_default_version_of_a_managed_policy_alone() -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/p"
    versions = [
        {"VersionId": "v1", "IsDefaultVersion": False, "Document": policy(allow("*"))},
        {"VersionId": "v2", "IsDefaultVersion": True, "Document": policy(allow("sqs:*"))},
    ]
    holder = user(AttachedManagedPolicies=[{"PolicyName": "p", "PolicyArn": arn}])
    data = dump(
        UserDetailList=[holder], Policies=[{"Arn": arn, "DefaultVersionId": "v2", "PolicyVersionList": versions}]
    )
    assert decided(data, "bot") == NO
    assert decided(data, "bot", "sqs:ListQueues", "*") == YES


@pytest.mark.parametrize("more", [{"IsTruncated": True, "Marker": "x"}, {"Marker": "x"}, {"NextToken": "x"}])
def test_one_page_of_an_account_is_none(more: Any) -> None:
    with pytest.raises(ValueError, match="one page of several"):
        Account(dump(UserDetailList=[user()], **more))
    Account(dump(UserDetailList=[user()], IsTruncated=False))


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"Version": "2012-10-17", "statement": []}, "has no Statement"),
        (policy({"Effect": "Allow", "action": "*", "Resource": "*"}), "'action', which is no element"),
        (policy({"Effect": "Allow", "Resource": "*"}), "names no action"),
        (policy({"Effect": "Allow", "Action": [], "Resource": "*"}), "names no action"),
        (policy(deny("*", [])), "a Resource that is empty"),
        (policy(deny("*", NotResource=BUCKET)), "with Resource and NotResource"),
        (policy(allow("s3:*", NotAction="iam:*")), "with Action and NotAction"),
        (policy(deny("*", Principal="*", NotPrincipal="*")), "with Principal and NotPrincipal"),
        (
            '{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Action": "s3:GetObject"}]}',
            "`Action` twice",
        ),
        ('{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}], "Statement": []}', "`Statement` twice"),
        (
            quote('{"Statement": {"Effect": "Deny", "Effect": "Allow", "Action": "*", "Resource": "*"}}'),
            "`Effect` twice",
        ),
    ],
)
def test_a_policy_that_would_say_nothing_is_unverified(document: Any, problem: str) -> None:
    given = user() | {"UserPolicyList": [{"PolicyName": "p", "PolicyDocument": document}]}
    account = Account(dump(UserDetailList=[given]))
    with pytest.raises(Unverified, match=problem):
        account.situation(account.find("bot"))


def test_the_policy_of_one_resource_that_is_none_says_nothing_of_the_others() -> None:
    more = {"resource_policies": {BUCKET: policy(), "arn:aws:s3:::other": {"Statement": [{"Effect": "Perhaps"}]}}}
    account = Account({**dump(UserDetailList=[user()]), **more})
    assert list(account.resource_policies) == [BUCKET]
    assert account.unread == {
        "arn:aws:s3:::other": "the policy of arn:aws:s3:::other has a statement that neither allows nor denies"
    }
    with pytest.raises(
        ValueError, match="neither allows nor denies"
    ):  # who recorded one caller's says that it concerns him
        Account({"caller_arn": USER, **more})


def test_a_name_under_another_path_or_in_another_case_is_near() -> None:
    account = Account(dump(UserDetailList=[user()], RoleDetailList=[{"RoleName": "Dev", "Arn": ROLE}]))
    assert account.nearest(f"arn:aws:iam::{ACCOUNT}:user/agents/BOT") == BOT
    assert account.nearest("dev") == ROLE
    assert account.nearest("bo") == ""
    with pytest.raises(Unverified, match="twice: nobody knows which of them counts"):
        Account(dump(UserDetailList=[user(), user()])).find(BOT)
