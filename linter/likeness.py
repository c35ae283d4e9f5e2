"""How much of one agent's permissions another one holds: whether an agent that is new is one that is gone, under another name.

The measure is of meaning, and of both sides. Who renames an agent and widens it can write what they like around the old
permissions, so the new one's size says nothing against it; who keeps a half of them and hides the rest in another new agent
is seen by what is new in it being the old one's. Free text counts as the text that it took the place of.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from linter.boxes import Box
from linter.meet import common_action, common_box, nested
from linter.permissions import Leaf

Former = TypeVar("Former")


class Likeness(NamedTuple):
    """What two agents' permissions have in common; a permission is an action on an object, whatever bounds it there."""

    held: int
    """How many of the old ones the new agent holds, at least in part."""
    old: int
    shared: int
    """How many of the new ones the old agent held, at least in part."""
    new: int

    @property
    def one(self) -> bool:
        """Whether it is one agent: it kept nearly all that it had, and most of what it has is that."""
        return self.held > 0 and 4 * self.held >= 3 * self.old and 2 * self.shared >= self.new

    @property
    def perhaps(self) -> bool:
        """Whether it may be one agent: a half of either's permissions is the other's."""
        return self.held > 0 and (2 * self.held >= self.old or 2 * self.shared >= self.new)

    @property
    def share(self) -> float:
        """The nearer to 1, the more alike the two are."""
        return (self.held + self.shared) / max(1, self.old + self.new)


def of_objects(old: Iterable[Leaf], new: Iterable[Leaf]) -> Likeness:
    """The same of the objects alone: who renames an agent may have it write where it read."""
    return likeness(*([leaf._replace(action="read") for leaf in leaves] for leaves in (old, new)))


def likeness(old: Iterable[Leaf], new: Iterable[Leaf]) -> Likeness:
    """What an agent that is gone and one that is new have in common."""
    mine, there = _permissions(old), _permissions(new)
    held: set[Leaf] = set()
    shared: set[Leaf] = set()
    if len(mine) * len(there) > _MOST:  # hostile: what is the same by name must do
        held.update(mine.keys() & there.keys())
        shared.update(held)
    else:
        for narrow, wide, swapped in nested(list(mine), list(there)):
            one, other = (wide, narrow) if swapped else (narrow, wide)
            if common_action(one.action, other.action) is not None and _meet(mine[one], there[other]):
                held.add(one)
                shared.add(other)
    return Likeness(len(held), len(mine), len(shared), len(there))


def made_of(
    agents: Iterable[tuple[Former, list[Leaf]]], new: list[Leaf], *, but: Callable[[Former], bool]
) -> list[Former]:
    """The former agents that a new one is made of: the most alike, and those that brought the rest of it whole.

    Args:
        but: which of them it is not, however alike; asked of few.

    Returns:
        None of them where not even together they are nearly all of it.
    """
    whole = []
    for agent, leaves in agents:
        found = likeness(leaves, new)
        if found.held and 4 * found.held >= 3 * found.old and not but(agent):
            whole.append((found.share, agent, leaves))
    chosen: list[Former] = []
    both: list[Leaf] = []
    known = Likeness(0, 0, 0, 0)
    for _, agent, leaves in sorted(whole, key=lambda one: -one[0]):
        found = likeness([*both, *leaves], new)
        if found.shared > known.shared and 4 * found.held >= 3 * found.old:
            chosen.append(agent)
            both, known = [*both, *leaves], found
    return chosen if known.one else []


_MOST = 1 << 20
"""Pairs of permissions that are looked at; two manifests of a thousand each."""
_FEW = 64


def _permissions(leaves: Iterable[Leaf]) -> dict[Leaf, list[Box]]:
    """Each permission without its bounds -> what bounds it."""
    found: dict[Leaf, list[Box]] = {}
    for leaf in leaves:
        found.setdefault(leaf._replace(box=()), []).append(leaf.box)
    return found


def _meet(one: list[Box], other: list[Box]) -> bool:
    if len(one) * len(other) > _FEW:
        return True
    return any(common_box(mine, there, loose=True) is not None for mine in one for there in other)
