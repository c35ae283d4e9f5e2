"""`permlint drift` as a user meets it: the real command, real servers, the contract's JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from linter.checking import select
from linter.config import load
from linter.drift.run import Request
from linter.drift.run import drift as run
from linter.exits import exit_status
from linter.findings import Severity
from linter.reports.json import render
from linter.rulesets import ruleset
from tests.command import permlint
from tests.servers import World
from tests.test_tutorial import TUTORIAL
from tests.world import TODAY, build

BINDING = """\
[systems.postgres]
kind = "postgresql"
dsn_env = "PG_DSN"
"""
SCHEMA = """\
CREATE SCHEMA app;
CREATE TABLE app.tickets (id serial PRIMARY KEY, status text, assigned_to text, email text, body text);
GRANT USAGE ON SCHEMA app TO {agent};
REVOKE CREATE ON SCHEMA public FROM PUBLIC
"""
TICKETS = f"CREATE ROLE {{agent}} LOGIN;\n{SCHEMA}"


def manifest(world: World, *entries: str, agent: str = "triage", environment: str = "staging", more: str = "") -> str:
    """A manifest of an agent whose role is `{agent}` of this world."""
    lines = "\n".join(f"  - {entry}" for entry in entries)
    head = f"agent_name: {agent}\nenvironment: {environment}\nidentities: {{postgres: {world.role('agent')}}}\n"
    return f"{head}{more}resources:\n{lines}\n"


def setup(world: World, *statements: str) -> None:
    """The tickets, and what a test grants on them."""
    world.run(TICKETS, *statements)


def drift(folder: Path, world: World, *arguments: str, env: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The command's JSON, its exit status under "status"."""
    done = permlint(folder, "drift", "--format", "json", *arguments, env={"PG_DSN": world.dsn, **(env or {})})
    assert "Traceback" not in done.stderr, done.stderr
    body: dict[str, Any] = json.loads(done.stdout)
    return {**body, "status": done.returncode}


def compared(folder: Path, world: World, **request: Any) -> dict[str, Any]:
    """The same in this process, which is faster; the exit status under "status"."""
    with patch.dict(os.environ, {"PG_DSN": world.dsn}):
        config = load(None, str(folder))
        selection = select(config, (), str(folder), force_exclude=False)
        outcome = run(config, ruleset(config, "drift"), selection, TODAY, Request(**request)).outcome
    body: dict[str, Any] = json.loads(render(outcome))
    return {**body, "status": exit_status(outcome, Severity.ERROR)}


def rules(body: Mapping[str, Any]) -> list[str]:
    """The rules that fired, without their category, in order."""
    return [one["rule"].removeprefix("drift/") for one in body["findings"]]


READ_WRITE = "{resource: postgres.app.tickets, access: read-write, scope: 'status, assigned_to columns only'}"


def test_the_contract(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agents/triage/agent-permissions.yaml": manifest(world, READ_WRITE)}, BINDING)
    setup(
        world,
        "CREATE ROLE {crew}; GRANT {crew} TO {agent}; GRANT DELETE ON app.tickets TO {crew}",
        "GRANT SELECT (id, status, assigned_to), UPDATE ON app.tickets TO {agent}",
    )
    body = drift(tmp_path, world)
    assert body["status"] == 0  # in staging they are warnings
    assert drift(tmp_path, world, "--fail-on", "warning")["status"] == 1
    assert (body["command"], body["errors"], body["summary"]["warnings"]) == ("drift", [], 2)
    deleted, updated = sorted(body["findings"], key=lambda one: str(one["details"]["privilege"]))
    agent, crew = world.role("agent"), world.role("crew")
    assert {
        "rule": "drift/undeclared-privilege",
        "severity": "warning",
        "path": "agents/triage/agent-permissions.yaml",
        "line": 5,
        "column": 6,
        "agent": "triage",
        "environment": "staging",
        "resource": "postgres.app.tickets",
    }.items() <= deleted.items()
    assert deleted["message"].endswith(f"({agent} -> {crew} (inherits) -> GRANT by postgres)")
    assert deleted["details"] == {
        "privilege": "DELETE",
        "object_type": "table",
        "schema": "app",
        "object": "tickets",
        "columns": None,
        "role": agent,
        "via": [agent, crew, "GRANT by postgres"],
        "bound": "sure",
    }
    assert deleted["fix"].startswith(f"REVOKE DELETE ON app.tickets FROM {crew};")
    assert updated["details"]["columns"] == ["id", "email", "body"]
    assert f"{agent} has UPDATE on the other columns id, email, body of app.tickets" in updated["message"]
    assert updated["fix"] == (
        f"REVOKE UPDATE ON app.tickets FROM {agent};\nGRANT UPDATE (status, assigned_to) ON app.tickets TO {agent};"
    )
    assert body["verdicts"] == [
        {
            "path": "agents/triage/agent-permissions.yaml",
            "agent": "triage",
            "environment": "staging",
            "resource": "postgres.app.tickets",
            "system": "postgres",
            "principal": agent,
            "verdict": "excess",
            "also": [],
            "reason": body["verdicts"][0]["reason"],
        }
    ]


CASES = {
    "table": "GRANT UPDATE, DELETE ON app.tickets TO {agent}",
    "columns": "GRANT UPDATE (email, status), INSERT (email) ON app.tickets TO {agent}",
    "another grantor": "CREATE ROLE {dba}; GRANT USAGE ON SCHEMA app TO {dba}; GRANT DELETE ON app.tickets TO {dba} WITH GRANT OPTION;"
    "SET ROLE {dba}; GRANT DELETE ON app.tickets TO {agent}; RESET ROLE",
    "public": "GRANT DELETE ON app.tickets TO PUBLIC",
    "everything": "GRANT ALL ON app.tickets TO {agent} WITH GRANT OPTION; GRANT ALL ON SCHEMA app TO {agent}",
    "a role's and one's own": "CREATE ROLE {crew}; GRANT DELETE ON app.tickets TO {crew}, {agent}; GRANT {crew} TO {agent}",
    "hostile names": 'CREATE SCHEMA "a;b"; CREATE TABLE "a;b"."--x""y" ("é z" int); GRANT SELECT ("é z") ON "a;b"."--x""y" TO {agent};'
    'GRANT USAGE, CREATE ON SCHEMA "a;b" TO {agent}',
    "a sequence, a function, a database": "CREATE FUNCTION app.f(integer, text[]) RETURNS int LANGUAGE sql AS 'SELECT 1';"
    "REVOKE EXECUTE ON FUNCTION app.f FROM PUBLIC; GRANT EXECUTE ON FUNCTION app.f TO {agent};"
    "GRANT ALL ON SEQUENCE app.tickets_id_seq TO {agent}",
    "attributes": "ALTER ROLE {agent} CREATEDB CREATEROLE BYPASSRLS REPLICATION",
    "a predefined role": "GRANT pg_monitor TO {agent}; GRANT pg_execute_server_program TO {agent}",
    "memberships by another grantor": "CREATE ROLE {dba}; GRANT pg_monitor TO {dba} WITH ADMIN OPTION; SET ROLE {dba};"
    "GRANT pg_monitor TO {agent}; RESET ROLE; GRANT pg_monitor TO {agent}",
    "the right to hand out a membership": "CREATE ROLE {crew}; GRANT {crew} TO {agent} WITH ADMIN OPTION",
    "a TOAST table": "DO $$BEGIN EXECUTE 'GRANT SELECT ON ' || (SELECT reltoastrelid::regclass FROM pg_class "
    "WHERE oid = 'app.tickets'::regclass) || ' TO {agent}'; END$$; GRANT USAGE ON SCHEMA pg_toast TO {agent}",
    "default privileges": "ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT, INSERT ON TABLES TO {agent}",
}


@pytest.mark.parametrize("case", CASES)
def test_the_printed_fix_ends_the_finding(tmp_path: Path, world: World, case: str) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ_WRITE)}, BINDING)
    setup(
        world, "GRANT SELECT (status, assigned_to), UPDATE (status, assigned_to) ON app.tickets TO {agent}", CASES[case]
    )
    before = compared(tmp_path, world)
    assert before["findings"]
    for finding in before["findings"]:
        assert finding["fix"], finding
        world.run(*[line.partition(" -- ")[0] for line in finding["fix"].splitlines()])
    after = compared(tmp_path, world)
    assert [(one["rule"], one["message"]) for one in after["findings"]] == []
    assert [one["verdict"] for one in after["verdicts"]] == ["ok"]
    assert after["status"] == 0


def test_the_fix_of_what_is_missing_ends_it_too(tmp_path: Path, world: World) -> None:
    entries = (READ_WRITE, "{resource: 'postgres.app.close(integer)', access: execute}")
    build(tmp_path, {"agent-permissions.yaml": manifest(world, *entries)}, BINDING)
    setup(
        world,
        "REVOKE USAGE ON SCHEMA app FROM {agent}",
        "CREATE FUNCTION app.close(int) RETURNS int LANGUAGE sql AS 'SELECT 1'; REVOKE EXECUTE ON FUNCTION app.close FROM PUBLIC",
    )
    before = compared(tmp_path, world)
    assert [one["verdict"] for one in before["verdicts"]] == ["missing", "missing"]
    for finding in before["findings"]:
        world.run(finding["fix"])
    after = compared(tmp_path, world)
    assert rules(after) == []
    assert [one["verdict"] for one in after["verdicts"]] == ["ok", "ok"]
    assert world.attempt("agent", "UPDATE app.tickets SET status = 'x' WHERE status = 'y'") is None


def test_a_manifest_from_the_live_role_is_clean(tmp_path: Path, world: World) -> None:
    build(tmp_path, {}, BINDING)
    setup(
        world,
        "GRANT SELECT, UPDATE (status, email), INSERT ON app.tickets TO {agent}",
        'CREATE TABLE app."Odd; table" ("Col, one" int, b int); GRANT SELECT ("Col, one") ON app."Odd; table" TO {agent}',
        "CREATE VIEW app.open_tickets AS SELECT id FROM app.tickets; GRANT SELECT ON app.open_tickets TO {agent}",
        "CREATE FUNCTION app.close(int, text[]) RETURNS int LANGUAGE sql AS 'SELECT 1'; GRANT EXECUTE ON FUNCTION app.close TO {agent}",
        "CREATE SEQUENCE app.numbers; GRANT SELECT, USAGE ON SEQUENCE app.numbers TO {agent}",
        "GRANT USAGE ON SEQUENCE app.tickets_id_seq TO {agent}",
        "CREATE SCHEMA spare; GRANT USAGE ON SCHEMA spare TO {agent}",
    )
    arguments = ["init", "agent-permissions.yaml", "--from", "postgres", "--role", world.role("agent")]
    done = permlint(tmp_path, *arguments, "--owner", "support", "--purpose", "triage", env={"PG_DSN": world.dsn})
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "agent-permissions.yaml").read_text()
    (tmp_path / "agent-permissions.yaml").write_text(text.partition("rollback_strategy")[0])
    body = compared(tmp_path, world)
    assert [one["message"] for one in body["findings"] if one["severity"] != "info"] == []
    assert {one["verdict"] for one in body["verdicts"]} == {"ok"}
    checked = json.loads(permlint(tmp_path, "check", "--format", "json").stdout)
    assert [one["rule"] for one in checked["findings"] if one["severity"] == "error"] == ["rollback/missing-rollback"]
    world.run("GRANT DELETE, TRUNCATE ON app.tickets TO {agent}; ALTER ROLE {agent} CREATEDB")
    other = permlint(tmp_path, *["init", "other.yaml", *arguments[2:]], env={"PG_DSN": world.dsn})
    assert other.returncode == 0, other.stderr
    text = (tmp_path / "other.yaml").read_text()
    assert "# - DELETE on app.tickets: actions: [delete]" in text
    assert f"# - {world.role('agent')}: creates databases" in text
    absent = permlint(
        tmp_path, *["init", "absent.yaml", *arguments[2:4], "--role", "nobody"], env={"PG_DSN": world.dsn}
    )
    assert (absent.returncode, "there is no role nobody" in absent.stderr) == (3, True)


def test_the_tutorials_manifest(tmp_path: Path, world: World) -> None:
    text = TUTORIAL.replace("resources:", f"identities: {{postgres: {world.role('agent')}}}\nresources:")
    build(tmp_path, {"agent-permissions.yaml": text}, BINDING + 'search_path = ["app"]\n')
    setup(
        world,
        "GRANT SELECT (id, status, assigned_to), UPDATE (status, assigned_to) ON app.tickets TO {agent}",
        "CREATE SCHEMA audit_log; CREATE TABLE audit_log.agent_runs (run text)",
        "GRANT USAGE ON SCHEMA audit_log TO {agent}; GRANT INSERT ON audit_log.agent_runs TO {agent}",
    )
    body = compared(tmp_path, world)
    assert rules(body) == ["unverified-resource", "unverified-resource"]
    assert {one["resource"]: one["verdict"] for one in body["verdicts"]} == {
        "helpdesk_api": "unverified",
        "postgres.tickets": "ok",
        "slack_webhook": "unverified",
    }
    assert body["status"] == 3
    world.run("GRANT UPDATE, DELETE, TRUNCATE ON audit_log.agent_runs TO {agent}")
    assert rules(compared(tmp_path, world)).count("mutable-audit-log") == 3
    world.run("DROP TABLE audit_log.agent_runs")
    body = compared(tmp_path, world)
    (found,) = [one for one in body["findings"] if one["rule"] == "drift/missing-audit-log"]
    assert found["line"] == 17
    assert "audit_log.agent_runs" in found["message"]
