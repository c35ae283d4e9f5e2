"""Actions: by which name and in which class each word is known, and how they are ordered."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from linter.actions import CLASSES, action, action_within, class_of
from tests.permissions.oracle import ACTIONS


def test_the_oracle_and_the_table_of_actions_agree() -> None:
    for one, other in product(ACTIONS, ACTIONS):
        sure, perhaps = ACTIONS[one]
        expected = True if other in sure else None if other in perhaps else False
        assert action_within(one, other) is expected, (one, other)


words = st.sampled_from(
    [
        *CLASSES,
        *"truncate all drop s3:* s3:g* s3:get* s3:getx s3:getobject s3:putobject s3:p* s3:de* iam:* iam:getuser".split(),
        *"iam:g* iam:passrole ia* e* ec2:d* ec2:describe* ec2:run t* tr* sqs:* sqs:sendmessage zoo zoo* z* r* read*".split(),
    ]
) | st.from_regex(r"[a-z][a-z:]{0,3}\*?", fullmatch=True)


@settings(max_examples=3000)
@given(words, words, words)
@example("s3:getobjectacl", "s3:get*", "read")
@example("s3:getobject", "s3:*", "update")
@example("read", "iam:getuser", "iam:*")
@example("s3:*", "s3:getobject", "truncate")
def test_actions_are_ordered(one: str, other: str, third: str) -> None:
    rank = {False: 0, None: 1, True: 2}
    if action_within(one, other) and action_within(other, third):
        assert action_within(one, third) is True
    if one != other and action_within(one, other):
        assert action_within(other, one) is not True
    if action_within(other, third):  # more to take away takes away no less
        assert rank[action_within(one, other)] <= rank[action_within(one, third)]
    if action_within(one, other):  # and what is larger is no easier to cover
        assert rank[action_within(other, third)] <= rank[action_within(one, third)]


@pytest.mark.parametrize(
    ("word", "known_as", "kind"),
    [
        ("select", "read", "read"),
        ("SELECT", "read", "read"),
        ("Insert", "create", "create"),
        ("update", "update", "update"),
        ("delete", "delete", "delete"),
        ("execute", "execute", "execute"),
        ("*", "admin", "admin"),
        ("**", "admin", "admin"),
        ("TRUNCATE", "truncate", "delete"),
        ("s3:GetObject", "s3:getobject", "read"),
        ("s3:GetObjectAcl", "s3:getobjectacl", "read"),
        ("s3:PutObject", "s3:putobject", "update"),
        ("s3:DeleteObject", "s3:deleteobject", "delete"),
        ("s3:DeleteBucket", "s3:deletebucket", "admin"),
        ("s3:*", "s3:*", None),
        ("s3:**", "s3:*", None),
        ("iam:PassRole", "iam:passrole", "admin"),
        ("iam:GetUser", "iam:getuser", "read"),
        ("iam:*", "iam:*", "admin"),
        ("dynamodb:BatchWriteItem", "dynamodb:batchwriteitem", None),
        ("drop", "drop", "admin"),
        ("GRANT", "grant", "admin"),
        ("all", "all", "admin"),
        ("lambda:InvokeFunction", "lambda:invokefunction", "execute"),
        ("sqs:SendMessage", "sqs:sendmessage", "create"),
        ("chat:write", "chat:write", None),
    ],
)
def test_words(word: str, known_as: str, kind: str | None) -> None:
    assert action(word) == known_as
    assert class_of(known_as) == kind
