"""Signing edits `reviewed` and no other byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.manifest.reader import read
from linter.manifest.signature import CannotSign, sign
from linter.manifest.text import Text

DIGEST = "p1:" + "0" * 64
FLOW = f"{{date: 2026-11-24, by: sam@example.com, digest: {DIGEST}}}"
BODY = "resources: []\n"


def signed(text: str, by: str = "sam@example.com") -> str:
    return sign(read(Text(text)), "2026-11-24", by, DIGEST)


CASES = [
    pytest.param(
        f"agent_name: a\nowner: b  # of it\n{BODY}",
        f"agent_name: a\nowner: b  # of it\nreviewed: {FLOW}\n{BODY}",
        id="after the owner",
    ),
    pytest.param(
        f"agent_name: a\r\nenvironment:\r\n  - qa\r\n{BODY}",
        f"agent_name: a\r\nenvironment:\r\n  - qa\r\nreviewed: {FLOW}\r\n{BODY}",
        id="carriage returns",
    ),
    pytest.param(f"{BODY}agent_name: a", f"{BODY}agent_name: a\nreviewed: {FLOW}", id="no line end"),
    pytest.param(f"---\nagent_name: a\n{BODY}...\n", f"---\nagent_name: a\nreviewed: {FLOW}\n{BODY}...\n", id="marked"),
    pytest.param(
        "{agent_name: a, resources: []}\n", f"{{agent_name: a, reviewed: {FLOW}, resources: []}}\n", id="flow"
    ),
    pytest.param(f"  agent_name: a\n  {BODY}", f"  agent_name: a\n  reviewed: {FLOW}\n  {BODY}", id="indented"),
    pytest.param(
        f"agent_name: a\nreviewed: {{date: 2020-01-01, by: kim, digest: p1:{'f' * 64}}}  # old\n{BODY}",
        f"agent_name: a\nreviewed: {FLOW}  # old\n{BODY}",
        id="replaced in place",
    ),
    pytest.param(
        f"agent_name: a\nreviewed: {{by: kim, x-ticket: 7, date: 2020-01-01}}\n{BODY}",
        f"agent_name: a\nreviewed: {{by: sam@example.com, x-ticket: 7, date: 2026-11-24, digest: {DIGEST}}}\n{BODY}",
        id="pinned, own keys and order kept",
    ),
    pytest.param(
        f"reviewed:\n  # by whom\n  by: 'kim'\n  date: \"2020-01-01\" # when\nagent_name: a\n{BODY}",
        f"reviewed:\n  # by whom\n  by: sam@example.com\n  date: 2026-11-24 # when\n  digest: {DIGEST}\nagent_name: a\n{BODY}",
        id="block",
    ),
    pytest.param(
        f"x-last: &last {{date: 2020-01-01, by: kim}}\nreviewed: *last\nagent_name: a\n{BODY}",
        f"x-last: &last {{date: 2020-01-01, by: kim}}\nreviewed: {FLOW}\nagent_name: a\n{BODY}",
        id="an alias's anchor stays",
    ),
    pytest.param(f"reviewed:\nagent_name: a\n{BODY}", f"reviewed: {FLOW}\nagent_name: a\n{BODY}", id="empty"),
]


@pytest.mark.parametrize(("before", "after"), CASES)
def test_the_edit(before: str, after: str) -> None:
    assert signed(before) == after


def test_signing_twice_is_signing_once() -> None:
    once = signed(f"agent_name: a\n{BODY}")
    assert signed(once) == once


@pytest.mark.parametrize("by", ["it's, {me}", "null", "1e5", "@sam", "Sam: the # second", "été"])
def test_any_name_is_read_back(by: str) -> None:
    assert read(Text(signed(f"agent_name: a\n{BODY}", by))).data["reviewed"]["by"] == by


def test_an_anchor_that_would_be_lost_is_refused() -> None:
    text = f"agent_name: a\nreviewed: {{date: &day 2020-01-01, by: kim}}\nexpires: *day\n{BODY}"
    with pytest.raises(CannotSign):
        signed(text)


@given(
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.lists(st.sampled_from(["# a comment", "", "owner: 'o'", "purpose: |", "x-a: {b: [c]}"]), unique=True),
    st.booleans(),
)
def test_every_other_line_stays(ending: str, more: list[str], end: bool) -> None:
    lines = [*more, "agent_name: a", "resources: []"]
    text = ending.join([f"{one}{ending}  text" if one.endswith("|") else one for one in lines]) + ending * end
    result = signed(text)
    start = result.index("reviewed: ")
    stop = start + len(f"reviewed: {FLOW}")
    assert result[start:stop] == f"reviewed: {FLOW}"
    if result[stop : stop + len(ending)] == ending:
        assert result[:start] + result[stop + len(ending) :] == text
    else:
        assert result[: start - len(ending)] == text
