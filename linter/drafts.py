"""From a hit to a finding: the place made a line and column, each place once, and the words kept free of secrets."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from linter.checks import Place
from linter.checks.placing import locate, location_of
from linter.checks.subject import Subject
from linter.findings import Finding, Location, Source
from linter.secrets import find


class Draft(NamedTuple):
    """A finding before swallowing, and the stretch of text that it is about."""

    finding: Finding
    extent: tuple[int, int]


class About:
    """What findings are about: a manifest, and where a comparison found them, what it asked and of whom.

    Ten thousand findings of a comparison have one place in the manifest, so each place is worked out once.
    """

    def __init__(self, subject: Subject, source: Source | None = None, principal: str = "") -> None:
        self.subject = subject
        self.source = source
        self.principal = principal
        self._found: dict[Place, tuple[Location, tuple[int, int]]] = {}

    def find(self, place: Place) -> tuple[Location, tuple[int, int]]:
        """Line and column of a place, and the stretch of text that it is about."""
        known = self._found.get(place)
        if known is None:
            subject = self.subject
            span, extent = locate(subject, place)
            location = location_of(subject.path, subject.shown, span, subject.redact(place.caption))
            known = self._found[place] = location, extent
        return known


def redacted(drafts: list[Draft], subject: Subject) -> list[Draft]:
    """The same findings without a secret. One search over all their words, each word once: hardly ever is there one."""
    if not drafts:
        return drafts
    said: dict[str, None] = {}
    seen: set[int] = set()
    for finding, _ in drafts:
        said[finding.message] = said[finding.fix] = said[finding.agent] = None
        said[finding.environment] = said[finding.resource] = said[finding.cause] = None
        _collect(finding.details.values(), said, seen)
    if not subject.secrets and not find("\n".join(said)):
        return drafts
    redact = subject.redact
    return [
        draft._replace(
            finding=one._replace(
                message=redact(one.message),
                agent=redact(one.agent),
                environment=redact(one.environment),
                resource=redact(one.resource),
                fix=redact(one.fix),
                details={key: _redacted(value, subject) for key, value in one.details.items()},
                cause=redact(one.cause),
            )
        )
        for draft in drafts
        for one in (draft.finding,)
    ]


def _collect(values: Iterable[Any], said: dict[str, None], seen: set[int]) -> None:
    """Every text of some details. What several findings share is looked at once."""
    for value in values:
        if isinstance(value, str):
            said[value] = None
        elif isinstance(value, (list, tuple, dict)) and id(value) not in seen:
            seen.add(id(value))
            _collect(value.values() if isinstance(value, dict) else value, said, seen)


def _redacted(value: Any, subject: Subject) -> Any:
    if isinstance(value, str):
        return subject.redact(value)
    if isinstance(value, Mapping):
        return {key: _redacted(one, subject) for key, one in value.items()}
    if isinstance(value, Sequence):
        return [_redacted(one, subject) for one in value]
    return value
