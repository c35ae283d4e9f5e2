"""Declared against granted, for a key: bounds, narrower scopes, and what cannot be known. It knows no provider."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from linter.actions import CLASSES
from linter.boxes import EVERYTHING, Names
from linter.manifest.model import Resource
from linter.systems.keys.provider import Held, Holding, Provider, declared
from linter.systems.keys.side import Demand, Side, details_of, fact_of, first, missing, unverified
from linter.systems.keys.surplus import beyond
from linter.systems.keys.vocabulary import Atom, Vocabulary, level
from linter.systems.live import EXCESS, Discrepancy, Unverified


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
            yield fact_of(side, "unscoped-credential", (), "admin", EXCESS, side.holding.unscoped, None)
        return
    unknown = tuple(one.name for one in side.holding.scopes if not one.known and not _named(one, side.agreed))
    if unknown:
        yield from _unknown(unknown, side)
    for held in side.holding.scopes:
        if held.known and not _named(held, side.agreed):
            yield from beyond(held, side)
    yield from _reach(side)
    for one in side.demands:
        if not one.problem:
            yield from _lacking(one, side, unknown=bool(unknown))


def _unknown(names: tuple[str, ...], side: Side) -> Iterator[Discrepancy]:
    """Scopes that the vocabulary does not have: beyond a list of scopes, and who knows what against anything else."""
    if all(one.exact for one in side.agreed):
        for name in names:
            why = "`actions` does not name it"
            yield fact_of(side, "undeclared-privilege", (name,), "unknown", EXCESS, why, None, key=name)
        return
    told = next((one.why for one in side.holding.scopes if not one.known and one.why), "")
    why = (
        f"{told}, and permlint does not know it otherwise"
        if told
        else f"{side.provider.title} granted {', '.join(names)}, which permlint does not know"
    )
    details = details_of(side, names, "unknown", "possible")
    yield unverified(why, first(side), key="scopes", details=details, touches=side.claim.resources)


def _named(held: Held, demands: Iterable[Demand]) -> bool:
    return any(held.name in one.scopes for one in demands)


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
                details=details_of(side, (), "read", "sure") | {dimension: sorted(more.names), "all": more.excluded},
                cause=f"the key reaches {what}",
                resource=first(side),
                touches=resources,
                verdict=EXCESS,
                reason=f"the key reaches {what}",
            )
        for one in side.demands:
            wanted = one.bounds.get(dimension)
            if isinstance(wanted, Names) and not wanted.excluded and not (lost := wanted.minus(reached)).empty:
                yield missing(side, one, f"access to {', '.join(sorted(lost.names))}", (), "read")


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
        yield missing(side, one, f"`{name}`", (name,), "unknown")
    if absent:
        return
    for scope in sorted(one.scopes - names):
        kind = level(side.vocabulary.scopes[scope].atoms) if scope in side.vocabulary.scopes else "unknown"
        yield missing(side, one, scope, (scope,), kind)
    sure = {kind for held in side.holding.scopes for kind in _of(one, held.sure)}
    possible = {kind for held in side.holding.scopes for kind in _of(one, held.possible)}
    offered = {kind for scope in side.vocabulary.scopes.values() for kind in _of(one, scope.atoms)} | possible
    # What no scope confers nobody lacks, as long as something that is declared is there.
    wanted = one.classes & offered if one.classes & possible else one.classes
    lacking = [kind for kind in CLASSES if kind in wanted - possible]
    if lacking and not unknown:
        what = f"any scope to {' or '.join(_VERBS.get(kind, kind) for kind in lacking)}"
        yield missing(side, one, what, (), level({("", kind) for kind in lacking}))
    doubtful = sorted(one.classes & possible - sure)
    if doubtful:
        why = next((held.why for held in side.holding.scopes if held.why and _of(one, held.possible)), "")
        yield unverified(f"whether it can {' and '.join(doubtful)} is not certain: {why}", one.resource, key="doubtful")


_VERBS = {"admin": "administer"}


def _of(one: Demand, atoms: Iterable[Atom]) -> set[str]:
    return {kind for area, kind in atoms if one.areas is None or area in one.areas}


def _unobserved(one: Demand, side: Side) -> Iterator[Discrepancy]:
    """What nobody can see makes an entry that is otherwise right unverified, for that alone."""
    doubt = side.holding.unasked or side.provider.doubt(one.covered, one.areas)
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
