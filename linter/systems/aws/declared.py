"""What a declared resource means in AWS: which actions on which ARNs it needs, and which it allows (DESIGN.md, section 3)."""

from typing import NamedTuple

from linter.actions import CLASSES, class_of
from linter.manifest.model import Resource
from linter.systems.aws.regions import EVERYTHING, Area, Region, area, join
from linter.systems.aws.table import NO_RESOURCE, Table
from linter.systems.aws.wildcards import tidy

_MAIN = {
    "s3": ("read:s3:GetObject", "update:s3:PutObject", "create:s3:PutObject", "delete:s3:DeleteObject"),
    "dynamodb": (
        "read:dynamodb:GetItem dynamodb:Query dynamodb:Scan dynamodb:BatchGetItem",
        "create:dynamodb:PutItem dynamodb:BatchWriteItem",
        "update:dynamodb:UpdateItem dynamodb:PutItem dynamodb:BatchWriteItem",
        "delete:dynamodb:DeleteItem dynamodb:BatchWriteItem",
    ),
    "sqs": ("read:sqs:ReceiveMessage", "create:sqs:SendMessage", "update:sqs:SendMessage", "delete:sqs:DeleteMessage"),
    "sns": ("create:sns:Publish", "update:sns:Publish"),
    "lambda": ("execute:lambda:InvokeFunction",),
    "secretsmanager": ("read:secretsmanager:GetSecretValue",),
    # Their writing is one thing, whether the table calls it creating or updating.
    "logs": ("create:logs:PutLogEvents", "update:logs:PutLogEvents"),
    "events": ("create:events:PutEvents", "update:events:PutEvents"),
    "kinesis": ("create:kinesis:PutRecord kinesis:PutRecords", "update:kinesis:PutRecord kinesis:PutRecords"),
    "firehose": (
        "create:firehose:PutRecord firehose:PutRecordBatch",
        "update:firehose:PutRecord firehose:PutRecordBatch",
    ),
    "ses": ("create:ses:SendEmail ses:SendRawEmail", "update:ses:SendEmail ses:SendRawEmail"),
    "xray": ("create:xray:PutTraceSegments", "update:xray:PutTraceSegments"),
    "bedrock": ("execute:bedrock:InvokeModel bedrock:InvokeModelWithResponseStream bedrock:InvokeAgent",),
    "states": ("execute:states:StartExecution states:StartSyncExecution",),
}
"""What a class of access cannot do without, where a service has such an action: any one of them."""


_MOST_WILDCARDS, _LONGEST_NAME = 8, 2048
"""An ARN has at most 2,048 characters; a manifest may come from a stranger."""
_AROUND = {"iam": (("*/", ""),), "secretsmanager": (("", "-??????"),), "logs": (("", ":*"),), "lambda": (("", ":*"),)}


class Need(NamedTuple):
    """Actions of which any one, somewhere in an area, is what a declared access needs."""

    actions: int
    where: Area
    what: str
    """In words, such as "read on s3.invoices"."""
    names: tuple[str, ...]


class Demand(NamedTuple):
    """What one resource declares, in AWS's terms."""

    resource: Resource
    service: str
    """Empty: every service."""
    where: Area
    may: tuple[tuple[int, Area], ...]
    needs: tuple[Need, ...]
    unchecked: tuple[str, ...]
    unknown: tuple[tuple[str, str], ...]
    """(what is named and does not exist, the nearest name)."""
    own: bool = False
    """Whether it is a plain name, which says no account: a resource of the agent's own."""


class _NoSuch(Exception):
    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


def demand(resource: Resource, table: Table, partition: str) -> Demand:
    """What one resource declares; nothing of a service or an action that does not exist."""
    unchecked: dict[str, None] = {}
    unknown: dict[tuple[str, str], None] = {}
    if not resource.known:
        unchecked["its access or scope cannot be read (`permlint check` says why)"] = None
    if sum(map(resource.name.count, "*?")) > _MOST_WILDCARDS or len(resource.name) > _LONGEST_NAME:
        unchecked["its name has too many wildcards, or is too long, to be compared with a policy"] = None
        return Demand(resource, "", (), (), (), tuple(unchecked), ())
    try:
        service, where = place(resource.system, resource.object, table, partition)
    except _NoSuch as problem:
        found = ((problem.what, _nearest(problem.what, table)),)
        return Demand(resource, "", (), (), (), tuple(unchecked), found)
    may: list[tuple[int, Area]] = []
    needs: list[Need] = []
    for leaf in resource.leaves:
        for dimension, _ in leaf.box:
            prose = dimension == "prose"
            unchecked[
                "its scope is prose, which nobody can compare with a policy"
                if prose
                else f"AWS policies are not compared by `{dimension}`"
            ] = None
        bits = _allowed(leaf.action, service, table)
        if not bits:
            word = leaf.action if ":" in leaf.action else f"{leaf.action} of {service or 'AWS'}"
            unknown[f"the action {word}", ""] = None
            continue
        may.append((bits, where))
        known = {need.actions for need in needs}
        fresh = _needs(leaf.action, service, bits, where, resource.name, table)
        needs += [need for need in fresh if need.actions not in known]
    name = resource.object if resource.system.lower() in table.spans else resource.object[1:]
    own = name not in ((), ("*",)) and not any(one.lower().startswith("arn") for one in resource.object[:2])
    return Demand(resource, service, where, tuple(may), tuple(needs), tuple(unchecked), tuple(unknown), own)


def _allowed(action: str, service: str, table: Table) -> int:
    """The actions that a word of the manifest allows, within its service."""
    span = table.everything
    if service:
        start, end = table.spans[service]
        span = (1 << end) - (1 << start)
    if action == "admin":
        return span
    if action in CLASSES:
        return table.of_class(action, service) & span
    return table.bits(action if ":" in action else f"{service or '*'}:{action}") & table.everything


def _needs(action: str, service: str, bits: int, where: Area, name: str, table: Table) -> list[Need]:
    if action not in CLASSES:
        return [Need(bits, where, f"{action} on {name}", tuple(table.listed(bits)[:3]))]
    if action == "admin" or not service:
        return [Need(bits, where, f"{action} on {name}", (f"{service or '*'}:*",))]
    for one in _MAIN.get(service, ()):
        kind, _, words = one.partition(":")
        if kind == action:
            found = 0
            for word in words.split():
                found |= table.bits(word)
            return [Need(found, where, f"{action} on {name}", tuple(words.split()))]
    frozen = [word for word in table.listed(bits) if class_of(word.lower()) == action]
    wanted = 0
    for word in frozen:
        wanted |= table.bits(word)
    return [Need(wanted or bits, where, f"{action} on {name}", tuple(frozen or table.listed(bits))[:3])]


def place(system: str, segments: tuple[str, ...], table: Table, partition: str) -> tuple[str, Area]:
    """The service and the ARNs of a resource's name.

    Raises:
        _NoSuch: there is no such service.
    """
    if system.lower() in table.spans:
        service, rest = system.lower(), segments
    elif not segments or segments[0] == "*":
        return "", EVERYTHING
    elif segments[0].lower() == "arn" or segments[0].lower().startswith("arn:"):
        return _arn(".".join(segments), table)
    else:
        service, rest = segments[0].lower(), segments[1:]
        if service not in table.spans:
            raise _NoSuch(segments[0])
    if rest and rest[0].startswith("arn:"):
        return _arn(".".join(rest), table)
    name = ".".join(rest)
    if name in ("", "*"):
        return service, join([*(Region(one) for one in table.patterns(service, partition)), Region(NO_RESOURCE)])
    name = name.removesuffix(".*")
    return service, area(_named(name, service, table, partition))


def _arn(written: str, table: Table) -> tuple[str, Area]:
    parts = written.split(":", 5)
    service = parts[2] if len(parts) > 2 else ""
    if service not in table.spans:
        raise _NoSuch(service or written)
    full = tidy(":".join([*parts, *["*"] * (6 - len(parts))]))
    return service, area([full, *([] if full.endswith("*") else [f"{full}/*", f"{full}:*"])])


def _named(name: str, service: str, table: Table, partition: str) -> list[str]:
    """The ARNs of a name, of whichever kind of resource, and what lies below."""
    found: list[str] = []
    patterns = [_split(pattern) for pattern in table.patterns(service, partition)]
    types = tuple(filter(None, {rest.partition("*")[0] for _, rest in patterns}))
    for head, rest in patterns:
        if service == "s3" and not head.endswith(":::"):
            continue  # a bucket and its objects; an access point is another name
        if "/" in name or ":" in name:
            found += [f"{head}{name}", f"{head}{name}/*", f"{head}{name}:*"]
        # A secret's or a log group's name has slashes of its own; "table/orders" says its type already.
        if "*" in rest and not name.startswith(types):
            first = rest.index("*")
            found.append(f"{head}{rest[:first]}{name}{rest[first + 1 :]}")
            # A role may have a path, a secret's ARN ends with six characters, a log group's with ":*".
            found += [f"{head}{rest[:first]}{start}{name}{end}" for start, end in _AROUND.get(service, ())]
    return [tidy(one) for one in found]


def _split(pattern: str) -> tuple[str, str]:
    parts = pattern.split(":", 5)
    return ":".join(parts[:5]) + ":", parts[5] if len(parts) > 5 else ""


def _nearest(name: str, table: Table) -> str:
    from difflib import get_close_matches

    return next(iter(get_close_matches(name.lower(), list(table.spans), 1)), "")
