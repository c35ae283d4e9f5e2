"""A revoke of a key's scope, where the next key has one that confers it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.audit.projects import MANIFEST, PATH, decided, filled, project, record, report, rows
from tests.world import build

CONFIG = '[systems.github]\nkind = "github"\ntoken_env = "GH_TOKEN"\n'
LIVE = ("--live-from", "github.json")


def key(scopes: str) -> str:
    """A recording of a classic token."""
    answer = {"request": "GET /user", "status": 200, "headers": {"x-oauth-scopes": scopes}, "body": {"login": "bot"}}
    systems = {"github": {"kind": "github", "responses": [answer]}}
    return json.dumps({"schema_version": 1, "taken": "2026-11-24T22:00:00Z", "systems": systems})


@pytest.mark.parametrize(
    ("after", "outcome", "forms"),
    [
        (["tickets:read", "tickets:write"], "pending", ["tickets:read on", "tickets:write on"]),
        (["tickets:write", "users"], "done", []),
    ],
)
def test_several_scopes_that_together_confer_it_are_another_form(
    tmp_path: Path, after: list[str], outcome: str, forms: list[str]
) -> None:
    manifest = MANIFEST.replace("slack.#ops", "desk").replace(
        '    access: write\n    scope: {channels: ["#ops"]}', "    access: none"
    )

    def token(scopes: list[str]) -> str:
        answer = {
            "request": "GET /api/v2/oauth/tokens/current.json",
            "status": 200,
            "body": {"token": {"scopes": scopes}},
        }
        systems = {"desk": {"kind": "zendesk", "responses": [answer]}}
        return json.dumps({"schema_version": 1, "taken": "2026-11-24T22:00:00Z", "systems": systems})

    config = '[systems.desk]\nkind = "zendesk"\nsubdomain = "acme"\ntoken_env = "ZD_TOKEN"\n'
    project(tmp_path, {PATH: manifest, "desk.json": token(["tickets"])}, config=config)
    live = ("--live-from", "desk.json")
    assert record(tmp_path, filled(rows(tmp_path, *live), {"tickets on": decided("revoke")})).returncode == 0
    build(tmp_path, {"desk.json": token(after)})
    (one,) = (each for each in report(tmp_path, *live)["revoked"] if each["what"].startswith("tickets on"))
    assert one["decided"]["outcome"] == outcome
    assert all(form in one["why"] for form in forms)


@pytest.mark.parametrize(
    ("before", "after", "what", "outcome"),
    [
        ("public_repo", "repo", "public_repo", "pending"),
        ("write:org", "admin:org", "write:org", "pending"),
        ("write:org", "site_admin", "write:org", "pending"),
        ("public_repo", "repo:status", "public_repo", "done"),
        ("admin:org", "read:org", "admin:org", "done"),  # what is left of it is a row of its own
    ],
)
def test_a_wider_scope_is_another_form(tmp_path: Path, before: str, after: str, what: str, outcome: str) -> None:
    manifest = MANIFEST.replace("slack.#ops", "github.acme/site").replace('channels: ["#ops"]', 'paths: ["docs"]')
    project(tmp_path, {PATH: manifest, "github.json": key(before)}, config=CONFIG)
    given = rows(tmp_path, *LIVE)
    assert record(tmp_path, filled(given, {f"{what} on github": decided("revoke")})).returncode == 0
    build(tmp_path, {"github.json": key(after)})
    (one,) = (each for each in report(tmp_path, *LIVE)["revoked"] if each["what"].startswith(what))
    assert one["decided"]["outcome"] == outcome
    told = f"it stands, or may stand, in another form: {after} on github" if outcome == "pending" else ""
    assert one["why"].partition(" (")[0] == told
