"""The action table: what it says of actions, against the frozen algebra and against facts of AWS; and what it costs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import linter.systems.aws.table
from linter.actions import CLASSES, class_of
from linter.systems.aws.escalation import ways
from linter.systems.aws.regions import show
from linter.systems.aws.table import ASKED, places, table

FOLDER = Path(linter.systems.aws.table.__file__).parent


@pytest.mark.parametrize(
    ("action", "access"),
    [
        ("s3:GetObject", "read"),
        ("s3:ListBucket", "read"),
        ("s3:PutObject", "update"),
        ("s3:DeleteObject", "delete"),
        ("s3:PutBucketPolicy", "admin"),
        ("s3:PutLifecycleConfiguration", "delete"),
        ("kms:Decrypt", "read"),
        ("kms:ScheduleKeyDeletion", "delete"),
        ("iam:PassRole", "admin"),
        ("bedrock:InvokeModel", "execute"),
        ("bedrock:InvokeAgent", "execute"),
        ("lambda:InvokeFunction", "execute"),
        ("sqs:SendMessage", "create"),
        ("sqs:PurgeQueue", "delete"),
        ("ec2:TerminateInstances", "delete"),
        ("ec2:DescribeInstances", "read"),
        ("dynamodb:UpdateItem", "update"),
        ("DYNAMODB:updateitem", "update"),
        ("s3:GetObjekt", None),
        ("s33:GetObject", None),
    ],
)
def test_classes(action: str, access: str | None) -> None:
    assert table().class_of(action) == access


def test_the_frozen_algebra_wins() -> None:
    found = table()
    for service in found.spans:
        for name in found.names(service):
            frozen = class_of(name.lower())
            assert frozen in (None, found.class_of(name)), name


def test_every_action_has_one_class_and_its_own_bit() -> None:
    found = table()
    together = 0
    for access in CLASSES:
        assert not together & found.of_class(access)
        together |= found.of_class(access)
    assert together == found.everything
    assert together.bit_count() == sum(len(found.names(service)) for service in found.spans) > 20_000


@pytest.mark.parametrize(
    ("pattern", "some", "none"),
    [
        ("s3:*", "s3:GetObject", "s3-outposts:GetObject"),
        ("s3*:GetObject", "s3-outposts:GetObject", "s3:PutObject"),
        ("*:Get*", "iam:GetUser", "iam:CreateUser"),
        ("*", "iam:CreateUser", ""),
        ("S3:GET?BJECT", "s3:GetObject", "s3:GetObjectAcl"),
        ("s3:GetObject", "s3:GetObject", "s3:GetObjectAcl"),
    ],
)
def test_patterns(pattern: str, some: str, none: str) -> None:
    found = set(table().listed(table().bits(pattern)))
    assert some in found
    assert none not in found


def test_places_and_names_are_each_others_inverse() -> None:
    found = table()
    for name in ("s3:GetObject", "xray:PutTraceSegments", "a2c:GetContainerizationJobDetails"):
        place = found.place(name)
        assert place is not None
        assert found.name(place) == name
        assert list(places(1 << place)) == [place]


def test_every_way_up_exists() -> None:
    assert [action for actions, _ in ways() for action in actions if table().place(action) is None] == []


def test_an_object_is_no_bucket() -> None:
    found = table()
    patterns = dict(zip(found.patterns("s3", "aws"), found.areas("s3", "aws"), strict=True))
    (bucket,) = patterns["arn:aws:s3:::*"]
    assert "arn:aws:s3:::*/*" in bucket.but


def test_it_is_small_dated_and_says_where_it_is_from() -> None:
    path = FOLDER / "actions.json"
    assert path.stat().st_size < 620_000
    head = json.loads(path.read_text())
    assert "Service Authorization Reference" in head["source"]
    assert "MIT" in head["source"]
    assert len(head["date"]) == 10


def test_no_comparison_imports_boto3_before_it_asks() -> None:
    code = "import sys, linter.systems.aws.adapter; sys.exit('boto3' in sys.modules or 'botocore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0


def test_what_a_service_asks_about_is_of_actions_that_have_no_resource() -> None:
    for name, pattern in ASKED.items():
        place = table().place(name)
        assert place is not None
        (group,) = (one for one in table().groups(table().service(place), "aws-cn") if one.bits >> place & 1)
        assert [kind.required for kind in group.kinds] == [False]
        assert show(group.kinds[0].area) == [pattern.replace("~", "aws-cn")]
