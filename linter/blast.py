"""The computed blast radius of a resource (DESIGN.md, section 3): how much a mistake can break, from what is declared."""

from linter.manifest.model import Resource
from linter.permissions import class_of

LEVELS = ("none", "low", "medium", "high", "critical")
_GRAVITY = {"read": 0, "create": 1, "execute": 1, "update": 2, "delete": 3, "admin": 4, None: 2}
"""By class; None is a native action without one."""
_GRAVER_IN_PRODUCTION = frozenset({"update", "delete", "admin"})


def computed(resource: Resource, *, production: bool) -> tuple[int, str]:
    """The level, 0 to 4, and how it comes about, in words. The gravest action counts."""
    if not resource.writes:
        return 0, "it only reads"
    if resource.object[-1:] == ("*",):
        wide = " + one for the wildcard"
    elif not resource.object and resource.scope.kind in ("absent", "unbounded"):
        wide = " + one for the whole system without a scope"
    else:
        wide = ""
    best, how = 0, "it only reads"
    for leaf in resource.leaves:
        kind = class_of(leaf.action)
        live = production and kind in _GRAVER_IN_PRODUCTION
        level = min(_GRAVITY[kind] + (bool(wide) and kind != "read") + live, 4)
        if level > best:
            best = level
            how = f"{leaf.action} is {LEVELS[_GRAVITY[kind]]}{wide}{' + one for production' if live else ''}"
    return best, how
