"""A manifest's resources from what a role holds: the least that covers it. What nobody should have by default is left to decide."""

from collections.abc import Iterator, Mapping

from linter.skeleton import Draft, Entry
from linter.systems.postgresql.declared import RELATIONS, ROUTINES
from linter.systems.postgresql.granted import Effective, Held, Object, Reason
from linter.systems.postgresql.index import Index
from linter.systems.postgresql.side import ordinary
from linter.systems.postgresql.wording import describe

_ACCESS = {
    frozenset({"SELECT"}): "read-only",
    frozenset({"INSERT", "UPDATE"}): "write",
    frozenset({"SELECT", "INSERT", "UPDATE"}): "read-write",
}
_PLAIN = frozenset({"SELECT", "INSERT", "UPDATE"})
"""What is declared of a relation. DELETE, TRUNCATE and the others are for a person to decide."""
_WORDS = {
    "sequence": {"SELECT": "select", "USAGE": "usage", "UPDATE": "update"},
    "schema": {"USAGE": "usage"},
    "database": {"TEMPORARY": "temporary"},
    "parameter": {"SET": "set"},
}


def draft(system: str, held: Effective, index: Index) -> Draft:
    """What a manifest of this role would say, and what has to be decided first."""
    granted = [one for one in held.held if not ordinary(one) and not _conferred(one)]
    entries: list[Entry] = []
    decisions: list[str] = []
    drawn: set[Object] = set()
    schemas: set[str] = set()
    for object, rights in _by_object(granted).items():
        if object.type in RELATIONS:
            found = list(_relation(system, object, rights, index))
            entries += found
            if any("INSERT" in rights[columns] for columns in rights):
                drawn |= _sequences(object, index)
        elif object.type in ROUTINES:
            entries.append(Entry(_name(system, object), "execute", (), {}))
        if object.schema and object.type != "sequence":
            schemas.add(object.schema)
        decisions += _undecided(object, rights)
    for object, rights in _by_object(granted).items():
        words = [_WORDS[object.type][one] for one in rights.get(None, ()) if one in _WORDS.get(object.type, {})]
        if object in drawn:
            words = [word for word in words if word != "usage"]
        if words and not (object.type == "schema" and object.name in schemas):
            entries.append(Entry(_name(system, object), "", tuple(words), {}))
    decisions += [f"{power.role}: {power.confers}" for power in held.powers]
    decisions += [f"it owns {one.object.type} {one.object.sql}" for one in held.owned]
    decisions += [f"it may grant {one.privilege} on {one.object.sql} to others" for one in granted if one.grantable]
    decisions += [f"it can become {one.role} ({one.how})" for one in held.reach if not one.inherited or one.gains]
    return Draft(tuple(entries), tuple(dict.fromkeys(decisions)), (system, held.role))


def _conferred(one: Held) -> bool:
    return all(source.reason is Reason.PREDEFINED for source in one.sources)


Rights = dict[tuple[str, ...] | None, list[str]]
"""Columns (None: the whole object) -> privileges."""


def _by_object(held: list[Held]) -> Mapping[Object, Rights]:
    whole = {(one.object, one.privilege) for one in held if one.columns is None}
    found: dict[Object, Rights] = {}
    for one in held:
        if one.columns is None or (one.object, one.privilege) not in whole:
            found.setdefault(one.object, {}).setdefault(one.columns, []).append(one.privilege)
    return found


def _name(system: str, object: Object) -> str:
    prefix = f"{object.type}:" if object.type in ("schema", "database", "parameter") else ""
    return f"{system}.{prefix}{object.sql}"


def _relation(system: str, object: Object, rights: Rights, index: Index) -> Iterator[Entry]:
    relation = index.relation(object.schema, object.name)
    known = relation.columns if relation is not None else ()
    for columns, privileges in rights.items():
        plain = [one for one in privileges if one in _PLAIN]
        if not plain:
            continue
        access = _ACCESS.get(frozenset(plain), "") if columns is None or plain == ["SELECT"] else ""
        words = () if access else tuple(one.lower() for one in plain)
        named = {} if columns is None else {"columns": [one for one in known if one in columns]}
        yield Entry(_name(system, object), access, words, named)


def _sequences(object: Object, index: Index) -> set[Object]:
    """The sequences that a serial's INSERT draws on: implied, so not declared."""
    relation = index.relation(object.schema, object.name)
    serials = index.serials(relation.oid) if relation is not None else ()
    return {index.object(("relation", one.sequence)) for one in serials}


def _undecided(object: Object, rights: Rights) -> Iterator[str]:
    kind = object.type
    for columns, privileges in rights.items():
        for privilege in privileges:
            plain = privilege in _PLAIN if kind in RELATIONS else kind in ROUTINES or privilege in _WORDS.get(kind, {})
            if not plain and (kind, privilege) != ("database", "CONNECT"):
                said = describe(privilege, object, columns)
                yield f"{said}: actions: [{privilege.lower()}]" if kind in RELATIONS else said
