"""Reading one database's catalog into a snapshot: one read-only transaction, four or five round trips whatever its size."""

import re
from collections.abc import Collection, Iterable
from itertools import chain, starmap
from typing import Any

from linter.systems.postgresql import sql
from linter.systems.postgresql.connect import Limits, Session, Unavailable, session
from linter.systems.postgresql.roles import Graph
from linter.systems.postgresql.snapshot import (
    Cascade,
    Database,
    DefaultGrant,
    Grant,
    Membership,
    Other,
    Policy,
    Relation,
    Role,
    Routine,
    Serial,
    Server,
    Setting,
    Snapshot,
    Trigger,
    Use,
)

LOGIN = "@login"
"""Stands for the role that the connection logs in as."""
_EVENTS = {"1": "SELECT", "2": "UPDATE", "3": "INSERT", "4": "DELETE"}
_CHECKED = ((1, "INSERT"), (2, "SELECT"), (4, "UPDATE"), (8, "DELETE"))
_FIRED = ((4, "INSERT"), (8, "DELETE"), (16, "UPDATE"), (32, "TRUNCATE"))
"""pg_trigger.tgtype's bits."""
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
    product, database, oid, login, taken, standby, open_large_objects = server_rows[0]
    if not product.startswith("PostgreSQL "):
        raise Unavailable(f"{asked.place} is not a PostgreSQL: it calls itself {_word(product)}")
    roles = tuple(sorted(starmap(Role, role_rows)))
    memberships = tuple(sorted(starmap(Membership, member_rows)))
    databases = tuple(sorted(starmap(Database, database_rows)))
    owner = next(one.owner for one in databases if one.oid == oid)
    graph = Graph(version, owner, roles, memberships)
    wanted = {login if name == LOGIN else name for name in names}
    scanned = _concerned(graph, [role.oid for role in roles if role.name in wanted], [row[0] for row in owner_rows])
    tables = asked.batch(sql.catalog(scanned, version))
    keys = dict(tables[1])
    extensions = {(catalog, one): name for catalog, one, name in tables[11]}
    policies = _policies(asked, tables[9])
    asked.batch(("COMMIT",))
    return Snapshot(
        server=Server(version, asked.host, asked.port, database, oid, login, taken, standby, open_large_objects),
        scanned=tuple(sorted(scanned)),
        roles=roles,
        memberships=memberships,
        settings=tuple(sorted(starmap(Setting, setting_rows))),
        databases=databases,
        relations=tuple(
            Relation(
                *row[:8], extensions.get(("pg_class", row[0]), ""), row[9], tuple(row[10]), tuple(keys.get(row[0], ()))
            )
            for row in tables[0]
        ),
        routines=tuple(Routine(*row[:9], extensions.get(("pg_proc", row[0]), "")) for row in tables[2]),
        others=tuple(
            Other(*row[:5], extensions.get((_CATALOGS.get(row[0], ""), row[1]), ""), row[5]) for row in tables[3]
        ),
        grants=tuple(starmap(Grant, tables[4])),
        default_grants=tuple(sorted(starmap(DefaultGrant, tables[5]))),
        uses=tuple(
            sorted(
                Use(one, _EVENTS[event], rule, other, _bits(mask, _CHECKED))
                for one, event, rule, other, mask in tables[6]
            )
        ),
        triggers=tuple(
            sorted(Trigger(one, name, routine, _bits(mask, _FIRED)) for one, name, routine, mask in tables[7])
        ),
        cascades=tuple(
            sorted(Cascade(*row[:3], _ACTIONS.get(row[3], ""), _ACTIONS.get(row[4], "")) for row in tables[8])
        ),
        policies=policies,
        serials=tuple(sorted(starmap(Serial, tables[10]))),
    )


_CATALOGS = {"schema": "pg_namespace", "type": "pg_type", "language": "pg_language", "fdw": "pg_foreign_data_wrapper", "server": "pg_foreign_server"}  # fmt: skip


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


def _policies(asked: Session, rows: list[tuple[Any, ...]]) -> tuple[Policy, ...]:
    """Policies, with their expressions unless somebody keeps one of their relations locked: spelling out needs a lock."""
    if not rows:
        return ()
    import psycopg

    spelled: dict[tuple[int, str], tuple[str, str]] = {}
    try:
        (expressions,) = asked.batch(("SAVEPOINT expressions", sql.EXPRESSIONS))
        spelled = {(row[0], row[1]): (row[2], row[3]) for row in expressions}
    except psycopg.errors.LockNotAvailable:
        asked.batch(("ROLLBACK TO expressions",))
    return tuple(
        sorted(
            (
                Policy(
                    relation,
                    name,
                    permissive,
                    _COMMANDS[command],
                    tuple(roles),
                    *spelled.get((relation, name), (None, None)),
                )
                for relation, name, permissive, command, roles in rows
            ),
            key=lambda one: (one.relation, one.name),
        )
    )


def _bits(mask: int, names: tuple[tuple[int, str], ...]) -> tuple[str, ...]:
    return tuple(name for bit, name in names if mask & bit)


def _word(product: str) -> str:
    found = re.match(r"[A-Za-z][\w.-]{0,30}", product)
    return found[0] if found else "something else"
