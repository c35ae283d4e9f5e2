"""Real boto3 against moto_server, a server of AWS's own forms that nobody here wrote: every call and how its answer is read.

It is a judge of the transport alone: it drops a user's boundary and gives one page (the stub in stub.py has both).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from linter.systems.aws.account import Account
from linter.systems.aws.ask import CALLS, Login, ask
from linter.systems.aws.evaluate import Evaluation
from linter.systems.aws.holders import Holder
from linter.systems.aws.resource_policies import CALLS as OF_RESOURCES
from tests.systems.aws.situations import allow, policy

REGION = "us-east-1"
LOGIN = Login("", "AKIAEXAMPLEEXAMPLE00", "not-a-real-secret")
Clients = Callable[[str], Any]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def client(url: str) -> Clients:
    keys = {"aws_access_key_id": LOGIN.key, "aws_secret_access_key": LOGIN.secret}
    return lambda service: boto3.client(service, endpoint_url=url, region_name=REGION, **keys)


@pytest.fixture(scope="module")
def account(client: Clients) -> str:
    """A user with an inline policy, a group's, and a managed one of two versions; a role; the key is the user's."""
    iam = client("iam")
    iam.create_user(UserName="bot", Path="/agents/", Tags=[{"Key": "team", "Value": "support"}])
    inline = policy(allow("s3:GetObject", "arn:aws:s3:::${aws:PrincipalTag/team}/*"))
    iam.put_user_policy(UserName="bot", PolicyName="inline", PolicyDocument=json.dumps(inline))
    managed = iam.create_policy(PolicyName="queues", PolicyDocument=json.dumps(policy(allow("*"))))["Policy"]["Arn"]
    newer = json.dumps(policy(allow("sqs:SendMessage", "arn:aws:sqs:*:*:jobs")))
    iam.create_policy_version(PolicyArn=managed, PolicyDocument=newer, SetAsDefault=True)
    iam.attach_user_policy(UserName="bot", PolicyArn=managed)
    iam.create_group(GroupName="readers")
    iam.put_group_policy(
        GroupName="readers", PolicyName="lists", PolicyDocument=json.dumps(policy(allow("s3:ListAllMyBuckets")))
    )
    iam.add_user_to_group(GroupName="readers", UserName="bot")
    trust = policy({"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"})
    iam.create_role(RoleName="triage", AssumeRolePolicyDocument=json.dumps(trust))
    return str(iam.create_access_key(UserName="bot")["AccessKey"]["AccessKeyId"])


def test_an_account_is_read_as_it_was_written(url: str, account: str) -> None:
    found = ask(LOGIN, [account], url)
    read = Account(found)
    who = read.find(account)
    assert who.principal.arn.endswith(":user/agents/bot")
    evaluation = Evaluation(read.situation(who))
    decided = {
        ("s3:GetObject", "arn:aws:s3:::support/a"): (True, True),
        ("s3:GetObject", "arn:aws:s3:::sales/a"): (False, False),
        ("sqs:SendMessage", f"arn:aws:sqs:{REGION}:{who.principal.account}:jobs"): (True, True),
        ("iam:CreateUser", f"arn:aws:iam::{who.principal.account}:user/x"): (False, False),
        ("s3:ListAllMyBuckets", "*"): (True, True),
    }
    assert {case: evaluation.decide(*case) for case in decided} == decided
    assert read.find("triage").principal.name == "triage"
    assert (found["scps"], found["rcps"]) == ([], [])  # it is in no organization


def test_the_policies_of_an_organization(url: str, client: Clients) -> None:
    organizations = client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    try:
        found = ask(LOGIN, [], url)
        assert (found["scps"], found["rcps"]) == ([], [])  # its own account manages it: no policy binds that
        assert found["organization"].startswith("o-")
    finally:
        organizations.delete_organization()


def test_each_kind_of_resource_gives_its_policy(url: str, client: Clients, account: str) -> None:
    number = client("sts").get_caller_identity()["Account"]
    given = policy(
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{number}:root"}, "Action": "*", "Resource": "*"}
    )
    text = json.dumps(given)
    for name in ("invoices", "bare"):
        client("s3").create_bucket(Bucket=name)
    client("s3").put_bucket_policy(Bucket="invoices", Policy=text)
    queue = client("sqs").create_queue(QueueName="jobs")["QueueUrl"]
    client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": text})
    client("sqs").create_queue(QueueName="bare")
    topic = client("sns").create_topic(Name="news")["TopicArn"]
    client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=text)
    client("secretsmanager").create_secret(Name="prod/db", SecretString="x")
    client("secretsmanager").put_resource_policy(SecretId="prod/db", ResourcePolicy=text)
    key = client("kms").create_key(Policy=text)["KeyMetadata"]["Arn"]
    keys = [{"AttributeName": "id", "KeyType": "HASH"}]
    attributes = [{"AttributeName": "id", "AttributeType": "S"}]
    table = client("dynamodb").create_table(
        TableName="orders", KeySchema=keys, AttributeDefinitions=attributes, BillingMode="PAY_PER_REQUEST"
    )["TableDescription"]["TableArn"]
    arn = f"{REGION}:{number}"
    holders = [
        Holder("s3", REGION, "invoices", "arn:aws:s3:::invoices"),
        Holder("s3", REGION, "bare", "arn:aws:s3:::bare"),
        Holder("s3", REGION, "gone", "arn:aws:s3:::gone"),
        Holder("sqs", REGION, "jobs", f"arn:aws:sqs:{arn}:jobs"),
        Holder("sqs", REGION, "bare", f"arn:aws:sqs:{arn}:bare"),
        Holder("sqs", REGION, "gone", f"arn:aws:sqs:{arn}:gone"),
        Holder("sns", REGION, "news", topic),
        Holder("secretsmanager", REGION, "prod/db", f"arn:aws:secretsmanager:{arn}:secret:prod/db-??????"),
        Holder("dynamodb", REGION, "orders", table),
        Holder("kms", REGION, key.rpartition("/")[2], key),
        Holder("lambda", REGION, "gone", f"arn:aws:lambda:{arn}:function:gone"),
    ]
    found = ask(LOGIN, [account], url, named=lambda _: holders)
    policies = {
        arn: json.loads(one) if isinstance(one, str) and one.startswith("{") else one
        for arn, one in found["resource_policies"].items()
    }
    assert policies == {
        "arn:aws:s3:::invoices": given,
        "arn:aws:s3:::bare": {},
        "arn:aws:s3:::gone": "NoSuchBucket",
        f"arn:aws:sqs:{arn}:jobs": given,
        f"arn:aws:sqs:{arn}:bare": {},
        f"arn:aws:sqs:{arn}:gone": "AWS.SimpleQueueService.NonExistentQueue",
        topic: given,
        f"arn:aws:secretsmanager:{arn}:secret:prod/db-??????": given,
        table: {},
        key: given,
        f"arn:aws:lambda:{arn}:function:gone": {},
    }
    Account(found)
    assert {*OF_RESOURCES} < {*found["requests"]} <= {*CALLS}
