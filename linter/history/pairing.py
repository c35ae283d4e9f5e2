"""Which old file a new one comes from, within one comparison: by the agent that they name; of an agent that is gone, by what it
was permitted; where neither can be read, by git's similarity.

Manifests resemble one another, since they begin as copies of one template. So similarity alone would join two agents, whose
permissions would then hide one another's, and part a file that was moved and rewritten in one commit from its past.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable
from typing import NamedTuple

from linter.commons import Commons
from linter.history.contents import Contents
from linter.history.log import FILES, Change
from linter.likeness import made_of
from linter.manifest.model import Manifest
from linter.permissions import Leaf


class Source(NamedTuple):
    """A file in the parent."""

    path: str
    blob: str
    mode: str


class Pairing:
    """Pairs the new files of a comparison with the old ones."""

    def __init__(self, contents: Contents, candidate: Callable[[str], bool], *, judged: bool) -> None:
        self._contents = contents
        self._commons = Commons(lambda: contents.taken)
        self._candidate = candidate
        """Whether a path is a manifest's, by the configured globs."""
        self._judged = judged
        """Whether one change is judged, by all globs that matter to it: a file that they do not match was never agreed to."""

    def sources(self, diff: list[Change], wanted: Container[str]) -> dict[str, list[Source]]:
        """New path -> what it comes from, for the paths that are wanted and new there; without those that come from nothing.
        Several agents that are gone may have become one.
        """
        fresh = {one.new: one for one in diff if one.new is not None and one.old != one.new and one.new in wanted}
        if not fresh:
            return {}
        similar = {
            new: source for new, one in fresh.items() if (source := _source(one)) and self._may_be(source.path, new)
        }
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
            return {new: [source] for new, source in similar.items()}
        self._contents.load([one.blob for one in gone + kept])
        self._contents.load([one.new_blob for one in fresh.values() if one.new_mode in FILES])
        found: dict[str, Source] = {}
        for test, olds in ((_same, gone), (_same_agent, gone), (_same_agent, kept)):
            for new, one in fresh.items():
                matching = [
                    old
                    for old in olds
                    if new not in found and self._may_be(old.path, new) and self._holds(test, old.blob, one)
                ]
                if matching:
                    found[new] = similar[new] if similar.get(new) in matching else min(matching)
        rest = {new: one for new, one in fresh.items() if new not in found}
        renamed = self._renamed(rest, gone, diff, found.values())
        taken = {*found.values(), *[one for some in renamed.values() for one in some]}
        for new, old in similar.items():
            # Two manifests that name different agents are two agreements, however alike; of what cannot be read,
            # similarity is all that is known.
            if (
                new not in found
                and new not in renamed
                and old not in taken
                and not self._holds(_readable, old.blob, fresh[new])
            ):
                found[new] = old
        return renamed | {new: [source] for new, source in found.items()}

    def _renamed(
        self, fresh: dict[str, Change], gone: list[Source], diff: list[Change], taken: Iterable[Source]
    ) -> dict[str, list[Source]]:
        """New path -> the files of agents that are gone, and are this one under another name: they went elsewhere, or became
        other agents'."""
        fresh = {new: one for new, one in fresh.items() if self._agent(one.new_blob, one.new_mode)}
        if not fresh:
            return {}
        changed = [one for one in diff if one.old == one.new and one.old is not None and self._candidate(one.old)]
        self._contents.load([blob for one in changed for blob in _blobs(one)])
        lost = [
            source
            for one in changed
            if (source := _source(one))
            and self._agent(one.old_blob, one.old_mode) != self._agent(one.new_blob, one.new_mode)
        ]
        there = {self._agent(one.new_blob, one.new_mode) for one in [*changed, *fresh.values()]}
        there |= {self._agent(one.blob, one.mode) for one in taken} | {None}
        olds = [one for one in dict.fromkeys([*gone, *lost]) if self._agent(one.blob, one.mode) not in there]
        found: dict[str, list[Source]] = {}
        few = len(olds) * len(fresh) <= _MOST
        by_object: dict[Object, list[Source]] = {}
        for old in () if few else olds:
            for name in self._objects(old.blob):
                by_object.setdefault(name, []).append(old)
        for new, one in fresh.items():
            near = olds
            if not few:
                shared = Counter([old for name in self._objects(one.new_blob) for old in by_object.get(name, ())])
                near = [old for old, _ in shared.most_common(_MOST // len(fresh) + 1)]
            former = self._made_of([old for old in sorted(near) if self._may_be(old.path, new)], one.new_blob)
            if former:
                found[new] = former
        return found

    def _objects(self, blob: str) -> set[Object]:
        content = self._contents[blob]
        return {(one.system, one.object) for one in content.resources} if isinstance(content, Manifest) else set()

    def _agent(self, blob: str, mode: str) -> str | None:
        content = self._contents[blob] if mode in FILES else None
        return content.agent if isinstance(content, Manifest) else None

    def _made_of(self, olds: list[Source], new: str) -> list[Source]:
        """The former agents' files that a new agent's is made of."""
        manifest = self._contents[new]
        if not isinstance(manifest, Manifest):
            return []
        read = {old: content for old in olds if isinstance(content := self._contents[old.blob], Manifest)}
        return made_of(
            [(old, _leaves(one)) for old, one in read.items()],
            _leaves(manifest),
            but=lambda old: self._commons.siblings(read[old], manifest),
        )

    def _may_be(self, old: str, new: str) -> bool:
        """Whether a manifest may come from there: not from a draft that no run collects, where no widening of it was seen."""
        return not self._judged or self._candidate(old) or not self._candidate(new)

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


_MOST = 1 << 14
"""Pairs of manifests that are compared within one commit: 128 agents renamed at once. Of more, those that share most objects."""

Object = tuple[str, tuple[str, ...]]


def _blobs(change: Change) -> list[str]:
    """The files of a comparison, without links and submodules."""
    sides = ((change.old_blob, change.old_mode), (change.new_blob, change.new_mode))
    return [blob for blob, mode in sides if mode in FILES]


def _leaves(manifest: Manifest) -> list[Leaf]:
    return [leaf for one in manifest.resources for leaf in one.leaves]


def _same(old: Manifest, new: Manifest) -> bool:
    return old.agent == new.agent and set(old.environments) == set(new.environments)


def _same_agent(old: Manifest, new: Manifest) -> bool:
    return old.agent == new.agent


def _readable(_old: Manifest, _new: Manifest) -> bool:
    return True
