"""Whether what is not surely covered was added, or only put in other words: texts alone can be reworded.

An action is a name that somebody agreed to: one that nothing before surely covers was added, whatever it does. A text was
reworded only where another one went for it; beside the one that stays, it was added.
"""

from typing import NamedTuple

from linter.boxes import Box
from linter.permissions import Difference, Leaf, normal, subtract


class Split(NamedTuple):
    """What a version has and the one before does not surely have."""

    added: tuple[Leaf, ...]
    reworded: tuple[Leaf, ...]
    """What the texts that went may have meant as well: nobody can compare them."""


def split(more: tuple[Leaf, ...], texts: list[Leaf]) -> Split:
    """What was added, and what was put in other words.

    Args:
        more: what is not surely covered by what was before.
        texts: what was bounded by texts that went.
    """
    if not texts or not more:
        return Split(more, ())
    # A structure may say what free prose said: its dimensions are then the prose's own.
    freed = [leaf._replace(box=_without_prose(leaf.box)) for leaf in texts]
    structured = [leaf for leaf in more if _may_be_prose(leaf.box)]
    others = [leaf for leaf in more if not _may_be_prose(leaf.box)]
    added = subtract(others, texts, named=True).sure
    if structured:
        added = normal([*added, *subtract(structured, [*texts, *freed], named=True).sure])
    return Split(added, subtract(more, added, named=True).possible if added else more)


def gone(before: list[tuple[Leaf, ...]], lost: list[Difference]) -> list[Leaf]:
    """What was bounded by a text and does not stand whole any more.

    Args:
        before: the versions that came before.
        lost: of each, what is left without what stands.
    """
    left = {_worded(leaf) for one in lost for leaf in one.possible if has_text(leaf)}
    return [leaf for one in before for leaf in one if _worded(leaf) in left] if left else []


def _worded(leaf: Leaf) -> tuple[object, ...]:
    return (*leaf[:3], *[bound for bound in leaf.box if isinstance(bound[1], str)])


def unlike(removed: tuple[Leaf, ...], reworded: tuple[Leaf, ...]) -> tuple[Leaf, ...]:
    """What was removed, without the free prose that structured bounds took the place of: whether that is less, nobody knows."""
    freed = [leaf._replace(box=()) for leaf in reworded if _may_be_prose(leaf.box)]
    prose = [leaf for leaf in removed if "prose" in dict(leaf.box)]
    if not freed or not prose:
        return removed
    others = [leaf for leaf in removed if "prose" not in dict(leaf.box)]
    return normal([*others, *subtract(prose, freed, named=True).possible])


def has_text(leaf: Leaf) -> bool:
    """Whether a text bounds it."""
    return any(isinstance(value, str) for _, value in leaf.box)


def _without_prose(box: Box) -> Box:
    return tuple([(name, value) for name, value in box if name != "prose"])


def _may_be_prose(box: Box) -> bool:
    """Whether a structure is as narrow as a sentence may be: it has rows, or a list of names, none of them a bare wildcard."""
    bounds = dict(box)
    return "prose" not in bounds and any(
        isinstance(value, str) or not (value.excluded or any(not one.strip("*/.") for one in value.names))
        for value in bounds.values()
    )
