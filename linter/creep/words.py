"""Leaves in words that a person reads: "postgres.tickets: read, update on columns priority"."""

from collections.abc import Iterable
from functools import lru_cache

from linter.actions import CLASSES
from linter.boxes import Box, Value
from linter.permissions import Leaf


def in_words(leaves: Iterable[Leaf]) -> list[str]:
    """The leaves, those of one object and one box together, sorted."""
    groups: dict[tuple[str, str], list[str]] = {}
    for system, path, action, box in leaves:
        groups.setdefault(_named(system, path, box), []).append(action)
    return [_phrase(name, bounds, tuple(groups[name, bounds])) for name, bounds in sorted(groups)]


@lru_cache(maxsize=4096)  # every version of an agreement has nearly the same ones
def _phrase(name: str, bounds: str, actions: tuple[str, ...]) -> str:
    return f"{name}: {', '.join(sorted(actions, key=_rank))}{' on ' if bounds else ''}{bounds}"


@lru_cache(maxsize=4096)
def _named(system: str, path: tuple[str, ...], box: Box) -> tuple[str, str]:
    return ".".join((system, *path)), "; ".join([_bound(name, value) for name, value in box])


def name_of(leaf: Leaf) -> str:
    """The leaf's object as a manifest names it."""
    return ".".join((leaf.system, *leaf.object))


def _bound(name: str, value: Value) -> str:
    noun = name.replace("_", " ")
    if isinstance(value, str):
        return f'rows where "{value}"' if name == "rows" else f'"{value}"' if name == "prose" else f'{noun} "{value}"'
    names = ", ".join(sorted(value.names))
    return f"all {noun} but {names}" if value.excluded else f"{noun} {names}"


def _rank(action: str) -> tuple[int, str]:
    """Classes in their own order, natives after them."""
    return (CLASSES.index(action) if action in CLASSES else len(CLASSES), action)
