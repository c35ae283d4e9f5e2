"""Findings as the page tells them: what a permission's row says already is not said again, what repeats itself is folded.

Findings that differ at most in their place and in names become one fold, with holes where the names stood. What many agents
are told alike is told once for all of them and linked.
"""

import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import NamedTuple

from linter.audit.model import Agent, Note, Permission
from linter.findings import UNVERIFIED_RULE

FEWEST = 4
"""Findings that name their resource are told once where as many say the same; those that name none, always."""
SHARED = 5
"""What so many agents are told alike is told once for all of them."""
AGAIN = 2
"""Findings that so many rows tell already are told by pointing at them."""
UNDECLARED = "blast radius not declared"
"""What a row says of a permission whose blast radius nobody declared."""
_UNDECLARED_RULE = "blast-radius/missing-blast-radius"


class Piece(NamedTuple):
    """A piece of a text that several findings share but for what fills its holes."""

    text: str
    """Of a hole, what fills it: "RESOURCE", "PRINCIPAL", "AGENT", "FILE" or "SYSTEM"."""
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
    rows: str = ""
    """What the rows of the permissions say that these findings are of, each its own: a verdict, or `UNDECLARED`; empty where
    they are told here."""
    kinds: tuple[tuple[Kind, int], ...] = ()
    """Where rows tell that it is so and not why, and where it is told once for many agents: each thing that these findings say,
    and how many say it."""

    @property
    def fixes(self) -> list[str]:
        """What to do about findings that rows tell whole."""
        return [] if self.kinds else list(dict.fromkeys(one.fix for one in self.notes if one.fix))

    @property
    def lines(self) -> list[int]:
        """The lines of the manifest that they stand at."""
        return sorted({int(one.place.rsplit(":", 2)[-2]) for one in self.notes})


class Told(NamedTuple):
    """Every agent's findings."""

    folds: dict[str, list[Fold]]
    """By the agent's anchor."""
    shared: dict[Kind, tuple[int, int, int]]
    """What `SHARED` agents or more are told: its number from 1, how many agents it is told, in how many findings."""
    reasons: dict[tuple[str, str], int]
    """(anchor, id of a permission) -> the number of what is told once and says why the permission's verdict is what it is."""


class _Said(NamedTuple):
    """A finding of an agent."""

    note: Note
    kind: Kind
    """With every name a hole, so that agents can be told alike."""
    row: Permission | None
    """The permission whose row gives the same reason."""
    mark: str
    """What a row says of it, as in `Fold.rows`; empty where none does."""


def told(agents: Sequence[Agent]) -> Told:
    """The findings, with what many agents share apart."""
    every = {agent.anchor: _said(agent) for agent in agents}
    whose: dict[Kind, set[str]] = {}
    many: Counter[Kind] = Counter()
    for anchor, said in every.items():
        for one in said:
            many[one.kind] += 1
            whose.setdefault(one.kind, set()).add(anchor)
    common = [kind for kind, owners in whose.items() if len(owners) >= SHARED]
    shared = {kind: (number, len(whose[kind]), many[kind]) for number, kind in enumerate(common, 1)}
    reasons = {
        (anchor, one.row.id): shared[one.kind][0]
        for anchor, said in every.items()
        for one in said
        if one.row is not None and one.kind in shared
    }
    return Told({anchor: _told(said, shared) for anchor, said in every.items()}, shared, reasons)


def _said(agent: Agent) -> list[_Said]:
    beyond = {one.finding: one for one in agent.permissions if one.finding}
    unverified = {
        (one.environment, one.resource, one.reason): one for one in agent.permissions if one.verdict == "unverified"
    }
    undeclared = {
        (one.environment, one.resource) for one in agent.permissions if one.blast_computed and not one.blast_declared
    }
    found = []
    for note in agent.findings:
        row = beyond.get(note.fingerprint)
        if note.rule == UNVERIFIED_RULE:
            row = unverified.get((note.environment, note.resource, note.message))
        if row is not None and row.reason != note.message:
            row = None
        holes = {
            note.resource: "RESOURCE",
            row.principal if row is not None else "": "PRINCIPAL",
            agent.path: "FILE",
            agent.name: "AGENT",
        }
        if note.rule == UNVERIFIED_RULE and row is not None:
            holes[row.system] = "SYSTEM"
        mark = row.verdict if row is not None and row.verdict != "ok" else ""  # an ok row bears no mark
        if note.rule == _UNDECLARED_RULE and (note.environment, note.resource) in undeclared:
            mark = UNDECLARED
        found.append(_Said(note, _kind(note, holes), row, mark))
    return found


def _told(said: Sequence[_Said], common: Container[Kind]) -> list[Fold]:
    """An agent's findings, where the first of each stood: by the rows that tell them, as what is told once, or in full."""
    rows: dict[tuple[str, ...], list[_Said]] = {}
    for one in said:
        if one.mark and one.note.status == "open":
            alike = (one.note.rule, one.note.severity, one.note.environment, one.note.first_seen, one.mark)
            rows.setdefault(alike, []).append(one)
    again = {id(one): group for group in rows.values() if len(group) >= AGAIN for one in group}
    folds: list[Fold] = []
    rest: list[tuple[Note, Kind]] = []
    for one in said:
        if id(one) not in again:
            rest.append((one.note, _told_as(one, common)))
        elif again[id(one)][0] is one:
            group = again[id(one)]
            kinds = Counter(_told_as(each, common) for each in group)
            if one.row is not None and not (len(kinds) == 1 and one.kind in common):
                kinds.clear()  # their rows say why
            bare = Kind(one.note.rule, one.note.severity, (), ())
            folds.append(Fold(bare, tuple([each.note for each in group]), one.mark, tuple(kinds.items())))
    place = {id(one.note): number for number, one in enumerate(said)}
    folds += _fold(rest, lambda one: (one.environment,), common)
    return sorted(folds, key=lambda fold: place[id(fold.notes[0])])


def _told_as(one: _Said, common: Container[Kind]) -> Kind:
    return one.kind if one.kind in common else _kind(one.note, _resource(one.note))


def folded(notes: Iterable[Note]) -> list[Fold]:
    """Findings, those that say the same of several resources as one, where its first stood."""
    return _fold(((one, _kind(one, _resource(one))) for one in notes), lambda one: (one.environment,), ())


def folded_exceptions(notes: Iterable[Note]) -> list[Fold]:
    """All agents' exceptions, those that were allowed alike as one."""
    cut = ((one, _kind(one, {one.resource: "RESOURCE", one.agent: "AGENT"})) for one in notes)
    return _fold(cut, lambda one: (one.status, one.reason, one.approver, one.until), ())


def _resource(one: Note) -> dict[str, str]:
    return {one.resource: "RESOURCE"}


def _fold(
    notes: Iterable[tuple[Note, Kind]], alike: Callable[[Note], tuple[str, ...]], common: Container[Kind]
) -> list[Fold]:
    groups: dict[tuple[Kind, tuple[str, ...]], list[Note]] = {}
    for one, kind in notes:
        groups.setdefault((kind, alike(one)), []).append(one)
    found = []
    for (kind, _), group in groups.items():
        cut = any(piece.hole for piece in (*kind.message, *kind.fix))
        if kind in common or len(group) >= (FEWEST if cut else 2):
            found.append(Fold(kind, tuple(group)))
        else:
            found += [Fold(_kind(one, {}), (one,)) for one in group]
    return found


def _kind(one: Note, holes: Mapping[str, str]) -> Kind:
    return Kind(one.rule, one.severity, cut(one.message, holes), cut(one.fix, holes))


def cut(text: str, holes: Mapping[str, str]) -> tuple[Piece, ...]:
    """A text with holes where these names stand.

    Args:
        holes: name -> what the hole is called.
    """
    pieces = [Piece(text)]
    for name, filled in holes.items():
        if name and name in text:
            pieces = [each for piece in pieces for each in _split(piece, name, filled)]
    return tuple(pieces)


def _split(piece: Piece, name: str, filled: str) -> list[Piece]:
    """The piece without this name, where that stands as a whole word."""
    if piece.hole:
        return [piece]
    hole = Piece(filled, True)
    before = r"\w-" if filled == "SYSTEM" else r"\w.-"  # a system may stand in a path of configuration: [systems.NAME]
    parts = re.split(rf"(?<![{before}]){re.escape(name)}(?![\w-])", piece.text)
    return [each for part in parts for each in (hole, Piece(part))][1:]


def states(fold: Fold) -> list[tuple[str, int]]:
    """How many of the findings are open, suppressed, accepted."""
    return list(Counter(one.status for one in fold.notes).items())
