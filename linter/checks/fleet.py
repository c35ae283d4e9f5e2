"""Checks that compare manifests."""

from __future__ import annotations

from collections.abc import Iterator

from linter.checks import Hit, Place, template
from linter.checks.subject import Fleet, Unit


@template("duplicate-agent", fleet=True)
def duplicate_agent(fleet: Fleet) -> Iterator[Hit]:
    """Two manifests for one agent and environment: nobody can say which was agreed."""
    first: dict[tuple[str, str], Unit] = {}
    for unit in sorted(fleet.units, key=lambda one: one.path):
        shared: dict[str, tuple[Unit, list[str]]] = {}
        for environment in unit.environments:
            earlier = first.setdefault((_composed(unit.agent), _composed(environment)), unit)
            if earlier is not unit:
                shared.setdefault(earlier.path, (earlier, []))[1].append(environment)
        for earlier, environments in shared.values():
            # Where the hook names only one of the two, that one is reported.
            primary, other = (earlier, unit) if earlier.named and not unit.named else (unit, earlier)
            if primary.named:
                yield Hit(
                    Place(),
                    {"other": other.path, "environments": ", ".join(environments)},
                    environments=tuple(environments),
                    unit=primary,
                    others=((other, "the same agent, declared here too"),),
                    key=other.path,
                )


def _composed(name: str) -> str:
    """A name whose accents are part of their letters, however it was typed: nobody sees the difference."""
    if name.isascii():
        return name
    from unicodedata import normalize

    return normalize("NFC", name)
