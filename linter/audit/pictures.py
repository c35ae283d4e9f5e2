"""The geometry of the report's pictures. What it looks like is said by the page's templates, what it says by their words."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from linter.audit.model import Audit
from linter.creep.timeline import Timeline

BLASTS = ("none", "low", "medium", "high", "critical")
"""The words of a blast radius, the gravest last; what is none of these is not known."""


class Mark(NamedTuple):
    """What a commit did, at its day; `y` is the foot of its letters."""

    x: int
    y: int
    signs: str
    """Of `linter.creep.timeline.Step.mark`, each once, the gravest first."""


class Tick(NamedTuple):
    """A place on an axis, and its label."""

    at: int
    label: str


class Growth(NamedTuple):
    """How many permissions an agreement had over time: steps, with what each commit did above them. Pixels of a view box."""

    width: int
    height: int
    line: str
    """The `d` of a path."""
    area: str
    marks: tuple[Mark, ...]
    days: tuple[Tick, ...]
    counts: tuple[Tick, ...]
    foot: int
    """Where the axis of time lies."""
    left: int
    first: tuple[str, int]
    last: tuple[str, int]
    most: int


_WIDTH, _LEFT, _RIGHT, _PLOT, _BELOW = 420, 28, 8, 72, 20
_LANE, _SIGN = 14, 9
"""The height of a row of marks, and the width of one."""
_LANES = 4
_GRAVEST = "!+~-="


def growth(points: Sequence[tuple[str, int]], timeline: Timeline | None, as_of: str) -> Growth | None:
    """The picture of an agent's growth; None where there is nothing to see: it stayed as it was from the first, or is of one day.

    Args:
        points: (ISO date, permissions from then on), oldest first.
        as_of: ISO date at which the picture ends.
    """
    known = [(day, count, text) for text, count in points if (day := _day(text)) is not None]
    if not known:
        return None
    told = [
        (day, "".join(sign for sign in _GRAVEST if any(step.mark == sign for step in entry.steps)))
        for entry in (timeline.entries if timeline else ())
        if (day := _day(entry.date)) is not None
    ]
    if len(known) == 1 and not any(signs for _, signs in told):
        return None
    begin = min([known[0][0], *(day for day, _ in told)])
    end = max([_day(as_of) or begin, known[-1][0], *(day for day, _ in told)])
    if begin == end:
        return None
    most = max(1, *(count for _, count, _ in known))

    def across(day: int) -> int:
        return _LEFT + round((day - begin) / max(1, end - begin) * (_WIDTH - _LEFT - _RIGHT))

    marks, lanes = _lanes([(across(day), signs) for day, signs in told if signs])
    above = lanes * _LANE + 6
    foot = above + _PLOT

    def down(count: int) -> int:
        return foot - round(count / most * _PLOT)

    line = f"M{across(known[0][0])} {down(known[0][1])}"
    line += "".join(f"H{across(day)}V{down(count)}" for day, count, _ in known[1:]) + f"H{across(end)}"
    return Growth(
        _WIDTH,
        foot + _BELOW,
        line,
        f"{line}V{foot}H{across(known[0][0])}Z",
        tuple([mark._replace(y=above - 4 - mark.y * _LANE) for mark in marks]),
        _ends(begin, end, across),
        (Tick(foot, "0"), Tick(above, str(most))),
        foot,
        _LEFT,
        (known[0][2][:10], known[0][1]),
        (known[-1][2][:10], known[-1][1]),
        most,
    )


def _day(text: str) -> int | None:
    """An ISO date or time as the number of its day; None where it is none."""
    try:
        return date.fromisoformat(text[:10]).toordinal()
    except ValueError:
        return None


def _lanes(marks: Sequence[tuple[int, str]]) -> tuple[list[Mark], int]:
    """The marks with `y` as the number of the row in which they do not meet, and how many rows that takes.

    Where the rows do not suffice, a mark joins the last one of the lowest row: the list beside the picture has each.
    """
    ends: list[int] = []
    placed: list[Mark] = []
    for x, signs in marks:
        start = min(x, _WIDTH - _SIGN * len(signs))
        lane = next((lane for lane, taken in enumerate(ends) if taken <= start), len(ends))
        if lane == _LANES:
            near = max((one for one in placed if one.y == 0), key=lambda one: one.x)
            both = "".join(sign for sign in _GRAVEST if sign in near.signs + signs)
            start = min(near.x, _WIDTH - _SIGN * len(both))
            placed[placed.index(near)] = near._replace(x=start, signs=both)
            ends[0] = start + _SIGN * len(both) + 2
            continue
        ends[lane : lane + 1] = [start + _SIGN * len(signs) + 2]
        placed.append(Mark(start, lane, signs))
    return placed, len(ends)


def _ends(begin: int, end: int, across: Callable[[int], int]) -> tuple[Tick, ...]:
    return tuple([Tick(across(day), date.fromordinal(day).isoformat()) for day in sorted({begin, end})])


class Bar(NamedTuple):
    """One environment: how many declared permissions have which blast radius."""

    environment: str
    production: bool
    counts: tuple[int, ...]
    """One a word of `BLASTS`, and last those whose blast radius is not known."""
    parts: tuple[tuple[int, int, int], ...]
    """(index into `counts`, x, width) of what is drawn, in pixels of a view box as wide as `BAR`."""


BAR = 300


def blast_by_environment(audit: Audit) -> tuple[Bar, ...]:
    """The bars of the picture, production first; the longest fills the box."""
    production = {unit.environment: unit.production for unit in audit.units}
    counts: dict[str, list[int]] = {name: [0] * (len(BLASTS) + 1) for name in production}
    for agent in audit.agents:
        for one in agent.permissions:
            if one.origin != "declared":
                continue  # how far it would reach is not computed: it is no entry of a manifest
            own = counts.setdefault(one.environment, [0] * (len(BLASTS) + 1))
            own[BLASTS.index(one.blast_computed) if one.blast_computed in BLASTS else -1] += 1
    longest = max([1, *(sum(own) for own in counts.values())])
    bars = [Bar(name, production.get(name, False), tuple(own), _parts(own, longest)) for name, own in counts.items()]
    return tuple(sorted(bars, key=lambda bar: not bar.production))


def _parts(counts: Sequence[int], longest: int) -> tuple[tuple[int, int, int], ...]:
    found, so_far = [], 0
    for index, count in enumerate(counts):
        start, so_far = so_far, so_far + count
        left, right = round(start / longest * BAR), round(so_far / longest * BAR)
        if count:
            found.append((index, left, max(1, right - left)))
    return tuple(found)
