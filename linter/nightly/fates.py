"""What becomes of an open finding that a run did not see: only a verified absence resolves it."""

import json
from collections.abc import Collection, Iterable
from typing import NamedTuple

from linter.findings import UNVERIFIED_RULE, Source
from linter.nightly import growth
from linter.nightly.moves import Moves
from linter.nightly.news import NEWS, RESOLVED, SUPERSEDED, WITHDRAWN, Known, Standing
from linter.outcome import Outcome
from linter.systems.lasting import alike

NOT_ASKED = "this run did not ask for it"
_MISSING = "drift/missing-privilege"
_SWALLOWING = frozenset(
    f"drift/{name}"
    for name in (
        "conditional-privilege",
        "mutable-audit-log",
        "ownership",
        "server-power",
        "superuser",
        "unscoped-credential",
    )
)
"""Rules whose finding says, in other or graver words, what another one said until then."""


class Fate(NamedTuple):
    """How a finding ended, or else why it stays open."""

    how: str
    why: str = ""
    """A clause."""
    by_name: bool = False
    """Whether it is only not found under its name any more: nobody could tell whether it has another."""


class Fates:
    """Judges what was not seen, by what the run asked and was answered."""

    def __init__(
        self,
        outcome: Outcome,
        moves: Moves,
        standings: Iterable[Standing],
        *,
        whole: bool,
        retired: Collection[str],
    ) -> None:
        self._rules = outcome.rules
        self._moves = moves
        self._asked = moves.asked
        self._agents = {source.agent for source in moves.asked}
        self._unread = {error.path for error in outcome.errors}
        self._whole = whole
        self._retired = retired
        self._principals = {identity for one in outcome.asked for identity in one.identities.values()}
        self._objects = {
            (one.agent, one.environment, one.object_id): one.resource for one in outcome.verdicts if one.object_id
        }
        """What entries name, by what that keeps."""
        self._fresh: dict[tuple[Source, str], list[Known]] = {}
        """By source and rule, what came up and is on one object."""
        self._weighty: dict[Source | None, list[Standing]] = {}
        """What may explain that another finding was not seen; of five thousand findings a few."""
        for one in standings:
            if one.status in NEWS and one.known.source is not None and json.loads(one.known.lasting)[1]:
                self._fresh.setdefault((one.known.source, one.known.rule), []).append(one.known)
            if one.known.rule in (*_SWALLOWING, UNVERIFIED_RULE) or "actions" in growth.loads(one.known.extent):
                self._weighty.setdefault(one.known.source, []).append(one)

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
        later = [one.known for one in self._weighty.get(known.source, ()) if _later(one, known)]
        if known.rule == _MISSING and (doubt := next(filter(_unknown_scopes, later), None)):
            return Fate("", f"nobody can tell: {doubt.message}")
        if any(_replaces(one, known) for one in later):
            return Fate(SUPERSEDED)
        if not self._moves.proves(known, known.source):
            return Fate(WITHDRAWN)
        return self._of_named(known, known.source)

    def _of_named(self, known: Known, source: Source) -> Fate:
        """What becomes of one that is not found under its name, whose principal or object may have another now."""
        principal, object = json.loads(known.lasting) if known.lasting else ("", "")
        bearers = {alike(principal, one) for one in self._principals} if principal else {True}
        if True not in bearers and (False in bearers or not bearers):
            return Fate(WITHDRAWN)
        others = {alike(object, json.loads(one.lasting)[1]) for one in self._fresh.get((source, known.rule), ())}
        renamed = self._objects.get((source.agent, source.environment, object), known.resource) != known.resource
        if object and (True in others or renamed):
            return Fate(SUPERSEDED)
        return Fate(RESOLVED, by_name=True not in bearers or bool(object and None in others))

    def _of_unasked(self, known: Known, source: Source) -> Fate:
        if known.path in self._unread:
            return Fate("", f"its manifest {known.path} cannot be read")
        if not self._whole:
            return Fate("", NOT_ASKED)
        if not source.agent or source.agent in self._retired:
            return Fate(WITHDRAWN)  # configuration no longer asks for principals there, or an operator says it is over
        if source.agent in self._agents:
            clause = f"its manifest no longer names {source.system} in {source.environment}"
        else:
            clause = f"there is no manifest of {source.agent} any more, so nothing asks for it"
        return Fate("", f"{clause} (if that is over: --retired {source.agent})")


def _later(standing: Standing, known: Known) -> bool:
    """Whether a finding of the same resource came up after another was last seen."""
    status, one = standing
    same = not one.resource or not known.resource or one.resource == known.resource
    return same and (status in NEWS or one.since > known.last_seen)


def _unknown_scopes(one: Known) -> bool:
    """Whether it tells of scopes that permlint does not know: what they confer may be what was missing."""
    return one.rule == UNVERIFIED_RULE and bool(growth.loads(one.extent).get("scopes"))


def _replaces(one: Known, known: Known) -> bool:
    """Whether a finding that came up says what another said: in graver words, or because actions are folded otherwise."""
    if one.rule in _SWALLOWING and known.rule not in (_MISSING, UNVERIFIED_RULE):
        return True
    return one.rule == known.rule and growth.overlap(growth.loads(one.extent), growth.loads(known.extent))
