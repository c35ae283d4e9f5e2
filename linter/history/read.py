"""What commands call: the history of manifests, and of a branch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from linter.exits import Exit
from linter.history.assembly import Assembly
from linter.history.births import Births
from linter.history.contents import Contents
from linter.history.earlier import deletions
from linter.history.git import Repository
from linter.history.graph import UNKNOWN
from linter.history.listing import files_of
from linter.history.log import Entry, read_log
from linter.history.model import History, HistoryError
from linter.history.parents import align
from linter.history.paths import Paths
from linter.history.span import Span, cut, cut_before, find_span, head, revision, short


def read_history(
    repository: Repository,
    paths: Sequence[str],
    *,
    globs: Iterable[str],
    exclude: Iterable[str] = (),
    since: str | None = None,
    until: str | None = None,
    first_parent: bool = False,
    contents: Contents | None = None,
) -> History:
    """The history of manifests up to HEAD.

    Args:
        paths: relative to the root; they need not be committed.
        globs, exclude: the configured ones: what counts as a manifest that was deleted. To look for such in every folder
            would cost git five times the effort: it looks where the manifests are and were, and where a glob begins.
        since, until: a day (2026-01-31, by the commit's own date), or a revision.
        first_parent: what each merge brought, as a whole, instead of the commits of the branches.
        contents: what was read of the working tree already.

    Raises:
        HistoryError: there are no commits yet, a revision is none, a path is outside the repository, or git fails.
    """
    span = find_span(repository, since, until)
    assembly = Assembly(repository, globs, exclude, contents, judged=False)
    return _read(repository, span, paths, assembly, first_parent=first_parent, everywhere=False)


def read_branch(
    repository: Repository,
    span: Span,
    paths: Sequence[str],
    *,
    globs: Iterable[str],
    exclude: Iterable[str] = (),
    contents: Contents | None = None,
) -> History:
    """What the commits of a `branch` did: a pull request.

    Raises:
        HistoryError: as above.
    """
    # In a short range all YAML files cost little, and a pull request must show each manifest that it deletes.
    assembly = Assembly(repository, globs, exclude, contents, judged=True)
    return _read(repository, span, paths, assembly, first_parent=False, everywhere=True)


def branch(repository: Repository, base: str) -> Span:
    """The commits of HEAD's branch since it left another one.

    Raises:
        HistoryError: one of the two is no commit, or they have nothing in common; in a shallow clone, perhaps because it is
            cut before.
    """
    end, other = head(repository), revision(repository, base)
    start = repository.ask("merge-base", other, end)
    if start is None:
        if repository.shallow:
            place = short(repository.shallow)
            message = f"history is cut at {place} (a shallow clone), before HEAD and {base!r} meet: fetch with depth 0"
            raise HistoryError(message, Exit.UNCHECKED)
        raise HistoryError(f"HEAD and {base!r} have no commit in common")
    return Span(end, start)


def _read(
    repository: Repository,
    span: Span,
    paths: Sequence[str],
    assembly: Assembly,
    *,
    first_parent: bool,
    everywhere: bool,
) -> History:
    inner = [repository.inside(path) for path in paths]
    asked = Paths(inner, assembly.globs, repository.prefix, everywhere=everywhere)
    there: dict[str, str | None] = dict.fromkeys(inner, UNKNOWN)
    if span.start is not None:
        # What no commit of the range touches is not in its log: what is there at its end is asked for.
        there |= files_of(repository, span.end, inner)
    assembly.followed.update(inner)
    births = Births(repository)
    entries = _log(repository, asked, span, first_parent=first_parent)
    all_known = everywhere or asked.bounded
    for turn in range(_MOST_TURNS):
        # A manifest's first commit is looked at whole, and then where it came from, and then that one's first commit.
        widened = births.widen(entries, assembly.candidate)
        missing = asked.missing(assembly.walk(entries, there))
        if missing:
            asked.add(missing, everywhere=turn > 2)
            entries = _log(repository, asked, span, first_parent=first_parent)
        elif not widened and all_known:
            break
        elif not widened:
            # What begins may have been somewhere else before, and gone for a while: only there is it looked for everywhere.
            all_known, begun = True, assembly.begun()
            gone = deletions(repository, begun if len(begun) <= _MOST_BEGUN else [span.end]) if begun else ()
            missing = asked.missing([path for path in gone if assembly.candidate(path)])
            if not missing:
                break
            asked.add(missing, everywhere=False)
            entries = _log(repository, asked, span, first_parent=first_parent)
    if not everywhere:
        assembly.rejoin()
    new = assembly.look_back([span.start], asked.pathspecs) if span.start is not None else []
    hidden = cut(repository, span, {entry.id for entry in entries}) or cut_before(repository, new)
    return assembly.history(paths, span, hidden)


_MOST_TURNS = 100
"""Only a manifest that changes its file's extension with each move needs more than five."""
_MOST_BEGUN = 256
"""Commits that git is asked about by name."""


def _log(repository: Repository, asked: Paths, span: Span, *, first_parent: bool) -> list[Entry]:
    entries = read_log(repository, asked.pathspecs, span.revisions, first_parent=first_parent)
    align(repository, entries)
    return entries
