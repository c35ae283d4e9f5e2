"""Checks of the declared blast radius."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from linter.blast import LEVELS, computed, explained
from linter.checks import Hit, Place, template
from linter.checks.repairs import inserted
from linter.checks.subject import Subject
from linter.checks.unknown import doubt
from linter.findings import Repair, Splice
from linter.manifest.model import Resource
from linter.patterns import Pattern

_OPENING = Pattern(r"""["']?\s*""")
"""What may stand before the word itself."""


@template("understated-blast-radius")
def understated(subject: Subject) -> Iterator[Hit]:
    """A declared blast radius below the computed one."""
    for resource in subject.manifest.writing:  # reading is 0: nothing is below it
        if resource.blast_radius is None or not resource.known:
            continue
        production = subject.production(resource.environments)
        gap = computed(resource, production=production) - LEVELS.index(resource.blast_radius)
        if gap > 0:
            level, how = explained(resource, production=production)
            route = ("resources", resource.position, "blast_radius")
            start = subject.document.entry(route)[2]
            content = subject.document.text.content
            start += len(_OPENING.match(content, start)[0])  # type: ignore[index]  # matches always
            word = Splice(start, start + len(resource.blast_radius), LEVELS[level])
            plain = content.startswith(resource.blast_radius, start)  # and no anchor, alias or block scalar
            unknown = doubt(resource).cases
            cases = (*(("two-levels",) if gap > 1 else ()), *unknown)
            adding = _adding(resource)
            yield Hit(
                Place(route),
                {"declared": resource.blast_radius, "computed": LEVELS[level], "how": how, "adding": adding},
                (*cases, "only-adds") if adding else cases,
                resource,
                repair=Repair(partial(tuple, [word]), (route,), safe=False) if plain else None,
            )


def _adding(resource: Resource) -> str:
    """The actions of an entry whose `access` creates and updates, if it only created; empty where that is not the question."""
    kinds = {leaf.action for leaf in resource.leaves}
    if resource.actions is not None or not {"create", "update"} <= kinds <= {"read", "create", "update"}:
        return ""
    return "read, create" if "read" in kinds else "create"


@template("missing-blast-radius")
def missing(subject: Subject) -> Iterator[Hit]:
    """No blast radius on a resource that is accessed at all."""
    for resource in subject.manifest.resources:
        if "blast_radius" not in resource.written and resource.access != "none" and resource.known:
            level, how = explained(resource, production=subject.production(resource.environments))
            route = ("resources", resource.position)
            splices = inserted(subject.document, route, "resource", "blast_radius", LEVELS[level])
            yield Hit(
                Place(route, "absence"),
                {"computed": LEVELS[level], "how": how},
                resource=resource,
                repair=Repair(splices, ((*route, "blast_radius"),), safe=False) if splices else None,
            )
