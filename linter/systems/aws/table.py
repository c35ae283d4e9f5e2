"""The action table: every action of AWS with its class and the kinds of resources it applies to, from actions.json.

A set of actions is a whole number whose bits are the actions' places in the table: a policy of a thousand wildcards is
a thousand operations on numbers. An action that the table does not know gets a bit above them, in one evaluation.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from linter.systems.aws.facts import STAR
from linter.systems.aws.regions import Area, Region, join
from linter.systems.aws.wildcards import covers, parts, tidy

_CLASSES = {"r": "read", "c": "create", "u": "update", "d": "delete", "x": "execute", "a": "admin"}
LEVELS = {
    "read": "read",
    "create": "write",
    "update": "write",
    "execute": "write",
    "delete": "delete",
    "admin": "admin",
}
"""Class of the algebra -> the level that output shows."""
NO_RESOURCE = "\0"
"""The resource of a request that has none. A policy reaches it by `*`, and by no ARN."""


ASKED = {
    "s3:ListAllMyBuckets": f"arn:~:s3:::{STAR}",
    "dynamodb:ListTables": f"arn:~:dynamodb:*:*:table/{STAR}",
    "sns:ListTopics": f"arn:~:sns:*:*:{STAR}",
    "sqs:ListQueues": "arn:~:sqs:*:*:",
    "iam:ListUsers": "arn:~:iam::*:user/",
    "iam:ListRoles": "arn:~:iam::*:role/",
    "logs:DescribeLogGroups": "arn:~:logs:*:*:log-group::log-stream:",
}
"""Actions that the Service Authorization Reference gives no resource, and whose service asks about one all the same: the ARN that
its refusals name ("is not authorized to perform: iam:ListUsers on resource: arn:aws:iam::111122223333:user/"). A policy reaches
them by that ARN too; the S3 User Guide's own walkthrough grants the first on arn:aws:s3:::*."""


_OF_ONE = re.compile(
    r":(?:(?:Un)?Tag\w*|List\w*Tags\w*|\w*ResourcePolicy|GenerateServiceLastAccessedDetails|ListPoliciesGrantingServiceAccess)$"
    r"|^bedrock:(?:InvokeModel(?:WithResponseStream)?|\w*(?:Prompt|PromptRouter|InferenceProfile|AutomatedReasoningPolicy))$"
)
"""Actions whose requests name one resource, of one kind or another, though the reference calls several kinds required."""


class Kind(NamedTuple):
    """A kind of resource of a service."""

    area: Area
    """Its ARNs: its own pattern, without those of kinds that are more narrowly named."""
    required: bool
    """Whether a request for the action must name one."""


class Group(NamedTuple):
    """The actions of a service that have one class and the same kinds of resources."""

    service: str
    access: str
    kinds: tuple[Kind, ...]
    """Empty: the action has no resource."""
    bits: int


class Table:
    """The table; what concerns one service is worked out when that service is asked for."""

    def __init__(self, services: dict[str, list[str]]) -> None:
        self.services = services
        self.spans: dict[str, tuple[int, int]] = {}
        """Service -> its first bit and the one after its last."""
        end = 0
        for service, groups in services.items():
            start = end
            for group in groups[1:]:
                end += group.count(" ", group.index("|")) + 1
            self.spans[service] = (start, end)
        self.everything = (1 << end) - 1
        self._starts = [start for start, _ in self.spans.values()]
        self._services = list(self.spans)

    @cache  # noqa: B019  # there is one table, as long as the process
    def names(self, service: str) -> list[str]:
        """A service's actions, `service:Action`, in the order of their bits."""
        groups = self.services[service][1:]
        return [f"{service}:{name}" for group in groups for name in group.partition("|")[2].split(" ")]

    @cache  # noqa: B019
    def _lowered(self, service: str) -> dict[str, int]:
        start = self.spans[service][0]
        return {name.lower(): start + place for place, name in enumerate(self.names(service))}

    def place(self, name: str) -> int | None:
        """The number of an action's bit; None where the table does not know it. Actions are case-insensitive."""
        name = name.lower()
        service = name.partition(":")[0]
        return self._lowered(service).get(name) if service in self.spans else None

    def name(self, place: int) -> str:
        """The action of a bit."""
        service = self.service(place)
        return self.names(service)[place - self.spans[service][0]]

    def service(self, place: int) -> str:
        """The service of a bit."""
        return self._services[bisect_right(self._starts, place) - 1]

    @lru_cache(maxsize=1 << 14)  # noqa: B019
    def bits(self, pattern: str) -> int:
        """The actions that a pattern of a policy means."""
        pattern = tidy(pattern.lower())
        if pattern in ("*", "*:*"):
            return self.everything
        service, colon, name = pattern.partition(":")
        if colon and "*" not in service and "?" not in service:
            if service not in self.spans:
                return 0
            start, end = self.spans[service]
            return ((1 << end) - (1 << start)) if name == "*" else self._matching(pattern, service)
        found = 0
        for one in self.spans if "*" in pattern or "?" in pattern else ():
            found |= self._matching(pattern, one)
        return found

    def _matching(self, pattern: str, service: str) -> int:
        lowered = self._lowered(service)
        if "*" not in pattern and "?" not in pattern:
            place = lowered.get(pattern)
            return 0 if place is None else 1 << place
        if pattern.endswith("*") and "*" not in pattern[:-1] and "?" not in pattern:
            start = pattern[:-1]
            return sum(1 << place for name, place in lowered.items() if name.startswith(start))
        match = re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")).fullmatch
        found = 0
        for name, place in lowered.items():
            if match(name):
                found |= 1 << place
        return found

    def listed(self, bits: int) -> list[str]:
        """The actions of a set, sorted."""
        return sorted(self.name(place) for place in places(bits))

    def _groups(self, service: str) -> Iterator[tuple[str, int]]:
        """Each group's head, and its actions."""
        end = self.spans[service][0]
        for group in self.services[service][1:]:
            head, _, names = group.partition("|")
            start, end = end, end + names.count(" ") + 1
            yield head, (1 << end) - (1 << start)

    @cache  # noqa: B019
    def groups(self, service: str, partition: str) -> tuple[Group, ...]:
        """A service's actions by class and kinds of resources."""
        areas = self.areas(service, partition)
        found = []
        for head, bits in self._groups(service):
            letter, _, types = head.partition(" ")
            kinds = tuple(Kind(areas[int(one.rstrip("!"))], one.endswith("!")) for one in types.split(",") if one)
            for name, pattern in ASKED.items() if not kinds else ():
                place = self.place(name)
                if place is not None and bits >> place & 1:
                    asked = Kind((Region(pattern.replace("~", partition)),), False)
                    found.append(Group(service, _CLASSES[letter], (asked,), 1 << place))
            if sum(kind.required for kind in kinds) > 1:
                one = sum(1 << place for place in places(bits) if _OF_ONE.search(self.name(place)))
                if one:
                    found.append(
                        Group(service, _CLASSES[letter], tuple(kind._replace(required=False) for kind in kinds), one)
                    )
            if left := bits & ~sum(one.bits for one in found if one.bits & bits):
                found.append(Group(service, _CLASSES[letter], kinds, left))
        return tuple(found)

    @cache  # noqa: B019
    def patterns(self, service: str, partition: str) -> tuple[str, ...]:
        """The ARN pattern of each kind of resource of a service."""
        usual = f"arn:{partition}:{service}:*:*:"
        return tuple(
            one.replace("@", usual, 1).replace("~", partition, 1) for one in self.services[service][0].split("|") if one
        )

    @cache  # noqa: B019
    def areas(self, service: str, partition: str) -> tuple[Area, ...]:
        """The same as areas: an ARN is of the kind that names it most narrowly (an object is no bucket)."""
        patterns = self.patterns(service, partition)
        return tuple(
            join([Region(one, tuple(sorted({other for other in patterns if other != one and covers(one, other)})))])
            for one in patterns
        )

    @cache  # noqa: B019
    def of_class(self, access: str, service: str = "") -> int:
        """All actions of one class, of one service or of all."""
        found = 0
        for one in (service,) if service else self.spans:
            for head, bits in self._groups(one):
                if _CLASSES[head[0]] == access:
                    found |= bits
        return found

    def class_of(self, name: str) -> str | None:
        """The class of an action; None where the table does not know it."""
        place = self.place(name)
        if place is None:
            return None
        return next(_CLASSES[head[0]] for head, bits in self._groups(self.service(place)) if bits >> place & 1)


def places(bits: int) -> Iterable[int]:
    """The numbers of the bits that are set, ascending."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


@cache
def table() -> Table:
    """The table that ships with permlint."""
    with open(Path(__file__).with_name("actions.json"), encoding="utf-8") as file:
        return Table(json.load(file)["services"])


def nowhere(pattern: str) -> bool:
    """Whether a request about this is about no one resource."""
    last = parts(pattern)[-1]
    return pattern == NO_RESOURCE or any(
        last == parts(one)[-1] and covers(one.replace("~", "*"), pattern) for one in ASKED.values()
    )


NO_KIND: Area = (Region(NO_RESOURCE),)
"""The resources of an action that has none."""
