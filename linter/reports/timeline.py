"""Timelines, for a terminal and as Markdown fit for a comment. Every text of a stranger is escaped for the medium."""

from linter.creep.timeline import Distance, Entry, Timeline
from linter.findings import Finding, Outcome, Severity
from linter.patterns import Pattern
from linter.reports.visible import visible

_TINTS = {"+": "33", "-": "32", "!": "31", "~": "34", "=": "36"}
_BACKTICKS = Pattern("`+")
_MOST_STEPS = 100
"""Of one commit, in a comment: a comment that is too long is refused as a whole."""


def text(outcome: Outcome, *, color: bool) -> str:
    """The timelines as a person reads them, a blank line after each."""
    return "".join("\n".join(_timeline(one, color)) + "\n\n" for one in outcome.timelines)


def _timeline(one: Timeline, color: bool) -> list[str]:
    def tint(words: str, code: str) -> str:
        return f"\x1b[{code}m{words}\x1b[0m" if color else words

    lines = [f"{tint(visible(one.path), '1')}  {visible(_agent(one))}"]
    for entry in one.entries:
        lines.append(f"  {tint(visible(_headline(entry)), '2')}")
        for step in entry.steps:
            words = f"{step.mark} {visible(step.text)}"
            lines.append(f"      {tint(words, _TINTS[step.mark]) if step.mark in _TINTS else words}".rstrip())
    if not one.entries:
        lines.append("  no change of permissions here")
    if one.distance is not None:
        lines += [f"  {line}" for line in _distance(one.distance)]
    return lines


def _agent(one: Timeline) -> str:
    return f"{one.agent} ({', '.join(one.environments)})" if one.agent else "gone"


def _headline(entry: Entry) -> str:
    if not entry.commit:
        return entry.subject
    return f"{entry.date[:10]}  {entry.commit[:10]}  {entry.author}  {entry.subject}"


def _distance(one: Distance) -> list[str]:
    where = f"{one.start.date[:10]}, {one.start.commit[:10]}" if one.start.commit else one.start.subject
    since = f"since {'the last signed' if one.reviewed else 'the first'} version ({where})"
    if not one.added:
        return [f"{since}: nothing added; blast radius {_blast(one)}"]
    gravest = f", gravest {one.gravest}" if one.gravest else ""
    lines = [f"{since}: {len(one.added)} added{gravest}; blast radius {_blast(one)}"]
    return lines + [f"    + {visible(added)}" for added in one.added]


def _blast(one: Distance) -> str:
    return one.blast_now if one.blast_then == one.blast_now else f"{one.blast_then} -> {one.blast_now}"


def markdown(outcome: Outcome) -> str:
    """What changed, manifest by manifest, with what is wrong about it: fit for a comment on a pull request."""
    told = [one for one in outcome.timelines if one.entries]
    lines = ["## permlint creep", ""]
    if not told and not outcome.errors and not outcome.unchecked:
        return "\n".join([*lines, "No permission changes.", ""])
    lines += [f"- **not read:** {code(one.path)}: {code(one.message)}" for one in outcome.errors]
    lines += [f"- **not checked:** {code(sentence)}" for sentence in outcome.unchecked]
    for one in told:
        lines += ["", f"### {code(one.path)} {code(_agent(one))}", ""]
        for entry in one.entries:
            lines.append(f"- {code(_headline(entry))}")
            lines += [f"  - {_sign(step.mark)}{code(step.text)}" for step in entry.steps[:_MOST_STEPS]]
            if len(entry.steps) > _MOST_STEPS:
                lines.append(f"  - and {len(entry.steps) - _MOST_STEPS} more")
        lines += ["", *map(_finding, (found for found in outcome.findings if found.location.path == one.path))]
    return "\n".join([*lines, ""])


def _sign(mark: str) -> str:
    return f"**`{mark}`** " if mark.strip() else ""


def _finding(found: Finding) -> str:
    grave = {Severity.ERROR: "**error**", Severity.WARNING: "**warning**"}.get(found.severity, "info")
    return f"- {grave} {code(found.rule)}, line {found.location.line}: {code(found.message)}"


def code(words: str) -> str:
    """Any text as a code span: nothing in it is a link, a mention, an image or HTML."""
    shown = visible(words)
    longest = max([len(run) for run in _BACKTICKS.compiled.findall(shown)], default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest or shown[:1] == " " or shown[-1:] == " " or not shown else ""
    return f"{fence}{pad}{shown}{pad}{fence}"
