"""Reading one database's catalog into a snapshot: one read-only transaction, four or five round trips whatever its size."""

import re
from collections.abc import Collection, Iterable
from itertools import chain, starmap
from typing import Any

from linter.systems.postgresql import sql
from linter.systems.postgresql.connect import Limits, Session, Unavailable, session
from linter.systems.postgresql.parameters import HIDDEN
from linter.systems.postgresql.roles import Graph
from linter.systems.postgresql.snapshot import (
    FIRST_USER_OID,
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

LOGIN = "@login"
"""Stands for the role that the connection logs in as."""
_EVENTS = {"1": "SELECT", "2": "UPDATE", "3": "INSERT", "4": "DELETE"}
_CHECKED = ((1, "INSERT"), (2, "SELECT"), (4, "UPDATE"), (8, "DELETE"))
_FIRED = ((4, "INSERT"), (8, "DELETE"), (16, "UPDATE"), (32, "TRUNCATE"))
"""pg_trigger.tgtype's bits."""
_ROW = 1
_PASSED = ((8, "INSERT"), (4, "UPDATE"), (16, "DELETE"))
"""pg_relation_is_updatable()'s bits."""
_ACTIONS = {"c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
_COMMANDS = {"r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE", "*": "ALL"}


def scan(dsn: str, roles: Collection[str], *, limits: Limits = Limits()) -> Snapshot:  # noqa: B008 - immutable
    """What the catalog of the database says of these roles; those that do not exist are not in the snapshot.

    Raises:
        Unavailable: the server cannot be asked; the text is one sentence, without anything of the connection string.
    """
    with session(dsn, limits) as asked:
        return _read(asked, roles, limits)


def _read(asked: Session, names: Collection[str], limits: Limits) -> Snapshot:
    version = asked.version
    opening = sql.begin(round(limits.statement * 1000), round(limits.lock * 1000))
    server_rows, role_rows, member_rows, setting_rows, database_rows, owner_rows = asked.batch(
        opening + sql.cluster(version)
    )
    product, database, oid, login, taken, standby, open_large_objects, may_identify = server_rows[0]
    if not product.startswith("PostgreSQL "):
        raise Unavailable(f"{asked.place} is not a PostgreSQL: it calls itself {_word(product)}")
    roles = tuple(sorted(starmap(Role, role_rows)))
    memberships = tuple(sorted(starmap(Membership, member_rows)))
    databases = tuple(sorted(starmap(Database, database_rows)))
    owner = next(one.owner for one in databases if one.oid == oid)
    graph = Graph(version, owner, roles, memberships)
    wanted = {login if name == LOGIN else name for name in names}
    scanned = _concerned(graph, [role.oid for role in roles if role.name in wanted], [row[0] for row in owner_rows])
    identifier = (sql.IDENTIFIER,) if may_identify else ()
    tables = asked.batch((*sql.catalog(scanned, version), *identifier))
    (
        relations,
        inherited,
        keys,
        routines,
        others,
        grants,
        defaults,
        uses,
        triggers,
        cascades,
        policies,
        serials,
        parameters,
        event_triggers,
        user_mappings,
        members,
        *identifiers,
    ) = tables
    views = _changeable(relations, grants, {graph.roles[role].name for role in scanned})
    spelled, passed = _locking(asked, views, bool(policies))
    named = {row[0] for row in relations}
    unnamed = {oid for row in grants if row[0] == "relation" for oid in row[1]} - named
    used = {row[3] for row in uses if 0 < row[3] < FIRST_USER_OID} - named
    toasts, kept = asked.batch((sql.toast(sorted(unnamed)), sql.kept(sorted(used)), "COMMIT"))
    relations += kept
    for *row, columns, table, bare in toasts:
        relations.append((*row, False, False, False, False, columns))
        inherited.append((row[0], [table]))
        if bare:  # somebody granted columns of it alone: then the owner has the rest by default
            grants.append(("relation", [row[0]], "", row[4], row[4], "SELECT", False))
    key_of, parents_of = dict(keys), dict(inherited)
    extension = {(catalog, one): name for catalog, one, name, _ in members}
    opened = {(catalog, one) for catalog, one, _, more in members if more}
    return Snapshot(
        server=Server(
            version,
            asked.host,
            asked.port,
            database,
            oid,
            login,
            taken,
            standby,
            open_large_objects,
            asked.address,
            identifiers[0][0][0] if identifiers else "",
        ),
        scanned=tuple(sorted(scanned)),
        roles=roles,
        memberships=memberships,
        settings=tuple(sorted(starmap(Setting, setting_rows))),
        databases=databases,
        relations=tuple(
            Relation._make(
                (
                    *row[:9],
                    tuple(row[9]),
                    tuple(key_of.get(row[0], ())),
                    extension.get(("pg_class", row[0]), ""),
                    ("pg_class", row[0]) in opened,
                    tuple(parents_of.get(row[0], ())),
                )
            )
            for row in sorted(relations)
        ),
        routines=tuple(
            Routine._make(
                (*row, extension.get(("pg_proc", row[0]), ""), used, ("pg_proc", row[0]) in opened, tuple(steps))
            )
            for *row, used, steps in sorted(routines)
        ),
        others=tuple(
            Other._make((*row[:6], extension.get((_CATALOGS.get(row[0], ""), row[1]), ""), row[6]))
            for row in sorted(others)
        ),
        grants=tuple(Grant._make((family, tuple(oids), *rest)) for family, oids, *rest in grants),
        default_grants=tuple(sorted(starmap(DefaultGrant, defaults))),
        uses=tuple(
            sorted(
                Use(one, _EVENTS[event], rule, to, _bits(mask, _CHECKED), tuple(columns), instead)
                for one, event, rule, to, mask, columns, instead in uses
            )
        ),
        updatables=tuple(
            Updatable(view, None if passed is None else _bits(passed.get(view) or 0, _PASSED)) for view in views
        ),
        triggers=tuple(
            sorted(
                Trigger(one, name, routine, _bits(mask, _FIRED), bool(mask & _ROW))
                for one, name, routine, mask in triggers
            )
        ),
        cascades=tuple(
            sorted(
                Cascade._make((*row[:3], _ACTIONS.get(row[3], ""), _ACTIONS.get(row[4], ""), tuple(row[5]), row[6]))
                for row in cascades
            )
        ),
        policies=tuple(
            Policy(
                relation, name, permissive, _COMMANDS[command], tuple(to), *spelled.get((relation, name), (None, None))
            )
            for relation, name, permissive, command, to in sorted(policies, key=lambda row: row[:2])
        ),
        serials=tuple(sorted(starmap(Serial, serials))),
        parameters=tuple(sorted(Parameter(name, context) for name, context in parameters if name not in HIDDEN)),
        event_triggers=tuple(sorted(starmap(EventTrigger, event_triggers))),
        user_mappings=tuple(sorted(starmap(UserMapping, user_mappings))),
    )


_CATALOGS = {
    "schema": "pg_namespace",
    "type": "pg_type",
    "language": "pg_language",
    "fdw": "pg_foreign_data_wrapper",
    "server": "pg_foreign_server",
    **{family: catalog for family, catalog, *_ in sql.WITHOUT_ACL},
}


def _concerned(graph: Graph, roles: Iterable[int], owners: Iterable[int]) -> set[int]:
    """The roles whose grants matter: what the asked ones are or can become, and those as whom code runs."""
    found: set[int] = set()
    waiting = list(roles)
    while waiting:
        role = waiting.pop()
        if role not in found:
            found.add(role)
            waiting += chain(graph.memberships(role), graph.administered(role))
    for owner in owners:
        if owner in graph.roles:
            found |= graph.inherited(owner).keys()
    return found


def _changeable(relations: Iterable[tuple[Any, ...]], grants: Iterable[tuple[Any, ...]], roles: set[str]) -> list[int]:
    """The views that somebody concerned may change: their changes may pass through to the relation below."""
    views = {row[0] for row in relations if row[3] == "v"}
    if "pg_write_all_data" not in roles:
        changes = ("INSERT", "UPDATE", "DELETE")
        views &= {oid for row in grants if row[0] == "relation" and row[5] in changes for oid in row[1]}
    return sorted(views)


def _locking(
    asked: Session, views: list[int], policies: bool
) -> tuple[dict[tuple[int, str], tuple[str, str]], dict[int, int] | None]:
    """What the server tells only with a lock on the relation: policies' expressions, and which changes views pass on.

    Somebody may keep one locked for hours. Then neither is known, and the scan goes on.
    """
    if not policies and not views:
        return {}, {}
    import psycopg

    try:
        expressions, passed = asked.batch(("SAVEPOINT locking", sql.EXPRESSIONS, sql.updatable(views)))
    except psycopg.errors.LockNotAvailable:
        asked.batch(("ROLLBACK TO locking",))
        return {}, None
    return {(relation, name): (using, check) for relation, name, using, check in expressions}, dict(passed)


def _bits(mask: int, names: tuple[tuple[int, str], ...]) -> tuple[str, ...]:
    return tuple(name for bit, name in names if mask & bit)


def _word(product: str) -> str:
    found = re.match(r"[A-Za-z][\w.-]{0,30}", product)
    return found[0] if found else "something else"
