"""Credentials in memory: a type that shows nothing of itself, and a filter that keeps every one of them out of output."""

import json
import re
from base64 import b64encode
from functools import cache
from urllib.parse import quote, quote_plus

HIDDEN = "[secret]"
_SHORTEST = 8
"""A shorter text is no credential, and hiding it would blot out ordinary words."""
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_known: set[str] = set()
"""Every credential of this process: what output must not have, wherever it comes from."""


class BadSecret(Exception):
    """What a variable holds is no credential: a clause, without any of it."""


class Secret:
    """One credential. Nothing but `reveal` gives it back."""

    __slots__ = ("_value",)

    def __init__(self, given: str) -> None:
        """Take a credential as a variable holds it; blanks and line ends around it are not part of it.

        Raises:
            BadSecret: empty, too short, or with a character that no header may have.
        """
        value = given.strip()
        if not value:
            raise BadSecret("is empty")
        _remember(value)
        if not _PRINTABLE.fullmatch(value):
            raise BadSecret("holds no credential: it has a blank, a line end or a character that is not ASCII")
        if len(value) < _SHORTEST:
            raise BadSecret(f"holds no credential: it is shorter than {_SHORTEST} characters")
        self._value = value

    def reveal(self) -> str:
        """The credential, for the one header or form field that it belongs into."""
        return self._value

    def __repr__(self) -> str:
        return HIDDEN

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)


def _remember(value: str) -> None:
    # Where it is malformed, each of its words may be the credential.
    _known.update(word for word in {value, *value.split()} if len(word) >= _SHORTEST)
    _filter.cache_clear()


def hide(text: str) -> str:
    """A text without any known credential, its base64 or its URL-encoding."""
    return _filter().sub(HIDDEN, text) if _known else text


@cache
def _filter() -> re.Pattern[str]:
    spellings = {spelling for value in _known for spelling in _spellings(value)}
    return re.compile("|".join(re.escape(one) for one in sorted(spellings, key=lambda one: (-len(one), one))))


def _spellings(value: str) -> set[str]:
    found = {value, quote(value, safe=""), quote(value), quote_plus(value), json.dumps(value)[1:-1]}
    found.add(value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    found |= {one.lower() for one in found if "%" in one}
    raw = value.encode()
    # Within a longer text (USER:TOKEN) base64 of the same bytes has three forms; the ends depend on the neighbours.
    for shift in range(3):
        form = b64encode(b"\0" * shift + raw).decode().rstrip("=")
        start = -(-shift * 8 // 6)
        stop = (shift + len(raw)) * 8 // 6
        found |= {form[start:stop], form[start:stop].replace("+", "-").replace("/", "_")}
    return found
