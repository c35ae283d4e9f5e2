"""The privileges of one role by object: its ACL entries, inherited ones, PUBLIC's, and those of the predefined data roles."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from linter.systems.postgresql.granted import Held, Reason, Source
from linter.systems.postgresql.index import Index
from linter.systems.postgresql.privileges import TABLE, ordinary, privileges
from linter.systems.postgresql.roles import Path
from linter.systems.postgresql.snapshot import PUBLIC, Key
from linter.systems.postgresql.sql import FIRST_USER_OID

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


class Rights:
    """What one role may do, object by object. A superuser's are not listed: it may do everything."""

    def __init__(self, index: Index, role: int) -> None:
        self.index = index
        self.role = role
        self.superuser = index.graph.roles[role].superuser
        self.inherited: Mapping[int, Path] = index.graph.inherited(role)
        self.entries: dict[tuple[str, int, str, str], dict[int, Entry]] = {}
        """(family, oid, privilege, column) -> grantee -> entry; the nearest grantee first, PUBLIC last."""
        for grantee in () if self.superuser else (*self.inherited, PUBLIC):
            for family, oid, column, _, grantor, privilege, grantable in index.grants.get(grantee, ()):
                entries = self.entries.setdefault((family, oid, privilege, column), {})
                known = entries.get(grantee)
                if known is None:
                    entries[grantee] = Entry((grantor,), grantable)
                else:
                    entries[grantee] = Entry((*known.grantors, grantor), known.grantable or grantable)
        self.data_roles: list[tuple[Path, Mapping[str, tuple[str, ...]]]] = [
            (path, _DATA_ROLES[name])
            for oid, path in self.inherited.items()
            if (name := index.role_names[oid]) in _DATA_ROLES
        ]
        self._relations: dict[int, dict[str, bool]] = {}
        for family, oid, privilege, column in self.entries:
            if family == "relation":
                known_here = self._relations.setdefault(oid, {})
                known_here[privilege] = known_here.get(privilege, False) or not column

    def on_relation(self, oid: int) -> Mapping[str, bool]:
        """The privileges on a relation, each with whether it is on the whole of it, not only on some columns."""
        relation = self.index.relations.get(oid)
        if relation is None:
            return {}
        if self.superuser:
            return dict.fromkeys(privileges("relation", relation.kind, self.index.version), True)
        kind = "sequence" if relation.kind == "S" else "table"
        given = {name: True for _, gives in self.data_roles for name in gives[kind]}
        return {**self._relations.get(oid, {}), **given}

    def has(self, family: str, oid: int, privilege: str) -> bool:
        """Whether the role has a privilege on the whole of an object."""
        if self.superuser or (family, oid, privilege, "") in self.entries:
            return True
        if family == "relation":
            return self.on_relation(oid).get(privilege, False)
        return family == "schema" and any(privilege in gives["schema"] for _, gives in self.data_roles)

    def owns(self, owner: int) -> bool:
        """Whether what this owner owns is the role's to alter: it is the owner, inherits it, or is a superuser."""
        return self.superuser or owner in self.inherited


def rights_of(index: Index, role: int) -> Rights:
    """The rights of a role, computed once for an index."""
    known = index.rights.get(role)
    if known is None:
        known = index.rights[role] = Rights(index, role)
    return known


def held(rights: Rights) -> tuple[Held, ...]:
    """Every privilege of a role, with every way in which it is held."""
    found = list(_superuser(rights) if rights.superuser else _granted(rights))
    ranks: dict[str, int] = {}
    for name in (*TABLE, "MAINTAIN"):
        ranks[name] = len(ranks)
    found.sort(
        key=lambda one: (
            one.object.schema,
            one.object.name,
            one.object.type,
            one.object.arguments,
            ranks.get(one.privilege, 99),
            one.privilege,
            one.columns or (),
        )
    )
    return tuple(found)


def _superuser(rights: Rights) -> Iterator[Held]:
    index = rights.index
    sources = (Source(Reason.SUPERUSER, index.path((rights.role,)), (), True),)
    for (family, oid), thing in index.things.items():
        kind = index.relations[oid].kind if family == "relation" else ""
        for privilege in privileges(family, kind, index.version):
            owner = index.role_names.get(thing.owner, "")
            yield Held(thing.object, privilege, None, sources, owner, thing.extension)


def _granted(rights: Rights) -> Iterator[Held]:
    index = rights.index
    things, names = index.things, index.role_names
    paths = {oid: index.path(path) for oid, path in rights.inherited.items()}
    paths[PUBLIC] = (names[rights.role],)
    whole: dict[tuple[Key, str], list[Source]] = {}
    columns: dict[tuple[Key, str, tuple[Source, ...]], list[str]] = {}
    shared: dict[tuple[int, Entry, bool], Source] = {}
    for (family, oid, privilege, column), entries in rights.entries.items():
        thing = things.get((family, oid))
        if thing is None:
            continue
        sources = []
        for grantee, entry in entries.items():
            owning = grantee == thing.owner and grantee != PUBLIC
            source = shared.get((grantee, entry, owning))
            if source is None:
                reason = Reason.OWNER if owning else Reason.PUBLIC if grantee == PUBLIC else Reason.ACL
                grantors = tuple(sorted(names.get(one, str(one)) for one in entry.grantors))
                source = Source(reason, paths[grantee], grantors, owning or entry.grantable)
                shared[grantee, entry, owning] = source
            sources.append(source)
        if column:
            columns.setdefault(((family, oid), privilege, tuple(sources)), []).append(column)
        else:
            whole[(family, oid), privilege] = sources
    for key, privilege, source in _data(rights):
        whole.setdefault((key, privilege), []).append(source)
    for (key, privilege), ways in whole.items():
        thing = things[key]
        default = ordinary(key[0], thing.object.name, privilege) and ways[0].reason is Reason.PUBLIC
        owner = names.get(thing.owner, "")
        yield Held(thing.object, privilege, None, tuple(ways), owner, thing.extension, default)
    for (key, privilege, by), some in columns.items():
        thing = things[key]
        order = {name: place for place, name in enumerate(index.relations[key[1]].columns)}
        some.sort(key=lambda name: (order.get(name, -1), name))
        yield Held(thing.object, privilege, tuple(some), by, names.get(thing.owner, ""), thing.extension)


def _data(rights: Rights) -> Iterator[tuple[Key, str, Source]]:
    """What predefined data roles give on every relation and schema."""
    index = rights.index
    for path, gives in rights.data_roles:
        source = Source(Reason.PREDEFINED, index.path(path), (), False)
        for relation in index.relations.values():
            if ("relation", relation.oid) in index.things:
                for privilege in gives["sequence" if relation.kind == "S" else "table"]:
                    if privilege == "SELECT" or relation.oid >= FIRST_USER_OID:
                        yield ("relation", relation.oid), privilege, source
        for oid in index.schema_names:
            for privilege in gives["schema"]:
                yield ("schema", oid), privilege, source
