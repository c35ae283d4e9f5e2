"""Writing permlint-accepted.yaml: sorted, in place, all else byte for byte, and true to what a YAML reader of another make reads."""

from __future__ import annotations

import io
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from linter.acceptance import Acceptance, Acceptances, load
from linter.accepting import CannotEdit, write
from linter.manifest.reader import read
from linter.manifest.text import Text
from tests.world import build


def digest(character: str) -> str:
    return "sha256:" + character * 64


def entry(fingerprint: str, content: str = "0", **more: str) -> Acceptance:
    made = Acceptance(
        digest(fingerprint), "scope/unbounded-write", digest(content), "agreed", "2026-12-31", agent="triage"
    )
    return made._replace(**more)


def parsed(text: str) -> Acceptances:
    document = read(Text(text))
    return Acceptances(tuple(Acceptance(**one) for one in document.data["accepted"]), document)


OLD = f"""\
# Ours.
accepted:   # keep me

# About the first.
-   until: "2026-11-30"   # soon
    reason: >
      folded
      twice

    fingerprint: {digest("b")}
    rule: scope/unbounded-write
    content: {digest("0")}
    agent: triage
# About the last.
- {{fingerprint: {digest("d")}, rule: r/s, content: {digest("0")}, reason: x, until: 2026-12-01, agent: triage}}  # end
# The end.
"""
# By hand: a and c at their sorted places, b renewed.
NEW = f"""\
# Ours.
accepted:   # keep me
- fingerprint: {digest("a")}
  rule: a/b
  content: {digest("0")}
  reason: agreed
  until: 2026-12-31
  agent: triage

# About the first.
-   until: 2027-01-31   # soon
    reason: again

    fingerprint: {digest("b")}
    rule: scope/unbounded-write
    content: {digest("1")}
    agent: triage
# About the last.
- {{fingerprint: {digest("d")}, rule: r/s, content: {digest("0")}, reason: x, until: 2026-12-01, agent: triage}}  # end
- fingerprint: {digest("c")}
  rule: scope/unbounded-write
  content: {digest("0")}
  reason: 'agreed: "yes" # really'
  until: 2026-12-31
  agent: triage
# The end.
"""


def test_an_edit_is_the_smallest() -> None:
    # By rule: a/b, r/s, scope/...: c comes after d, whose rule sorts first.
    new = [
        entry("c", reason='agreed: "yes" # really'),
        entry("a", rule="a/b"),
        entry("b", "1", reason="again", until="2027-01-31"),
    ]
    text, renewed = write(parsed(OLD), new, {(digest("b"), digest("1"))})
    assert text == NEW
    assert renewed == 1


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_are_kept(end: str) -> None:
    old = OLD.replace("\n", end)
    text, _ = write(parsed(old), [entry("c")], set())
    assert text.count(end) == text.count("\n") == OLD.count("\n") + 6
    assert text.replace("\r\n", "\n").startswith(OLD[:200])


def test_without_a_line_end() -> None:
    text, _ = write(parsed(OLD.partition("# The end")[0].rstrip()), [entry("e")], set())
    assert [one.fingerprint for one in parsed(text).entries] == [digest(one) for one in "bde"]


def test_an_empty_list_is_begun() -> None:
    text, _ = write(parsed("# ours\naccepted: []\n"), [entry("e")], set())
    assert text.startswith("# ours\naccepted:\n  - fingerprint: sha256:e")


def test_one_fingerprint_twice_is_two_entries() -> None:
    text, _ = write(None, [entry("a", "1"), entry("a", "2")], {(digest("a"), digest("1")), (digest("a"), digest("2"))})
    assert [one.content for one in parsed(text).entries] == [digest("1"), digest("2")]
    # Both are findings still: neither entry is taken for the third.
    again, renewed = write(parsed(text), [entry("a", "3")], {(digest("a"), digest(one)) for one in "123"})
    assert renewed == 0
    assert len(parsed(again).entries) == 3
    # The second is no finding any more: its entry becomes the third's.
    again, renewed = write(parsed(text), [entry("a", "3")], {(digest("a"), digest(one)) for one in "13"})
    assert renewed == 1
    assert [one.content for one in parsed(again).entries] == [digest("1"), digest("3")]


def test_a_missing_by_is_added_in_both_styles() -> None:
    text, renewed = write(parsed(OLD), [entry("b", by="kim"), entry("d", rule="r/s", by="kim")], set())
    assert renewed == 2
    assert [one.by for one in parsed(text).entries] == ["kim", "kim"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"accepted: [{{fingerprint: {digest('b')}, rule: r, content: {digest('0')}, reason: x, until: 2026-12-01}}]", "brackets"),
        (OLD.replace('"2026-11-30"', '&day "2026-11-30"').replace("2026-12-01", "*day"), "anchor"),
        ("accepted: []\n# a comment\n", "text after"),
    ],
)  # fmt: skip
def test_what_cannot_be_edited_is_left(text: str, message: str) -> None:
    with pytest.raises(CannotEdit, match=message):
        write(parsed(text), [entry("b", reason="y", until="2027-01-01")], set())


ENTRIES = st.builds(
    Acceptance,
    st.sampled_from([digest(one) for one in "abcdef"]),
    st.sampled_from(["a/b", "c/d"]),
    st.sampled_from([digest(one) for one in "01"]),
    st.text(min_size=1),
    st.sampled_from(["2026-12-31", "2027-01-01"]),
    st.sampled_from(["", "kim"]),
    st.sampled_from(["", "triage", "no", "1e3", "a: b # c"]),
    st.sampled_from(["", "production"]),
    st.text(),
    st.text(),
)


@given(st.lists(ENTRIES, min_size=1, max_size=5, unique_by=lambda one: (one.fingerprint, one.content)), st.randoms())
def test_order_does_not_matter_and_another_reader_reads_the_same(entries: list[Acceptance], random: Random) -> None:
    live = {(one.fingerprint, one.content) for one in entries}
    whole, _ = write(None, entries, live)
    shuffled = list(entries)
    random.shuffle(shuffled)
    text = ""
    for one in shuffled:
        text, _ = write(parsed(text) if text else None, [one], live)
    assert text == whole
    yaml = YAML(typ="safe", pure=True)
    yaml.constructor.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: node.value)
    read_back = yaml.load(io.StringIO(whole))["accepted"] or []
    expected = [{key: value for key, value in one._asdict().items() if value} for one in entries]
    assert sorted(read_back, key=str) == sorted(expected, key=str)


def test_what_is_written_can_be_loaded(tmp_path: Path) -> None:
    build(tmp_path, {"permlint-accepted.yaml": write(None, [entry("a")], set())[0]})
    loaded = load(str(tmp_path))
    assert loaded is not None
    assert loaded.entries == (entry("a"),)


def test_two_new_contents_do_not_share_a_stale_entry() -> None:
    text, renewed = write(parsed(OLD), [entry("b", "1"), entry("b", "2")], set())
    assert renewed == 1
    assert sorted(one.content for one in parsed(text).entries) == [digest(one) for one in "012"]


def test_a_file_that_could_not_be_read_again_is_not_written() -> None:
    with pytest.raises(CannotEdit, match="larger than 1 MiB"):
        write(None, [entry("a", reason="x" * (1 << 20))], set())
