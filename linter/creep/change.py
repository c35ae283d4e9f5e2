"""What changed between two versions of an agreement, by its meaning: what the algebra subtracts, not what the texts differ in."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from linter.creep.reading import understood
from linter.creep.rewording import Split, gone, split, unlike
from linter.creep.safety import Loss, losses
from linter.manifest.model import Manifest
from linter.meet import meet, near
from linter.natives import kinds_of_leaf
from linter.permissions import Difference, Leaf, subtract

Sets = Mapping[str, tuple[Leaf, ...]]
"""Environment -> the leaves that apply there."""

GRAVITY = {"admin": 3, "delete": 2, "read": 0}
"""How grave an added class is; what is not named here (create, update, execute, a native without a class) is writing: 1."""


class Growth(NamedTuple):
    """How the set of one environment changed."""

    environment: str
    fresh: bool
    """Whether the agent did not run there before: its set is then held against all that was agreed elsewhere."""
    added: tuple[Leaf, ...]
    """Widened by these: nothing before surely covers them, and no text that went may have meant them."""
    reworded: tuple[Leaf, ...]
    """Perhaps widened: the texts before and after cannot be compared."""
    removed: tuple[Leaf, ...]
    """Surely narrowed by these."""
    known: tuple[Leaf, ...]
    """What it is held against: all that was agreed before."""


class Change(NamedTuple):
    """What one version did to the one before it."""

    growths: tuple[Growth, ...] = ()
    """Environments in which anything changed."""
    left: tuple[str, ...] = ()
    """Environments that the agent no longer runs in."""
    expiry: tuple[str, str] | None = None
    """(before, after) of `expires` where it changed; empty for none."""
    losses: tuple[Loss, ...] = ()
    """Safeties taken away while the access that they guard stayed."""
    identities: tuple[str, ...] = ()
    """Systems whose principal changed."""
    renamed: tuple[str, str] | None = None
    """(before, after) of `agent_name`; several before where agents became one."""

    @property
    def added(self) -> tuple[Leaf, ...]:
        """All that was surely added, wherever."""
        return tuple(dict.fromkeys([leaf for one in self.growths for leaf in one.added]))

    @property
    def extended(self) -> bool:
        """Whether the agreement now holds longer."""
        return self.expiry is not None and bool(self.expiry[0]) and not ("" < self.expiry[1] < self.expiry[0])

    @property
    def widened(self) -> bool:
        """Whether it surely grew: a leaf, an environment, a later end."""
        return self.extended or any(one.added or one.fresh for one in self.growths)


def sets(manifest: Manifest) -> dict[str, tuple[Leaf, ...]]:
    """What a manifest grants in each of its environments."""
    found = {}
    for environment in manifest.environments:
        leaves: list[Leaf] = []
        for one in manifest.resources:
            if environment in one.environments:
                leaves += one.leaves
        found[environment] = tuple(leaves)
    return found


def compare(before: Sequence[Manifest], after: Manifest, others: Sets) -> Change:
    """What one version brought that none before it had.

    Args:
        before: the versions that it came from: none where the file is new, several where it is a merge.
        others: what the agent's other manifests already granted: a permission that moves between files is no change.
    """
    past = [sets(understood(one, [after])) for one in before]
    held = dict(others)
    for one in past:
        for name, leaves in one.items():
            held[name] = (*held[name], *leaves) if name in held else leaves
    now = sets(understood(after, before))
    growths = [_growth(name, leaves, held, past) for name, leaves in now.items()]
    grown = tuple([one for one in growths if one is not None])
    if not before:
        return Change(grown)
    ends = {one.expires or "" for one in before}
    lost = [losses(one, after) for one in before]
    first = before[0]
    agents = list(dict.fromkeys([one.agent for one in before]))
    return Change(
        growths=grown,
        left=tuple([name for name in first.environments if name not in now and all(name in one for one in past)]),
        expiry=None if (after.expires or "") in ends else (_latest(ends), after.expires or ""),
        losses=tuple([one for one in lost[0] if all(one in others for others in lost)]),
        identities=tuple(
            sorted(
                system
                for system, principal in after.identities.items()
                if system in first.identities and all(one.identities.get(system) != principal for one in before)
            )
        ),
        renamed=None if after.agent in agents else (" and ".join(agents), after.agent),
    )


def _latest(ends: set[str]) -> str:
    """The latest end; empty, for none, is the latest of all."""
    return "" if "" in ends else max(ends)


def _growth(
    environment: str, leaves: tuple[Leaf, ...], held: Sets, past: list[dict[str, tuple[Leaf, ...]]]
) -> Growth | None:
    fresh = environment not in held
    known = _all(held) if fresh else held[environment]
    more = minus(leaves, known)
    # Its own versions alone, since what other manifests grant is still there.
    own = [_all(one) if fresh else one.get(environment, ()) for one in past]
    lost = [minus(one, leaves) for one in own]
    less: tuple[Leaf, ...] = ()
    if lost and not fresh:
        # A merge narrowed only what every version before it still had.
        less = lost[0].sure
        for other in lost[1:]:
            less = meet(less, other.sure) if less else ()
    if not (fresh or more.possible or less):
        return None
    added, reworded = split(more.possible, gone(own, lost)) if more.possible else Split((), ())
    if reworded and less:
        less = unlike(less, reworded)
    return Growth(environment, fresh, added, reworded, less, known)


def _all(granted: Sets) -> tuple[Leaf, ...]:
    return tuple([leaf for leaves in granted.values() for leaf in leaves])


def minus(one: Iterable[Leaf], other: Iterable[Leaf]) -> Difference:
    """`subtract` by named actions, quickly where the two share most leaves: versions share the entries that say the same
    (`Built`)."""
    other = list(other)
    shared = set(map(id, other))
    fresh = [leaf for leaf in one if id(leaf) not in shared]
    if not fresh:
        return Difference((), ())
    close = near(other, fresh)
    known = set(close)
    rest = [leaf for leaf in fresh if leaf not in known]
    return subtract(rest, close, named=True) if rest else Difference((), ())


def gravity(leaves: Iterable[Leaf]) -> int:
    """The gravity of the gravest leaf: 3 admin, 2 delete, 1 other writing, 0 reading or nothing."""
    return max([GRAVITY.get(kind or "", 1) for leaf in leaves for kind in kinds_of_leaf(leaf)], default=0)
