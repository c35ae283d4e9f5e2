"""Rights that no manifest can bound: attributes, and membership in roles that the server, or a provider, gives a meaning."""

from collections.abc import Iterator
from typing import NamedTuple

from linter.systems.postgresql.granted import Power, PowerKind, leave
from linter.systems.postgresql.index import Index
from linter.systems.postgresql.names import quote
from linter.systems.postgresql.rights import Rights
from linter.systems.postgresql.roles import DATABASE_OWNER
from linter.systems.postgresql.snapshot import Role

ATTRIBUTES = (
    ("superuser", PowerKind.SUPERUSER, "is a superuser: no check applies to it", "NOSUPERUSER"),
    ("bypass_rls", PowerKind.BYPASS_RLS, "passes every row-level security policy", "NOBYPASSRLS"),
    ("create_role", PowerKind.CREATE_ROLE, "creates, alters and drops roles", "NOCREATEROLE"),
    ("create_db", PowerKind.CREATE_DB, "creates databases", "NOCREATEDB"),
    ("replication", PowerKind.REPLICATION, "reads every row of every database through the write-ahead log", "NOREPLICATION"),
)  # fmt: skip
"""Field of `Role`, kind, what it allows, and the word that ends it. None of them is inherited."""


class _Meaning(NamedTuple):
    kind: PowerKind
    confers: str


def _is(kind: PowerKind, confers: str) -> _Meaning:
    return _Meaning(kind, confers)


_ROLES = {
    "pg_execute_server_program": _is(PowerKind.SUPERUSER, "runs programs on the server, and so is a superuser in effect"),
    "pg_read_server_files": _is(PowerKind.SUPERUSER, "reads every file that the server can read, and so is a superuser in effect"),
    "pg_write_server_files": _is(PowerKind.SUPERUSER, "writes every file that the server can write, and so is a superuser in effect"),
    "pg_read_all_data": _is(PowerKind.PREDEFINED, "reads every table, view and sequence, password hashes included"),
    "pg_write_all_data": _is(PowerKind.PREDEFINED, "inserts, updates and deletes in every table and view"),
    "pg_monitor": _is(PowerKind.PREDEFINED, "reads settings and statistics, other sessions' statements included"),
    "pg_read_all_settings": _is(PowerKind.PREDEFINED, "reads every setting"),
    "pg_read_all_stats": _is(PowerKind.PREDEFINED, "reads statistics, other sessions' statements included"),
    "pg_stat_scan_tables": _is(PowerKind.PREDEFINED, "runs monitoring functions that lock tables for long"),
    "pg_signal_backend": _is(PowerKind.PREDEFINED, "cancels and ends other roles' sessions"),
    "pg_signal_autovacuum_worker": _is(PowerKind.PREDEFINED, "cancels autovacuum"),
    "pg_checkpoint": _is(PowerKind.PREDEFINED, "forces checkpoints"),
    "pg_maintain": _is(PowerKind.PREDEFINED, "runs VACUUM, REINDEX, CLUSTER and LOCK on every table"),
    "pg_use_reserved_connections": _is(PowerKind.PREDEFINED, "takes connections that are reserved"),
    "pg_create_subscription": _is(PowerKind.PREDEFINED, "creates subscriptions, which connect to other servers"),
    "rds_superuser": _is(PowerKind.SUPERUSER, "is Amazon RDS's administrator: it manages roles, extensions, settings and replication"),
    "rds_replication": _is(PowerKind.REPLICATION, "may replicate on Amazon RDS: it reads every row through the write-ahead log"),
    "rds_password": _is(PowerKind.PREDEFINED, "manages passwords on Amazon RDS"),
    "cloudsqlsuperuser": _is(PowerKind.SUPERUSER, "is Google Cloud SQL's administrator: it creates roles, databases and extensions"),
    "alloydbsuperuser": _is(PowerKind.SUPERUSER, "is Google AlloyDB's administrator: it creates roles, databases and extensions"),
    "azure_pg_admin": _is(PowerKind.SUPERUSER, "is Azure's administrator: it creates roles, databases and extensions"),
}  # fmt: skip
"""Predefined roles (PostgreSQL's documentation, chapter "Predefined Roles", 13 to 18), and managed services' own."""


def powers(rights: Rights) -> Iterator[Power]:
    """The role's own attributes, then what its memberships confer."""
    index = rights.index
    role = index.graph.roles[rights.role]
    for field, kind, confers, word in ATTRIBUTES:
        if getattr(role, field):
            yield Power(kind, role.name, (role.name,), confers, f"ALTER ROLE {quote(role.name)} {word};")
    if not role.superuser:
        yield from conferred(index, role)


def conferred(index: Index, role: Role) -> Iterator[Power]:
    """What a role's memberships in predefined and managed roles confer."""
    # Before 15 the server asked for membership of most predefined roles, inherited or not; since then for inheritance.
    graph = index.graph
    found = graph.inherited(role.oid) if index.version >= 150000 else graph.memberships(role.oid)
    for oid, path in found.items():
        meaning = _meaning(index.role_names[oid])
        if meaning is not None:
            names = index.path(path)
            fix = leave(names) if len(names) > 1 else f"choose another role than {quote(role.name)}"
            yield Power(meaning.kind, names[-1], names, meaning.confers, fix)


def _meaning(name: str) -> _Meaning | None:
    """What a role's name stands for to the server or a provider. Names that begin so are the server's: nobody else can take one."""
    unknown = _is(PowerKind.PREDEFINED, "has what PostgreSQL gives to it by name, which this permlint does not know")
    return _ROLES.get(name, unknown if name.startswith("pg_") and name != DATABASE_OWNER else None)


def gains(role: Role) -> tuple[str, ...]:
    """What acting as a role adds that membership does not confer."""
    return tuple(str(kind) for field, kind, _, _ in ATTRIBUTES if getattr(role, field))
