"""A provider's scopes: a dated data file, read once. What is not in it is unknown, and unknown is never dropped."""

import os
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

from linter.actions import CLASSES
from linter.manifest.reader import read
from linter.manifest.text import decode

Atom = tuple[str, str]
"""(area, class)."""
EVERY = "*"
"""The area of what no other name is for; a scope that has it has every area."""
_FULL = "full"
"""Stands for every class."""


class Scope(NamedTuple):
    """One scope."""

    atoms: frozenset[Atom]
    beyond: str = ""
    """The scope dimension that it cannot be held to: whoever declares a bound there did not declare this."""
    instead: str = ""
    """A narrower grant of the provider's that is no scope, a clause."""


class Vocabulary(NamedTuple):
    """All scopes of one provider."""

    scopes: Mapping[str, Scope]
    areas: frozenset[str]
    dated: str
    """The day on which the sources were read."""
    sources: tuple[str, ...]


@cache
def load(kind: str) -> Vocabulary:
    """The vocabulary that ships for a provider: `KIND.yaml` beside this module."""
    path = os.path.join(os.path.dirname(__file__), f"{kind}.yaml")
    with open(path, "rb") as file:
        data = read(decode(file.read())).data
    beyond, instead = data.get("beyond") or {}, data.get("instead") or {}
    areas = frozenset({EVERY, *(area for atoms in data["scopes"].values() for area in atoms)})
    scopes = {
        name: Scope(_atoms(atoms, areas), beyond.get(name, ""), instead.get(name, ""))
        for name, atoms in data["scopes"].items()
    }
    return Vocabulary(scopes, areas, str(data["read"]), tuple(data["sources"]))


def confers(kind: str, scopes: Iterable[str], wanted: str) -> bool:
    """Whether some scopes of a provider confer all that another one does. What no vocabulary that ships knows confers nothing."""
    if f"{kind}.yaml" not in os.listdir(os.path.dirname(__file__)):
        return False
    known = load(kind).scopes
    held = frozenset[Atom]().union(*(known[one].atoms for one in scopes if one in known))
    return wanted in known and known[wanted].atoms <= held


def of_settings(given: Mapping[str, str]) -> Vocabulary:
    """The vocabulary that a binding's `scopes` table says: scope -> classes."""
    scopes = {name: Scope(_atoms({EVERY: words}, frozenset({EVERY}))) for name, words in given.items()}
    return Vocabulary(scopes, frozenset({EVERY}), "", ())


def _atoms(given: Mapping[str, Any], areas: Iterable[str]) -> frozenset[Atom]:
    found = set()
    for area, words in given.items():
        classes = CLASSES if words == _FULL else str(words).split()
        found |= {(one, kind) for one in (areas if area == EVERY else (area,)) for kind in classes}
    return frozenset(found)


def level(atoms: Iterable[Atom]) -> str:
    """How grave these are, in the words of a finding: read, write, delete or admin."""
    classes = {kind for _, kind in atoms}
    if "admin" in classes:
        return "admin"
    if "delete" in classes:
        return "delete"
    return "write" if classes & {"create", "update", "execute"} else "read"
