"""A snapshot with its look-ups, made once and shared by all roles and all resources that are held against it."""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from linter.systems.lasting import NOTHING, UNKNOWN
from linter.systems.places import NOWHERE, Where
from linter.systems.postgresql.granted import Object
from linter.systems.postgresql.parameters import contexts
from linter.systems.postgresql.roles import Graph, Path
from linter.systems.postgresql.snapshot import (
    BOOTSTRAP,
    FIRST_USER_OID,
    PUBLIC,
    Grant,
    Key,
    Policy,
    Relation,
    Routine,
    Serial,
    Setting,
    Snapshot,
    Use,
)

if TYPE_CHECKING:
    from linter.systems.postgresql.rights import Rights

_RELATIONS = {
    "r": "table",
    "p": "partitioned table",
    "v": "view",
    "m": "materialized view",
    "f": "foreign table",
    "S": "sequence",
    "t": "TOAST table",
}
_ROUTINES = {"f": "function", "p": "procedure", "a": "aggregate", "w": "function"}
_OTHERS = {"fdw": "foreign data wrapper", "server": "foreign server"}
_NAME = re.compile(r'\s*(?:"((?:[^"]|"")+)"|([^",\s]+))\s*(?:,|$)')


class Thing(NamedTuple):
    """What is known of an object, of whatever family."""

    object: Object
    owner: int
    """0 for what has none."""
    extension: str
    opened: bool = False
    """Whether what PUBLIC has on it may be somebody's decision, although the server or an extension made it."""


class Index:
    """Look-ups in a snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.version = snapshot.server.version
        self.roles: Mapping[str, int] = {role.name: role.oid for role in snapshot.roles}
        self.role_names: Mapping[int, str] = {role.oid: role.name for role in snapshot.roles}
        self.schemas: Mapping[str, int] = {one.name: one.oid for one in snapshot.others if one.family == "schema"}
        self.schema_names: Mapping[int, str] = {oid: name for name, oid in self.schemas.items()}
        self.relations: Mapping[int, Relation] = {one.oid: one for one in snapshot.relations}
        self.routines_by_oid: Mapping[int, Routine] = {one.oid: one for one in snapshot.routines}
        owner = next((one.owner for one in snapshot.databases if one.oid == snapshot.server.database_oid), 0)
        self.rights: dict[int, Rights] = {}
        """What `rights_of` computed: owners of views are asked about again and again."""
        self.graph = Graph(self.version, owner, snapshot.roles, snapshot.memberships)

    @cached_property
    def things(self) -> Mapping[Key, Thing]:
        """Every object. A relation or routine whose schema is not in the snapshot (it was dropped meanwhile) is left out."""
        names = self.schema_names
        found: dict[Key, Thing] = {}
        for one in self.snapshot.relations:
            if one.schema in names:
                named = Object(_RELATIONS.get(one.kind, "table"), names[one.schema], one.name)
                found["relation", one.oid] = Thing(named, one.owner, one.extension, one.opened)
        for routine in self.snapshot.routines:
            if routine.schema in names:
                kind = _ROUTINES.get(routine.kind, "function")
                named = Object(kind, names[routine.schema], routine.name, routine.arguments)
                found["routine", routine.oid] = Thing(
                    # Of the server's own only those that somebody granted are in the snapshot.
                    named, routine.owner, routine.extension, routine.opened or routine.oid < FIRST_USER_OID
                )  # fmt: skip
        for database in self.snapshot.databases:
            found["database", database.oid] = Thing(Object("database", "", database.name), database.owner, "")
        for other in self.snapshot.others:
            if not other.schema or other.schema in names:
                kind = _OTHERS.get(other.family, other.family)
                named = Object(kind, names.get(other.schema, ""), other.name, other.arguments)
                found[other.family, other.oid] = Thing(named, other.owner, other.extension)
        return found

    @cached_property
    def grants(self) -> Mapping[int, Sequence[Grant]]:
        """The grants to each role, and to PUBLIC."""
        found: dict[int, list[Grant]] = {}
        for grant in self.snapshot.grants:
            found.setdefault(grant.grantee, []).append(grant)
        return found

    @cached_property
    def owned(self) -> Mapping[int, Sequence[Thing]]:
        """What each role owns, of what is not as initdb made it."""
        found: dict[int, list[Thing]] = {}
        for (family, oid), thing in self.things.items():
            if family not in ("relation", "routine") or oid >= FIRST_USER_OID or thing.owner != BOOTSTRAP:
                found.setdefault(thing.owner, []).append(thing)
        return found

    @cached_property
    def uses(self) -> Mapping[tuple[int, str], Sequence[Use]]:
        """(relation, event) -> what its view's query or its rules do then."""
        found: dict[tuple[int, str], list[Use]] = {}
        for use in self.snapshot.uses:
            found.setdefault((use.view, use.event), []).append(use)
        return found

    def passed(self, view: int) -> tuple[str, ...]:
        """The changes of a view that reach the relation below it; all where the server could not say, but where a rule stands instead."""
        known = self._passed.get(view, ())
        events = ("INSERT", "UPDATE", "DELETE") if known is None else known
        return tuple(event for event in events if not any(one.instead for one in self.uses.get((view, event), ())))

    @cached_property
    def _passed(self) -> Mapping[int, tuple[str, ...] | None]:
        return {one.view: one.events for one in self.snapshot.updatables}

    @cached_property
    def ruled(self) -> Sequence[Relation]:
        """Views, and relations with rewrite rules."""
        ruled = {use.view for use in self.snapshot.uses}
        return [one for one in self.snapshot.relations if one.oid in ruled or one.kind == "v"]

    @cached_property
    def policies(self) -> Mapping[int, Sequence[Policy]]:
        """The policies of each relation."""
        found: dict[int, list[Policy]] = {}
        for policy in self.snapshot.policies:
            found.setdefault(policy.relation, []).append(policy)
        return found

    @cached_property
    def secured(self) -> Sequence[Relation]:
        """Relations with row-level security, or with policies without it."""
        return [one for one in self.snapshot.relations if one.row_security or one.oid in self.policies]

    def logs_in(self, role: int, server: str) -> bool:
        """Whether a role has a user mapping on a foreign server, its own or PUBLIC's: mappings are not inherited."""
        servers = {one.oid for one in self.snapshot.others if one.family == "server" and one.name == server}
        return any(one.server in servers and one.role in (role, PUBLIC) for one in self.snapshot.user_mappings)

    def place(self, database: str) -> Where:
        """Where a database of this server is."""
        server = self.snapshot.server
        found = {"database": database, "server": server.address or f"{server.host}:{server.port}"}
        return {**found, f"system identifier of {server.major}": server.identifier} if server.identifier else found

    def identity(self, role: int) -> str:
        """What a role goes on being called when it is renamed."""
        return f"{self._cluster}/{role}"

    def object_identity(self, object: Object | None) -> str:
        """The same of an object, within its database; of none, what is no object's. Empty for one that is not in the snapshot."""
        key = None if object is None else self._keys.get(object)
        if object is not None and key is None:
            return ""
        number = NOTHING if key is None else str(key[1]) if key[0] == "relation" else f"{key[0]} {key[1]}"
        return f"{self._cluster}/{self.snapshot.server.database_oid}/{number}"

    def identity_in_words(self, kind: str, schema: str, name: str) -> str:
        """The same of an object as a finding's details have it: a routine with its arguments."""
        if kind == "role":
            oid = self.roles.get(name)
            return "" if oid is None else self.identity(oid)
        object = self._in_words.get((kind, schema, name))
        return "" if object is None else self.object_identity(object)

    @cached_property
    def _in_words(self) -> Mapping[tuple[str, str, str], Object]:
        """As `wording.details` writes them."""
        return {
            (one.type, one.schema, one.name + (f"({one.arguments})" if one.sql.endswith(")") else "")): one
            for one in self._keys
        }

    @property
    def _cluster(self) -> str:
        identifier = self.snapshot.server.identifier
        return f"cluster {identifier}" if identifier else UNKNOWN

    @cached_property
    def _keys(self) -> Mapping[Object, Key]:
        return {thing.object: key for key, thing in self.things.items()}

    def judged_at(self, object: Object) -> Where:
        """Where another comparison judges rights on an object: another database's are also that one's own."""
        foreign = object.type == "database" and object.name != self.snapshot.server.database
        return self.place(object.name) if foreign else NOWHERE

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        """Every configuration parameter, in lower case, and its context."""
        return contexts(self.snapshot.parameters)

    @cached_property
    def _relations(self) -> Mapping[tuple[str, str], Relation]:
        names = self.schema_names
        return {(names[one.schema], one.name): one for one in self.snapshot.relations if one.schema in names}

    @cached_property
    def _routines(self) -> Mapping[tuple[str, str], list[Routine]]:
        found: dict[tuple[str, str], list[Routine]] = {}
        for one in self.snapshot.routines:
            found.setdefault((self.schema_names.get(one.schema, ""), one.name), []).append(one)
        return found

    @cached_property
    def _serials(self) -> Mapping[int, list[Serial]]:
        found: dict[int, list[Serial]] = {}
        for one in self.snapshot.serials:
            found.setdefault(one.relation, []).append(one)
        return found

    def object(self, key: Key) -> Object:
        """The name of an object.

        Raises:
            KeyError: there is none of that key.
        """
        return self.things[key].object

    def relation(self, schema: str, name: str) -> Relation | None:
        """A relation by its exact name."""
        return self._relations.get((schema, name))

    def toasted(self, object: Object) -> str:
        """The table whose long values a TOAST table holds; one of the system may not be in the snapshot."""
        relation = self.relation(object.schema, object.name)
        tables = [self.things.get(("relation", one)) for one in relation.parents] if relation is not None else []
        return ", ".join(one.object.sql for one in tables if one is not None) or "a table of the system"

    def routines(self, schema: str, name: str) -> Sequence[Routine]:
        """The routines of one name."""
        return self._routines.get((schema, name), ())

    def serials(self, relation: int) -> Sequence[Serial]:
        """The columns of a relation that draw on a sequence."""
        return self._serials.get(relation, ())

    def setting(self, role: int, name: str) -> str | None:
        """A setting as it is for a login of this role in this database: the most specific that is stored, if any."""
        return next((one.value for one in self.settings(role, name)), None)

    def settings(self, role: int, name: str) -> list[Setting]:
        """What is stored of a setting for a login of this role in this database, the one that counts first."""
        database = self.snapshot.server.database_oid
        known = {(one.role, one.database): one for one in self.snapshot.settings if one.name == name}
        scopes = ((role, database), (role, 0), (PUBLIC, database), (PUBLIC, 0))
        return [known[scope] for scope in scopes if scope in known]

    def search_path(self, role: str) -> tuple[str, ...]:
        """The schemas in which a login of this role looks for an unqualified name; those that do not exist are left out."""
        value = self.setting(self.roles.get(role, -1), "search_path")
        names = [
            found[1].replace('""', '"') if found[1] else found[2].lower()
            for found in _NAME.finditer(value or '"$user", public')
        ]
        named = [role if name == "$user" else name for name in names]
        return tuple(name for name in dict.fromkeys(named) if name in self.schemas)

    def path(self, oids: Path) -> tuple[str, ...]:
        """A path of roles by name."""
        return tuple(self.role_names.get(oid, str(oid)) for oid in oids)
