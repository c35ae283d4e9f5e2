"""The story of one agreement: every version's change, and which commit brought what stands now."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from linter.commons import Commons
from linter.creep.attribution import Event, attribute
from linter.creep.change import Change, Sets, compare, sets
from linter.creep.reviews import Reviews, find_reviews
from linter.creep.succession import Gone, Succession, gone, perhaps, same, until
from linter.history.model import Line, Version, ancestors
from linter.manifest.model import Manifest
from linter.permissions import Leaf


class Story(NamedTuple):
    """What happened to one manifest within the range."""

    path: str
    now: Version | None
    """The version that stands at the end; None where it never was there."""
    events: tuple[Event, ...]
    """Oldest first; versions that changed nothing in meaning have an empty change."""
    first: Version | None
    """The first version that can be read: where the range begins, or what was first agreed."""
    signed: Version | None
    """The last version that was signed."""
    reviews: Reviews
    succession: Succession | None = None
    """Whose permissions these perhaps were, before."""

    @property
    def manifest(self) -> Manifest | None:
        """What is agreed now, or at the range's end."""
        return self.now.manifest if self.now is not None else None

    def distance(self, start: Version | None) -> Change | None:
        """What changed from a version to what stands now; None where one of them cannot be read."""
        if start is None or start.manifest is None or self.manifest is None:
            return None
        return compare([start.manifest], self.manifest, {})

    def beginning(self, start: Version) -> str:
        """What a version is to the story: "last-review" if it was signed last, "first" if it was agreed first, else "range"."""
        if start is self.signed:
            return "last-review"
        return "first" if any(one.version is start and one.kind == "first" for one in self.events) else "range"

    def since(self, start: Version | None) -> "Story":
        """The story after a version: only events that do not lead to it."""
        if start is None:
            return self
        older = set(ancestors(start))
        return self._replace(events=tuple([one for one in self.events if one.version not in older]))


def tell(
    lines: Sequence[Line], deleted: Sequence[Line] = (), *, cut: bool = False, partial: bool = False
) -> list[Story]:
    """The story of each line.

    Args:
        lines: of the manifests there are, the working tree's version last where it differs.
        deleted: of those that are gone: an agent may have come from there.
        cut: whether history does not go back to the beginning.
        partial: whether the range is one change, a commit or a branch.
    """
    by_agent: dict[str, list[Line]] = {}
    for line in (*lines, *deleted):
        agents = {one.manifest.agent for one in _all(line) if one.manifest is not None}
        for agent in agents:
            by_agent.setdefault(agent, []).append(line)
    former = gone(by_agent, lines, partial=partial)
    return [
        _story(line, by_agent, former, _house(lines, line, partial=partial), cut=cut, partial=partial) for line in lines
    ]


def _house(lines: Sequence[Line], line: Line, *, partial: bool) -> Commons:
    """What there was besides an agent when it began; of one change, before that: what it begins itself shows no custom."""

    def manifests() -> list[Manifest]:
        there = [one.base if partial else _in_force(line.versions[0], one) for one in lines]
        return [one.manifest for one in there if one is not None and one.manifest is not None]

    return Commons(manifests)


def _all(line: Line) -> list[Version]:
    if line.base is None:
        return list(line.versions)
    before = line.base.readable_before() if line.base.manifest is None else ()
    return [*before, line.base, *line.versions]


def _story(
    line: Line, by_agent: Mapping[str, list[Line]], former: list[Gone], commons: Commons, *, cut: bool, partial: bool
) -> Story:
    known = _all(line)
    reviews = find_reviews(known)
    readable = [one for one in known if one.manifest is not None]
    heirs = former if partial else []
    told = [_event(one, line, by_agent, heirs, commons, cut=cut) for one in line.versions]
    now = line.versions[-1] if line.versions else line.base
    if now is not None and now.manifest is None and readable:
        now = now if now.blob is None else readable[-1]
    events = (
        attribute(told, now.manifest, known, reviews) if told and now is not None and now.manifest is not None else told
    )
    begun = next((one.version for one in told if one.kind == "first"), None) if former else None
    succession = None
    if begun is not None and now is not None and now.manifest is not None:
        ended = former if partial else until(begun, former)
        succession = perhaps(begun, now.manifest, ended, commons, partial=partial)
    return Story(
        path=line.path,
        now=now,
        events=tuple(events),
        first=readable[0] if readable else None,
        signed=next((one for one in reversed(known) if one in reviews.signed), None),
        reviews=reviews,
        succession=succession,
    )


def _event(
    version: Version,
    line: Line,
    by_agent: Mapping[str, list[Line]],
    heirs: Sequence[Gone],
    commons: Commons,
    *,
    cut: bool,
) -> Event:
    manifest = version.manifest
    if manifest is None:
        return Event(version, "deleted" if version.content is None else "unreadable", Change())
    before = [one.manifest for one in version.readable_before() if one.manifest is not None]
    others = [one for one in by_agent.get(manifest.agent, ()) if one is not line]
    elsewhere = _elsewhere(version, others, manifest.agent) if others else {}
    if not before and not elsewhere:
        before = _last(version, others, manifest.agent)
    if not before and not elsewhere and (former := same(manifest, heirs, commons)):
        before = former
    if not before and not elsewhere:
        return Event(version, "oldest" if cut and version.commit is not None else "first", Change())
    return Event(version, "changed" if before else "joined", compare(before, manifest, elsewhere), known=tuple(before))


def _elsewhere(version: Version, others: Iterable[Line], agent: str) -> Sets:
    """What the agent's other manifests granted when a version was written.

    Lines have no common order but `Version.order`: a wrong clock moves a permission's beginning between two files.
    """
    found: dict[str, tuple[Leaf, ...]] = {}
    for line in others:
        other = _in_force(version, line)
        if other is not None and other.manifest is not None and other.manifest.agent == agent:
            for name, leaves in sets(other.manifest).items():
                found[name] = (*found.get(name, ()), *leaves)
    return found


def _last(version: Version, others: Iterable[Line], agent: str) -> list[Manifest]:
    """What was agreed for an agent that was gone when a version was written: its manifests that were deleted last."""
    gone = [one for line in others if (one := _in_force(version, line)) is not None and one.content is None]
    found = [
        (one.commit.committed.timestamp() if one.commit else 0.0, before.manifest)
        for one in gone
        for before in one.readable_before()
        if before.manifest is not None and before.manifest.agent == agent
    ]
    newest = max([when for when, _ in found], default=0.0)
    return [manifest for when, manifest in found if when == newest]


def _in_force(version: Version, line: Line) -> Version | None:
    """The version of another line that there was when a version was written."""
    found = line.base
    for one in line.versions:
        if version.commit is None or one.commit is None:
            same = version.commit is one.commit
            earlier = version.commit is None
        else:
            same = one.commit.id == version.commit.id
            earlier = one.order < version.order
        if same:  # what moves between files within one commit is no change
            before = one.readable_before()
            return before[0] if before else None
        if earlier:
            found = one
    return found
