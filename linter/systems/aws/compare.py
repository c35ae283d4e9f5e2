"""Granted against declared: the facts that rules speak of (DESIGN.md, section 1)."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from linter.checks import Place
from linter.manifest.model import Resource
from linter.systems.aws.account import Account
from linter.systems.aws.assuming import ASSUME, gained
from linter.systems.aws.declared import Demand, Need
from linter.systems.aws.escalation import Way, escalations
from linter.systems.aws.excess import SURE, UNKNOWN_LEVEL, Excess, Granted, excess
from linter.systems.aws.principals import Kind
from linter.systems.aws.regions import intersect
from linter.systems.aws.table import LEVELS
from linter.systems.aws.unread import doubts, grantable, of_its_own, unread
from linter.systems.aws.wildcards import overlap
from linter.systems.live import CONDITIONAL, EXCESS, MISSING, UNVERIFIED, Claim, Discrepancy

_SHOWN = 3
"""Actions and resources that a message names before it counts."""


class Side(NamedTuple):
    """One agent's claim beside what its principal holds."""

    claim: Claim
    demands: tuple[Demand, ...]
    agreed: tuple[Demand, ...]
    """Of all agents that share the principal."""
    granted: Granted
    principal: str
    account: Account


def discrepancies(side: Side) -> Iterator[Discrepancy]:
    """Everything that one agent's manifest and its principal's policies disagree on, and what nobody read."""
    found = list(_facts(side))
    yield from found
    touched = {resource.position for one in found if one.verdict for resource in _touched(one)}
    who = side.granted.evaluation.situation.who
    for demand in side.demands:
        if demand.resource.position not in touched:
            for why in doubts(side.account, who, demand):
                yield _unverified(demand.resource, "unread", why)


def _touched(one: Discrepancy) -> Sequence[Resource]:
    return one.touches if one.touches is not None else (one.resource,) if one.resource else ()


def _facts(side: Side) -> Iterator[Discrepancy]:
    yield from _declared_faults(side)
    who = side.granted.evaluation.situation.who
    if who.kind is Kind.ROOT:
        yield Discrepancy(
            "superuser",
            key="root",
            values={"who": who.arn, "confers": "is the account's root, for whom no policy is checked"},
            details={"role": who.arn},
            cause="it is the account's root",
            fix="Give the agent a role of its own, and delete the root's keys.",
            verdict=EXCESS,
            touches=side.claim.resources,
            reason=f"{who.arn} is the account's root",
        )
        return
    found = excess(side.granted, side.agreed)
    yield from (_excess(side, one) for one in found)
    if not any(one.actions == ("*",) for one in found):
        yield from (_escalation(side, way) for way in escalations(side.granted, side.agreed))
    for demand in side.demands:
        for need in demand.needs:
            yield from _need(side, demand, need)


def _declared_faults(side: Side) -> Iterator[Discrepancy]:
    for one in side.demands:
        for what, nearest in one.unknown:
            yield Discrepancy(
                "unknown-object",
                key=what,
                values={"what": what, "hint": f"; did you mean {nearest}?" if nearest else ""},
                details={"object": what, "nearest": nearest},
                cause=f"AWS has nothing called {what}",
                resource=one.resource,
                place=Place(("resources", one.resource.position, "resource")),
                verdict=MISSING,
                reason=f"{what} does not exist",
            )
        for problem in one.unchecked:
            yield _unverified(one.resource, problem, problem)


def _unverified(resource: Resource, key: str, reason: str) -> Discrepancy:
    return Discrepancy(
        "unverified-resource", key=key, values={"reason": reason}, resource=resource, verdict=UNVERIFIED, reason=reason
    )  # fmt: skip


def _excess(side: Side, one: Excess) -> Discrepancy:
    sure = one.bound == SURE
    what = describe(one)
    resource = _owner(side, one)
    via = ", ".join(one.via[:_SHOWN]) or "no policy's name is known"
    condition = "; ".join(one.because)
    details: dict[str, Any] = {
        "actions": list(one.actions),
        "resources": list(one.resources),
        "level": one.level,
        "bound": one.bound,
        "role": side.principal,
        "via": list(one.via),
    }
    if condition:
        details["condition"] = condition
    if any(overlap(action.lower(), ASSUME.lower()) for action in one.actions) and one.actions != ("*",):
        details["assumes"] = gained(side.account, one.where)
    if others := unread(side.account, one.services, one.where):
        details["unread"] = others
    return Discrepancy(
        "undeclared-privilege" if sure else "conditional-privilege",
        key=f"{','.join(one.services) if len(one.services) == 1 else 'several'}:{one.level}:{one.bound}",
        values={"what": what, "via": f"by {via}" if sure else condition or _undecided(one)},
        cases=("reading",) if one.level == "read" else (),
        details=details,
        fix=_narrower(side, one),
        cause=f"allowed by {via}",
        resource=resource,
        touches=side.claim.resources if one.actions == ("*",) else None,
        verdict=EXCESS if sure else CONDITIONAL,
        reason=f"{side.principal} {'has' if sure else 'may have'} {what}",
    )


def _undecided(one: Excess) -> str:
    if one.level == UNKNOWN_LEVEL:
        return "whether there is such an action, and what it does, is not known"
    return "nobody could decide the condition"


def describe(one: Excess) -> str:
    """An excess in words: "4 write actions of s3 (PutObject, ...) on arn:aws:s3:::invoices/*"."""
    if one.actions == ("*",):
        return "every action on every resource"
    where = ", ".join(one.resources) if len(one.resources) <= _SHOWN else f"{len(one.resources)} sets of resources"
    where = "every resource" if where == "*" else where
    level = "" if one.level == UNKNOWN_LEVEL else f"{one.level} "
    if len(one.services) > 1:
        return f"{one.number} {level}actions of {len(one.services)} services ({_few(one.services)}) on {where}"
    if one.number == 1:
        unknown = ", which permlint's table does not know," if one.level == UNKNOWN_LEVEL else ""
        return f"{one.actions[0]}{unknown} on {where}"
    names = [action.partition(":")[2] or action for action in one.actions]
    return f"{one.number} {level}actions of {one.services[0]} ({_few(names)}) on {where}"


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")


def _owner(side: Side, one: Excess) -> Resource | None:
    """The resource that an excess belongs to: of its service, the one that it touches."""
    own = [demand for demand in side.demands if demand.service in one.services or (not demand.service and demand.where)]
    touched = [demand for demand in own if intersect(demand.where, one.where)]
    return next((demand.resource for demand in (*touched, *own)), None)


def statement(actions: Sequence[str], where: Sequence[str]) -> str:
    """A statement of a policy."""
    return json.dumps({"Effect": "Allow", "Action": list(actions), "Resource": list(where)})


def _narrower(side: Side, one: Excess) -> str:
    """What would do instead."""
    needed: dict[tuple[str, ...], dict[str, None]] = {}
    for demand in side.demands:
        for need in demand.needs if demand.service in one.services else ():
            reached = tuple(side.granted.reach(need.actions, need.where)[:6])
            needed.setdefault(reached, {}).update(dict.fromkeys(need.names))
    wanted = [statement(list(names), where) for where, names in needed.items()]
    where = " and ".join(one.via[:_SHOWN]) or "its policies"
    if wanted:
        return f"Narrow {where}; what is declared needs no more than:\n" + "\n".join(wanted)
    return f"Take {_few(one.actions)} out of {where}."


def _escalation(side: Side, way: Way) -> Discrepancy:
    actions = " with ".join(way.actions)
    return Discrepancy(
        "privilege-escalation",
        key="+".join(way.actions),
        values={"actions": actions, "does": way.does, "can": "can" if way.sure else "may be able to"},
        cases=() if way.sure else ("possible",),
        details={
            "actions": list(way.actions), "resources": ["*"], "level": "admin", "bound": SURE if way.sure else "possible",
            "role": side.principal,
        },
        cause=f"{actions} is a way to more permissions",
        fix=f"Take {way.actions[-1]} away, or bind {way.actions[0]} to the resources that are needed.",
    )  # fmt: skip


def _need(side: Side, demand: Demand, need: Need) -> Iterator[Discrepancy]:
    granted = side.granted
    if granted.allowed(need.actions, need.where, sure=True):
        return
    names = " or ".join(need.names)
    if granted.allowed(need.actions, need.where, sure=False):
        why = "; ".join(granted.because(need.actions)) or "its condition could not be decided"
        yield _unverified(demand.resource, f"need:{names}", f"whether {side.principal} has {names} depends: {why}")
        return
    unknown = of_its_own(side.account, granted.evaluation.situation.who, demand)
    if unknown and grantable(granted.evaluation, demand, need):
        why = f"its own policies do not allow it, and {unknown}"
        yield _unverified(demand.resource, f"need:{names}", f"whether {side.principal} has {names} depends: {why}")
        return
    where = side.granted.reach(need.actions, need.where)
    yield Discrepancy(
        "missing-privilege",
        key=f"{demand.service}:{names}",
        values={"what": f"{names} on {demand.resource.name}"},
        details={
            "actions": list(need.names), "resources": where, "level": _level(side, need), "bound": "possible", "role": side.principal,
        },
        fix=statement(need.names[:1], where[:6]),
        cause=f"never granted to {side.principal}",
        resource=demand.resource,
        verdict=MISSING,
        reason=f"{side.principal} lacks {names}",
    )  # fmt: skip


def _level(side: Side, need: Need) -> str:
    access = side.granted.table.class_of(need.names[0]) if need.names else None
    return LEVELS[access] if access is not None else UNKNOWN_LEVEL
