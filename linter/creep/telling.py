"""What `permlint creep` reads and says of each manifest: its history, its story, checked."""

import os
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING

from linter.acceptance import ACCEPTED, accept
from linter.checking import Selection
from linter.checks.past import Past
from linter.checks.subject import Surroundings
from linter.creep.change import Change
from linter.creep.gate import Gate
from linter.creep.range import Range
from linter.creep.story import Story, tell
from linter.creep.timeline import Timeline, timeline
from linter.engine import Engine
from linter.exits import Exit
from linter.files import STDIN, read_file
from linter.findings import Finding, Severity, Silenced
from linter.history.contents import Content, Contents
from linter.history.git import Repository
from linter.history.model import History, HistoryError, Line, Person, Version
from linter.history.moves import moves
from linter.history.read import read_branch, read_history
from linter.history.span import Span
from linter.history.staged import Index, read_staged
from linter.history.tip import Tip
from linter.history.witness import Witness
from linter.manifest.model import Built
from linter.manifest.reader import Document, read
from linter.manifest.text import Unreadable
from linter.outcome import InputError, Outcome
from linter.rulesets import Ruleset

if TYPE_CHECKING:
    from datetime import date

    from linter.config import Config


class Telling:
    """The manifests of a run, their history and what is said of it, as far as it has come."""

    def __init__(
        self,
        config: "Config",
        rules: Ruleset,
        selection: Selection,
        as_of: "date",
        asked: Range,
        doors: Gate | None = None,
        source: Index | Tip | None = None,
        span: Span | None = None,
    ) -> None:
        self.config = config
        self.selection = selection
        self.doors = doors
        self.source = source
        self.index = source if isinstance(source, Index) else None
        self.span = span
        """The branch's commits, where one is judged."""
        self.asked = asked
        self.moved: dict[str, list[str]] = {}
        """A file that declares the agent of manifests that are gone, and those manifests."""
        self.around = Surroundings(config, as_of, by_name=selection.by_name)
        self.engine = Engine(rules, self.around, comments=False)
        self.findings: list[Finding] = []
        self.errors: list[InputError] = []
        self.unchecked = list(selection.unmatched)
        self.timelines: list[Callable[[], Timeline]] = []
        self.manifests = 0

    def fail(self, error: HistoryError) -> None:
        """Say that nothing, or nothing more, can be told."""
        if error.status is Exit.UNCHECKED:
            self.unchecked.append(error.message)
        else:
            self.errors.append(InputError(".", 1, 1, error.message))

    def tell(self, repository: Repository) -> None:
        """Read the history and check what it tells.

        Raises:
            HistoryError: nothing can be told.
        """
        documents = self._documents((*self.selection.named, *self.selection.context))
        contents = Contents(repository.objects)
        taken = {path: contents.take(document) for path, document in documents.items()}
        history = self._read(repository, list(documents), contents)
        if self.doors is not None and history.deleted:
            # What an agent may do does not end with its manifest's name: where that went is looked at like all others.
            there = moves(repository, history, contents, staged=self.asked.staged)
            moved = self._documents([path for path in there.values() if path not in documents])
            if moved:
                self.moved = {path: [old for old, new in there.items() if new == path] for path in moved}
                self.selection = self.selection._replace(named=(*self.selection.named, *moved))
                documents |= moved
                taken |= {path: contents.take(document) for path, document in moved.items()}
                history = self._read(repository, list(documents), contents)
        self.unchecked += history.cut
        lines = [self._now(line, taken[line.path]) for line in history.lines]
        coming = any(one.commit is None for line in lines for one in line.versions)
        me = _me(repository) if coming else ()
        witness = Witness(repository)
        for story in tell(lines, (*history.deleted, *history.past), cut=bool(history.cut), partial=self.asked.partial):
            if story.path in self.selection.named:
                self._check(story, documents[story.path], me, witness, contents.built)
        if self.asked.base is not None:
            self.timelines += [self._timeline(one, None, None) for one in tell(history.deleted) if one.events]

    def outcome(self) -> Outcome:
        """What was found, as far as it went."""
        findings, silenced = self.findings, list[Silenced]()
        try:
            whole = self.selection.whole and self.asked.whole and not (self.errors or self.unchecked)
            staged = self.index.text if self.index is not None else None
            findings, silenced = accept(self.engine, findings, lambda _: whole, staged)
        except Unreadable as error:
            self.errors.append(InputError(ACCEPTED, error.line, error.column, error.message))
        rules = self.engine.rules.rules
        return Outcome(
            command="creep",
            as_of=self.around.as_of,
            findings=tuple(sorted(findings, key=_order)),
            silenced=tuple(sorted(silenced, key=lambda one: _order(one.finding))),
            errors=tuple(sorted(self.errors)),
            manifests=self.manifests,
            rules={id: rule for id, rule in rules.items() if rule.gravest is not Severity.OFF},
            unchecked=tuple(self.unchecked),
            timelines=cache(self._told),
            notes=self.doors.notes if self.doors is not None else (),
            within=self.config.within,
        )

    def _documents(self, paths: Iterable[str]) -> dict[str, Document]:
        """Manifests as they are staged, or lie in the working tree, or else in HEAD: findings point there."""
        found: dict[str, Document] = {}
        for path in paths:
            try:
                if path == STDIN:
                    raise Unreadable(1, 1, "has no history: name a file of the repository")
                text = self.source.text(path) if self.source is not None else None
                full = os.path.join(self.config.root, path)
                found[path] = read(text or read_file(full, self.config.root))
                if text is None and os.path.islink(full):
                    # Its text is another file's, whose history is not looked at: what it was is not known to be less.
                    raise Unreadable(
                        1, 1, "is a symbolic link: git does not know what it agreed to; put the manifest itself here"
                    )
            except Unreadable as error:
                if path in self.selection.named:
                    self.errors.append(InputError(path, error.line, error.column, error.message))
        return found

    def _read(self, repository: Repository, paths: Sequence[str], contents: Contents) -> History:
        asked, globs, exclude = self.asked, self.config.manifests, self.config.exclude
        if self.index is not None:
            return read_staged(self.index, paths, globs=globs, exclude=exclude, contents=contents)
        if self.span is not None:
            return read_branch(repository, self.span, paths, globs=globs, exclude=exclude, contents=contents)
        return read_history(
            repository,
            paths,
            globs=globs,
            exclude=exclude,
            since=asked.since,
            until=asked.until,
            first_parent=asked.first_parent,
            contents=contents,
        )

    def _now(self, line: Line, content: Content) -> Line:
        """The line, with what the working tree has as its newest version where that is not what is committed."""
        if self.asked.staged or self.asked.until is not None:
            return line
        tip = line.versions[-1] if line.versions else line.base
        if tip is not None and not isinstance(content, Unreadable) and tip.content == content:
            return line
        own = Version(None, line.path, None, content, (tip,) if tip is not None else ())
        return line._replace(tip=own, versions=(*line.versions, own))

    def _check(self, story: Story, document: Document, me: tuple[Person, ...], witness: Witness, built: Built) -> None:
        self.manifests += 1
        content = story.now.content if story.now is not None else None
        if isinstance(content, Unreadable):
            self.errors.append(InputError(story.path, content.line, content.column, content.message))
            return
        hidden = self.doors is not None and self.doors.hidden(
            story.path, [*_earlier(story), *self.moved.get(story.path, ())]
        )
        if self.asked.partial and not (story.events or hidden):
            return
        if self.asked.staged:
            unread = [one.version.content for one in story.events if isinstance(one.version.content, Unreadable)]
            self.errors += [InputError(story.path, one.line, one.column, f"as staged: {one.message}") for one in unread]
            if unread:
                return
        start = {"first": story.first, "last-review": story.signed or story.first}.get(self.asked.start or "")
        if self.asked.start == "last-review":
            story = story.since(story.signed)
        distance = story.distance(start or story.first)
        kind = {"staged": self.asked.staged, "partial": self.asked.partial, "hidden": hidden}
        past = Past(story.path, document, self.around, story, start, distance, me, witness, built, **kind)
        verdict = self.engine.check(past)
        self.findings += verdict.findings
        self.unchecked += verdict.crashed
        self.timelines.append(self._timeline(story, start or story.first, distance))

    def _timeline(self, story: Story, start: Version | None, distance: Change | None) -> Callable[[], Timeline]:
        here = "this commit" if self.asked.staged else "not committed yet"
        return partial(timeline, story, start, distance, self.config.production, here)

    def _told(self) -> tuple[Timeline, ...]:
        told = [make() for make in self.timelines]
        return tuple([one for one in told if one.entries or not self.asked.partial])


def _earlier(story: Story) -> list[str]:
    """Where a manifest was before the range; of one that nothing happened to, where it is."""
    before = [one.path for event in story.events for one in event.version.before]
    return before if story.events else [story.path]


def _me(repository: Repository) -> tuple[Person, ...]:
    """Who would make the next commit: its author and its committer. To a hook git says so itself (githooks)."""
    name, email = repository.config("user.name") or "", repository.config("user.email") or ""
    given = [
        Person(os.environ.get(f"GIT_{role}_NAME", name), os.environ.get(f"GIT_{role}_EMAIL", email))
        for role in ("AUTHOR", "COMMITTER")
    ]
    return tuple(given) if all(one.email or one.name for one in given) else ()


def _order(finding: Finding) -> tuple[str, int, int, str, str]:
    location = finding.location
    return location.path, location.line, location.column, finding.rule, finding.key
