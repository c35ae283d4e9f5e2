"""Privileges in words, and the contract's details of them (DESIGN.md, section 5)."""

from collections.abc import Sequence
from functools import lru_cache

from linter.systems.postgresql.declared import RELATIONS
from linter.systems.postgresql.granted import SURE, Object, Reason, Source
from linter.systems.postgresql.names import quote
from linter.systems.postgresql.side import Side

READING = frozenset({"SELECT", "CONNECT", "TEMPORARY"})


def reading(privilege: str, object: Object) -> bool:
    """Whether a privilege changes nothing."""
    return privilege in READING or (privilege == "USAGE" and object.type in ("schema", "type", "language"))


def describe(privilege: str, object: Object, columns: Sequence[str] | None, *, other: bool = False) -> str:
    """A privilege in words: "UPDATE on 18 other columns of app.tickets"."""
    kind = "" if object.type in RELATIONS or object.type == "sequence" else f"{object.type} "
    if columns is None:
        return f"{privilege} on {kind}{object.sql}"
    word = "other " if other else ""
    noun = "column" if len(columns) == 1 else "columns"
    if len(columns) > 3:
        return f"{privilege} on {len(columns)} {word}{noun} of {object.sql}"
    return f"{privilege} on the {word}{noun} {', '.join(map(quote, columns))} of {object.sql}"


def details(
    side: Side, privilege: str, object: Object, columns: Sequence[str] | None, source: Source | None, bound: str = SURE
) -> dict[str, object]:
    """The contract's details (DESIGN.md, section 5)."""
    return {
        "privilege": privilege,
        "object_type": object.type,
        "schema": object.schema,
        "object": object.name + (f"({object.arguments})" if object.sql.endswith(")") else ""),
        "columns": None if columns is None else list(columns),
        "role": side.role,
        "via": list(path(source)) if source is not None else [side.role],
        "bound": bound,
    }


@lru_cache
def path(source: Source) -> tuple[str, ...]:
    """How a privilege is held, outermost first: roles, then the grant or the attribute."""
    end = "owner" if source.reason is Reason.OWNER else "superuser" if source.reason is Reason.SUPERUSER else ""
    if source.grantors:
        end = f"GRANT by {', '.join(source.grantors)}"
    steps = [*source.path, *(["PUBLIC"] if source.reason is Reason.PUBLIC else [])]
    return (*steps, end) if end else tuple(steps)


@lru_cache
def cause(source: Source) -> str:
    """The decision behind a privilege, which the text report groups by."""
    if source.reason is Reason.PUBLIC:
        return "granted to PUBLIC: every role has it"
    if len(source.path) > 1:
        return f"{source.path[0]} is a member of {' -> '.join(source.path[1:])}"
    return f"granted to {source.path[0]} itself" + (f" by {', '.join(source.grantors)}" if source.grantors else "")


def held_by(path: tuple[str, ...], otherwise: str) -> str:
    """The membership by which something is held, as a cause; else another one."""
    return f"{path[0]} is a member of {' -> '.join(path[1:])}" if len(path) > 1 else otherwise
