"""A story as people and programs read it: what each commit did, in words, and how far the agreement has come."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from linter.blast import LEVELS, computed
from linter.creep.attribution import Event
from linter.creep.change import Change, gravity, sets
from linter.creep.reviews import brings_review
from linter.creep.safety import Loss
from linter.creep.story import Story
from linter.creep.words import in_words
from linter.history.model import Version
from linter.manifest.model import Manifest
from linter.manifest.text import Unreadable
from linter.secrets import mask, mask_all

GRAVEST = ("read", "write", "delete", "admin")


class Step(NamedTuple):
    """One thing that a commit did."""

    mark: str
    """"+" widened, "-" narrowed, "!" a safety taken away, "~" reworded or unreadable, "=" reviewed, " " neither."""
    text: str


class Entry(NamedTuple):
    """One commit of a timeline. All text may be a stranger's."""

    commit: str
    """The full object name; empty for what is not committed."""
    author: str
    email: str
    date: str
    """ISO, with the author's zone; empty for what is not committed."""
    subject: str
    steps: tuple[Step, ...]
    leaves: int = 0
    """How many leaves the agreement had from then on, all environments together."""


class Distance(NamedTuple):
    """How far an agreement has come."""

    start: Entry
    """The version that it is measured from."""
    beginning: str
    """What that is: "first", "last-review" or "range", where the range that was asked for begins."""
    added: tuple[str, ...]
    gravest: str
    """The gravest that was added: read, write, delete or admin; empty where nothing was."""
    blast_then: str
    blast_now: str


class Timeline(NamedTuple):
    """One manifest's permission history."""

    path: str
    agent: str
    environments: tuple[str, ...]
    entries: tuple[Entry, ...]
    """Oldest first; commits that changed no permission are not told."""
    distance: Distance | None


def timeline(
    story: Story, start: Version | None, change: Change | None, production: Callable[[str], bool], here: str
) -> Timeline:
    """The timeline of a story.

    Args:
        start: what the distance is measured from.
        change: that distance, as a change; None where there is none to measure.
        here: how what is not committed is called.
    """
    now = story.manifest
    told = [(event, steps) for event in story.events if (steps := list(_steps(event, story)))]
    # No step has a line of its own. All is masked in one search.
    texts = [now.agent if now else ""]
    for event, steps in told:
        texts.append(_subject(event.version, here))
        texts += [" ".join(step.text.splitlines()) for step in steps]
    masked = iter(mask_all(texts))
    return Timeline(
        path=story.path,
        agent=next(masked),
        environments=now.environments if now else (),
        entries=tuple(
            [
                _entry(event.version, next(masked), tuple([Step(step.mark, next(masked)) for step in steps]))
                for event, steps in told
            ]
        ),
        distance=_distance(story, start, change, production, here),
    )


def _subject(version: Version, here: str) -> str:
    return version.commit.subject if version.commit is not None else here


def _entry(version: Version, subject: str, steps: tuple[Step, ...] = ()) -> Entry:
    commit = version.commit
    leaves = sum(map(len, sets(version.manifest).values())) if version.manifest is not None else 0
    if commit is None:
        return Entry("", "", "", "", subject, steps, leaves)
    author = commit.author
    return Entry(commit.id, author.name, author.email, commit.authored.isoformat(), subject, steps, leaves)


def _steps(event: Event, story: Story) -> Iterable[Step]:
    version, manifest = event.version, event.version.manifest
    if manifest is None:
        if isinstance(version.content, Unreadable):
            place = f"line {version.content.line}: {version.content.message}"
            yield Step("~", f"unreadable ({place}): what it agreed to is not known")
        else:
            yield Step("-", "deleted")
        return
    came_from = {one.path for one in version.before} - {version.path}
    if came_from and version.path not in {one.path for one in version.before}:
        yield Step(" ", f"moved here from {', '.join(sorted(came_from))}")
    back = version.before or any(one.agent == manifest.agent for one in event.known)  # else it had another name
    if event.kind == "changed" and back and all(one.content is None for one in version.before):
        yield Step(" ", "brought back, after it had been deleted")
    if event.kind in ("first", "oldest"):
        began = "first agreed" if event.kind == "first" else "agreed here or before, where history is cut"
        yield Step(" ", f"{began}, for {' and '.join(manifest.environments) or 'no environment'}:")
        leaves = [leaf for one in manifest.resources for leaf in one.leaves]
        yield from (Step(" ", text) for text in in_words(leaves) or ["nothing"])
    if event.kind == "joined":
        yield Step(" ", "another manifest of this agent")
    yield from (Step(mark, text) for mark, text in changes(event.change, manifest))
    if manifest.reviewed and brings_review(version):
        yield Step("=", _review(version, story))


def _review(version: Version, story: Story) -> str:
    assert version.manifest is not None
    reviewed = version.manifest.reviewed
    assert reviewed is not None
    if "digest" not in reviewed:
        return f"reviewed by {reviewed['by']} on {reviewed['date']}, unpinned"
    fits = version in story.reviews.renewed
    return (
        f"reviewed by {reviewed['by']} on {reviewed['date']}{'' if fits else ', but the digest is of something else'}"
    )


def changes(change: Change, after: Manifest) -> list[tuple[str, str]]:
    """Every mark and what it says."""
    found: dict[tuple[str, str], list[str]] = {}
    for growth in change.growths:
        if growth.fresh:
            found[("+", f"runs in {growth.environment}")] = []
        for mark, leaves, note in (
            ("+", growth.added, ""),
            ("~", growth.reworded, ": reworded, cannot be compared"),
            ("-", growth.removed, ""),
        ):
            for words in in_words(leaves):
                found.setdefault((mark, words + note), []).append(growth.environment)
    told = [
        (mark, text if not where or len(where) == len(after.environments) else f"{text} [{', '.join(where)}]")
        for (mark, text), where in found.items()
    ]
    told += [("-", f"no longer runs in {name}") for name in change.left]
    if change.expiry is not None:
        before, now = change.expiry
        told.append(("+" if change.extended else "-", f"expires {now or 'never'} instead of {before or 'never'}"))
    told += [("!", loss_in_words(one)) for one in change.losses]
    told += [("~", f"another principal in {system}") for system in change.identities]
    if change.renamed is not None:
        told.append(("~", f"the agent was called {change.renamed[0]}"))
    order = "+!~- "
    return sorted(told, key=lambda one: order.index(one[0]))


_LOST = {
    "strategy": "the rollback strategy",
    "command": "the rollback command",
    "rollback": "the rollback",
    "dry-run": "the dry run",
    "audit-log": "the audit log",
    "reversibility": "reversibility",
    "blast-radius": "blast radius",
    "claim": "reversibility",
}


def loss_in_words(loss: Loss) -> str:
    """Such as "postgres.tickets: blast radius high -> low", "the rollback command is gone"."""
    where = f"{loss.resource}: " if loss.resource else ""
    if not loss.after:
        return f"{where}{_LOST[loss.kind]} is gone ({loss.before})"
    return f"{where}{_LOST[loss.kind]} {loss.before} -> {loss.after}"


def _distance(
    story: Story, start: Version | None, change: Change | None, production: Callable[[str], bool], here: str
) -> Distance | None:
    if change is None or start is None or start.manifest is None or story.manifest is None:
        return None
    beginning = story.beginning(start)
    if beginning == "range" and any(one.version is start and one.known for one in story.events):
        return None  # it came from what the range does not hold here: the entry itself says what it added
    added = in_words(change.added) + [f"runs in {one.environment}" for one in change.growths if one.fresh]
    return Distance(
        start=_entry(start, mask(_subject(start, here if start is story.now else ""))),
        beginning=beginning,
        added=tuple(mask_all(added)),
        gravest=GRAVEST[gravity(change.added)] if change.added else "",
        blast_then=LEVELS[blast_radius(start.manifest, production)],
        blast_now=LEVELS[blast_radius(story.manifest, production)],
    )


def blast_radius(manifest: Manifest, production: Callable[[str], bool]) -> int:
    """The computed blast radius of a whole manifest."""
    return max(
        [computed(one, production=any(map(production, one.environments))) for one in manifest.resources], default=0
    )
