"""One `git log --raw -z`: which commits touched what, and how each differs from each of its parents."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

from linter.history.git import Repository
from linter.history.model import Commit, Person

_FIELDS = ("%H", "%P", "%aN", "%aE", "%an", "%ae", "%cN", "%cE", "%ad", "%cd", "%s")
# `-m` compares a merge with each parent, and makes git walk every branch. Renames are looked for among the paths' files only:
# similarity is the last resort here (see pairing.py). `-O` undoes a configured diff.orderFile.
_OPTIONS = ("--topo-order", "-m", "--raw", "-z", "--no-abbrev", "-M50%", "-l400", "-O" + os.devnull)
_QUIET = ("--no-color", "--no-decorate", "--no-notes", "--no-ext-diff", "--encoding=UTF-8", "--date=raw")

FILES = ("100644", "100755", "100664")
"""The modes of ordinary files; the others are links (120000) and submodules (160000)."""

BEFORE = "before"
"""Stands for whatever commit is before the last one of a log of first parents."""


class Change(NamedTuple):
    """How one path differs between a parent and a commit. Paths are relative to the repository's top."""

    status: str
    """Git's letter; U in an index is a conflict."""
    old: str | None
    """Where it was; None where it is new."""
    new: str | None
    """Where it is; None where it is gone."""
    old_blob: str
    new_blob: str
    old_mode: str
    new_mode: str


class Entry:
    """One commit of the log, or, without fields, what is staged."""

    __slots__ = ("_fields", "branch", "diffs", "first", "id", "parents")

    def __init__(self, id: str, parents: list[str], diffs: list[list[Change]], fields: Sequence[bytes] = ()) -> None:
        self.id = id
        self.parents = parents
        """By the simplified history: commits of the log, or ones before its range."""
        self.diffs = diffs
        """One for each parent, in order (of a root one, against nothing); `parents.py` sees to it for merges."""
        self.first: str | None = None
        """The parent that it was compared with, in a log of first parents."""
        self.branch = False
        """Whether it is a merge in such a log."""
        self._fields = fields

    @property
    def commit(self) -> Commit | None:
        """What the commit says of itself."""
        if not self._fields:
            return None
        texts = [field.decode("utf-8", "replace") for field in self._fields]
        name, address, own_name, own_address, committer, its_address, authored, committed, subject = texts
        return Commit(
            id=self.id,
            author=Person(name, address),
            recorded=Person(own_name, own_address),
            committer=Person(committer, its_address),
            authored=moment(authored),
            committed=moment(committed),
            subject=subject,
            branch=self.branch,
        )


def moment(raw: str) -> datetime:
    """Git's raw date, "SECONDS +HHMM"; whatever else a hostile commit has there is 1970."""
    seconds, _, zone = raw.partition(" ")
    try:
        offset = (-1 if zone[:1] == "-" else 1) * timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5]))
        return datetime.fromtimestamp(int(seconds), timezone(offset))
    except (ValueError, OverflowError, OSError):
        return datetime(1970, 1, 1, tzinfo=UTC)


def read_log(
    repository: Repository,
    pathspecs: list[str],
    revisions: list[str],
    *,
    first_parent: bool,
    options: Sequence[str] = (),
) -> list[Entry]:
    """The commits that touch these files, newest first, topologically.

    Args:
        pathspecs: as git takes them.
        revisions: as `git log` takes them, full names: the end, and "^NAME" for what is before the range.
        options: more of `git log`'s, which beat ours.

    Raises:
        HistoryError: git fails.
    """
    # With --parents, git joins what the paths leave out: a commit's parents are themselves in the log, or before it. A
    # first parent that is left out together with all before it would give way to the second; but there the log is a line.
    mode = "--first-parent" if first_parent else "--parents"
    arguments = [*_OPTIONS, *options, *_QUIET, mode, "--format=" + "%x00".join(_FIELDS)]
    entries = parse(repository.run("log", *arguments, *revisions, "--", *pathspecs))
    if first_parent:
        for place, entry in enumerate(entries):
            entry.first = entry.parents[0] if entry.parents else None
            entry.branch = len(entry.parents) > 1
            entry.parents = [entries[place + 1].id if place + 1 < len(entries) else BEFORE]
            del entry.diffs[1:]
    return entries


def parse(output: bytes) -> list[Entry]:
    """The log's output as entries; one commit's comparisons with several parents are together."""
    entries: list[Entry] = []
    tokens = output.split(b"\0")
    place, end = 0, len(tokens)
    while place < end:
        token = tokens[place]
        if token[:2] == b"\n:" or token[:1] == b":":
            place = _change(tokens, place, entries[-1].diffs[-1])
        elif token:
            id = token.decode("ascii")
            if not entries or entries[-1].id != id:
                parents = tokens[place + 1].decode("ascii").split()
                entries.append(Entry(id, parents, [], tokens[place + 2 : place + len(_FIELDS)]))
            entries[-1].diffs.append([])
            place += len(_FIELDS)
        else:
            place += 1
    return entries


def read_changes(output: bytes) -> list[Change]:
    """The output of `diff-index --raw -z`."""
    changes: list[Change] = []
    tokens = output.split(b"\0")
    place = 0
    while tokens[place]:
        place = _change(tokens, place, changes)
    return changes


def parse_comparisons(output: bytes) -> dict[str, list[Change]]:
    """The output of `diff-tree --stdin --raw -z`: each commit's name, then its changes."""
    found: dict[str, list[Change]] = {}
    tokens = output.split(b"\0")
    place = 0
    changes: list[Change] = []
    while tokens[place]:
        if tokens[place][:1] == b":":
            place = _change(tokens, place, changes)
        else:
            changes = found.setdefault(tokens[place].strip().decode("ascii"), [])
            place += 1
    return found


def _change(tokens: list[bytes], place: int, changes: list[Change]) -> int:
    """ ":OLDMODE NEWMODE OLDBLOB NEWBLOB STATUS", then a path, or two of a rename; where the next token is."""
    old_mode, new_mode, old_blob, new_blob, status = tokens[place].lstrip(b"\n:").decode("ascii").split(" ")
    letter = status[0]
    first = second = os.fsdecode(tokens[place + 1])
    place += 2
    if letter == "R":
        second = os.fsdecode(tokens[place])
        place += 1
    # A line break cannot be asked for in `cat-file --batch`: such a path is no manifest of ours.
    if "\n" not in first and "\n" not in second:
        old, new = None if letter == "A" else first, None if letter == "D" else second
        changes.append(Change(letter, old, new, old_blob, new_blob, old_mode, new_mode))
    return place
