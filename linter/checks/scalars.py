"""Plain scalars that YAML 1.1 and YAML 1.2 read differently: another tool would see another manifest."""

from __future__ import annotations

from collections.abc import Iterator

from linter.checks import Hit, Place, template
from linter.checks.repairs import quoted
from linter.checks.subject import Subject
from linter.findings import Repair, Splice
from linter.manifest.reader import resolve
from linter.patterns import Pattern
from linter.schema import describe, is_date

_PLAIN_NUMBER = Pattern(r"[-+]?(?:0|[1-9][0-9]*)")
# YAML 1.1's booleans, https://yaml.org/type/bool.html; PyYAML leaves out the single letters, Ruby and Go have had them.
_TRUE, _FALSE = frozenset({"y", "yes", "on"}), frozenset({"n", "no", "off"})


@template("ambiguous-scalar")
def ambiguous_scalar(subject: Subject) -> Iterator[Hit]:
    """A plain scalar with two readings, unless it is a date where a date belongs."""
    for key, value, start, end in subject.document.suspects:
        if key in ("date", "expires") and is_date(value):
            continue
        old, new = _reading_1_1(value), describe(resolve(value))
        if old is not None:
            values = {"value": value, "old": old, "new": new}
            yield Hit(Place(span=(start, end)), values, key=f"{key}:{value}", repair=_spelt_out(value, start, end))


def _spelt_out(value: str, start: int, end: int) -> Repair | None:
    """The scalar as both versions read it alike: what YAML 1.2 makes of it, quoted where that is text."""
    read = resolve(value)
    if isinstance(read, str):
        return Repair(quoted(start, end, value))
    return Repair(lambda: (Splice(start, end, str(read)),)) if type(read) is int else None


def _reading_1_1(value: str) -> str | None:
    """How YAML 1.1 reads a plain scalar that YAML 1.2 reads otherwise; None where they agree."""
    word = value.lower()
    if word in _TRUE:
        return "true"
    if word in _FALSE:
        return "false"
    if _PLAIN_NUMBER.fullmatch(value):
        return None
    from yaml.resolver import Resolver

    tag = ""
    for known, pattern in Resolver.yaml_implicit_resolvers.get(value[0], []):
        if pattern.match(value):
            tag = known.rpartition(":")[2]
            break
    new = resolve(value)
    if tag == "int":
        return _integer_1_1(value, new)
    if tag == "float":
        return None if isinstance(new, (int, float)) else "a number"
    if tag == "timestamp":
        return "a date"
    if tag == "value":
        return "a default key"
    return None if isinstance(new, str) else "text"


def _integer_1_1(value: str, new: object) -> str | None:
    """How YAML 1.1 reads what it takes for an integer; `new` is what YAML 1.2 reads."""
    sign, digits = value[:1] if value[0] in "+-" else "", value.lstrip("+-").replace("_", "")
    if ":" in digits:
        return "a number in base 60"
    if digits[:2] == "0x" and isinstance(new, int):
        return None
    if digits[:2] == "0b" or not isinstance(new, int):
        return "a number"
    return f"the octal number {sign}{int(digits, 8)}"
