"""Resources that hold a policy of their own: which of them a manifest names, so that their policies can be asked for.

A policy of a resource can allow what no policy of the principal does, and deny what one allows (IAM User Guide, "Identity-based
policies and resource-based policies"). Whoever says of a resource that all is as declared must have read its policy.
"""

import re
from functools import cache
from typing import NamedTuple

from linter.systems.aws.regions import Area, show
from linter.systems.aws.table import table
from linter.systems.aws.wildcards import parts

_TYPES = {
    "s3": "",
    "sqs": "",
    "sns": "",
    "lambda": "function:",
    "secretsmanager": "secret:",
    "dynamodb": "table/",
    "kms": "key/",
}
"""Service -> how the ARN of what holds the policy begins, after the account. These are asked."""
WRITES_ONE = re.compile(
    r"(?:Put|Set|Create|Update)\w*(?:Resource|Bucket|Repository|Registry|Key|VaultAccess|FileSystem|Container|RestApi|Identity|"
    r"Table|Sink|Cluster|Channel|Application|Permissions)Policy|(?:Add|Put)Permission"
)
"""Actions that write a policy into a resource: a service that has one has such resources."""
_OTHERWISE = {"es": True, "execute-api": True, "ec2": False, "organizations": False, "iam": False, "sso": False}
"""Services of which their actions tell wrongly: a domain's policy is in its configuration; EC2's are shares with other
accounts; IAM's own are read, and roles' trust with them."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+=@!/-]{0,511}")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]+")
"""A manifest may come from a stranger: what it names is asked for as a name, and can be no URL, ARN or host."""
_SUFFIX = "-??????"
"""What Secrets Manager adds to a secret's name ("Secrets Manager ARN")."""


class Home(NamedTuple):
    """Where a name without a region and an account is looked for."""

    partition: str
    account: str
    region: str


class Holder(NamedTuple):
    """One resource with a policy."""

    service: str
    region: str
    name: str
    """As its service's calls take it."""
    arn: str


@cache
def may_hold(service: str) -> bool:
    """Whether resources of a service can have a policy; empty for every service."""
    if not service or service in _OTHERWISE:
        return _OTHERWISE.get(service, True)
    return any(WRITES_ONE.fullmatch(name.partition(":")[2]) for name in table().names(service))


def asked(service: str) -> bool:
    """Whether permlint reads such policies."""
    return service in _TYPES


def holder(service: str, where: Area, home: Home) -> Holder | None:
    """The one resource that a declared area is about; None where that is several, or another account's."""
    found = {one for pattern in show(where) if (one := _holder(service, pattern, home)) is not None}
    # A secret is meant with and without its suffix.
    return max(found, key=lambda one: len(one.arn)) if len({(one.region, one.name) for one in found}) == 1 else None


def _holder(service: str, pattern: str, home: Home) -> Holder | None:
    of = parts(pattern)
    kind = _TYPES.get(service)
    if kind is None or len(of) != 6 or of[2] != service or not of[5].startswith(kind):
        return None
    region = home.region if of[3] in ("", "*") else of[3]
    account = home.account if of[4] in ("", "*") else of[4]
    rest = of[5].removeprefix(kind)
    if service == "secretsmanager":
        name, end = rest.removesuffix(_SUFFIX), _SUFFIX if rest.endswith(_SUFFIX) else ""
    else:
        name, end = rest.partition(":" if service == "lambda" else "/")[0], ""
    if of[1] != home.partition or account != home.account or not _NAME.fullmatch(name) or not _REGION.fullmatch(region):
        return None
    place = ":::" if service == "s3" else f":{region}:{account}:"
    return Holder(service, region, name, f"arn:{home.partition}:{service}{place}{kind}{name}{end}")
