"""What a declared resource needs and allows in PostgreSQL: must and may (DESIGN.md, sections 1 and 3)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from linter.boxes import EVERYTHING, Names
from linter.manifest.model import Resource
from linter.permissions import Leaf, class_of
from linter.systems.postgresql.granted import Object
from linter.systems.postgresql.index import Index
from linter.systems.postgresql.names import qualified, quote
from linter.systems.postgresql.resolve import Named, NoSuch, nearest_column, resolve
from linter.systems.postgresql.snapshot import Relation

Rights = dict[tuple[Object, str], Names]
"""(object, SQL privilege) -> the columns; `EVERYTHING` is the whole object."""

OWNERSHIP = "OWNERSHIP"
"""What altering and dropping need: no privilege of PostgreSQL, but written as one."""

RELATIONS = frozenset({"table", "partitioned table", "view", "materialized view", "foreign table"})
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
    "parameter": {"update": "SET", "set": "SET", "alter system": "ALTER SYSTEM"},
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


class _Builder:
    def __init__(self, resource: Resource, index: Index) -> None:
        self.resource = resource
        self.index = index
        self.must: Rights = {}
        self.may: Rights = {}
        self.everything: set[Object] = set()
        self.passes_on = False
        self.rows = ""
        self.unchecked: dict[str, None] = {}
        self.unknown: list[Unknown] = []

    def add(self, leaf: Leaf, named: Named) -> None:
        columns = EVERYTHING
        for dimension, value in leaf.box:
            if dimension == "columns" and isinstance(value, Names):
                columns = value
            elif dimension == "rows" and isinstance(value, str):
                self.rows = value
            elif dimension == "prose":
                self.unchecked["its scope is prose, which nobody can compare with a grant"] = None
            else:
                self.unchecked[f"PostgreSQL cannot bound `{dimension}`"] = None
        if leaf.action in _GRANTS:
            self.passes_on = True
            return
        applied = False
        matched: set[str] = set()
        for object in named.objects:
            applied = self._right(leaf.action, object, columns, matched, single=not named.schemas) or applied
        missing = columns.names - matched if columns is not EVERYTHING else frozenset()
        for name in sorted(missing if any(one.type in RELATIONS for one in named.objects) else ()):
            self._no_column(name, named)
        if not applied and named.objects:
            kind = f"on a {named.objects[0].type}" if len(named.objects) == 1 else "there"
            self.unchecked[f"`{leaf.action}` is no right that PostgreSQL has {kind}"] = None

    def _right(self, action: str, object: Object, columns: Names, matched: set[str], *, single: bool) -> bool:
        kind = family(object)
        if action == "admin" or action in _OWNERS:
            self.everything.add(object)
            for privilege in _ADMIN.get(kind, ()) if action == "admin" else (OWNERSHIP,) if single else ():
                self._need(object, privilege, EVERYTHING)
            return True
        if action not in NATIVE.get(kind, {}):
            return False
        privilege = NATIVE[kind][action]
        limit = EVERYTHING
        relation = self.relation(object)
        if columns is not EVERYTHING and privilege in BY_COLUMN and relation is not None:
            limit = Names(frozenset(_columns(columns.names, relation, matched)), columns.excluded)
            if limit.empty:
                return True
        if single or kind == "routine" or (relation is not None and not relation.partition and not relation.extension):
            self._need(object, privilege, limit)
        else:
            _join(self.may, object, privilege, limit)
        if relation is not None:
            self._implied(action, relation)
        return True

    def _need(self, object: Object, privilege: str, columns: Names) -> None:
        _join(self.must, object, privilege, columns)
        _join(self.may, object, privilege, columns)
        server = self.index.snapshot.server
        _join(self.may, self.index.object(("database", server.database_oid)), "CONNECT", EVERYTHING)
        if object.schema in self.index.schemas:
            _join(self.may, self.index.object(("schema", self.index.schemas[object.schema])), "USAGE", EVERYTHING)

    def _implied(self, action: str, relation: Relation) -> None:
        """What using the right takes: the key, to find a row; a serial's sequence, to make one."""
        object = self.index.object(("relation", relation.oid))
        if class_of(action) in ("update", "delete") and relation.primary_key:
            _join(self.may, object, "SELECT", Names(frozenset(relation.primary_key)))
        if action == "create":
            for serial in self.index.serials(relation.oid):
                _join(self.may, self.index.object(("relation", serial.sequence)), "USAGE", EVERYTHING)

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


def _join(rights: Rights, object: Object, privilege: str, columns: Names) -> None:
    known = rights.get((object, privilege))
    rights[object, privilege] = columns if known is None else known.join(columns)


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
    for leaf in resource.leaves if named.objects or named.schemas else ():
        builder.add(leaf, named)
    return Demand(
        resource,
        named.objects,
        named.schemas,
        builder.must,
        builder.may,
        frozenset(builder.everything),
        builder.passes_on,
        builder.rows,
        tuple(builder.unchecked),
        tuple(dict.fromkeys(builder.unknown)),
    )
