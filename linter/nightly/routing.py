"""Who is told: the `[notify.NAME]` tables of the configuration, and which of them an event goes to."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from linter.nightly.events import Event

if TYPE_CHECKING:
    from linter.config import Config


class Destination(NamedTuple):
    """One table."""

    name: str
    kind: str
    """"slack" or "webhook"."""
    url_env: str
    """The variable that holds the address, which is a secret."""
    owners: frozenset[str] | None
    """Whose events it gets; None for everybody's."""
    fallback: bool
    """Whether it gets what no other table takes."""
    environments: frozenset[str] | None
    """Of which environments; None for those that count as production."""
    private_network: bool
    ca_file: str | None


class Routed(NamedTuple):
    """Events with the names of the destinations that they go to."""

    events: tuple[tuple[Event, tuple[str, ...]], ...]
    stranded: int
    """How many of an environment that somebody listens to have nobody that takes them."""


def destinations(config: "Config") -> tuple[Destination, ...]:
    """Every table, in the order of the file."""
    return tuple(
        Destination(
            name,
            given["kind"],
            given["url_env"],
            frozenset(given["owners"]) if "owners" in given else None,
            given.get("fallback", False),
            frozenset(given["environments"]) if "environments" in given else None,
            given.get("private_network", False),
            given.get("ca_file"),
        )
        for name, given in config.notify.items()
    )


def route(config: "Config", found: Sequence[Destination], events: Iterable[Event]) -> Routed:
    """To whom each event goes. One of an environment that nobody listens to goes nowhere, which is no fault."""
    routed: list[tuple[Event, tuple[str, ...]]] = []
    stranded = 0
    for event in events:
        listening = [one for one in found if _listens(config, one, event.environment)]
        takers = [one for one in listening if _owns(one, event.owner)] or [one for one in listening if one.fallback]
        if takers:
            routed.append((event, tuple(one.name for one in takers)))
        elif listening:
            stranded += 1
    return Routed(tuple(routed), stranded)


def _listens(config: "Config", one: Destination, environment: str) -> bool:
    if one.environments is None:
        return config.production(environment)
    return not environment or environment in one.environments


def _owns(one: Destination, owner: str) -> bool:
    if one.owners is None:
        return not one.fallback
    # CODEOWNERS may give several, separated by blanks: teams and people with an "@", or addresses.
    return owner in one.owners or not one.owners.isdisjoint(part for part in owner.split() if "@" in part)
