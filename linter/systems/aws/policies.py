"""Policy documents as statements: which actions, which resources, under which condition, for whom."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

from linter.systems.aws.facts import Facts, filled, widened
from linter.systems.aws.regions import EVERYTHING, NOTHING, Area, area, subtract
from linter.systems.aws.wildcards import tidy
from linter.systems.strict import Twice, loads

_MOST_BYTES = 1 << 20
"""A policy has at most 20,480 characters; a megabyte is none."""
_MOST_STATEMENTS = 1_000


_ELEMENTS = frozenset(
    "Sid Effect Principal NotPrincipal Action NotAction Resource NotResource Condition".split()
)  # fmt: skip
"""Of a statement (IAM User Guide, "Grammar of the IAM JSON policy language"), case and all."""


class Statement(NamedTuple):
    """One statement; `not_` means that the element is a Not one: NotAction, NotResource, NotPrincipal."""

    allows: bool
    actions: tuple[str, ...]
    not_actions: bool
    resources: tuple[str, ...]
    not_resources: bool
    condition: Mapping[str, Any]
    principals: tuple[str, ...] | None
    """ "*", ARNs and accounts; other types as TYPE:VALUE. None where there is no such element."""
    not_principals: bool
    source: str
    """Where it stands, in words."""


class BadPolicy(ValueError):
    """A document that is no policy: a clause."""


def document(given: Any, source: str) -> tuple[Statement, ...]:
    """The statements of a policy, given as an object or as (URL-encoded) JSON.

    Raises:
        BadPolicy: it is none.
    """
    if isinstance(given, str):
        if len(given) > _MOST_BYTES:
            raise BadPolicy(f"{source} is longer than a policy can be")
        try:
            given = loads(given if given.lstrip().startswith("{") else unquote(given))
        except Twice as problem:
            raise BadPolicy(f"{source} {problem}") from None
        except (ValueError, RecursionError):
            raise BadPolicy(f"{source} is no JSON") from None
    if not isinstance(given, Mapping):
        raise BadPolicy(f"{source} is no policy document")
    if given and "Statement" not in given:
        raise BadPolicy(f"{source} has no Statement")
    statements = given.get("Statement", [])
    if isinstance(statements, Mapping):
        statements = [statements]
    if not isinstance(statements, list) or len(statements) > _MOST_STATEMENTS:
        raise BadPolicy(f"{source} has no list of statements")
    variables = given.get("Version") == "2012-10-17"
    return tuple(_statement(one, source, variables=variables) for one in statements)


def _statement(given: Any, source: str, *, variables: bool) -> Statement:
    if not isinstance(given, Mapping) or given.get("Effect") not in ("Allow", "Deny"):
        raise BadPolicy(f"{source} has a statement that neither allows nor denies")
    if unknown := sorted(set(given) - _ELEMENTS):
        raise BadPolicy(f"{source} has a statement with {unknown[0][:40]!r}, which is no element of one")
    actions, not_actions = _element(given, "Action", source)
    if not actions and not not_actions:
        raise BadPolicy(f"{source} has a statement that names no action")
    resources, not_resources = _element(given, "Resource", source)
    if "Resource" in given and not resources:
        raise BadPolicy(f"{source} has a statement with a Resource that is empty")
    if not resources and not not_resources:
        resources = ("*",)  # a trust policy has none: its resource is the role
    condition = given.get("Condition") or {}
    principals: tuple[str, ...] | None = None
    not_principals = "NotPrincipal" in given
    if "Principal" in given and not_principals:
        raise BadPolicy(f"{source} has a statement with Principal and NotPrincipal, of which one can be")
    if "Principal" in given or not_principals:
        principals = tuple(_principals(given["NotPrincipal" if not_principals else "Principal"], source))
    if not isinstance(condition, Mapping):
        raise BadPolicy(f"{source} has a condition that is none")
    if not variables:  # an older version has no policy variables: "${" stands for itself
        resources = tuple(_literal(one) for one in resources)
        condition = _literal(condition)
    return Statement(
        given["Effect"] == "Allow",
        actions,
        not_actions,
        resources,
        not_resources,
        condition,
        principals,
        not_principals,
        source,
    )


def _literal(value: Any) -> Any:
    """The same with each "${" as itself."""
    if isinstance(value, str):
        return value.replace("${", "${$}{")
    if isinstance(value, list):
        return [_literal(one) for one in value]
    return {key: _literal(one) for key, one in value.items()} if isinstance(value, Mapping) else value


def _element(given: Mapping[str, Any], name: str, source: str) -> tuple[tuple[str, ...], bool]:
    negated = f"Not{name}" in given
    if negated and name in given:
        raise BadPolicy(f"{source} has a statement with {name} and Not{name}, of which one can be")
    values = given.get(f"Not{name}" if negated else name, [])
    values = [values] if isinstance(values, str) else values
    if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
        raise BadPolicy(f"{source} has a {name} that is no text")
    return tuple(values), negated


def _principals(given: Any, source: str) -> Iterator[str]:
    if given == "*":
        yield "*"
        return
    if not isinstance(given, Mapping):
        raise BadPolicy(f"{source} has a Principal that is none")
    for kind, values in given.items():
        for value in values if isinstance(values, list) else [values]:
            if not isinstance(value, str):
                raise BadPolicy(f"{source} has a Principal that is none")
            yield value if kind == "AWS" else f"{kind}:{value}"


class Reach(NamedTuple):
    """The resources of a statement: those it surely means, and those it may mean."""

    sure: Area
    possible: Area


def reach(statement: Statement, known: Facts) -> Reach:
    """Which resources a statement means to a request with these facts."""
    sure, possible = [], []
    for written in statement.resources:
        found = filled(written, known)
        if isinstance(found, str):
            sure.append(_completed(found))
            possible.append(_completed(found))
        elif found is None:
            wide = filled(widened(written, known), known)
            if isinstance(wide, str):
                possible.append(_completed(wide))
    narrow, wide_area = area(sure), area(possible)
    if not statement.not_resources:
        return Reach(narrow, wide_area)
    return Reach(
        subtract(EVERYTHING, wide_area) if wide_area else EVERYTHING,
        subtract(EVERYTHING, narrow) if narrow else EVERYTHING,
    )


def _completed(arn: str) -> str:
    """An ARN with fewer than six parts has `*` for the rest (IAM User Guide, "Resource")."""
    if not arn.startswith("arn:"):
        return tidy(arn)
    parts = arn.split(":", 5)
    return tidy(":".join([*parts, *["*"] * (6 - len(parts))]))


NO_REACH = Reach(NOTHING, NOTHING)
