"""Systems that answer from another place than before: what is not seen there proves nothing of where it was seen."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

from linter.findings import Source
from linter.nightly.news import Known, SourceState
from linter.nightly.rows import clean
from linter.outcome import Attempt
from linter.systems.places import Where, elsewhere
from linter.systems.secret import hide


class Moves(NamedTuple):
    """What a run's answers and the state say together."""

    asked: Mapping[Source, Attempt]
    """As the run has it, but that an answer from elsewhere counts as none; and that is its problem."""
    strays: frozenset[Source]
    """Those of them."""
    moved: Mapping[Source, str]
    """Sources that an operator says have moved -> the day since which they answer from there, or empty for today."""
    returned: Mapping[Source, str]
    """Sources that answer from the old place again -> the day on which they began to answer from another."""

    def proves(self, known: Known, source: Source) -> bool:
        """Whether an answer in which a finding is not seen came from the place where the finding was seen."""
        if source in self.moved:
            return "" < self.moved[source] < known.since  # on that very day either place may have shown it
        return source not in self.returned or known.since < self.returned[source]

    def place(self, source: Source, before: SourceState | None) -> Where:
        """Where a source's findings are verified from now on."""
        asked = self.asked[source]
        known = before.place if before is not None else {}
        return known if asked.problem else asked.place or known


def moves(
    asked: Mapping[Source, Attempt],
    states: Mapping[Source, SourceState],
    known: Iterable[Known],
    said: Collection[str],
    production: Callable[[str], bool],
) -> Moves:
    """Sort out who answers from where.

    Args:
        known: every open finding; where a system has none in an environment, it may move as it likes.
        said: systems that an operator says have moved.
        production: whether an environment counts as production; elsewhere servers are built anew as a habit.
    """
    held = {(one.source.system, one.source.environment) for one in known if one.source is not None}
    sorted_out = dict(asked)
    moved, returned = {}, {}
    for source, attempt in asked.items():
        before = states.get(source)
        if before is None or attempt.problem:
            continue
        clause = elsewhere(before.place, attempt.place)
        if not clause:
            if before.elsewhere:
                returned[source] = before.elsewhere
        elif (
            source.system in said
            or (source.system, source.environment) not in held
            or not (source.environment == "" or production(source.environment))
        ):
            moved[source] = before.elsewhere
        else:
            hint = f"{clause} (if it moved there for good: --moved {source.system})"
            sorted_out[source] = attempt._replace(problem=clean(hide(hint)))
    strays = frozenset(source for source, attempt in asked.items() if sorted_out[source] is not attempt)
    return Moves(sorted_out, strays, moved, returned)
