"""A grant goes along when its table, or whoever holds it, is renamed: a revoke of it is not done because of another name."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests import servers
from tests.audit.projects import permission
from tests.audit.test_moved import asked, gone, revoke
from tests.audit.test_renamed import DECISIONS
from tests.command import permlint
from tests.servers import World
from tests.test_drift import BINDING, TICKETS, manifest
from tests.world import build

NOTES = "{resource: postgres.app.notes, access: read-only, blast_radius: none}"
OTHER = "{resource: postgres.app.other, access: read-only, blast_radius: none}"
TABLES = (
    "CREATE TABLE app.notes (id int); CREATE TABLE app.other (id int); CREATE SCHEMA archive; "
    "GRANT SELECT ON app.notes, app.other TO {agent}; GRANT USAGE ON SCHEMA archive TO {agent}"
)


@pytest.fixture
def world(newest: servers.Server) -> Iterator[World]:
    with servers.world(newest) as fresh:
        fresh.run(TICKETS, TABLES)
        yield fresh


def outcomes(body: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """What is gone or stands in another form, and was decided of -> its outcome, and why it is not proved."""
    return {one["what"]: (one["decided"]["outcome"], one["why"]) for one in body["revoked"] if one["decided"]}


RENAMES = {
    "name": ("ALTER TABLE app.tickets RENAME TO tickets_old", "DELETE on app.tickets_old"),
    "schema": ("ALTER TABLE app.tickets SET SCHEMA archive", "DELETE on archive.tickets"),
    "both": (
        "ALTER TABLE app.tickets SET SCHEMA archive; ALTER TABLE archive.tickets RENAME TO t; GRANT UPDATE ON app.other TO {agent}",
        "DELETE on archive.t",
    ),
    "the schema itself": ("ALTER SCHEMA app RENAME TO app_old", "DELETE on app_old.tickets"),
    "and another took its name": (
        "ALTER TABLE app.tickets RENAME TO tickets_old; CREATE TABLE app.tickets (id int); GRANT SELECT ON app.tickets TO {agent}",
        "DELETE on app.tickets_old",
    ),
}


@pytest.mark.parametrize("change", RENAMES)
def test_a_table_with_another_name(tmp_path: Path, world: World, change: str) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, NOTES, OTHER)}, BINDING)
    world.run("GRANT DELETE ON app.tickets TO {agent}")
    day = asked(tmp_path, world.dsn, save="1.json")["as_of"]
    revoke(tmp_path, world.dsn, day, what="DELETE on app.tickets")
    statement, now = RENAMES[change]
    world.run(statement)
    why = f"it stands, or may stand, in another form: {now}"
    for body in every_way(tmp_path, world):
        assert outcomes(body) == {"DELETE on app.tickets": ("pending", why)}
        assert permission(body, now)["decision"] is None
    world.run(f"REVOKE DELETE ON {now.removeprefix('DELETE on ')} FROM {{agent}}")
    for body in every_way(tmp_path, world):
        assert outcomes(body) == {"DELETE on app.tickets": ("done", "")}


def every_way(folder: Path, world: World) -> Iterator[dict[str, Any]]:
    """Reports that know of a decision from its file, from the last report too, and by a nightly run."""
    yield asked(folder, world.dsn)
    yield asked(folder, world.dsn, "--previous", "1.json")
    permlint(folder, "drift", "--format", "json", "--output", "night.json", env={"PG_DSN": world.dsn})
    done = permlint(folder, "report", "--drift-json", "night.json", "--format", "json")
    yield json.loads(done.stdout)


def test_another_table_on_which_it_has_the_same_right_stands_in_no_way(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, NOTES, OTHER)}, BINDING)
    world.run("GRANT DELETE ON app.tickets, app.other TO {agent}")
    day = asked(tmp_path, world.dsn)["as_of"]
    revoke(tmp_path, world.dsn, day, what="DELETE on app.tickets")
    # Gone with its table; one that is made later is another.
    world.run("DROP TABLE app.tickets; CREATE TABLE app.later (id int); GRANT DELETE ON app.later TO {agent}")
    assert outcomes(asked(tmp_path, world.dsn)) == {"DELETE on app.tickets": ("done", "")}


@pytest.mark.parametrize("change", ["name", "schema"])
def test_what_is_declared_of_a_table_with_another_name(tmp_path: Path, world: World, change: str) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, NOTES, OTHER)}, BINDING)
    day = asked(tmp_path, world.dsn)["as_of"]
    revoke(tmp_path, world.dsn, day, resource="postgres.app.notes")
    now = {"name": "app.notes_old", "schema": "archive.notes"}[change]
    world.run(
        {"name": "ALTER TABLE app.notes RENAME TO notes_old", "schema": "ALTER TABLE app.notes SET SCHEMA archive"}[
            change
        ]
    )
    body = asked(tmp_path, world.dsn)
    (row,) = (one for one in body["agents"][0]["permissions"] if one["resource"] == "postgres.app.notes")
    assert (row["verdict"], row["decision"]["outcome"]) == ("missing", "pending")
    assert row["reason"] == f"app.notes does not exist; its object was renamed, and it stands: SELECT on {now}"
    # Taken out of the manifest, and there under its new name, declared or not.
    build(tmp_path, {"agent-permissions.yaml": manifest(world, OTHER)})
    why = f"its object was renamed, and it stands: SELECT on {now}"
    assert outcomes(asked(tmp_path, world.dsn)) == {"read": ("pending", why)}
    build(tmp_path, {"agent-permissions.yaml": manifest(world, OTHER, NOTES.replace("app.notes", now))})
    ((outcome, _),) = outcomes(asked(tmp_path, world.dsn)).values()
    assert outcome == "pending"
    build(tmp_path, {"agent-permissions.yaml": manifest(world, OTHER)})
    world.run(f"REVOKE SELECT ON {now} FROM {{agent}}")
    assert outcomes(asked(tmp_path, world.dsn)) == {"read": ("done", "")}


def test_what_named_nothing_is_no_other_table(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, NOTES.replace("notes", "nothing"), OTHER)}, BINDING)
    world.run("GRANT SELECT ON app.tickets TO {agent}")
    day = asked(tmp_path, world.dsn)["as_of"]
    revoke(tmp_path, world.dsn, day, resource="postgres.app.nothing")
    build(tmp_path, {"agent-permissions.yaml": manifest(world, OTHER)})
    assert outcomes(asked(tmp_path, world.dsn)) == {"read": ("done", "")}


FUNCTION = """\
CREATE FUNCTION app.purge() RETURNS void LANGUAGE sql AS '';
REVOKE ALL ON FUNCTION app.purge() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.purge() TO {agent}
"""
MEMBER = """\
CREATE ROLE {boss};
GRANT DELETE ON app.other TO {boss};
GRANT {boss} TO {agent} WITH INHERIT FALSE
"""


@pytest.mark.parametrize(
    ("statement", "change", "now"),
    [
        (FUNCTION, "ALTER FUNCTION app.purge() RENAME TO clean", "EXECUTE on app.clean()"),
        (MEMBER, "ALTER ROLE {boss} RENAME TO {chief}", "SET ROLE on"),
        ("GRANT CREATE ON SCHEMA archive TO {agent}", "ALTER SCHEMA archive RENAME TO attic", "CREATE on attic"),
    ],
    ids=["function", "role", "schema"],
)
def test_what_is_no_table(tmp_path: Path, world: World, statement: str, change: str, now: str) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, NOTES, OTHER)}, BINDING)
    world.run(statement)
    body = asked(tmp_path, world.dsn)
    word = now.split(" ")[0]
    what = next(
        one["what"] for one in body["agents"][0]["permissions"] if one["origin"] == "granted" and word in one["what"]
    )
    revoke(tmp_path, world.dsn, body["as_of"], what=what)
    world.run(change)
    ((outcome, why),) = outcomes(asked(tmp_path, world.dsn)).values()
    assert outcome == "pending"
    assert why.startswith(f"it stands, or may stand, in another form: {now}")


@pytest.mark.parametrize("anew", [False, True])
def test_a_role_with_another_name(tmp_path: Path, world: World, anew: bool) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, NOTES, OTHER)}, BINDING)
    world.run("GRANT DELETE ON app.tickets TO {agent}")
    agent, other = world.role("agent"), world.role("other")
    day = asked(tmp_path, world.dsn, save="1.json")["as_of"]
    revoke(tmp_path, world.dsn, day, what="DELETE on app.tickets")
    revoke(tmp_path, world.dsn, day, resource="postgres.app.notes")
    world.run("ALTER ROLE {agent} RENAME TO {other}")
    if anew:
        world.run("CREATE ROLE {agent} LOGIN")
    clause = f"{agent} was renamed to {other}, which still holds what it held, or was not compared"
    body = asked(tmp_path, world.dsn)
    row = permission(body, "DELETE on app.tickets")
    assert (row["verdict"], row["decision"]["outcome"], body["revoked"]) == ("unverified", "unverified", [])
    assert row["reason"] == f"it was granted when it was last seen; {clause}"
    (declared,) = (one for one in body["agents"][0]["permissions"] if one["resource"] == "postgres.app.notes")
    assert (declared["verdict"], declared["decision"]["outcome"]) == ("missing", "unverified")
    assert declared["reason"].endswith(f"; {clause}")
    # The manifest names it anew: then it is compared, and has what it had.
    text = manifest(world, NOTES, OTHER).replace(agent, other)
    build(tmp_path, {"agent-permissions.yaml": text})
    body = asked(tmp_path, world.dsn)
    why = "it stands, or may stand, in another form: DELETE on app.tickets"
    assert outcomes(body) == {"DELETE on app.tickets": ("pending", why)}
    world.run("DROP OWNED BY {other}", "DROP ROLE {other}")
    build(tmp_path, {"agent-permissions.yaml": manifest(world, NOTES, OTHER)})
    if not anew:
        world.run("CREATE ROLE {agent} LOGIN")
    assert outcomes(asked(tmp_path, world.dsn)) == {"DELETE on app.tickets": ("done", "")}


def test_a_decision_that_does_not_say_what_its_object_keeps(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, NOTES, OTHER)}, BINDING)
    world.run("GRANT DELETE ON app.tickets, app.other TO {agent}")
    day = asked(tmp_path, world.dsn, save="1.json")["as_of"]
    revoke(tmp_path, world.dsn, day, what="DELETE on app.tickets")
    decisions = (tmp_path / DECISIONS).read_text()
    world.run("REVOKE DELETE ON app.tickets FROM {agent}")
    lines = decisions.splitlines(keepends=True)
    (tmp_path / DECISIONS).write_text("".join(one for one in lines if "object_id" not in one))
    row = permission(asked(tmp_path, world.dsn), "DELETE on app.tickets")
    assert row["decision"]["outcome"] == "unverified"
    assert row["reason"].endswith(
        "that its object was renamed cannot be excluded, and this may be it: DELETE on app.other"
    )
    # Of two that the last report had side by side neither is the other.
    assert outcomes(asked(tmp_path, world.dsn, "--previous", "1.json"))["DELETE on app.tickets"][0] == "done"
    (tmp_path / DECISIONS).write_text("".join(one for one in lines if "_id" not in one))
    row = permission(asked(tmp_path, world.dsn), "DELETE on app.tickets")
    assert row["decision"]["outcome"] == "unverified"
    agent = world.role("agent")
    assert f"that {agent} was renamed, and the name given to another, cannot be excluded" in row["reason"]


def test_a_database_that_was_restored_from_a_dump_numbers_anew(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, NOTES, OTHER)}, BINDING)
    world.run("GRANT DELETE ON app.tickets TO {agent}")
    day = asked(tmp_path, world.dsn)["as_of"]
    revoke(tmp_path, world.dsn, day, what="DELETE on app.tickets")
    with world.server.connect() as connection:
        connection.execute(f"DROP DATABASE {world.database} WITH (FORCE)".encode())
        connection.execute(f"CREATE DATABASE {world.database}".encode())
    world.run(
        TICKETS.partition("\n")[2], TABLES, "ALTER TABLE app.tickets RENAME TO tix; GRANT DELETE ON app.tix TO {agent}"
    )
    row = permission(asked(tmp_path, world.dsn), "DELETE on app.tickets")
    assert row["decision"]["outcome"] == "unverified"
    assert row["reason"].endswith("cannot be excluded, and this may be it: DELETE on app.tix")
    assert gone(asked(tmp_path, world.dsn)) == {}


def test_what_the_nightly_history_saw_end_is_not_proved_by_a_rename(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, NOTES, OTHER)}, BINDING)
    world.run("GRANT DELETE ON app.tickets TO {agent}")
    day = asked(tmp_path, world.dsn)["as_of"]
    revoke(tmp_path, world.dsn, day, what="DELETE on app.tickets")
    state = ("--state", "s.sqlite")
    permlint(tmp_path, "drift", *state, env={"PG_DSN": world.dsn})
    world.run("ALTER TABLE app.tickets RENAME TO old")
    permlint(tmp_path, "drift", *state, env={"PG_DSN": world.dsn})
    assert outcomes(asked(tmp_path, world.dsn, *state))["DELETE on app.tickets"][0] == "pending"
    done = permlint(tmp_path, "report", *state, "--format", "json")
    assert permission(json.loads(done.stdout), "DELETE on app.tickets")["decision"]["outcome"] == "unverified"
    # As an older permlint resolved it, by its name alone.
    with closing(sqlite3.connect(tmp_path / "s.sqlite")) as connection, connection:
        connection.execute("UPDATE finding SET how = 'resolved', lasting = '' WHERE ended != ''")
    done = permlint(tmp_path, "report", *state, "--format", "json")
    assert permission(json.loads(done.stdout), "DELETE on app.tickets")["decision"]["outcome"] == "unverified"
