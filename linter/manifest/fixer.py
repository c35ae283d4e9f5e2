"""Repairs of a manifest: splices at known spans, proved by reading the result again.

Everything outside a splice stays byte for byte, comments and line ends included. ruamel.yaml emits what is inserted; its round
trip of a whole file would re-indent and fold it. After each repair the text is read anew, by our reader and by ruamel.yaml, and
the repair is kept only if the data changed at its own routes and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from linter.findings import Repair, Splice
from linter.manifest.reader import Document, Route, read, resolve
from linter.manifest.text import Text, Unreadable
from linter.patterns import Pattern

_PLAIN = Pattern(r"[A-Za-z_][A-Za-z0-9_./@-]*")
"""Names of systems, tables, people: no character of these has a meaning in YAML after a letter."""
_WORDS_1_1 = frozenset({"y", "n", "yes", "no", "on", "off"})


def scalar(text: str) -> str:
    """A text as a double-quoted YAML scalar on one line."""
    return _emitted(_quoted(text))


def flow(value: Any) -> str:
    """A value as YAML on one line, every text quoted but plain names: no reader of YAML takes those for something else."""
    return _emitted(_careful(value))


def _careful(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _careful(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_careful(one) for one in value]
    plain = _PLAIN.fullmatch(value) is not None and resolve(value) == value and value.lower() not in _WORDS_1_1
    return value if plain else _quoted(value)


def _quoted(text: str) -> str:
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    quoted: str = DoubleQuotedScalarString(text)
    return quoted


def _emitted(value: Any) -> str:
    from io import StringIO

    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.default_flow_style = True
    yaml.width = 1 << 30
    out = StringIO()
    yaml.dump({"x": value}, out)  # in a list, a mapping of one key would lose its braces
    return out.getvalue().strip().removeprefix("{x: ").removesuffix("}")


def repaired(document: Document, repairs: Iterable[Repair]) -> tuple[Text, int]:
    """The text with as many of these repairs as can be made at once, and how many that were.

    A repair that touches one before it waits for the next round; one that cannot be proved is left out.
    """
    chosen: list[tuple[Repair, tuple[Splice, ...]]] = []
    taken: list[Splice] = []
    proof = _Proof(document)
    for repair in repairs:
        splices = repair.splices()
        if not any(_touch(one, other) for one in splices for other in taken) and proof.holds([(repair, splices)]):
            chosen.append((repair, splices))
            taken += splices
    while chosen and not proof.holds(chosen):
        chosen.pop()
    return _spliced(document.text, [splice for _, splices in chosen for splice in splices]), len(chosen)


def _touch(one: Splice, other: Splice) -> bool:
    return one.start <= other.end and other.start <= one.end


def _spliced(text: Text, splices: Iterable[Splice]) -> Text:
    content = text.content
    for splice in sorted(splices, reverse=True):
        content = content[: splice.start] + splice.text + content[splice.end :]
    return Text(content)


class _Proof:
    """Whether a repaired text still says everything else that the document said."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.other = _ruamel(document.text.content)
        # Where the two readers disagree already, a repair may well bring them together.
        self.disputed = [] if self.other is None else list(_differences(document.data, self.other))

    def holds(self, chosen: list[tuple[Repair, tuple[Splice, ...]]]) -> bool:
        text = _spliced(self.document.text, [splice for _, splices in chosen for splice in splices])
        try:
            fixed = read(text)
        except Unreadable:
            return False
        allowed = [route for repair, _ in chosen for route in repair.routes]
        if not _only_at(allowed, _differences(self.document.data, fixed.data)):
            return False
        if self.other is None:  # it refuses the document as it was, for a duplicate key above all
            return True
        again = _ruamel(text.content)
        return again is not None and _only_at([*allowed, *self.disputed], _differences(self.other, again))


def _only_at(allowed: list[Route], routes: Iterable[Route]) -> bool:
    return all(any(route[: len(one)] == one for one in allowed) for route in routes)


def _differences(old: Any, new: Any, route: Route = ()) -> Iterator[Route]:
    """The routes at which two data differ: keys that came or went, values of another type or content."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in {**old, **new}:
            if key in old and key in new:
                yield from _differences(old[key], new[key], (*route, key))
            else:
                yield (*route, key)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _differences(one, other, (*route, index))
    elif type(old) is not type(new) or old != new:
        yield route


def _ruamel(content: str) -> Any:
    """The data as ruamel.yaml reads it, dates as text; None where it refuses."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    yaml = YAML(typ="safe", pure=True)
    yaml.constructor.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: node.value)
    try:
        return yaml.load(content)
    except (YAMLError, ValueError):
        return None
