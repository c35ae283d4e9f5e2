"""What is sent: a Slack message in blocks, or JSON. Every text of a stranger is escaped for where it goes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from linter import __version__
from linter.nightly.events import ELSEWHERE, EXPIRING, FAILING, RECOVERED, REJECTED, TROUBLE, Event
from linter.nightly.news import NEW, REAPPEARED, WORSENED
from linter.reports.totals import plural
from linter.reports.visible import visible

_TITLES: Mapping[str, str] = {
    REJECTED: "Credential refused",
    ELSEWHERE: "Asked elsewhere than before",
    NEW: "New",
    WORSENED: "Worse than before",
    REAPPEARED: "Back again",
    FAILING: "Could not be checked",
    EXPIRING: "Acceptance about to expire",
    RECOVERED: "Can be checked again",
}
"""Kind -> heading, in the order in which they are told."""
_BLOCKS = 50
"""Blocks of a message (docs.slack.dev, "Blocks")."""
_TEXT, _SHOWN, _EVENTS = 360, 4, 500
"""Characters of one text, escaped; findings of one cause; events of a JSON message.

A section has at most seven such texts, so that it stays below the 3,000 characters that Slack takes ("Section block").
"""
_LONGEST = 4000
"""Characters of a text, and agents, in a JSON message."""
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "`": "'"}


def slack(events: Sequence[Event]) -> bytes:
    """A message for an incoming webhook: a heading, a block a cause, and how many do not fit."""
    head = "permlint: " + ", ".join(
        f"{sum(one.kind == kind for one in events)} {title.lower()}"
        for kind, title in _TITLES.items()
        if any(one.kind == kind for one in events)
    )
    blocks = [_section(f"*{head}*")]
    told = 0
    for text, number in _paragraphs(events):
        if len(blocks) == _BLOCKS - 1:
            blocks.append(_section(f"... and {plural(len(events) - told, 'more event')}: see the report"))
            break
        blocks.append(_section(text))
        told += number
    # `text` is what a notification on a phone shows: counts, and nothing of a stranger's.
    body = {"text": head, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}
    return json.dumps(body).encode()


def _section(text: str) -> dict[str, Any]:
    # `verbatim`: no address, channel's name or mention in a plain text becomes a link, or wakes anybody.
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _paragraphs(events: Sequence[Event]) -> Iterator[tuple[str, int]]:
    """(text of a section, how many events it tells) in the order of the kinds."""
    for kind, title in _TITLES.items():
        groups: dict[tuple[str, str], list[Event]] = {}
        for one in events:
            if one.kind == kind:
                groups.setdefault((one.cause, "" if one.cause else one.id), []).append(one)
        for (cause, _), group in groups.items():
            yield "\n".join(_lines(title, cause, group)), len(group)


def _lines(title: str, cause: str, group: Sequence[Event]) -> Iterator[str]:
    places = {
        f"{agent} ({one.environment})" if one.environment else agent: None for one in group for agent in one.agents
    }
    of = f" [{_plain(', '.join(places))}]" if places else ""
    system = _plain(group[0].system)
    yield f"*{title}*: {_plain(cause) if cause else system}{of}"
    for one in group[:_SHOWN]:
        graded = f"{one.severity}: " if one.severity else ""
        look = f" `{one.subject.removeprefix('sha256:')[:12]}`" if one.rule else ""
        until = f" (until {one.episode})" if one.kind == EXPIRING else ""
        since = f" (since {one.episode})" if one.kind in TROUBLE else ""
        yield f"• {graded}{_plain(one.message)}{until}{since}{look}"
    if len(group) > _SHOWN:
        yield f"• ... and {len(group) - _SHOWN} more"
    fix = next((one.fix for one in group if one.fix), "")
    if fix:
        yield f"```{_plain(fix.splitlines()[0])}```"


def _plain(text: str) -> str:
    """A stranger's text for mrkdwn: no link, no mention, no end of a code span (docs.slack.dev, "Formatting message text")."""
    pieces: list[str] = []
    room = _TEXT
    for character in visible(text):
        piece = _ENTITIES.get(character, character)
        room -= len(piece)
        if room < 0:
            return "".join([*pieces, "..."])
        pieces.append(piece)
    return "".join(pieces)


def webhook(events: Sequence[Event]) -> bytes:
    """One JSON object; an event's `id` is the same however often it is sent."""
    body = {
        "schema_version": 1,
        "tool": {"name": "permlint", "version": __version__},
        "events": [_bounded({"id": one.id, **one._asdict()}) for one in events[:_EVENTS]],
        "more": max(0, len(events) - _EVENTS),
    }
    return json.dumps(body, ensure_ascii=True).encode()


def _bounded(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event whose texts are as long as anybody reads: a manifest may have a megabyte of them."""
    return {key: value[:_LONGEST] if isinstance(value, str | tuple) else value for key, value in event.items()}
