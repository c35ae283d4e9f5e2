"""What an entry may do that nobody knows: whether a native action writes is not guessed, and not claimed either."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from linter.actions import action, class_of

if TYPE_CHECKING:
    from linter.manifest.model import Resource


class Doubt(NamedTuple):
    """Whether an entry that counts as writing surely writes."""

    cases: tuple[str, ...] = ()
    """None where it does; "unknown" where it only may, and "sounds-like-reading" where by its names it hardly does."""
    actions: str = ""
    """The actions that nobody knows, in words: those that sound like reading only where there are no others."""


SURE = Doubt()
_PERHAPS = frozenset({"read", None})
_MOST_NAMED = 3


def doubt(resource: Resource) -> Doubt:
    """What is in doubt about an entry."""
    if not resource.kinds <= _PERHAPS or None not in resource.kinds:
        return SURE
    from linter.natives import sounds_like_reading  # few manifests need it

    unknown = [word for word in resource.actions or () if class_of(action(word)) is None]
    doing = [word for word in unknown if not sounds_like_reading(word)]
    told = doing or unknown
    named = [f"`{word}`" for word in told[:_MOST_NAMED]]
    more = [f"{len(told) - _MOST_NAMED} more"] if len(told) > _MOST_NAMED else []
    *first, last = [*named, *more]
    reads = () if doing else ("sounds-like-reading",)
    return Doubt(("unknown", *reads), f"{', '.join(first)} and {last}" if first else last)
