"""Scopes that are again in the words that they had: what was put in other words meanwhile, and taken back, nobody widened.

Only where that alone changed. An entry that was away, had another access, or kept its words while a structure beside them changed
was narrowed, and is wider again; so is what goes back behind something that was signed.
"""

from collections.abc import Container, Sequence

from linter.creep.reading import understood
from linter.creep.rewording import has_text
from linter.history.model import Version
from linter.manifest.model import Manifest, Resource
from linter.permissions import Leaf


def returned(now: Manifest, versions: Sequence[Version], signed: Container[Version]) -> list[tuple[Leaf, int]]:
    """What stands in words, and the place of the version that had it first, whatever was there in between.

    Args:
        now: what stands.
        versions: that led to it, oldest first.
        signed: those of them that somebody signed.
    """
    found = []
    worded = [any(map(has_text, one.leaves)) for one in now.resources]
    if any(worded):
        # Words that limit nothing are none: what they took back was surely narrower.
        worded = [any(map(has_text, one.leaves)) for one in understood(now, []).resources]
    for one in [one for one, has_words in zip(now.resources, worded, strict=True) if has_words]:
        place = _begin(one, versions, signed)
        if place is not None:
            found += [(leaf, place) for leaf in one.leaves]
    return found


def _begin(entry: Resource, versions: Sequence[Version], signed: Container[Version]) -> int | None:
    """The place of the first version that had the entry as it is, if it was in other words since; None if it was not."""
    first, reworded, since = None, False, False
    for place in range(len(versions) - 1, -1, -1):
        version = versions[place]
        if version.manifest is None:
            if version.blob is None:
                break  # deleted
            continue
        named = [one for one in version.manifest.resources if one.name == entry.name]
        if len(named) != 1:
            break
        (one,) = named
        if one.leaves == entry.leaves and one.environments == entry.environments:
            first, since = place, reworded
        elif version in signed or not _reworded(one, entry):
            break
        else:
            reworded = True
    return first if since else None


def _reworded(one: Resource, entry: Resource) -> bool:
    """Whether two entries differ in their scopes alone, and share no words there."""
    same = (one.access, one.actions, one.environments) == (entry.access, entry.actions, entry.environments)
    return same and _texts(one).isdisjoint(_texts(entry))


def _texts(entry: Resource) -> set[str]:
    return {value for leaf in entry.leaves for _, value in leaf.box if isinstance(value, str)}
