"""The statements that end a difference. They are printed, and never run."""

from collections.abc import Mapping, Sequence

from linter.boxes import Names
from linter.systems.postgresql.granted import Held, Object, revoke
from linter.systems.postgresql.index import Index
from linter.systems.postgresql.names import quote
from linter.systems.postgresql.side import Side, decided, listed
from linter.systems.postgresql.snapshot import BOOTSTRAP


def fixes(side: Side, object: Object, held: Sequence[Held], columns: list[str] | None, agreed: Names | None) -> str:
    """The statements that end an excess and leave what is agreed; each way in which it is held needs its own."""
    statements: list[str] = []
    narrowed = False
    for one in held:
        ended = one
        if one.columns is not None and columns is not None:
            within = tuple(name for name in one.columns if name in columns)
            if not within:
                continue
            ended = one._replace(columns=within)
        statements += [revoke(ended, source) for source in decided(one)]
        narrowed = narrowed or one.columns is None or any(len(source.path) > 1 for source in one.sources)
    if narrowed and columns is not None and agreed is not None:
        kept = listed(agreed, side.columns(object))
        if kept:
            statements.append(grant(held[0].privilege, object, kept, side.role))
    return "\n".join(dict.fromkeys(statements))


def grant(privilege: str, object: Object, columns: Sequence[str] | None, role: str) -> str:
    """The GRANT of one privilege."""
    limit = f" ({', '.join(map(quote, columns))})" if columns is not None else ""
    return f"GRANT {privilege}{limit} ON {object.on} TO {quote(role)};"


def exact(index: Index, role: str) -> Mapping[str, str]:
    """Statement -> the statements that do what it says, for the memberships of a role that somebody else granted."""
    if index.version < 160000:
        return {}
    grantors: dict[tuple[int, int], list[int]] = {}
    concerned = index.graph.memberships(index.roles[role])
    for one in index.snapshot.memberships if len(concerned) > 1 else ():
        if one.member in concerned:
            grantors.setdefault((one.role, one.member), []).append(one.grantor)
    found = {}
    for (granted, member), known in grantors.items():
        if known == [BOOTSTRAP]:  # whose grant a superuser's REVOKE without GRANTED BY takes, and no other
            continue
        for option in ("", "ADMIN OPTION FOR ", "SET OPTION FOR "):
            head = f"REVOKE {option}{quote(index.role_names[granted])} FROM {quote(index.role_names[member])}"
            ends = [
                f"{head};" if one == BOOTSTRAP else f"{head} GRANTED BY {quote(index.role_names[one])};"
                for one in known
                if one in index.role_names
            ]
            found[f"{head};"] = " ".join(ends)
    return found
