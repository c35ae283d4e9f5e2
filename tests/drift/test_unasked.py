"""What is not asked and what does not answer, and how a run says so."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import ROOT, permlint
from tests.drift.projects import CANARY, GRANT_READ, READ, verdicts
from tests.servers import World
from tests.test_drift import BINDING, drift, manifest, rules, setup
from tests.world import build


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
    env = {**os.environ, "PG_DSN": world.dsn, "PYTHONPATH": str(ROOT)}
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
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
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
