"""What is known of a request before it is made: the condition keys of its context.

A key has values, or is known to be absent, or nothing is known of it: then a condition on it cannot be decided.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

ABSENT: tuple[str, ...] = ()
"""The values of a key that the request does not carry."""
_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_LITERAL = {"*": "*", "?": "?", "$": "$"}
"""Variables that are a character (IAM User Guide, "Policy variables")."""
STAR = "\ue000"
_STAND_INS = {"*": STAR, "?": "\ue001"}
"""Private characters for `*` and `?` that stand for themselves: a pattern's syntax has no other way to say it."""


class Facts(NamedTuple):
    """The context's known keys; keys are case-insensitive and kept in lower case."""

    known: Mapping[str, tuple[str, ...]]
    complete: bool = False
    """Whether a key that is not listed is absent, rather than unknown."""
    absent: str = ""
    """The beginning of keys of which those that are not listed are absent, in lower case; empty for none."""
    other: Mapping[str, tuple[str, ...]] = {}
    """The values that a key, in lower case, has instead if the principal so wants."""
    now: float | None = None
    """Seconds since 1970: the agent can ask now, and at any later moment. None where time is a key like others."""

    def values(self, key: str) -> tuple[str, ...] | None:
        """A key's values; `ABSENT`; or None where nothing is known of it."""
        found = self.known.get(key.lower())
        gone = self.complete or bool(self.absent and key.lower().startswith(self.absent))
        return ABSENT if found is None and gone else found


def facts(given: Mapping[str, tuple[str, ...]], *, complete: bool = False) -> Facts:
    """Facts of these keys, in any case."""
    return Facts({key.lower(): values for key, values in given.items()}, complete)


def filled(text: str, known: Facts) -> str | bool | None:
    """A text with its policy variables replaced, their own `*` and `?` taken literally.

    Returns:
        The text; False where a variable has no value (the element then matches nothing); None where one is unknown.
    """
    if "${" not in text:
        return text
    unknown = absent = False

    def value(match: re.Match[str]) -> str:
        nonlocal unknown, absent
        name, comma, default = match[1].partition(",")
        name = name.strip()
        if name in _LITERAL:
            return _STAND_INS.get(name, name)
        found = known.values(name)
        if found is None:
            unknown = True
            return "*"
        if len(found) != 1:
            default = default.strip()
            if not found and comma and default[:1] == default[-1:] == "'" and len(default) > 1:
                return _literal(default[1:-1])
            absent = True
            return ""
        return _literal(found[0])

    result = _VARIABLE.sub(value, text)
    return False if absent else None if unknown else result


def widened(text: str, known: Facts) -> str:
    """The same with `*` for each variable that is unknown: all that the text may mean."""
    if filled(text, known) is not None:
        return text
    return _VARIABLE.sub(lambda match: match[0] if filled(match[0], known) is not None else "*", text)


def _literal(text: str) -> str:
    for character, stand_in in _STAND_INS.items():
        text = text.replace(character, stand_in)
    return text


def plain(text: str) -> str:
    """A pattern as a policy would write it."""
    for character, stand_in in _STAND_INS.items():
        text = text.replace(stand_in, "${" + character + "}")
    return text


def stand_ins(text: str) -> str:
    """A text of the request, its `*` and `?` those that a pattern's stand-ins match."""
    return _literal(text)
