"""Which old file a new one comes from, within one comparison: by the agent that they name; where that cannot be read, by git's
similarity.

Manifests resemble one another, since they begin as copies of one template. So similarity alone would join two agents, whose
permissions would then hide one another's, and part a file that was moved and rewritten in one commit from its past.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import NamedTuple

from linter.history.contents import Contents
from linter.history.log import FILES, Change
from linter.manifest.model import Manifest


class Source(NamedTuple):
    """A file in the parent."""

    path: str
    blob: str
    mode: str


class Pairing:
    """Pairs the new files of a comparison with the old ones."""

    def __init__(self, contents: Contents, candidate: Callable[[str], bool]) -> None:
        self._contents = contents
        self._candidate = candidate
        """Whether a path is a manifest's, by the configured globs."""

    def sources(self, diff: list[Change], wanted: Container[str]) -> dict[str, Source]:
        """New path -> what it comes from, for the paths that are wanted and new there; without those that come from nothing."""
        fresh = {one.new: one for one in diff if one.new is not None and one.old != one.new and one.new in wanted}
        if not fresh:
            return {}
        similar = {new: source for new, one in fresh.items() if (source := _source(one))}
        olds = [
            source
            for one in diff
            if (source := _source(one)) and (source in similar.values() or self._is_likely(source.path))
        ]
        there = {one.new for one in diff}
        gone = [one for one in olds if one.path not in there]
        kept = [one for one in olds if one.path in there and (one.path in wanted or self._candidate(one.path))]
        moved = all(new in similar and similar[new].blob == one.new_blob for new, one in fresh.items())
        if moved or not (gone or kept):
            return similar
        self._contents.load([one.blob for one in gone + kept])
        self._contents.load([one.new_blob for one in fresh.values() if one.new_mode in FILES])
        found: dict[str, Source] = {}
        for test, olds in ((_same, gone), (_same_agent, gone), (_same_agent, kept)):
            for new, one in fresh.items():
                matching = [old for old in olds if new not in found and self._holds(test, old.blob, one)]
                if matching:
                    found[new] = similar[new] if similar.get(new) in matching else min(matching)
        taken = set(found.values())
        for new, old in similar.items():
            # Two manifests that name different agents are two agreements, however alike; of what cannot be read,
            # similarity is all that is known.
            if new not in found and old not in taken and not self._holds(_readable, old.blob, fresh[new]):
                found[new] = old
        return found

    def _is_likely(self, path: str) -> bool:
        """Whether it is worth reading: a commit may take away thousands of files."""
        return path.endswith((".yaml", ".yml")) or self._candidate(path)

    def _holds(self, test: Callable[[Manifest, Manifest], bool], blob: str, change: Change) -> bool:
        if change.new_mode not in FILES:
            return False
        old, new = self._contents[blob], self._contents[change.new_blob]
        return isinstance(old, Manifest) and isinstance(new, Manifest) and test(old, new)


def _source(change: Change) -> Source | None:
    if change.old is None or change.old_mode not in FILES:
        return None
    return Source(change.old, change.old_blob, change.old_mode)


def _same(old: Manifest, new: Manifest) -> bool:
    return old.agent == new.agent and set(old.environments) == set(new.environments)


def _same_agent(old: Manifest, new: Manifest) -> bool:
    return old.agent == new.agent


def _readable(_old: Manifest, _new: Manifest) -> bool:
    return True
