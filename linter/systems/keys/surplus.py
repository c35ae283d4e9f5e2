"""What a scope of a key confers beyond what is declared: excess, a condition, or what the provider cannot withhold."""

from collections.abc import Iterator

from linter.boxes import EVERYTHING, Names
from linter.manifest.model import Resource
from linter.systems.keys.provider import Held
from linter.systems.keys.side import Demand, Side, fact_of
from linter.systems.keys.vocabulary import EVERY, Atom, level
from linter.systems.live import CONDITIONAL, EXCESS, Discrepancy


def beyond(held: Held, side: Side) -> Iterator[Discrepancy]:
    """One scope's surplus: excess, a condition, or what the provider cannot withhold."""
    surplus = {atom for atom in held.sure if not any(one.allows(atom) for one in side.agreed)}
    needed = held.sure - surplus
    perhaps = {atom for atom in held.possible - held.sure if not any(one.allows(atom) for one in side.agreed)}
    if not needed and surplus:  # all of it is beyond, whatever it turns out to be
        surplus, perhaps = surplus | perhaps, set()
    concerned = _concerned(held, side)
    scope = side.vocabulary.scopes.get(held.name)
    if surplus:
        why = _because(held, needed, surplus, side)
        areas = {area for area, _ in surplus}
        of = "" if EVERY in areas else f" of {', '.join(sorted(areas))}"
        if why:
            cases = ("reading",) if level(surplus) == "read" else ()
            yield fact_of(
                side, "undeclared-privilege", (held.name,), level(surplus), EXCESS, why, concerned,
                of=of, key=held.name, cases=cases,
            )  # fmt: skip
        else:
            why = f"no narrower scope of {side.provider.title} confers what is declared"
            yield fact_of(side, "coarse-grant", (held.name,), level(surplus), "", why, concerned, of=of, key=held.name)
    elif scope and scope.beyond and needed:
        using = [one for one in side.agreed if any(one.allows(atom) for atom in needed)]
        if all(_bounds(one, scope.beyond) for one in using):
            why = f"it reaches beyond the {scope.beyond} that are declared"
            yield fact_of(
                side, "undeclared-privilege", (held.name,), level(needed), EXCESS, why, concerned, key=held.name
            )
    if perhaps and not held.free:
        yield fact_of(
            side, "conditional-privilege", (held.name,), level(perhaps), CONDITIONAL, held.why, concerned,
            key=held.name, bound="possible",
        )  # fmt: skip


def _because(held: Held, needed: frozenset[Atom], surplus: set[Atom], side: Side) -> str:
    """Why the surplus is too much; empty where the provider cannot withhold it."""
    if not needed:
        return "nothing that is declared needs it"
    scope = side.vocabulary.scopes.get(held.name)
    narrower = _narrower(held, needed, surplus, side)
    if narrower:
        return f"{held.name} -> {' and '.join(narrower)}: that would do"
    if instead := side.provider.instead(held, needed, surplus) or (scope.instead if scope else ""):
        return f"{held.name} -> {instead}"
    if level(surplus) == "admin" and EVERY not in {area for area, _ in needed}:
        # Administering some things is no by-product of writing: unlike a scope for everything, it can be left away.
        return "it administers, which is not declared"
    return ""


def _bounds(one: Demand, dimension: str) -> bool:
    value = one.bounds.get(dimension)
    return isinstance(value, Names) and value != EVERYTHING


def _narrower(held: Held, needed: frozenset[Atom], surplus: set[Atom], side: Side) -> tuple[str, ...]:
    """The fewest scopes that confer what is needed of this one with less surplus; none where there are no such."""
    agreed = side.agreed
    extra = {
        name: frozenset(atom for atom in scope.atoms if not any(one.allows(atom) for one in agreed))
        for name, scope in side.vocabulary.scopes.items()
        if name != held.name and not scope.beyond
    }
    atoms = {name: scope.atoms for name, scope in side.vocabulary.scopes.items()}
    better = {name for name, more in extra.items() if more < surplus}
    found: dict[str, None] = {}
    left = set(needed)
    if side.vocabulary.areas <= {area for area, _ in needed}:
        left = {atom for atom in left if atom[0] == EVERY} or left  # everything is needed: no sum of parts is
    while left:
        choices = [name for name in better if atoms[name] & left]
        if not choices:
            return ()
        best = min(choices, key=lambda name: (len(extra[name]), -len(atoms[name] & left), len(atoms[name]), name))
        found[best] = None
        left -= atoms[best]
    return tuple(found)


def _concerned(held: Held, side: Side) -> tuple[Resource, ...]:
    """The entries that a scope is about; all of them where it is about none."""
    about = tuple(
        one.resource
        for one in side.demands
        if not one.problem and any(one.areas is None or area in one.areas for area, _ in held.possible)
    )
    return about or side.claim.resources
