# ruff: noqa: E501  # a table
"""The semantics of IAM, line by line of the User Guide and both ways, and the laws of two bounds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linter.systems.aws.evaluate import Evaluation, Ruling
from linter.systems.aws.regions import area, intersect, subtract
from tests.systems.aws.situations import (
    ACCOUNT,
    BUCKET,
    OBJECT,
    ROLE,
    ROOT,
    SESSION,
    USER,
    allow,
    decide,
    deny,
    situation,
)

YES, NO, MAYBE = (True, True), (False, False), (False, True)
ALL = [allow("*")]
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"
DEPLOY = f"arn:aws:iam::{ACCOUNT}:role/deploy"


def _to(who: Any, effect: str = "Allow", action: str = "s3:GetObject", **more: Any) -> dict[str, Any]:
    return {
        "Effect": effect,
        "Principal": who if who == "*" else {"AWS": who},
        "Action": action,
        "Resource": "*",
        **more,
    }


CASES: list[tuple[str, Any, str, str, tuple[bool, bool]]] = [
    ("nothing is allowed by default", situation(), "s3:GetObject", OBJECT, NO),
    ("an allow allows", situation(allow("s3:GetObject")), "s3:GetObject", OBJECT, YES),
    ("explicit deny wins", situation(allow("s3:*"), deny("s3:GetObject")), "s3:GetObject", OBJECT, NO),
    ("a deny of something else does not", situation(allow("s3:*"), deny("s3:PutObject")), "s3:GetObject", OBJECT, YES),
    ("actions ignore case", situation(allow("S3:getOBJECT")), "s3:GetObject", OBJECT, YES),
    ("a question mark is one character", situation(allow("s3:?etObject")), "s3:GetObject", OBJECT, YES),
    ("and not two", situation(allow("s3:?tObject")), "s3:GetObject", OBJECT, NO),
    ("ARNs heed case", situation(allow("s3:*", "arn:aws:s3:::Invoices/*")), "s3:GetObject", OBJECT, NO),
    ("an object is no bucket", situation(allow("s3:GetObject", BUCKET)), "s3:GetObject", OBJECT, NO),
    ("GetObject on a bucket's ARN is dead", situation(allow("s3:GetObject", BUCKET)), "s3:GetObject", BUCKET, NO),
    ("ListBucket on objects is dead", situation(allow("s3:ListBucket", f"{BUCKET}/*")), "s3:ListBucket", BUCKET, NO),
    ("ListBucket on the bucket", situation(allow("s3:ListBucket", BUCKET)), "s3:ListBucket", BUCKET, YES),
    ("what has no resource needs a star", situation(allow("s3:*", "arn:aws:s3:::*")), "s3:ListAccessPoints", "*", NO),
    # But for what its service asks about all the same.
    ("all buckets", situation(allow("s3:ListAllMyBuckets", "arn:aws:s3:::*")), "s3:ListAllMyBuckets", "*", YES),
    ("all buckets that have a name", situation(allow("s3:ListAllMyBuckets", ["arn:aws:s3:::b*", "arn:aws:s3:::?*"])), "s3:ListAllMyBuckets", "*", YES),
    ("some buckets", situation(allow("s3:ListAllMyBuckets", ["arn:aws:s3:::b*", "arn:aws:s3:::*/*"])), "s3:ListAllMyBuckets", "*", NO),
    ("denied on all", situation(*ALL, deny("s3:*", "arn:aws:s3:::*")), "s3:ListAllMyBuckets", "*", NO),
    ("denied on some", situation(*ALL, deny("s3:*", "arn:aws:s3:::b*")), "s3:ListAllMyBuckets", "*", YES),
    ("all users", situation(allow("iam:*", f"arn:aws:iam::{ACCOUNT}:user/*")), "iam:ListUsers", "*", YES),
    ("one user", situation(allow("iam:*", USER)), "iam:ListUsers", "*", NO),
    ("all roles", situation(allow("iam:*", f"arn:aws:iam::{ACCOUNT}:user/*")), "iam:ListRoles", "*", NO),
    ("all tables", situation(allow("dynamodb:*", "arn:aws:dynamodb:*:*:table/*")), "dynamodb:ListTables", "*", YES),
    ("one table", situation(allow("dynamodb:*", "arn:aws:dynamodb:*:*:table/t*")), "dynamodb:ListTables", "*", NO),
    ("all queues", situation(allow("sqs:*", "arn:aws:sqs:*:*:*")), "sqs:ListQueues", "*", YES),
    ("all topics", situation(allow("sns:*", f"arn:aws:sns:us-east-1:{ACCOUNT}:*")), "sns:ListTopics", "*", YES),
    ("all logs", situation(allow("logs:*", "arn:aws:logs:*:*:*")), "logs:DescribeLogGroups", "*", YES),
    ("one log", situation(allow("logs:*", "arn:aws:logs:*:*:log-group:/a/*")), "logs:DescribeLogGroups", "*", NO),
    ("and a star is enough", situation(allow("s3:ListAllMyBuckets")), "s3:ListAllMyBuckets", "*", YES),
    ("an ARN of fewer parts is completed", situation(allow("s3:*", "arn:aws:s3")), "s3:GetObject", OBJECT, YES),
    ("a policy variable", situation(allow("s3:*", f"{BUCKET}/${{aws:username}}/*")), "s3:GetObject", f"{BUCKET}/triage/a", YES),
    ("of somebody else", situation(allow("s3:*", f"{BUCKET}/${{aws:username}}/*")), "s3:GetObject", f"{BUCKET}/other/a", NO),
    ("an unknown variable", situation(allow("s3:*", f"{BUCKET}/${{aws:SourceIp}}/*")), "s3:GetObject", f"{BUCKET}/x/a", MAYBE),
    ("a deny by an unknown variable", situation(*ALL, deny("*", f"{BUCKET}/${{aws:SourceIp}}/*")), "s3:GetObject", f"{BUCKET}/x/a", MAYBE),
    ("a literal star", situation(allow("s3:*", f"{BUCKET}/${{*}}")), "s3:GetObject", OBJECT, NO),
    ("NotAction", situation({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}), "s3:GetObject", OBJECT, YES),
    ("NotAction, what it names", situation({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}), "s3:GetObject", OBJECT, NO),
    ("NotResource", situation({"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::other/*"}), "s3:GetObject", OBJECT, YES),
    ("NotResource, what it names", situation({"Effect": "Allow", "Action": "s3:*", "NotResource": f"{BUCKET}/*"}), "s3:GetObject", OBJECT, NO),
    ("a deny by NotResource", situation(*ALL, {"Effect": "Deny", "Action": "*", "NotResource": f"{BUCKET}/*"}), "s3:GetObject", OBJECT, YES),
    ("a boundary that allows", situation(*ALL, boundary=[allow("s3:*")]), "s3:GetObject", OBJECT, YES),
    ("a boundary that does not", situation(*ALL, boundary=[allow("ec2:*")]), "s3:GetObject", OBJECT, NO),
    ("a boundary grants nothing", situation(boundary=ALL), "s3:GetObject", OBJECT, NO),
    ("every level of SCPs must allow", situation(*ALL, scps=[ALL, [allow("ec2:*")]]), "s3:GetObject", OBJECT, NO),
    ("and if each does", situation(*ALL, scps=[ALL, [allow("s3:*")]]), "s3:GetObject", OBJECT, YES),
    ("an SCP that denies", situation(*ALL, scps=[[*ALL, deny("s3:*")]]), "s3:GetObject", OBJECT, NO),
    ("SCPs that nobody could read", situation(*ALL, scps=None), "s3:GetObject", OBJECT, MAYBE),
    ("and nothing is granted at all", situation(scps=None), "s3:GetObject", OBJECT, NO),
    ("a session policy narrows", situation(*ALL, who=SESSION, session=[allow("s3:Put*")]), "s3:GetObject", OBJECT, NO),
    ("a session policy that allows", situation(*ALL, who=SESSION, session=[allow("s3:*")]), "s3:GetObject", OBJECT, YES),
    ("a session policy that nobody sees", situation(*ALL, who=SESSION, session_known=False), "s3:GetObject", OBJECT, MAYBE),
    ("a resource's policy is enough", situation(resources={BUCKET: [_to(USER)]}), "s3:GetObject", OBJECT, YES),
    ("for whom it names", situation(resources={BUCKET: [_to(f"{USER}2")]}), "s3:GetObject", OBJECT, NO),
    ("on its own resource", situation(resources={BUCKET: [_to(USER)]}), "s3:GetObject", "arn:aws:s3:::other/a", NO),
    ("and denies too", situation(*ALL, resources={BUCKET: [_to("*", "Deny")]}), "s3:GetObject", OBJECT, NO),
    ("a user's ARN passes a boundary", situation(boundary=[allow("ec2:*")], resources={BUCKET: [_to(USER)]}), "s3:GetObject", OBJECT, YES),
    ("but no explicit deny of it", situation(boundary=[deny("s3:*")], resources={BUCKET: [_to(USER)]}), "s3:GetObject", OBJECT, NO),
    ("a session's ARN passes it", situation(who=SESSION, boundary=[allow("ec2:*")], resources={BUCKET: [_to(SESSION)]}), "s3:GetObject", OBJECT, YES),
    ("a role's ARN does not", situation(who=SESSION, boundary=[allow("ec2:*")], resources={BUCKET: [_to(ROLE)]}), "s3:GetObject", OBJECT, NO),
    ("a role's ARN without a boundary", situation(who=SESSION, resources={BUCKET: [_to(ROLE)]}), "s3:GetObject", OBJECT, YES),
    ("one session of a role may be the one that asks", situation(who=ROLE, resources={BUCKET: [_to(SESSION)]}), "s3:GetObject", OBJECT, MAYBE),
    ("or is denied", situation(*ALL, who=ROLE, resources={BUCKET: [_to(SESSION, "Deny")]}), "s3:GetObject", OBJECT, MAYBE),
    ("or is spared", situation(*ALL, who=ROLE, resources={BUCKET: [{"Effect": "Deny", "NotPrincipal": {"AWS": [SESSION, ROOT]}, "Action": "*", "Resource": "*"}]}), "s3:GetObject", OBJECT, MAYBE),
    ("a session of another role is another", situation(who=ROLE, resources={BUCKET: [_to(SESSION.replace("/triage/", "/triage2/"))]}), "s3:GetObject", OBJECT, NO),
    ("another session is another", situation(who=SESSION, resources={BUCKET: [_to(f"{SESSION}0")]}), "s3:GetObject", OBJECT, NO),
    ("an SCP binds that too", situation(scps=[[allow("ec2:*")]], resources={BUCKET: [_to(USER)]}), "s3:GetObject", OBJECT, NO),
    ("the account's name grants nothing by itself", situation(resources={BUCKET: [_to(ROOT)]}), "s3:GetObject", OBJECT, NO),
    ("NotPrincipal spares whom it names", situation(*ALL, resources={BUCKET: [{"Effect": "Deny", "NotPrincipal": {"AWS": [USER, ROOT]}, "Action": "*", "Resource": "*"}]}), "s3:GetObject", OBJECT, YES),
    ("and hits everybody else", situation(*ALL, resources={BUCKET: [{"Effect": "Deny", "NotPrincipal": {"AWS": [f"{USER}2", ROOT]}, "Action": "*", "Resource": "*"}]}), "s3:GetObject", OBJECT, NO),
    ("and whoever has a boundary", situation(*ALL, boundary=ALL, resources={BUCKET: [{"Effect": "Deny", "NotPrincipal": {"AWS": [USER, ROOT]}, "Action": "*", "Resource": "*"}]}), "s3:GetObject", OBJECT, NO),
    ("a key's policy must allow", situation(*ALL, resources={KEY: [_to(f"{USER}2", action="kms:*")]}), "kms:Decrypt", KEY, NO),
    ("it may leave it to the account", situation(*ALL, resources={KEY: [_to(ROOT, action="kms:*")]}), "kms:Decrypt", KEY, YES),
    ("which must then allow", situation(resources={KEY: [_to(ROOT, action="kms:*")]}), "kms:Decrypt", KEY, NO),
    ("or name the user", situation(resources={KEY: [_to(USER, action="kms:Decrypt")]}), "kms:Decrypt", KEY, YES),
    ("a key whose policy nobody read", situation(*ALL), "kms:Decrypt", KEY, MAYBE),
    ("what needs no key is not its business", situation(*ALL), "kms:ListKeys", "*", YES),
    ("a role's trust must allow", situation(*ALL, resources={DEPLOY: [_to(f"{USER}2", action="sts:AssumeRole")]}), "sts:AssumeRole", DEPLOY, NO),
    ("trust in the account", situation(*ALL, resources={DEPLOY: [_to(ROOT, action="sts:AssumeRole")]}), "sts:AssumeRole", DEPLOY, YES),
    ("trust in the user is enough", situation(resources={DEPLOY: [_to(USER, action="sts:AssumeRole")]}), "sts:AssumeRole", DEPLOY, YES),
    ("passing a role is no matter of trust", situation(allow("iam:PassRole"), resources={DEPLOY: [_to(f"{USER}2", action="sts:AssumeRole")]}), "iam:PassRole", DEPLOY, YES),
    ("another account must allow too", situation(*ALL), "sqs:SendMessage", "arn:aws:sqs:eu-west-1:999988887777:jobs", MAYBE),
    ("root may do everything", situation(who=ROOT), "s3:GetObject", OBJECT, YES),
    ("but for an SCP", situation(who=ROOT, scps=[[*ALL, deny("s3:*")]]), "s3:GetObject", OBJECT, NO),
    ("an action that the table does not know", situation(allow("newservice:DoIt")), "newservice:DoIt", "*", YES),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given_", "action", "resource", "expected"), [pytest.param(*one[1:], id=one[0]) for one in CASES]
)
def test_semantics(given_: Any, action: str, resource: str, expected: tuple[bool, bool]) -> None:
    assert decide(given_, action, resource) == expected


MFA = {"aws:MultiFactorAuthPresent": "true"}
NOT_MFA = {"aws:MultiFactorAuthPresent": "false"}
KEY_OF_A_USER = {"aws:MultiFactorAuthPresent": ()}


@pytest.mark.parametrize(
    ("condition", "context", "expected"),
    [
        ({"Bool": MFA}, {}, MAYBE),
        ({"Bool": MFA}, KEY_OF_A_USER, NO),
        ({"BoolIfExists": MFA}, KEY_OF_A_USER, YES),
        ({"Bool": NOT_MFA}, KEY_OF_A_USER, NO),
        ({"Bool": MFA}, {"aws:MultiFactorAuthPresent": ("true",)}, YES),
        ({"Bool": {"aws:MultiFactorAuthPresent": True}}, {"aws:MultiFactorAuthPresent": ("true",)}, YES),
        ({"Null": {"aws:TokenIssueTime": "true"}}, {"aws:TokenIssueTime": ()}, YES),
        ({"Null": {"aws:TokenIssueTime": "false"}}, {"aws:TokenIssueTime": ()}, NO),
        ({"StringEquals": {"aws:SourceVpc": "vpc-1"}}, {}, MAYBE),
        ({"StringEquals": {"aws:SourceVpc": "vpc-1"}}, {"AWS:sourcevpc": ("vpc-1",)}, YES),
        ({"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}, {"aws:SourceVpc": ()}, YES),
        ({"StringNotEquals": {"aws:SourceVpc": ["vpc-1", "vpc-2"]}}, {"aws:SourceVpc": ("vpc-2",)}, NO),
        ({"StringLike": {"aws:SourceVpc": "vpc-?"}}, {"aws:SourceVpc": ("vpc-1",)}, YES),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {"aws:SourceIp": ("10.9.9.9",)}, YES),
        ({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {"aws:SourceIp": ("10.9.9.9",)}, NO),
        ({"NumericLessThan": {"s3:max-keys": "10"}}, {"s3:max-keys": ("9",)}, YES),
        ({"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}, {"aws:CurrentTime": ("2026-11-24T00:00:00Z",)}, NO),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": "a"}}, {"aws:TagKeys": ()}, YES),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": "a"}}, {"aws:TagKeys": ()}, NO),
        ({"NewOperator": {"aws:SourceVpc": "vpc-1"}}, {"aws:SourceVpc": ("vpc-1",)}, MAYBE),
        ({"Bool": MFA, "StringEquals": {"aws:SourceVpc": "x"}}, KEY_OF_A_USER, NO),
    ],
)  # fmt: skip
def test_conditions(condition: Any, context: Any, expected: tuple[bool, bool]) -> None:
    assert decide(situation(allow("s3:*", Condition=condition), context=context), "s3:GetObject", OBJECT) == expected
    turned = {YES: NO, NO: YES, MAYBE: MAYBE}[expected]
    denied = situation(allow("s3:*"), deny("s3:*", Condition=condition), context=context)
    assert decide(denied, "s3:GetObject", OBJECT) == turned


ACTIONS = st.sampled_from(
    ["*", "s3:*", "s3:Get*", "s3:GetObject", "s3:*Object", "dynamodb:*", "iam:Pass*", "kms:Decrypt"]
)
RESOURCES = st.sampled_from(
    ["*", "arn:aws:s3:::*", f"{BUCKET}/*", f"{BUCKET}*", OBJECT, "arn:aws:s3:::?nvoices/*", DEPLOY, KEY]
)
CONDITION = st.sampled_from(
    [{}, {}, {"Condition": {"Bool": MFA}}, {"Condition": {"StringEquals": {"aws:username": "triage"}}}]
)
ALLOWS = st.builds(
    lambda action, resource, condition: allow(action, resource, **condition), ACTIONS, RESOURCES, CONDITION
)
DENIES = st.builds(
    lambda action, resource, condition: deny(action, resource, **condition), ACTIONS, RESOURCES, CONDITION
)
STATEMENTS = st.lists(st.one_of(ALLOWS, DENIES), max_size=4)


def _rulings(*statements: Any, **more: Any) -> list[Ruling]:
    return Evaluation(situation(*statements, **more)).rulings()


def _narrower(one: list[Ruling], other: list[Ruling]) -> bool:
    """Whether the first grants nothing that the second does not."""
    for mine in one:
        for bound in ("sure", "possible"):
            left = {mine.bits: getattr(mine, bound)}
            for theirs in other:
                fresh = {}
                for bits, where in left.items():
                    both = bits & theirs.bits
                    if both:
                        fresh[both] = subtract(where, getattr(theirs, bound))
                    if bits & ~both:
                        fresh[bits & ~both] = where
                left = fresh
            if any(left.values()):
                return False
    return True


@settings(deadline=None, max_examples=60)
@given(STATEMENTS, DENIES)
def test_a_deny_never_widens(statements: list[Any], more: Any) -> None:
    assert _narrower(_rulings(*statements, more), _rulings(*statements))


@settings(deadline=None, max_examples=60)
@given(STATEMENTS, ALLOWS)
def test_an_allow_never_narrows(statements: list[Any], more: Any) -> None:
    assert _narrower(_rulings(*statements), _rulings(*statements, more))


@settings(deadline=None, max_examples=60)
@given(STATEMENTS, STATEMENTS)
def test_a_boundary_and_an_scp_only_take_away(statements: list[Any], boundary: list[Any]) -> None:
    free = _rulings(*statements)
    assert _narrower(_rulings(*statements, boundary=boundary), free)
    assert _narrower(_rulings(*statements, scps=[boundary]), free)
    assert _narrower(_rulings(*statements, boundary=boundary), _rulings(*boundary, boundary=statements)) or any(
        one["Effect"] == "Deny" for one in (*statements, *boundary)
    )


TO_ALL = st.lists(st.one_of(ALLOWS, DENIES).map(lambda one: {**one, "Principal": "*"}), max_size=3)


@settings(deadline=None, max_examples=60)
@given(STATEMENTS, TO_ALL)
def test_a_resource_control_policy_only_takes_away(statements: list[Any], rcps: list[Any]) -> None:
    held = _rulings(*statements, rcps=rcps)
    assert _narrower(held, _rulings(*statements))
    assert all(not subtract(one.sure, one.possible) for one in held)


@settings(deadline=None, max_examples=60)
@given(STATEMENTS, TO_ALL)
def test_a_policy_of_a_resource_only_matters_there(statements: list[Any], held: list[Any]) -> None:
    with_it = _rulings(*statements, resources={BUCKET: held})
    assert all(not subtract(one.sure, one.possible) for one in with_it)
    here = area([BUCKET, f"{BUCKET}/*"])
    elsewhere = [
        [one._replace(sure=subtract(one.sure, here), possible=subtract(one.possible, here)) for one in found]
        for found in (with_it, _rulings(*statements))
    ]
    assert _narrower(elsewhere[0], elsewhere[1])
    assert _narrower(elsewhere[1], elsewhere[0])


@settings(deadline=None, max_examples=60)
@given(STATEMENTS, st.randoms())
def test_order_never_matters(statements: list[Any], random: Any) -> None:
    shuffled = list(statements)
    random.shuffle(shuffled)
    assert _rulings(*statements) == _rulings(*shuffled)


@settings(deadline=None, max_examples=60)
@given(STATEMENTS, STATEMENTS)
def test_sure_is_within_possible(statements: list[Any], boundary: list[Any]) -> None:
    for ruling in _rulings(*statements, boundary=boundary):
        assert not subtract(ruling.sure, ruling.possible)


def test_a_role_arn_is_a_session_without_a_session_policy() -> None:
    assert decide(situation(allow("s3:*"), who=ROLE), "s3:GetObject", OBJECT) == YES


def test_areas() -> None:
    assert intersect(area(["a*"]), area(["*b"])) == area(["a*b"])
    assert subtract(area(["a", "b"]), area(["a"])) == area(["b"])
    assert subtract(area(["a*"]), area(["*"])) == ()
