"""A principal that somebody renames is not gone: the identity that it keeps is looked for, and where nothing says it, nothing is proved."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
from moto.server import ThreadedMotoServer

from linter.systems.aws.ask import Login, ask
from tests import servers
from tests.audit.projects import decided, filled, record
from tests.audit.test_unmanaged import GRANTED, asked, decide, gone, principals, project
from tests.command import permlint
from tests.servers import World
from tests.test_drift import TICKETS
from tests.world import build

UNKEPT = "nobody has this name any more; that it was renamed cannot be excluded: what it keeps under another name was not recorded"
DECISIONS = "permlint-decisions.yaml"


@pytest.fixture
def world(newest: servers.Server) -> Iterator[World]:
    with servers.world(newest) as fresh:
        fresh.run(TICKETS, GRANTED, "CREATE ROLE {etl} LOGIN")
        yield fresh


def _without(body: dict[str, Any]) -> dict[str, Any]:
    """A part of a report as an older permlint wrote it."""
    return {name: one for name, one in body.items() if name not in ("principal_id", "object_id")}


@pytest.mark.parametrize("pattern", ["*", "etl*"], ids=["found anew", "out of the pattern"])
def test_a_role_with_another_name(tmp_path: Path, world: World, pattern: str) -> None:
    etl, loader = world.role("etl"), world.role("loader")
    project(tmp_path, world)
    build(
        tmp_path, {}, (tmp_path / "permlint.toml").read_text().replace(f"{world.prefix}*", f"{world.prefix}{pattern}")
    )
    day = asked(tmp_path, world.dsn, "--live")["as_of"]
    decide(tmp_path, world.dsn, etl, day)
    world.run("ALTER ROLE {etl} RENAME TO {loader}")
    found_too = {loader: ("unmanaged", "")} if pattern == "*" else {}
    for as_of, outcome in (((), "pending"), (("--as-of", "2999-01-01"), "overdue")):
        body = asked(tmp_path, world.dsn, "--live", *as_of, save="last.json")
        assert (principals(body), gone(body)) == ({etl: ("unmanaged", outcome), **found_too}, {})
        assert body["principals"][0]["reason"] == f"it was renamed to {loader}, and is still there"
    # So says a nightly run that knows of the decision, and so does a report beside the last one.
    permlint(tmp_path, "drift", "--format", "json", "--output", "night.json", env={"PG_DSN": world.dsn})
    for arguments in (("--drift-json", "night.json"), ("--live", "--previous", "last.json")):
        assert principals(asked(tmp_path, world.dsn, *arguments))[etl] == ("unmanaged", "pending")
    told = permlint(tmp_path, "report", "--live", "--output", "-", "--format", "markdown", env={"PG_DSN": world.dsn})
    assert f"it was renamed to {loader}, and is still there" in told.stdout.replace("\\", "")
    world.run("DROP ROLE {loader}")
    assert gone(asked(tmp_path, world.dsn, "--live", "--previous", "last.json"))[f"principal {etl}"] == ("done", day)


def test_a_manifest_for_the_new_name_is_no_revoke(tmp_path: Path, world: World) -> None:
    etl, loader = world.role("etl"), world.role("loader")
    project(tmp_path, world)
    decide(tmp_path, world.dsn, etl, asked(tmp_path, world.dsn, "--live")["as_of"])
    world.run("ALTER ROLE {etl} RENAME TO {loader}")
    first = (tmp_path / "agent-permissions.yaml").read_text()
    written = first.replace("triage", "loads").replace(world.role("agent"), loader)
    build(tmp_path, {"b/agent-permissions.yaml": written})
    body = asked(tmp_path, world.dsn, "--live")
    assert (principals(body), gone(body)) == ({etl: ("managed", "managed")}, {})
    why = f"it was renamed to {loader}, and a manifest speaks for that now: b/agent-permissions.yaml"
    assert body["principals"][0]["reason"] == why


def test_one_that_was_made_anew_and_then_renamed(tmp_path: Path, world: World) -> None:
    etl = world.role("etl")
    project(tmp_path, world)
    day = asked(tmp_path, world.dsn, "--live")["as_of"]
    decide(tmp_path, world.dsn, etl, day)
    world.run("DROP ROLE {etl}", "CREATE ROLE {etl} LOGIN")
    body = asked(tmp_path, world.dsn, "--live", save="last.json")
    assert (principals(body), gone(body)) == ({etl: ("unmanaged", "pending")}, {})
    # The one that was decided of is gone; the one that the last report showed pending is not.
    world.run("ALTER ROLE {etl} RENAME TO {loader}")
    body = asked(tmp_path, world.dsn, "--live", "--previous", "last.json")
    assert principals(body)[etl] == ("unmanaged", "pending")
    # And where another takes the old name, the name is there.
    world.run("CREATE ROLE {etl} LOGIN")
    assert principals(asked(tmp_path, world.dsn, "--live"))[etl] == ("unmanaged", "pending")
    world.run("DROP ROLE {etl}", "DROP ROLE {loader}")
    assert gone(asked(tmp_path, world.dsn, "--live", "--previous", "last.json")) == {f"principal {etl}": ("done", day)}


def test_where_nothing_says_what_it_keeps(tmp_path: Path, world: World) -> None:
    etl = world.role("etl")
    project(tmp_path, world)
    day = asked(tmp_path, world.dsn, "--live", save="last.json")["as_of"]
    decide(tmp_path, world.dsn, etl, day)
    decisions = (tmp_path / DECISIONS).read_text()
    lines = decisions.splitlines(keepends=True)
    (tmp_path / DECISIONS).write_text("".join(line for line in lines if "principal_id" not in line))
    assert (tmp_path / DECISIONS).read_text() != decisions
    world.run("DROP ROLE {etl}")
    body = asked(tmp_path, world.dsn, "--live")
    assert (principals(body), gone(body), body["status"]) == ({etl: ("unverified", "unverified")}, {}, 3)
    assert body["principals"][0]["reason"] == UNKEPT
    assert f"not checked: postgres: principal {etl}: {UNKEPT}" in body["told"]
    # The last report knows it; an older one's proof by its name alone is none.
    assert (
        gone(asked(tmp_path, world.dsn, "--live", "--previous", "last.json", save="2.json"))[f"principal {etl}"][0]
        == "done"
    )
    for name in ("last.json", "2.json"):
        old = json.loads((tmp_path / name).read_text(), object_hook=_without)
        (tmp_path / name).write_text(json.dumps(old))
        body = asked(tmp_path, world.dsn, "--live", "--previous", name)
        assert principals(body) == {etl: ("unverified", "unverified")}
    # Nobody decided of it: then it is told as what is not found any more.
    (tmp_path / DECISIONS).unlink()
    (one,) = asked(tmp_path, world.dsn, "--live", "--previous", "last.json")["revoked"]
    assert (one["what"], one["verified"], one["why"]) == (f"principal {etl}", "", UNKEPT)
    (tmp_path / DECISIONS).write_text(decisions)
    assert gone(asked(tmp_path, world.dsn, "--live"))[f"principal {etl}"][0] == "done"


def test_a_server_that_does_not_say_which_cluster_it_is(tmp_path: Path, world: World) -> None:
    etl = world.role("etl")
    world.run(
        "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC", "CREATE ROLE {auditor} LOGIN; DROP ROLE {etl}"
    )
    world.run("CREATE ROLE {etl} LOGIN")
    dsn = world.server.dsn(world.database, world.role("auditor"))
    project(tmp_path, world)
    decide(tmp_path, dsn, etl, asked(tmp_path, dsn, "--live")["as_of"])
    world.run("DROP ROLE {etl}")
    body = asked(tmp_path, dsn, "--live")
    assert principals(body)[etl] == ("unverified", "unverified")


def test_a_cluster_that_was_restored_from_a_dump_proves_nothing(tmp_path: Path, world: World) -> None:
    """At the same address, with the same names; so oids, of which another cluster has others, may even be equal."""
    etl = world.role("etl")
    project(tmp_path, world)
    here = tmp_path / "s"
    here.symlink_to(world.server.folder)
    dsn = psycopg.conninfo.make_conninfo(world.dsn, host=str(here))
    decide(tmp_path, dsn, etl, asked(tmp_path, dsn, "--live")["as_of"])
    dump = ["-h", world.server.folder, "-p", str(world.server.port), "-U", servers.SUPERUSER]
    folder = servers.programs()[world.server.major]
    world.run("ALTER ROLE {etl} RENAME TO {loader}")
    text = subprocess.run(
        [folder / "pg_dumpall", *dump, "--roles-only"], capture_output=True, text=True, check=True
    ).stdout
    with servers.running(world.server.major) as other:
        with other.connect() as connection:
            for line in text.splitlines():
                if line.startswith(("CREATE ROLE", "ALTER ROLE")) and " postgres" not in line:
                    connection.execute(line.encode())
            connection.execute(f"CREATE DATABASE {world.database}".encode())
        with other.connect(world.database) as connection:
            connection.execute("CREATE SCHEMA app; CREATE TABLE app.tickets ()")
        here.unlink()
        here.symlink_to(other.folder)
        body = asked(tmp_path, dsn, "--live")
        assert (principals(body)[etl], gone(body)) == (("unverified", "unverified"), {})
        (reason,) = (one["reason"] for one in body["principals"] if one["name"] == etl)
        assert reason.startswith(
            "it was there when it was last seen; asked elsewhere than before: system identifier of"
        )
        # On the operator's word, who has the name there counts, and only that.
        moved = asked(tmp_path, dsn, "--live", "--moved", "postgres")
        (one,) = moved["revoked"]
        assert (one["decided"]["outcome"], one["what"].partition(": ")[2]) == (
            "done",
            "nobody has this name any more (one that was renamed has another)",
        )


LOGIN = Login("", "AKIAEXAMPLEEXAMPLE00", "not-a-real-secret")
AWS = '[systems.aws]\nkind = "aws"\n[systems.aws.principals]\npaths = ["/agents/"]\n'
BUCKET = """\
agent_name: triage
environment: staging
identities: {aws: triage}
resources:
  - {resource: aws.s3.invoices, access: read-only, blast_radius: none}
"""


@pytest.fixture
def aws() -> Iterator[tuple[str, Any]]:
    """A server that plays AWS, of which nobody here wrote a line, with a user that a manifest speaks for and another."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    keys = {"aws_access_key_id": LOGIN.key, "aws_secret_access_key": LOGIN.secret}
    iam = boto3.client("iam", endpoint_url=url, region_name="us-east-1", **keys)
    iam.create_user(UserName="triage", Path="/agents/")
    iam.create_user(UserName="etl", Path="/agents/")
    yield url, iam
    for one in iam.list_users()["Users"]:  # its memory is the process's
        iam.delete_user(UserName=one["UserName"])
    server.stop()


def recorded(folder: Path, url: str) -> None:
    """The account as it is now, in a recording."""
    body = {
        "schema_version": 1,
        "taken": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "systems": {"aws": {"kind": "aws", **ask(LOGIN, [], url)}},
    }
    (folder / "aws.json").write_text(json.dumps(body, default=str))


RENAMES: dict[str, Callable[[Any], Any]] = {
    "name": lambda iam: iam.update_user(UserName="etl", NewUserName="loader"),
    "path": lambda iam: iam.update_user(UserName="etl", NewPath="/people/"),
}


@pytest.mark.parametrize("change", RENAMES)
def test_a_user_with_another_name_or_path(tmp_path: Path, aws: tuple[str, Any], change: str) -> None:
    url, iam = aws
    build(tmp_path, {"agent-permissions.yaml": BUCKET}, AWS)
    recorded(tmp_path, url)
    live = ("--live-from", "aws.json")
    body = asked(tmp_path, "", *live)
    (one,) = body["principals"]
    etl, day = one["name"], body["as_of"]
    assert one["principal_id"] == iam.get_user(UserName="etl")["User"]["UserId"]
    permlint(tmp_path, "report", *live, "--output", "t.csv")
    with (tmp_path / "t.csv").open(newline="") as file:
        given = list(csv.DictReader(file))
    (row,) = (each for each in given if each["principal"] == etl)
    row.update(decided("revoke", on=day))
    assert record(tmp_path, filled(given, {}), as_of=day).returncode == 0
    RENAMES[change](iam)
    recorded(tmp_path, url)
    body = asked(tmp_path, "", *live)
    assert (principals(body)[etl], gone(body)) == (("unmanaged", "pending"), {})
    now = next(each["Arn"] for each in iam.list_users()["Users"] if each["UserId"] == one["principal_id"])
    (reason,) = (each["reason"] for each in body["principals"] if each["name"] == etl)
    assert now != etl
    assert reason == f"it was renamed to {now}, and is still there"
    iam.delete_user(UserName=now.rpartition("/")[2])
    recorded(tmp_path, url)
    assert gone(asked(tmp_path, "", *live)) == {f"principal {etl}": ("done", day)}
