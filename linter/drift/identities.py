"""Who a principal is: configuration and manifest may disagree on it, and several agents may share one."""

from collections.abc import Iterator, Sequence

from linter.checks import Place
from linter.systems.live import Discrepancy, Part


def identity_faults(part: Part, sharing: Sequence[str]) -> Iterator[Discrepancy]:
    """What is wrong with the principal itself of one agent's part.

    Args:
        sharing: every agent that is compared with the same principal.
    """
    claim = part.claim
    if claim.identity is not None and claim.identity != part.principal:
        yield Discrepancy(
            "identity-mismatch",
            key=claim.system,
            values={"declared": claim.identity},
            details={"declared": claim.identity, "compared": part.principal},
            cause=f"configuration says that the principal is {part.principal}",
            place=Place(("identities", claim.system)),
        )
    others = [agent for agent in sharing if agent != claim.subject.manifest.agent]
    if others:
        yield Discrepancy(
            "shared-principal",
            key=part.principal,
            values={"others": ", ".join(others)},
            details={"role": part.principal, "agents": sorted(sharing)},
            cause=f"{part.principal} is shared by {', '.join(sorted(sharing))}",
        )
