"""What the checks of creep see: a manifest as it is now with its `Story`, and what they say of a version in words."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from linter.checks import Place
from linter.checks.subject import Since, Subject, Surroundings
from linter.creep.change import Change, compare, gravity
from linter.creep.words import in_words, name_of
from linter.manifest.reason import says_why, words_of
from linter.manifest.signing import digest_of
from linter.meet import meet
from linter.permissions import Leaf

if TYPE_CHECKING:
    from linter.creep.attribution import Event
    from linter.creep.story import Story
    from linter.history.model import Person, Version
    from linter.history.witness import Witness
    from linter.manifest.model import Built, Resource
    from linter.manifest.reader import Document


class Past(Subject):
    """One manifest as it is now, and how it came to be."""

    def __init__(
        self,
        path: str,
        document: Document,
        around: Surroundings,
        story: Story,
        baseline: Version | None,
        distance: Change | None,
        me: tuple[Person, ...],
        witness: Witness,
        built: Built,
        *,
        staged: bool,
        partial: bool,
        hidden: bool,
    ) -> None:
        super().__init__(path, document, around, built)
        self.story = story
        self.baseline = baseline
        """What the distance is measured from, where it was asked for."""
        self.distance = distance
        """What changed since then, or else since the first version."""
        self.staged = staged
        """Whether the story is one commit that is about to be made."""
        self.partial = partial
        """Whether only what somebody is about to add is judged: a commit, a branch."""
        self.hidden = hidden
        """Whether it was one of the configured manifests before this commit or branch, and is none after it."""
        self.me = me
        """Who would commit what is not committed yet: author, committer."""
        self.witness = witness
        """Asked about the few commits that matter."""
        self._words: dict[Version, list[str]] = {}

    @cached_property
    def widenings(self) -> dict[int, list[Event]]:
        """The events that added what stands now, by the gravity of the gravest that they added."""
        found: dict[int, list[Event]] = {}
        for event in self.story.events:
            if event.widens:
                found.setdefault(gravity(event.leaves), []).append(event)
        return found

    def grown(self, event: Event, *, promoted: bool) -> list[str]:
        """All that an event added of what stands now, in words; with `promoted` also that it added production."""
        what = self._words.get(event.version)
        if what is None:
            what = self._words[event.version] = in_words(event.leaves)
        production = self.around.config.production
        what = what + [f"runs in {one}" for one in event.promoted if promoted or not production(one)]
        if event.extended and event.change.expiry is not None:
            before, after = event.change.expiry
            what.append(f"expires {after} instead of {before}" if after else f"no longer expires ({before} before)")
        return what

    def authors(self, version: Version) -> tuple[Person, ...]:
        """Who wrote a version; empty where nobody can say."""
        commit = version.commit
        if commit is not None:
            return () if commit.branch else (commit.author, commit.recorded)
        return self.me[:1] if self._coming(version) else ()

    def writers(self, version: Version) -> tuple[Person, ...]:
        """Who may have put a version into the history: its author or its committer; empty where nobody can say."""
        commit = version.commit
        if commit is not None:
            return () if commit.branch else (commit.author, commit.recorded, commit.committer)
        return self.me if self._coming(version) else ()

    def _coming(self, version: Version) -> bool:
        """Whether a version without a commit is yet to be committed, and not older than the range."""
        return any(event.version is version for event in self.story.events)

    def since_signed(self, digest: str) -> Since:
        """What became of the version with this digest."""
        if self.partial:
            return Since(
                "an earlier version", "", {}
            )  # what was there before is not what this commit or branch is judged by
        story = self.story
        signed = [one for one in story.reviews.signed if one.manifest and digest_of(one.manifest) == digest]
        if not signed:
            return Since("", "", {})
        version = signed[-1]
        assert version.manifest is not None
        change = compare([version.manifest], self.manifest, {})
        what = changed(change)
        before = in_words([leaf for one in version.manifest.resources for leaf in one.leaves])
        after = in_words([leaf for one in self.manifest.resources for leaf in one.leaves])
        return Since(origin(self, version), "; ".join(what), details(version, "since signed", before, after))


def changed(change: Change) -> list[str]:
    """What a change widened, or may have, in words."""
    what = in_words(change.added) + [f"runs in {one.environment}" for one in change.growths if one.fresh]
    if change.extended and change.expiry is not None:
        what.append(f"expires {change.expiry[1] or 'never'} instead of {change.expiry[0]}")
    reworded = dict.fromkeys([leaf for one in change.growths for leaf in one.reworded])
    what += [f"{words} (reworded, cannot be compared)" for words in in_words(reworded)]
    return what + [f"another principal in {system}" for system in change.identities]


def environments(past: Past, event: Event) -> tuple[str, ...]:
    """The environments that an event widened; of an end put off, all."""
    return tuple(dict.fromkeys([*event.standing, *event.promoted])) or past.manifest.environments


def origin(past: Past, version: Version) -> str:
    """Where a version comes from, in words: its commit, author, day and subject, or that it is not committed yet.

    Raw, as all that a check says: the engine masks what is secret.
    """
    commit = version.commit
    if commit is None:
        if all(event.version is not version for event in past.story.events):
            return "a version before the range"
        return "this commit" if past.staged else "the working tree"
    return f'{commit.id[:10]} by {commit.author.name} on {commit.authored.date().isoformat()} ("{commit.subject}")'


def details(version: Version, change: str, before: list[str], after: list[str]) -> dict[str, str]:
    """What the contract of DESIGN.md, section 5, names for creep."""
    commit = version.commit
    return {
        "change": change,
        "before": "; ".join(before),
        "after": "; ".join(after),
        "commit": commit.id if commit else "",
        "author": f"{commit.author.name} <{commit.author.email}>" if commit else "",
        "date": commit.authored.isoformat() if commit else "",
        "subject": commit.subject if commit else "",
    }


def holder(past: Past, leaf: Leaf) -> Resource | None:
    """The entry that grants a leaf now: the one with exactly its object before one that contains it."""
    entries = past.manifest.resources
    name = name_of(leaf)
    exact = [one for one in entries if one.name == name]
    return next(
        (one for one in [*exact, *entries] if leaf in one.leaves or meet([leaf], one.leaves)),
        exact[0] if exact else None,
    )


def same_objects(leaves: Iterable[Leaf], others: Iterable[Leaf]) -> list[Leaf]:
    """The leaves on exactly those objects that the others are on."""
    objects = {leaf[:2] for leaf in others}
    return [leaf for leaf in leaves if leaf[:2] in objects]


def place_of(event: Event, leaf: Leaf, resource: Resource | None) -> Place:
    """Where what grants a leaf now stands: the key of its entry that differs from what was before, else the entry."""
    if resource is None:
        return Place((), "absence")
    entry = Place(("resources", resource.position, "resource"))
    old = _before(event, resource.name)
    if old is None:
        return entry
    fresh = leaf.action not in [one.action for one in old.leaves]
    for key in ("actions", "access", "scope") if fresh else ("scope", "actions", "access"):
        if key in resource.written and getattr(old, key) != getattr(resource, key):
            if key == "actions" and resource.actions is not None:
                words = [word.lower() for word in resource.actions]
                if leaf.action in words:
                    return Place(("resources", resource.position, key, words.index(leaf.action)))
            return Place(("resources", resource.position, key))
    return entry


def _before(event: Event, name: str) -> Resource | None:
    """The entry of this name in what the event's version was held against."""
    return next((one for manifest in event.known for one in manifest.resources if one.name == name), None)


def unjustified(past: Past, event: Event, leaves: tuple[Leaf, ...]) -> list[str]:
    """The entries that grant what was added and do not say why: a justification from before is of what was before."""
    found: dict[str, None] = {}
    for leaf in leaves:
        resource = holder(past, leaf)
        if resource is None:
            continue
        old = _before(event, resource.name)
        why, known = resource.justification, old.justification if old is not None else None
        if why is None or not says_why(why) or (known is not None and words_of(known) == words_of(why)):
            found[resource.name] = None
    return list(found)


def several(what: list[str]) -> str:
    """A few, and how many more: a message is a sentence."""
    return "; ".join(what[:3]) + (f"; and {len(what) - 3} more" if len(what) > 3 else "")
