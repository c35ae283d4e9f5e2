"""`permlint init --from` a key: what check and drift then agree with, and what is left to decide."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from linter.cli import run
from tests.systems.keys.projects import CASES, drift, project
from tests.systems.keys.stub import reply, stub


def test_a_first_manifest_from_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    headers = {"X-OAuth-Scopes": "users:read,reminders:read,chat:write,new:scope"}
    with stub(reply({"ok": True, "user": "bot"}, headers=headers)) as server:
        project(tmp_path, CASES[0], monkeypatch, server)
        assert run(["init", "agents/new/agent-permissions.yaml", "--from", "system", "--agent", "notifier"]) == 0
        text = (tmp_path / "agents/new/agent-permissions.yaml").read_text(encoding="utf-8")
        assert "actions: ['users:read', 'reminders:read']" in text.replace('"', "'")
        assert "# - chat:write (delete)" in text
        assert "# - new:scope (unknown)" in text
        assert "identities" not in text
        capsys.readouterr()
        _, body = drift(capsys, "agents/new/agent-permissions.yaml")
    told = {one["details"]["scopes"][0] for one in body["findings"] if one["rule"] == "drift/undeclared-privilege"}
    assert told == {"chat:write", "new:scope"}
    assert run(["init", "other.yaml", "--role", "x"]) == 2


def test_a_first_manifest_from_a_github_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with stub(reply({"login": "bot"}, headers={"X-OAuth-Scopes": "gist, read:org, repo, new:scope"})) as server:
        project(tmp_path, CASES[1], monkeypatch, server)
        named = ["--agent", "n", "--owner", "o", "--purpose", "p"]
        assert run(["init", "agents/new/agent-permissions.yaml", "--from", "system", *named]) == 0
        text = (tmp_path / "agents/new/agent-permissions.yaml").read_text(encoding="utf-8")
        assert "actions: ['read:org']" in text.replace('"', "'")
        decisions = {line.removeprefix("# - ") for line in text.splitlines() if line.startswith("# - ")}
        assert decisions == {"gist (delete)", "repo (admin)", "new:scope (unknown)"}
        capsys.readouterr()
        run(["check", "--fail-on", "info", "--format", "json", "agents/new/agent-permissions.yaml"])
        rules = {one["rule"] for one in json.loads(capsys.readouterr().out)["findings"]}
        assert not [rule for rule in rules if rule.startswith("manifest/") and rule != "manifest/placeholder-left"]
        _, body = drift(capsys, "agents/new/agent-permissions.yaml")
    told = {one["details"]["scopes"][0] for one in body["findings"] if one["details"].get("scopes")}
    assert told == {"gist", "repo", "new:scope"}
