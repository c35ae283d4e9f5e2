"""The one check of live comparisons: an adapter found the facts, each rule names the fact that it speaks of."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from linter.checks import Hit, Place, template
from linter.systems.live import Part


class DiscrepancyParams(NamedTuple):
    """Parameters of `discrepancy`."""

    of: str
    """The fact's name."""


@template("discrepancy", DiscrepancyParams)
def discrepancy(params: DiscrepancyParams) -> Any:
    """Every discrepancy of this name in one agent's part of a comparison."""

    def check(part: Part) -> Iterator[Hit]:
        for one in [one for one in part.discrepancies if one.fact == params.of]:
            resource = one.resource
            place = one.place or Place(("resources", resource.position) if resource else (), "absence")
            yield Hit(
                place,
                {"principal": part.principal, "system": part.claim.system, **one.values},
                one.cases,
                resource,
                one.key,
                environments=(part.claim.environment,) if part.claim.environment else None,
                fix=one.fix,
                details=one.details,
                cause=one.cause,
                object_id=one.object_id,
            )

    return check
