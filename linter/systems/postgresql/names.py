"""PostgreSQL identifiers as SQL writes them."""

from functools import lru_cache

from linter.patterns import Pattern

_PLAIN = Pattern(r"[a-z_][a-z0-9_$]*")
_RESERVED = frozenset(
    "all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast "
    "char character check coalesce collate collation column concurrently constraint create cross current_catalog "
    "current_date current_role current_schema current_time current_timestamp current_user dec decimal default "
    "deferrable desc distinct do else end except exists extract false fetch float for foreign freeze from full grant "
    "greatest group grouping having ilike in initially inner inout int integer intersect interval into is isnull join "
    "json json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar json_serialize "
    "json_table json_value lateral leading least left like limit localtime localtimestamp merge_action national natural "
    "nchar none normalize not notnull null nullif numeric offset on only or order out outer overlaps overlay placing "
    "position precision primary public real references returning right row select session_user setof similar smallint "
    "some substring symmetric system_user table tablesample then time timestamp to trailing treat trim true union "
    "unique user using values varchar variadic verbose when where window with xmlattributes xmlconcat xmlelement "
    "xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable".split()
) - {"public"}
"""Keywords of every category but "unreserved" (pg_get_keywords(), versions 13 to 18)."""


@lru_cache(maxsize=1 << 16)
def quote(name: str) -> str:
    """An identifier, in double quotes unless SQL reads it the same without; always one line of what can be printed.

    A line break in a name must not end a comment in which it stands, so it is spelled U&"\\+00000a".
    """
    if _PLAIN.fullmatch(name) and name not in _RESERVED:
        return name
    doubled = name.replace('"', '""')
    if name.isprintable():
        return f'"{doubled}"'
    escaped = doubled.replace("\\", "\\\\")
    return 'U&"' + "".join(one if one.isprintable() else f"\\+{ord(one):06x}" for one in escaped) + '"'


def qualified(schema: str, name: str) -> str:
    """`schema.name`, each quoted where needed; without a schema the name alone."""
    return f"{quote(schema)}.{quote(name)}" if schema else quote(name)
