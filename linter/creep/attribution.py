"""Which version brought what stands now: each leaf belongs to the last one that did."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from linter.creep.change import Change, Growth, minus, sets
from linter.creep.returned import returned
from linter.creep.reviews import Reviews
from linter.creep.rewording import has_text
from linter.creep.safety import Loss
from linter.history.model import Version
from linter.manifest.model import Manifest
from linter.meet import meet, near
from linter.permissions import Leaf, normal


class Event(NamedTuple):
    """One version of the story."""

    version: Version
    kind: str
    """"first" (agreed), "oldest" (that a cut history has), "joined" (the agent's agreement in another file), "changed",
    "unreadable" or "deleted"."""
    change: Change
    standing: Mapping[str, tuple[Leaf, ...]] = {}
    """Environment -> what it surely added of what stands now: each leaf belongs to the last commit that brought it."""
    leaves: tuple[Leaf, ...] = ()
    """All of these, each once."""
    doubtful: Mapping[str, tuple[Leaf, ...]] = {}
    """The same of what it reworded."""
    promoted: tuple[str, ...] = ()
    """Environments that it added and that the agent runs in now."""
    extended: bool = False
    """Whether it put off the end, and the end still is later than it was before."""
    losses: tuple[Loss, ...] = ()
    """Safeties that it took away and that are still missing."""
    known: tuple[Manifest, ...] = ()
    """What it was held against."""

    @property
    def widens(self) -> bool:
        """Whether anything that it surely added stands now."""
        return bool(self.standing or self.promoted or self.extended)


def attribute(events: Sequence[Event], now: Manifest, known: Sequence[Version], reviews: Reviews) -> list[Event]:
    """Say of each event what of it stands now, from the newest to the oldest: what a later one brought is its own."""
    before = returned(now, known, reviews.signed)
    place = len(known)
    rest = dict(sets(now))
    unclear = dict(rest)
    fresh = set(rest)
    told: set[tuple[str, ...]] = set()
    found = []
    for event in reversed(events):
        place -= 1
        had = [leaf for leaf, first in before if first < place]
        standing: dict[str, tuple[Leaf, ...]] = {}
        doubtful: dict[str, tuple[Leaf, ...]] = {}
        for growth in event.change.growths:
            name = growth.environment
            here = _brought(growth, rest.get(name, ()))
            back: list[Leaf] = []
            if here and had:
                # It was in these words before: whether that is more than what was there in between, nobody can compare.
                brought = sets(event.version.manifest).get(name, ()) if event.version.manifest is not None else ()
                back = [leaf for leaf in had if leaf in brought and meet([leaf], here)]
                here = minus(here, had).possible
            if here:
                standing[name] = here
                rest[name] = _without(rest[name], here)
            here = meet((*growth.reworded, *back), unclear.get(name, ()))
            if here:
                doubtful[name] = here
                unclear[name] = _without(unclear[name], here)
        promoted = tuple([one.environment for one in event.change.growths if one.fresh and one.environment in fresh])
        fresh.difference_update(promoted)
        ends = event.change.expiry
        lost = [one for one in event.change.losses if one.key not in told]
        told.update([one.key for one in lost])
        found.append(
            event._replace(
                standing=standing,
                leaves=tuple(dict.fromkeys([leaf for some in standing.values() for leaf in some])),
                doubtful=doubtful,
                promoted=promoted,
                extended=event.change.extended and ends is not None and not (now.expires and now.expires <= ends[0]),
                losses=tuple([one for one in lost if one.stands(now)]),
            )
        )
    return found[::-1]


def _brought(growth: Growth, rest: tuple[Leaf, ...]) -> tuple[Leaf, ...]:
    """What of the rest a growth surely added, also where it was put in other words since."""
    here = meet(growth.added, rest)
    if any(map(has_text, here)):
        # A text within what was added may be the one that stood before: who takes a widening back has added nothing.
        here = minus(here, growth.known).possible
    if any(map(has_text, growth.added)) and any(map(has_text, rest)):
        renamed = minus(meet(growth.added, minus(rest, here).possible, loose=True), growth.known).sure
        here = normal([*here, *renamed]) if renamed else here
    return here


def _without(leaves: tuple[Leaf, ...], taken: tuple[Leaf, ...]) -> tuple[Leaf, ...]:
    """The leaves without what was taken."""
    touched = set(near(leaves, taken))
    return (*[leaf for leaf in leaves if leaf not in touched], *minus(touched, taken).possible)
