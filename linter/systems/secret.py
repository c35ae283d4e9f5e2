"""Credentials in memory: a type that shows nothing of itself, and a filter that keeps every one of them out of output."""

import json
import re
from base64 import b64encode
from functools import cache

HIDDEN = "[secret]"
_SHORTEST = 8
"""A shorter text is no credential, and hiding it would blot out ordinary words."""
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_LAYERS = 3
"""How often a text may be percent-encoded: a proxy's error quotes a URL in a URL."""
_ENCODED = re.compile("%[0-9a-f]{2}")
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
    """A text without any known credential, in any case, percent-encoded in any part, in hexadecimal, base64 or escapes."""
    if not _known:
        return text
    pattern, spellings = _filter()
    plain = text.lower()
    # Most texts have none: to look for fixed texts takes a twentieth of what the pattern takes.
    if any(one in plain for one in spellings) or _ENCODED.search(plain):
        return pattern.sub(HIDDEN, text)
    return text


@cache
def _filter() -> tuple[re.Pattern[str], frozenset[str]]:
    """What all spellings match, and those that are fixed texts, in lower case."""
    fixed = {spelling for value in _known for spelling in _spellings(value)}
    patterns = [re.escape(one) for one in sorted(fixed, key=lambda one: (-len(one), one))]
    patterns += ["".join(map(_percent, value)) for value in sorted(_known)]
    return re.compile("|".join(patterns), re.IGNORECASE | re.ASCII), frozenset(map(str.lower, fixed))


def _percent(character: str) -> str:
    """A character as it is, or encoded (RFC 3986, section 2.1) in either case, once or again."""
    codes = "|".join(sorted({f"{ord(one):02x}" for one in (character.lower(), character.upper())}))
    return f"(?:{re.escape(character)}|%(?:25){{0,{_LAYERS - 1}}}(?:{codes}))"


_ESCAPES = ("{:02x}", "\\x{:02x}", "\\u{:04x}", "&#{};", "&#x{:x};")
"""Of one character: hexadecimal, and the escapes of programming languages, JSON and HTML."""


def _spellings(value: str) -> set[str]:
    quoted = json.dumps(value)[1:-1]
    found = {value, quoted, json.dumps(quoted)[1:-1]}  # a recording is JSON, and may have JSON as a text
    found.add(value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    found |= {"".join(escape.format(ord(one)) for one in value) for escape in _ESCAPES}
    raw = value.encode()
    # Within a longer text (USER:TOKEN) base64 of the same bytes has three forms; the ends depend on the neighbours.
    for shift in range(3):
        form = b64encode(b"\0" * shift + raw).decode().rstrip("=")
        start = -(-shift * 8 // 6)
        stop = (shift + len(raw)) * 8 // 6
        found |= {form[start:stop], form[start:stop].replace("+", "-").replace("/", "_")}
    return found
