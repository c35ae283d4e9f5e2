"""What keys may do that no list of scopes says: an MCP server, an introspection, a GitHub token without scopes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.systems.keys.projects import CANARY, CASES, TOOLS, drift, project
from tests.systems.keys.stub import reply, stub
from tests.systems.keys.test_live import IDS


def test_what_introspection_sends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case = CASES[IDS.index("oauth2")]
    with stub(*case.answers) as server:
        project(tmp_path, case, monkeypatch, server)
        drift(capsys)
        assert parse_qs(server.asked[0].body.decode()) == {"token": [CANARY], "token_type_hint": ["access_token"]}


def test_what_an_mcp_server_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case = CASES[IDS.index("mcp")]
    with stub(*case.answers) as server:
        project(tmp_path, case, monkeypatch, server)
        drift(capsys)
        methods = [json.loads(one.body)["method"] for one in server.asked]
        assert methods == ["initialize", "notifications/initialized", "tools/list", "tools/list"]
        assert json.loads(server.asked[3].body)["params"] == {"cursor": "p2"}
        assert [one.headers.get("mcp-session-id") for one in server.asked] == [None, "s-1", "s-1", "s-1"]


OFFERS: Mapping[str, Any] = {
    "resources/list": {"resources": [{"uri": "file:///etc/passwd", "name": CANARY}]},
    "resources/templates/list": {"resourceTemplates": []},
    "prompts/list": {"prompts": []},
}


NO_METHOD = {"error": {"code": -32601, "message": "no such method"}}


BOTH: Mapping[str, Any] = {"resources": {}, "prompts": {}}


@pytest.mark.parametrize(
    ("capabilities", "changed", "entry", "asked", "verdict", "scopes"),
    [
        # What is announced is listed, and counts where there is something.
        (BOTH, {}, "access: execute, scope: {tools: [search, close]}", 3, "excess", ["resources/read"]),
        ({"resources": {}}, {}, "access: execute, scope: {tools: [search, close]}", 2, "excess", ["resources/read"]),
        (BOTH, {"prompts/list": {"prompts": [{}]}}, "access: execute, scope: {tools: [search, close]}", 3, "excess",
         ["resources/read", "prompts/get"]),
        (BOTH, {"resources/list": {"resources": []}}, "access: execute, scope: {tools: [search, close]}", 3, "ok", []),
        (BOTH, {"resources/list": {"resources": []}, "resources/templates/list": {"resourceTemplates": [{}]}},
         "access: execute, scope: {tools: [search, close]}", 3, "excess", ["resources/read"]),
        # Who may use the whole server may read what it offers.
        (BOTH, {}, "access: execute", 3, "ok", []),
        # What nobody lists is possible, unless the server says that there is no such list.
        (BOTH, {"resources/list": None}, "access: execute, scope: {tools: [search, close]}", 3, "conditional", ["resources/read"]),
        (BOTH, {"resources/list": {"resources": [], "nextCursor": "2"}}, "access: execute, scope: {tools: [search, close]}", 3,
         "conditional", ["resources/read"]),
        (BOTH, {"resources/list": {"resources": []}, "resources/templates/list": NO_METHOD},
         "access: execute, scope: {tools: [search, close]}", 3, "ok", []),
        ({}, {}, "access: execute, scope: {tools: [search, close]}", 0, "ok", []),
    ],
)  # fmt: skip
def test_what_an_mcp_server_offers_beside_tools(
    capabilities: Any,
    changed: Mapping[str, Any],
    entry: str,
    asked: int,
    verdict: str,
    scopes: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    case = CASES[IDS.index("mcp")]
    start = reply({"id": 1, "result": {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}, **capabilities}}})
    lists = []
    for method in (name for name in OFFERS if name.partition("/")[0] in capabilities):
        given = changed.get(method, OFFERS[method])
        lists.append(reply({}, 500) if given is None else reply(given if "error" in given else {"result": given}))
    answers = (start, case.answers[1], reply({"result": {"tools": TOOLS}}), *lists)
    with stub(*answers) as server:
        project(tmp_path, case._replace(entry=f"{{resource: system, {entry}}}"), monkeypatch, server)
        _, body = drift(capsys, "--record", "granted.json")
        sent = [json.loads(one.body) for one in server.asked[3:]]
        assert [one["method"] for one in sent] == [one for one in OFFERS if one.partition("/")[0] in capabilities]
        assert len({one["id"] for one in (json.loads(one.body) for one in server.asked) if "id" in one}) == 2 + asked
    assert [one["verdict"] for one in body["verdicts"]] == [verdict], body["findings"]
    assert [one["details"]["scopes"] for one in body["findings"]] == [[one] for one in sorted(scopes)]
    assert "passwd" not in json.dumps(body) + (tmp_path / "granted.json").read_text(encoding="utf-8")
    _, recorded = drift(capsys, "--live-from", "granted.json")
    assert recorded["findings"] == body["findings"]


NOTHING = reply({"login": "bot"}, headers={"X-OAuth-Scopes": ""})


@pytest.mark.parametrize(
    ("key", "status", "verdict", "asked", "words"),
    [
        ("ghp_" + "a" * 36, 0, "ok", 1, "what is granted is what is declared"),
        ("gho_" + "a" * 36, 0, "ok", 1, "what is granted is what is declared"),
        ("0123456789abcdef" * 2 + "01234567", 0, "ok", 1, "what is granted is what is declared"),
        ("github_pat_" + "a" * 40, 3, "unverified", 0, "a fine-grained token .github_pat_"),
        ("ghs_" + "a" * 36, 3, "unverified", 0, "an installation's token of a GitHub App .ghs_"),
        ("ghu_" + "a" * 36, 3, "unverified", 0, "a user's token of a GitHub App .ghu_"),
        ("v1.0123456789abcdef", 3, "unverified", 1, "an empty list of scopes"),
    ],
)
def test_only_a_classic_token_of_github_has_no_scopes_where_none_are_listed(
    key: str,
    status: int,
    verdict: str,
    asked: int,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with stub(NOTHING) as server:
        project(tmp_path, CASES[1]._replace(entry="{resource: system, access: none}"), monkeypatch, server)
        monkeypatch.setenv("AGENT_KEY", key)
        found, body = drift(capsys, "--record", "granted.json")
        assert len(server.asked) == asked
    assert (found, [one["verdict"] for one in body["verdicts"]]) == (status, [verdict])
    assert re.search(words, body["verdicts"][0]["reason"])
    assert key not in json.dumps(body)
    if asked:
        monkeypatch.delenv("AGENT_KEY")
        again, recorded = drift(capsys, "--live-from", "granted.json")
        assert (again, recorded["verdicts"][0]["verdict"]) == (status, verdict)


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ({"authorization_details": [{"type": "payment"}]}, "unverified"),
        ({"realm_access": {"roles": ["admin"]}}, "unverified"),
        ({"permissions": ["all"]}, "unverified"),
        ({"groups": []}, "ok"),
        ({"aud": "groups"}, "ok"),
    ],
)
def test_rights_that_introspection_tells_beside_scopes(
    claim: dict[str, Any],
    verdict: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    case = next(one for one in CASES if one.kind == "oauth2")
    with stub(reply({"active": True, "scope": "tickets.read", **claim})) as server:
        project(tmp_path, case, monkeypatch, server)
        _, body = drift(capsys, "--record", "granted.json")
    assert [one["verdict"] for one in body["verdicts"]] == [verdict]
    _, again = drift(capsys, "--live-from", "granted.json")
    assert [one["verdict"] for one in again["verdicts"]] == [verdict]
