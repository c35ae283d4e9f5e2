"""Principals without a manifest: a row each to decide on, and what became of those that were decided of or seen before.

A revoke of one is done when a system that was asked, where it was seen, has nobody of that name, and nobody who has another
name now (`linter.systems.lasting`). That a query finds it no more is no proof: its group or the pattern may be what changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from linter.audit.decisions import UNMANAGED, Decided
from linter.audit.identity import digest
from linter.audit.model import Permission, Principal, Revoked
from linter.audit.outcomes import Ground, decision, undone
from linter.drift.planes import Intent
from linter.outcome import Population, Sought

_SILENCE = "it was there when it was last seen; nothing that was asked now says whether it still is"
_HIDDEN = "it is there, though it is not found as an agent's any more"
_GONE = ": it is there no more, by this name or another"
_NAMELESS = ": nobody has this name any more (one that was renamed has another)"
_UNKEPT = "nobody has this name any more; that it was renamed cannot be excluded: what it keeps under another name was not recorded"
_LEFT = "it is not found as an agent's any more; whether it is still there was not asked"


def unmanaged_id(system: str, environment: str, name: str) -> str:
    """The identity of a principal without a manifest."""
    return digest([UNMANAGED, system, environment, name])


def remembered(one: Decided) -> Principal:
    """A principal of which only the decision is left."""
    return Principal(
        one.id, one.system, one.environment, one.principal, "", "", False, None, one.place, one.principal_id
    )


def earlier(decided: Iterable[Decided], seen: Mapping[str, Principal]) -> list[Principal]:
    """Every principal that was decided of, or that the last report had; of both the report knows more."""
    found = {one.id: remembered(one) for one in decided if one.origin == UNMANAGED}
    for id, one in seen.items():
        known = found.get(id, one)
        found[id] = one._replace(place=one.place or known.place, principal_id=one.principal_id or known.principal_id)
    return sorted(found.values(), key=lambda one: (one.system, one.environment, one.name, one.id))


def sought(
    decided: Collection[Decided], seen: Mapping[str, Principal], held: Iterable[Permission] = ()
) -> tuple[Sought, ...]:
    """Whom a run has to look for, so that their absence, or that of what they held, can be proved.

    A name that was written out or folded for a table is not the name that the system knows: its id tells.

    Args:
        seen: what the last report had of principals without a manifest, by id.
        held: and of permissions.
    """
    found: dict[Sought, None] = {}
    for one in earlier(decided, seen):
        named = unmanaged_id(one.system, one.environment, one.name) == one.id
        found[Sought(one.system, one.environment, one.name if named else "", one.principal_id)] = None
    found |= {Sought(one.system, one.environment, "", one.principal_id): None for one in decided}
    found |= {Sought(one.system, one.environment, "", one.principal_id): None for one in held}
    return tuple(one for one in found if one.name or one.identity)


class Managed(NamedTuple):
    """A manifest that speaks for a principal."""

    path: str
    environment: str
    system: str
    """As configuration binds it."""
    name: str


def managed(plans: Mapping[str, Sequence[Intent]]) -> Iterator[Managed]:
    """Whom manifests speak for.

    Args:
        plans: path of the manifest -> who its agent is in each system.
    """
    for path, plan in plans.items():
        for one in plan:
            if one.principal and one.binding is not None:
                yield Managed(path, one.environment, one.binding.system, one.principal)


class People:
    """The principals of a report, sorted out."""

    def __init__(
        self,
        ground: Ground,
        decided: Mapping[str, Decided],
        before: Mapping[str, Principal] | None,
        agreed: Iterable[Managed],
    ) -> None:
        """Sort them.

        Args:
            decided: by id.
            before: what the last report had, by id; None where nothing says.
            agreed: whom manifests speak for.
        """
        self.ground, self.decided, self.before = ground, decided, before
        self.agreed = tuple(agreed)
        self.rows: list[Principal] = []
        self.revoked: list[Revoked] = []
        self.strays: dict[str, None] = {}
        """Why an absence proves nothing, a sentence each."""
        known = {one.id: one for one in earlier(decided.values(), before or {})}
        for one in self._found():
            self.rows.append(self._standing(one, known.pop(one.id, None)))
        for one in known.values():
            self._missing(one)
        self.rows.sort(key=lambda one: (one.system, one.environment, one.name, one.id))

    def _found(self) -> Iterator[Principal]:
        live = self.ground.live
        if live is None:
            return
        for (system, environment), population in live.populations.items():
            answered = (system, environment) in live.answers
            state, reason = ("unmanaged", "") if answered else ("unverified", population.problem or _SILENCE)
            for name in population.unmanaged:
                id = unmanaged_id(system, environment, name)
                place = live.place(system, environment)
                identity = population.identities.get(name, "")
                yield Principal(id, system, environment, name, state, reason, False, None, place, identity)

    def _standing(self, one: Principal, last: Principal | None) -> Principal:
        """A principal that this report has, with what was decided of it."""
        here = one.place
        seen = one._replace(place=last.place if last is not None and last.place else here)
        # Where it was first seen, until somebody says that the system moved: elsewhere nothing proves that it is gone.
        stays = not here or bool(self.ground.strayed(seen))
        place = seen.place if stays else here
        if last is not None and last.principal_id and (stays or not one.principal_id):
            one = one._replace(principal_id=last.principal_id)
        new = self.before is not None and one.id not in self.before
        decided = self.decided.get(one.id)
        if decided is None:
            made = None
        elif decided.decision == "keep":
            made = decision(decided, "")
        elif one.state == "unmanaged":
            made = undone(self.ground, decided)
        else:
            made = decision(decided, one.state)
        return one._replace(place=place, new=new, decision=made)

    def _missing(self, one: Principal) -> None:
        """What became of one that no query finds."""
        ground, decided = self.ground, self.decided.get(one.id)
        live, where = ground.live, (one.system, one.environment)
        answer = live.answers.get(where) if live is not None else None
        population = live.populations.get(where) if live is not None and answer is not None else None
        clause = ground.strayed(one)
        proved = ground.verified.get(one.id, "")
        present = population is not None and not clause and one.name in population.present
        absent = population is not None and not clause and not population.problem and one.name in population.absent
        paths = self._manifests(one, population.declared if population is not None else ())
        if absent and answer is not None and population is not None:
            self._nameless(one, decided, population, proved or answer.at)
        elif paths is not None:
            if decided is not None and decided.decision == "keep":
                return  # the agreement is the manifest's now
            by = f": {', '.join(paths)}" if paths else ""
            self._keep(one, "managed", f"a manifest speaks for it now{by}")
        elif present:
            identity = population.identities.get(one.name, "") if population is not None else ""
            self._keep(one._replace(principal_id=identity or one.principal_id), "unmanaged", _HIDDEN)
        elif proved:
            self._gone(one, decided, proved, "", _GONE)
        elif decided is None and population is not None and not clause and not population.problem:
            self._gone(one, None, "", _LEFT)
        else:
            if clause:
                source = f"{one.system} ({one.environment})" if one.environment else one.system
                self.strays[f"{source}: {clause}: that anything is gone since then is not proved"] = None
            reason = f"it was there when it was last seen; {clause}" if clause else _SILENCE
            self._keep(one, "unverified", reason)

    def _nameless(self, one: Principal, decided: Decided | None, population: Population, at: str) -> None:
        """What became of one whose name nobody has where it was seen."""
        identities = {one.principal_id, decided.principal_id if decided is not None else ""} - {""}
        bearers = [population.borne.get(each) for each in sorted(identities)]
        now = next(filter(None, bearers), "")
        if now:
            paths = self._manifests(one._replace(name=now), population.declared)
            if paths is not None:
                by = f": {', '.join(paths)}" if paths else ""
                self._keep(one, "managed", f"it was renamed to {now}, and a manifest speaks for that now{by}")
            elif decided is None and now in population.unmanaged:
                self._gone(one, None, "", f"it was renamed to {now}")
            else:
                self._keep(one, "unmanaged", f"it was renamed to {now}, and is still there")
        elif identities and not any(each is None for each in bearers):
            self._gone(one, decided, at, "", _GONE)
        elif self.ground.elsewhere(one):
            self._gone(one, decided, at, "", _NAMELESS)  # on the operator's word
        elif decided is None or decided.decision == "keep":
            self._gone(one, decided, "", _UNKEPT)
        else:
            self._keep(one, "unverified", _UNKEPT)

    def _keep(self, one: Principal, state: str, reason: str) -> None:
        self.rows.append(self._standing(one._replace(state=state, reason=reason), one))

    def _gone(self, one: Principal, decided: Decided | None, at: str, why: str, words: str = "") -> None:
        kept = decided is not None and decided.decision == "keep"
        if (kept or decided is None) and (self.before is None or one.id not in self.before):
            return
        made = None if decided is None else decision(decided, "") if kept else decision(decided, "done", at)
        self.revoked.append(
            Revoked(
                id=one.id,
                agent="",
                environment=one.environment,
                resource=one.system,
                what=f"principal {one.name}{words}",
                decided=made,
                gone_from="live",
                verified=at,
                why=why,
                place=one.place,
                principal_id=one.principal_id,
            )
        )

    def _manifests(self, one: Principal, declared: Iterable[str]) -> list[str] | None:
        """The manifests that speak for it; none of them named where the system alone knows; None where none does."""
        found = [
            each.path
            for each in self.agreed
            if (each.system, each.name) == (one.system, one.name) and one.environment in ("", each.environment)
        ]
        return list(dict.fromkeys(found)) if found or one.name in declared else None
