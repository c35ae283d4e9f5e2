"""Text that a person and a YAML reader take for different things, and what honest writers of many scripts write."""

from __future__ import annotations

import datetime
import os
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter import config
from linter.checks.disguise import disguised_text
from linter.checks.subject import Subject, Surroundings
from linter.manifest.reader import read
from linter.manifest.text import Text

_START = "agent_name: triage\nenvironment: staging\nresources:\n"


def found(text: str) -> list[str]:
    """`case line:column text` of each hit."""
    around = Surroundings(config.load(None, os.getcwd()), datetime.date(2026, 11, 25), by_name=False)
    subject = Subject("agent-permissions.yaml", read(Text(text)), around)
    shown = []
    for hit in disguised_text(subject):
        assert hit.place.span
        line, column = subject.document.text.position(hit.place.span[0])
        code = hit.values["code"] if hit.cases[0] in ("reordered", "invisible") else hit.values["text"]
        shown.append(f"{hit.cases[0]} {line}:{column} {code}")
    return shown


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("access: write # \u202eylno daer", ["reordered 5:21 U+202E"]),
        ("purpose: \u2066text\u2069", ["reordered 5:14 U+2066", "reordered 5:19 U+2069"]),
        ("scope: st\u200batus column only", ["invisible 5:14 U+200B"]),
        ("scope: {columns: [sta\u200dtus]}", ["invisible 5:26 U+200D"]),
        ("scope: {columns: {except: [status\ufe0f]}}", ["invisible 5:38 U+FE0F"]),
        ("environments: [stag\u00ading]", ["invisible 5:24 U+00AD"]),
        ("actions: [re\U000e0061ad]", ["invisible 5:17 U+E0061"]),
        ("actions: ['\u2217']", ["double 5:16 \u2217"]),
        ("actions: [r\u0435\u0430d]", ["double 5:15 r\u0435\u0430d"]),
        ("scope: {tools: [\uff53earch]}", ["double 5:21 \uff53earch"]),
        ("scope:" + " " * 80 + "all", ["far 5:91 all"]),
        ("scope:" + "\t" * 10 + "all # x", ["far 5:21 all # x"]),
        ("access: read-only #" + "\u00a0" * 80 + "# permlint: ignore[a/b] c", ["far 5:104 # permlint: ignore[a/b] c"]),
        ("scope: '3" + " " * 80 + "# or all'", ["far 5:94 # or all'"]),
        ("x-note:" + " " * 80 + "# permlint: ignore[a/b] c", ["far 5:92 # permlint: ignore[a/b] c"]),
        ('"acc\\u0065ss": admin', ["coded 5:9 \\u0065"]),
        ('actions: ["\\U0000002a"]', ["coded 5:16 \\U0000002a"]),
        ('actions: [&a "\\\\\\x2a"]', ["coded 5:21 \\x2a"]),
        ('scope: "status\n    actions: [delete]\n    "', ["key 6:5 actions:"]),
        ("scope: 'status\r\n  - resource: a\r\n    '", ["key 6:3 - resource:"]),
        ("scope: status only\n      actions:\u00a0[delete]", ["key 6:7 actions:"]),
        ("scope: status only\n      access:admin", ["key 6:7 access:"]),
        ("scope: 3 rows\n      access:admin", ["key 6:7 access:"]),
        ("scope: &x !!str status\n      access:admin", ["key 6:7 access:"]),
        ("scope: {note: a\naccess:admin}", ["key 6:1 access:"]),
    ],
)
def test_what_is_read_as_something_else(line: str, expected: list[str]) -> None:
    assert found(_START + "  - resource: a.b\n    " + line + "\n") == expected


@pytest.mark.parametrize(
    "line",
    [
        "access: read-only" + " " * 79 + "# note",
        "access: read-only" + " " * 100 + "# a note in line with others",
        "access: read-only" + " " * 300,
        "scope: {note: \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645, labels: [\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645]}",
        "scope: \u05e9\u05dc\u05d5\u05dd\u200f!",
        "purpose: Bon\u00adjour a\u200bb # zero\u200bwidth",
        "scope: {labels: ['\U0001f9d1\u200d\U0001f4bb', '\u2764\ufe0f', '1\ufe0f\u20e3']}",
        "scope: {columns: ['\u0437\u0430\u043a\u0430\u0437\u044b_total', '\u03bc_rate', '\uff24\uff22']}",
        "resource: postgres.\u58f2\u4e0a\uff24\uff22",
        "scope: {columns: ['\u03bcservice', '\u0394t']}",
        "scope: {rows: \"name = '\u200b'\"}",
        'scope: "Z\\u00fcrich \\u003cx\\u003e \\u0026 \\x1b \\\\x41 \\t"',
        "scope: '\\x41'",
        "scope: C:\\x41",
        'scope: "status only,\n      access: as agreed"',
        'scope: "status only,\n    as agreed: today"',
        "scope: |\n      access: admin\n      actions: [delete]",
        "scope: >-\n      access: admin",
        "scope: status\n      only access to rows",
        'x-note: "\n      actions: [delete]"',
    ],
)
def test_what_honest_people_write(line: str) -> None:
    assert found(_START + "  - resource: a.b\n    " + line + "\n") == []


def test_quotes_at_the_top_may_end_on_the_next_line() -> None:
    assert found('agent_name: a\nenvironment: b\npurpose: "Sorts\nand answers tickets."\nresources: []\n') == []
    assert found('agent_name: a\nenvironment: b\npurpose: "Sorts\nresources: []\n"\nresources: []\n') == [
        "key 4:1 resources:"
    ]


def test_a_megabyte_of_disguise_has_an_end() -> None:
    assert len(found(_START + "  - resource: a." + "\u200b" * 300_000 + "\n")) == 100


@pytest.mark.parametrize(
    "line",
    [
        'scope: "' + "\u0430" * 400_000 + '"',
        "scope: a" + " " * 900_000,
        "scope: a" + "\u00a0" * 400_000,
        'scope: "' + "\\" * 900_000 + '"',
        'scope: "' + "\n " * 400_000 + '"',
        "scope: 'a\n" + "- " * 400_000 + "'",
        "scope: 'a\naccess" + " " * 900_000 + "'",
        "scope: &" + "a" * 900_000 + ' "\\ "',
        "x-many:" + ("\n    - a" + " " * 100 + "# b") * 9_000,
        "x-many:" + ("\n    - a" + "\t" * 100 + "b") * 9_000,
    ],
)
def test_the_largest_manifests_are_searched_in_linear_time(line: str) -> None:
    """Where the time grew with the square, each of these would take hours."""
    found(_START + "  - resource: a.b\n    " + line + "\n")


# Category Cf, but shown: Arabic, Syriac and Kaithi number and verse signs, Egyptian joiners (The Unicode Standard, 9.2, 15.2, 11.4).
_SHOWN = re.compile("[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd\U00013430-\U0001345f]")
_HIDDEN = [one for one in map(chr, range(0x110000)) if unicodedata.category(one) == "Cf" and not _SHOWN.match(one)]


@given(st.sampled_from(_HIDDEN))
def test_no_name_hides_a_format_character_among_latin_letters(hidden: str) -> None:
    shown = found(f"{_START}  - resource: a.x{hidden}y\n")
    assert {one.split()[0] for one in shown} & {"invisible", "reordered"}
