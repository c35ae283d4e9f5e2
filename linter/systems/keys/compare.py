"""Declared against granted, for a key: bounds, narrower scopes, and what cannot be known. It knows no provider."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from linter.boxes import EVERYTHING, Names
from linter.manifest.model import Resource
from linter.permissions import CLASSES
from linter.systems.keys.provider import Held, Holding, Provider, declared
from linter.systems.keys.vocabulary import EVERY, Atom, Vocabulary, level
from linter.systems.live import CONDITIONAL, EXCESS, MISSING, UNVERIFIED, Claim, Discrepancy, Unverified


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


def demand(resource: Resource, provider: Provider, holding: Holding, vocabulary: Vocabulary) -> Demand:
    """What an entry asks for, in the provider's terms."""
    held = {one.name: one for one in holding.scopes}
    classes, scopes, unknown = declared(resource, {*vocabulary.scopes, *held})
    known = vocabulary.areas | {area for one in holding.scopes for area, _ in one.possible}
    bounds: Mapping[str, Names | str] = {}
    problem = ""
    areas: frozenset[str] | None = frozenset()
    try:
        areas, bounds = provider.areas(resource, known)
    except Unverified as error:
        problem = str(error)
    if unknown:
        problem = f"{', '.join(unknown)} is no scope of {provider.title} that permlint knows, and no class of actions"
    if not resource.known:
        problem = "what it declares cannot be read"
    if "channels" in bounds and resource.actions is None:
        classes -= {"update"}  # posting is creating, however the channel is named
    needed, covered = provider.classes(classes)
    exact = bool(scopes) and not classes
    return Demand(resource, areas, needed, covered, scopes, exact, bounds, problem)


def discrepancies(side: Side) -> Iterator[Discrepancy]:
    """Every fact that a rule may speak of."""
    found = list(_facts(side))
    yield from found
    touched = {resource.position for one in found if one.verdict for resource in _touched(one)}
    for one in side.demands:
        if one.resource.position not in touched:
            yield from _unobserved(one, side)


def _touched(one: Discrepancy) -> Sequence[Resource]:
    return one.touches if one.touches is not None else (one.resource,) if one.resource else ()


def _facts(side: Side) -> Iterator[Discrepancy]:
    for one in side.demands:
        if one.problem:
            yield unverified(one.problem, one.resource)
    if side.holding.unscoped:
        if not any(one.areas is None and "admin" in one.classes for one in side.agreed):
            yield _fact(side, "unscoped-credential", (), "admin", EXCESS, side.holding.unscoped, None)
        return
    unknown = tuple(one.name for one in side.holding.scopes if not one.known and not _named(one, side.agreed))
    if unknown:
        yield from _unknown(unknown, side)
    for held in side.holding.scopes:
        if held.known and not _named(held, side.agreed):
            yield from _beyond(held, side)
    yield from _reach(side)
    for one in side.demands:
        if not one.problem:
            yield from _lacking(one, side, unknown=bool(unknown))


def _unknown(names: tuple[str, ...], side: Side) -> Iterator[Discrepancy]:
    """Scopes that the vocabulary does not have: beyond a list of scopes, and who knows what against anything else."""
    if all(one.exact for one in side.agreed):
        for name in names:
            why = "`actions` does not name it"
            yield _fact(side, "undeclared-privilege", (name,), "unknown", EXCESS, why, None, key=name)
        return
    why = f"{side.provider.title} granted {', '.join(names)}, which permlint does not know"
    details = _details(side, names, "unknown", "possible")
    yield unverified(why, _first(side), key="scopes", details=details, touches=side.claim.resources)


def _named(held: Held, demands: Iterable[Demand]) -> bool:
    return any(held.name in one.scopes for one in demands)


def _beyond(held: Held, side: Side) -> Iterator[Discrepancy]:
    """One scope's surplus: excess, a condition, or what the provider cannot withhold."""
    surplus = {atom for atom in held.sure if not any(one.allows(atom) for one in side.agreed)}
    needed = held.sure - surplus
    perhaps = {atom for atom in held.possible - held.sure if not any(one.allows(atom) for one in side.agreed)}
    if not needed and surplus:  # all of it is beyond, whatever it turns out to be
        surplus, perhaps = surplus | perhaps, set()
    concerned = _concerned(held, side)
    scope = side.vocabulary.scopes.get(held.name)
    if surplus:
        narrower = _narrower(held, needed, surplus, side) if needed else ()
        instead = side.provider.instead(held, needed, surplus) or (scope.instead if scope else "")
        areas = {area for area, _ in surplus}
        of = "" if EVERY in areas else f" of {', '.join(sorted(areas))}"
        if narrower:
            why = f"{held.name} -> {' and '.join(narrower)}: that would do"
        elif needed and instead:
            why = f"{held.name} -> {instead}"
        elif needed:
            text = f"no narrower scope of {side.provider.title} confers what is declared"
            yield _fact(side, "coarse-grant", (held.name,), level(surplus), "", text, concerned, of=of, key=held.name)
            surplus = set()
        else:
            why = "nothing that is declared needs it"
        if surplus:
            fact = "undeclared-privilege"
            cases = ("reading",) if level(surplus) == "read" else ()
            yield _fact(
                side, fact, (held.name,), level(surplus), EXCESS, why, concerned, of=of, key=held.name, cases=cases
            )
    elif scope and scope.beyond and needed:
        using = [one for one in side.agreed if any(one.allows(atom) for atom in needed)]
        if all(_bounds(one, scope.beyond) for one in using):
            why = f"it reaches beyond the {scope.beyond} that are declared"
            yield _fact(
                side, "undeclared-privilege", (held.name,), level(needed), EXCESS, why, concerned, key=held.name
            )
    if perhaps and not held.free:
        yield _fact(
            side, "conditional-privilege", (held.name,), level(perhaps), CONDITIONAL, held.why, concerned,
            key=held.name, bound="possible",
        )  # fmt: skip


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


def _reach(side: Side) -> Iterator[Discrepancy]:
    """What the provider tells of a dimension, such as the repositories of an installation."""
    for dimension, reached in side.holding.reach.items():
        agreed = Names(frozenset())
        for one in side.agreed:
            agreed = agreed.join(_within(one.bounds.get(dimension, EVERYTHING), reached))
        more = reached.minus(agreed)
        if not more.empty:
            what = f"all {dimension}" if more.excluded else ", ".join(sorted(more.names))
            resources = side.claim.resources
            yield Discrepancy(
                "undeclared-system",
                key=dimension,  # not what is reached: one more repository is the same finding, grown
                values={"what": what, "provider": side.provider.title},
                details=_details(side, (), "read", "sure") | {dimension: sorted(more.names), "all": more.excluded},
                cause=f"the key reaches {what}",
                resource=_first(side),
                touches=resources,
                verdict=EXCESS,
                reason=f"the key reaches {what}",
            )
        for one in side.demands:
            wanted = one.bounds.get(dimension)
            if isinstance(wanted, Names) and not wanted.excluded and not (lost := wanted.minus(reached)).empty:
                yield _missing(side, one, f"access to {', '.join(sorted(lost.names))}", (), "read")


def _within(bound: Names | str, reached: Names) -> Names:
    """What a bound allows. A pattern such as `acme/*` allows those that it matches; all, where nobody lists them."""
    if isinstance(bound, Names):
        return bound
    start = bound.removesuffix("*")
    return EVERYTHING if reached.excluded else Names(frozenset(one for one in reached.names if one.startswith(start)))


def _lacking(one: Demand, side: Side, *, unknown: bool) -> Iterator[Discrepancy]:
    """What is declared and not, or not surely, granted."""
    names = {held.name for held in side.holding.scopes}
    known = side.vocabulary.areas | {area for held in side.holding.scopes for area, _ in held.possible}
    absent = sorted((one.areas or frozenset()) - known)
    for name in absent:
        yield _missing(side, one, f"`{name}`", (name,), "unknown")
    if absent:
        return
    for scope in sorted(one.scopes - names):
        kind = level(side.vocabulary.scopes[scope].atoms) if scope in side.vocabulary.scopes else "unknown"
        yield _missing(side, one, scope, (scope,), kind)
    sure = {kind for held in side.holding.scopes for kind in _of(one, held.sure)}
    possible = {kind for held in side.holding.scopes for kind in _of(one, held.possible)}
    offered = {kind for scope in side.vocabulary.scopes.values() for kind in _of(one, scope.atoms)} | possible
    # What no scope confers nobody lacks, as long as something that is declared is there.
    wanted = one.classes & offered if one.classes & possible else one.classes
    lacking = [kind for kind in CLASSES if kind in wanted - possible]
    if lacking and not unknown:
        what = f"any scope to {' or '.join(_VERBS.get(kind, kind) for kind in lacking)}"
        yield _missing(side, one, what, (), level({("", kind) for kind in lacking}))
    doubtful = sorted(one.classes & possible - sure)
    if doubtful:
        why = next((held.why for held in side.holding.scopes if held.why and _of(one, held.possible)), "")
        yield unverified(f"whether it can {' and '.join(doubtful)} is not certain: {why}", one.resource, key="doubtful")


_VERBS = {"admin": "administer"}


def _of(one: Demand, atoms: Iterable[Atom]) -> set[str]:
    return {kind for area, kind in atoms if one.areas is None or area in one.areas}


def _unobserved(one: Demand, side: Side) -> Iterator[Discrepancy]:
    """What nobody can see makes an entry that is otherwise right unverified, for that alone."""
    doubt = side.holding.unasked or side.provider.doubt(one.covered)
    if doubt:
        yield unverified(doubt, one.resource, key="unasked")
        return
    for dimension, value in sorted(one.bounds.items(), key=lambda item: item[0]):
        reached = side.holding.reach.get(dimension)
        if value == EVERYTHING or (reached is not None and not (isinstance(value, str) and reached.excluded)):
            continue
        title = side.provider.title
        if isinstance(value, str) and dimension not in side.provider.verify:
            why = f"its scope is prose, which {title} cannot be asked about: `{value[:80]}`"
        else:
            names = Names(frozenset({value})) if isinstance(value, str) else value
            shown = ", ".join(sorted(names.names)[:5])
            how = side.provider.verify.get(dimension, f"{title} does not tell the {dimension} of a key")
            why = f"{dimension} ({'all but ' if names.excluded else ''}{shown}) cannot be observed: {how}"
        yield unverified(why, one.resource, key=dimension)


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


def _missing(side: Side, one: Demand, what: str, scopes: tuple[str, ...], kind: str) -> Discrepancy:
    return Discrepancy(
        "missing-privilege",
        key=what,
        values={"what": what},
        details=_details(side, scopes, kind, "possible"),
        cause=f"the key has not got {what}",
        resource=one.resource,
        verdict=MISSING,
        reason=f"{what} is not granted",
    )


def _details(side: Side, scopes: Sequence[str], kind: str, bound: str) -> dict[str, Any]:
    return {"provider": side.provider.kind, "scopes": list(scopes), "level": kind, "bound": bound}


def _fact(
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
    resources = concerned or side.claim.resources
    what = f"{', '.join(scopes)} ({kind}{of})" if scopes else side.provider.title
    return Discrepancy(
        fact,
        key=key,
        values={"what": what, "via": why, "provider": side.provider.title},
        cases=cases,
        details=_details(side, scopes, kind, bound),
        cause=f"the key has {what}" if scopes else f"the key: {why}",
        resource=resources[0] if resources else None,
        touches=resources,
        verdict=verdict,
        reason=f"{what}: {why}" if scopes else why,
    )


def _first(side: Side) -> Resource | None:
    return side.claim.resources[0] if side.claim.resources else None
