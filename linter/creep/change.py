"""What changed between two versions of an agreement, by its meaning: what the algebra subtracts, not what the texts differ in."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from linter.creep.safety import Loss, losses
from linter.manifest.model import Manifest
from linter.permissions import Difference, Leaf, class_of, subtract

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
    """Surely widened by these."""
    reworded: tuple[Leaf, ...]
    """Perhaps widened: the words before and after cannot be compared."""
    removed: tuple[Leaf, ...]
    """Surely narrowed by these."""


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
    """(before, after) of `agent_name`."""

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
    return {
        environment: tuple(
            [leaf for one in manifest.resources if environment in one.environments for leaf in one.leaves]
        )
        for environment in manifest.environments
    }


def compare(before: Manifest | None, after: Manifest, others: Sets = {}) -> Change:
    """What changed from one version to the next.

    Args:
        before: None where the file is new.
        others: what the agent's other manifests already granted: a permission that moves between files is no change.
    """
    held = {name: (*leaves, *others.get(name, ())) for name, leaves in (sets(before) if before else {}).items()}
    held |= {name: leaves for name, leaves in others.items() if name not in held}
    now = sets(after)
    growths = [_growth(name, leaves, held) for name, leaves in now.items()]
    left = tuple([name for name in (before.environments if before else ()) if name not in now])
    if before is None:
        return Change(tuple([one for one in growths if one is not None]))
    ends = (before.expires or "", after.expires or "")
    return Change(
        growths=tuple([one for one in growths if one is not None]),
        left=left,
        expiry=ends if ends[0] != ends[1] else None,
        losses=losses(before, after),
        identities=tuple(
            sorted(
                system
                for system in before.identities.keys() & after.identities.keys()
                if before.identities[system] != after.identities[system] and not system.startswith("x-")
            )
        ),
        renamed=(before.agent, after.agent) if before.agent != after.agent else None,
    )


def _growth(environment: str, leaves: tuple[Leaf, ...], held: Sets) -> Growth | None:
    fresh = environment not in held
    known = tuple([leaf for one in held.values() for leaf in one]) if fresh else held[environment]
    if leaves == known:
        return None
    more = subtract(leaves, known)
    less = Difference((), ()) if fresh else subtract(known, leaves)
    reworded = subtract(more.possible, more.sure).possible if more.sure else more.possible
    if not (fresh or more.possible or less.sure):
        return None
    return Growth(environment, fresh, more.sure, reworded, less.sure)


def gravity(leaves: Iterable[Leaf]) -> int:
    """The gravity of the gravest leaf: 3 admin, 2 delete, 1 other writing, 0 reading or nothing."""
    return max([GRAVITY.get(class_of(leaf.action) or "", 1) for leaf in leaves], default=0)
