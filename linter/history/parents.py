"""Which parent each of a merge's comparisons is with.

The log lists a merge's parents in the history that is simplified to the files asked about, and compares it with each of them,
but prints nothing where the two are equal, without saying which those are. A file that a comparison names tells, for the
parent has it as the comparison says, and the others have not. (A parent before which none of the files ever was is in
neither list.)
"""

from __future__ import annotations

from linter.history.git import Repository
from linter.history.log import Change, Entry


def align(repository: Repository, entries: list[Entry]) -> None:
    """See to it that each entry has one comparison for each of its parents, in their order, empty where they are equal."""
    unclear: list[tuple[Entry, list[list[Change]]]] = []
    for entry in entries:
        count = max(1, len(entry.parents))
        if len(entry.diffs) == count:
            continue
        diffs = [diff for diff in entry.diffs if any(map(_tells, diff))]
        entry.diffs = [[] for _ in range(count)]
        if diffs:
            unclear.append((entry, diffs))
    answers = repository.objects.blobs(
        [f"{parent}:{_probe(diff)[0]}" for entry, diffs in unclear for parent in entry.parents for diff in diffs]
    )
    for entry, diffs in unclear:
        number = 0
        for place in range(len(entry.parents)):
            there = [next(answers) for _ in diffs]
            # They are in the parents' order: one file alone does not tell a parent from another one that differs, too.
            if number < len(diffs) and there[number] == _probe(diffs[number])[1]:
                entry.diffs[place] = diffs[number]
                number += 1


def _tells(change: Change) -> bool:
    return change.old_blob != change.new_blob or change.old != change.new


def _probe(diff: list[Change]) -> tuple[str, str | None]:
    """A path, and what the parent has there: not what the merge has."""
    change = next(filter(_tells, diff))
    if change.new is None or change.old == change.new:
        assert change.old is not None
        return change.old, change.old_blob
    return change.new, None
