"""A run of `drift` and its state, seen from the command line: whatever happens to the file, the report is printed."""

from datetime import date

from linter.findings import InputError, Outcome
from linter.nightly.news import NEWS
from linter.nightly.night import record
from linter.nightly.store import StateError, transaction
from linter.recordings import moment


def remember(path: str, outcome: Outcome, *, whole: bool, keep: str, today: date) -> Outcome:
    """The outcome with what the state knows; where the state cannot be used, with that as an error (exit status 2)."""
    try:
        with transaction(path) as connection:
            nightly = record(connection, outcome, whole=whole, today=today, at=moment(outcome.as_of), keep=keep)
    except StateError as error:
        return outcome._replace(errors=(*outcome.errors, InputError(path, 1, 1, str(error))))
    return outcome._replace(nightly=nightly)


def only_news(outcome: Outcome) -> Outcome:
    """The outcome with the findings that are new, worsened or back; all of them where no state says which those are."""
    nightly = outcome.nightly
    if nightly is None:
        return outcome
    news = tuple(one for one in outcome.findings if nightly.status(one.fingerprint) in NEWS)
    return outcome._replace(findings=news, nightly=nightly._replace(only_new=True))
