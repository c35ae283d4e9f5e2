"""What becomes of an open finding that a run did not see: only a verified absence resolves it."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from linter.drifting import UNVERIFIED_RULE
from linter.findings import Attempt, Outcome, Source
from linter.nightly.news import NEWS, RESOLVED, SUPERSEDED, WITHDRAWN, Known, Standing

_CONDITIONAL = "drift/conditional-privilege"
NOT_ASKED = "this run did not ask for it"


class Fate(NamedTuple):
    """How a finding ended, or else why it stays open."""

    how: str
    why: str = ""
    """A clause."""


class Fates:
    """Judges what was not seen, by what the run asked and was answered."""

    def __init__(
        self, outcome: Outcome, asked: Mapping[Source, Attempt], standings: Iterable[Standing], *, whole: bool
    ) -> None:
        self._rules = outcome.rules
        self._asked = asked
        self._agents = {source.agent for source in asked}
        self._unread = {error.path for error in outcome.errors}
        self._whole = whole
        self._doubts: dict[tuple[Source | None, str], list[Standing]] = {}
        for one in standings:
            if one.known.rule in (UNVERIFIED_RULE, _CONDITIONAL):
                self._doubts.setdefault((one.known.source, one.known.rule), []).append(one)

    def of(self, known: Known) -> Fate:
        """What becomes of this one."""
        if known.rule not in self._rules:
            return Fate(WITHDRAWN)
        if known.source is None:
            if not self._whole:
                return Fate("", NOT_ASKED)
            return Fate("", f"{known.path} cannot be read") if known.path in self._unread else Fate(RESOLVED)
        asked = self._asked.get(known.source)
        if asked is None:
            return self._of_unasked(known, known.source)
        if asked.problem:
            return Fate("", asked.problem)
        if doubt := self._doubt(known, UNVERIFIED_RULE):
            return Fate("", f"it cannot be verified as it was before: {doubt.message}")
        return Fate(SUPERSEDED if self._doubt(known, _CONDITIONAL) else RESOLVED)

    def _of_unasked(self, known: Known, source: Source) -> Fate:
        if known.path in self._unread:
            return Fate("", f"its manifest {known.path} cannot be read")
        if not self._whole:
            return Fate("", NOT_ASKED)
        if not source.agent:
            return Fate(WITHDRAWN)  # configuration no longer asks for principals there
        if source.agent in self._agents:
            return Fate("", f"its manifest no longer names {source.system} in {source.environment}")
        return Fate("", f"there is no manifest of {source.agent} any more, so nothing asks for it")

    def _doubt(self, known: Known, rule: str) -> Known | None:
        """What has become less certain there since the finding was last seen."""
        if known.rule == rule:
            return None
        for status, doubt in self._doubts.get((known.source, rule), ()):
            same = not doubt.resource or not known.resource or doubt.resource == known.resource
            if same and (status in NEWS or doubt.since > known.last_seen):
                return doubt
        return None
