"""Regular expressions compiled when first used: a clean manifest needs few of ours, and each costs 0.2 to 3 ms to compile."""

import re
from collections.abc import Iterator


class Pattern:
    """A regular expression with the methods of `re.Pattern` that we use.

    The first use compiles it and puts the compiled pattern's own methods in place of these.
    """

    def __init__(self, source: str, flags: int = 0) -> None:
        self._source = source
        self._flags = flags

    @property
    def compiled(self) -> re.Pattern[str]:
        """The compiled pattern."""
        pattern = re.compile(self._source, self._flags)
        for name in ("search", "match", "fullmatch", "finditer", "findall", "sub"):
            vars(self)[name] = getattr(pattern, name)
        return pattern

    def search(self, text: str) -> re.Match[str] | None:
        """The first match anywhere."""
        return self.compiled.search(text)

    def match(self, text: str, start: int = 0) -> re.Match[str] | None:
        """A match that begins at `start`."""
        return self.compiled.match(text, start)

    def fullmatch(self, text: str) -> re.Match[str] | None:
        """A match of the whole text."""
        return self.compiled.fullmatch(text)

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """All matches."""
        return self.compiled.finditer(text)

    def findall(self, text: str) -> list[str]:
        """All matches as text: of the one group, where there is one."""
        return self.compiled.findall(text)

    def sub(self, replacement: str, text: str) -> str:
        """The text with every match replaced."""
        return self.compiled.sub(replacement, text)
