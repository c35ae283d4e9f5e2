"""Policies of resources asked for, one resource each: what its own policy says, or why nobody knows."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from linter.systems.aws.holders import Holder

CALLS = (
    "s3:GetBucketPolicy",
    "sqs:GetQueueUrl",
    "sqs:GetQueueAttributes",
    "sns:GetTopicAttributes",
    "lambda:GetPolicy",
    "secretsmanager:GetResourcePolicy",
    "dynamodb:GetResourcePolicy",
    "kms:GetKeyPolicy",
)
_MOST = 100
"""Resources of one account that are asked for; two calls each at most."""
TOO_MANY = f"more than {_MOST} resources are named"
_NONE = frozenset({"NoSuchBucketPolicy", "PolicyNotFoundException"})
"""Errors that say that a resource has no policy."""


def read(holders: Iterable[Holder], client: Callable[[str, str], Any], account: str) -> dict[str, Any]:
    """ARN -> its policy as it was written; an empty one where it has none; one word where it could not be read.

    Args:
        client: of a service in a region.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    found: dict[str, Any] = {}
    for number, one in enumerate(sorted(set(holders))):
        if number >= _MOST:
            found[one.arn] = TOO_MANY
            continue
        try:
            found[one.arn] = _ASKED[one.service](client(one.service, one.region), one, account) or {}
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", "an error"))
            found[one.arn] = {} if code in _NONE else _word(code)
        except BotoCoreError as error:
            found[one.arn] = type(error).__name__
    return found


def _word(code: str) -> str:
    return code if code.replace(".", "").isalnum() and len(code) < 80 else "an error"


def _bucket(client: Any, one: Holder, account: str) -> str | None:
    return _text(client.get_bucket_policy(Bucket=one.name, ExpectedBucketOwner=account), "Policy")


def _queue(client: Any, one: Holder, account: str) -> str | None:
    url = client.get_queue_url(QueueName=one.name, QueueOwnerAWSAccountId=account)["QueueUrl"]
    found = client.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
    return _text(found.get("Attributes") or {}, "Policy")


def _topic(client: Any, one: Holder, _: str) -> str | None:
    return _text(client.get_topic_attributes(TopicArn=one.arn).get("Attributes") or {}, "Policy")


def _function(client: Any, one: Holder, _: str) -> str | None:
    try:
        return _text(client.get_policy(FunctionName=one.arn), "Policy")
    except client.exceptions.ResourceNotFoundException:
        return None  # it says the same of a function without a policy and of no function


def _secret(client: Any, one: Holder, _: str) -> str | None:
    return _text(client.get_resource_policy(SecretId=one.name), "ResourcePolicy")


def _table(client: Any, one: Holder, _: str) -> str | None:
    return _text(client.get_resource_policy(ResourceArn=one.arn), "Policy")


def _key(client: Any, one: Holder, _: str) -> str | None:
    return _text(client.get_key_policy(KeyId=one.arn, PolicyName="default"), "Policy")


def _text(answer: Mapping[str, Any], key: str) -> str | None:
    found = answer.get(key)
    return found if isinstance(found, str) else None


_ASKED: Mapping[str, Callable[[Any, Holder, str], str | None]] = {
    "s3": _bucket,
    "sqs": _queue,
    "sns": _topic,
    "lambda": _function,
    "secretsmanager": _secret,
    "dynamodb": _table,
    "kms": _key,
}
