"""Data by pieces: the same as of the whole text, whatever stands in it, or the same refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linter.history.pieces import Pieces
from linter.manifest.reader import read
from linter.manifest.text import Text, Unreadable

PLAIN = """\
agent_name: triage
environment: [staging, production]  # both
resources:
  - resource: postgres.tickets
    access: read-write
    scope: "status, assigned_to columns only"
  # a note
  - {resource: slack, access: write}

  - resource: helpdesk
    access: read-only
    justification: |
      Tickets come in here.
        - resource: no entry

rollback_strategy: >-
  Run it.
owner: 'support'
"""
WORDS = "\" ' { } [ ] | > |2 |+ # : , ? ! & * % ` \\ ~ - &a *a !!int !!str <<: ... --- null 0x1 1:30 {a, é resources: x"
BREAKS = [
    ": |",
    ": >",
    ': "',
    ": '",
    ": [",
    ": {",
    "--- |",
    "%YAML 1.1",
    "%TAG !! tag:x:",
    "\t",
    " ",
    "\n",
    "\r",
    "\ufeff",
]
STARTS = ["\n  - ", "\n- ", "\n    - ", "\nresources:\n", "\n  - resource: y\n", "\n]\n", "\n}\n", '\n"\n', "\n'\n"]
TOKENS = [*WORDS.split(), *BREAKS, *STARTS]


def whole(text: Text) -> Any:
    """What the reader says."""
    return read(text).data


def by(pieces: Pieces) -> Callable[[Text], Any]:
    """The reading by pieces, and of the whole where there are none."""

    def reading(text: Text) -> Any:
        data = pieces.joined(text.content)
        return whole(text) if data is None else data

    return reading


def result(reading: Callable[[Text], Any], text: str) -> str:
    """What comes of a text, as one that tells 1 from 1.0 and true."""
    try:
        return repr(reading(Text(text)))
    except Unreadable as error:
        return f"{error.line}:{error.column}: {error.message}"


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A manifest with a few things put in, taken out or moved, often at a line's start or end."""
    text = PLAIN
    for _ in range(draw(st.integers(1, 3))):
        ends = [place for place, one in enumerate(text) if one == "\n"]
        place = draw(
            st.integers(0, len(text))
            | st.sampled_from(ends or [0])
            | st.sampled_from(ends or [0]).map(lambda end: end + 1)
        )
        kind = draw(st.sampled_from(["put", "put", "take", "line"]))
        if kind == "put":
            text = text[:place] + draw(st.sampled_from(TOKENS)) + text[place:]
        elif kind == "take":
            text = text[:place] + text[place + draw(st.integers(1, 12)) :]
        else:
            lines = text.split("\n")
            lines.insert(draw(st.integers(0, len(lines))), draw(st.sampled_from(lines)))
            text = "\n".join(lines)
    return text


@settings(max_examples=1500)
@given(st.lists(texts(), min_size=1, max_size=3))
def test_pieces_say_what_the_whole_says(given_texts: list[str]) -> None:
    pieces = Pieces()
    for text in given_texts:
        assert result(by(pieces), text) == result(whole, text)


def test_versions_share_the_entries_that_say_the_same() -> None:
    pieces = Pieces()
    one = pieces.joined(PLAIN)
    other = pieces.joined(PLAIN.replace("access: write", "access: read-only").replace("Run it", "Run that"))
    assert one is not None
    assert other is not None
    assert [a is b for a, b in zip(one["resources"], other["resources"], strict=True)] == [True, False, True]
    assert (one["rollback_strategy"], other["rollback_strategy"]) == ("Run it.", "Run that.")


@pytest.mark.parametrize("twin", ["owner: 'support'\n", "    access: read-write\n"])
def test_where_a_key_stands_twice_there_are_no_pieces(twin: str) -> None:
    assert Pieces().joined(PLAIN.replace(twin, twin * 2)) is None


ENTRY = "  - resource: x\n    access: read-only\n"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"purpose: '\nresources:\n{ENTRY}'\nresources: []\n", id="the list within a quotation"),
        pytest.param(f"{{purpose: x,\nresources:\n{ENTRY}}}\n", id="the list within brackets"),
        pytest.param(f"purpose: [\nresources:\n{ENTRY}]\n", id="the list within a list"),
        pytest.param(f"resources:\n{ENTRY}resources:\n{ENTRY.replace('x', 'y')}", id="twice"),
        pytest.param("a: &a x\nresources:\n  - &a {resource: y}\nb: *a\n", id="an anchor set again"),
        pytest.param(
            f"%TAG !! tag:example.com:\n---\nresources:\n  - !!str x\n{ENTRY}", id="a tag that a directive changes"
        ),
        pytest.param(
            f"# x\n%TAG !! tag:example.com:\n---\nresources:\n  - !!str x\n{ENTRY}", id="a directive further down"
        ),
        pytest.param("resources:\n  - a\r  - b\n  - c\rowner: x\n", id="other line breaks"),
        pytest.param(f"--- |\nresources:\n{ENTRY}", id="all of it a block scalar"),
        pytest.param(f"resources:\n{ENTRY}---\nresources:\n{ENTRY}", id="two documents"),
        pytest.param(f"resources:\n  - resource: 'x\n  - y'\n{ENTRY}", id="a quotation over two entries"),
        pytest.param("resources:\n  - [a,\n  - b]\n", id="a bracket over two entries"),
        pytest.param("resources:\n  - |\n   a\n  - b\n   - c\n", id="an entry that is a block scalar"),
        pytest.param("resources:\n  - a: |+\n      b\n\n\n  - c\n\n\n", id="line breaks that count"),
        pytest.param("resources:\n  - a\n - b\n", id="an entry further left"),
        pytest.param("resources:\n  - a\n# note\n  - b\n", id="a comment at the margin"),
        pytest.param(
            "resources:\n  - a\nresources: [ALL_ENTRIES_OF_THIS_MANIFEST]\n", id="the word that stands for all"
        ),
        pytest.param(
            "resources:\n  - {" + "a," * 2_600 + "}\n  - {" + "a," * 2_600 + "}\n", id="too many values, together"
        ),
        pytest.param(f"resources:\n{ENTRY}  - " + "[" * 70 + "]" * 70 + "\n", id="too deep"),
    ],
)
def test_near_misses(text: str) -> None:
    pieces = Pieces()
    assert [result(by(pieces), text) for _ in range(2)] == [result(whole, text)] * 2
