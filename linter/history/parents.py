"""Which parent each of a merge's comparisons is with.

Git prints none for a parent that the merge equals, and says nowhere which parents are left; a file that a comparison names
tells, for the parent has it as the comparison says, and the others have not.
"""

from __future__ import annotations

from linter.history.git import Repository
from linter.history.log import Change, Entry


def align(repository: Repository, entries: list[Entry], *, first_parent: bool) -> None:
    """See to it that each entry has one comparison for each of its parents, in their order, empty where they are equal."""
    unclear: list[tuple[Entry, list[list[Change]]]] = []
    for entry in entries:
        if first_parent:
            del entry.parents[1:]
        count = max(1, len(entry.parents))
        if len(entry.diffs) == count:
            continue
        diffs = [diff for diff in entry.diffs if any(map(_tells, diff))]
        entry.diffs = [[] for _ in range(count)]
        if count == 1:
            entry.diffs = diffs[:1] or [[]]  # parents that are one and the same in the simplified history
        elif diffs:
            unclear.append((entry, diffs))
    _ask(repository, unclear)


def _ask(repository: Repository, unclear: list[tuple[Entry, list[list[Change]]]]) -> None:
    answers = repository.objects.blobs(
        [f"{parent}:{_probe(diff)[0]}" for entry, diffs in unclear for parent in entry.parents for diff in diffs]
    )
    for entry, diffs in unclear:
        for parent in range(len(entry.parents)):
            for diff in diffs:
                if next(answers) == _probe(diff)[1] and not entry.diffs[parent]:
                    entry.diffs[parent] = diff


def _tells(change: Change) -> bool:
    return change.old_blob != change.new_blob or change.old != change.new


def _probe(diff: list[Change]) -> tuple[str, str | None]:
    """A path, and what the parent has there: not what the merge has."""
    change = next(filter(_tells, diff))
    if change.new is None or change.old == change.new:
        assert change.old is not None
        return change.old, change.old_blob
    return change.new, None
