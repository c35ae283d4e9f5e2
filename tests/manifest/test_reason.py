"""What gives a reason, and what only fills the place of one."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.manifest.reason import says_why

NOTHING = [
    *(
        "",
        " ",
        ".",
        "-",
        "...",
        "???",
        "x",
        "xxx",
        "aaaa",
        "n/a",
        "N/A",
        "none",
        "TBD",
        "tbd",
        "TODO",
        "todo",
        "fix",
        "Fix.",
    ),
    *("TODO: ask Kim", "todo: write this", "<reason>", "TODO ask the team", "FIXME", "fix bug", "quick fix", "needed"),
    *(
        "as needed",
        "because",
        "see above",
        "update",
        "more access needed",
        "asdf",
        "wip",
        "test",
        "to be determined",
        "same",
    ),
]
REASONS = [
    *(
        "INC-4711",
        "#4711",
        "see #12",
        "status must be set",
        "fix ticket 4711",
        "spam is deleted",
        "Kim",
        "GDPR",
        "audit",
    ),
    *(
        "refunds need it",
        "fixes the stuck queue",
        "todo lists are kept in this table",
        "the x axis labels",
        "on call asked",
    ),
    *(
        "triage closes duplicates",
        "测试环境需要写入",
        "für die Nachtschicht",
        "backfill",
        "until the migration ends",
        "<3 rows a day",
    ),
]


@pytest.mark.parametrize("text", NOTHING)
def test_what_says_nothing(text: str) -> None:
    assert not says_why(text)


@pytest.mark.parametrize("text", REASONS)
def test_what_gives_a_reason(text: str) -> None:
    assert says_why(text)


@given(st.sampled_from(REASONS), st.sampled_from(NOTHING[4:]))
def test_filler_beside_a_reason_takes_nothing_away(reason: str, filler: str) -> None:
    assert says_why(f"{reason}, {filler}")


@pytest.mark.parametrize("part", ["fix ", "<", "x", ". ", "todo:", "* "])
def test_hostile_text_takes_no_time(part: str) -> None:
    before = time.process_time()
    says_why(part * 100_000)
    assert time.process_time() - before < 2
