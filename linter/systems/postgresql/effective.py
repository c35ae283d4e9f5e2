"""All that a role can do in one database: pure, from a snapshot."""

from collections.abc import Iterator

from linter.systems.postgresql.attributes import powers
from linter.systems.postgresql.defaults import future
from linter.systems.postgresql.granted import Effective, Owned
from linter.systems.postgresql.index import Index, Thing
from linter.systems.postgresql.indirect import indirect
from linter.systems.postgresql.names import quote
from linter.systems.postgresql.policies import row_security
from linter.systems.postgresql.reachable import reach
from linter.systems.postgresql.rights import Rights, held, rights_of
from linter.systems.postgresql.settings import stored
from linter.systems.postgresql.sql import MOST_LARGE_OBJECTS
from linter.systems.postgresql.usability import unusable

NEWEST = 18
"""The newest server whose privileges permlint knows."""


class UnknownRole(Exception):
    """The server has no role of that name."""


class NotScanned(Exception):
    """The snapshot was taken without this role: its grants are not in it."""


def effective(index: Index, role: str) -> Effective:
    """What a role can do.

    Raises:
        UnknownRole: there is no such role.
        NotScanned: the snapshot does not hold its grants.
    """
    oid = index.roles.get(role)
    if oid is None:
        raise UnknownRole(role)
    if oid not in index.snapshot.scanned:
        raise NotScanned(role)
    rights = rights_of(index, oid)
    all_held = held(rights)
    return Effective(
        role=role,
        held=all_held,
        powers=(*powers(rights), *(() if rights.superuser else stored(rights))),
        reach=tuple(reach(rights)),
        owned=tuple(_owned(rights)),
        indirect=indirect(rights, all_held),
        unusable=tuple(dict.fromkeys(unusable(rights, all_held))),
        future=tuple(future(rights)),
        row_security=tuple(row_security(rights)),
        elsewhere=tuple(_elsewhere(rights)),
        notes=tuple(_notes(rights)),
    )


def _owned(rights: Rights) -> Iterator[Owned]:
    """What it owns or inherits the ownership of; a superuser's grip on everything is its power, not listed here."""
    index = rights.index
    found = [(thing, path) for owner, path in rights.inherited.items() for thing in index.owned.get(owner, ())]
    for thing, path in sorted(found, key=lambda one: one[0].object):
        yield Owned(thing.object, index.path(path), thing.extension, _disown(thing, index.path(path)[-1]))


def _disown(thing: Thing, owner: str) -> str:
    if thing.object.type == "extension":
        return f"REASSIGN OWNED BY {quote(owner)} TO <another role>; -- all that it owns: an extension alone cannot be given"
    keyword = _KEYWORDS.get(thing.object.type, thing.object.type.upper())
    return f"ALTER {keyword} {thing.object.sql} OWNER TO <another role>;"


_KEYWORDS = {"partitioned table": "TABLE", "foreign server": "SERVER", "aggregate": "ROUTINE"}
"""What ALTER calls objects; ALTER AGGREGATE wants ORDER BY among the types, where an aggregate has it."""


def _elsewhere(rights: Rights) -> Iterator[str]:
    index = rights.index
    for database in index.snapshot.databases:
        elsewhere = database.oid != index.snapshot.server.database_oid and database.allows_connections
        if elsewhere and rights.has("database", database.oid, "CONNECT"):
            yield database.name


def _notes(rights: Rights) -> Iterator[str]:
    index = rights.index
    server = index.snapshot.server
    role = index.graph.roles[rights.role]
    if server.major > NEWEST:
        yield f"PostgreSQL {server.major} is newer than this permlint knows: it may have privileges that are not listed"
    if sum(one.family == "large object" for one in index.snapshot.others) > MOST_LARGE_OBJECTS:
        yield f"there are more than {MOST_LARGE_OBJECTS} large objects that concern it; the others are not listed"
    if any(one.using is None for one in index.snapshot.policies):
        yield "row-level security policies could not be read, because their tables were locked"
    if any(one.events is None for one in index.snapshot.updatables):
        yield "what views pass through to their tables could not be read, because they were locked: it is assumed that they do"
    chosen = index.setting(role.oid, "role")
    if chosen is not None and chosen != "none" and index.roles.get(chosen) not in index.graph.settable(role.oid):
        yield f"its setting role = {quote(chosen)} has no effect: it may not SET ROLE to that"
