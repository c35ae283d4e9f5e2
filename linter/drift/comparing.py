"""Systems asked and planes compared: what one system said is compared while others are still being asked."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing
from typing import NamedTuple

from linter.drift.asking import Standing, Unit, asked
from linter.drift.planes import Plane
from linter.interrupts import terminable
from linter.systems.live import Comparison, Failure, Observation


class Told(NamedTuple):
    """What the systems said, and what it comes to. Where something is missing, a sentence says why."""

    answers: Mapping[tuple[str, ...], Observation | Failure]
    """Target -> what it said: one for each that was to be asked."""
    compared: Sequence[Comparison | Failure]
    """One for each plane, in their order."""
    times: Mapping[tuple[str, ...], str]
    """Target -> when it had answered, ISO in UTC; nothing where it did not."""
    seconds: tuple[tuple[str, float], ...]
    """(a system's label, how long its answer took), in the order of the answers."""
    interruption: tuple[str, ...]
    """A sentence, if there was one."""


def tell(
    units: Sequence[Unit],
    planes: Sequence[Plane],
    compare: Callable[[Plane, Observation | Failure], Comparison | Failure],
    executor: Executor,
    watch: Callable[[Standing], None] | None,
) -> Told:
    """Ask every system and compare every plane. An interrupt (SIGINT, SIGTERM) ends both, and what is known by then is kept."""
    of_target: dict[tuple[str, ...], list[int]] = {}
    for place, plane in enumerate(planes):
        of_target.setdefault(plane.target.key, []).append(place)
    answers: dict[tuple[str, ...], Observation | Failure] = {}
    compared: dict[int, Comparison | Failure] = {}
    times: dict[tuple[str, ...], str] = {}
    seconds: list[tuple[str, float]] = []
    interruption: tuple[str, ...] = ()
    try:
        with terminable(), closing(asked(units, executor, watch)) as coming:
            for unit, answer in coming:
                answers[unit.target.key] = answer.said
                times[unit.target.key] = answer.at
                seconds.append((unit.target.label, answer.seconds))
                for place in of_target.get(unit.target.key, ()):
                    compared[place] = compare(planes[place], answer.said)
    except KeyboardInterrupt:
        missed = len(units) - len(answers)
        interruption = (f"the run was interrupted when {missed} of {len(units)} systems had not answered",)
    for unit in units:
        problem = Failure(f"{unit.target.label}: the run was interrupted before its answer was compared")
        answers.setdefault(unit.target.key, problem)
        for place in of_target.get(unit.target.key, ()):
            compared.setdefault(place, problem)
    return Told(answers, [compared[place] for place in range(len(planes))], times, tuple(seconds), interruption)
