"""Projects with one key, whose provider is on loopback: what each provider is asked, and what no output may have."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest

from linter.cli import run
from linter.systems.http import Transport
from linter.systems.keys.adapter import Keys
from tests.systems.keys.stub import Stub, reply
from tests.world import build

CANARY = "c4n4ry-T0ken+with/odd=characters%&<x>'"
CLIENT = "cl1ent-S3cret+of/the=auditor"


class Case(NamedTuple):
    """A provider, and an answer under which the entry is just what is granted."""

    kind: str
    settings: str
    entry: str
    answers: tuple[bytes, ...]
    lines: tuple[str, ...]
    headers: Mapping[str, str]
    """Of every request."""


MCP_START = {"jsonrpc": "2.0", "id": 1, "result": {"protocolVersion": "2025-06-18", "capabilities": {}}}
TOOLS = [{"name": "search", "annotations": {"readOnlyHint": True}, "description": CANARY}, {"name": "close"}]
BASIC = b64encode(f"permlint:{quote(CLIENT, safe='')}".encode()).decode()
CASES = (
    Case(
        "slack",
        "",
        "{resource: system, access: read-only}",
        (reply({"ok": True, "user": "bot", "url": CANARY}, headers={"X-OAuth-Scopes": "users:read"}),),
        ("GET /api/auth.test HTTP/1.1",),
        {"authorization": f"Bearer {CANARY}"},
    ),
    Case(
        "github",
        "",
        "{resource: system.gists, actions: [read, create, update, delete]}",
        (reply({"login": "bot", "email": CANARY}, headers={"X-OAuth-Scopes": "gist"}),),
        ("GET /user HTTP/1.1",),
        {"authorization": f"Bearer {CANARY}"},
    ),
    Case(
        "gitlab",
        'origin = "https://gitlab.example.com"',
        "{resource: system, access: read-only}",
        (reply({"scopes": ["read_api"], "revoked": False, "active": True, "token": CANARY}),),
        ("GET /api/v4/personal_access_tokens/self HTTP/1.1",),
        {"private-token": CANARY},
    ),
    Case(
        "zendesk",
        'subdomain = "acme"',
        "{resource: system.tickets, access: read-only}",
        (reply({"token": {"scopes": ["tickets:read"], "token": CANARY, "refresh_token": CANARY}}),),
        ("GET /api/v2/oauth/tokens/current.json HTTP/1.1",),
        {"authorization": f"Bearer {CANARY}"},
    ),
    Case(
        "oauth2",
        'origin = "https://login.example.com"\npath = "/introspect"\nclient_id = "permlint"\n'
        'client_secret_env = "CLIENT"\nscopes = {"tickets.read" = "read"}',
        "{resource: system, access: read-only}",
        (reply({"active": True, "scope": "tickets.read", "token": CANARY}),),
        ("POST /introspect HTTP/1.1",),
        {"authorization": f"Basic {BASIC}", "content-type": "application/x-www-form-urlencoded"},
    ),
    Case(
        "mcp",
        'origin = "https://mcp.example.com"\npath = "/v1/mcp"',
        "{resource: system, access: execute, scope: {tools: [search, close]}}",
        (
            reply(MCP_START, headers={"Mcp-Session-Id": "s-1"}),
            reply(b"", 202),
            reply({"jsonrpc": "2.0", "id": 2, "result": {"tools": TOOLS[:1], "nextCursor": "p2"}}),
            reply(
                b"event: message\r\ndata: "
                + json.dumps({"id": 3, "result": {"tools": TOOLS[1:]}}).encode()
                + b"\r\n\r\n",
                kind="text/event-stream",
            ),
        ),
        ("POST /v1/mcp HTTP/1.1",) * 4,
        {"authorization": f"Bearer {CANARY}", "accept": "application/json, text/event-stream"},
    ),
)


def forms(secret: str) -> list[str]:
    """What no output may have: the secret, its base64 within any text, its URL-encoding, its JSON and HTML spellings."""
    raw = secret.encode()
    middles = []
    for shift in range(3):
        found = b64encode(b"\0" * shift + raw).decode().rstrip("=")[4:-4]
        middles += [found, found.replace("+", "-").replace("/", "_")]
    return [secret, quote(secret), quote(secret, safe=""), *middles]


def project(
    folder: Path, case: Case, monkeypatch: pytest.MonkeyPatch, server: Stub | None = None, **openings: Any
) -> None:
    """A project with one system, the keys in the environment, and the provider on loopback."""
    manifest = f"agent_name: triage\nenvironment: staging\nresources:\n  - {case.entry}\n"
    config = f'[systems.system]\nkind = "{case.kind}"\ntoken_env = "AGENT_KEY"\n{case.settings}\n'
    build(folder, {"agent-permissions.yaml": manifest}, config)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("AGENT_KEY", f" {CANARY}\n")
    monkeypatch.setenv("CLIENT", CLIENT)
    for name in ("GITHUB_EVENT_NAME", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    if server is not None:
        module = import_module(f"linter.systems.keys.{case.kind}")
        monkeypatch.setattr(
            module, "ADAPTER", Keys(module.ADAPTER.provider, Transport(instead=server.origin, **openings))
        )


def drift(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    """The command's exit status and JSON; nothing that it prints may have a secret."""
    status = run(["drift", "--format", "json", "-v", *arguments])
    said = capsys.readouterr()
    for secret in (CANARY, CLIENT):
        assert not [form for form in forms(secret) if form in said.out + said.err]
    return status, json.loads(said.out)
