"""Checks of how far an entry reaches: wildcards, writing that nothing narrows, scopes that nobody can compare."""

from __future__ import annotations

import re
from collections.abc import Iterator

from linter.boxes import Names, Value
from linter.checks import Hit, Place, template
from linter.checks.repairs import replaced
from linter.checks.subject import Subject
from linter.checks.unknown import doubt
from linter.findings import Repair
from linter.manifest.model import Resource
from linter.manifest.scope import WIDE
from linter.patterns import Pattern


def _wild(subject: Subject, resource: Resource) -> bool:
    """Whether the object is a wildcard: a final "*", an ARN that ends in one as a whole part, all of a GitHub account."""
    last = resource.object[-1] if resource.object else ""
    return resource.wildcard or (
        last.endswith("*") and (last[-2] == ":" or (last[-2] == "/" and subject.kind(resource).name == "github"))
    )


@template("wildcard-resource")
def wildcard_resource(subject: Subject) -> Iterator[Hit]:
    """Writing on everything below something."""
    for resource in subject.manifest.writing:
        if _wild(subject, resource):
            yield Hit(Place(("resources", resource.position, "resource")), resource=resource)


_EXECUTING = frozenset({"read", "execute"})


@template("unbounded-write")
def unbounded_write(subject: Subject) -> Iterator[Hit]:
    """Writing that nothing narrows: the scope says "all" or says nothing, or there is none."""
    for resource in subject.manifest.writing:
        scope = resource.scope
        if not resource.known or scope.kind not in ("unbounded", "empty", "absent"):
            continue
        if not subject.kind(resource).narrowable or _is_channel(resource) or _wild(subject, resource):
            continue  # a wildcard is a fault of its own, and explains this one
        route = ("resources", resource.position)
        cases, unknown = doubt(resource)
        if resource.kinds <= _EXECUTING and not cases:
            cases = ("executes",)
        values = {
            "system": resource.system,
            "unknown": unknown,
            "does": "executes" if "executes" in cases else "writes",
        }
        if scope.kind == "unbounded":
            place, values["said"] = _said(resource)
            case = "no-column" if _names_no_column(resource, values["said"]) else "says-all"
            yield Hit(place, values, (case, *cases), resource)
            continue
        case = "object" if resource.object else "whole-system"
        if scope.kind == "empty":
            place, values["said"] = _said(resource)
            yield Hit(place, values, ("says-nothing", case, *cases), resource)
        else:
            place = Place((*route, "scope")) if "scope" in resource.written else Place(route, "absence")
            yield Hit(place, values, ("named-object" if resource.object else case, *cases), resource)


def _said(resource: Resource) -> tuple[Place, str]:
    """Where a scope that limits nothing says so, and its words: those of its first dimension, or of the whole scope."""
    route = ("resources", resource.position, "scope")
    for name, value in resource.scope.box.items():
        if name != "prose":
            return Place((*route, name)), value if isinstance(value, str) else min(value.names & WIDE)
    return Place(route), resource.scope.words or "*"


def _names_no_column(resource: Resource, said: str) -> bool:
    from linter.manifest.predicate import names_no_column  # few manifests need it

    return said in (resource.scope.box.get("rows"), resource.scope.words) and names_no_column(said)


def _is_channel(resource: Resource) -> bool:
    """Whether the object is a chat's channel: nothing in it is narrower."""
    return bool(resource.object) and resource.object[-1].startswith("#")


@template("uncheckable-scope")
def uncheckable_scope(subject: Subject) -> Iterator[Hit]:
    """A scope in prose that cannot be compared; graver where a structured one could be checked against the system."""
    for resource in subject.manifest.resources:
        if resource.scope.kind in ("prose", "empty") and resource.access != "none":
            kind = subject.kind(resource)
            empty = resource.scope.kind == "empty"
            if empty and resource.writes and kind.narrowable and not _is_channel(resource):
                continue  # writing without a scope, which is graver
            dimensions = kind.dimensions if kind.below_object or not resource.object else ()
            structured = _structured(resource.scope.words, dimensions) if dimensions else ""
            route = ("resources", resource.position, "scope")
            predicate = _predicate(resource.scope.words, dimensions)
            splices = replaced(subject.document, route, {"rows": predicate}) if predicate else None
            yield Hit(
                _said(resource)[0],
                {"structured": structured},
                ("says-nothing",) * empty + ("checkable",) * bool(dimensions),
                resource,
                repair=Repair(splices, (route,), safe=False) if splices else None,
            )


@template("unstructured-scope")
def unstructured_scope(subject: Subject) -> Iterator[Hit]:
    """A scope in prose whose meaning is certain: structured it says the same, and needs no grammar."""
    for resource in subject.manifest.resources:
        given = subject.document.data["resources"][resource.position].get("scope")
        if resource.scope.kind == "bounded" and isinstance(given, str):
            route = ("resources", resource.position, "scope")
            mapping = {name: _listed(value, given) for name, value in resource.scope.box.items()}
            splices = replaced(subject.document, route, mapping)
            repair = Repair(splices, (route,)) if splices else None
            yield Hit(Place(route), resource=resource, repair=repair)


def _listed(value: Value, prose: str) -> object:
    """A set dimension as YAML has it, the names in the order of the prose."""
    assert isinstance(value, Names)
    names = sorted(value.names, key=lambda name: (prose.find(name), name))
    return {"except": names} if value.excluded else names


_PREDICATE = Pattern(r"(?:only\s+)?(?:rows?\s+)?(?:where|with|whose|for which)\s+(.+?)(?:\s+only)?", re.IGNORECASE)


def _structured(prose: str, dimensions: tuple[str, ...]) -> str:
    """A structured form in place of the prose: its predicate where one can be made out, else the keys to fill."""
    predicate = _predicate(prose, dimensions)
    if predicate:
        escaped = predicate.replace('"', '\\"')
        return f'`scope: {{rows: "{escaped}"}}`'
    blanks = {"rows": "<predicate>"}
    return " or ".join(f"`scope: {{{name}: {blanks.get(name, '[<name>, ...]')}}}`" for name in dimensions)


def _predicate(prose: str, dimensions: tuple[str, ...]) -> str:
    """The predicate on rows that prose states; empty where it states none, or rows cannot be compared."""
    match = _PREDICATE.fullmatch(prose) if "rows" in dimensions else None
    return match[1] if match else ""
