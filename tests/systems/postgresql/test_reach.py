"""Which roles a login can become: predicted, then tried until nothing more succeeds."""

from __future__ import annotations

from itertools import product

import psycopg
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from linter.systems.postgresql.effective import effective
from linter.systems.postgresql.index import Index
from linter.systems.postgresql.scan import scan
from tests import servers

NAMES = ("a", "b", "c", "d", "super")


def _memberships(version: int) -> st.SearchStrategy[list[str]]:
    roles = st.sampled_from(["{" + name + "}" for name in NAMES])
    granted = st.one_of(roles, roles, roles, st.sampled_from(["pg_database_owner", "pg_monitor"]))
    booleans = st.sampled_from(["TRUE", "FALSE"])
    plain = st.sampled_from(["", " WITH ADMIN OPTION"])
    options = st.one_of(plain, st.builds(" WITH ADMIN {}, SET {}, INHERIT {}".format, booleans, booleans, booleans))
    one = st.one_of(
        st.builds("GRANT {} TO {}{}".format, granted, roles, options if version >= 16 else plain),
        st.builds("GRANT {} TO {}{}".format, granted, roles, options if version >= 16 else plain),
        st.builds("ALTER ROLE {} {}".format, roles, st.sampled_from(["NOINHERIT", "CREATEROLE", "NOCREATEROLE"])),
        st.builds("ALTER DATABASE {} OWNER TO {}".format, st.just("DATABASE"), roles),
    )
    return st.lists(one, min_size=3, max_size=12)


@given(st.data())
@settings(max_examples=12, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
def test_reach_is_what_succeeds(server: servers.Server, data: st.DataObject) -> None:
    with servers.world(server) as world:
        world.run(
            "CREATE ROLE {a} LOGIN",
            "CREATE ROLE {b}",
            "CREATE ROLE {c}",
            "CREATE ROLE {d}",
            "CREATE ROLE {super} SUPERUSER",
        )
        for statement in data.draw(_memberships(server.major)):
            try:
                world.run(statement.replace("DATABASE OWNER", f"{world.database} OWNER"))
            except psycopg.Error:
                continue  # circular, or of a role that cannot be granted
        found = effective(Index(scan(world.dsn, [world.role("a")])), world.role("a"))
        names = {world.role(name): name for name in NAMES} | {
            "pg_monitor": "pg_monitor",
            "pg_database_owner": "pg_database_owner",
        }
        predicted = {names[one.role] for one in found.reach if one.role in names}
        became = become(world, tuple(names))
        if "super" in predicted:
            assert predicted <= became  # as a superuser it becomes everybody else, which is not listed
        else:
            assert predicted == became


def become(world: servers.World, targets: tuple[str, ...]) -> set[str]:
    """Log in as "a" and try everything: SET ROLE, and as each role that succeeded, GRANT of each other to oneself."""
    me = world.role("a")
    names = [name for name in targets if name != me]
    options = " WITH SET TRUE" if world.server.major >= 16 else ""
    became: set[str] = set()
    with world.server.connect(world.database, me) as connection:
        before = -1
        while before < len(became):
            before = len(became)
            for acting, target in product((me, *sorted(became)), names):
                succeeds(connection, "SET ROLE {}", acting)
                if not succeeds(connection, "GRANT {} TO {}" + options, target, me) and world.server.major < 16:
                    # Circular, perhaps: CREATEROLE could first end the membership that makes it so.
                    for other in names if target not in became else ():
                        succeeds(connection, "REVOKE {} FROM {}", other, target)
                    succeeds(connection, "REVOKE {} FROM {}", me, target)
                    succeeds(connection, "GRANT {} TO {}", target, me)
                connection.execute("RESET ROLE")
                if succeeds(connection, "SET ROLE {}", target):
                    became.add(target)
                connection.execute("RESET ROLE")
    short = {world.role(name): name for name in NAMES}
    return {short.get(name, name) for name in became}


def succeeds(connection: psycopg.Connection[tuple[object, ...]], statement: str, *roles: str) -> bool:
    """Run a statement on roles; whether it was allowed."""
    named = statement.format(*(psycopg.sql.Identifier(role).as_string() for role in roles))
    try:
        connection.execute(named.encode())
    except psycopg.Error:
        return False
    return True
