"""The scope language: what a `scope` bounds, structured or in prose whose meaning is certain.

The prose grammar is part of algebra `p1` and frozen (DESIGN.md, section 1): a sentence that it reads today means the same in
every later version, since digests sign the result. What it does not read stays declared, as one opaque atom.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from linter.boxes import EVERYTHING, Names, Value, fold
from linter.patterns import Pattern

SET_DIMENSIONS = (
    "columns",
    "read_columns",
    "write_columns",
    "channels",
    "recipients",
    "repositories",
    "projects",
    "sites",
    "namespaces",
    "paths",
    "labels",
    "tools",
)
"""Dimensions whose value is a list of literals. `rows` is the one text dimension; `note` bounds nothing."""


_LISTED = frozenset(SET_DIMENSIONS)


class Scope(NamedTuple):
    """What a resource's `scope` says."""

    kind: str
    """What it comes to for who judges it: "absent", "unbounded" (it says "all"), "empty" (it says nothing: "n/a"), "bounded"
    (compared dimension by dimension) or "prose" (words that may bound something)."""
    box: Mapping[str, Value]
    """What it comes to for the algebra, which reads less: there `1=1` and "no restrictions" are opaque atoms."""
    words: str = ""
    """All free text in it, for rules that read words."""


ABSENT = Scope("absent", {})

_ALL = frozenset({"*", "all", "any", "every", "full", "unrestricted", "unlimited", "everything", "anything"})
_THINGS = frozenset(
    "row rows column columns table tables channel channels record records data access object objects "
    "resource resources repository repositories repo repos file files tool tools".split()
)
_COLUMN = frozenset({"column", "columns"})
_CHANNEL = frozenset({"channel", "channels"})
# A word of the grammar is no name, nor is one that points elsewhere: "the status and only column", "these columns only".
_GRAMMAR = _COLUMN | frozenset(
    "only the and all any every except but no not or for this that these those some each both which its their".split()
)
_ITEM = Pattern(r'"[^"]*"|[^\s,"]+|,|"')
_MOST_PROSE = 2000
"""Longer prose is never a list of names; it also bounds the work on hostile text."""


def parse_prose(text: str) -> Scope:
    """A free-text scope: bounded where its meaning is certain, else one atom of the dimension `prose`.

    The sentences that are read, [in brackets] what may be left out, NAMES separated by commas or "and":
        all | any ... | everything | * | all rows | all columns ...        nothing is bounded
        [only] [the] NAMES columns only | only [the] NAMES columns         columns; one name, unquoted: "status column only",
                                                                           since "sensitive columns only" describes
        only [the] columns NAMES | columns NAMES only                      columns
        all columns except NAMES                                           all columns but these
        [only] [the] [channel] #NAMES [channel] [only]                     channels; "#42" alone is an issue's number
    """
    words = fold(text)
    if not words:
        return ABSENT
    if len(words) > _MOST_PROSE:
        return Scope("prose", {"prose": words}, words)
    lowered = words.lower()
    tokens, lower = words.removesuffix(".").split(" "), lowered.removesuffix(".").split(" ")
    if _says_all(lower):
        return Scope("unbounded", {}, words)
    found = (_columns(tokens, lower) if "olumn" in lowered else None) or (
        _channels(tokens, lower) if "#" in words else None
    )
    return Scope("bounded", found, words) if found else Scope(_weight(words), {"prose": words}, words)


def _weight(words: str) -> str:
    """What a sentence comes to that is no sentence of the grammar."""
    from linter.manifest.vacuous import says_everything, says_nothing

    return "unbounded" if says_everything(words) else "empty" if says_nothing(words) else "prose"


def _says_all(lower: list[str]) -> bool:
    return lower[0] in _ALL and all([word in _THINGS or word in ("and", "the") for word in lower[1:]])


def _columns(tokens: list[str], lower: list[str]) -> dict[str, Value] | None:
    if len(lower) > 3 and lower[0] in ("all", "every") and lower[1] in _COLUMN and lower[2] in ("except", "but"):
        names = _names(tokens[4 if lower[3] == "for" else 3 :])
        return {"columns": Names(names, excluded=True)} if names else None
    if lower[-2:] == ["columns", "only"] and len(lower) > 3:
        plain = " ".join(tokens[:-2]).split(", ")  # the usual sentence, without the work that the others take
        if len(plain) > 1 and all([_identifier(name) for name in plain]):
            return {"columns": Names(frozenset(plain))}
    start, end = _frame(lower)
    if start == 0 and end == len(lower):  # without "only" it is a description, not a bound
        return None
    start += lower[start : start + 1] == ["the"]
    inner = lower[start:end]
    if inner and inner[-1] in _COLUMN:
        names = _names(tokens[start : end - 1])
        if inner[1:] == ["columns"] and "," not in inner[0] and '"' not in inner[0]:
            return None
    elif inner and inner[0].rstrip(":") in _COLUMN:
        names = _names(tokens[start + 1 : end])
    else:
        return None
    return {"columns": Names(names)} if names else None


def _channels(tokens: list[str], lower: list[str]) -> dict[str, Value] | None:
    start, end = _frame(lower)
    start += lower[start : start + 1] == ["the"]
    first = lower[start : start + 1]
    named = bool(first) and first[0].rstrip(":") in _CHANNEL
    start += named
    if end > start and lower[end - 1] in _CHANNEL:
        end, named = end - 1, True
    names = _split(tokens[start:end])
    if not names or not all([_channel(name) and (named or not name[1:].isdigit()) for name in names]):
        return None
    return {"channels": Names(frozenset(names))}


def _channel(name: str) -> bool:
    return name[0] == "#" and len(name) > 1 and all([one.isalnum() or one in "-_" for one in name[1:]])


def _frame(lower: list[str]) -> tuple[int, int]:
    """Where the sentence stands without an "only" at either end."""
    return int(lower[0] == "only"), len(lower) - int(lower[-1] == "only")


def _split(tokens: list[str]) -> list[str]:
    """The names of a list, separated by commas or "and", quotes kept; empty where it is no such list."""
    names: list[str] = []
    before = ","
    for item in _ITEM.findall(" ".join(tokens)):
        kind = item if item == "," else "and" if item.lower() == "and" else ""
        if not kind:
            if not before:
                return []  # two names side by side
            names.append(item)
        elif before and not (kind == "and" and before == "," and names):
            return []  # two separators side by side, but for ", and"
        before = kind
    return [] if before else names


def _names(tokens: list[str]) -> frozenset[str] | None:
    """The column names of a list, quotes taken off; None where it is none."""
    names = _split(tokens)
    if not names or not all(
        [(name[0] == '"' and name.strip('" ') not in ("", "*")) or _identifier(name) for name in names]
    ):
        return None
    return frozenset(name.strip('" ') for name in names)


def _identifier(name: str) -> bool:
    """An identifier as SQL has it without quotes, in ASCII, but no word of the grammar; `$` may follow the first character."""
    plain = name.isascii() and (name.isidentifier() or (name.replace("$", "_").isidentifier() and name[0] != "$"))
    return plain and name.lower() not in _GRAMMAR


def parse_structured(given: Mapping[str, Any]) -> Scope:
    """A structured scope, already valid by the schema: a list of names, one name, or `{except: [names]}` a dimension.

    "*" among the names is every name: a list with it bounds nothing, all except it is nothing.
    """
    box: dict[str, Value] = {}
    for name, value in given.items():
        if name not in _LISTED:
            continue
        excluded = isinstance(value, dict)
        listed = value["except"] if excluded else [value] if isinstance(value, str) else value
        names = frozenset(map(fold, listed))
        box[name] = Names(frozenset(), not excluded) if "*" in names else Names(names, excluded)
    if "rows" in given and (rows := fold(given["rows"])):
        box["rows"] = EVERYTHING if _says_all(rows.lower().split(" ")) else rows
    bounded = box
    if EVERYTHING in box.values():
        bounded = {name: value for name, value in box.items() if value != EVERYTHING}
    words = " ".join([fold(given[name]) for name in ("rows", "note") if name in given])
    if bounded:
        return Scope(_weight_of(bounded), bounded, words)
    return Scope("unbounded" if box else "absent", {}, words)


WILDCARDS = frozenset({"*", "**", "%", "\uff0a"})
"""Names that are everything to their reader, though all but the first are names like others to the algebra."""
WIDE = WILDCARDS | frozenset(
    "/ /* /** ./** **/* */* */** *.* .* #* all any everything anything All ALL Any Everything".split()
)
"""The same in a list of names: of paths, repositories, channels, columns."""
_COMPARING = frozenset({"=", "<", ">", "<=", ">=", "<>", "!="})
_NO_COLUMN = frozenset({"true", "false", "null", "current_user", "session_user", "current_date", "current_timestamp"})


def _weight_of(bounded: Mapping[str, Value]) -> str:
    """What dimensions come to, of which each bounds something for the algebra."""
    for value in bounded.values():
        if type(value) is Names and (value.excluded or value.names.isdisjoint(WIDE)):
            return "bounded"
    rows = bounded.get("rows")
    if not isinstance(rows, str):
        return "unbounded"
    said = "prose" if _compares(rows.split(" ")) else _weight(rows)
    return "bounded" if said == "prose" else said


def _compares(words: list[str]) -> bool:
    """Whether a predicate compares a column with something else, as most do: nothing more has to be read, nor loaded."""
    return (
        len(words) == 3
        and words[1] in _COMPARING
        and words[0].isidentifier()
        and words[0].lower() not in _NO_COLUMN
        and words[2].strip('";').lower() not in (words[0].lower(), "''")
    )
