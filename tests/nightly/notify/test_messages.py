"""What a message holds: within the receiver's limits, and no markup of anybody else's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from linter.nightly import messages
from linter.nightly.events import Event
from tests.nightly.nights import CONFIG, FILES, manifest, slack
from tests.nightly.notify.told import OPS, Told
from tests.systems.keys.stub import Stub


def test_hostile_text_is_no_mention_link_or_markup(tmp_path: Path, receiver: Stub) -> None:
    evil = "<!channel> <@U123> <https://evil.example|log in> & `code` @here"
    nights = Told(tmp_path, CONFIG + OPS, {"support/agent-permissions.yaml": manifest(json.dumps(evil))})
    nights.tell(1, {"chat": slack()}, receiver)
    nights.tell(2, {"chat": slack(FILES)}, receiver)
    body = json.loads(receiver.asked[0].body)
    text = body["blocks"][1]["text"]
    assert text["verbatim"] is True
    assert "&lt;!channel&gt; &lt;@U123&gt; &lt;https://evil.example|log in&gt; &amp; 'code' @here" in text["text"]
    assert "<" not in json.dumps(body)
    assert body["text"] == "permlint: 1 new"


def _event(number: int, **more: Any) -> Event:
    fields = {"severity": "error", "message": "m", "rule": "drift/x", "cause": f"cause {number}", "fix": "REVOKE x;"}
    given: dict[str, Any] = {**fields, "agents": ("a" * 500,), **more}
    return Event("new", f"sha256:{number:064}", "2026-11-02", "o", "production", "db", **given)


@pytest.mark.parametrize("number", [1, 48, 49, 50, 2000])
def test_a_message_keeps_slacks_limits_and_counts_what_has_no_room(number: int) -> None:
    body = json.loads(messages.slack([_event(one) for one in range(number)]))
    assert len(body["blocks"]) <= 50
    shown = sum("cause " in block["text"]["text"] for block in body["blocks"])
    last = body["blocks"][-1]["text"]["text"]
    assert (
        last == f"... and {number - shown} more event{'s' if number - shown > 1 else ''}: see the report"
        if shown < number
        else shown == number
    )
    long = [_event(one, cause=">" * 9000, fix="&" * 9000, message="<" * 9000) for one in range(number)]
    body = json.loads(messages.slack(long))
    for block in body["blocks"]:
        text = block["text"]["text"]
        assert len(text) <= 3000
        assert text.count("&") == sum(text.count(one) for one in ("&lt;", "&amp;", "&gt;"))
        assert text.count("```") % 2 == 0


def test_a_json_message_says_how_many_it_leaves_out() -> None:
    body = json.loads(messages.webhook([_event(one) for one in range(777)]))
    assert (len(body["events"]), body["more"]) == (500, 277)
    assert len({one["id"] for one in body["events"]}) == 500
    (long,) = json.loads(messages.webhook([_event(1, message="x" * 1_000_000)]))["events"]
    assert len(long["message"]) == 4000
