"""The privileges of one role by object: its ACL entries, inherited ones, PUBLIC's, and those of the predefined data roles."""

from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

from linter.systems.postgresql.granted import Held, Object, Reason, Source
from linter.systems.postgresql.index import Index, Thing
from linter.systems.postgresql.privileges import TABLE, ordinary, privileges
from linter.systems.postgresql.roles import Path
from linter.systems.postgresql.snapshot import FIRST_USER_OID, PUBLIC, Grant, Key

_DATA_ROLES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "pg_read_all_data": {"table": ("SELECT",), "sequence": ("SELECT",), "schema": ("USAGE",)},
    "pg_write_all_data": {"table": ("INSERT", "UPDATE", "DELETE"), "sequence": ("UPDATE",), "schema": ("USAGE",)},
    "pg_maintain": {"table": ("MAINTAIN",), "sequence": (), "schema": ()},
}
"""Predefined roles that the server asks after its ACLs, and what they give (measured, 14 to 18; pg_maintain 17 and 18)."""


class Entry(NamedTuple):
    """The ACL entries of one object, column, privilege and grantee."""

    grantors: tuple[int, ...]
    grantable: bool


class Terms(NamedTuple):
    """What an ACL says to one role. Objects with the same ACL share it."""

    entries: Mapping[tuple[str, str], Mapping[int, Entry]]
    """(privilege, column or empty) -> grantee -> entry; the nearest grantee first, PUBLIC last."""
    privileges: Mapping[str, bool]
    """Privilege -> whether it is on the whole object, not only on some columns."""
    by_column: bool


class Rights:
    """What one role may do, object by object. A superuser's are not listed: it may do everything."""

    def __init__(self, index: Index, role: int) -> None:
        self.index = index
        self.role = role
        self.superuser = index.graph.roles[role].superuser
        self.inherited: Mapping[int, Path] = index.graph.inherited(role)
        self.terms: Mapping[Key, Terms] = {} if self.superuser else self._terms()
        self.data_roles: list[tuple[Path, Mapping[str, tuple[str, ...]]]] = [
            (path, _DATA_ROLES[name])
            for oid, path in self.inherited.items()
            if (name := index.role_names[oid]) in _DATA_ROLES
        ]

    def _terms(self) -> Mapping[Key, Terms]:
        grants = [grant for grantee in (*self.inherited, PUBLIC) for grant in self.index.grants.get(grantee, ())]
        numbers: dict[Key, list[int]] = {}
        for number, grant in enumerate(grants):
            for oid in grant.oids:
                numbers.setdefault((grant.family, oid), []).append(number)
        shared: dict[tuple[int, ...], Terms] = {}
        found: dict[Key, Terms] = {}
        for key, mine in numbers.items():
            asked = tuple(mine)
            terms = shared.get(asked)
            if terms is None:
                terms = shared[asked] = _joined([grants[number] for number in asked])
            found[key] = terms
        return found

    def on_relation(self, oid: int) -> Mapping[str, bool]:
        """The privileges on a relation, each with whether it is on the whole of it, not only on some columns."""
        relation = self.index.relations.get(oid)
        if relation is None:
            return {}
        if self.superuser:
            return dict.fromkeys(privileges("relation", relation.kind, self.index.version), True)
        terms = self.terms.get(("relation", oid))
        own: Mapping[str, bool] = terms.privileges if terms is not None else {}
        if not self.data_roles:
            return own
        kind = "sequence" if relation.kind == "S" else "table"
        return {**own, **{name: True for _, gives in self.data_roles for name in gives[kind]}}

    def has(self, family: str, oid: int, privilege: str) -> bool:
        """Whether the role has a privilege on the whole of an object."""
        if self.superuser:
            return True
        if family == "relation":
            return self.on_relation(oid).get(privilege, False)
        terms = self.terms.get((family, oid))
        if terms is not None and privilege in terms.privileges:
            return True
        return family == "schema" and any(privilege in gives["schema"] for _, gives in self.data_roles)

    def owns(self, owner: int) -> bool:
        """Whether what this owner owns is the role's to alter: it is the owner, inherits it, or is a superuser."""
        return self.superuser or owner in self.inherited


def _joined(grants: Sequence[Grant]) -> Terms:
    entries: dict[tuple[str, str], dict[int, Entry]] = {}
    whole: dict[str, bool] = {}
    for grant in grants:
        by_grantee = entries.setdefault((grant.privilege, grant.column), {})
        known = by_grantee.get(grant.grantee, Entry((), False))
        by_grantee[grant.grantee] = Entry((*known.grantors, grant.grantor), known.grantable or grant.grantable)
        whole[grant.privilege] = whole.get(grant.privilege, False) or not grant.column
    return Terms(entries, whole, any(column for _, column in entries))


def rights_of(index: Index, role: int) -> Rights:
    """The rights of a role, computed once for an index."""
    known = index.rights.get(role)
    if known is None:
        known = index.rights[role] = Rights(index, role)
    return known


def held(rights: Rights) -> tuple[Held, ...]:
    """Every privilege of a role, with every way in which it is held: by object, then by privilege."""
    found = _superuser(rights) if rights.superuser else _granted(rights)
    return tuple(one for _, some in sorted(found, key=itemgetter(0)) for one in some)


_RANKS = {name: place for place, name in enumerate((*TABLE, "MAINTAIN"))}


def _order(object: Object) -> tuple[str, str, str, str]:
    return object.schema, object.name, object.type, object.arguments


def _rank(one: Held) -> tuple[int, str, tuple[str, ...]]:
    return _RANKS.get(one.privilege, 99), one.privilege, one.columns or ()


_Found = tuple[tuple[str, str, str, str], list[Held]]
_Conferred = tuple[tuple[str, Source], ...]
"""Privilege, and the predefined role that gives it."""


def _superuser(rights: Rights) -> Iterator[_Found]:
    index = rights.index
    sources = (Source(Reason.SUPERUSER, index.path((rights.role,)), (), True),)
    for (family, oid), thing in index.things.items():
        kind = index.relations[oid].kind if family == "relation" else ""
        owner = index.role_names.get(thing.owner, "")
        some = [
            Held(thing.object, privilege, None, sources, owner, thing.extension)
            for privilege in privileges(family, kind, index.version)
        ]
        yield _order(thing.object), sorted(some, key=_rank)


def _granted(rights: Rights) -> Iterator[_Found]:
    """Objects that are alike in all but their names are worked out once."""
    index = rights.index
    conferred = _conferred(rights)
    alike: dict[tuple[object, ...], list[Held]] = {}
    for key, thing in index.things.items():
        terms = rights.terms.get(key)
        more = conferred[_kind(key, index)] if conferred else ()
        if terms is None and not more:
            continue
        columns = index.relations[key[1]].columns if terms is not None and terms.by_column else ()
        # Of a name only a schema's counts: initdb's have defaults of their own.
        named = thing.object.name if key[0] == "schema" else ""
        same = (id(terms), more, *thing[1:], columns, key[0], named)
        pattern = alike.get(same)
        if pattern is None:
            pattern = alike[same] = sorted(_pattern(rights, key[0], thing, terms, columns, more), key=_rank)
        yield _order(thing.object), [Held(thing.object, *one[1:]) for one in pattern]


def _pattern(
    rights: Rights, family: str, thing: Thing, terms: Terms | None, order: tuple[str, ...], more: _Conferred
) -> Iterator[Held]:
    """What the role holds on one object."""
    names = rights.index.role_names
    owner = names.get(thing.owner, "")
    extension = "" if thing.opened else thing.extension
    whole: dict[str, list[Source]] = {}
    columns: dict[tuple[str, tuple[Source, ...]], list[str]] = {}
    for (privilege, column), entries in terms.entries.items() if terms is not None else ():
        ways = [_source(rights, grantee, entry, thing.owner) for grantee, entry in entries.items()]
        if column:
            columns.setdefault((privilege, tuple(ways)), []).append(column)
        else:
            whole[privilege] = ways
    for privilege, source in more:
        whole.setdefault(privilege, []).append(source)
    for privilege, ways in whole.items():
        public = any(source.reason is Reason.PUBLIC for source in ways)
        common = public and ordinary(family, thing.object.name, privilege) and not thing.opened
        default = common and ways[0].reason is Reason.PUBLIC
        yield Held(thing.object, privilege, None, tuple(ways), owner, extension, default, common=common)
    places = {name: place for place, name in enumerate(order)}
    for (privilege, by), some in columns.items():
        some.sort(key=lambda name: (places.get(name, -1), name))
        yield Held(thing.object, privilege, tuple(some), by, owner, extension)


def _source(rights: Rights, grantee: int, entry: Entry, owner: int) -> Source:
    index = rights.index
    owning = grantee == owner and grantee != PUBLIC
    reason = Reason.OWNER if owning else Reason.PUBLIC if grantee == PUBLIC else Reason.ACL
    path = index.path((rights.role,) if grantee == PUBLIC else rights.inherited[grantee])
    grantors = tuple(sorted(index.role_names.get(one, str(one)) for one in entry.grantors))
    return Source(reason, path, grantors, owning or entry.grantable)


def _conferred(rights: Rights) -> Mapping[str, _Conferred]:
    """What predefined data roles give on every object of a kind; nothing where it has none of these roles."""
    if not rights.data_roles:
        return {}
    found: dict[str, list[tuple[str, Source]]] = {kind: [] for kind in ("table", "sequence", "schema")}
    for path, gives in rights.data_roles:
        source = Source(Reason.PREDEFINED, rights.index.path(path), (), False)
        for kind, some in found.items():
            some += [(privilege, source) for privilege in gives[kind]]
    read = [one for one in found["table"] if one[0] == "SELECT"]
    return {kind: tuple(some) for kind, some in {**found, "system table": read, "": []}.items()}


def _kind(key: Key, index: Index) -> str:
    family, oid = key
    if family == "relation":
        kind = index.relations[oid].kind
        return "sequence" if kind == "S" else "table" if oid >= FIRST_USER_OID and kind != "t" else "system table"
    return "schema" if family == "schema" else ""
