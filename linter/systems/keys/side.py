"""One agent's side of a comparison with a key, and the facts that are told of it. It knows no provider."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from linter.boxes import Names
from linter.manifest.model import Resource
from linter.systems.keys.provider import Holding, Provider
from linter.systems.keys.vocabulary import Atom, Vocabulary
from linter.systems.live import MISSING, UNVERIFIED, Claim, Discrepancy


class Demand(NamedTuple):
    """What one entry of a manifest asks of a key."""

    resource: Resource
    areas: frozenset[str] | None
    """None: all of them."""
    classes: frozenset[str]
    """As declared: what it needs."""
    covered: frozenset[str]
    """What that may come with."""
    scopes: frozenset[str]
    """The provider's own, named in `actions`."""
    exact: bool
    """Whether it names scopes and nothing else."""
    bounds: Mapping[str, Names | str]
    problem: str = ""
    """Why it cannot be compared, a clause."""

    def allows(self, atom: Atom) -> bool:
        """Whether it declares this; where it cannot be compared, whether it may: nobody can say that more is too much."""
        if self.problem:
            unread = not self.resource.known and not self.resource.leaves
            return (unread or atom[1] in self.covered) and (not self.areas or atom[0] in self.areas)
        return atom[1] in self.covered and (self.areas is None or atom[0] in self.areas)


class Side(NamedTuple):
    """One agent's declarations, and what the key holds."""

    claim: Claim
    demands: tuple[Demand, ...]
    agreed: tuple[Demand, ...]
    """Of all agents that share the key: what one of them declares is no excess."""
    holding: Holding
    vocabulary: Vocabulary
    provider: Provider


def unverified(
    why: str,
    resource: Resource | None,
    *,
    key: str = "",
    details: Mapping[str, Any] = {},
    touches: tuple[Resource, ...] | None = None,
) -> Discrepancy:
    """What could not be verified, and why."""
    return Discrepancy(
        "unverified-resource",
        key=key or why,
        values={"reason": why},
        details=details,
        resource=resource,
        touches=touches,
        verdict=UNVERIFIED,
        reason=why,
    )


def missing(side: Side, one: Demand, what: str, scopes: tuple[str, ...], kind: str) -> Discrepancy:
    """What an entry declares and the key has not got."""
    return Discrepancy(
        "missing-privilege",
        key=what,
        values={"what": what},
        details=details_of(side, scopes, kind, "possible"),
        cause=f"the key has not got {what}",
        resource=one.resource,
        verdict=MISSING,
        reason=f"{what} is not granted",
    )


def details_of(side: Side, scopes: Sequence[str], kind: str, bound: str) -> dict[str, Any]:
    """What JSON has of a fact (DESIGN.md, section 5)."""
    return {"provider": side.provider.kind, "scopes": list(scopes), "level": kind, "bound": bound}


def fact_of(
    side: Side,
    fact: str,
    scopes: tuple[str, ...],
    kind: str,
    verdict: str,
    why: str,
    concerned: tuple[Resource, ...] | None,
    *,
    of: str = "",
    key: str = "whole",
    cases: tuple[str, ...] = (),
    bound: str = "sure",
) -> Discrepancy:
    """A fact about some of a key's scopes, or about the whole key."""
    resources = concerned or side.claim.resources
    what = f"{', '.join(scopes)} ({kind}{of})" if scopes else side.provider.title
    return Discrepancy(
        fact,
        key=key,
        values={"what": what, "via": why, "provider": side.provider.title},
        cases=cases,
        details=details_of(side, scopes, kind, bound),
        cause=f"the key has {what}" if scopes else f"the key: {why}",
        resource=resources[0] if resources else None,
        touches=resources,
        verdict=verdict,
        reason=f"{what}: {why}" if scopes else why,
    )


def first(side: Side) -> Resource | None:
    """Where a fact stands that is about no entry more than another."""
    return side.claim.resources[0] if side.claim.resources else None
