"""What the page shows of an audit that the audit says nowhere in one place: sums, groups, and what repeats itself folded."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from linter.audit.model import Agent, Audit, Note, Permission, Source, undecided

FEWEST = 4
"""Findings that say the same of so many resources are told once."""


class Fold(NamedTuple):
    """Findings that differ in their resource and place alone."""

    note: Note
    """The first of them; it speaks for all but for `resource`, `place` and `fingerprint`."""
    message: tuple[str, ...]
    """Its message, cut where the resource's name stands; one text where nothing is folded."""
    fix: tuple[str, ...]
    """The same of its fix."""
    notes: tuple[Note, ...]


def folded(notes: Iterable[Note]) -> list[Fold]:
    """The findings, those that say the same of several resources as one, where its first stood."""
    groups: dict[tuple[object, ...], list[Note]] = {}
    for one in notes:
        message, fix = _cut(one.message, one.resource), _cut(one.fix, one.resource)
        same = (one.rule, one.severity, one.environment, one.status, one.reason, one.approver, one.until, one.new)
        groups.setdefault((message, fix, same), []).append(one)
    found = []
    for group in groups.values():
        first = group[0]
        if len(group) >= FEWEST:
            cut = (_cut(first.message, first.resource), _cut(first.fix, first.resource))
            found.append(Fold(first, *cut, tuple(group)))
        else:
            found += [Fold(one, (one.message,), (one.fix,), (one,)) for one in group]
    return found


def _cut(text: str, name: str) -> tuple[str, ...]:
    return tuple(text.split(name)) if name else (text,)


class Group(NamedTuple):
    """An agent's permissions in one environment."""

    environment: str
    permissions: tuple[Permission, ...]


def by_environment(permissions: Iterable[Permission]) -> list[Group]:
    """The permissions by environment, each group where its first stood."""
    groups: dict[str, list[Permission]] = {}
    for one in permissions:
        groups.setdefault(one.environment, []).append(one)
    return [Group(name, tuple(group)) for name, group in groups.items()]


class Principal(NamedTuple):
    """Whose permissions an agent's are, in one environment of one system."""

    name: str
    system: str
    environment: str


def principals(agent: Agent) -> list[Principal]:
    """Every principal that the agent's permissions name."""
    found = {Principal(one.principal, one.system, one.environment): None for one in agent.permissions if one.principal}
    return list(found)


def ambiguous(agent: Agent) -> frozenset[tuple[str, str]]:
    """(system, environment) of several principals: there each permission has to say whose it is."""
    places = Counter((one.system, one.environment) for one in principals(agent))
    return frozenset(place for place, times in places.items() if times > 1)


class Pressing(NamedTuple):
    """What needs a decision before all others: permissions of one agent, for one reason."""

    agent: Agent
    why: str
    permissions: tuple[Permission, ...]


def pressing(audit: Audit) -> list[Pressing]:
    """`undecided`, those of one agent and reason as one."""
    groups: dict[tuple[str, str], tuple[Agent, list[Permission]]] = {}
    for agent, one, why in undecided(audit):
        groups.setdefault((agent.anchor, why), (agent, []))[1].append(one)
    return [Pressing(agent, why, tuple(own)) for (_, why), (agent, own) in groups.items()]


class Sums(NamedTuple):
    """The population of all sources that are known."""

    principals: int
    declared: int
    unmanaged: int
    unknown: int
    """How many sources are not."""


def sums(sources: Sequence[Source]) -> Sums:
    """The last line of the population."""
    known = [one for one in sources if one.known]
    return Sums(
        sum(one.principals for one in known),
        sum(one.declared for one in known),
        sum(len(one.unmanaged) for one in known),
        len(sources) - len(known),
    )


def every_finding(audit: Audit) -> list[Note]:
    """Those of the agents, and those of none."""
    return [*audit.findings, *chain.from_iterable(agent.findings for agent in audit.agents)]


def tally(notes: Iterable[Note]) -> Counter[str]:
    """How many are open, by severity; under "silenced" how many are suppressed or accepted."""
    return Counter([one.severity if one.status == "open" else "silenced" for one in notes])
