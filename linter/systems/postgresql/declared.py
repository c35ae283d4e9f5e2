"""What a declared resource needs and allows in PostgreSQL: must and may (DESIGN.md, sections 1 and 3)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from linter.actions import class_of
from linter.boxes import EVERYTHING, Names
from linter.manifest.model import Resource
from linter.permissions import Leaf
from linter.systems.postgresql.granted import Object
from linter.systems.postgresql.index import Index
from linter.systems.postgresql.names import qualified, quote
from linter.systems.postgresql.parameters import by_anybody
from linter.systems.postgresql.resolve import Named, NoSuch, nearest_column, resolve
from linter.systems.postgresql.snapshot import Relation

Rights = Mapping[Object, Mapping[str, Names]]
"""Object -> SQL privilege -> the columns; `EVERYTHING` is the whole object. Objects that are alike share what is theirs."""

OWNERSHIP = "OWNERSHIP"
"""What altering and dropping need: no privilege of PostgreSQL, but written as one."""

_IN_NO_SCHEMA = frozenset({"extension", "publication", "subscription", "event trigger"})
"""What belongs to a database, and to none of its schemas."""
RELATIONS = frozenset({"table", "partitioned table", "view", "materialized view", "foreign table", "TOAST table"})
ROUTINES = frozenset({"function", "procedure", "aggregate"})
BY_COLUMN = frozenset({"SELECT", "INSERT", "UPDATE", "REFERENCES"})
"""Privileges that can be granted on columns."""

NATIVE = {
    "relation": {
        "read": "SELECT",
        "create": "INSERT",
        "update": "UPDATE",
        "delete": "DELETE",
        "truncate": "TRUNCATE",
        "references": "REFERENCES",
        "trigger": "TRIGGER",
        "maintain": "MAINTAIN",
    },
    "sequence": {"read": "SELECT", "create": "USAGE", "update": "UPDATE", "usage": "USAGE"},
    "routine": {"execute": "EXECUTE"},
    "schema": {"read": "USAGE", "execute": "USAGE", "usage": "USAGE", "create": "CREATE", "create_table": "CREATE"},
    "database": {
        "read": "CONNECT",
        "connect": "CONNECT",
        "create": "CREATE",
        "temporary": "TEMPORARY",
        "temp": "TEMPORARY",
    },
    "parameter": {"update": "SET", "set": "SET", "alter_system": "ALTER SYSTEM"},
}
"""Family -> the algebra's word -> the privilege (PostgreSQL manual, table 5.2)."""
_ADMIN = {
    "relation": ("SELECT", "INSERT", "UPDATE", "DELETE"),
    "sequence": ("USAGE",),
    "routine": ("EXECUTE",),
    "schema": ("USAGE", "CREATE"),
    "database": ("CONNECT",),
    "parameter": ("SET",),
}
"""What admin needs at least; it allows everything."""
_OWNERS = frozenset({"drop", "alter", "own", "owner", "ddl"})
_GRANTS = frozenset({"grant", "revoke"})


class Unknown(NamedTuple):
    """A declared name that the database does not have."""

    what: str
    """As SQL writes it: "column \"stat\" of app.tickets"."""
    nearest: str
    field: str
    """Where in the resource: "resource" or "scope"."""


class Demand(NamedTuple):
    """What one resource declares, in PostgreSQL's terms."""

    resource: Resource
    objects: tuple[Object, ...]
    schemas: tuple[str, ...]
    """What a wildcard covers, objects to come included."""
    must: Rights
    may: Rights
    everything: frozenset[Object]
    """Objects on which any right is agreed: admin, or what only an owner can do."""
    passes_on: bool
    """Whether it may grant what it has."""
    rows: str
    """The scope's row condition, or empty."""
    unchecked: tuple[str, ...]
    """What cannot be compared, a clause each."""
    unknown: tuple[Unknown, ...]


def family(object: Object) -> str:
    """Which privileges an object has: its row of the table."""
    return "relation" if object.type in RELATIONS else "routine" if object.type in ROUTINES else object.type


class _Asked:
    """One leaf of a resource, in PostgreSQL's terms, and what became of it."""

    def __init__(self, leaf: Leaf) -> None:
        self.action = leaf.action
        self.columns = next((one for name, one in leaf.box if name == "columns" and isinstance(one, Names)), EVERYTHING)
        self.matched: set[str] = set()
        self.applied = False


class _Builder:
    def __init__(self, resource: Resource, index: Index) -> None:
        self.resource = resource
        self.index = index
        self.must: dict[Object, Mapping[str, Names]] = {}
        self.may: dict[Object, Mapping[str, Names]] = {}
        self.implied: dict[Object, Mapping[str, Names]] = {}
        """What using the rights takes, of other objects: the database, schemas, sequences."""
        self.everything: set[Object] = set()
        self.passes_on = False
        self.rows = ""
        self.unchecked: dict[str, None] = {}
        self.unknown: list[Unknown] = []

    def add(self, leaves: Iterable[Leaf], named: Named) -> None:
        asked = []
        for leaf in leaves:
            self._bounds(leaf)
            if leaf.action in _GRANTS:
                self.passes_on = True
            else:
                asked.append(_Asked(leaf))
        bounded = any(one.columns is not EVERYTHING for one in asked)
        for first, *others in self._alike(named.objects, bounded=bounded):
            self._rights(asked, first, others, single=not named.schemas)
        if named.schemas and any(one.action == "admin" or one.action in _OWNERS for one in asked):
            things = self.index.things.values()
            in_none = _IN_NO_SCHEMA if "" in named.schemas else ()
            self.everything.update(
                object
                for object, *_ in things
                if (object.schema and object.schema in named.schemas) or object.type in in_none
            )
        if any(one.action == "create" for one in asked):
            self._sequences(named.objects)
        for one in asked:
            absent = one.columns.names - one.matched if one.columns is not EVERYTHING else frozenset()
            for name in sorted(absent if any(object.type in RELATIONS for object in named.objects) else ()):
                self._no_column(name, named)
            if not one.applied and named.objects:
                kind = f"on a {named.objects[0].type}" if len(named.objects) == 1 else "there"
                self.unchecked[f"`{one.action}` is no right that PostgreSQL has {kind}"] = None

    def _bounds(self, leaf: Leaf) -> None:
        for dimension, value in leaf.box:
            if dimension == "rows" and isinstance(value, str):
                self.rows = value
            elif dimension == "prose":
                self.unchecked["its scope is prose, which nobody can compare with a grant"] = None
            elif dimension != "columns":
                self.unchecked[f"PostgreSQL cannot bound `{dimension}`"] = None

    def _alike(self, objects: Iterable[Object], *, bounded: bool) -> Iterable[list[Object]]:
        """The objects, those together for which the same is needed."""
        found: dict[tuple[Any, ...], list[Object]] = {}
        for one in objects:
            relation = self.relation(one)
            if relation is None:
                shape: tuple[Any, ...] = (one.type, one.schema)
            else:
                columns = relation.columns if bounded else ()
                own = relation.partition or bool(relation.extension)
                shape = (one.type, one.schema, columns, relation.primary_key, own)
            found.setdefault(shape, []).append(one)
        return found.values()

    def _rights(self, asked: Iterable[_Asked], first: Object, others: Sequence[Object], *, single: bool) -> None:
        must: dict[str, Names] = {}
        may: dict[str, Names] = {}
        for one in asked:
            kind = family(first)
            if one.action == "admin" or one.action in _OWNERS:
                self.everything.update((first, *others))
                one.applied = True
                for privilege in _ADMIN.get(kind, ()) if one.action == "admin" else (OWNERSHIP,) if single else ():
                    must[privilege] = EVERYTHING
            elif one.action in NATIVE.get(kind, {}):
                one.applied = True
                self._right(one, NATIVE[kind][one.action], first, must, may, single=single)
        if must:
            for privilege, columns in must.items():
                may[privilege] = columns.join(may[privilege]) if privilege in may else columns
            self._usable(first)
            self.must |= dict.fromkeys((first, *others), must)
        if may:
            self.may |= dict.fromkeys((first, *others), may)

    def _right(
        self,
        one: _Asked,
        privilege: str,
        object: Object,
        must: dict[str, Names],
        may: dict[str, Names],
        *,
        single: bool,
    ) -> None:
        limit = EVERYTHING
        relation = self.relation(object)
        if one.columns is not EVERYTHING and privilege in BY_COLUMN and relation is not None:
            limit = Names(frozenset(_columns(one.columns.names, relation, one.matched)), one.columns.excluded)
            if limit.empty:
                return
        own = relation is not None and not relation.partition and not relation.extension
        rights = must if single or own or object.type in ROUTINES else may
        if (object.type, privilege) == ("parameter", "SET") and by_anybody(object.name, self.index.parameters):
            rights = may  # it takes no grant
        rights[privilege] = limit.join(rights[privilege]) if privilege in rights else limit
        if relation is not None and relation.primary_key and class_of(one.action) in ("update", "delete"):
            key = Names(frozenset(relation.primary_key))  # to find the row
            may["SELECT"] = key.join(may["SELECT"]) if "SELECT" in may else key

    def _usable(self, object: Object) -> None:
        """What a right takes to be of use: the database, and the schema."""
        server = self.index.snapshot.server
        self.implied[self.index.object(("database", server.database_oid))] = {"CONNECT": EVERYTHING}
        if object.schema in self.index.schemas:
            self.implied[self.index.object(("schema", self.index.schemas[object.schema]))] = {"USAGE": EVERYTHING}

    def _sequences(self, objects: Iterable[Object]) -> None:
        """Of a serial column: what INSERT draws on."""
        for object in objects:
            relation = self.relation(object)
            for serial in self.index.serials(relation.oid) if relation is not None else ():
                self.implied[self.index.object(("relation", serial.sequence))] = {"USAGE": EVERYTHING}

    def relation(self, object: Object) -> Relation | None:
        return self.index.relation(object.schema, object.name) if object.type in RELATIONS else None

    def _no_column(self, name: str, named: Named) -> None:
        one = named.objects[0]
        relation = self.relation(one)
        near = nearest_column(name, relation.columns) if relation is not None and len(named.objects) == 1 else ""
        where = qualified(one.schema, one.name) if len(named.objects) == 1 else "any relation there"
        self.unknown.append(Unknown(f"column {quote(name)} of {where}", near, "scope"))


def _columns(names: Iterable[str], relation: Relation, matched: set[str]) -> Iterator[str]:
    """Which of a relation's columns these names mean: the exact name, else in lower case, as SQL reads it unquoted."""
    for name in names:
        found = name if name in relation.columns else name.lower() if name.lower() in relation.columns else None
        if found is not None:
            matched.add(name)
            yield found


def union(all_of: Sequence[Rights]) -> Rights:
    """All rights together. What is the same stays shared."""
    found: dict[Object, Mapping[str, Names]] = dict(all_of[0]) if all_of else {}
    joined: dict[tuple[int, int], Mapping[str, Names]] = {}
    for rights in all_of[1:]:
        for object, more in rights.items():
            known = found.get(object)
            if known is None or known is more:
                found[object] = more
                continue
            pair = (id(known), id(more))
            if pair not in joined:
                both = {name: more[name].join(known[name]) for name in known.keys() & more.keys()}
                joined[pair] = {**known, **more, **both}
            found[object] = joined[pair]
    return found


def demand(resource: Resource, index: Index, search_path: Sequence[str], schemas: Sequence[str]) -> Demand:
    """What one resource declares; names that do not exist are in `unknown`, and nothing is demanded of them."""
    builder = _Builder(resource, index)
    try:
        named = resolve(resource.object, index, search_path, schemas)
    except NoSuch as problem:
        builder.unknown.append(Unknown(problem.what, problem.nearest, "resource"))
        named = Named(())
    if not resource.known:
        builder.unchecked["its access or scope cannot be read (`permlint check` says why)"] = None
        builder.everything.update(named.objects)  # nobody can say what would be too much
    if named.objects or named.schemas:
        builder.add(resource.leaves, named)
    return Demand(
        resource,
        named.objects,
        named.schemas,
        builder.must,
        union((builder.may, builder.implied)),
        frozenset(builder.everything),
        builder.passes_on,
        builder.rows,
        tuple(builder.unchecked),
        tuple(dict.fromkeys(builder.unknown)),
    )
