"""YAML to data and spans, held against PyYAML's own scanner (places) and ruamel.yaml (YAML 1.2 data)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from linter.manifest.reader import MAX_DEPTH, MAX_NODES, Document, read, resolve
from linter.manifest.text import Text, Unreadable


def spans(text: str) -> dict[str, str]:
    """Route -> key text @ place -> value text @ place, of everything in a document."""
    document = read(Text(text))
    shown = {}
    for route, (key_start, key_end, start, end) in entries(document):
        name = ".".join(map(str, route))
        content = document.text.content
        shown[name] = f"{content[key_start:key_end]}|{content[start:end]}"
    return shown


def entries(document: Document) -> Iterator[tuple[tuple[str | int, ...], tuple[int, int, int, int]]]:
    def walk(value: Any, route: tuple[str | int, ...]) -> Iterator[Any]:
        if isinstance(value, (dict, list)):
            for step in value if isinstance(value, dict) else range(len(value)):
                yield (*route, step), document.entry((*route, step))
                yield from walk(value[step], (*route, step))

    return walk(document.data, ())


def fault(text: str) -> str:
    """`line:column sentence` of what cannot be read."""
    with pytest.raises(Unreadable) as caught:
        read(Text(text))
    return f"{caught.value.line}:{caught.value.column} {caught.value.message}"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_spans_are_exact(end: str) -> None:
    text = end.join(
        [
            "# note",
            "agent: 😀é x  # tail",
            "'quoted key': \"two",
            '  lines"',
            "block: |",
            "  one",
            "  two",
            "",
            "folded: >-",
            "  end",
            "list:",
            "- a",
            "-   k: v",
            "    n:",
            "flow: {a: [1, '2'], b}",
            "",
        ]
    )
    assert spans(text) == {
        "agent": "agent|😀é x",
        "quoted key": f"'quoted key'|\"two{end}  lines\"",
        "block": f"block||{end}  one{end}  two",
        "folded": f"folded|>-{end}  end",
        "list": f"list|- a{end}-   k: v{end}    n:",
        "list.0": "a|a",
        "list.1": f"k: v{end}    n:|k: v{end}    n:",
        "list.1.k": "k|v",
        "list.1.n": "n|",
        "flow": "flow|{a: [1, '2'], b}",
        "flow.a": "a|[1, '2']",
        "flow.a.0": "1|1",
        "flow.a.1": "'2'|'2'",
        "flow.b": "b|",
    }
    document = read(Text(text))
    assert document.text.position(document.entry(("flow", "a", 1))[2]) == (15, 15)
    assert document.text.position(document.entry(("agent",))[3]) == (2, 12)


def test_properties_belong_to_a_span_and_an_alias_has_its_own() -> None:
    assert spans("a: &x !!str 1\nb: *x\nc: &y {d: *x}\n") == {
        "a": "a|&x !!str 1",
        "b": "b|*x",
        "c": "c|&y {d: *x}",
        "c.d": "d|*x",
    }


def test_merge_keys_bring_data_and_the_places_it_stands_at() -> None:
    text = "base: &b {x: 1, y: 2}\nmore: &m {x: 3, y: 2, z: 4}\nuse:\n  <<: [*b, *m]\n  x: 0\none: {<<: *b}\n"
    document = read(Text(text))
    assert document.data["use"] == {"x": 0, "y": 2, "z": 4}
    assert document.data["one"] == {"x": 1, "y": 2}
    shown = spans(text)
    assert (shown["use.x"], shown["use.y"], shown["use.z"]) == ("x|0", "y|2", "z|4")
    assert document.text.position(document.entry(("use", "z"))[0])[0] == 2
    assert document.duplicates == []
    assert read(Text("<<: 1\na: 2\n")).data == {"<<": 1, "a": 2}


@pytest.mark.parametrize("key", ['"<<"', "'<<'", "!!str <<", '&k "<<"'])
def test_a_merge_key_that_is_text_merges_nothing(key: str) -> None:
    text = f"a: &a {{x: 1}}\nb:\n  {key}: *a\n  y: 2\n"
    assert yaml.safe_load(text)["b"] == {"<<": {"x": 1}, "y": 2}
    assert read(Text(text)).data["b"] == {"<<": {"x": 1}, "y": 2}


@pytest.mark.parametrize("text", ["a: 1\r\r\nb: 2\r\n", "a: 1\r\nb: 2\r", "# one\ra: 1\rb: 2\r"])
def test_a_carriage_return_that_hides_nothing_is_read(text: str) -> None:
    assert set(read(Text(text)).data) <= {"a", "b"}


@pytest.mark.parametrize(
    ("text", "key", "places"),
    [
        ("a: 1\nb: 2\na: 3\n", "a", [("1:1", "3:1")]),
        ("a: 1\na: 2\na: 3\n", "a", [("1:1", "2:1"), ("2:1", "3:1")]),
        ("r:\n- {k: 1, k: 2}\n", "k", [("2:4", "2:10")]),
        ("r:\n  - k: 1\n    'k': 2\n", "k", [("2:5", "3:5")]),
        ('{? k : 1, "k": 2}\n', "k", [("1:4", "1:11")]),
        ("? [a]\n: 1\n? [a]\n: 2\n", "[a]", [("1:3", "3:3")]),
        ("r:\n- <<: [{a: 1, key: 1}, {b: 1, key: 2}]\n", "key", [("2:15", "2:31")]),
        ("r:\n- &r {a: 1}\n- <<: *r\n  b: 2\n  <<: {c: 2}\n", "<<", [("3:3", "5:3")]),
    ],
)
def test_duplicate_keys_with_both_places(text: str, key: str, places: list[tuple[str, str]]) -> None:
    document = read(Text(text))

    def at(span: tuple[int, int]) -> str:
        return "{}:{}".format(*document.text.position(span[0]))

    assert [(one.key, (at(one.first), at(one.second))) for one in document.duplicates] == [(key, one) for one in places]


@pytest.mark.parametrize(
    "text",
    [
        *["a: {k: 1}\nb: {k: 1}\n", "k: {k: 1}\n", "- k: 1\n- k: 2\n", "x-own: {k: 1, k: 2}\n", "1: a\n1.0: b\n"],
        *["x-own: {<<: [{k: 1}, {k: 2}]}\n", "a: {<<: [{k: 1}, {k: 1}]}\n", "a: {k: 0, <<: [{k: 1}, {k: 2}]}\n"],
    ],
)
def test_no_duplicate(text: str) -> None:
    assert read(Text(text)).duplicates == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1:1 is empty: a manifest is one YAML document"),
        ("# only a comment\n", "1:1 is empty: a manifest is one YAML document"),
        ("a: 1\n---\nb: 2\n", "2:1 a second YAML document begins here: a manifest is one document"),
        ("a: [1, 2\nb: 3\n", "2:2 is not YAML: did not find expected ',' or ']' (while parsing a flow sequence)"),
        (
            "a:\n\t- b\n",
            "2:1 is not YAML: a tab stands where YAML wants spaces; indent with spaces (while scanning for the next token)",
        ),
        ("a: *gone\n", "1:4 alias *gone has no anchor before it"),
        ("a: &x [1, *x]\n", "1:11 alias *x stands inside its own anchor: a cycle"),
        ("a: &x\n  b: *x\n", "2:6 alias *x stands inside its own anchor: a cycle"),
        (
            "a: !!python/object/apply:os.system [id]\n",
            "1:4 the tag !!python/object/apply:os.system is not allowed: a manifest is plain data",
        ),
        ("a: !!binary aGk=\n", "1:4 the tag !!binary is not allowed: a manifest is plain data"),
        (
            "a: !<tag:example.com,2026:x> {}\n",
            "1:4 the tag tag:example.com,2026:x is not allowed: a manifest is plain data",
        ),
        ("a: !!int twelve\n", "1:4 the value is not what its tag !!int says"),
        ("a: x\x1b[31m\n", "1:5 a control character (U+001B) is not allowed in YAML"),
        (
            "a: 1\n# note\u2028access: admin\n",
            "2:7 the character U+2028 ends a line for some YAML readers and not for others: remove it",
        ),
        ("a: \u0085\n", "1:4 the character U+0085 ends a line for some YAML readers and not for others: remove it"),
        (
            "a: 1 # note\r  access: admin\nb: 2\n",
            "1:12 the character U+000D (a carriage return) ends a line for some programs and not for others: remove it",
        ),
        ("a: @x\n", "1:4 is not YAML: found character that cannot start any token (while scanning for the next token)"),
    ],
)
def test_what_cannot_be_read(text: str, expected: str) -> None:
    assert fault(text) == expected


def test_limits() -> None:
    deepest = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    assert read(Text(deepest)).data is not None
    assert fault("[" + deepest + "]") == f"1:{MAX_DEPTH + 1} nests deeper than {MAX_DEPTH} levels"
    bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    assert fault(bomb) == f"5:35 holds more than {MAX_NODES:,} keys and values (aliases expanded)"
    flat = "".join("- a\n" for _ in range(MAX_NODES))
    assert fault(flat).endswith(f"holds more than {MAX_NODES:,} keys and values (aliases expanded)")


# The core schema's own table, YAML 1.2.2, section 10.3.2.
CORE: list[tuple[str, Callable[[str], Any]]] = [
    (r"null|Null|NULL|~|", lambda _: None),
    (r"true|True|TRUE|false|False|FALSE", lambda text: text.lower() == "true"),
    (r"[-+]?[0-9]+", int),
    (r"0o[0-7]+", lambda text: int(text, 0)),
    (r"0x[0-9a-fA-F]+", lambda text: int(text, 0)),
    (r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", float),
    (r"[-+]?(\.inf|\.Inf|\.INF)", lambda text: float(text.replace(".", ""))),
    (r"\.nan|\.NaN|\.NAN", lambda _: float("nan")),
]


@given(
    st.one_of(
        st.text(st.sampled_from("-+.0123456789eExoabfXO_:"), max_size=8),
        st.sampled_from([word for row, _ in CORE[:2] for word in row.split("|")]),
        st.from_regex(CORE[5][0], fullmatch=True),
        st.sampled_from(
            [".inf", "-.Inf", "+.INF", ".nan", ".NaN", ".NAN", "-.nan", ".iNF", "yes", "on", "~~", "0o8", "-0x1"]
        ),
        st.text(max_size=6),
    )
)
def test_plain_scalars_are_resolved_by_the_core_schema(text: str) -> None:
    expected: Any = text
    for pattern, value in CORE:
        if re.fullmatch(pattern, text, re.ASCII):
            expected = value(text)
            break
    found = resolve(text)
    assert (type(found), repr(found)) == (type(expected), repr(expected))


def test_huge_integers_cost_nothing() -> None:
    data = read(Text(f"a: {'9' * 500_000}\nb: 0x{'f' * 400_000}\nc: -{'9' * 500}\nd: {'9' * 300}\n")).data
    assert (data["a"], data["b"], data["c"], data["d"]) == (float("inf"), float("inf"), float("-inf"), 10**300 - 1)


@pytest.mark.parametrize(
    ("line", "rewritten"),
    [
        ("a: one two # three", []),
        ("a: 017\nb: ''\nc: '{}'\nd: \"x\"\ne:", []),
        ("a: |\n  one\n  two\nb: >\n  one\n  two\n", []),
        ("a: one\n  two", ["one\n  two"]),
        ("a: 3 of\n  them", ["3 of\n  them"]),
        ("{a: one\ntwo, b: c}", ["one\ntwo"]),
        ("a: one\n\n  two", ["one\n\n  two"]),
        ("a: 'it''s'", ["'it''s'"]),
        ('a: "o\\x6ee"\n"\\x62": "one\ntwo"', ['"o\\x6ee"', '"\\x62"', '"one\ntwo"']),
    ],
)
def test_what_is_not_read_as_it_stands(line: str, rewritten: list[str]) -> None:
    document = read(Text(line))
    assert [line[start:end] for start, end in document.rewritten] == rewritten
