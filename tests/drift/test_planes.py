"""What an entry is compared with: which database, environment, schema and principal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import servers
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


def test_a_manifest_for_staging_says_nothing_of_one_of_that_name_in_production(tmp_path: Path, world: World) -> None:
    overlays = "".join(
        f'[systems.postgres.environments.{name}]\ndsn_env = "{variable}"\n'
        for name, variable in (("staging", "PG_DSN"), ("production", "OTHER_DSN"))
    )
    patterns = f'[systems.postgres.principals]\nnames = ["{world.prefix}*"]\n'
    build(
        tmp_path,
        {"agent-permissions.yaml": manifest(world, READ)},
        f'[systems.postgres]\nkind = "postgresql"\n{patterns}{overlays}',
    )
    setup(world, GRANT_READ)
    agent = world.role("agent")
    with servers.twin(world) as other:
        body = drift(tmp_path, world, env={"OTHER_DSN": other.dsn})
    (found,) = body["findings"]
    assert (found["rule"], found["severity"]) == ("drift/unmanaged-principal", "error")
    assert found["message"].startswith(f"{agent} of postgres (production) has no manifest")
    counted = {one["environment"]: (one["declared"], one["unmanaged"]) for one in body["population"]}
    assert counted == {"production": ([], [agent]), "staging": ([agent], [])}
    # Where both lead to one database, it is the same principal.
    body = drift(tmp_path, world, env={"OTHER_DSN": world.dsn})
    assert body["findings"] == []
    counted = {one["environment"]: (one["declared"], one["unmanaged"]) for one in body["population"]}
    assert counted == {"production": ([agent], []), "staging": ([agent], [])}


@pytest.mark.parametrize("narrowed", [("--environment", "production"), ("a",), ("--environment", "production", "a")])
def test_whom_other_manifests_speak_for_is_managed_in_a_narrowed_run(
    tmp_path: Path, world: World, narrowed: tuple[str, ...]
) -> None:
    late = world.role("late")
    files = {
        "a/agent-permissions.yaml": manifest(world, READ),
        "b/agent-permissions.yaml": manifest(world, READ, agent="late", environment="production").replace(
            world.role("agent"), late
        ),
    }
    build(tmp_path, files, f'{BINDING}[systems.postgres.principals]\nnames = ["{world.prefix}*"]\n')
    setup(world, GRANT_READ, "CREATE ROLE {late} LOGIN")
    body = drift(tmp_path, world, *narrowed)
    assert "drift/unmanaged-principal" not in {one["rule"] for one in body["findings"]}
    counted = [(one["declared"], one["unmanaged"]) for one in body["population"]]
    assert counted == [(sorted([world.role("agent"), late]), [])]


def test_the_schemas_that_a_whole_system_means(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, "{resource: postgres, access: read-only}")}, BINDING)
    setup(world, GRANT_READ, "CREATE SCHEMA other; CREATE TABLE other.t (id int)")
    body = drift(tmp_path, world)
    assert [one["details"]["schema"] for one in body["findings"]] == ["other"]
    assert [one[3] for one in verdicts(body)] == ["missing"]
    build(tmp_path, {}, BINDING + 'schemas = ["app"]\n')
    body = drift(tmp_path, world)
    assert (rules(body), [one[3] for one in verdicts(body)]) == ([], ["ok"])
