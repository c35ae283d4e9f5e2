"""Checks of the declared blast radius."""

from __future__ import annotations

from collections.abc import Iterator

from linter.blast import LEVELS, computed
from linter.checks import Hit, Place, template
from linter.checks.subject import Subject


@template("understated-blast-radius")
def understated(subject: Subject) -> Iterator[Hit]:
    """A declared blast radius below the computed one."""
    for resource in subject.manifest.resources:
        if resource.blast_radius is None or not resource.known:
            continue
        level, how = computed(resource, production=subject.production(resource.environments))
        gap = level - LEVELS.index(resource.blast_radius)
        if gap > 0:
            yield Hit(
                Place(("resources", resource.position, "blast_radius")),
                {"declared": resource.blast_radius, "computed": LEVELS[level], "how": how},
                ("two-levels",) if gap > 1 else (),
                resource,
            )


@template("missing-blast-radius")
def missing(subject: Subject) -> Iterator[Hit]:
    """No blast radius on a resource that is accessed at all."""
    for resource in subject.manifest.resources:
        if "blast_radius" not in resource.written and resource.access != "none" and resource.known:
            level, how = computed(resource, production=subject.production(resource.environments))
            yield Hit(
                Place(("resources", resource.position), "absence"),
                {"computed": LEVELS[level], "how": how},
                resource=resource,
            )
