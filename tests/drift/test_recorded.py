"""Recorded answers in place of a live system: the same verdicts, for as long as they are of age."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.command import permlint
from tests.drift.projects import GRANT_READ, READ, verdicts
from tests.servers import World
from tests.test_drift import BINDING, READ_WRITE, drift, manifest, rules, setup
from tests.world import build


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
        ('{"schema_version": 1, "systems": {"a": {}, "a": {}}}', "has the key `a` twice in one object"),
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
