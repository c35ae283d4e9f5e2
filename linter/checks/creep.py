"""Checks of how an agreement grew: what each commit added of what stands now, and what it took away."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from linter.blast import LEVELS
from linter.checks import Hit, Place, template
from linter.checks.past import (
    Past,
    changed,
    details,
    environments,
    holder,
    origin,
    place_of,
    same_objects,
    several,
    unjustified,
)
from linter.creep.attribution import Event
from linter.creep.change import gravity
from linter.creep.timeline import GRAVEST, blast_radius
from linter.creep.words import in_words
from linter.manifest.model import Manifest
from linter.permissions import Leaf


class WideningParams(NamedTuple):
    """Parameters of `widening`."""

    gravest: str
    """The gravest that was added: read, write (anything else that acts), delete or admin."""


@template("widening", WideningParams)
def widening(params: WideningParams) -> Any:
    """A commit added permissions that stand now. The gravest class of what it added decides which rule says so."""
    wanted = GRAVEST.index(params.gravest)

    def check(past: Past) -> Iterator[Hit]:
        for event in past.widenings.get(wanted, ()):
            what = past.grown(event, promoted=False)
            if what:
                yield _widening(past, event, what)

    return check


def _widening(past: Past, event: Event, what: list[str]) -> Hit:
    leaves, where = event.leaves, environments(past, event)
    reviewed = event.version in past.story.reviews.covered
    resource, place = None, Place(("environment",) if event.promoted else ("expires",), "entry")
    if leaves:
        gravest = max(leaves, key=lambda leaf: gravity([leaf]))
        resource = holder(past, gravest)
        place = place_of(event, gravest, resource)
    elif event.extended and "expires" not in past.manifest.written:
        place = Place((), "absence")
    cases: tuple[str, ...] = ("agreed",) if reviewed else ()
    missing = ""
    if past.staged:
        missing = ", ".join(unjustified(past, event, leaves))
        if missing:
            cases = ("unjustified",)
        elif not past.production(where):
            cases = ("agreed",)
    values = {"what": several(what), "origin": origin(past, event.version), "missing": missing, "path": past.path}
    written = event.version.manifest.resources if event.version.manifest else ()
    known = same_objects([leaf for one in event.change.growths for leaf in one.known], leaves)
    after = same_objects([leaf for one in written for leaf in one.leaves], leaves)
    return Hit(
        place,
        values,
        cases,
        resource,
        key=" | ".join(what),
        environments=where,
        details=details(event.version, "widened", in_words(known), in_words(after)) | {"added": "; ".join(what)},
    )


@template("reworded")
def reworded(past: Past) -> Iterator[Hit]:
    """A scope in other words: whether it is wider nobody can compare."""
    for event in past.story.events:
        leaves = tuple(dict.fromkeys([leaf for some in event.doubtful.values() for leaf in some]))
        if not leaves:
            continue
        resource = holder(past, leaves[0])
        before = same_objects([leaf for one in event.change.growths for leaf in one.known], leaves)
        values = {"before": "; ".join(in_words(before)), "after": "; ".join(in_words(leaves))}
        yield Hit(
            place_of(event, leaves[0], resource),
            values | {"origin": origin(past, event.version)},
            (),
            resource,
            key=values["after"],
            environments=tuple(event.doubtful),
            details=details(event.version, "reworded", in_words(before), in_words(leaves)),
        )


@template("promotion")
def promotion(past: Past) -> Iterator[Hit]:
    """Production was added, and nobody signed the agreement that came of it."""
    for event in past.story.events:
        live = tuple([one for one in event.promoted if past.around.config.production(one)])
        if not live or event.version in past.story.reviews.covered:
            continue
        before = [one.environment for one in event.change.growths if not one.fresh]
        before += event.change.left
        yield Hit(
            Place(("environment",)),
            {"added": ", ".join(live), "origin": origin(past, event.version), "path": past.path},
            key=", ".join(live),
            environments=live,
            details=details(event.version, "promoted", sorted(set(before)), list(live)),
        )


class LossParams(NamedTuple):
    """Parameters of `loss`."""

    kinds: tuple[str, ...]
    """Which safeties."""


_LESSER = frozenset({"dry-run", "audit-log", "reversibility"})
_LOST = {
    "strategy": "the rollback strategy",
    "command": "the rollback command",
    "rollback": "the rollback of `{}`",
    "dry-run": "the dry run",
    "audit-log": "the audit log",
    "reversibility": "the reversibility of `{}`",
    "blast-radius": "the blast radius of `{}`",
    "claim": "the irreversibility of `{}`",
}


@template("loss", LossParams)
def loss(params: LossParams) -> Any:
    """A commit took a safety away, or declared a risk smaller, while the access stayed."""
    kinds = frozenset(params.kinds)

    def check(past: Past) -> Iterator[Hit]:
        for event in past.story.events:
            for one in event.losses:
                if one.kind not in kinds:
                    continue
                cases = ["lesser"] if one.kind in _LESSER else []
                if event.version in past.story.reviews.renewed:
                    cases.append("agreed")
                cases.append("changed" if one.after else "gone")
                resource = next((each for each in past.manifest.resources if each.name == one.resource), None)
                what = _LOST[one.kind].format(one.resource)
                values = {"what": what, "before": one.before, "after": one.after, "path": past.path}
                yield Hit(
                    _loss_place(one.kind, past, resource.position if resource else None),
                    values | {"origin": origin(past, event.version)},
                    tuple(cases),
                    resource,
                    key=f"{one.kind} {one.before}",
                    details=details(event.version, f"lost {one.kind}", [one.before], [one.after]),
                )

    return check


def _loss_place(kind: str, past: Past, position: int | None) -> Place:
    if position is None:
        return Place((), "absence") if kind == "strategy" else _strategy(past)
    key = {"blast-radius": "blast_radius", "rollback": "rollback"}.get(kind, "reversibility")
    written = key in past.manifest.resources[position].written
    return Place(("resources", position, key), "value") if written else Place(("resources", position), "absence")


def _strategy(past: Past) -> Place:
    written = "rollback_strategy" in past.manifest.written
    return Place(("rollback_strategy",), "key") if written else Place((), "absence")


@template("unreviewed-widening")
def unreviewed_widening(past: Past) -> Iterator[Hit]:
    """A widening that stands, and no `reviewed.digest` is the digest after it."""
    for event in past.story.events:
        what = past.grown(event, promoted=False)  # that production was added unsigned, environment-promoted says
        if not what or event.version in past.story.reviews.covered:
            continue
        reviewed = past.manifest.reviewed
        place = Place((), "absence")
        if reviewed is not None:
            place = Place(("reviewed", "digest")) if "digest" in reviewed else Place(("reviewed",), "key")
        yield Hit(
            place,
            {"what": several(what), "origin": origin(past, event.version), "path": past.path},
            ("stale",) if reviewed and "digest" in reviewed else ("unpinned",) if reviewed else (),
            key=" | ".join(what),
            environments=environments(past, event),
            details=details(event.version, "unreviewed", [(reviewed or {}).get("digest", "")], what),
        )


@template("perhaps-renamed")
def perhaps_renamed(past: Past) -> Iterator[Hit]:
    """A new agent has to do with what one that is gone had to do with, and may do more there: perhaps it is that one."""
    found = past.story.succession
    if found is None:
        return
    event = next(one for one in past.story.events if one.kind == "first")
    old = found.gone
    graver = [[leaf for leaf in found.added if gravity([leaf]) == level] for level in range(len(GRAVEST))]
    what = [words for leaves in reversed(graver) for words in in_words(leaves)]
    what = [f"runs in {one}" for one in found.fresh] + what
    ended = origin(past, old.ended)
    if old.ended.commit is None:
        ended = "this commit" if past.staged else "the working tree"
    agreed = event.version in past.story.reviews.covered or (
        past.staged and not past.production(past.manifest.environments) and not unjustified(past, event, found.added)
    )
    values = {
        "old": old.manifest.agent,
        "file": old.path,
        "gone": "has lost most of what it had" if old.how == "stub" else "is gone",
        "ended": ended,
        "held": str(found.likeness.held),
        "all": str(found.likeness.old),
        "shared": str(found.likeness.shared),
        "own": str(found.likeness.new),
        "common": ", and they share only what many others have" if found.sign == "siblings" else "",
        "what": several(what),
        "path": past.path,
    }
    yield Hit(
        Place(("agent_name",)),
        values,
        ("agreed",) if agreed else (found.sign,),
        key=" | ".join([old.manifest.agent, *what]),
        details=details(
            event.version, "perhaps renamed", in_words(_granted(old.manifest)), in_words(_granted(past.manifest))
        )
        | {"was": old.manifest.agent, "added": "; ".join(what)},
    )


def _granted(manifest: Manifest) -> list[Leaf]:
    return [leaf for one in manifest.resources for leaf in one.leaves]


@template("out-of-sight")
def out_of_sight(past: Past) -> Iterator[Hit]:
    """What is agreed stands, and no run collects it any more."""
    if past.hidden:
        what = in_words([leaf for one in past.manifest.resources for leaf in one.leaves])
        yield Hit(Place(("agent_name",)), {"what": several(what) or "nothing"}, details={"change": "out of sight"})


class AccumulatedParams(NamedTuple):
    """Parameters of `accumulated`."""

    commits: int
    """How many commits must have widened it: what one did, its own finding says."""


@template("accumulated", AccumulatedParams)
def accumulated(params: AccumulatedParams) -> Any:
    """Several small steps, and how far they have come."""

    def check(past: Past) -> Iterator[Hit]:
        story = past.story
        start = past.baseline or story.signed or story.first
        change = past.distance if start is (past.baseline or story.first) else story.distance(start)
        if start is None or start.manifest is None or story.manifest is None or change is None:
            return
        steps = [event for event in story.since(start).events if event.widens]
        if len(steps) < params.commits or not change.widened:
            return
        added = changed(change)
        production = past.around.config.production
        then, now = (blast_radius(one, production) for one in (start.manifest, story.manifest))
        values = {
            "what": several(added),
            "steps": str(len(steps)),
            "start": origin(past, start),
            "gravest": GRAVEST[gravity(change.added)],
            "then": LEVELS[then],
            "now": LEVELS[now],
            "path": past.path,
        }
        yield Hit(
            Place(("agent_name",)),
            values,
            (story.beginning(start),),
            key=" | ".join(added),
            details=details(
                steps[-1].version,
                "accumulated",
                in_words([leaf for one in start.manifest.resources for leaf in one.leaves]),
                in_words([leaf for one in story.manifest.resources for leaf in one.leaves]),
            )
            | {"added": "; ".join(added), "blast_radius": f"{LEVELS[then]} -> {LEVELS[now]}"},
        )

    return check
