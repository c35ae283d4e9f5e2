"""Who can act as whom: inheritance, SET ROLE, and the right to hand out membership. Breadth-first, so each role has its shortest path."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence

from linter.systems.postgresql.snapshot import Membership, Role

Path = tuple[int, ...]
"""Roles from the one asked about to the one reached, both included."""

DATABASE_OWNER = "pg_database_owner"
"""14 and later: its one member is the owner of the current database, without a row in pg_auth_members."""


class Graph:
    """The memberships of one server, as one database sees them.

    Args:
        version: server_version_num.
        owner: the owner of the database.
    """

    def __init__(self, version: int, owner: int, roles: Sequence[Role], memberships: Iterable[Membership]) -> None:
        self.version = version
        self.roles: Mapping[int, Role] = {role.oid: role for role in roles}
        self._inherit: dict[int, list[int]] = {}
        self._set: dict[int, list[int]] = {}
        self._member: dict[int, list[int]] = {}
        self._admin: dict[int, list[int]] = {}
        self._searched: dict[tuple[str, int], dict[int, Path]] = {}
        for row in sorted(memberships, key=lambda one: (one.member, one.role, one.grantor)):
            if row.member not in self.roles or row.role not in self.roles:
                continue
            _add(self._member, row.member, row.role)
            # Since 16 each grant has its own options; before, the member's attribute decides at the time of use.
            inherits = self.roles[row.member].inherit if row.inherit is None else row.inherit
            if inherits:
                _add(self._inherit, row.member, row.role)
            if row.set is None or row.set:
                _add(self._set, row.member, row.role)
            if row.admin:
                _add(self._admin, row.member, row.role)
        implicit = [role.oid for role in roles if role.name == DATABASE_OWNER]
        for role in implicit if owner in self.roles else ():
            _add(self._member, owner, role)
            _add(self._set, owner, role)
            if version >= 160000 or self.roles[owner].inherit:
                _add(self._inherit, owner, role)

    def inherited(self, role: int) -> Mapping[int, Path]:
        """The roles whose privileges are in effect for a role, itself first. A superuser inherits no more than others."""
        return self._search("inherit", role, self._inherit)

    def settable(self, role: int) -> Mapping[int, Path]:
        """The roles that a session of this role can SET ROLE to by membership, itself first."""
        return self._search("set", role, self._set)

    def memberships(self, role: int) -> Mapping[int, Path]:
        """The roles that a role is a member of in any way, itself first."""
        return self._search("member", role, self._member)

    def members(self, role: int) -> frozenset[int]:
        """The roles that are members of a role in any way, without itself."""
        return frozenset(one for one in self.roles if one != role and role in self.memberships(one))

    def administered(self, role: int) -> Mapping[int, Path]:
        """The roles whose membership a role can hand out by ADMIN OPTION, each with the path to it."""
        found: dict[int, Path] = {}
        # 16 checks any membership, and then looks for a grantor among the inherited ones.
        holders = self.inherited(role) if self.version >= 160000 else self.memberships(role)
        for holder, path in holders.items():
            for target in self._admin.get(holder, ()):
                found.setdefault(target, (*path, target))
        return found

    def _search(self, kind: str, start: int, edges: Mapping[int, list[int]]) -> dict[int, Path]:
        known = self._searched.get((kind, start))
        if known is None:
            known = self._searched[kind, start] = search(start, lambda role: edges.get(role, ()))
        return known


def search(start: int, following: Callable[[int], Iterable[int]]) -> dict[int, Path]:
    """Breadth-first: everything that can be reached, in order of distance, with a shortest path."""
    found: dict[int, Path] = {start: (start,)}
    waiting = deque([start])
    while waiting:
        role = waiting.popleft()
        for other in following(role):
            if other not in found:
                found[other] = (*found[role], other)
                waiting.append(other)
    return found


def _add(edges: dict[int, list[int]], one: int, other: int) -> None:
    """Several grantors may have granted one membership."""
    known = edges.setdefault(one, [])
    if other not in known:
        known.append(other)
