"""An agent that is new, and perhaps is one that is gone, under another name: what it would be wider by.

Where nearly all of a manifest's permissions come back in the commit that takes it away, history itself joins the two
(`history.pairing`). What is less alike than that, or comes back in another commit, nobody can say for sure.
"""

from collections.abc import Mapping, Sequence
from heapq import nlargest
from typing import NamedTuple

from linter.commons import Commons, Object
from linter.creep.change import compare
from linter.history.model import Line, Version
from linter.likeness import Likeness, likeness, made_of, of_objects
from linter.manifest.model import Manifest
from linter.meet import meet, near
from linter.permissions import Leaf


class Gone(NamedTuple):
    """An agent that no manifest names any more, or that has kept little but its name."""

    manifest: Manifest
    """The last that was agreed for it; of a commit or a branch, what stood before that."""
    path: str
    ended: Version
    """What took it away, or gave its file to another agent, or left it little."""
    how: str
    """"gone", "stub" (its name lives on, with less than half of what it had), or "before" (gone before the range)."""
    objects: frozenset[Object]
    """What it had to do with."""


class Succession(NamedTuple):
    """One reading of a new agent: it is a former one."""

    gone: Gone
    likeness: Likeness
    """Of objects."""
    added: tuple[Leaf, ...]
    """What it may do now, and the former one might not."""
    fresh: tuple[str, ...]
    """Environments that it runs in now, and the former one did not."""
    sign: str
    """How good a sign what they share is: "half" of what either has; that, but "apart", in another change; "siblings", for many
    others have that; or a "part", less than half, where the new one may do more."""


def gone(by_agent: Mapping[str, Sequence[Line]], there: Sequence[Line], *, partial: bool) -> list[Gone]:
    """The agents that are gone, in the order of their ends.

    Args:
        by_agent: the lines in which each agent was ever named.
        there: of the manifests there are.
        partial: whether only what there was before the range counts.
    """
    alive = {line.tip.manifest.agent for line in there if line.tip is not None and line.tip.manifest is not None}
    found = _stubs(there, partial=partial)
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
            if last is not None and ended is not None:
                found += _gone(last, ended, "gone")
            elif not line.versions and line.base is not None and line.base.blob is None:
                found += [one for last in line.base.readable_before() for one in _gone(last, line.base, "before")]
    return sorted(found, key=lambda one: (one.ended.order, one.path))


def _gone(last: Version, ended: Version, how: str) -> list[Gone]:
    if last.manifest is None:
        return []
    return [Gone(last.manifest, last.path, ended, how, frozenset(leaf[:2] for leaf in _leaves(last.manifest)))]


def _stubs(there: Sequence[Line], *, partial: bool) -> list[Gone]:
    """The agents that lost more than half of what they had, and live on: of all of history, where another one began."""
    begun = {_id(line.versions[0]) for line in there if line.base is None and line.versions}
    found: list[Gone] = []
    for line in there if begun else ():
        steps = [(before, one) for one in line.versions if _id(one) in begun for before in one.before]
        for before, after in [(line.base, line.tip)] if partial else steps:
            if before is None or after is None or before.manifest is None or after.manifest is None:
                continue
            if before.manifest.agent != after.manifest.agent or before.manifest is after.manifest:
                continue
            sides = (_leaves(before.manifest), _leaves(after.manifest))
            if any(2 * left.held < left.old for left in (likeness(*sides), of_objects(*sides))):
                found += _gone(before, after, "stub")
    return found


def _id(version: Version) -> str:
    return version.commit.id if version.commit is not None else ""


def _ends(version: Version, agent: str) -> bool:
    """Whether a version is a deletion, or another agent's."""
    return version.blob is None if version.manifest is None else version.manifest.agent != agent


def until(version: Version, agents: Sequence[Gone]) -> list[Gone]:
    """The agents that were gone when a version was written."""
    return [one for one in agents if one.ended.order <= version.order]


_MOST = 32
"""Former agents that a new one is compared with. What shares less with it than all of these is no better sign than they."""


def _nearest(manifest: Manifest, agents: Sequence[Gone]) -> list[Gone]:
    """Those that shared most objects with a manifest, the last of them first: to compare a new agent with each takes too long."""
    if len(agents) <= _MOST:
        return list(agents)
    own = {leaf[:2] for leaf in _leaves(manifest)}
    return nlargest(_MOST, reversed(agents), key=lambda one: len(one.objects & own))


def same(manifest: Manifest, agents: Sequence[Gone], commons: Commons) -> list[Manifest]:
    """The agents that this one is made of for sure, if it began in the same change: mostly one."""
    former = [one.manifest for one in _nearest(manifest, [one for one in agents if one.how == "gone"])]
    return made_of(
        [(one, _leaves(one)) for one in former],
        _leaves(manifest),
        but=lambda one: commons.siblings(one, manifest),
    )


def perhaps(
    begun: Version, now: Manifest, agents: Sequence[Gone], commons: Commons, *, partial: bool
) -> Succession | None:
    """The agent that this one may be, where that makes it wider; the best sign, and the most alike of several.

    Args:
        begun: its first version.
        now: what stands of it.
        agents: of all of history, those that were gone by then.
        partial: whether all is one change.
    """
    if begun.manifest is None:
        return None
    manifest = begun.manifest
    new = _leaves(manifest)
    best: Succession | None = None
    alike = [(of_objects(_leaves(one.manifest), new), one) for one in _nearest(manifest, agents)]
    for found, one in sorted(alike, key=lambda pair: -pair[0].share):
        if best is not None and best.sign == "half":
            break
        together = one.how != "before" and (partial or one.ended.commit == begun.commit)
        near_enough = {"gone": found.perhaps, "before": found.one, "stub": False}[one.how]
        if not found.held or not (together or near_enough):
            continue
        change = compare([one.manifest], manifest, {})
        added = meet(change.added, compare([one.manifest], now, {}).added) if change.added else ()
        sign = _sign(one, manifest, found, added, commons)
        if sign == "half" and not together:
            sign = "apart"
        if not sign or (best is not None and _rank(sign, found) <= _rank(best.sign, best.likeness)):
            continue
        fresh = tuple(
            [each.environment for each in change.growths if each.fresh and each.environment in now.environments]
        )
        if added or fresh:
            best = Succession(one, found, added, fresh, sign)
    return best


def _rank(sign: str, found: Likeness) -> tuple[int, float]:
    return ("part", "siblings", "apart", "half").index(sign), found.share


def _sign(one: Gone, begun: Manifest, found: Likeness, added: tuple[Leaf, ...], commons: Commons) -> str:
    """How good a sign it is that a new agent shares objects with a former one."""
    if found.perhaps:
        return "siblings" if commons.siblings(one.manifest, begun) else "half"
    more = near(added, _leaves(one.manifest))
    return "part" if any(not commons.many(leaf[:2], one.manifest, begun) for leaf in more) else ""


def _leaves(manifest: Manifest) -> list[Leaf]:
    return [leaf for one in manifest.resources for leaf in one.leaves]
