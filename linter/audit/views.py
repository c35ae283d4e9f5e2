"""What the page shows of an audit that the audit says nowhere in one place: sums, and groups."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from linter.audit.attention import undecided
from linter.audit.model import Agent, Audit, Note, Permission, Source
from linter.creep.timeline import Entry, Step
from linter.findings import UNVERIFIED_RULE, unverified_line

STORY = 5
"""How much of what a commit began with is told."""


class Group(NamedTuple):
    """An agent's permissions in one environment, those that nothing could verify apart, by the reason."""

    environment: str
    reason: str
    """Why all of these are unverified; empty where each says for itself what its verdict is."""
    permissions: tuple[Permission, ...]


def grouped(permissions: Sequence[Permission]) -> list[Group]:
    """The permissions by environment, each group where its first stood; a reason that is one permission's alone is its own."""
    times = Counter((one.environment, _unknown(one)) for one in permissions)
    groups: dict[str, dict[str, list[Permission]]] = {}
    for one in permissions:
        why = _unknown(one)
        reason = why if times[one.environment, why] > 1 else ""
        groups.setdefault(one.environment, {}).setdefault(reason, []).append(one)
    return [Group(name, why, tuple(own)) for name, reasons in groups.items() for why, own in reasons.items()]


def _unknown(one: Permission) -> str:
    """Why nothing is known of what is granted of a declared permission."""
    declared = one.origin == "declared" and one.granted is None and one.verdict == "unverified"
    return one.reason if declared else ""


class Unsure(NamedTuple):
    """What could not be verified for one reason."""

    reason: str
    agents: tuple[Agent, ...]
    findings: int


def unsure(audit: Audit) -> tuple[list[Unsure], list[str]]:
    """What could not be verified: findings that many agents' rows tell, by their reason; and all else, a sentence each."""
    lines: dict[tuple[str, str, str], list[str]] = {}
    whose: dict[tuple[str, str, str], Agent] = {}
    for agent in audit.agents:
        for one in agent.findings:
            if one.rule == UNVERIFIED_RULE and one.status == "open":
                key = (agent.path, one.environment, one.message)
                lines.setdefault(key, []).append(one.resource)
                whose[key] = agent
    told = {unverified_line(*key, resources): key for key, resources in lines.items()}
    by_reason: dict[str, list[tuple[str, str, str]]] = {}
    rest = []
    for line in audit.evidence.unverified:
        if line in told:
            by_reason.setdefault(told[line][2], []).append(told[line])
        else:
            rest.append(line)
    return [
        Unsure(
            reason,
            tuple({whose[key].anchor: whose[key] for key in keys}.values()),
            sum(len(lines[key]) for key in keys),
        )
        for reason, keys in by_reason.items()
    ], rest


def principals(agent: Agent) -> list[tuple[str, list[str]]]:
    """Every principal that the agent's permissions name, and where each is used: "postgres (production)"."""
    found: dict[str, dict[str, None]] = {}
    for one in agent.permissions:
        if one.principal:
            found.setdefault(one.principal, {})[f"{one.system} ({one.environment})"] = None
    return [(name, list(places)) for name, places in found.items()]


def ambiguous(agent: Agent) -> frozenset[tuple[str, str]]:
    """(system, environment) of several principals: there each permission has to say whose it is."""
    whose = {(one.system, one.environment, one.principal) for one in agent.permissions}
    return frozenset(place for place, times in Counter(one[:2] for one in whose).items() if times > 1)


def steps(entry: Entry) -> list[Step]:
    """What a commit did, with what bears no mark told in one line."""
    plain = [step.text for step in entry.steps if step.mark == " "]
    marked = [step for step in entry.steps if step.mark != " "]
    if not plain:
        return marked
    more = f"; and {len(plain) - STORY - 1} more" if len(plain) > STORY + 1 else ""
    return [Step(" ", f"{plain[0]} {'; '.join(plain[1 : STORY + 1])}{more}"), *marked]


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
    """The population of the live sources."""

    principals: int
    declared: int
    unmanaged: int
    sources: int
    counted: int
    """How many of them have any number."""
    known: int
    """How many of them said which principals there are."""


def sums(sources: Sequence[Source]) -> Sums:
    """The last line of the population: of the live sources, for a manifest is no principal."""
    live = [one for one in sources if one.kind != "manifests"]
    own = [one for one in live if counted(one)]
    return Sums(
        sum(one.principals for one in own),
        sum(one.declared for one in own),
        sum(len(one.unmanaged) for one in own),
        len(live),
        len(own),
        sum(one.known for one in live),
    )


def counted(source: Source) -> bool:
    """Whether the numbers of a source say anything: a key tells of itself, though not whether it is all there is."""
    return source.known or source.principals > 0


def every_finding(audit: Audit) -> list[Note]:
    """Those of the agents, and those of none."""
    return [*audit.findings, *chain.from_iterable(agent.findings for agent in audit.agents)]


def tally(notes: Iterable[Note]) -> Counter[str]:
    """How many are open, by severity; under "silenced" how many are suppressed or accepted."""
    return Counter([one.severity if one.status == "open" else "silenced" for one in notes])
