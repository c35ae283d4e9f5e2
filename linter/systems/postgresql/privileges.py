"""Which privileges there are on what, and which of them everybody has without anybody's decision."""

from collections.abc import Sequence

TABLE = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
COLUMN = ("SELECT", "INSERT", "UPDATE", "REFERENCES")
SEQUENCE = ("USAGE", "SELECT", "UPDATE")
_FAMILIES = {
    "routine": ("EXECUTE",),
    "schema": ("USAGE", "CREATE"),
    "database": ("CREATE", "CONNECT", "TEMPORARY"),
    "type": ("USAGE",),
    "language": ("USAGE",),
    "fdw": ("USAGE",),
    "server": ("USAGE",),
    "tablespace": ("CREATE",),
    "parameter": ("SET", "ALTER SYSTEM"),
    "large object": ("SELECT", "UPDATE"),
}
_PUBLIC = frozenset(
    {
        ("routine", "EXECUTE"),
        ("type", "USAGE"),
        ("language", "USAGE"),
        ("database", "CONNECT"),
        ("database", "TEMPORARY"),
    }
)
"""What a NULL ACL gives to PUBLIC: acldefault()."""
_SYSTEM_SCHEMAS = frozenset({"public", "pg_catalog", "information_schema"})


def privileges(family: str, kind: str, version: int) -> Sequence[str]:
    """The privileges on an object of a family.

    Args:
        kind: of a relation, its relkind.
        version: server_version_num; MAINTAIN is there since 17.
    """
    if family != "relation":
        return _FAMILIES.get(family, ())
    if kind == "S":
        return SEQUENCE
    if kind == "t":
        return ("SELECT",)
    return (*TABLE, "MAINTAIN") if version >= 170000 else TABLE


def ordinary(family: str, name: str, privilege: str) -> bool:
    """Whether PUBLIC has it because PostgreSQL is so made: by the built-in default ACL, or, for schemas, by initdb."""
    if family == "schema":
        return privilege == "USAGE" and name in _SYSTEM_SCHEMAS
    return (family, privilege) in _PUBLIC
