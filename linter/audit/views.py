"""What the page shows of an audit that the audit says nowhere in one place: sums, and groups."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from linter.audit.attention import undecided
from linter.audit.folds import SHARED, Piece, cut
from linter.audit.model import Agent, Audit, Note, Permission, Source, privileged
from linter.creep.timeline import Entry, Step
from linter.findings import UNVERIFIED_RULE
from linter.outcome import unverified_line

STORY = 5
"""So much of what a commit began with is told; where it is more, how many resources and of which systems."""


class Group(NamedTuple):
    """An agent's permissions in one environment, those that nothing could verify apart, by the reason."""

    environment: str
    reason: tuple[Piece, ...]
    """Why all of these are unverified, a hole where each one's system stands if they are of several; empty where each says
    for itself what its verdict is."""
    permissions: tuple[Permission, ...]


def grouped(permissions: Sequence[Permission]) -> list[Group]:
    """The permissions by environment, each group where its first stood; a reason that is one permission's alone is its own."""
    times = Counter((one.environment, _unknown(one)) for one in permissions)
    groups: dict[str, dict[tuple[Piece, ...], list[Permission]]] = {}
    for one in permissions:
        why = _unknown(one)
        reason = why if times[one.environment, why] > 1 else ()
        groups.setdefault(one.environment, {}).setdefault(reason, []).append(one)
    return [
        Group(name, _said(why, own), tuple(own)) for name, reasons in groups.items() for why, own in reasons.items()
    ]


def _unknown(one: Permission) -> tuple[Piece, ...]:
    """Why nothing is known of what is granted of a declared permission, whatever its system."""
    declared = one.origin == "declared" and one.granted is None and one.verdict == "unverified"
    return cut(one.reason, {one.system: "SYSTEM"}) if declared and one.reason else ()


def _said(why: tuple[Piece, ...], own: Sequence[Permission]) -> tuple[Piece, ...]:
    """A reason as it was given, where it was to all of them."""
    return (Piece(own[0].reason),) if why and len({one.reason for one in own}) == 1 else why


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


def unused(agent: Agent) -> list[str]:
    """The identities that no permission's principal tells already."""
    places: dict[tuple[str, str], set[str]] = {}
    for one in agent.permissions:
        places.setdefault((one.system, one.principal), set()).add(one.environment)
    told = {
        f"{system}: {principal} ({', '.join(name for name in agent.environments if name in own)})"
        for (system, principal), own in places.items()
    }
    return [one for one in agent.identities if one not in told]


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
    first, *rest = plain
    return [Step(" ", f"{first} {'; '.join(rest) if len(rest) <= STORY else _summed(rest)}"), *marked]


def _summed(phrases: Sequence[str]) -> str:
    """Many "system.object: read on ..." as a number: the first few of many would tell nothing of the rest."""
    resources = dict.fromkeys(phrase.partition(": ")[0] for phrase in phrases)
    systems = list(dict.fromkeys(name.partition(".")[0] for name in resources))
    more = f" and {len(systems) - STORY} more systems" if len(systems) > STORY + 1 else ""
    return f"{len(resources)} resources of {', '.join(systems[: STORY if more else STORY + 1])}{more}"


def rollbacks(agents: Sequence[Agent]) -> dict[str, tuple[int, int]]:
    """Each rollback strategy that `SHARED` agents or more have: its number from 1, and how many have it."""
    times = Counter(agent.rollback for agent in agents if agent.rollback)
    common = [(text, many) for text, many in times.items() if many >= SHARED]
    return {text: (number, many) for number, (text, many) in enumerate(common, 1)}


class Pressing(NamedTuple):
    """What needs a decision before all others: the same rights of some agents, for one reason."""

    rights: tuple[tuple[str, str], ...]
    """(what is granted beyond, or the resource; environment)."""
    why: str
    agents: tuple[Agent, ...]


def pressing(audit: Audit) -> list[Pressing]:
    """`undecided`, those of one agent and reason as one, and the agents that have the same together."""
    groups: dict[tuple[str, str], tuple[Agent, list[tuple[str, str]]]] = {}
    for agent, one, why in undecided(audit):
        right = one.what if one.origin == "granted" else one.resource
        groups.setdefault((agent.anchor, why), (agent, []))[1].append((right, one.environment))
    alike: dict[tuple[tuple[tuple[str, str], ...], str], list[Agent]] = {}
    for (_, why), (agent, rights) in groups.items():
        alike.setdefault((tuple(rights), why), []).append(agent)
    return [Pressing(rights, why, tuple(agents)) for (rights, why), agents in alike.items()]


class Power(NamedTuple):
    """A privileged power that some agents have alike."""

    permission: Permission
    """The first agent's; the others' differ in nothing that the page shows of a power."""
    agents: tuple[Agent, ...]


def powers(audit: Audit) -> list[Power]:
    """`privileged`, the agents that have the same together: as it is declared, granted and decided."""
    groups: dict[tuple[object, ...], list[tuple[Agent, Permission]]] = {}
    times: Counter[tuple[object, ...]] = Counter()
    for agent, one in privileged(audit):
        decided = one.decision and (one.decision.decision, one.decision.outcome)
        alike = (
            one.environment, one.system, one.resource, one.privileged, one.what, one.origin, one.level, one.granted,
            one.verdict, one.also, one.blast_computed, one.new, decided,
        )  # fmt: skip
        own = (agent.anchor, *alike)  # what one agent has twice, through two principals, is two powers
        groups.setdefault((times[own], *alike), []).append((agent, one))
        times[own] += 1
    return [Power(own[0][1], tuple(agent for agent, _ in own)) for own in groups.values()]


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
