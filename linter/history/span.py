"""From when to when: dates and revisions as the range that the log is read for."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from linter.exits import Exit
from linter.history.git import Repository
from linter.history.log import moment
from linter.history.model import Commit, HistoryError


class Span(NamedTuple):
    """The commits that are told of. What is outside is still walked where it says what something came from."""

    end: str
    """Where the walk begins: HEAD."""
    start: str | None = None
    """What this commit has is before the range, and is not walked."""
    since: date | None = None
    until: date | None = None
    """Days, both within the range, by the commit's own date in its own zone: the same for every reader."""
    later: frozenset[str] = frozenset()
    """Commits after the range's end."""

    @property
    def revisions(self) -> list[str]:
        """For `git log`."""
        return [self.end] if self.start is None else [self.end, f"^{self.start}"]

    def early(self, commit: Commit | None) -> bool:
        """Whether a commit that was walked is before the range all the same; None is what is staged."""
        return commit is not None and self.since is not None and commit.committed.date() < self.since

    def late(self, commit: Commit | None) -> bool:
        """Whether a commit is after the range."""
        return commit is not None and (
            commit.id in self.later or (self.until is not None and commit.committed.date() > self.until)
        )


def find_span(repository: Repository, since: str | None, until: str | None) -> Span:
    """The range up to HEAD.

    A date is one, even where a tag has its name: that is `refs/tags/2026-01-31`.

    Raises:
        HistoryError: no commits yet, a revision that is none, or an end before the beginning.
    """
    span = Span(head(repository))
    if since is not None:
        day = _day(since)
        span = span._replace(since=day) if day else span._replace(start=revision(repository, since))
    if until is not None:
        day = _day(until)
        if day:
            if span.since is not None and day < span.since:
                raise HistoryError(f"the range ends ({day}) before it begins ({span.since})")
            return span._replace(until=day)
        later = repository.run("rev-list", span.end, f"^{revision(repository, until)}")
        span = span._replace(later=frozenset(later.decode("ascii").split()))
    return span


def head(repository: Repository) -> str:
    """The commit that is checked out.

    Raises:
        HistoryError: there are no commits yet.
    """
    found = repository.commit("HEAD")
    if found is None:
        raise HistoryError(f"the repository {repository.top} has no commits yet: there is no history", Exit.UNCHECKED)
    return found


def revision(repository: Repository, name: str) -> str:
    """The commit that a user's word means.

    Raises:
        HistoryError: it means none.
    """
    found = repository.commit(name)
    if found is None:
        hint = "; the clone is shallow, and may not have it: fetch with depth 0" if repository.shallow else ""
        raise HistoryError(f"{name!r} is no commit in {repository.top}{hint}", Exit.UNCHECKED if hint else Exit.USAGE)
    return found


def cut(repository: Repository, span: Span, walked: set[str]) -> tuple[str, ...]:
    """A sentence where a shallow clone's end hides something of the range."""
    hidden = []
    for one in repository.shallow:
        if span.start is not None and one not in walked:
            continue
        if span.since is not None:
            found = repository.objects.get(one)
            _, _, line = (found.content or b"").partition(b"\ncommitter ") if found else (b"", b"", b"")
            when = line.partition(b"\n")[0].rpartition(b"> ")[2]
            if moment(when.decode("ascii", "replace")).date() < span.since:
                continue
        hidden.append(one)
    if not hidden:
        return ()
    return (f"history is cut at {short(hidden)} (a shallow clone), what came before is not known: fetch with depth 0",)


def cut_before(repository: Repository, paths: list[str]) -> tuple[str, ...]:
    """A sentence where a shallow clone's end may hide what was agreed before what begins in the range at these paths."""
    if not paths or not repository.shallow:
        return ()
    place, new = short(repository.shallow), ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if paths[3:] else "")
    return (
        f"history is cut at {place} (a shallow clone), whether {new} was there before is not known: fetch with depth 0",
    )


def short(commits: list[str] | tuple[str, ...]) -> str:
    """Commits by short names, for a sentence; the first few of many."""
    names = ", ".join(sorted(one[:10] for one in commits)[:3])
    return names + (f" and {len(commits) - 3} more" if len(commits) > 3 else "")


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day, without a zone on purpose
    except ValueError:
        return None
