"""REVOKE of a membership, made exact: since 16 each grant of one is its grantor's own (GRANTED BY)."""

from collections.abc import Mapping

from linter.systems.postgresql.index import Index
from linter.systems.postgresql.names import quote

_BOOTSTRAP = 10
"""The superuser that initdb makes: a superuser's REVOKE without GRANTED BY takes its grant, and no other."""


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
        if known == [_BOOTSTRAP]:
            continue
        for option in ("", "ADMIN OPTION FOR ", "SET OPTION FOR "):
            head = f"REVOKE {option}{quote(index.role_names[granted])} FROM {quote(index.role_names[member])}"
            ends = [
                f"{head};" if one == _BOOTSTRAP else f"{head} GRANTED BY {quote(index.role_names[one])};"
                for one in known
                if one in index.role_names
            ]
            found[f"{head};"] = " ".join(ends)
    return found
