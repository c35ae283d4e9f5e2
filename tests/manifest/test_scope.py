"""The scope language: every kind of sentence that is read, near misses that are not, and any text at all."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from linter.boxes import Names, Value
from linter.manifest.scope import parse_prose, parse_structured

COLUMNS = [
    ("status, assigned_to columns only", "status assigned_to"),
    ("status, assigned_to columns only.", "status assigned_to"),
    ("  status,assigned_to\n columns   only ", "status assigned_to"),
    ("only status, assigned_to columns", "status assigned_to"),
    ("only the status and assigned_to columns", "status assigned_to"),
    ("the status and assigned_to columns only", "status assigned_to"),
    ("Only Status, assigned_to Columns Only", "Status assigned_to"),
    ("id, status, and assigned_to columns only", "id status assigned_to"),
    ("status column only", "status"),
    ("only the status column", "status"),
    ("only column status", "status"),
    ("columns status, assigned_to only", "status assigned_to"),
    ("only columns: status, assigned_to", "status assigned_to"),
    ("only the columns status and assigned_to", "status assigned_to"),
    ("columns status only", "status"),
    ('"status" columns only', "status"),
    ('"Created-At", status columns only', "Created-At status"),
    ("a, b columns only", "a b"),
    ("a, a columns only", "a"),
    ("pg$x, _y columns only", "pg$x _y"),
    ("all columns except ssn, salary", "-ssn salary"),
    ("All columns but ssn", "-ssn"),
    ("every column except for ssn and salary", "-ssn salary"),
]
CHANNELS = [
    ("#ops-alerts channel only", "#ops-alerts"),
    ("#ops-alerts only", "#ops-alerts"),
    ("#ops-alerts", "#ops-alerts"),
    ("only #ops-alerts", "#ops-alerts"),
    ("only the #ops_alerts channel", "#ops_alerts"),
    ("channel #ops-alerts", "#ops-alerts"),
    ("the channels: #a, #b", "#a #b"),
    ("#a and #b channels only", "#a #b"),
    ("#a, #b", "#a #b"),
    ("#42 channel only", "#42"),
]
UNBOUNDED = [
    *"* all any every everything anything full unrestricted unlimited ALL Everything.".split(),
    "all rows",
    "all rows and columns",
    "all the data",
    "any channel",
    "full access",
    "all tables",
    "unrestricted access",
]
PROSE = [
    "status",
    "status, assigned_to",
    "status, assigned_to columns",
    "only status, assigned_to",
    "status columns only",  # or is it an adjective?
    "sensitive columns only",
    "read columns only",
    "these columns only",
    "this column only",
    "columns only",
    "only columns",
    "only the columns",
    "only",
    "only only",
    "the",
    "status, assigned_to columns only for closed tickets",
    "mostly status, assigned_to columns only",
    "status assigned_to columns only",
    "status or assigned_to columns only",
    "no status, priority columns only",
    "status,, assigned_to columns only",
    "status and and assigned_to columns only",
    ", status column only",
    "status, columns only",
    "tickets.status, id columns only",
    "col-umn, id columns only",
    "1st, 2nd columns only",
    "$x, id columns only",
    '"", id columns only',
    '" ", id columns only',
    '"status, id columns only',
    'sta"tus, id columns only',
    "größe, id columns only",
    "all columns except",
    "all columns except the ssn",
    "all columns except ssn when closed",
    "all columns for ssn",
    "all tickets",
    "all but deleted rows",
    "all rows where tenant = 1",
    "ops-alerts channel only",
    "# only",
    "##a",
    "#a b",
    "#a #b",
    "#a, b",
    "#a and direct messages",
    "ticket #42 only",
    "#42 only",
    "#42",
    "#a/b",
    "tickets created_after:2025-01-01",
    "read only",
]


# What the grammar does not read stays one atom, and its digest what it was; whoever judges it knows what it comes to.
EVERYTHING = [
    "no restrictions",
    "the entire database",
    '"*" column only',
    "#* channel only",
    "where 1=1",
    "a\u200bll",
    "\uff0a",
]
NOTHING = ["n/a", "-", ".", "#", "as needed", "none", "whatever the agent needs"]


def split(text: str) -> Names:
    return Names(frozenset(text.removeprefix("-").split()), text.startswith("-"))


@pytest.mark.parametrize(("text", "names"), COLUMNS)
def test_columns(text: str, names: str) -> None:
    scope = parse_prose(text)
    assert (scope.kind, dict(scope.box)) == ("bounded", {"columns": split(names)})


@pytest.mark.parametrize(("text", "names"), CHANNELS)
def test_channels(text: str, names: str) -> None:
    scope = parse_prose(text)
    assert (scope.kind, dict(scope.box)) == ("bounded", {"channels": split(names)})


@pytest.mark.parametrize("text", UNBOUNDED)
def test_unbounded(text: str) -> None:
    assert parse_prose(text)[:2] == ("unbounded", {})
    assert parse_structured({"rows": text.removesuffix(".")})[:2] == ("unbounded", {})


@pytest.mark.parametrize("text", PROSE)
def test_prose_is_one_atom(text: str) -> None:
    assert parse_prose(text)[:2] == ("prose", {"prose": text})


@pytest.mark.parametrize(
    ("text", "kind"), [(one, "unbounded") for one in EVERYTHING] + [(one, "empty") for one in NOTHING]
)
def test_what_prose_comes_to_is_no_affair_of_the_algebra(text: str, kind: str) -> None:
    assert parse_prose(text)[:2] == (kind, {"prose": text})
    assert parse_structured({"rows": text})[:2] == (kind, {"rows": text})
    assert parse_structured({"rows": text, "columns": ["a"]}).kind == "bounded"


def test_white_space_is_no_scope() -> None:
    assert parse_prose(" \n ").kind == "absent"


def test_a_list_longer_than_prose_may_be_is_an_atom() -> None:
    def listed(count: int) -> str:
        return ", ".join(["c"] * count) + " columns only"

    assert parse_prose(listed(650)).kind == "bounded"
    assert parse_prose(listed(700)).kind == "prose"


NAMES = frozenset(["a", "b"])


@pytest.mark.parametrize(
    ("scope", "kind", "box"),
    [
        ({"columns": ["a", "b"]}, "bounded", {"columns": Names(NAMES)}),
        ({"columns": "a"}, "bounded", {"columns": Names(frozenset("a"))}),
        ({"columns": {"except": ["b", "a"]}}, "bounded", {"columns": Names(NAMES, True)}),
        ({"columns": ["*", "a"]}, "unbounded", {}),
        ({"columns": {"except": ["*"]}}, "bounded", {"columns": Names(frozenset())}),
        ({"channels": "*", "rows": "x = 1"}, "bounded", {"rows": "x = 1"}),
        ({"rows": " x\n =  1"}, "bounded", {"rows": "x = 1"}),
        ({"rows": "all rows", "columns": ["a", "b"]}, "bounded", {"columns": Names(NAMES)}),
        ({"note": "anything"}, "absent", {}),
        ({"rows": "1=1"}, "unbounded", {"rows": "1=1"}),
        ({"rows": "id = id;"}, "unbounded", {"rows": "id = id;"}),
        ({"rows": "x = 1 or true"}, "unbounded", {"rows": "x = 1 or true"}),
        ({"rows": "x = 'true'"}, "bounded", {"rows": "x = 'true'"}),
        ({"rows": "1=1", "columns": "*"}, "unbounded", {"rows": "1=1"}),
        ({"paths": ["**"]}, "unbounded", {"paths": Names(frozenset(["**"]))}),
        ({"columns": "all"}, "unbounded", {"columns": Names(frozenset(["all"]))}),
        ({"paths": ["docs/*", "/"]}, "unbounded", {"paths": Names(frozenset(["docs/*", "/"]))}),
        ({"paths": ["/srv/*"]}, "bounded", {"paths": Names(frozenset(["/srv/*"]))}),
        ({"paths": {"except": ["**"]}}, "bounded", {"paths": Names(frozenset(["**"]), True)}),
        (
            {"paths": ["**"], "columns": ["a", "b"]},
            "bounded",
            {"paths": Names(frozenset(["**"])), "columns": Names(NAMES)},
        ),
        ({"paths": ["docs/**"]}, "bounded", {"paths": Names(frozenset(["docs/**"]))}),
        ({"labels": ["cafe\u0301 x"]}, "bounded", {"labels": Names(frozenset(["caf\u00e9 x"]))}),
        ({"x-why": ["a"]}, "absent", {}),
    ],
)
def test_structured(scope: dict[str, object], kind: str, box: dict[str, Value]) -> None:
    assert parse_structured(scope)[:2] == (kind, box)


GRAMMAR = st.lists(
    st.sampled_from(
        'only the columns column channel channels: #a #a-b # " "a" "a b" a b, , and or all every any except but for * . #42'.split(
            " "
        )
    ),
    max_size=9,
).map(" ".join)


@given(st.text() | GRAMMAR)
@example("only the #")
@example("channel# only")
@example("the channel")
def test_any_text_is_read_and_spacing_does_not_matter(text: str) -> None:
    scope = parse_prose(text)
    assert scope.kind in ("absent", "unbounded", "empty", "bounded", "prose")
    assert (scope.kind != "prose") or ("prose" in scope.box)
    assert (scope.kind != "absent") or not scope.box
    assert parse_prose(f"  {text}\n") == scope
    if scope.kind == "bounded":
        [(name, names)] = scope.box.items()
        assert isinstance(names, Names)
        assert names.names
        # No name is invented, and what was read can be written as a structure of the same meaning.
        assert all(one in scope.words for one in names.names)
        listed: object = sorted(names.names)
        assert parse_structured({name: {"except": listed} if names.excluded else listed}).box == scope.box


HOSTILE = [
    '"',
    '" ',
    'a" ',
    '"a',
    ",",
    ", ",
    "and ",
    "a ",
    "a, ",
    "#",
    "#a ",
    "#a, ",
    "columns ",
    "only ",
    "the ",
    "\u2003",
    "-_",
    "$",
    "all ",
]


@pytest.mark.parametrize("unit", HOSTILE)
@pytest.mark.parametrize("frame", ["{} columns only", "only columns {}", "{}", "#a, {}", "all columns except {}"])
def test_hostile_text_is_read_in_linear_time(unit: str, frame: str) -> None:
    text = frame.format(unit * (1970 // len(unit)))
    best = 1.0
    for _ in range(3):
        start = time.process_time()
        parse_prose(text)
        best = min(best, time.process_time() - start)
    assert best < 0.05
