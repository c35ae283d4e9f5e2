"""A declared name to the objects that it means in one database: DESIGN.md, section 3.

Forms: `[schema.]relation`, `schema.*`, `*`, `schema.function(types)`, `schema:NAME`, `database:NAME`, `parameter:NAME`;
identifiers as SQL reads them: folded to lower case unless in double quotes.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from linter.patterns import Pattern
from linter.systems.postgresql.granted import Object
from linter.systems.postgresql.index import Index
from linter.systems.postgresql.names import qualified, quote
from linter.systems.postgresql.snapshot import Relation, Routine

SYSTEM_SCHEMAS = Pattern(r"pg_catalog|information_schema|pg_toast.*|pg_temp.*")
"""Schemas that `*` does not mean."""


class Named(NamedTuple):
    """What a declared name means."""

    objects: tuple[Object, ...]
    schemas: tuple[str, ...] = ()
    """The schemas that a wildcard covers, objects to come included; none for a single object. With the empty one: also
    schemas to come, and what is in none."""


class NoSuch(Exception):
    """Nothing in the database is called so: what was looked for, and the nearest name as SQL writes it, or empty."""

    def __init__(self, what: str, nearest: str) -> None:
        super().__init__(what)
        self.what, self.nearest = what, nearest


def identifier(written: str) -> str:
    """An identifier as SQL reads it: in double quotes as it is, else in lower case."""
    text = written.strip()
    if len(text) > 1 and text[0] == '"' == text[-1]:
        return text[1:-1].replace('""', '"')
    return text.lower()


def resolve(segments: Sequence[str], index: Index, search_path: Sequence[str], schemas: Sequence[str]) -> Named:
    """The objects of a declared name.

    Args:
        search_path: the schemas in which an unqualified name is looked for, in order.
        schemas: those that a name of the whole system means; none: all but the system's.

    Raises:
        NoSuch: there is nothing of this name.
    """
    if not segments or tuple(segments) == ("*",):
        return _whole(index, schemas)
    prefix, colon, rest = segments[0].partition(":")
    if colon and prefix.lower() in ("schema", "database", "parameter"):
        return _prefixed(prefix.lower(), ".".join([rest, *segments[1:]]), index)
    if segments[-1] == "*" and len(segments) == 2:
        schema = identifier(segments[0])
        if schema not in index.schemas:
            raise NoSuch(f"schema {quote(schema)}", nearest_name(schema, index.schemas))
        return _everything(index, (schema,))
    if len(segments) > 2:
        raise NoSuch(f"{'.'.join(segments)} (a name is SCHEMA.OBJECT)", "")
    schema_given = identifier(segments[0]) if len(segments) == 2 else None
    if schema_given is not None and schema_given not in index.schemas:
        raise NoSuch(f"schema {quote(schema_given)}", nearest_name(schema_given, index.schemas))
    places = (schema_given,) if schema_given is not None else search_path
    name, bracket, arguments = segments[-1].partition("(")
    if bracket:
        return _routine(identifier(name), arguments.rstrip().removesuffix(")"), places, index)
    for schema in places:
        relation = index.relation(schema, identifier(name))
        if relation is not None:
            return Named((index.object(("relation", relation.oid)),))
    written = qualified(schema_given or "", identifier(name))
    raise NoSuch(f"{written}", _nearest_relation(identifier(name), schema_given, index))


def _everything(index: Index, schemas: Sequence[str]) -> Named:
    names = tuple(schemas) or tuple(name for name in index.schemas if not SYSTEM_SCHEMAS.fullmatch(name))
    for name in names:
        if name not in index.schemas:
            raise NoSuch(f"schema {quote(name)}", nearest_name(name, index.schemas))
    wanted = {index.schemas[name] for name in names}
    snapshot = index.snapshot
    relations = [index.object(("relation", one.oid)) for one in snapshot.relations if one.schema in wanted]
    routines = [index.object(("routine", one.oid)) for one in snapshot.routines if one.schema in wanted]
    return Named((*relations, *routines), names)


def _whole(index: Index, schemas: Sequence[str]) -> Named:
    named = _everything(index, schemas)
    return named if schemas else named._replace(schemas=("", *named.schemas))


def _prefixed(prefix: str, written: str, index: Index) -> Named:
    name = identifier(written)
    if prefix == "schema":
        if name not in index.schemas:
            raise NoSuch(f"schema {quote(name)}", nearest_name(name, index.schemas))
        return Named((index.object(("schema", index.schemas[name])),))
    if prefix == "parameter":
        known = index.parameters
        name = name.lower()  # whatever the quotes: such names have no case
        if name not in known and "." not in name:
            raise NoSuch(f"parameter {quote(name)}", nearest_name(name, known))
        return Named((Object("parameter", "", name),))
    server = index.snapshot.server
    if name == server.database:
        return Named((index.object(("database", server.database_oid)),))
    databases = [one.name for one in index.snapshot.databases]
    if name in databases:
        raise NoSuch(f"database {quote(name)} in this connection, which is to {quote(server.database)}", "")
    raise NoSuch(f"database {quote(name)}", nearest_name(name, databases))


def _routine(name: str, arguments: str, places: Iterable[str], index: Index) -> Named:
    wanted = [_type(one) for one in arguments.split(",")] if arguments.strip() else []
    overloads: list[Routine] = []
    for schema in places:
        overloads += index.routines(schema, name)
    for one in overloads:
        if [_type(part) for part in one.arguments.split(",") if part.strip()] == wanted:
            return Named((index.object(("routine", one.oid)),))
    if overloads:
        nearest = index.object(("routine", overloads[0].oid)).sql
    else:
        known = {one.name: one for one in index.snapshot.routines}
        close = get_close_matches(name, known, 1, 0.6)
        nearest = index.object(("routine", known[close[0]].oid)).sql if close else ""
    raise NoSuch(f"{quote(name)}({arguments.strip()})", nearest)


_ALIASES = {
    "int": "integer",
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "bool": "boolean",
    "float4": "real",
    "float8": "double precision",
    "float": "double precision",
    "decimal": "numeric",
    "varchar": "character varying",
    "char": "character",
    "bpchar": "character",
    "varbit": "bit varying",
    "timestamp": "timestamp without time zone",
    "timestamptz": "timestamp with time zone",
    "time": "time without time zone",
    "timetz": "time with time zone",
}
"""Other spellings of SQL's types (PostgreSQL manual, table 8.1)."""


def _type(written: str) -> str:
    """A type's name as the catalog prints it: folded, without its modifiers, an alias as what it stands for."""
    text = " ".join(written.split())
    array = ""
    while text.endswith("[]"):
        text, array = text[:-2].rstrip(), array + "[]"
    text = text.removeprefix("pg_catalog.")
    if '"' not in text:
        text = text.lower()
    return _ALIASES.get(text, text) + array


def nearest_name(name: str, known: Iterable[str]) -> str:
    """The name that a misspelt one means, as SQL writes it, or empty."""
    close = get_close_matches(name, [one for one in known if not SYSTEM_SCHEMAS.fullmatch(one)], 1, 0.6)
    return quote(close[0]) if close else ""


def _nearest_relation(name: str, schema: str | None, index: Index) -> str:
    """The relation that a name means: the same name elsewhere or in other case, else a similar one, near ones first."""
    names = {oid: one for one, oid in index.schemas.items()}
    candidates: dict[str, list[Relation]] = {}
    for relation in index.snapshot.relations:
        if not SYSTEM_SCHEMAS.fullmatch(names.get(relation.schema, "pg_catalog")):
            candidates.setdefault(relation.name.lower(), []).append(relation)
    close = get_close_matches(name.lower(), candidates, 3, 0.6)
    found = [relation for one in close for relation in candidates[one]]
    inside = [one for one in found if names[one.schema] == schema]
    best = next(iter(inside or found), None)
    return index.object(("relation", best.oid)).sql if best else ""


def nearest_column(name: str, columns: Iterable[str]) -> str:
    """The column that a misspelt name means, as SQL writes it, or empty."""
    known = list(columns)
    close = [one for one in known if one.lower() == name.lower()] or get_close_matches(name, known, 1, 0.6)
    return quote(close[0]) if close else ""
