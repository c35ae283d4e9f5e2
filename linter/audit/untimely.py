"""Decisions that are dated before what they are on was declared: nobody decides of what is not there.

It is said and not refused: a history that was squashed or restored begins later than what it tells of. Of what is granted and
not declared nothing is said: its first sight, which the nightly history knows, is not its beginning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING

from linter.audit.model import Agent, Permission
from linter.audit.previous import from_history
from linter.creep.timeline import Timeline
from linter.history.git import open_repository
from linter.history.model import HistoryError

if TYPE_CHECKING:
    from linter.config import Config


def untimely(config: Config, agents: Iterable[Agent], timelines: Mapping[str, Timeline]) -> Iterator[str]:
    """A sentence for each such decision; nothing where there is no history to read."""
    days: dict[str, list[tuple[str, Permission]]] = {}
    for agent in agents:
        told = timelines.get(agent.path)
        for row in agent.permissions:
            if row.decision is not None and row.origin == "declared" and _grew(told, row.decision.on):
                days.setdefault(row.decision.on, []).append((agent.path, row))
    if not days:
        return
    try:
        with open_repository(config.root) as repository:
            for day, rows in sorted(days.items()):
                after = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
                paths = tuple(dict.fromkeys(path for path, _ in rows))
                known = from_history(repository, config, paths, after).permissions
                yield from (_said(row, day) for _, row in rows if row.id not in known)
    except (HistoryError, OverflowError):
        return  # which the report says of history itself


def _grew(told: Timeline | None, day: str) -> bool:
    """Whether a manifest in git came to declare more since a day."""
    dated = [entry for entry in told.entries if entry.date] if told is not None else []
    return any(entry.date[:10] > day and any(step.mark in "+~ " for step in entry.steps) for entry in dated)


def _said(row: Permission, day: str) -> str:
    what = f"{row.agent} ({row.environment}): {row.resource}: {row.what}"
    return (
        f"{what}: its {row.decision.decision if row.decision else 'decision'} is dated {day}, and git has it declared only "
        "later: it was decided of something else, or the history was squashed or restored"
    )
