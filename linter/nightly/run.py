"""A run of `drift` and its state, seen from the command line: whatever happens to the file, the report is printed."""

from collections.abc import Callable, Collection
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from linter.drift.recordings import moment
from linter.nightly import outbox
from linter.nightly.digest import unasked
from linter.nightly.events import events
from linter.nightly.news import NEWS, Nightly, SourceState
from linter.nightly.night import record
from linter.nightly.routing import Routed, destinations, route
from linter.nightly.store import StateError, transaction
from linter.outcome import InputError, Outcome
from linter.reports.totals import plural

if TYPE_CHECKING:
    from linter.config import Config
    from linter.systems.http import Transport


def remember(
    path: str,
    outcome: Outcome,
    *,
    whole: bool,
    keep: str,
    today: date,
    retired: Collection[str] = (),
    moved: Collection[str] = (),
    production: Callable[[str], bool] = lambda _: True,
    router: Callable[[Nightly], Routed] | None = None,
) -> Outcome:
    """The outcome with what the state knows; where the state cannot be used, with that as an error (exit status 2).

    Args:
        router: to whom this night is told; what waits to be told is noted in the same transaction as the night itself.
    """
    try:
        with transaction(path) as connection:
            nightly = record(
                connection,
                outcome,
                whole=whole,
                today=today,
                at=moment(outcome.as_of),
                keep=keep,
                retired=retired,
                moved=moved,
                production=production,
            )
            if router is not None:
                outbox.put(connection, router(nightly), nightly.day)
    except StateError as error:
        return outcome._replace(errors=(*outcome.errors, InputError(path, 1, 1, str(error))))
    strays = dict.fromkeys(_of_stray(one) for one in nightly.failing if one.source in nightly.strays)
    open_ = (*strays, *unasked(nightly))
    findings = tuple(one for one in outcome.findings if one.fingerprint not in nightly.unsaid)
    return outcome._replace(
        findings=findings,
        nightly=nightly,
        unchecked=(*outcome.unchecked, *open_),
        unverified=(*outcome.unverified, *open_),
    )


def _of_stray(state: SourceState) -> str:
    source = state.source
    where = f"{source.system} ({source.environment})" if source.environment else source.system
    return f"{where}: {state.problem}"


def only_news(outcome: Outcome) -> Outcome:
    """The outcome with the findings that are new, worsened or back; all of them where no state says which those are."""
    nightly = outcome.nightly
    if nightly is None:
        return outcome
    news = tuple(one for one in outcome.findings if nightly.status(one.fingerprint) in NEWS)
    return outcome._replace(findings=news, nightly=nightly._replace(only_new=True))


class Telling:
    """The notifications of one run: routed when the night is written, sent when it is."""

    def __init__(self, config: "Config") -> None:
        self._config = config
        self._destinations = destinations(config)
        self._stranded = 0

    def route(self, nightly: Nightly) -> Routed:
        """To whom what happened is told."""
        routed = route(self._config, self._destinations, events(nightly))
        self._stranded = routed.stranded
        return routed

    def send(self, path: str, transport: "Transport | None" = None) -> list[str]:
        """Send what waits; a sentence for everything that could not be told."""
        from linter.nightly.notify import send

        problems = send(path, self._destinations, self._config.root, lambda: datetime.now(UTC), transport)
        if self._stranded:
            problems.append(
                f"{plural(self._stranded, 'event')} went nowhere: no [notify.NAME] has the owner, and none is the fallback"
            )
        return problems
