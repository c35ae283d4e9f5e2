"""Commits in which a manifest appears, compared again in full: it may have come from a file that git was not asked about."""

from __future__ import annotations

from collections.abc import Callable

from linter.history.git import Repository
from linter.history.log import Change, Entry, parse_comparisons


class Births:
    """Remembers each commit's whole comparison, since the log may be read more than once."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._known: dict[str, list[Change]] = {}

    def widen(self, entries: list[Entry], wanted: Callable[[str], bool]) -> bool:
        """Put whole comparisons in place of those in which a wanted path is new. A merge is left: what is new in it came
        from a parent, or from nowhere.

        Returns:
            Whether there was one that had not been compared before.
        """
        born = [
            entry
            for entry in entries
            if len(entry.parents) < 2
            and any(one.new is not None and one.old != one.new and wanted(one.new) for one in entry.diffs[0])
        ]
        unknown = [entry for entry in born if entry.id not in self._known]
        compared: dict[str, list[Change]] = {}
        if unknown:
            options = ("--stdin", "-r", "--raw", "-z", "--no-abbrev", "-M50%", "-l400")
            asked = "".join([f"{one.id} {one.first}\n" if one.first else f"{one.id}\n" for one in unknown]).encode(
                "ascii"
            )
            compared = parse_comparisons(self._repository.run("diff-tree", *options, stdin=asked))
            self._known |= {one.id: compared.get(one.id, []) for one in unknown}  # nothing is printed of a root commit
        for entry in born:
            entry.diffs = [self._known[entry.id] or entry.diffs[0]]
        return bool(compared)
