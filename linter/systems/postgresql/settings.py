"""Settings that a superuser stored for a login, and that give it what it could not set itself."""

from collections.abc import Iterator

from linter.systems.postgresql.granted import Power, PowerKind
from linter.systems.postgresql.index import Index
from linter.systems.postgresql.names import quote
from linter.systems.postgresql.rights import Rights
from linter.systems.postgresql.snapshot import PUBLIC, Setting

_LARGE_OBJECTS = "lo_compat_privileges"
_OPENS = "reads and writes every large object, whatever its ACL says: lo_compat_privileges is on"
_TRIGGERS = "session_replication_role"
_SILENCES = "sets off no ordinary trigger and no foreign key: session_replication_role is replica where it logs in"
_TRUE = tuple(
    word[:size] for word in ("on", "true", "yes", "1") for size in range(1, len(word) + 1) if word[:size] != "o"
)
"""How a boolean may be written (PostgreSQL manual, 19.1)."""


def stored(rights: Rights) -> Iterator[Power]:
    """What the settings of a role's login confer."""
    index = rights.index
    objects, triggers = index.settings(rights.role, _LARGE_OBJECTS), index.settings(rights.role, _TRIGGERS)
    if objects and objects[0].value.lower() in _TRUE:
        yield _power(index, rights.role, _OPENS, "\n".join(reset(index, one) for one in objects))
    elif not objects and index.snapshot.server.open_large_objects:
        yield _power(
            index, rights.role, _OPENS, f"ALTER SYSTEM RESET {_LARGE_OBJECTS}; -- or in the server's configuration file"
        )
    if triggers and triggers[0].value.lower() == "replica":
        yield _power(index, rights.role, _SILENCES, "\n".join(reset(index, one) for one in triggers))


def reset(index: Index, setting: Setting) -> str:
    """The statement that ends a setting."""
    database = quote(index.snapshot.server.database)
    if setting.role == PUBLIC:
        return (
            f"ALTER DATABASE {database} RESET {setting.name};"
            if setting.database
            else f"ALTER ROLE ALL RESET {setting.name};"
        )
    here = f" IN DATABASE {database}" if setting.database else ""
    return f"ALTER ROLE {quote(index.role_names[setting.role])}{here} RESET {setting.name};"


def _power(index: Index, role: int, confers: str, fix: str) -> Power:
    name = index.role_names[role]
    return Power(PowerKind.PREDEFINED, name, (name,), confers, fix)
