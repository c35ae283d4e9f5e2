"""Agents, and the matrix of agents by systems, from permissions and findings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from linter.audit.granted import worst
from linter.audit.model import Agent, Cell, Note, Permission, Unit
from linter.blast import LEVELS
from linter.creep.timeline import Timeline

if TYPE_CHECKING:
    from linter.config import Config

_UNNAMED = re.compile(r"[^a-z0-9]+")


def anchors(names: Iterable[str]) -> list[str]:
    """A name for links for each, unlike all others."""
    found: list[str] = []
    taken: set[str] = set()
    for name in names:
        base = f"agent-{_UNNAMED.sub('-', name.lower()).strip('-')[:60] or 'unnamed'}"
        anchor, number = base, 1
        while anchor in taken:
            number += 1
            anchor = f"{base}-{number}"
        taken.add(anchor)
        found.append(anchor)
    return found


def agent(
    said: Agent,
    anchor: str,
    rows: Sequence[Permission],
    findings: Iterable[Note],
    timeline: Timeline | None,
    as_of: str,
    *,
    new: bool,
) -> Agent:
    """One agent of the report, from what its manifest says of it."""
    computed = [LEVELS.index(one.blast_computed) for one in rows if one.blast_computed]
    entries = timeline.entries if timeline is not None else ()
    return said._replace(
        anchor=anchor,
        blast=LEVELS[max(computed, default=0)],
        permissions=tuple(rows),
        timeline=timeline,
        growth=tuple((one.date[:10] or as_of, one.leaves) for one in entries),
        findings=tuple(findings),
        new=new,
    )


def matrix(config: Config, agents: Sequence[Agent], *, live: bool) -> tuple[tuple[str, ...], tuple[Unit, ...]]:
    """The systems, and a row for each agent in each of its environments."""
    systems = tuple(sorted({one.system for each in agents for one in each.permissions if one.system}))
    units = []
    for each in agents:
        cells: Mapping[tuple[str, str], list[Permission]] = {}
        for one in each.permissions:
            cells.setdefault((one.environment, one.system), []).append(one)  # type: ignore[attr-defined]
        units += [
            Unit(
                agent=each.name,
                anchor=each.anchor,
                environment=environment,
                production=config.production(environment),
                cells=tuple(_cell(cells.get((environment, system), ()), live=live) for system in systems),
            )
            for environment in each.environments
        ]
    return systems, tuple(units)


def _cell(rows: Sequence[Permission], *, live: bool) -> Cell | None:
    if not rows:
        return None
    declared = max((one.level for one in rows if one.origin == "declared"), default=0)
    verdict = worst(one.verdict for one in rows)
    known = [one.granted for one in rows if one.granted is not None]
    whole = len(known) == len(rows) or verdict == "excess"
    return Cell(declared, max(known) if live and known and whole else None, verdict)
