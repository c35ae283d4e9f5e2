"""The words of actions: which class a native one belongs to, and which lies within which (DESIGN.md, section 1).

Part of algebra `p1` as `permissions` and `boxes` are, frozen with it: a digest signs what these tables say.
"""

CLASSES = ("read", "create", "update", "delete", "execute", "admin")

_SYNONYMS = {"select": "read", "insert": "create", "*": "admin"}
"""Words that are a class by another name."""

_CLASSED = {
    "read": "dynamodb:getitem dynamodb:batchgetitem dynamodb:query dynamodb:scan dynamodb:describetable sqs:receivemessage "
    "s3:headobject sqs:getqueueattributes logs:getlogevents logs:filterlogevents logs:describeloggroups "
    "cloudwatch:getmetricdata cloudwatch:listmetrics secretsmanager:getsecretvalue ssm:getparameter ssm:getparameters "
    "kms:describekey athena:getqueryresults",
    "create": "sqs:sendmessage sns:publish logs:putlogevents logs:createlogstream events:putevents ses:sendemail",
    "update": "s3:putobject dynamodb:putitem dynamodb:updateitem ssm:putparameter",
    "delete": "truncate s3:deleteobject s3:deleteobjectversion dynamodb:deleteitem sqs:deletemessage sqs:purgequeue",
    "execute": "lambda:invokefunction states:startexecution athena:startqueryexecution",
    "admin": "all drop alter grant revoke own owner ownership ddl create_table create_role s3:putbucketpolicy "
    "s3:deletebucket dynamodb:deletetable",
}
_CLASS_OF = {word: kind for kind, words in _CLASSED.items() for word in words.split()}
"""Native word -> the one class above it. What does more than one class (dynamodb:BatchWriteItem also deletes) has none."""
_FAMILIES = {
    "s3:get": "read",
    "s3:list": "read",
    "ec2:describe": "read",
    "iam:get": "read",
    "iam:list": "read",
    "iam:": "admin",
}
"""The same by the word's beginning, patterns included; the first that fits counts."""


def action(word: str) -> str:
    """A word of `actions` as the algebra knows it: lower case (SQL and IAM ignore case), synonyms as their class."""
    lowered = word.lower()
    if lowered.endswith("**"):
        lowered = lowered.rstrip("*") + "*"
    return _SYNONYMS.get(lowered, lowered)


def class_of(name: str) -> str | None:
    """The class of an action: itself, the one above a native word, or None for a native without one."""
    if name in CLASSES:
        return name
    return _CLASS_OF.get(name) or next((kind for start, kind in _FAMILIES.items() if name.startswith(start)), None)


def action_within(one: str, other: str) -> bool | None:
    """Whether every use of `one` is a use of `other`; None where that cannot be known."""
    if one == other or other == "admin":
        return True
    if one == "admin":
        return False
    if other.endswith("*") and one not in CLASSES and one.startswith(other[:-1]):
        return True
    if one.endswith("*") and other not in CLASSES and other.startswith(one[:-1]):
        return False
    above, beside = class_of(one), class_of(other)
    if beside is None:
        return None
    if above is None:
        # A pattern is not in a class that something it covers is not in.
        covered = below(one[:-1]) if one.endswith("*") else []
        return False if any(action_within(word, other) is False for word in covered) else None
    return above == other


def below(stem: str) -> list[str]:
    """The words of the frozen table, families as patterns, that begin so: what the pattern `stem*` covers of it."""
    return [word for word in (*_CLASS_OF, *(f"{start}*" for start in _FAMILIES)) if word.startswith(stem)]
