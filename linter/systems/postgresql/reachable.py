"""Roles that a login can become: by SET ROLE, by handing itself a membership, by a setting at login."""

from collections.abc import Iterator

from linter.systems.postgresql.attributes import gains
from linter.systems.postgresql.granted import Reach, leave
from linter.systems.postgresql.names import quote
from linter.systems.postgresql.rights import Rights
from linter.systems.postgresql.roles import DATABASE_OWNER, Path
from linter.systems.postgresql.settings import reset
from linter.systems.postgresql.snapshot import Role

SET, ADMIN, CREATE, SETTING = "set role", "admin option", "create-role", "login setting"


def reach(rights: Rights) -> Iterator[Reach]:
    """Every role that it can act as, itself excepted, by the first way that was found; a superuser can act as all, unlisted."""
    if rights.superuser:
        return
    index, graph = rights.index, rights.index.graph
    me = graph.roles[rights.role]
    chosen = index.setting(me.oid, "role")
    target = index.roles.get(chosen) if chosen is not None else None
    if target is not None and target != me.oid and target in graph.settable(me.oid):
        fix = "\n".join(reset(index, one) for one in index.settings(me.oid, "role") if one.value == chosen)
        yield _reached(rights, graph.settable(me.oid)[target], SETTING, fix)
    for oid, (path, how) in _reachable(rights).items():
        if oid != me.oid:
            yield _reached(rights, path, how, _fix(rights, path, how))


def _reached(rights: Rights, path: Path, how: str, fix: str) -> Reach:
    role = rights.index.graph.roles[path[-1]]
    return Reach(role.name, how, rights.index.path(path), role.oid in rights.inherited, gains(role), fix)


def _reachable(rights: Rights) -> dict[int, tuple[Path, str]]:
    """Role -> path and how. A session may SET ROLE along its own memberships, and as each of those hand out more."""
    graph = rights.index.graph
    found: dict[int, tuple[Path, str]] = {}
    waiting: list[tuple[Path, str]] = [((rights.role,), SET)]
    while waiting:
        following: list[tuple[Path, str]] = []
        for path, how in waiting:
            for oid, more in graph.settable(path[-1]).items():
                if oid not in found:
                    found[oid] = ((*path, *more[1:]), how)
                    following.append(found[oid])
        waiting = []
        for path, how in following:
            for oid, more in graph.administered(path[-1]).items():
                # A role that is a member of this one cannot be granted to it.
                if _grantable(graph.roles[oid]) and rights.role not in graph.memberships(oid):
                    waiting.append(((*path, *more[1:]), ADMIN if how == SET else how))
        for path, how in following:
            # Until 15, CREATEROLE hands out every role but a superuser's; since 16 only what it has ADMIN OPTION on.
            if rights.index.version < 160000 and graph.roles[path[-1]].create_role:
                waiting += [
                    ((*path, oid), CREATE if how == SET else how)
                    for oid, role in graph.roles.items()
                    if _grantable(role) and oid not in found
                ]
    return found


def _grantable(role: Role) -> bool:
    """Whether anybody but a superuser can grant membership in it."""
    return not role.superuser and role.name != DATABASE_OWNER


def _fix(rights: Rights, path: Path, how: str) -> str:
    """The statement that ends it, at its first step."""
    graph, names = rights.index.graph, rights.index.path(path)
    first = quote(names[0])
    if how == CREATE and (len(path) == 2 or graph.roles[rights.role].create_role):
        return f"ALTER ROLE {first} NOCREATEROLE;"
    if len(path) == 2 and how == ADMIN:
        return f"REVOKE ADMIN OPTION FOR {quote(names[1])} FROM {first};"
    if names[1] == DATABASE_OWNER:
        return f"ALTER DATABASE {quote(rights.index.snapshot.server.database)} OWNER TO another role;"
    if rights.index.version >= 160000 and path[1] in rights.inherited and how == SET:
        return f"REVOKE SET OPTION FOR {quote(names[1])} FROM {first}; -- it goes on inheriting"
    return leave(names)
