"""The Markdown report: the sections of the page in its order, for a repository, a wiki or a ticket. Escaped as every Markdown report is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from linter.audit.attention import undecided, unproved, waiting
from linter.audit.json import digest
from linter.audit.model import (
    LEVELS,
    ONLY_DECLARED,
    Agent,
    Audit,
    Cell,
    Decision,
    Note,
    Permission,
    Revoked,
    changed,
    exceptions,
    gone,
    privileged,
)
from linter.audit.views import counted, sums
from linter.reports.markup import code, prose
from linter.reports.totals import plural
from linter.reports.visible import inert

_NOT_ASKED = "not asked"


def render(audit: Audit) -> str:
    """The whole report."""
    parts = [
        f"# {prose(audit.title)}",
        _opening(audit),
        *_population(audit),
        *_summary(audit),
        *_matrix(audit),
        *(line for agent in audit.agents for line in _agent(agent, audit)),
        *_people(audit),
        *_powers(audit),
        *_findings("## Findings of no agent", audit.findings),
        *_exceptions(audit),
        *_revoked(audit),
        *_evidence(audit),
        "## Signature",
        _tied(audit),
        _table(("Reviewer", "Date", "Signature"), [("&nbsp;", "&nbsp;", "&nbsp;")]),
    ]
    return inert("\n\n".join(parts)) + "\n"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [" | ".join(row) for row in (heads, ["---"] * len(heads), *rows)]
    return "\n".join(f"| {line} |" for line in lines)


def _opening(audit: Audit) -> str:
    given = " (given by the operator: `--as-of`)" if audit.evidence.as_of_given else ""
    live = "" if audit.live else " **Nothing here was verified against a live system.**"
    return f"As of {audit.as_of}{given}, by {prose(audit.evidence.tool)}.{live}"


def _tied(audit: Audit) -> str:
    how = "`--format json` in the same run, or with the same inputs and `--as-of`"
    return f"The JSON of this report ({how}) has the SHA-256 {code(digest(audit))}."


def _population(audit: Audit) -> Iterator[str]:
    yield "## Population"
    rows = []
    for one in audit.sources:
        what = "manifests" if one.kind == "manifests" else prose(f"{one.name} {one.environment}".strip())
        counts = f"{one.principals} = {one.declared} + {len(one.unmanaged)}"
        known = "yes" if one.known else f"**not known**: {prose(one.problem)}"
        shown = counts if counted(one) else "not known"
        rows.append((what, prose(one.query), shown, _names(one.unmanaged), _names(one.orphaned), known))
    total = sums(audit.sources)
    if total.sources:
        whole = f"{total.counted} of {total.sources} counted"
        known = "yes" if total.known == total.sources else f"known of {total.known or 'none'}"
        added = f"{total.principals} = {total.declared} + {total.unmanaged}" if total.counted else "not known"
        rows.append(("live sources", whole, added, "", "", known))
    heads = (
        "Source",
        "Query",
        "All = with a manifest + without",
        "Without a manifest",
        "Named and not there",
        "Are these all?",
    )
    yield _table(heads, rows)
    yield "Of manifests, all are files; those without are files that cannot be read."


def _names(names: Iterable[str]) -> str:
    return ", ".join(map(prose, names)) or "none"


def _summary(audit: Audit) -> Iterator[str]:
    yield "## Summary"
    live = sum(one.production for one in audit.units)
    first = undecided(audit)
    lines = [
        f"- {plural(len(audit.agents), 'agent')}, {plural(len(audit.units), 'row')} of the matrix, {live} of them in production",
        f"- Without a decision: {plural(audit.decisions_open, 'permission')}; needing one first: {len(first)}",
    ]
    if audit.principals:
        lines.append(
            f"- Without a manifest: {plural(len(audit.principals), 'principal')}, {audit.principals_open} of them without a decision"
        )
    if silent := unproved(audit):
        lines.append(f"- Revokes that nothing proves: {len(silent)}")
    if audit.change is None:
        lines.append("- What is new is not known: there is nothing to compare with (`--since`, `--previous`)")
    else:
        change = audit.change
        findings = (
            "new findings are not known" if change.findings_new is None else f"{change.findings_new} new findings"
        )
        lines.append(
            f"- Since {prose(change.since)}: {change.permissions_new} new permissions, {findings}, "
            f"new agents: {_names(change.agents_new)}; gone: {_names(change.agents_gone)}"
        )
        if change.findings_new is None:
            lines.append(f"- {ONLY_DECLARED}")
    yield "\n".join(lines)
    people = waiting(audit)
    if first or people or silent:
        rows = [(prose(agent.name), prose(one.environment), _what(one), prose(why)) for agent, one, why in first]
        rows += [
            ("nobody's", prose(one.environment), f"{prose(one.system)}: principal {prose(one.name)}", prose(why))
            for one, why in people
        ]
        rows += [
            (prose(one.agent), prose(one.environment), f"{prose(one.resource)}: {prose(one.what)}", prose(why))
            for one, why in silent
        ]
        yield _table(("Agent", "Environment", "Permission", "Why"), rows)


def _matrix(audit: Audit) -> Iterator[str]:
    if not audit.units:
        return
    yield "## Matrix"
    yield (
        "Declared / granted, each the gravest; "
        + ", ".join(LEVELS)
        + ("" if audit.live else ". Granted was not asked")
        + "."
    )
    heads = ("Agent", "Environment", *map(prose, audit.systems))
    rows = [
        (prose(one.agent), prose(one.environment), *(_cell(cell, audit) for cell in one.cells)) for one in audit.units
    ]
    yield _table(heads, rows)


def _cell(cell: Cell | None, audit: Audit) -> str:
    if cell is None:
        return "-"
    if not audit.live:
        return LEVELS[cell.declared]
    granted = "?" if cell.granted is None else LEVELS[cell.granted]
    return f"{LEVELS[cell.declared]} / {granted} {cell.verdict if cell.verdict != 'ok' else ''}".rstrip()


def _agent(agent: Agent, audit: Audit) -> Iterator[str]:
    yield f"## {prose(agent.name)}"
    yield "\n".join(f"- {name}: {value}" for name, value in _facts(agent))
    rows = [_permission(one, audit) for one in agent.permissions]
    if rows:
        heads = (
            "Permission",
            "Environment",
            "Scope",
            "Level",
            "Granted",
            "Blast radius",
            "Last decision",
            "Decision, by, on",
        )
        yield _table(heads, rows)
    if agent.timeline is None:
        yield "No history was told: how this agreement grew is not known."
    elif agent.timeline.entries:
        yield "\n".join(_timeline(agent))
    yield from _findings("### Findings", agent.findings)


def _facts(agent: Agent) -> Iterator[tuple[str, str]]:
    yield "Manifest", code(agent.path) + (" (new)" if agent.new else "")
    yield "Owner", prose(agent.owner) or "nobody"
    yield "Purpose", prose(agent.purpose) or "not said"
    yield "Environments", ", ".join(map(prose, agent.environments)) or "none"
    yield "Identities", "; ".join(map(prose, agent.identities)) or "none is known"
    yield "Expires", agent.expires or "never"
    review = f"{agent.review_state}: {prose(agent.reviewed_by)} on {agent.reviewed_on}, {_age(agent.review_days)}"
    yield "Review", review if agent.reviewed_on else "never"
    yield "Blast radius (computed)", agent.blast
    steps = (("dry run", agent.dry_run), ("audit log", agent.audit_log), ("command", agent.command))
    said = [f"{name} {prose(text)}" for name, text in steps if text]
    yield (
        "Rollback",
        "; ".join([*([prose(" ".join(agent.rollback.split()))] if agent.rollback else []), *said]) or "none",
    )
    yield "Rehearsed", f"{agent.rehearsed}, {_age(agent.rehearsed_days)}" if agent.rehearsed else "never"


def _age(days: int | None) -> str:
    return "age not known" if days is None else "today" if days == 0 else f"{days} day{'' if days == 1 else 's'} ago"


def _what(one: Permission) -> str:
    told = f"{prose(one.resource)}: " if one.resource else f"{prose(one.system)}: "
    beyond = " (**granted, not declared**)" if one.origin == "granted" else ""
    return f"{told}{prose(one.what)}{beyond}" + (" (new)" if one.new else "")


def _permission(one: Permission, audit: Audit) -> tuple[str, ...]:
    known = "not known" if one.granted is None else LEVELS[one.granted]
    verdict = " and ".join((one.verdict, *one.also))
    granted = f"{known}: {verdict}" + (f", {prose(one.reason)}" if one.reason else "") if audit.live else _NOT_ASKED
    if not audit.live and one.verdict:
        granted = f"{one.verdict}: {prose(one.reason)}"
    blast = (
        f"{one.blast_declared or 'not said'} / {one.blast_computed or 'not known'}" if one.origin == "declared" else ""
    )
    powers = f" **{', '.join(one.privileged)}**" if one.privileged else ""
    last = _decided(one.decision)
    level = LEVELS[one.level] + powers
    return _what(one), prose(one.environment), prose(one.scope) or "none", level, granted, blast, last, "&nbsp;"


def _decided(one: Decision | None) -> str:
    if one is None:
        return "none"
    outcome = f", {one.outcome}{f' since {prose(one.since)}' if one.since else ''}" if one.outcome else ""
    reason = f": {prose(one.reason)}" if one.reason else ""
    return f"{one.decision} by {prose(one.by)} on {one.on}{outcome}{reason}"


def _timeline(agent: Agent) -> Iterator[str]:
    assert agent.timeline is not None
    for entry in agent.timeline.entries:
        when = (
            f"{entry.date[:10]} {code(entry.commit[:10])} {prose(entry.author)}"
            if entry.commit
            else prose(entry.subject)
        )
        yield f"- {when}, {entry.leaves} {'leaf' if entry.leaves == 1 else 'leaves'}"
        yield from (f"  - {prose(f'{step.mark} {step.text}'.strip())}" for step in entry.steps)


def _findings(title: str, notes: Sequence[Note]) -> Iterator[str]:
    if not notes:
        return
    yield title
    yield "\n".join(line for one in notes for line in _note(one))


def _note(one: Note) -> Iterator[str]:
    marks = [one.status] if one.status != "open" else []
    marks += ["new"] if one.new else []
    marks += [f"first seen {prose(one.first_seen)}"] if one.first_seen else []
    held = f" ({', '.join(marks)})" if marks else ""
    rule = code(one.rule) if one.rule else "cannot be read"
    yield f"- {one.severity}{held}: {rule}, {code(one.place)}: {prose(one.message)}"
    if one.fix:
        yield "  - Fix: " + "<br>".join(map(prose, one.fix.rstrip().split("\n")))


def _people(audit: Audit) -> Iterator[str]:
    yield "## Principals without a manifest"
    rows = [
        (
            prose(one.name) + (" (new)" if one.new else ""),
            prose(f"{one.system} {one.environment}".strip()),
            f"{one.state}: {prose(one.reason)}" if one.reason else one.state,
            _decided(one.decision),
            "&nbsp;",
        )
        for one in audit.principals
    ]
    heads = ("Principal", "Source", "What is known", "Last decision", "Decision, by, on")
    none = (
        "None was found; whether that is all there are, the population says." if audit.live else "No system was asked."
    )
    yield _table(heads, rows) if rows else none


def _powers(audit: Audit) -> Iterator[str]:
    yield "## Privileged powers"
    rows = [
        (
            prose(agent.name),
            prose(one.environment),
            ", ".join(one.privileged),
            _what(one),
            prose(one.principal),
            _decided(one.decision),
        )
        for agent, one in privileged(audit)
    ]
    yield (
        _table(("Agent", "Environment", "Power", "Permission", "Principal", "Last decision"), rows)
        if rows
        else "None is declared" + (", and none was found." if audit.live else "; what is granted was not asked.")
    )


def _exceptions(audit: Audit) -> Iterator[str]:
    yield "## Exceptions"
    rows = [
        (
            one.status,
            code(one.rule),
            prose(one.agent),
            prose(one.message),
            prose(one.reason),
            prose(one.approver) or "nobody is named",
            prose(one.until) or "no end",
        )
        for one in exceptions(audit)
    ]
    heads = ("By", "Rule", "Agent", "Finding", "Reason", "Approver", "Until")
    yield _table(heads, rows) if rows else "None."


def _revoked(audit: Audit) -> Iterator[str]:
    yield "## Revoked since the last report"
    rows = [
        (
            prose(one.agent), prose(one.environment), prose(one.resource), prose(one.what), one.gone_from,
            prose(one.verified) or _unproved(one), _decided(one.decided),
        )
        for one in gone(audit)
    ]  # fmt: skip
    heads = ("Agent", "Environment", "Resource", "Permission", "Gone from", "First verified absence", "Decision")
    yield _table(heads, rows) if rows else "Nothing" + (", as far as is known." if audit.change is None else ".")
    others = [
        (prose(one.agent), prose(one.environment), prose(one.what), prose(one.why), _decided(one.decided))
        for one in changed(audit)
    ]
    if others:
        yield "### Not gone: what was granted stands in another form"
        yield _table(("Agent", "Environment", "Permission", "What stands", "Decision"), others)


def _unproved(one: Revoked) -> str:
    return f"**not verified**: {prose(one.why)}" if one.why else "**not verified**"


def _evidence(audit: Audit) -> Iterator[str]:
    one = audit.evidence
    yield "## Evidence"
    made = f"made at {one.made_at}" if one.made_at else "`--as-of` was given, so the report has no time of its own"
    commit = code(one.commit) if one.commit else "none (no git repository, or nothing is committed)"
    yield f"- {prose(one.tool)}, {made}\n- Commit: {commit}\n- Configuration: {code(one.configuration)}"
    asked = [
        (prose(each.name), prose(each.plane), prose(each.at) or "not known", prose(each.result)) for each in one.asked
    ]
    if asked:
        yield _table(("Source", "What", "At", "Result"), asked)
    yield "### What could not be verified"
    yield "\n".join(f"- {prose(each)}" for each in one.unverified) or "Nothing that was asked."
    yield "### Inputs"
    yield _table(("File", "SHA-256"), [(code(each.path), code(each.sha256)) for each in one.inputs])
