"""One agent's claim beside what its principal holds: the ground that every comparison stands on."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from linter.boxes import EVERYTHING, Names
from linter.manifest.model import Resource
from linter.systems.live import Claim
from linter.systems.postgresql.declared import RELATIONS, Demand, Rights
from linter.systems.postgresql.granted import Effective, Held, Object, PowerKind, Reason, Source
from linter.systems.postgresql.index import Index


class Agreed(NamedTuple):
    """What all agents that share a principal may do together."""

    may: Rights
    everything: frozenset[Object]
    passes_on: bool

    def allows(self, object: Object, privilege: str) -> Names | None:
        """The columns on which a privilege is agreed; None for none."""
        return self.may.get(object, {}).get(privilege)


class Side:
    """One agent's claim beside what its principal holds."""

    def __init__(
        self,
        claim: Claim,
        demands: Sequence[Demand],
        audit: Demand | None,
        agreed: Agreed,
        effective: Effective,
        index: Index,
    ) -> None:
        self.claim = claim
        self.demands = demands
        self.audit = audit
        self.agreed = agreed
        self.effective = effective
        self.index = index

    @property
    def resources(self) -> tuple[Resource, ...]:
        """All that the agent declares here."""
        return tuple(demand.resource for demand in self.demands)

    @property
    def role(self) -> str:
        """The principal."""
        return self.effective.role

    @cached_property
    def superuser(self) -> bool:
        """Whether no permission is checked at all."""
        return any(one.kind is PowerKind.SUPERUSER and one.role == self.role for one in self.effective.powers)

    @cached_property
    def owned(self) -> frozenset[Object]:
        """What it owns, itself or through a role that it inherits."""
        return frozenset(one.object for one in self.effective.owned)

    @cached_property
    def audited(self) -> frozenset[Object]:
        """The audit log, where there is one here."""
        return frozenset(self.audit.objects if self.audit else ())

    @cached_property
    def named(self) -> frozenset[Object]:
        """What the agent declares by name, and not by a wildcard alone."""
        return frozenset(object for demand in self.demands if not demand.schemas for object in demand.objects)

    @cached_property
    def narrowed(self) -> frozenset[Object]:
        """What it declares by rows."""
        return frozenset(object for demand in self.demands if demand.rows for object in demand.objects)

    @cached_property
    def held(self) -> Mapping[Object, Mapping[str, list[Held]]]:
        """What is held, by object and privilege."""
        found: dict[Object, dict[str, list[Held]]] = {}
        for one in self.effective.held:
            found.setdefault(one.object, {}).setdefault(one.privilege, []).append(one)
        return found

    def holds(self, object: Object, privilege: str) -> Sequence[Held]:
        """One privilege: as a whole, on some columns, or both."""
        return self.held.get(object, {}).get(privilege, ())

    def resource_of(self, object: Object) -> Resource | None:
        """The resource that an object belongs to: the one that names it, else the narrowest wildcard."""
        return self._owners.get(object)

    @cached_property
    def _owners(self) -> dict[Object, Resource]:
        owners: dict[Object, Resource] = {}
        for demand in sorted(self.demands, key=lambda one: (len(one.schemas) or -1, len(one.objects))):
            for object in demand.objects:
                owners.setdefault(object, demand.resource)
        return owners

    def columns(self, object: Object) -> tuple[str, ...]:
        """A relation's columns; none for what has none."""
        relation = self.index.relation(object.schema, object.name) if object.type in RELATIONS else None
        return relation.columns if relation is not None else ()


_DOORS = frozenset({"foreign data wrapper", "foreign server"})
"""What no extension gives to everyone: with it a role connects to other servers, as whom it likes."""


def ordinary(held: Held) -> bool:
    """Whether a privilege is nobody's decision: the server's default, or what an extension gives to everyone on its own objects."""
    return held.default or (_by_extension(held) and all(source.reason is Reason.PUBLIC for source in held.sources))


def decided(held: Held) -> list[Source]:
    """The sources that are somebody's decision. What everybody has anyway stays, lest its end break others."""
    if not (held.common or _by_extension(held)):
        return list(held.sources)
    return [source for source in held.sources if source.reason is not Reason.PUBLIC]


def _by_extension(held: Held) -> bool:
    return bool(held.extension) and held.privilege in ("SELECT", "EXECUTE", "USAGE") and held.object.type not in _DOORS


def held_names(held: Sequence[Held]) -> Names:
    """The columns on which a privilege is held."""
    if any([one.columns is None for one in held]):
        return EVERYTHING
    return Names(frozenset[str]().union(*[one.columns or () for one in held]))


def listed(names: Names, columns: Sequence[str]) -> list[str]:
    """The existing columns of a set, in the relation's order; a system column that is named comes last."""
    if names.excluded:
        return [one for one in columns if one not in names.names]
    return [*(one for one in columns if one in names.names), *sorted(names.names.difference(columns))]
