"""What many agents of a house have in common: it says nothing of which of them one is.

Manifests begin as copies of a template, so an agent that is retired and one that begins in the same change share the chat
channel and the help desk that all have. Each has something of its own besides, and that tells the two apart; only where
none of the former one's own came back. Who renames an agent keeps what it is for.
"""

from collections.abc import Callable, Iterable
from functools import cached_property

from linter.likeness import of_objects
from linter.manifest.model import Manifest
from linter.manifest.vacuous import says_everything, says_nothing
from linter.permissions import Leaf, subtract

Object = tuple[str, tuple[str, ...]]

_MANY = 3
"""Agents besides the two. Copies of one agent for another region share all that it has, and are seldom that many."""


class Commons:
    """Which objects many agents have to do with."""

    def __init__(self, manifests: Callable[[], Iterable[Manifest]]) -> None:
        """`manifests`: the house's; asked for once, where it matters."""
        self._manifests = manifests

    @cached_property
    def _holders(self) -> dict[Object, list[Manifest]]:
        found: dict[Object, list[Manifest]] = {}
        for manifest in self._manifests():
            for name in {leaf[:2] for leaf in _leaves(manifest)}:
                found.setdefault(name, []).append(manifest)
        return found

    def siblings(self, old: Manifest, new: Manifest) -> bool:
        """Whether a new agent shares with a former one only what many have, without more there, and has not what was its own."""
        mine, theirs = _leaves(old), _leaves(new)
        shared = {leaf[:2] for leaf in mine} & {leaf[:2] for leaf in theirs}
        common = {name for name in shared if self.many(name, old, new) and not _wider(name, mine, theirs)}
        own = [leaf for leaf in mine if leaf[:2] not in common]
        rest = [leaf for leaf in theirs if leaf[:2] not in common]
        return bool(common and own) and not of_objects(own, rest).perhaps

    def many(self, name: Object, old: Manifest, new: Manifest) -> bool:
        """Whether enough others, in an environment of the new one, have to do with an object."""
        others = {
            one.agent for one in self._holders.get(name, ()) if not set(one.environments).isdisjoint(new.environments)
        }
        return len(others - {old.agent, new.agent}) >= _MANY


def _wider(name: Object, old: list[Leaf], new: list[Leaf]) -> bool:
    """Whether the new leaves surely grant more on an object than the old ones."""
    here = [leaf._replace(box=tuple(filter(_limits, leaf.box))) for leaf in new if leaf[:2] == name]
    return bool(subtract(here, old, named=True).sure)


def _limits(bound: tuple[str, object]) -> bool:
    return not isinstance(bound[1], str) or not (says_everything(bound[1]) or says_nothing(bound[1]))


def _leaves(manifest: Manifest) -> list[Leaf]:
    return [leaf for one in manifest.resources for leaf in one.leaves]
