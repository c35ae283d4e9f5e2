"""Recorded answers (DESIGN.md, section 5): matched by `request`, else taken in order; and an entry of one agent is nobody else's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from linter.cli import run
from tests.systems.keys.compared import compared
from tests.world import build

NOW = "2026-11-25T00:00:00Z"


def ok(scopes: str, request: str | None = None) -> dict[str, Any]:
    found = {"status": 200, "headers": {"X-OAuth-Scopes": scopes}, "body": {"ok": True, "login": "bot"}}
    return found if request is None else {**found, "request": request}


def installation(request: str | None = None, **more: Any) -> dict[str, Any]:
    found = {"status": 200, "body": {"permissions": {"contents": "read"}, "repository_selection": "selected", **more}}
    return found if request is None else {**found, "request": request}


def page(names: list[str], total: int | None, request: str | None = None) -> dict[str, Any]:
    body = {"repositories": [{"full_name": one} for one in names]} | ({} if total is None else {"total_count": total})
    return {"status": 200, "body": body} | ({} if request is None else {"request": request})


REPOSITORIES = "GET /installation/repositories"
READS = "{resource: s, access: read-only}"
APP = "{resource: s.acme/app, access: read-only}"
PATS = "GET /orgs/acme/personal-access-tokens"
READS_ALL = {"repository_selection": "all", "permissions": {"repository": {"contents": "read"}}}


@pytest.mark.parametrize(
    ("listed", "verdict", "words"),
    [
        ([READS_ALL], "ok", ""),
        ([{**READS_ALL, "token_expires_at": "2100-01-01T00:00:00Z", "token_expired": False}], "ok", ""),
        ([{**READS_ALL, "permissions": {"repository": {"contents": "write"}}}], "excess", "contents:write"),
        ([{**READS_ALL, "permissions": {"repository": {"contents": "read"}, "organization": {"members": "read"}}}], "excess", "members"),
        ([{**READS_ALL, "token_expired": True}], "unverified", "expired"),
        ([{**READS_ALL, "token_expires_at": "2026-01-01T00:00:00Z"}], "unverified", "expired"),
        ([READS_ALL, READS_ALL], "unverified", "lists 2 tokens: keep the agent's alone"),
        ([], "unverified", "lists 0 tokens"),
        (["x"], "unverified", "not what it documents"),
        ([{}], "unverified", "names no scopes"),
    ],
)  # fmt: skip
def test_an_organizations_list_of_fine_grained_tokens(listed: Any, verdict: str, words: str, tmp_path: Path) -> None:
    recorded = {"responses": [{"request": PATS, "status": 200, "body": listed}], "token": "github_pat_"}
    if listed == [{}]:
        del recorded["token"]
    entry = "{resource: s.contents, access: read-only}"
    (found,) = compared(tmp_path, "github", [entry], recorded)["verdicts"]
    assert found["verdict"] == verdict, found
    assert words in found["reason"]


OTHER = ok("files:write", "GET /api/users.list")
NO = {"status": 401, "body": {}}


@pytest.mark.parametrize(
    ("kind", "entry", "responses", "verdict"),
    [
        # Matched by the request, wherever it stands; its origin and query are not part of it.
        ("slack", READS, [OTHER, ok("users:read", "GET /api/auth.test")], "ok"),
        ("slack", READS, [OTHER, ok("users:read", "get https://slack.com/api/auth.test?pretty=1")], "ok"),
        ("slack", READS, [ok("files:write"), ok("users:read", "GET /api/auth.test")], "ok"),
        ("slack", READS, [OTHER], "unverified"),
        # In order, where it is not said.
        ("slack", READS, [ok("users:read"), ok("files:write")], "ok"),
        ("slack", READS, [NO, ok("users:read")], "unverified"),
        ("gitlab", READS, [{"status": 200, "body": {"scopes": ["read_api"]}, "request": "GET /api/v4/user"}], "unverified"),
        ("oauth2", "{resource: s, actions: [a]}", [{"body": {"active": True, "scope": "a"}, "request": "POST /introspect"}], "ok"),
        ("oauth2", "{resource: s, actions: [a]}", [{"body": {"active": True, "scope": "a"}, "request": "GET /introspect"}], "unverified"),
        # A GitHub App's installation, and the pages of its repositories.
        ("github", APP, [installation(), page(["acme/app"], 1)], "ok"),
        ("github", APP, [page(["acme/app"], 1, REPOSITORIES), installation("GET /app/installations/7")], "ok"),
        ("github", APP, [installation(), page(["acme/app"], 2), page(["acme/web"], 2)], "excess"),
        ("github", APP, [installation(), page(["acme/web"], 1)], "excess"),
        ("github", APP, [installation(), page(["acme/app"], 2)], "unverified"),  # one page of two
        ("github", APP, [installation(), page(["acme/app"], None)], "unverified"),
        ("github", APP, [installation(), {"status": 200, "body": {}}], "unverified"),
        ("github", APP, [installation(), {"status": 403, "body": {}}], "unverified"),
        ("github", APP, [page(["acme/app"], 1, REPOSITORIES)], "unverified"),
    ],
)  # fmt: skip
def test_answers_are_matched_else_taken_in_order(
    kind: str, entry: str, responses: Any, verdict: str, tmp_path: Path
) -> None:
    body = compared(tmp_path, kind, [entry], {"responses": responses})
    assert [one["verdict"] for one in body["verdicts"]] == [verdict], body["verdicts"]


OVER, AHEAD = "2026-01-01", "2100-01-01"


@pytest.mark.parametrize(
    ("kind", "body", "verdict"),
    [
        ("gitlab", {"scopes": ["read_api"], "expires_at": OVER}, "unverified"),
        ("gitlab", {"scopes": ["read_api"], "expires_at": AHEAD}, "ok"),
        ("gitlab", {"scopes": ["read_api"], "expires_at": None}, "ok"),
        ("zendesk", {"token": {"scopes": ["read"], "expires_at": f"{OVER}T00:00:00Z"}}, "unverified"),
        ("zendesk", {"token": {"scopes": ["read"], "expires_at": f"{AHEAD}T00:00:00Z"}}, "ok"),
        ("oauth2", {"active": True, "scope": "a", "exp": 1_700_000_000}, "unverified"),
        ("oauth2", {"active": True, "scope": "a", "exp": 4_102_444_800}, "ok"),
        ("oauth2", {"active": True, "scope": "a", "exp": "whenever"}, "ok"),  # the server itself calls it active
    ],
)
def test_a_key_whose_time_is_over_proves_nothing(kind: str, body: Any, verdict: str, tmp_path: Path) -> None:
    entry = "{resource: s, actions: [a]}" if kind == "oauth2" else READS
    found = compared(tmp_path, kind, [entry], {"responses": [{"status": 200, "body": body}]})
    assert [one["verdict"] for one in found["verdicts"]] == [verdict], found["verdicts"]


START = {"request": "POST /mcp", "body": {"jsonrpc": "2.0", "id": 1, "result": {"protocolVersion": "2025-06-18"}}}
NOTED = {"request": "POST /mcp", "status": 202, "body": None}
TOOL = "{resource: s, access: execute, scope: {tools: [search, close]}}"


def tools(*names: str, cursor: str = "") -> dict[str, Any]:
    result = {
        "tools": [{"name": one, "annotations": {}} for one in names],
        **({"nextCursor": cursor} if cursor else {}),
    }
    return {"request": "POST /mcp", "body": {"jsonrpc": "2.0", "id": 2, "result": result}}


@pytest.mark.parametrize(
    ("responses", "verdict"),
    [
        ([START, NOTED, tools("search", cursor="p2"), tools("close")], "ok"),
        ([tools("search", cursor="p2"), tools("close")], "ok"),
        (
            [{key: one[key] for key in one if key != "request"} for one in (START, NOTED, tools("search", "close"))],
            "ok",
        ),
        ([START, NOTED, tools("search", cursor="p2"), tools("close", "erase")], "excess"),
        ([START, NOTED, tools("search", cursor="p2")], "unverified"),  # the last page is missing
        ([START, NOTED], "unverified"),
        ([START, NOTED, {"body": {"error": {"code": -32601}}}], "unverified"),
        ([START, {"status": 401, "body": {}}], "unverified"),
        ([START, tools("search"), tools("close")], "unverified"),  # two last pages
    ],
)
def test_the_pages_of_an_mcp_server(responses: Any, verdict: str, tmp_path: Path) -> None:
    body = compared(tmp_path, "mcp", [TOOL], {"responses": responses}, more='origin = "https://mcp.example.com"')
    assert [one["verdict"] for one in body["verdicts"]] == [verdict], body["verdicts"]


ANNOUNCED: Any = {"body": {"result": {"capabilities": {"resources": {}}}}}
ONE: Any = {"body": {"result": {"resources": [{}]}}}
NONE: Any = {"body": {"result": {"resources": []}}}
NO_TEMPLATES: Any = {"body": {"error": {"code": -32601}}}


@pytest.mark.parametrize(
    ("recorded", "verdict"),
    [
        ({"responses": [ANNOUNCED, tools("search", "close"), ONE]}, "excess"),
        ({"responses": [ANNOUNCED, tools("search", "close")]}, "conditional"),
        ({"responses": [ANNOUNCED, tools("search", "close"), NONE]}, "conditional"),
        ({"responses": [ANNOUNCED, tools("search", "close"), NONE, {"body": {"result": {"resourceTemplates": []}}}]}, "ok"),
        ({"responses": [START, tools("search", "close"), NO_TEMPLATES]}, "ok"),
        ({"tools": [{"name": "search"}, {"name": "close"}], "offers": {"prompts": True}}, "excess"),
        ({"tools": [{"name": "search"}, {"name": "close"}], "offers": {"prompts": None}}, "conditional"),
        ({"tools": [{"name": "search"}, {"name": "close"}], "offers": {"prompts": False}}, "ok"),
        ({"tools": [{"name": "search"}, {"name": "close"}], "offers": []}, "unverified"),
    ],
)  # fmt: skip
def test_what_an_mcp_server_offers_beside_tools(recorded: Any, verdict: str, tmp_path: Path) -> None:
    body = compared(tmp_path, "mcp", [TOOL], recorded)
    assert [one["verdict"] for one in body["verdicts"]] == [verdict], body["findings"]


def test_what_is_read_and_got_is_declared_by_its_request(tmp_path: Path) -> None:
    recorded = {"tools": [{"name": "search"}, {"name": "close"}], "offers": {"resources": True, "prompts": True}}
    more = [f"{{resource: s.{one}, access: read-only}}" for one in ("resources/read", "prompts/get")]
    body = compared(tmp_path, "mcp", [TOOL, *more], recorded)
    assert [one["verdict"] for one in body["verdicts"]] == ["ok", "ok", "ok"], body["verdicts"]


@pytest.mark.parametrize(
    "responses",
    [[], {}, "x", [7], [{"status": "200"}], [{"headers": []}], [{"request": 7}], [ok("users:read"), 7]],
)
def test_answers_that_are_none(responses: Any, tmp_path: Path) -> None:
    body = compared(tmp_path, "slack", [READS], {"responses": responses})
    assert [one["verdict"] for one in body["verdicts"]] == ["unverified"]
    assert len(body["unchecked"]) == 1


def _agents(folder: Path, recorded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    manifests = {
        f"{name}.agent-permissions.yaml": f"agent_name: {name}\nenvironment: staging\nresources:\n  - {READS}\n"
        for name in ("triage", "report")
    }
    build(folder, manifests, '[systems.s]\nkind = "slack"\ntoken_env = "NOT_SET_HERE"\n')
    data = {"schema_version": 1, "taken": NOW, "systems": {"s": recorded}}
    (folder / "granted.json").write_text(json.dumps(data), encoding="utf-8")
    monkeypatch.chdir(folder)


def _verdicts(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, tuple[str, str]]:
    capsys.readouterr()
    run(["drift", "--format", "json", "--as-of", "2026-11-25", "--max-age", "9999", *arguments])
    body = json.loads(capsys.readouterr().out)
    return {one["agent"]: (one["verdict"], one["reason"]) for one in body["verdicts"]}


def entry(scopes: str, **more: str) -> dict[str, Any]:
    return {"kind": "slack", "responses": [ok(scopes)], **more}


def test_an_entry_of_one_agent_answers_its_claims_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _agents(tmp_path, [entry("users:read", agent="triage"), entry("files:write", agent="report")], monkeypatch)
    found = _verdicts(capsys, "--live-from", "granted.json", "--record", "again.json")
    assert {name: verdict for name, (verdict, _) in found.items()} == {"triage": "ok", "report": "excess"}
    again = json.loads((tmp_path / "again.json").read_text(encoding="utf-8"))["systems"]["s"]
    assert sorted(one["agent"] for one in again) == ["report", "triage"]
    assert _verdicts(capsys, "--live-from", "again.json") == found


def test_who_has_no_entry_is_unverified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _agents(tmp_path, entry("users:read", agent="triage"), monkeypatch)
    found = _verdicts(capsys, "--live-from", "granted.json")
    assert found["triage"][0] == "ok"
    assert found["report"] == ("unverified", "what was recorded of `s` is not of the agent `report`")


def test_an_entry_of_everybody_stands_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _agents(tmp_path, [entry("files:write"), entry("users:read", agent="triage", environment="staging")], monkeypatch)
    found = _verdicts(capsys, "--live-from", "granted.json")
    assert {name: verdict for name, (verdict, _) in found.items()} == {"triage": "ok", "report": "excess"}
    _agents(tmp_path, [entry("files:write", environment="production"), entry("users:read")], monkeypatch)
    found = _verdicts(capsys, "--live-from", "granted.json")
    assert {verdict for verdict, _ in found.values()} == {"ok"}


@pytest.mark.parametrize("more", [{"agent": 7}, {"environment": ["staging"]}])
def test_an_agent_or_environment_that_is_no_text(
    more: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _agents(tmp_path, {**entry("users:read"), **more}, monkeypatch)
    assert run(["drift", "--as-of", "2026-11-25", "--live-from", "granted.json"]) == 2
    assert "has an `environment` or an `agent` that is no text" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('kind = "slack"\ntoken_env = "KEY"', "the key itself"),
        ('kind = "aws"\nprofile = "auditor"', "whom a recording names as its caller; nobody live"),
        ('kind = "aws"\nrole = "bot"', "bot, as systems.s says"),
        ('kind = "postgresql"\ndsn_env = "DSN"\nrole = "@login"', "the login of the connection string"),
    ],
)
def test_the_plan_says_who_is_meant(
    settings: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _agents(tmp_path, entry(""), monkeypatch)
    build(tmp_path, {}, f"[systems.s]\n{settings}\n")
    assert run(["drift", "--explain-plan"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  principal")]
    assert lines == [f"  principal  {said}"] * 2
