"""Timelines, for a terminal and as Markdown fit for a comment. Every text of a stranger is escaped for the medium."""

from linter.creep.timeline import Distance, Entry, Timeline
from linter.outcome import Outcome
from linter.reports.markdown import COMMENT, render
from linter.reports.markup import prose
from linter.reports.visible import inert, visible

_TINTS = {"+": "33", "-": "32", "!": "31", "~": "34", "=": "36"}


def text(outcome: Outcome, *, color: bool) -> str:
    """The timelines as a person reads them, a blank line after each."""
    told = "".join("\n".join(_timeline(one, color)) + "\n\n" for one in outcome.timelines())
    return inert(told + "".join(f"note: {visible(note)}\n\n" for note in outcome.notes))


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
    if not one.agent:
        return "gone" if one.entries else "not there then"
    return f"{one.agent} ({', '.join(one.environments)})"


def _headline(entry: Entry) -> str:
    if not entry.commit:
        return entry.subject
    return f"{entry.date[:10]}  {entry.commit[:10]}  {entry.author}  {entry.subject}"


_BEGINNINGS = {"first": "the first version", "last-review": "the last signed version", "range": "the range began"}


def _distance(one: Distance) -> list[str]:
    where = [text for text in (one.start.date[:10], one.start.commit[:10] or one.start.subject) if text]
    since = f"since {_BEGINNINGS[one.beginning]}" + (f" ({', '.join(where)})" if where else "")
    if not one.added:
        return [f"{since}: nothing added; blast radius {_blast(one)}"]
    gravest = f", gravest {one.gravest}" if one.gravest else ""
    lines = [f"{since}: {len(one.added)} added{gravest}; blast radius {_blast(one)}"]
    return lines + [f"    + {visible(added)}" for added in one.added]


def _blast(one: Distance) -> str:
    return one.blast_now if one.blast_then == one.blast_now else f"{one.blast_then} -> {one.blast_now}"


def markdown(outcome: Outcome) -> str:
    """What changed, manifest by manifest, above the findings: fit for a comment on a pull request."""
    told = [one for one in outcome.timelines() if one.entries]
    lines = ["## permlint creep", "", *([] if told else ["No permission changes."])]
    lines += [line for note in outcome.notes for line in ("", f"**Note**: {prose(note)}.", "")]
    for one in told:
        lines += [f"#### {code(one.path)}: {code(_agent(one))}", ""]
        for entry in one.entries:
            lines.append(f"- {code(_headline(entry))}")
            lines += [f"  - {f'`{step.mark}` ' if step.mark.strip() else ''}{code(step.text)}" for step in entry.steps]
        lines.append("")
    story = _cut(lines, COMMENT // 2)
    return story + render(outcome, COMMENT - len(story.encode()))


def _cut(lines: list[str], limit: int) -> str:
    """The lines that fit: a comment that is too long is refused as a whole."""
    kept, size = [], 0
    for line in lines:
        size += len(line.encode()) + 1
        if size > limit:
            kept += ["", "The story is longer than fits here: run `permlint creep` to see it.", ""]
            break
        kept.append(line)
    return "\n".join(kept) + "\n"


def code(words: str) -> str:
    """A stranger's text as a code span, or escaped where it cannot be one."""
    return prose(words if "`" in words else f"`{words}`")
