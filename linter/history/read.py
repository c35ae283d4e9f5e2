"""What commands call: the history of manifests, and of a branch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from linter.exits import Exit
from linter.history.assembly import Assembly
from linter.history.git import Repository
from linter.history.graph import UNKNOWN
from linter.history.log import read_log
from linter.history.model import History, HistoryError
from linter.history.parents import align
from linter.history.span import Span, cut, find_span, head, revision, short


def read_history(
    repository: Repository,
    paths: Sequence[str],
    *,
    globs: Iterable[str],
    exclude: Iterable[str] = (),
    since: str | None = None,
    until: str | None = None,
    first_parent: bool = False,
) -> History:
    """The history of manifests up to HEAD.

    Args:
        paths: relative to the root; they need not be committed.
        globs, exclude: the configured ones: what counts as a manifest that was deleted.
        since, until: a day (2026-01-31, by the commit's own date), or a revision.
        first_parent: what each merge brought, as a whole, instead of the commits of the branches.

    Raises:
        HistoryError: there are no commits yet, a revision is none, a path is outside the repository, or git fails.
    """
    span = find_span(repository, since, until)
    return _read(repository, span, paths, Assembly(repository, globs, exclude), first_parent=first_parent)


def read_branch(
    repository: Repository, base: str, paths: Sequence[str], *, globs: Iterable[str], exclude: Iterable[str] = ()
) -> History:
    """What HEAD's branch did since it left another one: a pull request.

    Raises:
        HistoryError: as above, or the two have nothing in common; in a shallow clone, perhaps because it is cut before.
    """
    end, other = head(repository), revision(repository, base)
    start = repository.ask("merge-base", other, end)
    if start is None:
        if repository.shallow:
            place = short(repository.shallow)
            message = f"history is cut at {place} (a shallow clone), before HEAD and {base!r} meet: fetch with depth 0"
            raise HistoryError(message, Exit.UNCHECKED)
        raise HistoryError(f"HEAD and {base!r} have no commit in common")
    return _read(repository, Span(end, start), paths, Assembly(repository, globs, exclude), first_parent=False)


def _read(
    repository: Repository, span: Span, paths: Sequence[str], assembly: Assembly, *, first_parent: bool
) -> History:
    inner = [repository.inside(path) for path in paths]
    patterns = [*inner, *assembly.globs]
    entries = read_log(repository, patterns, span.revisions, first_parent=first_parent)
    align(repository, entries, first_parent=first_parent)
    # Within a range, what no commit of it touches is not in its log: what is there at its end is asked for.
    there: dict[str, str | None] = dict.fromkeys(inner, UNKNOWN)
    if span.start is not None:
        asked = [path for path in inner if "\n" not in path]
        names = repository.objects.stream([f"{span.end}:{path}" for path in asked])
        there |= {path: name for path, (name, _) in zip(asked, names, strict=True)}
    assembly.walk(entries, there)
    hidden = cut(repository, span, {entry.id for entry in entries})
    return assembly.history(paths, span, hidden)
