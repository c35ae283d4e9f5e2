"""What history is made of: commits, the versions of a manifest and their order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from linter.exits import Exit
from linter.manifest.model import Manifest
from linter.manifest.text import Unreadable


class HistoryError(Exception):
    """Why history cannot be read, in one sentence; `status` is how the run ends (USAGE or UNCHECKED)."""

    def __init__(self, message: str, status: Exit = Exit.USAGE) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class Person(NamedTuple):
    """A name and an address, as anyone can type them: hostile text."""

    name: str
    email: str


class Commit(NamedTuple):
    """One commit. Every text in it is hostile: whoever prints it escapes it."""

    id: str
    """The full object name: 40 hexadecimal digits, or 64 in a SHA-256 repository."""
    author: Person
    """By mailmap."""
    recorded: Person
    """The author as the commit itself has it."""
    committer: Person
    """By mailmap."""
    authored: datetime
    """With the author's zone. Both dates are what the writer's clock said: nothing is ordered by them."""
    committed: datetime
    subject: str
    branch: bool = False
    """Whether it stands for a whole branch that it merged: others wrote what it brought, and it does not say who."""


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """A manifest as one commit left it, or as it is staged. Versions are compared by identity."""

    commit: Commit | None
    """What brought it; None for what is staged, and for what is older than the range that was asked for."""
    path: str
    """Relative to the root, at that time; begins with "../" outside it."""
    blob: str | None
    """The object name of its content; None where the manifest was deleted here."""
    content: Manifest | Unreadable | None
    """The manifest; why it cannot be read (not YAML, not valid, a link); None where it was deleted."""
    before: tuple[Version, ...]
    """What it came from: one version, none where the manifest appears, several where a merge differs from every parent
    (what the merge itself brought is what none of them has). A manifest brought back comes from its deletion."""
    place: int = 0
    """Its commit's in the log: the greater, the older."""

    @property
    def order(self) -> tuple[float, int]:
        """What orders versions of different manifests: the committers' clocks, and within a second the log."""
        return (self.commit.committed.timestamp() if self.commit is not None else float("inf"), -self.place)

    @property
    def manifest(self) -> Manifest | None:
        """The manifest; None where it cannot be read or was deleted."""
        return self.content if isinstance(self.content, Manifest) else None

    def readable_before(self) -> tuple[Version, ...]:
        """The nearest versions before this one that can be read, looking past unreadable ones and deletions."""
        found: dict[Version, None] = {}
        seen: set[Version] = set()
        pending = list(reversed(self.before))
        while pending:
            one = pending.pop()
            if one in seen:
                continue
            seen.add(one)
            if one.manifest is not None:
                found[one] = None
            else:
                pending += reversed(one.before)
        return tuple(found)


class Line(NamedTuple):
    """One manifest's versions."""

    path: str
    """Relative to the root: where it is now, or, of a deleted one, where it was last."""
    tip: Version | None
    """The newest version, at the range's end; a deletion for a deleted one; None where it was never committed."""
    versions: tuple[Version, ...]
    """Those within the range, oldest first, topologically: all that `tip` comes from, through renames, splits and merges."""
    base: Version | None
    """The state at the range's beginning; None without a beginning, and where the manifest did not exist there."""


class History(NamedTuple):
    """What git knows of the manifests that were asked for."""

    lines: tuple[Line, ...]
    """One for each path asked for, in that order."""
    deleted: tuple[Line, ...]
    """Manifests, by the configured globs, that are gone at the range's end, by path: of a branch or the index all; else those
    in the folders that were looked at."""
    cut: tuple[str, ...]
    """Sentences: where history is cut (a shallow clone), so that something asked for could not be checked."""
    start: str | None
    """The commit at which the range begins (`--since REV`, the merge base): not itself in it."""
    end: str | None
    """The commit at which it ends; None before the first commit."""
    past: tuple[Line, ...] = ()
    """Manifests that were deleted before the range, where agents begin in it: the deletion is their base."""


def ancestors(version: Version) -> Iterable[Version]:
    """All that a version comes from, itself first, newest first (topologically enough for looking)."""
    seen = {version}
    pending = [version]
    while pending:
        one = pending.pop()
        yield one
        for older in one.before:
            if older not in seen:
                seen.add(older)
                pending.append(older)
