"""The reader held against other YAML readers, and against any text at all."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError as RuamelError

from linter.manifest.reader import Document, read
from linter.manifest.text import Text, Unreadable, decode
from tests.manifest.test_reader import entries

# Documents, written by PyYAML's own emitter in every style, with aliases where a value is shared. Without underscores:
# ruamel.yaml takes 1_000 for a number, as YAML 1.1 does.
_SCALARS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\ufeff_"), max_size=12),
    st.sampled_from(
        ["yes", "on", "0o17", "017", "1:30", "1e3", "2026-11-24", "a: b", "# x", "'", '"', "two\nlines\n", " x", "😀"]
    ),
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False),
    st.booleans(),
    st.none(),
)


_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.text(st.sampled_from("abk é😀-."), min_size=1, max_size=4).map(str.strip).filter(bool),
            inner,
            max_size=4,
        ),
        inner.map(lambda one: [one, one]),
    ),
    max_leaves=12,
)


@st.composite
def documents(draw: st.DrawFn) -> str:
    text = yaml.safe_dump(
        draw(_VALUES),
        default_style=draw(st.sampled_from([None, '"', "'", "|", ">"])),
        default_flow_style=draw(st.sampled_from([None, True, False])),
        indent=draw(st.integers(2, 4)),
        width=draw(st.sampled_from([10, 80, 1000])),
        allow_unicode=draw(st.booleans()),
        line_break=draw(st.sampled_from(["\n", "\r\n", "\r"])),
    )
    return str(text)


def _plain(value: Any) -> str:
    """What two readers must agree on: types, values and the order of keys."""
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{key if isinstance(key, str) else _plain(key)}: {_plain(one)}" for key, one in value.items())
            + "}"
        )
    return "[" + ", ".join(map(_plain, value)) + "]" if isinstance(value, list) else repr(value)


def _ruamel(text: str) -> Any:
    reader = YAML(typ="safe", pure=True)
    reader.version = (1, 2)
    return reader.load(text)


@given(documents())
def test_data_is_what_another_yaml_1_2_reader_sees(text: str) -> None:
    try:
        expected = _ruamel(text)
    except RuamelError:
        return  # it cannot read all that PyYAML writes
    assert _plain(read(Text(text)).data) == _plain(expected)


@given(documents())
@example("a: &x !!str 1\nb: [*x, &y {c: *x}]\n? [k]\n: - *y\n")
def test_places_are_those_of_an_independent_scanner(text: str) -> None:
    document = read(Text(text))
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    places = dict(entries(document))

    def hold(node: Any, route: tuple[str | int, ...], seen: set[int]) -> None:
        known = id(node) in seen  # an alias, which a composed tree has no place for
        seen.add(id(node))
        if route and not known:
            _, _, start, end = places[route]
            assert start == node.start_mark.index
            if isinstance(node, yaml.ScalarNode):
                whole = text[node.start_mark.index : node.end_mark.index]
                assert text[start:end] == (whole.rstrip() if node.style in ("|", ">") else whole)
            elif node.flow_style:
                assert end == node.end_mark.index
            else:
                assert text[start:end] == text[node.start_mark.index : node.end_mark.index][: end - start].rstrip()
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                name = (
                    key.value if isinstance(key, yaml.ScalarNode) else text[key.start_mark.index : key.end_mark.index]
                )
                assert places[(*route, name)][:2] == (key.start_mark.index, key.end_mark.index)
                hold(value, (*route, name), seen)
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                hold(value, (*route, index), seen)

    hold(root, (), set())


_KEYS = [
    "access",
    "actions",
    "scope",
    "<<",
    '"<<"',
    "*word ",
    "&own access",
    "!!str access",
    "'access'",
    "! access",
    "x-own",
]


_WRITTEN = [
    "admin",
    "[delete]",
    "{a: 1}",
    "*map",
    "*word",
    "&own {access: admin}",
    "|\n      access: admin",
    "!!str admin",
    "",
]


_WRITTEN += [
    '"a\n  access: admin"',
    "[*map, {actions: [x]}]",
    "{<<: *map, actions: [y]}",
    "{<<: [*map, *other]}",
    "[*other, *map]",
]
_ENTRY = st.lists(st.tuples(st.sampled_from(_KEYS), st.sampled_from(_WRITTEN)), min_size=1, max_size=5)


@given(st.lists(_ENTRY, min_size=1, max_size=3))
def test_nobody_reads_another_permission_than_the_one_that_is_checked(written: list[list[tuple[str, str]]]) -> None:
    """What is read without a word about it, PyYAML reads too, or refuses: it is what most agents are configured with."""
    text = (
        "map: &map {access: read-only, actions: [a]}\nother: &other {actions: [b]}\nword: &word actions\nresources:\n"
    )
    for one in written:
        text += "  - " + "\n    ".join(f"{key}: {value}" for key, value in one) + "\n"
    try:
        document = read(Text(text))
        expected = yaml.safe_load(text)
    except (Unreadable, yaml.YAMLError):
        return
    for entry in (*document.data["resources"], *expected["resources"]):
        entry.pop("x-own", None)  # the team's own: what stands twice in it is nobody's permission, and not told
    assert document.duplicates or document.data == expected


_PIECES = [
    *"a b ~ 1 [ ] { } ' # \\ 😀 \t \ufeff \x85 \x00 \ud800".split(" "),
    *[": ", "- ", "? ", ", ", '"', "&x ", "*x", "<<: ", "!!str ", "!!int ", "! ", "!y ", "# c\n"],
    *["\n", "\n  ", "\r\n", "|\n  x\n", ">-\n ", "---\n", "...\n", "%YAML 1.2\n", "|"],
]


YAMLISH = st.lists(st.one_of(st.sampled_from(_PIECES), st.text(max_size=3)), max_size=30).map("".join)


def _attempt(text: Text) -> Document | Unreadable:
    try:
        return read(text)
    except Unreadable as error:
        return error


@given(st.one_of(YAMLISH, st.text(max_size=60)))
def test_any_text_is_a_document_or_unreadable(content: str) -> None:
    text = Text(content)
    found = _attempt(text)
    if isinstance(found, Unreadable):
        assert 1 <= found.line <= len(text.starts)
        assert found.column >= 1
        assert found.message
        return
    for _, (key_start, key_end, start, end) in entries(found):
        assert 0 <= key_start <= key_end <= len(content)
        assert 0 <= start <= end <= len(content)
    for one in found.duplicates:
        assert one.first[1] <= one.second[0]


@given(st.one_of(st.binary(max_size=60), YAMLISH.map(lambda text: text.encode("utf-8", "surrogatepass"))))
def test_any_bytes_are_a_document_or_unreadable(raw: bytes) -> None:
    try:
        text = decode(raw)
    except Unreadable as error:
        assert (error.line >= 1, error.column >= 1) == (True, True)  # noqa: PT017 - raising is allowed, not wanted
        return
    _attempt(text)
