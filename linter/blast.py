"""The computed blast radius of a resource (DESIGN.md, section 3): how much a mistake can break, from what is declared."""

from __future__ import annotations

from collections.abc import Iterator

from linter.manifest.model import Resource
from linter.permissions import class_of

LEVELS = ("none", "low", "medium", "high", "critical")
_GRAVITY = {"read": 0, "create": 1, "execute": 1, "update": 2, "delete": 3, "admin": 4}
_GRAVER_IN_PRODUCTION = frozenset({"update", "delete", "admin"})


def computed(resource: Resource, *, production: bool) -> tuple[int, str]:
    """The level, 0 to 4, and how it comes about, in words."""
    best = (0, "it only reads")
    for leaf in resource.leaves:
        kind = class_of(leaf.action)
        level = 2 if kind is None else _GRAVITY[kind]
        steps = list(_steps(resource, leaf.action, kind, production=production))
        reached = min(level + len(steps), 4)
        if reached > best[0]:
            best = (reached, " + ".join([f"{leaf.action} is {LEVELS[level]}", *steps]))
    return best


def _steps(resource: Resource, action: str, kind: str | None, *, production: bool) -> Iterator[str]:
    """What raises an action's level by one each."""
    if kind != "read":
        if resource.object[-1:] == ("*",):
            yield "one for the wildcard"
        elif not resource.object and resource.scope.kind in ("absent", "unbounded"):
            yield "one for the whole system without a scope"
    if production and kind in _GRAVER_IN_PRODUCTION:
        yield "one for production"
