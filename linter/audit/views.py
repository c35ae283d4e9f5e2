"""What the page shows of an audit that the audit says nowhere in one place: sums, groups, and what repeats itself folded."""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from linter.audit.model import Agent, Audit, Note, Permission, Source, undecided
from linter.creep.timeline import Entry, Step

FEWEST = 4
"""Findings that name their resource are told once where as many say the same; those that name none, always."""
SHARED = 5
"""What so many agents are told alike is told once for all of them."""
STORY = 5
"""How much of what a commit began with is told."""


class Piece(NamedTuple):
    """A piece of a text that several findings share but for what fills its holes."""

    text: str
    """Of a hole, what fills it: "RESOURCE" or "AGENT"."""
    hole: bool = False


class Kind(NamedTuple):
    """What findings say."""

    rule: str
    severity: str
    message: tuple[Piece, ...]
    fix: tuple[Piece, ...]


class Fold(NamedTuple):
    """Findings that differ at most in their place, their resource, their state, and whose they are."""

    kind: Kind
    notes: tuple[Note, ...]


class Told(NamedTuple):
    """Every agent's findings."""

    folds: dict[str, list[Fold]]
    """By the agent's anchor."""
    shared: dict[Kind, tuple[int, int, int]]
    """What `SHARED` agents or more are told: its number from 1, how many agents it is told, in how many findings."""


def told(agents: Sequence[Agent]) -> Told:
    """The findings, with what many agents share apart."""
    whose: dict[Kind, set[str]] = {}
    for agent in agents:
        for one in agent.findings:
            whose.setdefault(_kind(one, _resource(one)), set()).add(agent.anchor)
    common = {kind for kind, owners in whose.items() if len(owners) >= SHARED}
    folds = {agent.anchor: folded(agent.findings, common) for agent in agents}
    many: Counter[Kind] = Counter()
    for fold in chain.from_iterable(folds.values()):
        many[fold.kind] += len(fold.notes)
    shared = (kind for kind in whose if kind in common)
    return Told(folds, {kind: (number, len(whose[kind]), many[kind]) for number, kind in enumerate(shared, 1)})


def folded(notes: Iterable[Note], common: Container[Kind] = ()) -> list[Fold]:
    """One agent's findings, those that say the same of several resources as one, where its first stood.

    Args:
        common: what is told once for all agents, and so folded however few it concerns here.
    """
    return _fold(notes, _resource, lambda one: (one.environment,), common)


def folded_exceptions(notes: Iterable[Note]) -> list[Fold]:
    """All agents' exceptions, those that were allowed alike as one."""
    return _fold(
        notes,
        lambda one: {one.resource: "RESOURCE", one.agent: "AGENT"},
        lambda one: (one.status, one.reason, one.approver, one.until),
        (),
    )


def _resource(one: Note) -> dict[str, str]:
    return {one.resource: "RESOURCE"}


def _fold(
    notes: Iterable[Note],
    holes: Callable[[Note], dict[str, str]],
    alike: Callable[[Note], tuple[str, ...]],
    common: Container[Kind],
) -> list[Fold]:
    groups: dict[tuple[Kind, tuple[str, ...]], list[Note]] = {}
    for one in notes:
        groups.setdefault((_kind(one, holes(one)), alike(one)), []).append(one)
    found = []
    for (kind, _), group in groups.items():
        cut = any(piece.hole for piece in (*kind.message, *kind.fix))
        if kind in common or len(group) >= (FEWEST if cut else 2):
            found.append(Fold(kind, tuple(group)))
        else:
            found += [Fold(_kind(one, {}), (one,)) for one in group]
    return found


def _kind(one: Note, holes: dict[str, str]) -> Kind:
    return Kind(one.rule, one.severity, _cut(one.message, holes), _cut(one.fix, holes))


def _cut(text: str, holes: dict[str, str]) -> tuple[Piece, ...]:
    pieces = [Piece(text)]
    for name, filled in holes.items():
        if name and name in text:
            pieces = [each for piece in pieces for each in _split(piece, name, filled)]
    return tuple(pieces)


def _split(piece: Piece, name: str, filled: str) -> list[Piece]:
    if piece.hole:
        return [piece]
    hole = Piece(filled, True)
    return [each for part in piece.text.split(name) for each in (hole, Piece(part))][1:]


def states(fold: Fold) -> list[tuple[str, int]]:
    """How many of the findings are open, suppressed, accepted."""
    return list(Counter(one.status for one in fold.notes).items())


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
    """The population of the live sources that are known."""

    principals: int
    declared: int
    unmanaged: int
    unknown: int
    """How many sources are not."""


def sums(sources: Sequence[Source]) -> Sums:
    """The last line of the population: of the live sources, for a manifest is no principal."""
    live = [one for one in sources if one.kind != "manifests"]
    known = [one for one in live if one.known]
    return Sums(
        sum(one.principals for one in known),
        sum(one.declared for one in known),
        sum(len(one.unmanaged) for one in known),
        len(live) - len(known),
    )


def every_finding(audit: Audit) -> list[Note]:
    """Those of the agents, and those of none."""
    return [*audit.findings, *chain.from_iterable(agent.findings for agent in audit.agents)]


def tally(notes: Iterable[Note]) -> Counter[str]:
    """How many are open, by severity; under "silenced" how many are suppressed or accepted."""
    return Counter([one.severity if one.status == "open" else "silenced" for one in notes])
