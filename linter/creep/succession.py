"""An agent that is new, and perhaps is one that is gone, under another name: what it would be wider by.

Where nearly all of a manifest's permissions come back in the commit that takes it away, history itself joins the two
(`history.pairing`). What is less alike than that, or comes back in another commit, nobody can say for sure.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from linter.commons import Commons
from linter.creep.change import compare
from linter.history.model import Line, Version
from linter.likeness import Likeness, likeness, of_objects
from linter.manifest.model import Manifest
from linter.meet import meet
from linter.permissions import Leaf


class Gone(NamedTuple):
    """An agent that no manifest names any more."""

    manifest: Manifest
    """The last that was agreed for it; of a commit or a branch, what stood before that."""
    path: str
    ended: Version
    """What took it away, or gave its file to another agent."""


class Succession(NamedTuple):
    """One reading of a new agent: it is a former one."""

    gone: Gone
    likeness: Likeness
    """Of objects."""
    added: tuple[Leaf, ...]
    """What it may do now, and the former one might not."""
    fresh: tuple[str, ...]
    """Environments that it runs in now, and the former one did not."""
    siblings: bool
    """Whether many others have what the two have in common, so that it is no sign."""


def gone(by_agent: Mapping[str, Sequence[Line]], there: Iterable[Line], *, partial: bool) -> list[Gone]:
    """The agents that are gone, in the order of their ends.

    Args:
        by_agent: the lines in which each agent was ever named.
        there: of the manifests there are.
        partial: whether only what there was before the range counts.
    """
    alive = {line.tip.manifest.agent for line in there if line.tip is not None and line.tip.manifest is not None}
    found = []
    for name in by_agent.keys() - alive:
        for line in by_agent[name]:
            known = [line.base] if line.base is not None else []
            agreed = known if partial else [*known, *line.versions]
            last = next(
                (one for one in reversed(agreed) if one.manifest is not None and one.manifest.agent == name), None
            )
            ended = next((one for one in line.versions if last in one.readable_before() and _ends(one, name)), None)
            if partial and last is not None and line.versions:
                ended = line.versions[-1]
            if last is not None and last.manifest is not None and ended is not None:
                found.append(Gone(last.manifest, last.path, ended))
    return sorted(found, key=lambda one: (one.ended.order, one.path))


def _ends(version: Version, agent: str) -> bool:
    """Whether a version is a deletion, or another agent's."""
    return version.blob is None if version.manifest is None else version.manifest.agent != agent


def until(version: Version, agents: Sequence[Gone]) -> list[Gone]:
    """The last agents that were gone when a version was written."""
    return [one for one in agents if one.ended.order <= version.order][-_NEAREST:]


_NEAREST = 16


def same(manifest: Manifest, agents: Iterable[Gone], commons: Commons) -> Gone | None:
    """The agent that this one is for sure, if it began in the same change: the most alike."""
    new = _leaves(manifest)
    alike = [
        (found.share, one)
        for one in agents
        if (found := likeness(_leaves(one.manifest), new)).one and not commons.siblings(one.manifest, manifest)
    ]
    return max(alike, key=lambda pair: pair[0])[1] if alike else None


def perhaps(manifest: Manifest, now: Manifest, agents: Iterable[Gone], commons: Commons) -> Succession | None:
    """The agent that this one may be, where that makes it wider; the most alike of several.

    Args:
        manifest: its first version.
        now: what stands of it.
    """
    new, standing = _leaves(manifest), _leaves(now)
    best: Succession | None = None
    for one in agents:
        found = of_objects(_leaves(one.manifest), new)
        if not found.perhaps:
            continue
        rank = (not commons.siblings(one.manifest, manifest), found.share)
        if best is not None and rank <= (not best.siblings, best.likeness.share):
            continue
        change = compare([one.manifest], manifest, {})
        fresh = tuple(
            [each.environment for each in change.growths if each.fresh and each.environment in now.environments]
        )
        added = meet(change.added, standing)
        if added or fresh:
            best = Succession(one, found, added, fresh, not rank[0])
    return best


def _leaves(manifest: Manifest) -> list[Leaf]:
    return [leaf for one in manifest.resources for leaf in one.leaves]
