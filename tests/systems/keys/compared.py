"""A run over one agent and one key, by recorded answers of each provider, and what it says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from linter.checking import select
from linter.config import load as load_config
from linter.drift.recordings import Recording
from linter.drift.run import Request, drift
from linter.reports.json import render
from linter.rulesets import ruleset
from tests.world import build

TODAY = date(2026, 11, 25)


def compared(
    folder: Path, kind: str, entries: Sequence[str], recorded: Any, *, more: str = "", environment: str = "staging"
) -> dict[str, Any]:
    """The JSON of a run over one agent whose system `s` is of this kind."""
    lines = "\n".join(f"  - {entry}" for entry in entries)
    manifest = f"agent_name: triage\nenvironment: {environment}\nresources:\n{lines}\n"
    build(folder, {"agent-permissions.yaml": manifest}, f'[systems.s]\nkind = "{kind}"\n{more}\n')
    config = load_config(None, str(folder))
    selection = select(config, (), str(folder), force_exclude=False)
    recording = Recording("recorded.json", "", {"s": ({"kind": kind, **recorded},)})
    outcome = drift(config, ruleset(config, "drift"), selection, TODAY, Request(recordings=(recording,))).outcome
    body: dict[str, Any] = json.loads(render(outcome))
    assert not [one for one in body["findings"] if one["rule"].startswith("engine/")], body["findings"]
    return body


def said(body: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(rule, scopes, level) of each finding."""
    return sorted(
        (
            one["rule"].removeprefix("drift/"),
            " ".join(one["details"].get("scopes", ())),
            one["details"].get("level", ""),
        )
        for one in body["findings"]
    )


def slack(scopes: str) -> dict[str, Any]:
    return {"responses": [{"status": 200, "headers": {"X-OAuth-Scopes": scopes}, "body": {"ok": True}}]}


def github(scopes: str | None, body: Any = None) -> dict[str, Any]:
    headers = {} if scopes is None else {"x-oauth-scopes": scopes}
    return {"responses": [{"status": 200, "headers": headers, "body": body or {"login": "bot"}}]}


def gitlab(*scopes: str, **more: Any) -> dict[str, Any]:
    return {"responses": [{"status": 200, "body": {"scopes": list(scopes), "revoked": False, "active": True, **more}}]}


def zendesk(*scopes: str) -> dict[str, Any]:
    return {"responses": [{"status": 200, "body": {"token": {"scopes": list(scopes)}}}]}


def mcp(*tools: tuple[str, dict[str, bool]]) -> dict[str, Any]:
    return {"tools": [{"name": name, "annotations": hints} for name, hints in tools]}


def app(repositories: Any = None, **permissions: str) -> dict[str, Any]:
    more = {"repository_selection": "all"} if repositories is None else {"repository_selection": "selected"}
    listed = {} if repositories is None else {"repositories": [{"full_name": one} for one in repositories]}
    return github(None, {"permissions": permissions, **more, **listed})


OPS = "{resource: s, access: write, scope: '#ops-alerts channel only'}"
READ, WRITE, BOTH = (f"{{resource: s, access: {one}}}" for one in ("read-only", "write", "read-write"))
APP, APP_WRITE = "{resource: s.acme/app, access: read-only}", "{resource: s.acme/app, access: read-write}"
ACME = "{resource: s.acme/*, access: read-only}"
EXCESS, COARSE, UNVERIFIED, MISSING = "undeclared-privilege", "coarse-grant", "unverified-resource", "missing-privilege"
CONDITIONAL, SYSTEM = "conditional-privilege", "undeclared-system"
