"""The computed blast radius of a resource (DESIGN.md, section 3): how much a mistake can break, from what is declared."""

from functools import cache

from linter.actions import action, class_of
from linter.manifest.model import Resource

LEVELS = ("none", "low", "medium", "high", "critical")
_GRAVITY = {"read": 0, "create": 1, "execute": 1, "update": 2, "delete": 3, "admin": 4, None: 2}
"""By class; None is a native action without one."""
_DOES: dict[str | None, str] = {"admin": "administer"}
"""A class as a verb, where it is none."""
_GRAVER_IN_PRODUCTION = frozenset({"update", "delete", "admin"})


def computed(resource: Resource, *, production: bool) -> int:
    """The level, 0 to 4. The gravest action counts, a pattern as the gravest that it may cover."""
    if not resource.writes:
        return 0
    return _gravest(resource.kinds, bool(_wide(resource)), production)


def explained(resource: Resource, *, production: bool) -> tuple[int, str]:
    """The level, and how it comes about, in words."""
    from linter.natives import kinds_of_leaf, sounds_like_reading  # no clean manifest needs it

    wide = _wide(resource)
    best, how = 0, "it only reads"
    # Of equally grave ones the first is told, but `read_file` only where nothing else is.
    for leaf in sorted(resource.leaves, key=lambda leaf: sounds_like_reading(leaf.action)):
        for kind in sorted(kinds_of_leaf(leaf), key=lambda kind: (kind is None, kind or "")):
            level = _level(kind, bool(wide), production)
            if level > best:
                best = level
                said = next((word for word in resource.actions or () if action(word) == leaf.action), leaf.action)
                if leaf.action == "execute" and kind == "delete":
                    said = f"to execute {leaf.object[-1]}"
                surely = "" if kind == class_of(leaf.action) else f" may {_DOES.get(kind, kind)}, which"
                surely = surely if kind else ", which permlint does not know,"
                live = " + one for production" if production and kind in _GRAVER_IN_PRODUCTION else ""
                how = f"{said}{surely} is {LEVELS[_GRAVITY[kind]]}{wide}{live}"
    return best, how


@cache  # of some hundred questions at most
def _gravest(kinds: frozenset[str | None], wide: bool, production: bool) -> int:
    return max([_level(kind, wide, production) for kind in kinds])


def _level(kind: str | None, wide: bool, production: bool) -> int:
    if kind == "read":
        return 0
    return min(_GRAVITY[kind] + wide + (production and kind in _GRAVER_IN_PRODUCTION), 4)


def _wide(resource: Resource) -> str:
    """Why it reaches further than one object, in words; empty where it does not."""
    if resource.wildcard:
        return " + one for the wildcard"
    if not resource.object and resource.scope.kind in ("absent", "unbounded", "empty"):
        return " + one for the whole system without a scope"
    return ""
