"""Reading a catalog: what it needs, what it costs, what may happen meanwhile; and recordings of it."""

from __future__ import annotations

import copy
import json
import threading
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.systems.postgresql.connect import Limits, Session
from linter.systems.postgresql.effective import NotScanned, UnknownRole, effective
from linter.systems.postgresql.index import Index
from linter.systems.postgresql.recording import from_json, to_json
from linter.systems.postgresql.scan import scan
from linter.systems.postgresql.selfcheck import disagreements
from linter.systems.postgresql.snapshot import Server, Snapshot
from tests import servers
from tests.systems.postgresql import programs


@pytest.fixture
def furnished(world: servers.World) -> servers.World:
    """A database with one of everything, and an agent with something of everything."""
    world.run("CREATE ROLE {agent} LOGIN", "CREATE ROLE {auditor} LOGIN", *programs.SETUP)
    world.run(
        'GRANT SELECT ON app."t 1" TO {agent}',
        "GRANT USAGE ON SCHEMA app TO {agent}",
        'GRANT UPDATE ("B;"), INSERT (a) ON app.t2 TO {agent}',
        "GRANT INSERT ON app.v1 TO {agent}",
        "CREATE POLICY mine ON public.t3 USING (a = 1) WITH CHECK (c > 0)",
        "GRANT UPDATE ON LARGE OBJECT 4711 TO {agent}",
    )
    return world


def test_auditor_needs_connect_alone(furnished: servers.World) -> None:
    furnished.run(
        "REVOKE ALL ON DATABASE " + furnished.database + " FROM PUBLIC",
        "GRANT CONNECT ON DATABASE " + furnished.database + " TO {auditor}",
        "REVOKE ALL ON SCHEMA public, app FROM PUBLIC",
    )
    agent = furnished.role("agent")
    as_superuser = scan(furnished.dsn, [agent])
    as_auditor = scan(furnished.server.dsn(furnished.database, furnished.role("auditor")), [agent])
    assert as_auditor.server.login == furnished.role("auditor")
    same = as_superuser.server._replace(login=as_auditor.server.login, taken=as_auditor.server.taken)
    assert as_auditor == as_superuser._replace(server=same)


def test_round_trips_are_constant(furnished: servers.World, monkeypatch: pytest.MonkeyPatch) -> None:
    trips: list[int] = []
    batch = Session.batch

    def counted(self: Session, statements: tuple[str, ...]) -> list[list[tuple[Any, ...]]]:
        trips[-1] += 1
        return batch(self, statements)

    monkeypatch.setattr(Session, "batch", counted)
    for _ in range(2):
        trips.append(0)
        scan(furnished.dsn, [furnished.role("agent")])
        furnished.run(*(f"CREATE TABLE more{len(trips)}_{number} (a int)" for number in range(100)))
    assert trips[0] == trips[1] <= 6


def test_session_is_read_only_and_named(world: servers.World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, object] = {}
    batch = Session.batch

    def curious(self: Session, statements: tuple[str, ...]) -> list[list[tuple[Any, ...]]]:
        found = batch(self, statements)
        if not asked:
            asked["open"] = True
            names = (
                "transaction_read_only",
                "transaction_isolation",
                "application_name",
                "statement_timeout",
                "lock_timeout",
            )
            for name in names:
                asked[name] = batch(self, (f"SHOW {name}",))[0][0][0]
        return found

    monkeypatch.setattr(Session, "batch", curious)
    scan(world.dsn, ["postgres"], limits=Limits(5, 7, 3))
    assert asked == {
        "open": True,
        "transaction_read_only": "on",
        "transaction_isolation": "repeatable read",
        "application_name": "permlint",
        "statement_timeout": "7s",
        "lock_timeout": "3s",
    }


def test_objects_come_and_go_meanwhile(furnished: servers.World) -> None:
    """Tables, views, functions, types, schemas and roles are made and dropped while scans run."""
    over = threading.Event()
    failed: list[str] = []

    def churn() -> None:
        with furnished.server.connect(furnished.database) as connection:
            while not over.is_set():
                for statement in (
                    "CREATE ROLE {passing}; CREATE SCHEMA passing AUTHORIZATION {passing}",
                    "CREATE TYPE passing.kind AS ENUM ('x'); CREATE TABLE passing.t (a serial PRIMARY KEY, k passing.kind)",
                    "CREATE VIEW passing.v AS SELECT a FROM passing.t; GRANT INSERT ON passing.v TO {agent}",
                    "CREATE FUNCTION passing.f(passing.kind) RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
                    "CREATE POLICY p ON passing.t USING (a = 1)",
                    "DROP SCHEMA passing CASCADE; DROP ROLE {passing}",
                ):
                    for name in ("agent", "passing"):
                        statement = statement.replace("{" + name + "}", furnished.role(name))  # noqa: PLW2901
                    try:
                        connection.execute(statement.encode())
                    except psycopg.Error as error:
                        failed.append(str(error))
                        return

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(25):
            snapshot = scan(furnished.dsn, [furnished.role("agent")])
            effective(Index(snapshot), furnished.role("agent"))
    finally:
        over.set()
        thread.join()
    assert not failed


def test_a_locked_table_keeps_only_its_policies_secret(furnished: servers.World) -> None:
    agent = furnished.role("agent")
    with furnished.server.connect(furnished.database) as blocker:
        blocker.execute("BEGIN; LOCK TABLE app.v1, public.t3 IN ACCESS EXCLUSIVE MODE")
        snapshot = scan(furnished.dsn, [agent], limits=Limits(10, 10, 0.2))
    assert [one.events for one in snapshot.updatables] == [None]
    assert [one.using for one in snapshot.policies] == [None]
    found = effective(Index(snapshot), agent)
    assert any("because they were locked" in note for note in found.notes)
    assert any(one.kind == "view" and one.privilege == "INSERT" for one in found.indirect)


def test_unknown_roles_and_roles_that_were_not_scanned(furnished: servers.World) -> None:
    index = Index(scan(furnished.dsn, [furnished.role("agent"), "nobody"]))
    assert index.snapshot.role("nobody") is None
    with pytest.raises(UnknownRole):
        effective(index, "nobody")
    with pytest.raises(NotScanned):
        effective(index, furnished.role("auditor"))


def test_self_check_agrees_and_finds_a_lie(furnished: servers.World) -> None:
    agent = furnished.role("agent")
    snapshot = scan(furnished.dsn, [agent])
    found = effective(Index(snapshot), agent)
    assert disagreements(furnished.dsn, snapshot, found) == ()
    furnished.run('GRANT DELETE ON app."t 1" TO {agent}', "REVOKE ALL (a) ON app.t2 FROM {agent}")
    assert disagreements(furnished.dsn, snapshot, found) == (
        'DELETE on app."t 1": PostgreSQL says that it has it, and permlint does not',
        "INSERT on app.t2 (column a): PostgreSQL does not say so",
    )


def test_recording_survives_json(furnished: servers.World) -> None:
    snapshot = scan(furnished.dsn, [furnished.role("agent")])
    assert from_json(json.loads(json.dumps(to_json(snapshot)))) == snapshot


EMPTY = Snapshot(
    Server(160000, "h", 5432, "d", 5, "postgres", "2026-11-24T00:00:00Z", False, False),
    *[()] * (len(Snapshot._fields) - 1),
)


def test_newer_recordings_may_have_more() -> None:
    plain = to_json(EMPTY)
    plain["roles"] = {"columns": ["news", *plain["roles"]["columns"]], "rows": []}
    plain["news"] = 1
    assert from_json(plain) == EMPTY


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (("server",), None),
        (("server", "version"), "16"),
        (("scanned",), ["1"]),
        (("roles",), []),
        (("roles", "columns"), ["oid"]),
        (("roles", "rows"), [[1, 2]]),
        (("roles", "rows"), [5]),
        (("roles", "rows"), [["1", "n", True, True, True, True, True, True, True, None, -1]]),
        (("grants", "rows"), [["relation", [1], "", 0, 10, "SELECT", 1]]),
        (("settings",), None),
    ],
)
def test_bad_recordings_are_refused(at: tuple[str, ...], value: object) -> None:
    plain = copy.deepcopy(to_json(EMPTY))
    place = plain
    for key in at[:-1]:
        place = place[key]
    place[at[-1]] = value
    with pytest.raises(ValueError, match=r"^(its|it does not say) "):
        from_json(plain)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["server", "columns", "rows", "roles"]), inner)
    ),
)


@given(st.sampled_from(sorted(to_json(EMPTY))), _JSON)
def test_no_recording_crashes(key: str, value: Any) -> None:
    plain = {**to_json(EMPTY), key: value}
    with suppress(ValueError):
        from_json(plain)
