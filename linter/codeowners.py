"""CODEOWNERS: who owns a path (GitHub's and GitLab's common form; the last pattern that matches wins)."""

from __future__ import annotations

import os
from collections.abc import Callable

from linter.globs import matcher

_PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
_MAX_BYTES = 3 << 20
"""GitHub ignores a larger one ("About code owners", CODEOWNERS file size)."""


def load(root: str) -> Callable[[str], str | None]:
    """Path relative to the root -> its owners, as written, or None."""
    for place in _PLACES:
        path = os.path.join(root, place)
        if os.path.isfile(path) and os.path.getsize(path) <= _MAX_BYTES:
            with open(path, encoding="utf-8", errors="replace") as file:
                return _lookup(file.read())
    return lambda _: None


def _lookup(text: str) -> Callable[[str], str | None]:
    rules = []
    for line in text.splitlines():
        pattern, _, owners = line.partition("#")[0].strip().partition(" ")
        if pattern and not pattern.startswith(("[", "^[")):  # GitLab's section headings
            rules.append((matcher([_glob(pattern)], folders=not pattern.endswith("/*")), owners.strip()))
    rules.reverse()
    return lambda path: next((owners or None for matches, owners in rules if matches(path)), None)


def _glob(pattern: str) -> str:
    """A pattern of gitignore's kind as a glob from the root: without a slash inside it matches at any depth."""
    anchored = "/" in pattern.rstrip("/")
    below = pattern.rstrip("/") + "/**" if pattern.endswith("/") else pattern
    return below if anchored else f"**/{below}"
