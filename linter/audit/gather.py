"""Gathering an audit: what the runs said, what was decided and what was known before, put together agent by agent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from linter import __version__
from linter.acceptance import ACCEPTED
from linter.audit import evidence
from linter.audit.agents import agent, anchors, matrix
from linter.audit.decisions import DECISIONS
from linter.audit.declared import header, plan_of, shown_path
from linter.audit.ledger import Ledger, Past, ledger
from linter.audit.model import Agent, Audit, Change, Evidence, Note, Source
from linter.audit.notes import About, notes, path_of
from linter.audit.previous import Previous
from linter.audit.runs import Runs
from linter.audit.untimely import untimely
from linter.checking import Selection
from linter.files import search
from linter.reports.visible import visible

if TYPE_CHECKING:
    from linter.config import Config

TITLE = "Agent permission review"
_NOT_LIVE = (
    "nothing here was verified against a live system: no live data was taken (--live, --live-from or --drift-json), so what "
    "is really granted is not known"
)


class Brought(NamedTuple):
    """What a report is given beside what its runs find."""

    past: Past
    approvers: Mapping[tuple[str, str], str]
    """(fingerprint, last day) of an acceptance -> who accepted."""
    first_seen: Mapping[str, str]
    """Fingerprint -> first sight, as the nightly history has it."""
    files: tuple[str, ...]
    """Files that the report is made from, beside those of the project; absolute."""


def gather(config: Config, selection: Selection, as_of: date, runs: Runs, brought: Brought, made_at: str) -> Audit:
    """The audit.

    Args:
        made_at: ISO time in UTC; empty where an operator said which day it is.
    """
    complete = selection.whole and not runs.unreadable
    plans = {shown_path(one): plan_of(one) for one in runs.subjects}
    book = ledger(config, as_of, runs, plans, brought.past, complete=complete)
    previous = brought.past.previous
    found = notes(runs, About(brought.approvers, previous.findings if previous else None, brought.first_seen))
    lasts = str(runs.rules.rules["review/overdue-review"].params["lasts"])
    headers = [header(one, plans[shown_path(one)], lasts) for one in runs.subjects]
    by_path: dict[str, list[Note]] = {one.path: [] for one in headers}
    others: list[Note] = []
    for note in found:
        by_path.get(path_of(note), others).append(note)
    agents = tuple(
        agent(
            said,
            anchor,
            book.rows[said.path],
            by_path[said.path],
            runs.timelines.get(said.path),
            as_of.isoformat(),
            new=previous is not None and said.name not in previous.agents,
        )
        for said, anchor in zip(headers, anchors(one.name for one in headers), strict=True)
    )
    book = book._replace(unknown=(*book.unknown, *untimely(config, agents, runs.timelines)))
    systems, units = matrix(config, agents, live=runs.live is not None)
    return Audit(
        title=TITLE,
        as_of=as_of.isoformat(),
        live=runs.live is not None,
        sources=_sources(config, selection, runs),
        systems=systems,
        units=units,
        agents=agents,
        principals=book.principals,
        findings=tuple(others),
        change=_change(agents, book, found, previous, complete=complete),
        revoked=book.revoked,
        decisions_open=sum(row.decision is None for each in agents for row in each.permissions),
        principals_open=sum(one.decision is None and one.state != "managed" for one in book.principals),
        evidence=_evidence(config, selection, as_of, runs, brought, book, made_at),
    )


def _sources(config: Config, selection: Selection, runs: Runs) -> tuple[Source, ...]:
    read = len(runs.subjects)
    unread = tuple(visible(one.path) for one in runs.unreadable)
    globs = ", ".join(config.manifests)
    excluded = f", but not {', '.join(config.exclude)}" if config.exclude else ""
    query = f"every file that matches {globs}{excluded}" if selection.whole else "the paths that were named"
    problem = "" if selection.whole else "only some manifests were asked for"
    own = Source(
        "manifests", "", "manifests", query, read + len(unread), read, unread, (), known=not problem, problem=problem
    )
    return (own, *(runs.live.sources if runs.live else ()))


def _change(
    agents: Sequence[Agent], book: Ledger, found: Iterable[Note], previous: Previous | None, *, complete: bool
) -> Change | None:
    if previous is None:
        return None
    names = {one.name for one in agents}
    return Change(
        since=previous.since,
        agents_new=tuple(one.name for one in agents if one.new),
        agents_gone=tuple(sorted(previous.agents - names)) if complete else (),
        permissions_new=sum(row.new for each in agents for row in each.permissions),
        findings_new=None if previous.findings is None else sum(one.new for one in found),
        principals_new=None if previous.principals is None else sum(one.new for one in book.principals),
    )


def _evidence(
    config: Config, selection: Selection, as_of: date, runs: Runs, brought: Brought, book: Ledger, made_at: str
) -> Evidence:
    own = [ACCEPTED, DECISIONS, *((config.path,) if config.path else ())]
    rule_files = search(config.root, config.root, config.rule_files, ()) if config.rule_files else []
    used = evidence.inputs(config, [*selection.named, *own, *rule_files, *brought.files])
    commit, git = evidence.checkout(config.root, used)
    unverified = [
        *(() if runs.live else (_NOT_LIVE,)),
        *(f"{visible(one.path)}:{one.line}:{one.column}: cannot be read: {one.message}" for one in runs.unreadable),
        *(f"the history is not told: {one}" for one in runs.no_history),
        *runs.unchecked,
        *(f"{_named(one)}: {one.problem}" for one in (runs.live.sources if runs.live else ()) if one.problem),
        *book.unknown,
    ]
    return Evidence(
        tool=f"permlint {__version__}",
        as_of=as_of.isoformat(),
        as_of_given=not made_at,
        made_at=made_at,
        commit=commit,
        configuration=evidence.configuration(config),
        asked=(*((git,) if git else ()), *(runs.live.asked if runs.live else ())),
        unverified=tuple(dict.fromkeys(unverified)),
        inputs=used,
    )


def _named(source: Source) -> str:
    return f"{source.name} ({source.environment})" if source.environment else source.name
