"""YAML text to plain data and, beside it, the span of every key and value.

One pass over libyaml's events with a stack machine of our own, because plain loading loses positions and comments, and a
composed node tree costs twice as much. Spans are offsets into the text, counted in code points as libyaml's marks count;
lines and columns are worked out only for the few places that a finding names.
"""

import re
from typing import Any, NamedTuple

from yaml import YAMLError
from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from linter.manifest.text import Text, Unreadable
from linter.patterns import Pattern

MAX_BYTES = 1 << 20
"""A manifest of twelve resources is 2 KB; a megabyte is a mistake or an attack."""
MAX_NODES = 10_000
"""Keys and values after expanding aliases: what an alias bomb multiplies. A manifest of twelve resources has 100."""
MAX_DEPTH = 64
"""libyaml is quadratic in depth (100 KB of "[" takes 26 s), so the reader stops while streaming."""

Route = tuple[str | int, ...]
"""Where a value stands in the data: ("resources", 2, "scope")."""
Entry = tuple[int, int, int, int]
"""Start and end of a key, start and end of its value; in a list the key's are the value's."""
Spans = dict[int, dict[str, Entry] | list[Entry]]
"""id(mapping or list) -> the spans of what stands in it."""


class Duplicate(NamedTuple):
    """A key that stands twice in one mapping; spans of both."""

    key: str
    first: tuple[int, int]
    second: tuple[int, int]


class Suspect(NamedTuple):
    """A plain scalar that YAML 1.1 may read differently from YAML 1.2."""

    key: str | int | None
    """The key or index it stands under; None when it is a key itself."""
    value: str
    start: int
    end: int


class Document:
    """One YAML document: its text, its data (dict, list, str, int, float, bool, None) and where everything stands."""

    __slots__ = ("blocks", "data", "duplicates", "rewritten", "spans", "suspects", "text")

    def __init__(self, text: Text, data: Any, spans: Spans, blocks: set[int]) -> None:
        self.text = text
        self.data = data
        self.spans = spans
        self.blocks = blocks
        """The starts of all block scalars (`|` and `>`)."""
        self.duplicates: list[Duplicate] = []
        self.suspects: list[Suspect] = []
        self.rewritten: list[tuple[int, int]] = []
        """The spans of scalars that are not read as they stand there: with a line break or a code within, but no blocks."""

    def entry(self, route: Route) -> Entry:
        """The spans of the key and the value at this route. KeyError or IndexError where nothing stands there."""
        parent = self.data
        for step in route[:-1]:
            parent = parent[step]
        return self.spans[id(parent)][route[-1]]  # type: ignore[index]


def read(text: Text, most: int = MAX_NODES) -> Document:
    """Read one YAML 1.2 (core schema) document; merge keys are supported, as every YAML 1.1 reader has them.

    Args:
        most: how many keys and values it may hold, aliases expanded.

    Raises:
        Unreadable: not YAML, not exactly one document, a tag beyond the core schema, a cycle, or beyond the limits.
    """
    content = text.content
    if not content.isascii() and (found := _FOREIGN_BREAK.search(content)):
        raise Unreadable(*text.position(found.start()), _ends_a_line(f"U+{ord(found[0]):04X}", "YAML readers"))
    if "\r" in content and "\n" in content and (found := _LONE_RETURN.search(content)):
        raise Unreadable(*text.position(found.start()), _ends_a_line("U+000D (a carriage return)", "programs"))
    return _Machine(text, most).run()


# NEL, LS and PS: line breaks in YAML 1.1 (and to libyaml), ordinary characters in YAML 1.2 (section 5.4). After a comment
# they would hide a line from whoever reads it in an editor.
_FOREIGN_BREAK = Pattern("[\x85\u2028\u2029]")
# A line break to YAML, none to git, diff and code hosts where other lines end in LF: what follows it on their line hides there.
_LONE_RETURN = Pattern(r"\r(?=[^\r\n])")


def _ends_a_line(name: str, readers: str) -> str:
    return f"the character {name} ends a line for some {readers} and not for others: remove it"


_CONSTANTS: dict[str, Any] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_CONSTANTS |= {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NUMERIC = frozenset("-+.0123456789")
_INT = Pattern(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = Pattern(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_FLOAT_WORD = Pattern(r"\.([iInN])")
# What some YAML 1.1 reader takes for something else than YAML 1.2 does; `checks/scalars.py` decides, this only collects.
_WORDS_1_1 = frozenset(
    word for base in ("y", "n", "yes", "no", "on", "off", "=") for word in (base, base.capitalize(), base.upper())
)
_SPECIAL = _WORDS_1_1 | _CONSTANTS.keys()
"""Words that are something else than text, for some reader at least; beside them, only what begins like a number can be."""
_LEADS = _NUMERIC | {word[0] for word in _SPECIAL if word}
"""How a plain scalar begins that may be something else than text."""
_CORE_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")}


def resolve(value: str) -> Any:
    """A plain scalar by the YAML 1.2 core schema (YAML 1.2.2, section 10.3.2)."""
    if value in _CONSTANTS:
        return _CONSTANTS[value]
    if value[0] in _NUMERIC:
        if value.isdigit() and value.isascii():
            return _integer(value)
        if "-" in value[1:] and "e" not in value and "E" not in value:
            return value  # a date, above all
        if value[-1].isalpha() and value[0] in "123456789":
            return value  # a period such as 90d
        if _INT.fullmatch(value):
            return _integer(value)
        if _FLOAT.fullmatch(value):
            return float(_FLOAT_WORD.sub(r"\1", value))
    return value


def _integer(value: str) -> int | float:
    # Python refuses to print more than 4,300 digits (quadratic time); no field takes such a number, so its size does not matter.
    if len(value) >= 400:
        return float("-inf" if value[0] == "-" else "inf")
    if value[:2] in ("0o", "0x"):
        return int(value[2:], 8 if value[1] == "o" else 16)
    return int(value)


def _may_differ(value: str) -> bool:
    """Whether a plain scalar that is not certainly text deserves a look; most are plain numbers."""
    if value in _CONSTANTS:
        return False
    return value in _WORDS_1_1 or (len(value) < 40 and (value[0] == "0" or not value.isdigit()))


class _Machine:
    """The stack machine: one instance a document."""

    def __init__(self, text: Text, most: int) -> None:
        self.text = text
        self.most = most
        self.spans: Spans = {}
        self.blocks: set[int] = set()
        self.duplicates: list[Duplicate] = []
        self.suspects: list[Suspect] = []
        self.rewritten: list[tuple[int, int]] = []
        self.anchors: dict[str, tuple[Any, int] | None] = {}
        self.merging: dict[int, tuple[int, int]] = {}
        """id(mapping) -> the span of its last merge key."""

    def fail(self, offset: int, message: str) -> Unreadable:
        from linter.secrets import mask  # a tag or an anchor may hold one

        return Unreadable(*self.text.position(offset), mask(message))

    def run(self) -> Document:
        try:
            parser = CParser(self.text.content)
            get = parser.get_event
            get()  # the stream's start
            event = get()
            if not isinstance(event, DocumentStartEvent):  # no document's start: the stream ends at once
                raise self.fail(0, "is empty: a manifest is one YAML document")
            data = self._document(get)
            get()  # the document's end
            event = get()
            if isinstance(event, DocumentStartEvent):
                start: Any = event.start_mark
                raise self.fail(start.index, "a second YAML document begins here: a manifest is one document")
        except (YAMLError, UnicodeEncodeError) as error:
            raise self._explain(error) from None
        document = Document(self.text, data, self.spans, self.blocks)
        document.duplicates, document.suspects, document.rewritten = self.duplicates, self.suspects, self.rewritten
        return document

    def _document(self, get: Any) -> Any:  # noqa: C901, PLR0912, PLR0915 - one loop on purpose: it is the hot path
        spans, anchors, blocks, rewritten = self.spans, self.anchors, self.blocks, self.rewritten
        content, most = self.text.content, self.most
        stack: list[Any] = []  # what is put aside while a nested collection is read; a plain tuple is the fastest
        # The root stands in a list of its own, so that it is attached as everything else is.
        root: list[Any] = []
        container: Any = root
        places: Any = []
        spans[id(root)] = places
        is_map = muted = False
        key: Any = ""  # None where one comes next; of a list, empty
        key_start = key_end = -1
        merges: list[tuple[Any, Any]] | None = None
        nodes = last_end = 0
        while True:
            event = get()
            kind = type(event)
            # Each branch reads the attributes itself: the interpreter remembers one class for each place in the code.
            if kind is ScalarEvent:
                value = event.value
                start = event.start_mark.index
                end = event.end_mark.index
                nodes += 1
                if event.implicit[0]:  # plain, without a tag
                    if key is None:
                        if value in _WORDS_1_1 and not muted:
                            self.suspect(None, value, start, end)
                    else:
                        # A break within is read as a blank, or as fewer breaks.
                        if (" " in value or "\n" in value) and content[start:end] != value:
                            rewritten.append((start, end))
                        if not value or (value[0] in _LEADS and (value in _SPECIAL or value[0] in _NUMERIC)):
                            text = value
                            value = resolve(text)
                            if _may_differ(text) and not (muted or key[:2] == "x-"):
                                self.suspect(key if is_map else len(container), text, start, end)
                else:
                    style = event.style
                    if style == "|" or style == ">":
                        end = start + len(content[start:end].rstrip())
                        blocks.add(start)
                    elif content[start + 1 : end - 1] != value:
                        rewritten.append((start, end))
                    if event.tag is not None:
                        tagged = self._tagged(event, value, start)
                        value = value if key is None else tagged
                if event.anchor is not None:
                    anchors[event.anchor] = (value, 1)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                start = event.start_mark.index
                if len(stack) >= MAX_DEPTH:
                    raise self.fail(start, f"nests deeper than {MAX_DEPTH} levels")
                if event.tag is not None and event.tag not in _CORE_TAGS:
                    raise self.fail(start, _unknown_tag(event.tag))
                if event.anchor is not None:
                    anchors[event.anchor] = None  # open: an alias to it now would be a cycle
                stack.append((container, places, key, key_start, key_end, muted, merges, start, nodes, event.anchor))
                muted = muted or (key is not None and key[:2] == "x-")
                nodes += 1
                merges = None
                if kind is MappingStartEvent:
                    is_map, key, container, places = True, None, {}, {}
                else:
                    is_map, key, container, places = False, "", [], []
                spans[id(container)] = places
                continue
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                value = container
                if merges:
                    twice = _merge(container, places, merges)
                    self.duplicates += [] if muted else twice
                end = event.end_mark.index
                if event.start_mark.index == end:
                    end = last_end  # a block collection's own end mark spills to the next token
                container, places, key, key_start, key_end, muted, merges, start, before, anchor = stack.pop()
                if anchor is not None:
                    anchors[anchor] = (value, nodes - before)
                is_map = type(container) is dict
                if key is None:
                    last_end = end
                    key, key_start, key_end = content[start:end], start, end
                    if key in container and not muted:
                        self.duplicates.append(Duplicate(key, places[key][:2], (start, end)))
                    continue
            elif kind is AliasEvent:
                start = event.start_mark.index
                end = event.end_mark.index
                if event.anchor not in anchors:
                    raise self.fail(start, f"alias *{event.anchor} has no anchor before it")
                known = anchors[event.anchor]
                if known is None:
                    raise self.fail(start, f"alias *{event.anchor} stands inside its own anchor: a cycle")
                value, size = known
                nodes += size
                if key is None and type(value) is not str:
                    value = content[start:end]
            else:
                raise self.fail(event.start_mark.index, "is not one YAML document")
            last_end = end
            if nodes > most:
                raise self.fail(start, f"holds more than {most:,} keys and values (aliases expanded)")
            if key is None:
                key, key_start, key_end = value, start, end
                if key in container and not muted:
                    self.duplicates.append(Duplicate(key, places[key][:2], (start, end)))
            elif is_map:
                # Quoted or tagged it is text, and so an ordinary, unknown key (https://yaml.org/type/merge.html).
                merging = key == "<<" and content[key_start:key_end] == "<<"
                sources = _merge_sources(value, spans) if merging else None
                if sources:
                    if merges and not muted:  # of two, some readers let the first win and others the second
                        self.duplicates.append(Duplicate(key, self.merging[id(container)], (key_start, key_end)))
                    self.merging[id(container)] = (key_start, key_end)
                    merges = (merges or []) + sources
                else:
                    container[key] = value
                    places[key] = (key_start, key_end, start, end)
                key = None
            else:
                container.append(value)
                places.append((start, end, start, end))
                if container is root:
                    return value

    def suspect(self, key: Any, value: str, start: int, end: int) -> None:
        """Remember a suspect; an event's start is its anchor's, where it has one."""
        at = self.text.content.rfind(value, start, end)
        self.suspects.append(Suspect(key, value, at if at >= 0 else start, end))

    def _tagged(self, event: Any, value: str, start: int) -> Any:
        tag = event.tag
        if tag == "tag:yaml.org,2002:str" or tag == "!":
            return value
        if tag not in _CORE_TAGS:
            raise self.fail(start, _unknown_tag(tag))
        resolved = resolve(value)
        wanted = {"int": int, "float": (int, float), "bool": bool, "null": type(None)}.get(tag.rpartition(":")[2], ())
        if not isinstance(resolved, wanted) or (wanted is int and isinstance(resolved, bool)):  # type: ignore[arg-type]
            raise self.fail(start, f"the value is not what its tag !!{tag.rpartition(':')[2]} says")
        return resolved

    def _explain(self, error: YAMLError | UnicodeEncodeError) -> Unreadable:
        content = self.text.content
        control = re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]", content)
        if control:
            return self.fail(control.start(), f"a control character (U+{ord(control[0]):04X}) is not allowed in YAML")
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        offset = mark.index if mark is not None else 0
        problem = getattr(error, "problem", None) or "it cannot be parsed"
        if "nesting depth" in problem:  # a later libyaml's own limit: its scanner runs ahead of the events
            return self.fail(offset, f"nests deeper than {MAX_DEPTH} levels")
        if content[offset : offset + 1] == "\t":
            problem = "a tab stands where YAML wants spaces; indent with spaces"
        context = getattr(error, "context", None)
        return self.fail(offset, f"is not YAML: {problem}" + (f" ({context})" if context else ""))


def _unknown_tag(tag: str) -> str:
    name = tag.replace("tag:yaml.org,2002:", "!!", 1)
    return f"the tag {name[:60]} is not allowed: a manifest is plain data"


def _merge_sources(value: Any, spans: Spans) -> list[tuple[Any, Any]] | None:
    """What `<<: value` brings in, with its spans; None where it is no merge but an ordinary (and then unknown) key."""
    maps = [value] if type(value) is dict else value if type(value) is list else []
    if not maps or not all(type(one) is dict for one in maps):
        return None
    return [(one, spans[id(one)]) for one in maps]


def _merge(container: dict[str, Any], places: dict[str, Entry], merges: list[tuple[Any, Any]]) -> list[Duplicate]:
    """Merge keys (https://yaml.org/type/merge.html): explicit keys win, then earlier mappings.

    Returns:
        What several of the mappings bring, and differently: PyYAML 6.0.4 lets the last of them win.
    """
    twice = []
    own = frozenset(container)
    for source, source_places in merges:
        for key, value in source.items():
            if key not in container:
                container[key] = value
                places[key] = source_places[key]
            elif key not in own and container[key] != value:
                twice.append(Duplicate(key, places[key][:2], source_places[key][:2]))
    return twice
