"""`--self-check`: PostgreSQL is asked with has_*_privilege, by OID, and any other answer than ours is permlint's own bug."""

# ruff: noqa: S608 - all that is put into a statement is written here, but for numbers

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from linter.systems.postgresql import sql
from linter.systems.postgresql.connect import Limits, session
from linter.systems.postgresql.granted import Effective
from linter.systems.postgresql.index import Index
from linter.systems.postgresql.privileges import COLUMN, privileges
from linter.systems.postgresql.snapshot import FIRST_USER_OID, Snapshot

_FUNCTIONS = {
    "routine": "has_function_privilege",
    "schema": "has_schema_privilege",
    "database": "has_database_privilege",
    "type": "has_type_privilege",
    "language": "has_language_privilege",
    "fdw": "has_foreign_data_wrapper_privilege",
    "server": "has_server_privilege",
    "tablespace": "has_tablespace_privilege",
    "large object": "has_largeobject_privilege",
}


class _Answer(NamedTuple):
    family: str
    oid: int
    column: str
    privilege: str


def disagreements(dsn: str, snapshot: Snapshot, effective: Effective, *, limits: Limits = Limits()) -> tuple[str, ...]:  # noqa: B008 - immutable
    """What PostgreSQL says otherwise, a sentence each. What changed since the snapshot disagrees too, and says so.

    Raises:
        Unavailable: the server cannot be asked.
    """
    index = Index(snapshot)
    with session(dsn, limits) as asked:
        opening = sql.begin(round(limits.statement * 1000), round(limits.lock * 1000))
        (rows,) = asked.batch((*opening, " UNION ALL ".join(_questions(index, index.roles[effective.role])), "COMMIT"))
    theirs = {_Answer(*row) for row in rows}
    ours = set(_ours(index, effective))
    names = {key: thing.object.sql for key, thing in index.things.items()}
    found = []
    for answer in sorted(ours ^ theirs):
        on = names.get((answer.family, answer.oid), str(answer.oid))
        column = f" (column {answer.column})" if answer.column else ""
        says = "does not say so" if answer in ours else "says that it has it, and permlint does not"
        found.append(f"{answer.privilege} on {on}{column}: PostgreSQL {says}")
    return tuple(found)


def _questions(index: Index, role: int) -> Iterator[str]:
    """One SELECT for each family and set of privileges; an object that is gone meanwhile answers NULL, which is no."""
    version = index.version
    users = [one for one in index.relations.values() if one.oid >= FIRST_USER_OID]
    tables = [one.oid for one in users if one.kind not in ("S", "t")]
    toast = [one.oid for one in users if one.kind == "t"]
    sequences = [one.oid for one in index.relations.values() if one.kind == "S"]
    yield _ask("relation", "has_table_privilege", role, tables, privileges("relation", "r", version))
    yield _ask("relation", "has_table_privilege", role, toast, privileges("relation", "t", version))
    yield _ask("relation", "has_sequence_privilege", role, sequences, privileges("relation", "S", version))
    yield (
        f"SELECT 'relation', a.attrelid, a.attname::text, p FROM unnest({_array((*tables, *toast))}) o "
        f"JOIN pg_attribute a ON a.attrelid = o AND a.attnum > 0 AND NOT a.attisdropped, unnest({_words(COLUMN)}) p "
        f"WHERE NOT has_table_privilege({role}::oid, a.attrelid, p) "
        f"AND has_column_privilege({role}::oid, a.attrelid, a.attnum, p)"
    )
    families: dict[str, list[int]] = {}
    for family, oid in index.things:
        if family in _FUNCTIONS and not (family == "routine" and oid < FIRST_USER_OID):
            families.setdefault(family, []).append(oid)
    if version < 180000:
        families.pop("large object", None)
    for family, oids in families.items():
        yield _ask(family, _FUNCTIONS[family], role, oids, privileges(family, "", version))
    if version >= 150000:
        yield (
            f"SELECT 'parameter', o.oid, '', p FROM pg_parameter_acl o, unnest({_words(privileges('parameter', '', version))}) p "
            f"WHERE has_parameter_privilege({role}::oid, o.parname, p)"
        )


def _ask(family: str, function: str, role: int, oids: Iterable[int], words: Iterable[str]) -> str:
    return (
        f"SELECT '{family}', o, '', p FROM unnest({_array(oids)}) o, unnest({_words(words)}) p "
        f"WHERE {function}({role}::oid, o, p)"
    )


def _array(oids: Iterable[int]) -> str:
    return f"'{{{','.join(str(int(oid)) for oid in oids)}}}'::oid[]"


def _words(words: Iterable[str]) -> str:
    return "ARRAY[" + ", ".join(f"'{word}'" for word in words) + "]"


def _ours(index: Index, effective: Effective) -> Iterator[_Answer]:
    """The effective set in the same terms: a column only where the whole is not held."""
    keys = {thing.object: key for key, thing in index.things.items()}
    whole = {(one.object, one.privilege) for one in effective.held if one.columns is None}
    for held in effective.held:
        family, oid = keys[held.object]
        if family in ("relation", "routine") and oid < FIRST_USER_OID:
            continue
        if family == "large object" and index.version < 180000:
            continue
        if held.columns is None:
            yield _Answer(family, oid, "", held.privilege)
        elif (held.object, held.privilege) not in whole:
            known = index.relations[oid].columns
            for column in held.columns:
                if column in known:  # a system column's ACL is not asked about
                    yield _Answer(family, oid, column, held.privilege)
