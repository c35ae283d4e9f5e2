"""A snapshot as JSON and back (`--record`, `--live-from`)."""

from collections.abc import Callable, Iterator, Mapping
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from linter.systems.postgresql.snapshot import (
    Cascade,
    Database,
    DefaultGrant,
    EventTrigger,
    Grant,
    Membership,
    Other,
    Parameter,
    Policy,
    Relation,
    Role,
    Routine,
    Serial,
    Server,
    Setting,
    Snapshot,
    Trigger,
    Updatable,
    Use,
    UserMapping,
)


def to_json(snapshot: Snapshot) -> dict[str, Any]:
    """A snapshot as JSON can hold it: a table has its columns' names once, then its rows."""
    plain: dict[str, Any] = {"server": snapshot.server._asdict(), "scanned": list(snapshot.scanned)}
    for name, row in _TABLES.items():
        plain[name] = {"columns": list(row._fields), "rows": [list(one) for one in getattr(snapshot, name)]}
    return plain


def from_json(plain: Mapping[str, Any]) -> Snapshot:
    """What `to_json` wrote. Columns are found by name, and those that are not known are passed over.

    Raises:
        ValueError: it is not such a recording; the message is a clause that says where.
    """
    tables: dict[str, Any] = {}
    for name, noun in _TABLES.items():
        match plain.get(name):
            case {"columns": list(columns), "rows": list(rows)}:
                tables[name] = tuple(_rows(name, noun, columns, rows))
            case _:
                raise ValueError(f"its {name!r} is not a table of columns and rows")
    server, scanned = plain.get("server"), plain.get("scanned")
    if not isinstance(server, dict) or not isinstance(scanned, list) or not all(type(one) is int for one in scanned):
        raise ValueError("it does not say which server and which roles it is of")
    (row,) = _rows("server", Server, list(server), [list(server.values())])
    return Snapshot(server=row, scanned=tuple(scanned), **tables)


def _rows(name: str, noun: Any, columns: list[Any], rows: list[Any]) -> Iterator[Any]:
    """Rows of a recording as nouns, each value of the type that its field has."""
    hints = get_type_hints(noun)
    missing = [field for field in noun._fields if field not in columns and field not in noun._field_defaults]
    if missing:
        raise ValueError(f"its {name!r} has no {missing[0]!r}")
    fields = [field for field in noun._fields if field in columns]
    picks = [(columns.index(field), field, _check(hints[field])) for field in fields]
    for number, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != len(columns):
            raise ValueError(f"its {name!r} has a row of another length: number {number}")
        values = []
        for position, field, check in picks:
            value = row[position]
            if isinstance(value, list):
                value = tuple(value)
            if not check(value):
                raise ValueError(f"its {name!r} has a {field!r} of another type in row {number}")
            values.append(value)
        yield noun(**dict(zip(fields, values, strict=True))) if len(fields) < len(noun._fields) else noun(*values)


def _check(hint: Any) -> Callable[[Any], bool]:
    """Whether a value is of a field's type: str, int, bool, a tuple of one of them, or a union of such with None."""
    if get_origin(hint) is tuple:
        (item, _) = get_args(hint)
        return lambda value: type(value) is tuple and all(type(one) is item for one in value)
    if get_origin(hint) is UnionType:
        checks = [_check(one) for one in get_args(hint)]
        return lambda value: any(check(value) for check in checks)
    return lambda value: type(value) is hint


_TABLES: Mapping[str, Any] = {
    "roles": Role,
    "memberships": Membership,
    "settings": Setting,
    "databases": Database,
    "relations": Relation,
    "routines": Routine,
    "others": Other,
    "grants": Grant,
    "default_grants": DefaultGrant,
    "uses": Use,
    "updatables": Updatable,
    "triggers": Trigger,
    "cascades": Cascade,
    "policies": Policy,
    "serials": Serial,
    "parameters": Parameter,
    "event_triggers": EventTrigger,
    "user_mappings": UserMapping,
}
"""The tables of a snapshot, and what a row of each is."""
