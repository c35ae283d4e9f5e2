"""What a run of `drift` does around the comparison: planes, recordings, forks, systems that do not answer. On the newest server."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests import servers
from tests.command import permlint
from tests.servers import World
from tests.test_drift import BINDING, READ_WRITE, drift, manifest, rules, setup
from tests.world import build

CANARY = "canary-Zx81-pass"
READ = "{resource: postgres.app.tickets, access: read-only}"
GRANT_READ = "GRANT SELECT ON app.tickets TO {agent}"
NEWEST = max(servers.programs())


@pytest.fixture(scope="module")
def newest() -> Iterator[servers.Server]:
    """One server is enough here: what differs by version is compared elsewhere."""
    with servers.running(NEWEST) as found:
        yield found


@pytest.fixture
def world(newest: servers.Server) -> Iterator[World]:
    """A database of one's own."""
    with servers.world(newest) as fresh:
        yield fresh


def verdicts(body: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """(agent, environment, resource, verdict) of each."""
    return [(one["agent"], one["environment"], one["resource"], one["verdict"]) for one in body["verdicts"]]


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


def test_one_database_that_does_not_answer(tmp_path: Path, world: World) -> None:
    config = BINDING + '[systems.other]\nkind = "postgresql"\ndsn_env = "OTHER_DSN"\nrole = "x"\n'
    entries = (READ, "{resource: other.t, access: read-only}")
    build(tmp_path, {"agent-permissions.yaml": manifest(world, *entries)}, config)
    setup(world, GRANT_READ)
    dead = f"postgresql://auditor:{CANARY}@127.0.0.1:1/x"
    body = drift(tmp_path, world, env={"OTHER_DSN": dead})
    assert [one[3] for one in verdicts(body)] == ["unverified", "ok"]
    assert body["status"] == 3
    assert body["summary"]["unverified"] == 1
    world.run("GRANT DELETE ON app.tickets TO {agent}")
    worse = drift(tmp_path, world, "--fail-on", "warning", env={"OTHER_DSN": dead})
    assert worse["status"] == 1
    assert rules(worse) == ["undeclared-privilege", "unverified-resource"]


@pytest.mark.parametrize(
    ("dsn", "sentence"),
    [
        ("", "the variable PG_DSN is not set"),
        (f"postgresql://u:{CANARY}@h:port/d", "PG_DSN"),
        (f"host=h password='{CANARY}", "the variable PG_DSN holds no connection string"),
        (f"{CANARY} = x = y", "the variable PG_DSN holds no connection string"),
        (f"postgresql://u:{CANARY}@127.0.0.1:1/d", "refuses connections"),
        (f"postgresql://u:{CANARY}@no-such-host.invalid/d", "host name that does not resolve"),
    ],
)
def test_the_password_is_in_no_output(tmp_path: Path, world: World, dsn: str, sentence: str) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ)}, BINDING)
    both = ["--format", "text", "--output", "-", "--format", "json", "--output", "out.json"]
    for arguments in (["drift", "-v", *both], ["systems", "--check"]):
        done = permlint(tmp_path, *arguments, env={"PG_DSN": dsn})
        assert CANARY not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        assert done.returncode == 3
        assert sentence in done.stdout
    assert CANARY not in (tmp_path / "out.json").read_text()
    assert sentence in (tmp_path / "out.json").read_text()


def test_the_password_of_a_connection_that_works_is_in_no_output(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ_WRITE)}, BINDING)
    setup(world, GRANT_READ)
    dsn = f"{world.dsn} password={CANARY}"
    for arguments in (["-v"], ["-v", "--format", "json"], ["--record", "out.json"]):
        done = permlint(tmp_path, "drift", *arguments, env={"PG_DSN": dsn})
        assert CANARY not in done.stdout + done.stderr
    assert CANARY not in (tmp_path / "out.json").read_text()


def test_a_configuration_that_holds_a_value_is_not_quoted(tmp_path: Path) -> None:
    build(
        tmp_path,
        {"agent-permissions.yaml": ""},
        f'[systems.pg]\nkind = "postgresql"\ndsn_env = "postgresql://u:{CANARY}@h/d"\n',
    )
    done = permlint(tmp_path, "drift")
    assert CANARY not in done.stdout + done.stderr
    assert "permlint.toml:3:1: systems.pg.dsn_env: expected the name of an environment variable" in done.stdout
    assert done.returncode == 2


def test_explain_plan_connects_to_nothing(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ)}, BINDING)
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.setblocking(False)
        dsn = f"postgresql://u:p@127.0.0.1:{trap.getsockname()[1]}/d"
        done = permlint(tmp_path, "drift", "--explain-plan", env={"PG_DSN": dsn})
        with pytest.raises(BlockingIOError):
            trap.accept()
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "agent-permissions.yaml: triage in staging, postgres",
        "  declared   postgres.app.tickets",
        "  binding    systems.postgres, postgresql, $PG_DSN (set)",
        f"  principal  {world.role('agent')}, as the manifest says",
    ]


def test_recorded_answers_say_the_same(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ_WRITE)}, BINDING)
    setup(world, GRANT_READ, "CREATE ROLE {boss}; GRANT {boss} TO {agent}; GRANT DELETE ON app.tickets TO {boss}")
    live = drift(tmp_path, world, "--record", "granted.json")
    assert (tmp_path / "granted.json").stat().st_mode & 0o777 == 0o600
    offline = drift(tmp_path, world, "--live-from", "granted.json", env={"PG_DSN": ""})
    assert offline == live
    assert rules(live)


SLACK = {
    "request": "GET /api/auth.test",
    "status": 200,
    "headers": {"x-oauth-scopes": "chat:write,channels:history"},
    "body": {"ok": True},
}


@pytest.mark.parametrize("config", [None, "", '[systems.other]\nkind = "jwt"\ntoken_env = "OTHER"\n'])
def test_a_recording_says_the_kind_where_configuration_does_not(tmp_path: Path, config: str | None) -> None:
    text = "agent_name: notifier\nenvironment: staging\nowner: ops\nresources:\n  - {resource: alerts, access: write}\n"
    taken = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    live = {"schema_version": 1, "taken": taken, "systems": {"alerts": {"kind": "slack", "responses": [SLACK]}}}
    build(tmp_path, {"agent-permissions.yaml": text, "live.json": json.dumps(live)}, config)
    body = json.loads(permlint(tmp_path, "drift", "--live-from", "live.json", "--format", "json").stdout)
    assert verdicts(body) == [("notifier", "staging", "alerts", "excess")]
    (finding,) = (one for one in body["findings"] if one["rule"] == "drift/undeclared-privilege")
    assert finding["details"]["scopes"] == ["channels:history"]


def test_how_old_recorded_answers_may_be(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ)}, BINDING)
    setup(world, GRANT_READ)
    drift(tmp_path, world, "--record", "granted.json")
    path = tmp_path / "granted.json"
    recorded = json.loads(path.read_text())

    def status(hours: float, *arguments: str) -> tuple[int, str]:
        taken = (datetime.now(UTC) - timedelta(hours=hours)).isoformat()
        path.write_text(json.dumps({**recorded, "taken": taken}))
        body = drift(tmp_path, world, "--live-from", "granted.json", *arguments, env={"PG_DSN": ""})
        return body["status"], " ".join([*body["unchecked"], *(one["message"] for one in body["errors"])])

    assert status(25) == (0, "")
    assert status(27)[0] == 3
    assert "granted.json was recorded 27 h ago, and may be 26 h old at most" in status(27)[1]
    assert status(27, "--max-age", "48") == (0, "")
    assert status(-30)[0] == 2
    assert "taken in the future" in status(-30)[1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("{}", "is no recording"),
        ('{"schema_version": 1, "systems": {}}', "does not say when it was `taken`"),
        ('{"schema_version": 1, "taken": "yesterday", "systems": {}}', "is no time"),
        ('{"schema_version": 1, "taken": "2026-11-22T00:00:00", "systems": {}}', "no time zone"),
        ('{"schema_version": 1, "taken": "2026-11-22T00:00:00Z"}', "has no `systems`"),
        ('{"schema_version": 1, "taken": "2026-11-22T00:00:00Z", "systems": {"postgres": 3}}', "has no `kind`"),
    ],
)
def test_recordings_that_are_none(tmp_path: Path, world: World, text: str, message: str) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ), "granted.json": text}, BINDING)
    body = drift(tmp_path, world, "--live-from", "granted.json", "--as-of", "2026-11-22")
    assert message in body["errors"][0]["message"]
    assert body["status"] == 2


def test_a_recording_without_this_role_does_not_make_it_clean(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ)}, BINDING)
    setup(world, GRANT_READ, "CREATE ROLE {other} LOGIN")
    drift(tmp_path, world, "--record", "granted.json")
    text = manifest(world, READ).replace(world.role("agent"), world.role("other"))
    build(tmp_path, {"agent-permissions.yaml": text})
    body = drift(tmp_path, world, "--live-from", "granted.json")
    assert [one["verdict"] for one in body["verdicts"]] == ["unverified"]
    assert "does not cover the role" in body["unchecked"][0]


def _event(folder: Path, head: str | None) -> dict[str, str]:
    repository = {"full_name": head} if head else None
    request = {"head": {"repo": repository}, "base": {"repo": {"full_name": "acme/agents"}}}
    build(folder, {"event.json": json.dumps({"pull_request": request})})
    return {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(folder / "event.json")}


FORK = "this is a pull request from a fork"


def test_a_fork_asks_nothing(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ)}, BINDING)
    setup(world, GRANT_READ)
    drift(tmp_path, world, "--record", "granted.json")
    for env in (
        _event(tmp_path, "stranger/agents"),
        _event(tmp_path, None),
        {"GITHUB_EVENT_NAME": "pull_request_target", "GITHUB_EVENT_PATH": "absent"},
        {"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "7", "CI_MERGE_REQUEST_PROJECT_ID": "1"},
    ):
        body = drift(tmp_path, world, env=env)
        assert body["status"] == 3
        assert body["verdicts"] == []
        assert FORK in body["unchecked"][0]
    fork = _event(tmp_path, "stranger/agents")
    assert drift(tmp_path, world, "--force", env=fork)["status"] == 0
    assert drift(tmp_path, world, "--live-from", "granted.json", env=fork)["status"] == 0
    assert drift(tmp_path, world, env=_event(tmp_path, "acme/agents"))["status"] == 0
    assert (
        drift(tmp_path, world, env={"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1", "CI_MERGE_REQUEST_PROJECT_ID": "1"})[
            "status"
        ]
        == 0
    )


def test_what_is_accepted_is_no_longer_unchecked(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ, "{resource: wiki, access: read-only}")}, BINDING)
    setup(world, GRANT_READ)
    body = drift(tmp_path, world, "--as-of", "2026-11-24")
    assert body["status"] == 3
    permlint(tmp_path, "drift", "--output", "found.json", "--as-of", "2026-11-24", env={"PG_DSN": world.dsn})
    words = ["--all", "--reason", "the wiki is public", "--until", "2026-12-31", "--by", "kim"]
    taken = permlint(tmp_path, "accept", "--from", "found.json", *words, "--as-of", "2026-11-24")
    assert taken.returncode == 0, taken.stderr
    after = drift(tmp_path, world, "--as-of", "2026-11-24")
    assert (after["status"], after["unchecked"], after["summary"]["accepted"]) == (0, [], 1)
    assert drift(tmp_path, world, "--as-of", "2027-01-01")["status"] == 3
    # `check` neither finds nor misses it.
    checked = json.loads(permlint(tmp_path, "check", "--format", "json", "--as-of", "2026-11-24").stdout)
    assert not [one for one in checked["findings"] if one["rule"].startswith("suppression/")]


def test_without_psycopg_it_says_what_to_install(tmp_path: Path, world: World) -> None:
    build(
        tmp_path, {"agent-permissions.yaml": manifest(world, READ), "shadow/psycopg.py": "raise ImportError"}, BINDING
    )
    code = "import sys; sys.path.insert(0, 'shadow'); from linter.cli import run; sys.exit(run(['drift', '--format', 'json']))"
    env = {**os.environ, "PG_DSN": world.dsn, "PYTHONPATH": str(Path(__file__).parent.parent)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert "pip install 'permlint[postgres]'" in json.loads(done.stdout)["unchecked"][0]


def test_check_loads_nothing_of_drift(tmp_path: Path, world: World) -> None:
    build(
        tmp_path,
        {"agent-permissions.yaml": manifest(world, READ)},
        BINDING + '[rules."drift/superuser"]\nseverity = "warning"\n',
    )
    code = (
        "import sys\nfrom linter.cli import run\nstatus = run(['check'])\n"
        "print(status, sorted(one for one in sys.modules if 'drift' in one or 'postgresql' in one or 'psycopg' in one))\n"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1].endswith(" []")


def test_databases_that_were_not_scanned_are_named(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ)}, BINDING)
    setup(world, GRANT_READ)
    notes = " ".join(drift(tmp_path, world)["notes"])
    assert "can also connect to databases that were not scanned" in notes
    assert "postgres" in notes


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


def test_verbose_shows_all_that_is_granted(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ)}, BINDING)
    setup(world, GRANT_READ)
    shown = permlint(tmp_path, "drift", "-v", env={"PG_DSN": world.dsn}).stdout
    assert "SELECT on app.tickets" in shown
    assert "USAGE on schema app" in shown
    assert "ok: triage (staging) postgres.app.tickets" in shown
    (one,) = drift(tmp_path, world, "-v")["effective"]
    assert {
        "privilege": "SELECT on app.tickets",
        "bound": "sure",
        "via": f"{world.role('agent')} -> GRANT by postgres",
    } in one["granted"]


def test_a_name_that_is_a_credential_is_masked_and_no_other(tmp_path: Path, world: World) -> None:
    token = "ghp_" + "a1B2c3D4" * 4
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ)}, BINDING)
    setup(
        world,
        GRANT_READ,
        f'CREATE TABLE app."{token}" (a int); CREATE TABLE app.plain (a int); GRANT SELECT ON app.plain TO {{agent}}',
        f'CREATE ROLE "{token}"; GRANT INSERT ON app."{token}" TO "{token}"; GRANT "{token}" TO {{agent}}',
    )
    for form in ("text", "json", "sarif", "markdown"):
        assert token not in permlint(tmp_path, "drift", "--format", form, env={"PG_DSN": world.dsn}).stdout
    plain, masked = sorted(drift(tmp_path, world)["findings"], key=lambda one: "***" in one["message"])
    assert (plain["details"]["object"], plain["details"]["via"][0]) == ("plain", world.role("agent"))
    hidden = "ghp_" + "*" * 32
    assert (masked["details"]["object"], masked["details"]["via"][1]) == (hidden, hidden)
    assert f'REVOKE INSERT ON app."{hidden}" FROM "{hidden}";' in masked["fix"]
    with world.server.connect() as connection:
        connection.execute(f'REVOKE ALL ON DATABASE {world.database} FROM "{token}"'.encode())
    world.run(f'DROP OWNED BY "{token}"; DROP ROLE "{token}"')


def test_text_groups_by_cause(tmp_path: Path, world: World) -> None:
    files = {
        "a/agent-permissions.yaml": manifest(world, READ),
        "b/agent-permissions.yaml": manifest(world, READ, agent="second").replace(
            world.role("agent"), world.role("two")
        ),
    }
    build(tmp_path, files, BINDING)
    setup(
        world,
        GRANT_READ,
        "CREATE ROLE {two} LOGIN; GRANT USAGE ON SCHEMA app TO {two}; GRANT SELECT ON app.tickets TO {two}",
        "GRANT DELETE ON app.tickets TO PUBLIC",
    )
    lines = permlint(tmp_path, "drift", env={"PG_DSN": world.dsn}).stdout.splitlines()
    head = lines.index("granted to PUBLIC: every role has it  [triage (staging), second (staging)]")
    assert [one.split(": ")[0] for one in lines[head + 1 : head + 3]] == [
        "  a/agent-permissions.yaml:5:6",
        "  b/agent-permissions.yaml:5:6",
    ]
    assert lines[head + 3] == "  = help: REVOKE DELETE ON app.tickets FROM PUBLIC;"


def test_a_large_group_is_cut_and_says_so(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ)}, BINDING)
    tables = "; ".join(f"CREATE TABLE app.t{number} (id int)" for number in range(25))
    setup(world, GRANT_READ, f"{tables}; GRANT SELECT ON ALL TABLES IN SCHEMA app TO {{agent}}")
    shown = permlint(tmp_path, "drift", env={"PG_DSN": world.dsn}).stdout
    assert "  ... and 5 more (-v shows them)" in shown
    assert "          ... and 13 more statements" in shown
    assert shown.count("undeclared-privilege") == 20
    assert (
        permlint(tmp_path, "drift", "-v", env={"PG_DSN": world.dsn}).stdout.count("[drift/undeclared-privilege]") == 25
    )


def test_which_systems_can_be_asked(tmp_path: Path, world: World) -> None:
    unset = '[systems.other]\nkind = "postgresql"\ndsn_env = "UNSET_DSN"\n[systems.chat]\nkind = "slack"\ntoken_env = "TOKEN"\n'
    entries = (READ, "{resource: other.t, access: read-only}", "{resource: wiki, access: read-only}")
    build(tmp_path, {"agent-permissions.yaml": manifest(world, *entries)}, BINDING + unset)
    done = permlint(tmp_path, "systems", "--check", env={"PG_DSN": world.dsn})
    assert done.returncode == 3
    assert done.stdout.splitlines() == [
        "chat: slack: the variable TOKEN is not set: it must hold the credential of chat",
        "other (staging): postgresql: the variable UNSET_DSN is not set: it must hold the connection string of an auditor's login",
        "postgres (staging): postgresql: $PG_DSN answers",
        "wiki (staging): unbound: configuration binds no system `wiki`: add [systems.wiki] with its kind",
    ]
    assert permlint(tmp_path, "systems").returncode == 0
    build(tmp_path, {"agent-permissions.yaml": manifest(world, READ)}, BINDING)
    assert permlint(tmp_path, "systems", "--check", env={"PG_DSN": world.dsn}).returncode == 0


def test_the_schemas_that_a_whole_system_means(tmp_path: Path, world: World) -> None:
    build(tmp_path, {"agent-permissions.yaml": manifest(world, "{resource: postgres, access: read-only}")}, BINDING)
    setup(world, GRANT_READ, "CREATE SCHEMA other; CREATE TABLE other.t (id int)")
    body = drift(tmp_path, world)
    assert [one["details"]["schema"] for one in body["findings"]] == ["other"]
    assert [one[3] for one in verdicts(body)] == ["missing"]
    build(tmp_path, {}, BINDING + 'schemas = ["app"]\n')
    body = drift(tmp_path, world)
    assert (rules(body), [one[3] for one in verdicts(body)]) == ([], ["ok"])
