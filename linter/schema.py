"""Our JSON Schemas, used twice: compiled to a predicate (fast, says yes or no) and, for what it refuses, explained by jsonschema.

The predicate knows the keywords that our schemas use and refuses to compile any other, so a schema cannot outgrow it
unseen; a property test holds both against each other. jsonschema costs 60 ms to import and is needed only to explain.
"""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any, NamedTuple

from linter.data import folder
from linter.patterns import Pattern

Predicate = Callable[[Any], bool]

_KEYWORDS = {
    "string": {"pattern", "minLength", "maxLength", "format"},
    "array": {"items", "minItems", "uniqueItems"},
    "object": {"properties", "patternProperties", "additionalProperties", "required", "minProperties"},
}
"""Type -> the keywords that bind values of that type alone."""
_ANNOTATIONS = {"$schema", "$id", "$defs", "title", "description", "examples", "default", "x-expected"}


@cache
def load(name: str) -> dict[str, Any]:
    """The schema `schemas/<name>.schema.json`."""
    with open(os.path.join(folder("schemas"), f"{name}.schema.json"), encoding="utf-8") as file:
        schema: dict[str, Any] = json.load(file)
    return schema


@cache
def predicate(name: str) -> Predicate:
    """The compiled schema: whether it accepts a value."""
    return _Compiler(load(name)).compile(load(name))


@cache
def fields(name: str, definition: str | None = None) -> dict[str, Predicate]:
    """The compiled schema of each property, of the whole or of one of its definitions."""
    whole = load(name)
    part = whole if definition is None else whole["$defs"][definition]
    compiler = _Compiler(whole)
    return {key: compiler.compile(sub) for key, sub in part["properties"].items()}


def _yes(_: Any) -> bool:
    return True


def _no(_: Any) -> bool:
    return False


def _every(tests: list[Predicate]) -> Predicate:
    if not tests:
        return _yes
    if len(tests) == 1:
        return tests[0]
    first, rest = tests[0], _every(tests[1:])
    return lambda value: first(value) and rest(value)


class _Compiler:
    def __init__(self, root: Mapping[str, Any]) -> None:
        self.root = root
        self.known: dict[str, Predicate] = {}

    def compile(self, schema: Any) -> Predicate:
        if schema is True:
            return _yes
        keys = schema.keys() - _ANNOTATIONS
        if keys == {"$ref"}:
            return self._reference(schema["$ref"])
        tests = []
        kind = schema.get("type")
        if kind is not None and not keys & _KEYWORDS.get(kind, set()):
            tests.append(_TYPES[kind])
        if "const" in schema or "enum" in schema:
            tests.append(_enum(schema.get("enum", [schema.get("const")])))
        # The last argument is the answer for values of another type: so `type` needs no test of its own.
        for family, make in (("string", _string), ("array", self._array), ("object", self._object)):
            if keys & _KEYWORDS[family]:
                tests.append(make(schema, kind != family))
        if "if" in schema:
            tests.append(self._branch(schema))
        unknown = keys.difference({"type", "const", "enum", "if", "then", "else"}, *_KEYWORDS.values()) - {"$ref"}
        if unknown or "$ref" in schema:
            raise ValueError(
                f"a schema uses keywords that the predicate does not know: {sorted(unknown) or '$ref beside others'}"
            )
        return _every(tests)

    def _reference(self, reference: str) -> Predicate:
        if reference not in self.known:
            node: Any = self.root
            for step in reference.removeprefix("#/").split("/"):
                node = node[step]
            self.known[reference] = self.compile(node)
        return self.known[reference]

    def _array(self, schema: Mapping[str, Any], otherwise: bool) -> Predicate:
        item = self.compile(schema.get("items", True))
        least, unique = schema.get("minItems", 0), schema.get("uniqueItems", False)

        def array(value: Any) -> bool:
            if type(value) is not list:
                return otherwise
            if len(value) < least or (unique and not _distinct(value)):
                return False
            for one in value:  # noqa: SIM110 - a generator here costs twice as much on the hot path
                if not item(one):
                    return False
            return True

        return array

    def _object(self, schema: Mapping[str, Any], otherwise: bool) -> Predicate:
        properties = {name: self.compile(sub) for name, sub in schema.get("properties", {}).items()}
        patterns = [(Pattern(text), self.compile(sub)) for text, sub in schema.get("patternProperties", {}).items()]
        rest = schema.get("additionalProperties", True)
        other = _no if rest is False else self.compile(rest)
        required: list[str] = schema.get("required", [])
        least: int = schema.get("minProperties", 0)
        if not properties and not patterns and rest is True:
            keys = frozenset(required)
            return lambda value: len(value) >= least and value.keys() >= keys if type(value) is dict else otherwise

        def stranger(name: str, value: Any) -> bool:
            tests = [sub for pattern, sub in patterns if pattern.search(name)]
            return all([test(value) for test in tests or (other,)])

        def mapping(value: Any) -> bool:
            if type(value) is not dict:
                return otherwise
            for name, one in value.items():
                test = properties.get(name)
                if not (stranger(name, one) if test is None else test(one)):
                    return False
            for name in required:
                if name not in value:
                    return False
            return len(value) >= least

        return mapping

    def _branch(self, schema: Mapping[str, Any]) -> Predicate:
        test = self.compile(schema["if"])
        then, otherwise = self.compile(schema.get("then", True)), self.compile(schema.get("else", True))
        if schema["if"].keys() == {"type"} and schema["if"]["type"] in _CLASSES:  # most unions: a call less
            cls = _CLASSES[schema["if"]["type"]]
            return lambda value: then(value) if type(value) is cls else otherwise(value)
        return lambda value: then(value) if test(value) else otherwise(value)


_TYPES: dict[str, Predicate] = {
    "string": lambda value: type(value) is str,
    "object": lambda value: type(value) is dict,
    "array": lambda value: type(value) is list,
    "boolean": lambda value: type(value) is bool,
    "integer": lambda value: type(value) is int or (type(value) is float and value.is_integer()),
}


_CLASSES: dict[str, type] = {"string": str, "object": dict, "array": list, "boolean": bool}


def _identity(value: Any) -> Any:
    """A key that is equal for what JSON Schema holds equal: 1 is 1.0, but true is not 1.

    A number is its digits: unlike a text's, its hash is known, and thousands can be chosen that share one.
    """
    if isinstance(value, bool):
        return (bool, value)
    if isinstance(value, (int, float)):
        return (int, str(int(value))) if value == value // 1 and abs(value) != float("inf") else (float, repr(value))
    if isinstance(value, list):
        return (list, *map(_identity, value))
    if isinstance(value, dict):
        return (dict, frozenset([(key, _identity(one)) for key, one in value.items()]))
    return value


def _distinct(values: list[Any]) -> bool:
    if len(values) == 1:
        return True
    return len({value if type(value) is str else _identity(value) for value in values}) == len(values)


def _enum(options: list[Any]) -> Predicate:
    if all(type(option) is str for option in options):
        words = frozenset(options)
        return lambda value: type(value) is str and value in words
    keys = {_identity(option) for option in options}
    return lambda value: _identity(value) in keys


def is_date(value: str) -> bool:
    """Whether a text is a day of the calendar, as YYYY-MM-DD."""
    from datetime import date

    if len(value) != 10 or value[7] != "-":  # 20261124 and 2026-W48-2 are ISO dates, too
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _string(schema: Mapping[str, Any], otherwise: bool) -> Predicate:
    least, most = schema.get("minLength", 0), schema.get("maxLength", 1 << 60)
    if schema.keys().isdisjoint(("pattern", "format")):
        return lambda value: least <= len(value) <= most if type(value) is str else otherwise
    pattern, dated = Pattern(schema.get("pattern", "")), "format" in schema

    def fits(value: str) -> bool:
        return least <= len(value) <= most and pattern.search(value) is not None and (not dated or is_date(value))

    known = lru_cache(maxsize=1024)(fits)  # a team's words, days and systems are few

    def string(value: Any) -> bool:
        if type(value) is not str:
            return otherwise
        return known(value) if len(value) <= 100 else fits(value)

    return string


class Violation(NamedTuple):
    """One thing that a schema refuses."""

    route: tuple[str | int, ...]
    """Where: the value, or the mapping in which a key is missing."""
    kind: str
    """"unknown" (a key; it is the route's last step), "missing" (`subject` is absent in the mapping) or "invalid"."""
    subject: str
    problem: str
    """A clause in plain words."""
    suggestion: str
    """What to write, or empty."""
    nearest: str = ""
    """The key or word that was probably meant, or empty."""


MOST_VIOLATIONS = 1000
"""Beyond these a document is of another kind, and explaining takes minutes."""


def explain(name: str, value: Any) -> list[Violation]:
    """What the schema refuses in a value, in document order, up to MOST_VIOLATIONS; empty where it accepts."""
    import jsonschema

    checker = jsonschema.FormatChecker(formats=())
    checker.checks("date")(lambda text: not isinstance(text, str) or is_date(text))
    # jsonschema compares each entry with each where they cannot be sorted: minutes for a long list.
    extend: Any = jsonschema.validators.extend
    kind = extend(jsonschema.Draft202012Validator, {"uniqueItems": _unique})
    validator = kind(load(name), format_checker=checker)
    found: dict[tuple[Any, ...], Violation] = {}
    for error in validator.iter_errors(value):
        for violation in _translate(error):
            found.setdefault((violation.route, violation.kind, violation.subject), violation)
        if len(found) >= MOST_VIOLATIONS:
            break
    return list(found.values())


def _unique(_: Any, wanted: bool, instance: Any, __: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if wanted and isinstance(instance, list) and not _distinct(instance):
        yield ValidationError("entries that differ")


def _translate(error: Any) -> Iterator[Violation]:
    from difflib import get_close_matches

    route = tuple(error.absolute_path)
    keyword, instance, schema = error.validator, error.instance, error.schema
    if keyword == "additionalProperties":
        known = list(schema.get("properties", {}))
        patterns = list(schema.get("patternProperties", {}))
        for key in instance:
            if key in known or any(re.search(text, key) for text in patterns):
                continue
            near = get_close_matches(key.lower().replace("-", "_").replace(" ", "_"), known, 1, 0.7)
            hint = f"did you mean `{near[0]}`?" if near else "keys of your own begin with x-" if patterns else ""
            meant = near[0] if near and near[0] not in instance else ""
            yield Violation((*route, key), "unknown", key, f"`{key}` is not a key here", hint, meant)
    elif keyword == "required":
        for key in error.validator_value:
            if key not in instance:
                expected = schema.get("properties", {}).get(key) or {}
                hint = expected.get("description", "")
                yield Violation(route, "missing", key, f"`{key}` is missing", f"add `{key}:`. {hint}".strip())
    else:
        expected = (
            _GENERIC.get(keyword, "").format(error.validator_value)
            or schema.get("x-expected")
            or _TYPE_WORDS.get(schema.get("type", ""), "something else")
        )
        subject = str(route[-1]) if route and isinstance(route[-1], str) else ""
        options = schema.get("enum") or _words(schema.get("pattern", ""))
        near, begun = [], ""
        if isinstance(instance, str) and options:
            word = halfwidth(instance).partition("(")[0].strip().lower().replace("_", "-").replace(" ", "-")
            # "write-only" means write, though it looks more like read-only; what follows the word is a person's to judge.
            begun = max((one for one in options if re.match(rf"{re.escape(one)}[-,:;.]", word)), key=len, default="")
            near = [] if begun else get_close_matches(word, options, 1, 0.6)
        hint = f"did you mean `{begun or near[0]}`?" if begun or near else ""
        # What stands where a variable's name belongs is often the secret itself.
        found = "other text" if subject.endswith("_env") else _found(keyword, instance)
        problem = f"expected {expected}, found {found}"
        yield Violation(route, "invalid", subject, problem, hint, near[0] if near else "")


def halfwidth(text: str) -> str:
    """The brackets of an East Asian keyboard as plain ones."""
    return text.replace("\uff08", " (").replace("\uff09", ")")


def _found(keyword: str, instance: Any) -> str:
    return "one that stands twice" if keyword == "uniqueItems" else describe(instance)


_TYPE_WORDS = {
    "string": "text",
    "object": "a mapping",
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
}
_GENERIC = {
    "minLength": "text",
    "maxLength": "at most {} characters",
    "minItems": "at least one entry",
    "minProperties": "at least one key",
    "uniqueItems": "entries that differ from one another",
}


def _words(pattern: str) -> list[str]:
    """The level words of a pattern such as "^(none|low)", for a suggestion."""
    match = re.match(r"\^\(([a-z|]+)\)", pattern)
    return match[1].split("|") if match else []


def describe(value: Any) -> str:
    """A value in the words of YAML, short, credentials masked: for messages."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"the number {value:.17g}" if abs(value) < 1e17 else "a huge number"
    if isinstance(value, str):
        from linter.secrets import mask

        shown = mask(value[:1000])[:60]
        return f"`{shown}{'...' if len(value) > 60 else ''}`" if value else "empty text"
    return ("a " if value else "an empty ") + ("list" if isinstance(value, list) else "mapping")
