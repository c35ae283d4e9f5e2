"""Condition blocks, three-valued (IAM User Guide, "Condition operators"): True, False, or None where it is unknown.

All operators of a block and all keys of an operator must hold; of a key's values, one.
"""

import ipaddress
import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from linter.systems.aws.facts import ABSENT, Facts, filled, stand_ins
from linter.systems.aws.wildcards import covers, tidy

Truth = bool | None
_TIMES = frozenset({"aws:currenttime", "aws:epochtime"})
_BOUNDS = re.compile(r"^(?:date|numeric)(less|greater)than(?:equals)?$")


def every(answers: Iterable[Truth]) -> Truth:
    """Kleene's and."""
    result: Truth = True
    for answer in answers:
        if answer is False:
            return False
        if answer is None:
            result = None
    return result


def some(answers: Iterable[Truth]) -> Truth:
    """Kleene's or."""
    result: Truth = False
    for answer in answers:
        if answer is True:
            return True
        if answer is None:
            result = None
    return result


def opposite(answer: Truth) -> Truth:
    """Kleene's not."""
    return None if answer is None else not answer


def holds(block: Any, known: Facts, *, allows: bool = True) -> Truth:
    """Whether a statement's Condition holds. What is no condition that we know is unknown.

    Args:
        allows: the statement's effect. Where the principal can ask in another way, in which it holds to its favour, it is unknown.
    """
    if not block:
        return True
    if not isinstance(block, Mapping):
        return None
    answer = every(_operator(str(name), keys, known) for name, keys in block.items())
    if answer is not allows and known.other:
        instead = Facts({**known.known, **known.other}, known.complete, known.absent, now=known.now)
        if holds(block, instead, allows=allows) is not answer:
            return None
    return answer


def _operator(name: str, keys: Any, known: Facts) -> Truth:
    if not isinstance(keys, Mapping):
        return None
    quantifier, colon, rest = name.partition(":")
    quantifier, operator = (quantifier.lower(), rest.lower()) if colon else ("", name.lower())
    optional = operator.endswith("ifexists") and operator != "null"
    operator = operator.removesuffix("ifexists")
    if quantifier not in ("", "forallvalues", "foranyvalue"):
        return None
    return every(
        _key(operator, quantifier, str(key), values if isinstance(values, list) else [values], known, optional=optional)
        for key, values in keys.items()
    )


def _key(operator: str, quantifier: str, key: str, wanted: list[Any], known: Facts, *, optional: bool) -> Truth:
    found = known.values(key)
    if operator == "null":
        if found is None:
            return None
        return some(_null(value, found) for value in wanted)
    if known.now is not None and found is None and key.lower() in _TIMES:
        return _from_now(operator, wanted, known.now)
    negated = "not" in operator
    compare = _COMPARE.get(operator.replace("not", ""))
    if compare is None or found is None:
        return None
    if found == ABSENT:
        return {"forallvalues": True, "foranyvalue": False}.get(quantifier, optional or negated)
    texts = [filled(_text(value), known) for value in wanted]

    def one(value: str) -> Truth:
        answer = some(
            False if text is False else None if not isinstance(text, str) else compare(value, text) for text in texts
        )
        return opposite(answer) if negated else answer

    if quantifier == "forallvalues":
        return every(one(value) for value in found)
    if quantifier == "foranyvalue" or len(found) > 1:
        # A key with several values and no quantifier is compared like ForAnyValue; its negation must hold for each.
        return every(map(one, found)) if negated and not quantifier else some(map(one, found))
    return one(found[0])


def _from_now(operator: str, wanted: list[Any], now: float) -> Truth:
    """Whether a condition on the time of a request holds: what is over never does again, what is to come is not decided."""
    moments = [_moment(_text(value)) for value in wanted]
    bound = _BOUNDS.search(operator)
    if bound is None or None in moments:
        return None
    passed = [moment is not None and moment < now for moment in moments]
    return not all(passed) if bound[1] == "less" else True if any(passed) else None


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _null(wanted: Any, found: tuple[str, ...]) -> Truth:
    text = _text(wanted).lower()
    return None if text not in ("true", "false") else (found == ABSENT) == (text == "true")


def _like(value: str, pattern: str) -> Truth:
    return covers(tidy(pattern), stand_ins(value))


def _arn(value: str, pattern: str) -> Truth:
    """Each of the six parts by itself."""
    mine, theirs = value.split(":", 5), pattern.split(":", 5)
    return len(mine) == len(theirs) == 6 and all(
        covers(tidy(other), stand_ins(one)) for one, other in zip(mine, theirs, strict=True)
    )


def _equal(value: str, text: str) -> Truth:
    return stand_ins(value) == stand_ins(text)


def _same(value: str, text: str) -> Truth:
    return stand_ins(value).lower() == stand_ins(text).lower()


def _binary(value: str, text: str) -> Truth:
    try:
        return b64decode(value, validate=True) == b64decode(text, validate=True)
    except (Base64Error, ValueError):
        return None


def _ip(value: str, text: str) -> Truth:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def _numbers(check: Callable[[float, float], bool]) -> Callable[[str, str], Truth]:
    def compare(value: str, text: str) -> Truth:
        if not _NUMBER.fullmatch(value) or not _NUMBER.fullmatch(text) or max(len(value), len(text)) > 30:
            return None
        return check(float(value), float(text))

    return compare


def _dates(check: Callable[[float, float], bool]) -> Callable[[str, str], Truth]:
    def compare(value: str, text: str) -> Truth:
        mine, theirs = _moment(value), _moment(text)
        return None if mine is None or theirs is None else check(mine, theirs)

    return compare


@lru_cache(maxsize=256)
def _moment(text: str) -> float | None:
    """Seconds since 1970 of an ISO 8601 date or of a number of seconds."""
    if _NUMBER.fullmatch(text) and len(text) < 16:
        return float(text)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _ordered(
    prefix: str, make: Callable[[Callable[[float, float], bool]], Callable[[str, str], Truth]]
) -> dict[str, Any]:
    return {
        f"{prefix}equals": make(lambda one, other: one == other),
        f"{prefix}lessthan": make(lambda one, other: one < other),
        f"{prefix}lessthanequals": make(lambda one, other: one <= other),
        f"{prefix}greaterthan": make(lambda one, other: one > other),
        f"{prefix}greaterthanequals": make(lambda one, other: one >= other),
    }


_COMPARE: dict[str, Callable[[str, str], Truth]] = {
    "stringequals": _equal,
    "stringequalsignorecase": _same,
    "stringlike": _like,
    "arnequals": _arn,
    "arnlike": _arn,
    "bool": _same,
    "binaryequals": _binary,
    "ipaddress": _ip,
    **_ordered("numeric", _numbers),
    **_ordered("date", _dates),
}
"""Operator without "not" and "IfExists" -> whether a value of the request is the policy's."""


def describe(block: Any) -> str:
    """A condition in words, such as "StringEquals aws:SourceIp = 10.0.0.0/8"."""
    if not isinstance(block, Mapping):
        return ""
    found = []
    for name, keys in block.items():
        for key, values in keys.items() if isinstance(keys, Mapping) else ():
            listed = values if isinstance(values, list) else [values]
            shown = ", ".join(_text(value) for value in listed[:3]) + (", ..." if len(listed) > 3 else "")
            found.append(f"{name} {key} = {shown}")
    return " and ".join(found)
