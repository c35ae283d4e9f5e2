"""Checks of entries against themselves and one another: contradictions, overlaps, environments that are not the manifest's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain

from linter.actions import action, action_within, class_of
from linter.boxes import Box, Names, Value
from linter.checks import Hit, Place, template
from linter.checks.subject import Subject
from linter.manifest.model import Resource
from linter.patterns import Pattern
from linter.permissions import Leaf, object_within, within

# Words that rule a kind of action out. They stand in the blast radius's brackets or in the scope's prose.
_READS_ONLY = Pattern(
    r"\breads? only\b|\bonly reads?\b|\b(?:no|never|cannot|without) writ(?:e|es|ing)\b|^read-only(?: access)?$",
    re.IGNORECASE,
)
_NO_DELETE = Pattern(r"\b(?:no|never|cannot|without) delet(?:e|es|ing|ions?)\b", re.IGNORECASE)


@template("contradictory-access")
def contradictory_access(subject: Subject) -> Iterator[Hit]:
    """Access, actions, scope and blast radius that contradict one another."""
    for resource in subject.manifest.resources:
        if not resource.known:
            continue
        box = resource.scope.box
        if resource.actions or "write_columns" in box or "read_columns" in box:
            for part, values, related in _structured_contradictions(resource):
                place = Place(("resources", resource.position, part))
                others = tuple(Place(("resources", resource.position, one)) for one in related)
                yield Hit(place, values, ("structured",), resource, key=f"{part}:{values['that']}", related=others)
        for part, values in _prose_contradictions(resource) if resource.writes else ():
            yield Hit(Place(("resources", resource.position, part)), values, resource=resource, key=part)


def _structured_contradictions(resource: Resource) -> Iterator[tuple[str, dict[str, str], tuple[str, ...]]]:
    box = resource.scope.box
    named = [action(word) for word in resource.actions or ()]
    if resource.access in ("none", "read-only"):
        from linter.natives import kinds_of  # few manifests need it

        # What nobody knows may be reading; beside none even that is too much.
        allowed = {"read", None} if resource.access == "read-only" else set()
        beyond = [word for word in named if not kinds_of(word) <= allowed]
        if beyond:
            yield (
                "actions",
                {"this": f"actions name {', '.join(beyond)}", "that": f"access is {resource.access}"},
                ("access",),
            )
    deletes = [word for word in named if class_of(word) == "delete"]
    if deletes and ("columns" in box or "write_columns" in box):
        yield (
            "actions",
            {"this": f"actions name {deletes[0]}", "that": "the scope names columns: a delete takes the whole row"},
            ("scope",),
        )
    granted = resource.kinds
    if "write_columns" in box and granted == {"read"}:
        yield "scope", {"this": "the scope has write_columns", "that": "the entry only reads"}, ()
    if "read_columns" in box and granted and not granted & {"read", "admin", None}:
        yield "scope", {"this": "the scope has read_columns", "that": "the entry does not read"}, ()


def _prose_contradictions(resource: Resource) -> Iterator[tuple[str, dict[str, str]]]:
    said = f"{resource.blast_note} {resource.scope.words}".lower()
    reads = "read" in said or "writ" in said
    deletes = "delet" in said and not resource.kinds.isdisjoint(("delete", "admin"))
    if not reads and not deletes:
        return
    for part, text in (("blast_radius", resource.blast_note), ("scope", resource.scope.words)):
        match = _READS_ONLY.search(text) if reads else None
        if match and resource.kinds & {"create", "update", "delete", "execute", "admin"}:
            yield part, {"this": f"`{match[0]}`", "that": f"{_level(resource)} writes"}
            continue
        match = _NO_DELETE.search(text) if deletes else None
        if match:
            yield part, {"this": f"`{match[0]}`", "that": f"{_level(resource)} deletes"}


def _level(resource: Resource) -> str:
    return f"actions: [{', '.join(resource.actions)}]" if resource.actions else f"access: {resource.access}"


_MOST_CANDIDATES = 50
"""Entries for one object that an entry is compared with: a manifest of nothing but one name must not take a minute."""


Objects = dict[tuple[str, ...], list[Resource]]
"""The entries of one system, by object."""


@template("overlapping-resources")
def overlapping_resources(subject: Subject) -> Iterator[Hit]:
    """An entry that another one contains, action by action: the narrower one narrows nothing."""
    systems: dict[str, list[Resource]] = {}
    for resource in subject.manifest.resources:
        systems.setdefault(resource.system, []).append(resource)
    several = [entries for entries in systems.values() if len(entries) > 1]
    for resource, outer in chain.from_iterable(map(_contained, several)):
        caption = "this entry already grants all of it"
        related = Place(("resources", outer.position, "resource"), caption=caption)
        yield Hit(
            Place(("resources", resource.position, "resource")),
            {"outer": outer.name},
            resource=resource,
            key=outer.name,
            related=(related,),
        )


def _contained(entries: list[Resource]) -> Iterator[tuple[Resource, Resource]]:
    """Every entry of one system that another contains, with that one."""
    objects: Objects = {}
    for resource in entries:
        if resource.known and resource.leaves:
            objects.setdefault(resource.object, []).append(resource)
    wide = [path for path in objects if not path or path[-1] == "*"]
    if not wide and len(objects) == len(entries):
        return
    for path, alike in objects.items():
        if len(alike) > 1 or wide not in ([], [path]):
            for resource in alike:
                outer = _container(resource, objects)
                if outer is not None:
                    yield resource, outer


def _container(resource: Resource, objects: Objects) -> Resource | None:
    path = resource.object
    for above in dict.fromkeys([path, (), *((*path[:length], "*") for length in range(len(path)))]):
        for other in objects.get(above, ())[:_MOST_CANDIDATES]:
            if other is resource or not set(resource.environments) <= set(other.environments):
                continue
            if not _covers(resource.leaves, other.leaves):
                continue
            # Of two equal entries the later is the one too many.
            if other.position < resource.position or not _covers(other.leaves, resource.leaves):
                return other
    return None


def _covers(inner: tuple[Leaf, ...], outer: tuple[Leaf, ...]) -> bool:
    if not inner or not object_within(inner[0].object, outer[0].object):
        return False
    # What does not even touch the first leaf cannot cover it; this ends most comparisons at a twentieth of the cost.
    first, bounds = inner[0], dict(inner[0].box)
    touching = any([action_within(first.action, one.action) and _touches(bounds, one.box) for one in outer])
    return touching and within(inner, outer) is True


def _touches(bounds: Mapping[str, Value], box: Box) -> bool:
    """Whether a box may hold something of these bounds."""
    for name, limit in box:
        mine = bounds.get(name)
        if isinstance(limit, str):
            if mine != limit:
                return False
        elif isinstance(mine, Names) and mine.meet(limit).empty:
            return False
    return True


@template("foreign-environment")
def foreign_environment(subject: Subject) -> Iterator[Hit]:
    """An entry for an environment that the manifest does not have."""
    manifest = subject.manifest
    if not manifest.environments:
        return
    for resource in manifest.resources:
        if resource.environments is not manifest.environments:
            for place, name in enumerate(resource.environments):
                if name not in manifest.environments:
                    yield Hit(
                        Place(("resources", resource.position, "environments", place)),
                        {"foreign": name, "environments": ", ".join(manifest.environments)},
                        resource=resource,
                        environments=manifest.environments,
                        key=name,
                    )
