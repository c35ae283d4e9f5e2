"""Which places a comparison asked, and whether the principals that manifests speak for are all that there are."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from linter.drift.planes import LOGIN, Intent, Plane, bound_at
from linter.drift.strangers import Agreed, Watch
from linter.outcome import Asked, Population, Sought
from linter.systems.live import Adapter, Failure, Observation, adapter_of

if TYPE_CHECKING:
    from linter.config import Config


_PARTIAL = "what answered tells of one principal alone: which others there are, it does not say"


class Ground(NamedTuple):
    """What a run of `drift` knows when all systems have answered."""

    config: "Config"
    agreed: Agreed
    found: Sequence[Plane]
    lost: Sequence[tuple[Intent, str]]
    watches: Sequence[Watch]
    answers: Mapping[tuple[str, ...], Observation | Failure]
    times: Mapping[tuple[str, ...], str]
    """When each target answered."""
    compared: Mapping[tuple[str, ...], Iterable[str]]
    """The principals of each that were compared."""
    sought: Sequence[Sought] = ()


class _Place(NamedTuple):
    """A system in one environment."""

    system: str
    environment: str


class _Seen:
    """What is known of a place."""

    def __init__(self) -> None:
        self.kind = ""
        self.keys: dict[tuple[str, ...], None] = {}
        """Of its targets, the one that counts last: of a recording the agents' and the population's differ."""
        self.adapter: Adapter | None = None
        self.principals: dict[str, None] = {}
        self.gone: list[str] = []
        """Principals of agents whose manifest is gone."""
        self.problem = ""

    @property
    def key(self) -> tuple[str, ...]:
        """Of the target whose answer counts."""
        return next(reversed(self.keys), ())

    def take(self, key: tuple[str, ...]) -> None:
        """Take a target's key, to count from now on."""
        self.keys.pop(key, None)
        self.keys[key] = None

    def compared(self, ground: Ground) -> list[str]:
        """The principals that were compared there."""
        return sorted({name for key in self.keys for name in ground.compared.get(key, ())})


def _place(config: "Config", system: str, environment: str) -> _Place:
    return _Place(*bound_at(config, system, environment))


def _places(ground: Ground) -> dict[_Place, _Seen]:
    places: dict[_Place, _Seen] = {}
    for plane in ground.found:
        seen = places.setdefault(_place(ground.config, plane.binding.system, plane.binding.environment), _Seen())
        seen.kind = plane.binding.kind
        seen.take(plane.target.key)
        seen.adapter = plane.adapter
        seen.principals[plane.principal] = None
    for watch in ground.watches:
        seen = places.setdefault(_place(ground.config, watch.binding.system, watch.binding.environment), _Seen())
        seen.kind = watch.binding.kind
        seen.take(watch.target.key)
        seen.adapter = watch.adapter
        seen.gone += [principal for _, principal in watch.orphans]
    for intent, problem in ground.lost:
        if not intent.system:
            continue  # an audit log that names no system
        seen = places.setdefault(_place(ground.config, intent.system, intent.environment), _Seen())
        if intent.binding is not None:
            seen.kind = intent.binding.kind
            seen.adapter = seen.adapter or adapter_of(intent.binding.kind)
        if intent.principal:
            seen.principals[intent.principal] = None
        seen.problem = seen.problem or problem
    return dict(sorted(places.items()))


def asked(ground: Ground) -> tuple[Asked, ...]:
    """Every place that was asked or should have been, by system and environment."""
    return tuple(_asked(ground, place, seen) for place, seen in _places(ground).items())


def _asked(ground: Ground, place: _Place, seen: _Seen) -> Asked:
    answer = ground.answers.get(seen.key)
    silent = seen.problem if answer is None else answer.problem if isinstance(answer, Failure) else ""
    account = "" if answer is None or isinstance(answer, Failure) else answer.told_by()
    at = ground.times.get(seen.key, "")
    compared = tuple(seen.compared(ground))
    where = {} if answer is None or isinstance(answer, Failure) else answer.place()
    identities = {} if answer is None or isinstance(answer, Failure) else _identities(answer, compared)
    return Asked(
        place.system,
        place.environment,
        seen.kind,
        tuple(seen.principals),
        compared,
        account,
        at,
        silent,
        where,
        identities,
    )


def _identities(answer: Observation, names: Iterable[str]) -> dict[str, str]:
    return {name: identity for name in names if (identity := answer.identity_of(name))}


def population(ground: Ground) -> tuple[Population, ...]:
    """The principals of every place, counted: those that manifests speak for, and those that the configured patterns find beside."""
    return tuple(_population(ground, place, seen) for place, seen in _places(ground).items())


def _population(ground: Ground, place: _Place, seen: _Seen) -> Population:
    patterns = _patterns(ground.config, place)
    query = _in_words(patterns)
    answer = ground.answers.get(seen.key)
    if answer is None or isinstance(answer, Failure):
        problem = seen.problem if answer is None else answer.problem
        return Population(*place, seen.kind, query, (), (), (), problem or "it was not asked")
    compared = seen.compared(ground)
    names = [answer.name_of(one) for one in dict.fromkeys([*seen.principals, *compared]) if one != LOGIN]
    if seen.adapter is not None and seen.adapter.own_principal and not patterns and not any(map(answer.exists, names)):
        only = "a key tells of itself alone: which other keys there are, nobody can be asked"
        return Population(*place, seen.kind, "the key itself", tuple(sorted(compared)), (), (), only)
    orphaned = sorted({one for one in names if not answer.exists(one)})
    found = {one.name for one in answer.strangers(patterns)} | {one for one in seen.gone if answer.exists(one)}
    known = ground.agreed.known(place, seen.key, answer)
    declared = sorted({one for one in names if answer.exists(one)} | (found & known))
    unmanaged = sorted(found - set(declared))
    missing = "" if answer.everybody() else _PARTIAL
    if not patterns:
        missing = "configuration has no `principals` for it: nobody looked for others than manifests name"
    sought = [one for one in ground.sought if _place(ground.config, one.system, one.environment) == place]
    wanted = list(dict.fromkeys(one.name for one in sought if one.name))
    present = tuple(one for one in wanted if answer.exists(one))
    borne = {one.identity: answer.bearer(one.identity) for one in sought if one.identity}
    return Population(
        *place,
        seen.kind,
        query,
        tuple(declared),
        tuple(unmanaged),
        tuple(orphaned),
        missing,
        present=present,
        absent=tuple(one for one in wanted if one not in present) if answer.everybody() else (),
        identities=_identities(answer, [*unmanaged, *present]),
        borne={identity: name for identity, name in borne.items() if name is not None},
    )


def _patterns(config: "Config", place: _Place) -> Mapping[str, Sequence[str]]:
    entry = config.systems.get(place.system, {})
    overlay = entry.get("environments", {}).get(place.environment, {})
    found: Mapping[str, Sequence[str]] = overlay.get("principals") or entry.get("principals") or {}
    return found


def _in_words(patterns: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(_clauses(patterns)) or "the principals that manifests name"


def _clauses(patterns: Mapping[str, Iterable[str]]) -> Iterator[str]:
    words = {"members_of": "logins that are members of", "names": "logins whose names match"}
    for key, given in patterns.items():
        yield f"{words.get(key, key.replace('_', ' '))} {', '.join(given)}"
