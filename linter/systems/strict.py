"""JSON in which each key of an object stands once: of two values, Python's own reader silently takes the last (RFC 8259, section 4)."""

import json
from typing import Any


class Twice(ValueError):
    """A key stands twice in one object: a clause."""

    def __init__(self, key: str) -> None:
        super().__init__(f"has the key `{key[:60]}` twice in one object: nobody knows which of them counts")


def loads(text: str | bytes) -> Any:
    """The value of a JSON text.

    Raises:
        Twice: an object in it has a key twice.
        ValueError: it is no JSON.
        RecursionError: it is nested too deeply.
    """
    return json.loads(text, object_pairs_hook=unique)


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these members; a hook of `json.load`.

    Raises:
        Twice: two of them have one key.
    """
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        raise Twice(next(key for key in keys if keys.count(key) > 1))
    return found
