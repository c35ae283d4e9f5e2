"""What a principal may do, by AWS's evaluation logic (IAM User Guide, "Policy evaluation logic"), as two bounds.

`sure` is allowed whatever the conditions that nobody could decide turn out to be; `possible` is allowed if they all turn
out in its favour. Actions that the same statements speak of are judged together.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from linter.systems.aws.conditions import Truth, describe, every, holds
from linter.systems.aws.facts import Facts, stand_ins
from linter.systems.aws.policies import Reach, Statement, reach
from linter.systems.aws.principals import Kind, Naming, Principal, naming, session_of
from linter.systems.aws.regions import EVERYTHING, NOTHING, Area, Region, area, intersect, join, subtract
from linter.systems.aws.table import ASKED, NO_RESOURCE, Group, Table, table
from linter.systems.aws.wildcards import covers, overlap, parts, tidy

Policy = tuple[Statement, ...]

SCPS_UNKNOWN = "service control policies could not be read"
SESSION_UNKNOWN = "a session policy cannot be seen"
OWN_POLICY_UNKNOWN = "the policy of the key or role itself is not known"
VARIABLE = "a variable in its resources could not be decided"
OTHER_ACCOUNT = "another account's policy must allow it too"
_SELF_RULED = ("arn:*:kms:*:*:key/*", "arn:*:iam::*:role/*")
"""Where a policy of an identity alone allows nothing: the key's or role's own policy must (KMS guide, "Key policies")."""
CONTROLLED = ("s3", "sts", "kms", "sqs", "secretsmanager", "ecr", "aoss", "logs", "cognito-idp", "cognito-identity")
"""Services whose resources resource control policies bind (Organizations User Guide, "Resource control policies", 2026)."""
_WITH_PARTS = frozenset({("s3",), ("s3express",), ("dynamodb",), ("es",), ("execute-api",)})
"""Services whose policies of a bucket, a table, a domain or an interface speak of what is in it too."""
_RULED_BY_TRUST = ("sts:assumerole", "sts:tagsession", "sts:setsourceidentity")


class Situation(NamedTuple):
    """Everything that decides what a principal may do; None where it could not be read."""

    who: Principal
    role_arn: str
    """A session's or role's role, with its path; else empty."""
    identity: Policy
    """Of the user or role, and of its groups."""
    boundary: Policy | None
    """None: it has none."""
    scps: tuple[Policy, ...] | None
    """One a level, from the root down."""
    session: Policy | None
    """Empty and `session_known`: none binds it."""
    session_known: bool
    resource_policies: Mapping[str, Policy]
    facts: Facts
    rcps: Policy = ()
    """Resource control policies of all levels: they only deny."""


class Ruling(NamedTuple):
    """Actions that are judged alike, and where they are allowed."""

    bits: int
    sure: Area
    possible: Area
    because: tuple[str, ...] = ()
    """What stands between the bounds, a clause each."""
    via: tuple[str, ...] = ()
    """The policies that allow it."""


class _Judged(NamedTuple):
    """A statement with all that does not depend on the action."""

    bits: int
    allows: bool
    truth: Truth
    reach: Reach
    naming: Naming | None
    text: str
    """Its condition in words."""
    source: str


class Evaluation:
    """One principal's policies, ready to be asked."""

    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        self.table: Table = table()
        self.unknown: list[str] = []
        """Actions, or patterns of them, that the table does not know; their bits follow its own."""
        self._unknown_bits()
        given = situation
        self.identity = self._judged(given.identity)
        self.boundary = None if given.boundary is None else self._judged(given.boundary)
        self.scps = [self._judged(level) for level in given.scps or ()]
        self.session = None if given.session is None else self._judged(given.session)
        self.resources = {arn: self._judged(policy, arn) for arn, policy in given.resource_policies.items()}
        self.rcps = self._judged_rcps()
        layers = (
            self.identity, self.boundary or [], *self.scps, self.session or [], *self.resources.values(), self.rcps
        )  # fmt: skip
        self._denying = [denials for layer in layers if (denials := [one for one in layer if not one.allows])]
        self._certain = not self.resources and all(
            one.truth is True and one.reach.sure == one.reach.possible for layer in layers for one in layer
        )
        """Whether no statement leaves anything open: both bounds are one, but for what is not known at all."""

    def _unknown_bits(self) -> None:
        given = self.situation
        policies = [given.identity, *given.resource_policies.values()]
        patterns = {
            tidy(pattern.lower()): pattern
            for policy in policies
            for one in policy
            if one.allows and not one.not_actions
            for pattern in one.actions
        }
        self.unknown = [pattern for key, pattern in sorted(patterns.items()) if not self.table.bits(key)]
        self._unknown_names = [tidy(pattern.lower()) for pattern in self.unknown]

    @property
    def everything(self) -> int:
        """All actions there are, the unknown ones included."""
        return (1 << (self.table.everything.bit_length() + len(self.unknown))) - 1

    def bits(self, pattern: str) -> int:
        """The actions that a pattern means here."""
        found = self.table.bits(pattern)
        if self.unknown and pattern:
            first, tidied = self.table.everything.bit_length(), tidy(pattern.lower())
            tidied = "*" if tidied == "*:*" else tidied
            for place, name in enumerate(self._unknown_names):
                if tidied[0] in (name[0], "*", "?") and covers(tidied, name):
                    found |= 1 << (first + place)
        return found

    def names(self, bits: int) -> list[str]:
        """The actions of a set."""
        first = self.table.everything.bit_length()
        return [
            *self.table.listed(bits & self.table.everything),
            *(name for place, name in enumerate(self.unknown) if bits >> (first + place) & 1),
        ]

    def _actions(self, one: Statement) -> int:
        found = 0
        for pattern in one.actions:
            found |= self.bits(pattern)
        return self.everything & ~found if one.not_actions else found

    def _judged(self, policy: Policy, within: str = "") -> list[_Judged]:
        return [found for one in policy if (found := self._judge(one, within)) is not None]

    def _judge(self, one: Statement, within: str) -> _Judged | None:
        given = self.situation
        known = given.facts
        truth, how = holds(one.condition, known, allows=one.allows), None
        text = describe(one.condition)
        if one.principals is not None:
            hows = [naming(written, given.who, given.role_arn) for written in one.principals]
            single = next((written for written in one.principals if session_of(written, given.who)), "")
            if one.not_principals:
                how = Naming.EVERYONE
                bounded = given.boundary is not None and not one.allows
                # A denial by NotPrincipal hits every principal that has a boundary, whom it names or not
                # (IAM User Guide, "NotPrincipal").
                outside = True if bounded else _outside(hows, allows=one.allows)
                truth = every((truth, None if single and outside and not bounded else outside))
            else:
                how = next((wanted for wanted in Naming if wanted in hows), None)
                if how is None and single:
                    how, truth = Naming.DIRECT, every((truth, None))
                    text = " and ".join(filter(None, (text, f"it is the session {single.rpartition('/')[2]}")))
                if how is None:
                    return None
        if truth is False:
            return None
        found = reach(one, known)
        if within:
            bound = area((within, *((f"{within}/*",) if parts(within)[2:3] in _WITH_PARTS else ())))
            found = Reach(intersect(found.sure, bound), intersect(found.possible, bound))
        return _Judged(
            self._actions(one),
            one.allows,
            truth,
            found,
            how,
            " and ".join(
                filter(None, (text if truth is None else "", VARIABLE if found.sure != found.possible else ""))
            ),
            one.source,
        )

    def _judged_rcps(self) -> list[_Judged]:
        bits = 0
        for service in CONTROLLED:
            bits |= self.bits(f"{service}:*")
        kept = (one._replace(bits=one.bits & bits) for one in self._judged(self.situation.rcps) if not one.allows)
        return [one for one in kept if one.bits]

    def rulings(self, also: Iterable[int] = ()) -> list[Ruling]:
        """Where which actions are allowed; what is allowed nowhere is left out.

        Args:
            also: sets of actions that are not to be mixed with others.
        """
        resources = [one for judged in self.resources.values() for one in judged]
        root = self.situation.who.kind is Kind.ROOT
        granted = self.everything if root else 0
        for one in (*self.identity, *resources):
            granted |= one.bits if one.allows else 0
        layers = (self.identity, self.boundary or (), *self.scps, self.session or (), resources, self.rcps)
        # Assuming a role and using a key are judged by other laws than the rest.
        sets = {one.bits for layer in layers for one in layer} | {*also, self._trust_bits, self.table.bits("kms:*")}
        found = []
        for bits in _classes(granted, sets):
            ruling = self.rule(bits)
            if ruling.possible:
                found.append(ruling)
        return found

    @cached_property
    def _trust_bits(self) -> int:
        found = 0
        for word in _RULED_BY_TRUST:
            found |= self.table.bits(word)
        return found

    def rule(self, bits: int) -> Ruling:
        """Where actions that all statements treat alike are allowed."""
        given = self.situation
        because: dict[str, None] = {}
        sure = self._allowed(bits, sure=True)
        possible = sure if self._certain and not self._self_ruled(bits) else self._allowed(bits, sure=False)
        if given.scps is None:
            sure = NOTHING
            because[SCPS_UNKNOWN] = None
        if not given.session_known:
            sure = NOTHING
            because[SESSION_UNKNOWN] = None
        others = tuple(region for region in sure if foreign(region.pattern, given.who.account))
        if others:
            sure = tuple(region for region in sure if region not in others)
            because[OTHER_ACCOUNT] = None
        if possible != sure:
            layers = (self.identity, self.boundary or (), *self.scps, self.session or (), *self.resources.values())
            for layer in (*layers, self.rcps):
                because.update({one.text: None for one in layer if one.bits & bits and one.text})
            if self._self_ruled(bits) and any(
                overlap(one, region.pattern) for one in _SELF_RULED for region in possible
            ):
                because.setdefault(OWN_POLICY_UNKNOWN, None)
        layers = (self.identity, *self.resources.values())
        via = [one.source for layer in layers for one in layer if one.allows and one.bits & bits]
        return Ruling(bits, sure, possible, tuple(because), tuple(dict.fromkeys(via)))

    def _self_ruled(self, bits: int) -> bool:
        return bool(bits & (self._trust_bits | self.table.bits("kms:*")))

    def _allowed(self, bits: int, *, sure: bool) -> Area:
        """One bound of where these actions are allowed."""
        given = self.situation
        named = dict.fromkeys(Naming, NOTHING)
        for judged in self.resources.values():
            for how in Naming:
                named[how] = join((*named[how], *_of(judged, bits, allows=True, sure=sure, how=how)))
        root = given.who.kind is Kind.ROOT
        own = EVERYTHING if root else _of(self.identity, bits, allows=True, sure=sure)
        if self._self_ruled(bits) and not root:
            own = self._ruled_by_itself(own, named[Naming.ACCOUNT], sure=sure)
        limited = join((*own, *named[Naming.ROLE], *named[Naming.EVERYONE]))
        if self.boundary is not None:
            limited = intersect(limited, _of(self.boundary, bits, allows=True, sure=sure))
        if self.session is not None:
            limited = intersect(limited, _of(self.session, bits, allows=True, sure=sure))
        direct = named[Naming.DIRECT] if sure else join((*named[Naming.DIRECT], *named[Naming.EVERYONE]))
        found = join((*limited, *direct))
        for level in self.scps:
            found = intersect(found, _of(level, bits, allows=True, sure=sure))
        for layer in self._denying:
            found = subtract(found, _of(layer, bits, allows=False, sure=not sure))
        return found

    def _ruled_by_itself(self, own: Area, delegated: Area, *, sure: bool) -> Area:
        """What the account's own policies allow where keys and roles have to allow it themselves."""
        ruled = area(_SELF_RULED)
        known = area(arn for arn in self.situation.resource_policies if ":kms:" in arn or ":role/" in arn)
        free = subtract(own, ruled)
        agreed = intersect(own, delegated)
        unknown = NOTHING if sure else subtract(intersect(own, ruled), known)
        return join((*free, *agreed, *unknown))

    def decide(self, action: str, resource: str) -> tuple[bool, bool]:
        """Whether one request is surely, and possibly, allowed; `*` where the action has no resource."""
        bits = self.bits(action)
        wanted = NO_RESOURCE if resource == "*" else stand_ins(resource)
        where: Area = (Region(wanted),)
        place = self.table.place(action)
        if resource == "*" and place is not None and self.table.name(place) in ASKED:
            where = self._group(place).kinds[0].area
        if place is not None and resource != "*" and not self._applies(place, where):
            return False, False
        ruling = self.rule(bits)
        sure = () if foreign(wanted, self.situation.who.account) else intersect(ruling.sure, where)
        return bool(sure), bool(intersect(ruling.possible, where))

    def _applies(self, place: int, where: Area) -> bool:
        return any(intersect(kind.area, where) for kind in self._group(place).kinds)

    def _group(self, place: int) -> Group:
        groups = self.table.groups(self.table.service(place), self.situation.who.partition)
        return next(group for group in groups if group.bits >> place & 1)


def _outside(hows: Sequence[Naming | None], *, allows: bool) -> Truth:
    """Whether a NotPrincipal element speaks of the principal: a denial spares it only where it and its account are named."""
    if not any(hows):
        return True
    personal = any(how in (Naming.DIRECT, Naming.ROLE, Naming.EVERYONE) for how in hows)
    if allows:
        return False if personal else None
    if not personal:
        return True
    return False if Naming.ACCOUNT in hows or Naming.EVERYONE in hows else None


def _of(layer: Iterable[_Judged], bits: int, *, allows: bool, sure: bool, how: Naming | None = None) -> Area:
    """Where the statements of one effect reach these actions, by one bound."""
    lowest = bits & -bits  # all statements treat these actions alike: one of them tells of all
    found: list[Region] = []
    for one in layer:
        if one.allows is allows and one.bits & lowest and (how is None or one.naming is how):
            if not sure:
                found += one.reach.possible
            elif one.truth is True:
                found += one.reach.sure
    return join(found)


def foreign(pattern: str, account: str) -> bool:
    """Whether an ARN is of another account."""
    parts = pattern.split(":", 5)
    return len(parts) == 6 and len(parts[4]) == 12 and parts[4].isdigit() and parts[4] != account


def _classes(universe: int, sets: Iterable[int]) -> list[int]:
    """The universe in the coarsest parts that each of the sets is a union of, biggest sets first."""
    classes = [universe] if universe else []
    for bits in sorted(sets, reverse=True):
        parts: list[int] = []
        for one in classes:
            inside = one & bits
            if inside and inside != one:
                parts += (inside, one & ~bits)
            else:
                parts.append(one)
        classes = parts
    return sorted(classes)
