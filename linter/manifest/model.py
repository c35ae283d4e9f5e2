"""The manifest as rules see it: `Manifest`, `Resource`, `Rollback`, built from data that the schema accepts.

What the schema refuses is pruned first, so that one wrong level does not hide every other fault; a pruned key counts as
written (`Resource.written`), so that no rule calls it absent as well.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

from linter.actions import CLASSES
from linter.boxes import Box
from linter.manifest.scope import WILDCARDS, Scope, parse_prose, parse_structured
from linter.patterns import Pattern
from linter.permissions import Leaf, bounds, leaves_on


class Resource(NamedTuple):
    """One entry of `resources`."""

    position: int
    """Its place in the list, from 0."""
    name: str
    """As written: SYSTEM or SYSTEM.OBJECT."""
    system: str
    object: tuple[str, ...]
    """Segments after the system; empty is the whole system, a final "*" everything below."""
    access: str | None
    actions: tuple[str, ...] | None
    scope: Scope
    blast_radius: str | None
    """The level alone."""
    blast_note: str
    """The free text in its brackets."""
    environments: tuple[str, ...]
    """Where it applies: of the manifest's environments, all of them where it does not say."""
    reversibility: str | None
    rollback: str | None
    justification: str | None
    handles: tuple[str, ...]
    leaves: tuple[Leaf, ...]
    """What it grants, by the algebra; without its scope where that is unreadable, nothing where the access is."""
    kinds: frozenset[str | None]
    """Every class that what it grants may have a part in, None for a native action that nobody knows: an upper bound."""
    writes: bool
    """Whether it grants anything but reading; a native action without a class counts as writing."""
    written: frozenset[str]
    """The keys that stand in the file, valid or not."""
    known: bool
    """Whether access, actions and scope are all readable: where not, no rule judges how far the entry reaches."""

    @property
    def wildcard(self) -> bool:
        """Whether it is everything below something, as its reader sees it."""
        return bool(self.object) and self.object[-1] in WILDCARDS


class Rollback(NamedTuple):
    """The `rollback_strategy`, prose or structured."""

    prose: str
    structured: bool
    dry_run: str | bool | None
    audit_log: str | None
    command: str | None
    rehearsed: str | None
    """The ISO date of the last rehearsal."""


class Manifest(NamedTuple):
    """One permission manifest."""

    agent: str
    environments: tuple[str, ...]
    resources: tuple[Resource, ...]
    writing: tuple[Resource, ...]
    """Those that grant anything but reading."""
    rollback: Rollback | None
    owner: str | None
    reviewed: Mapping[str, str] | None
    review_every: str | None
    expires: str | None
    audit_log: str | None
    """The manifest's own field; `linter.manifest.trail` knows where else it may stand."""
    identities: Mapping[str, str | Mapping[str, str]]
    """System -> its principal, or its principal in each environment."""
    written: frozenset[str]
    """The top-level keys that stand in the file, valid or not."""


class Built:
    """Entries that were built before: versions of one manifest share most."""

    def __init__(self) -> None:
        self.resources: dict[tuple[str, int, tuple[str, ...]], Resource] = {}
        """By what they say, where they stand, and the manifest's environments."""
        self.accepted: dict[int, str] = {}
        """What the entries say that the schema accepts, by their identity: of those that live as long as this."""


def build(data: Mapping[str, Any], original: Mapping[str, Any], built: Built | None = None) -> Manifest:
    """The model of a manifest.

    Args:
        data: what the schema accepts, apart from keys that are missing.
        original: the same before pruning; the same object where nothing was pruned.
        built: shared by versions of the same manifests, which differ in few entries.
    """
    environment = data.get("environment", ())
    environments = (environment.strip(),) if isinstance(environment, str) else tuple(one.strip() for one in environment)
    before = original.get("resources")
    whole = data is original
    resources = []
    for index, entry in enumerate(data.get("resources") or ()):
        if entry is None or "resource" not in entry:
            continue
        if built is None or not whole:
            resources.append(_resource(index, entry, entry if whole else before[index], environments))  # type: ignore[index]
            continue
        key = (built.accepted.get(id(entry)) or repr(entry), index, environments)
        known = built.resources.get(key)
        if known is None:
            known = built.resources[key] = _resource(index, entry, entry, environments)
        resources.append(known)
    return Manifest(
        agent=data.get("agent_name", "").strip(),
        environments=environments,
        resources=tuple(resources),
        writing=tuple([one for one in resources if one.writes]),
        rollback=_rollback(data.get("rollback_strategy")),
        owner=data.get("owner"),
        reviewed=data.get("reviewed"),
        review_every=data.get("review_every"),
        expires=data.get("expires"),
        audit_log=data.get("audit_log"),
        identities={
            system: given for system, given in (data.get("identities") or {}).items() if not system.startswith("x-")
        },
        written=frozenset(original),
    )


_READING = frozenset({"read"})
_CLASSES = frozenset(CLASSES)


class _Meaning(NamedTuple):
    """What an entry grants, whatever its object."""

    scope: Scope
    bound: tuple[tuple[str, Box], ...]
    kinds: frozenset[str | None]


def _meaning(access: str | None, actions: tuple[str, ...] | None, scope: Scope) -> _Meaning:
    bound = tuple(bounds(access, actions, scope.box))
    kinds: frozenset[str | None] = frozenset([word for word, _ in bound])
    if actions is not None and not kinds <= _CLASSES:
        from linter.natives import kinds_of  # few manifests need it

        kinds = frozenset().union(*map(kinds_of, kinds))
    return _Meaning(scope, bound, kinds)


_KNOWN: dict[tuple[object, ...], _Meaning] = {}
"""What entries meant before, by what they say: a team's agents share what they may do with a table."""
_MOST_KNOWN, _LONGEST = 512, 500
"""How many, and how much an entry may say of it: it bounds the memory that hostile text takes."""


def _meaning_of(access: str | None, actions: tuple[str, ...] | None, given: Any) -> _Meaning:
    prose = given is None or isinstance(given, str)
    key = (access, actions, given) if prose else (access, actions, repr(given), "structured")
    known = _KNOWN.get(key)
    if known is None:
        scope = parse_prose(given or "") if prose else parse_structured(given)
        known = _meaning(access, actions, scope)
        if len(str(key)) < _LONGEST:
            _KNOWN[key] = known
        if len(_KNOWN) > _MOST_KNOWN:
            del _KNOWN[next(iter(_KNOWN))]  # the oldest
    return known


_made: Callable[[tuple[Any, ...]], Resource] = partial(tuple.__new__, Resource)
"""Past the constructor of a named tuple, which is a function in Python."""


def _resource(
    index: int, data: Mapping[str, Any], original: Mapping[str, Any], environments: tuple[str, ...]
) -> Resource:
    name = data["resource"].strip()
    system, path = split_name(name)
    access, actions, given = data.get("access"), data.get("actions"), data.get("scope")
    lost = (
        []
        if data is original
        else [key for key in ("access", "actions", "scope") if key in original and key not in data]
    )
    granted = (access is not None or actions is not None) and "access" not in lost and "actions" not in lost
    named = None if actions is None else tuple(actions)
    scope, bound, kinds = _meaning_of(access, named, given) if granted else _meaning_of(None, None, given)
    if path and "execute" in kinds:
        from linter.natives import running_destroys

        kinds = kinds | {"delete"} if running_destroys(path) else kinds
    blast = data.get("blast_radius")
    level, _, note = blast.partition("(") if blast else (None, "", "")
    applies = data.get("environments")
    # In the order of the class: by name it takes twice as long.
    return _made(
        (
            index,
            name,
            system,
            path,
            access,
            named or None,
            scope,
            level.strip() if level else None,
            note.rstrip().removesuffix(")"),
            tuple([one.strip() for one in applies]) if applies else environments,
            data.get("reversibility"),
            data.get("rollback"),
            data.get("justification"),
            tuple(data.get("handles") or ()),
            leaves_on(system, path, bound),
            kinds,
            bool(kinds) and kinds != _READING,
            frozenset(original),
            granted and not lost,
        )
    )


def _rollback(given: Any) -> Rollback | None:
    if isinstance(given, str):
        return Rollback(given, False, None, None, None, None)
    if not isinstance(given, Mapping):
        return None
    rehearsed = given.get("rehearsed") or {}
    return Rollback("", True, given.get("dry_run"), given.get("audit_log"), given.get("command"), rehearsed.get("date"))


_SPECIAL = Pattern(r'[."(]')
_CLOSING = {'"': '"', "(": ")"}


def split_name(name: str) -> tuple[str, tuple[str, ...]]:
    """SYSTEM and the segments of OBJECT: dots separate, but not within double quotes or brackets."""
    system, dot, rest = name.partition(".")
    if not dot:
        return system, ()
    if '"' not in rest and "(" not in rest:
        return system, tuple(rest.split("."))
    segments, start, past = [], 0, 0
    never_closed: set[str] = set()  # looked for once: a name of nothing but "(" must not take a minute
    for match in _SPECIAL.finditer(rest):
        if match.start() < past or match[0] in never_closed:
            continue
        if match[0] == ".":
            segments.append(rest[start : match.start()])
            start = match.end()
        elif (end := rest.find(_CLOSING[match[0]], match.end())) >= 0:
            past = end + 1
        else:
            never_closed.add(match[0])
    return system, (*segments, rest[start:])


def prune(data: Mapping[str, Any], refused: Iterable[tuple[str | int, ...]]) -> dict[str, Any]:
    """A copy of the data without the values at these routes; a refused list entry becomes None."""
    routes = set(refused)

    def copy(value: Any, route: tuple[str | int, ...]) -> Any:
        if isinstance(value, Mapping):
            return {key: copy(one, (*route, key)) for key, one in value.items() if (*route, key) not in routes}
        if isinstance(value, list):
            return [
                None if (*route, index) in routes else copy(one, (*route, index)) for index, one in enumerate(value)
            ]
        return value

    return dict(copy(data, ()))
