"""From the log's entries to versions: one walk, newest first, that follows each manifest through renames and merges.

At a commit the walk knows which paths are still looked for, and by which newer versions. A comparison that names such a path
makes a version; the look-out then goes on where the comparison says it came from. In a merge it goes to the first parent
that has the same there; a version comes of it only where none has: what `git log` does for one file, for all at once. But
where a file is gone and that parent never had it, no commit there took it away: the merge did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from linter.history.log import Change, Entry
from linter.history.pairing import Pairing, Source

UNKNOWN = "?"
"""What a watch expects where only the log can tell whether there is anything."""


class Node:
    """A version in the making."""

    __slots__ = ("before", "blob", "entry", "mode", "path", "place", "vain")

    def __init__(self, place: int, entry: Entry | None, path: str, blob: str | None, mode: str) -> None:
        self.place = place
        """The entry's place in the log: the greater, the older."""
        self.entry = entry
        self.path = path
        self.blob = blob
        self.mode = mode
        self.before: list[Node] = []
        self.vain = False
        """Whether the look-out for what it comes from ended without telling: the file went elsewhere, or the log ends."""


class Watch:
    """A look-out for what is at a path: the blob that is expected there (None: nothing is), and who wants to know."""

    __slots__ = ("blob", "mode", "waiting")

    def __init__(self, blob: str | None, mode: str, waiting: list[Node]) -> None:
        self.blob = blob
        self.mode = mode
        self.waiting = waiting


class _State:
    """What is looked for at one commit."""

    __slots__ = ("but", "rest", "watches")

    def __init__(self) -> None:
        self.watches: dict[str, Watch] = {}
        self.rest = False
        """Whether all other paths are looked at here too: a manifest that goes away here is a deleted one."""
        self.but: set[str] = set()
        """Of the rest, those that are looked for on other branches instead."""

    def add(self, path: str, watch: Watch) -> None:
        known = self.watches.get(path)
        if known is None:
            self.watches[path] = watch
        elif known.blob is None and watch.blob is not None:
            # Who waits for an earlier file of this name waits in vain: that file has gone on elsewhere.
            self.watches[path] = watch
            _in_vain(known)
        elif watch.blob is not None or known.blob is None:
            known.waiting += watch.waiting
        else:
            _in_vain(watch)


class _Merged(NamedTuple):
    """A merge in which a file is gone that one of its parents has, and another has not."""

    merge: Node
    """What the merge made, if nothing on the other's side took the file away."""
    side: Node
    """Waits for what did."""
    waiting: list[Node]
    """Who wants to know which of the two it was."""


class Walk:
    """One walk through the log."""

    def __init__(self, pairing: Pairing, candidate: Callable[[str], bool]) -> None:
        self._pairing = pairing
        self._candidate = candidate
        self._states: dict[str, _State] = {}
        self._merged: list[_Merged] = []
        self._alive: set[str] = set()
        """Manifests that nobody asked for, seen alive before (after, in time) they were seen to go."""
        self.followed: set[str] = set()
        """Every path at which something was looked for."""
        self.deleted: dict[str, Node] = {}
        """path -> a node that stands for a manifest which was there and is gone at the end."""

    def run(self, entries: list[Entry], tips: Iterable[tuple[Node, Watch]]) -> None:
        """Walk, and fill in what each tip's watch waits for.

        Args:
            entries: newest first; the first is where the tips are.
            tips: for each path asked for, a node that stands for it, and its watch.
        """
        state = _State()
        state.rest = True
        for node, watch in tips:
            state.watches[node.path] = watch
            self.followed.add(node.path)
        self._states[entries[0].id if entries else ""] = state
        for place, entry in enumerate(entries):
            here = self._states.pop(entry.id, None)
            if here is not None:
                self._step(place, entry, here)
        for left in self._states.values():
            for path, watch in left.watches.items():
                if watch.blob is not None and watch.blob != UNKNOWN:
                    older = Node(len(entries), None, path, watch.blob, watch.mode)
                    for waiting in watch.waiting:
                        waiting.before.append(older)
                else:
                    _in_vain(watch)
        for one in reversed(self._merged):
            found = one.side.before or ([] if one.side.vain else [one.merge])
            for waiting in one.waiting:
                waiting.before += found
                waiting.vain |= one.side.vain

    def _step(self, place: int, entry: Entry, here: _State) -> None:
        # A path is in a comparison once: as what is there, or as what is gone.
        changes = [
            {path: one for one in diff for path in (one.old, one.new) if path is not None} for diff in entry.diffs
        ]
        if here.rest:
            self._find_deleted(changes, here)
        touched = here.watches.keys() & set().union(*changes)
        watches = {path: here.watches.pop(path) for path in sorted(touched)}
        # Nothing comes before a root commit: the state of nobody.
        parents = [self._states.setdefault(parent, _State()) for parent in entry.parents] or [_State()]
        # What no comparison names is the same in all parents: the first has it.
        first = parents[0]
        first.rest |= here.rest
        first.but |= here.but
        if first.watches:
            for path, watch in here.watches.items():
                first.add(path, watch)
        else:
            first.watches = here.watches
        sources = [self._pairing.sources(diff, watches) for diff in entry.diffs]
        self.followed |= watches.keys() | {old.path for source in sources for some in source.values() for old in some}
        moved = _moved(sources, changes)
        for path, watch in watches.items():
            same = [not _differs(change.get(path)) for change in changes]
            if any(same):
                merge = Node(place, entry, path, None, "")
                kept = watch if path in moved else self._or_merge(merge, watch, changes, parents)
                parents[same.index(True)].add(path, kept)
                continue
            here_now = [change[path] for change in changes]
            if here_now[0].new == path:
                node = Node(place, entry, path, here_now[0].new_blob, here_now[0].new_mode)
            elif path in moved:
                self.deleted.pop(path, None)  # and a newer version waits for it under its new name
                _in_vain(watch)
                continue
            else:
                node = Node(place, entry, path, None, "")
            for waiting in watch.waiting:
                waiting.before.append(node)
            _look_on(node, here_now, sources, parents)
        if len(parents) > 1:
            first.but |= watches.keys() - first.watches.keys()

    def _or_merge(self, merge: Node, watch: Watch, changes: list[dict[str, Change]], parents: list[_State]) -> Watch:
        """The look-out in the parent that equals a merge; where the file is gone there, and another parent has it, one that
        tells whether the merge took it away.
        """
        here = [change.get(merge.path) for change in changes]
        had = next(filter(_differs, here), None)
        if had is None or had.new == merge.path:
            return watch
        side = Node(merge.place, merge.entry, merge.path, None, "")
        self._merged.append(_Merged(merge, side, watch.waiting))
        _look_on(merge, here, [{}] * len(here), parents)
        return Watch(None, "", [side])

    def _find_deleted(self, changes: list[dict[str, Change]], here: _State) -> None:
        """Look out for manifests that this commit takes away, and that nobody looks for."""
        for change in changes:
            for path, one in sorted(change.items()):
                if path in here.watches or path in here.but or path in self._alive or not self._candidate(path):
                    continue
                if one.new == path or (
                    one.new is not None and self._candidate(one.new) and one.new not in here.watches
                ):
                    self._alive.add(path)
                elif path not in self.deleted:
                    gone = self.deleted[path] = Node(-1, None, path, None, "")
                    here.watches[path] = Watch(None, "", [gone])


def _moved(sources: list[dict[str, list[Source]]], changes: list[dict[str, Change]]) -> set[str]:
    """Where the files were of which a commit made new ones: of a merge, only what no parent has."""
    return {
        old.path
        for source in sources
        for new, some in source.items()
        for old in some
        if all(_differs(change.get(new)) for change in changes)
    }


def _in_vain(watch: Watch) -> None:
    for waiting in watch.waiting:
        waiting.vain = True


def _look_on(
    node: Node, changes: Sequence[Change | None], sources: list[dict[str, list[Source]]], parents: list[_State]
) -> None:
    """Look out, in each parent that differs, for what a version comes from."""
    begins = True
    for change, source, parent in zip(changes, sources, parents, strict=True):
        if change is None:
            continue
        if change.old == node.path:
            parent.add(node.path, Watch(change.old_blob, change.old_mode, [node]))
            begins = False
        elif node.path in source:
            for old in source[node.path]:
                parent.add(old.path, Watch(old.blob, old.mode, [node]))
            begins = False
    if begins:  # unless it was there before, and was deleted
        parents[0].add(node.path, Watch(None, "", [node]))


def _differs(change: Change | None) -> bool:
    """Whether a comparison says that a path's content differs; its executable bit is none of ours."""
    if change is None:
        return False
    return change.old != change.new or change.old_blob != change.new_blob or change.old_mode[:3] != change.new_mode[:3]
