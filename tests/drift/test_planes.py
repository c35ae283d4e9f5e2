"""What an entry is compared with: which database, environment, schema and principal."""

from __future__ import annotations

from pathlib import Path

from tests.drift.projects import GRANT_READ, READ, verdicts
from tests.servers import World
from tests.test_drift import BINDING, drift, manifest, rules, setup
from tests.world import build


def test_two_names_of_one_database_are_one_plane(tmp_path: Path, world: World) -> None:
    config = BINDING + '[systems.reporting]\nkind = "postgresql"\ndsn_env = "PG_DSN"\nrole = "{}"\n'.format(
        world.role("agent")
    )
    entries = (READ, "{resource: reporting.app.tickets, access: write}")
    build(tmp_path, {"agent-permissions.yaml": manifest(world, *entries)}, config)
    setup(
        world,
        GRANT_READ,
        "GRANT INSERT, UPDATE ON app.tickets TO {agent}; GRANT USAGE ON SEQUENCE app.tickets_id_seq TO {agent}",
    )
    body = drift(tmp_path, world)
    assert rules(body) == []
    assert [one[3] for one in verdicts(body)] == ["ok", "ok"]


def test_environments_are_never_compared_elsewhere(tmp_path: Path, world: World) -> None:
    config = '[systems.postgres]\nkind = "postgresql"\n[systems.postgres.environments.staging]\ndsn_env = "PG_DSN"\n'
    text = manifest(world, READ, environment="[staging, production]")
    build(tmp_path, {"agent-permissions.yaml": text}, config)
    setup(world, GRANT_READ)
    body = drift(tmp_path, world)
    assert verdicts(body) == [
        ("triage", "production", "postgres.app.tickets", "unverified"),
        ("triage", "staging", "postgres.app.tickets", "ok"),
    ]
    assert body["status"] == 3
    assert "binds `postgres` for staging, and not for `production`" in body["unchecked"][0]
    only = drift(tmp_path, world, "--environment", "staging")
    assert (only["status"], len(only["verdicts"])) == (0, 1)


def test_configurations_principal_beats_the_manifests(tmp_path: Path, world: World) -> None:
    config = f'{BINDING}[agents.triage.identities]\npostgres = "{world.role("other")}"\n'
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ)}, config)
    setup(
        world, "CREATE ROLE {other} LOGIN; GRANT USAGE ON SCHEMA app TO {other}; GRANT SELECT ON app.tickets TO {other}"
    )
    body = drift(tmp_path, world)
    assert rules(body) == ["identity-mismatch"]
    assert (body["findings"][0]["line"], body["findings"][0]["severity"]) == (3, "error")
    assert [one["principal"] for one in body["verdicts"]] == [world.role("other")]
    assert body["status"] == 1


def test_the_connections_own_login(tmp_path: Path, world: World) -> None:
    config = BINDING + 'role = "@login"\n'
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ).replace("identities", "x-identities")}, config)
    setup(world, GRANT_READ)
    body = drift(tmp_path, world, env={"PG_DSN": world.server.dsn(world.database, world.role("agent"))})
    assert rules(body) == []
    assert [(one["principal"], one["verdict"]) for one in body["verdicts"]] == [(world.role("agent"), "ok")]


def test_no_principal_is_unverified(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ).replace("identities", "x-identities")}, BINDING)
    body = drift(tmp_path, world)
    assert [one["verdict"] for one in body["verdicts"]] == ["unverified"]
    assert "nothing says which principal `triage` is" in body["unchecked"][0]
    assert body["status"] == 3


def test_agents_that_share_a_role_are_not_each_others_excess(tmp_path: Path, world: World) -> None:
    files = {
        "a/agent-permissions.yaml": manifest(world, READ),
        "b/agent-permissions.yaml": manifest(world, "{resource: postgres.app.tickets, access: write}", agent="writer"),
    }
    build(tmp_path, files, BINDING)
    setup(
        world,
        "GRANT SELECT, INSERT, UPDATE ON app.tickets TO {agent}; GRANT USAGE ON SEQUENCE app.tickets_id_seq TO {agent}",
    )
    body = drift(tmp_path, world)
    assert rules(body) == ["shared-principal", "shared-principal"]
    assert {one[3] for one in verdicts(body)} == {"ok"}


def test_principals_without_a_manifest(tmp_path: Path, world: World) -> None:
    patterns = f'[systems.postgres.principals]\nnames = ["{world.prefix}*"]\n'
    config = f'{BINDING}{patterns}[agents.gone.identities]\npostgres = "{world.role("late")}"\n'
    build(tmp_path, {"a/agent-permissions.yaml": manifest(world, READ), "b/readme": ""}, config)
    setup(world, GRANT_READ, "CREATE ROLE {late} LOGIN; CREATE ROLE {wild} LOGIN; CREATE ROLE {group}")
    body = drift(tmp_path, world)
    found = {(one["rule"], one["path"], one["line"]) for one in body["findings"]}
    assert found == {
        ("drift/orphaned-principal", "permlint.toml", 7),
        ("drift/unmanaged-principal", "permlint.toml", 4),
    }
    assert [one["message"] for one in body["findings"] if world.role("wild") in one["message"]]
    assert not [one for one in body["findings"] if world.role("group") in one["message"]]


def test_the_schemas_that_a_whole_system_means(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, "{resource: postgres, access: read-only}")}, BINDING)
    setup(world, GRANT_READ, "CREATE SCHEMA other; CREATE TABLE other.t (id int)")
    body = drift(tmp_path, world)
    assert [one["details"]["schema"] for one in body["findings"]] == ["other"]
    assert [one[3] for one in verdicts(body)] == ["missing"]
    build(tmp_path, {}, BINDING + 'schemas = ["app"]\n')
    body = drift(tmp_path, world)
    assert (rules(body), [one[3] for one in verdicts(body)]) == ([], ["ok"])
