"""Declared against granted, by recorded answers: the bounds, the narrower scope, and what cannot be known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.systems.keys.compared import (
    ACME,
    APP,
    APP_WRITE,
    BOTH,
    COARSE,
    CONDITIONAL,
    EXCESS,
    MISSING,
    OPS,
    READ,
    SYSTEM,
    UNVERIFIED,
    WRITE,
    app,
    compared,
    github,
    gitlab,
    mcp,
    said,
    slack,
    zendesk,
)

UNREAD = "{resource: s, access: write, scope: [a]}"

CASES: tuple[tuple[str, str, dict[str, Any], str, list[tuple[str, str, str]]], ...] = (
    # A channel cannot be observed: otherwise ok, so unverified. Deleting comes with writing, and is only told.
    ("slack", OPS, slack("chat:write"), "unverified", [(COARSE, "chat:write", "delete"), (UNVERIFIED, "", "")]),
    ("slack", "{resource: 's.#ops', access: write}", slack("incoming-webhook"), "unverified", [(UNVERIFIED, "", "")]),
    ("slack", WRITE, slack("chat:write, chat:write.public"), "ok", [(COARSE, "chat:write", "delete")]),
    (
        "slack",
        OPS,
        slack("chat:write,chat:write.public"),
        "excess",
        [(COARSE, "chat:write", "delete"), (EXCESS, "chat:write.public", "write")],
    ),
    ("slack", OPS, slack("chat:write,users:read"), "excess", [(COARSE, "chat:write", "delete"), (EXCESS, "users:read", "read")]),
    ("slack", READ, slack("channels:history,files:write"), "excess", [(EXCESS, "files:write", "delete")]),
    ("slack", "{resource: 's.#ops', access: read-only}", slack("im:history,channels:history"), "excess", [(EXCESS, "im:history", "read")]),
    ("slack", WRITE, slack("users:read"), "excess", [(MISSING, "", "write"), (EXCESS, "users:read", "read")]),
    ("slack", WRITE, slack(""), "missing", [(MISSING, "", "write")]),
    ("slack", READ, slack("users:read,new:scope"), "unverified", [(UNVERIFIED, "new:scope", "unknown")]),
    # What an unknown scope confers is possible: nothing is missing.
    ("slack", WRITE, slack("new:scope"), "unverified", [(UNVERIFIED, "new:scope", "unknown")]),
    ("slack", "{resource: s, actions: ['chat:write']}", slack("chat:write"), "ok", []),
    # Administering some things is not what writing cannot do without.
    ("slack", WRITE, slack("admin.users:write"), "excess", [(EXCESS, "admin.users:write", "admin")]),
    ("slack", WRITE, slack("channels:manage"), "excess", [(EXCESS, "channels:manage", "admin")]),
    # What cannot be read may declare it: only what no reading of it covers is excess.
    ("slack", UNREAD, slack("chat:write"), "unverified", [(COARSE, "chat:write", "delete"), (UNVERIFIED, "", "")]),
    ("slack", UNREAD, slack("channels:history"), "excess", [(EXCESS, "channels:history", "read"), (UNVERIFIED, "", "")]),
    ("slack", "{resource: s, access: wrong}", slack("chat:write,files:write"), "unverified", [(UNVERIFIED, "", "")]),
    ("slack", "{resource: s, actions: ['chat:write']}", slack("chat:write,new:scope"), "excess", [(EXCESS, "new:scope", "unknown")]),
    ("slack", "{resource: s, actions: ['chat:write', 'pins:read']}", slack("chat:write"), "missing", [(MISSING, "pins:read", "read")]),
    ("slack", "{resource: s, actions: ['dance']}", slack(""), "unverified", [(UNVERIFIED, "", "")]),
    ("slack", "{resource: s.files, access: read-only}", slack("files:read"), "ok", []),
    ("slack", "{resource: s.filez, access: read-only}", slack(""), "unverified", [(UNVERIFIED, "", "")]),
    ("slack", "{resource: s, access: admin}", slack("channels:manage,chat:write"), "ok", []),
    ("slack", "{resource: s, access: none}", slack("users:read"), "excess", [(EXCESS, "users:read", "read")]),
    ("github", APP, github("repo"), "excess", [(EXCESS, "repo", "admin")]),
    ("github", APP_WRITE, github("repo, delete_repo"), "excess", [(EXCESS, "delete_repo", "delete"), (EXCESS, "repo", "admin")]),
    ("github", APP, github(""), "unverified", [(UNVERIFIED, "", "")]),
    ("github", APP_WRITE, github(""), "missing", [(MISSING, "", "write"), (UNVERIFIED, "", "")]),
    ("github", APP, github(None), "unverified", [(UNVERIFIED, "", "")]),
    # An empty list of scopes is none only where the token is surely a classic one.
    ("github", "{resource: s, access: none}", github(""), "unverified", [(UNVERIFIED, "", "")]),
    ("github", "{resource: s, access: none}", github("") | {"token": "ghp_"}, "ok", []),
    ("github", "{resource: s.public repositories, actions: [read]}", github("") | {"token": "gho_"}, "unverified", [(UNVERIFIED, "", "")]),
    ("github", "{resource: s.gists, access: read-only}", github("") | {"token": "ghp_"}, "missing", [(MISSING, "", "read")]),
    ("github", "{resource: s.gists, access: read-only}", github("") | {"token": "ghu_"}, "unverified", [(UNVERIFIED, "", "")]),
    ("github", "{resource: s, access: none}", github("repo") | {"token": "ghs_"}, "unverified", [(UNVERIFIED, "", "")]),
    ("github", APP, app(["acme/app"], contents="read") | {"token": "github_pat_"}, "ok", []),
    # A recording by hand may leave out the body where the header says all.
    (
        "github",
        "{resource: s.gists, access: read-only}",
        {"responses": [{"request": "GET /user", "status": 200, "headers": {"X-OAuth-Scopes": "read:org"}}]},
        "excess",
        [(MISSING, "", "read"), (EXCESS, "read:org", "read")],
    ),
    ("github", "{resource: s.gists, access: read-write}", github("gist"), "ok", [(COARSE, "gist", "delete")]),
    ("github", APP, app(contents="read", metadata="read"), "excess", [(SYSTEM, "", "read")]),
    ("github", APP, app(["acme/app"], contents="read", metadata="read"), "ok", []),
    ("github", APP, app(["acme/app", "acme/web"], contents="read"), "excess", [(SYSTEM, "", "read")]),
    ("github", APP, app([], contents="read"), "missing", [(MISSING, "", "read")]),
    ("github", ACME, app(["acme/app", "acme/web"], contents="read"), "ok", []),
    ("github", ACME, app(["acme/app", "other/web"], contents="read"), "excess", [(SYSTEM, "", "read")]),
    # Names of repositories are of any case.
    ("github", APP, app(["Acme/App"], contents="read", metadata="read"), "ok", []),
    ("github", "{resource: s.ACME/app, access: read-only}", app(["acme/app"], contents="read"), "ok", []),
    ("github", "{resource: s, access: read-only, scope: {repositories: [Acme/App]}}", app(["acme/app"], contents="read"), "ok", []),
    # A permission that is named at two places has both values.
    (
        "github",
        APP,
        github(None, {"permissions": {"other": {"contents": "write"}, "contents": "read"}, "repositories": [{"full_name": "acme/app"}]}),
        "excess",
        [(EXCESS, "contents:write", "delete")],
    ),
    ("gitlab", READ, gitlab("read_api", revoked="true"), "unverified", [(UNVERIFIED, "", "")]),
    ("gitlab", READ, gitlab("read_api", active=None), "ok", []),
    ("github", APP, app(["acme/app"], contents="write"), "excess", [(EXCESS, "contents:write", "delete")]),
    ("github", APP_WRITE, app(["acme/app"], contents="write"), "ok", [(COARSE, "contents:write", "delete")]),
    ("github", APP, app(["acme/app"], contents="read", administration="read"), "ok", []),
    (
        "github",
        APP_WRITE,
        app(["acme/app"], contents="write", administration="write"),
        "excess",
        [(COARSE, "contents:write", "delete"), (EXCESS, "administration:write", "admin")],
    ),
    ("github", APP, app(["acme/app"], contents="read", members="read"), "excess", [(EXCESS, "members:read", "read")]),
    ("github", APP, app(["acme/app"], contents="read", brand_new="write"), "unverified", [(UNVERIFIED, "brand_new:write", "unknown")]),
    ("gitlab", READ, gitlab("api"), "excess", [(EXCESS, "api", "admin")]),
    ("gitlab", BOTH, gitlab("api"), "ok", [(COARSE, "api", "admin")]),
    ("gitlab", READ, gitlab("read_api", "read_repository"), "ok", []),
    ("gitlab", BOTH, gitlab("read_api"), "missing", [(MISSING, "", "write")]),
    ("gitlab", "{resource: s.acme/app, access: read-only}", gitlab("read_api"), "unverified", [(UNVERIFIED, "", "")]),
    ("gitlab", "{resource: s.repository, access: read-only}", gitlab("read_api"), "excess", [(EXCESS, "read_api", "read")]),
    ("gitlab", READ, gitlab("read_api", revoked=True), "unverified", [(UNVERIFIED, "", "")]),
    ("gitlab", READ, gitlab("read_api", active=False), "unverified", [(UNVERIFIED, "", "")]),
    ("gitlab", READ, gitlab("granular", granular_scopes=[{}]), "unverified", [(UNVERIFIED, "", "")]),
    ("zendesk", READ, zendesk("read", "write"), "excess", [(EXCESS, "write", "delete")]),
    ("zendesk", BOTH, zendesk("read", "write"), "ok", [(COARSE, "write", "delete")]),
    ("zendesk", "{resource: s.tickets, access: read-write}", zendesk("tickets"), "ok", [(COARSE, "tickets", "delete")]),
    ("zendesk", "{resource: s.tickets, access: read-only}", zendesk("tickets"), "excess", [(EXCESS, "tickets", "delete")]),
    ("zendesk", "{resource: s.tickets, access: read-only}", zendesk("read"), "excess", [(EXCESS, "read", "read")]),
    ("zendesk", READ, zendesk("read", "impersonate"), "excess", [(EXCESS, "impersonate", "admin")]),
    (
        "zendesk",
        "{resource: s, access: read-only, scope: 'tickets created_after:2025-01-01'}",
        zendesk("read"),
        "unverified",
        [(UNVERIFIED, "", "")],
    ),
    ("zendesk", "{resource: s.users, actions: [delete]}", zendesk("users:write"), "ok", [(COARSE, "users:write", "write")]),
    ("oauth2", READ, {"responses": [{"body": {"active": True, "scope": ""}}]}, "missing", [(MISSING, "", "read")]),
    ("oauth2", READ, {"responses": [{"body": {"active": True}}]}, "unverified", [(UNVERIFIED, "", "")]),
    ("oauth2", READ, {"responses": [{"body": {"active": False, "scope": "a"}}]}, "unverified", [(UNVERIFIED, "", "")]),
    ("oauth2", READ, {"responses": [{"body": {"active": True, "scope": "a"}}]}, "unverified", [(UNVERIFIED, "a", "unknown")]),
    ("jwt", "{resource: s, actions: [a]}", {"claims": {"scp": ["a"], "exp": 1}}, "unverified", [(UNVERIFIED, "", "")]),
    ("mcp", "{resource: s.find, access: execute}", mcp(("find", {})), "ok", []),
    (
        "mcp",
        "{resource: s.find, access: execute}",
        mcp(("find", {}), ("drop", {"readOnlyHint": True})),
        "excess",
        [(EXCESS, "drop", "read")],
    ),
    ("mcp", "{resource: s.find, access: execute}", mcp(), "missing", [(MISSING, "find", "unknown")]),
    ("mcp", "{resource: s.find, access: read-only}", mcp(("find", {"readOnlyHint": True})), "unverified", [(UNVERIFIED, "", "")]),
    ("mcp", "{resource: s.find, access: read-only}", mcp(("find", {})), "conditional", [(CONDITIONAL, "find", "delete")]),
    (
        "mcp",
        "{resource: s.find, access: read-only}",
        mcp(("find", {"readOnlyHint": False, "destructiveHint": False})),
        "excess",
        [(EXCESS, "find", "write")],
    ),
    (
        "mcp",
        "{resource: s, actions: [search]}",
        mcp(("\u017fearch", {})),  # a long s, which is folded to an s
        "excess",
        [(EXCESS, "\u017fearch", "delete"), (UNVERIFIED, "", "")],
    ),
    (
        "mcp",
        "{resource: s, actions: [search]}",
        mcp(("search", {}), ("SEARCH", {})),
        "excess",
        [(EXCESS, "SEARCH", "delete")],
    ),
    (
        "mcp",
        "{resource: s, access: execute, scope: {tools: {except: [drop]}}}",
        mcp(("find", {}), ("drop", {})),
        "excess",
        [(EXCESS, "drop", "delete")],
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "entry", "recorded", "verdict", "findings"),
    CASES,
    ids=[f"{one[0]}-{number}" for number, one in enumerate(CASES)],
)
def test_verdict(
    kind: str, entry: str, recorded: dict[str, Any], verdict: str, findings: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    body = compared(tmp_path, kind, [entry], recorded)
    assert body["verdicts"][0]["verdict"] == verdict
    assert said(body) == findings


@pytest.mark.parametrize(
    ("kind", "entry", "recorded", "narrower"),
    [
        ("gitlab", READ, gitlab("api"), "api -> read_api"),
        ("zendesk", "{resource: s.tickets, access: read-write}", zendesk("write"), "write -> tickets:write"),
        ("zendesk", "{resource: s.tickets, access: read-only}", zendesk("read"), "read -> tickets:read"),
        ("zendesk", "{resource: s.tickets, access: read-only}", zendesk("tickets"), "tickets -> tickets:read"),
        ("github", APP, github("repo"), "repo -> a fine-grained token, or a GitHub App"),
        ("github", APP, app(["acme/app"], contents="write"), "contents:write -> contents:read"),
        (
            "slack",
            "{resource: s.users, access: read-only}",
            slack("users:read,users:write"),
            "nothing that is declared needs it",
        ),
    ],
)
def test_what_would_do_instead(kind: str, entry: str, recorded: dict[str, Any], narrower: str, tmp_path: Path) -> None:
    body = compared(tmp_path, kind, [entry], recorded)
    assert any(narrower in one["message"] for one in body["findings"] if one["rule"] == "drift/undeclared-privilege")


def test_the_contract(tmp_path: Path) -> None:
    body = compared(tmp_path, "gitlab", ["{resource: s, access: read-only}"], gitlab("api"), environment="production")
    (finding,) = body["findings"]
    expected = {
        "rule": "drift/undeclared-privilege",
        "severity": "error",
        "line": 4,
        "column": 6,
        "agent": "triage",
        "environment": "production",
        "resource": "s",
        "details": {"provider": "gitlab", "scopes": ["api"], "level": "admin", "bound": "sure"},
    }
    assert {key: finding[key] for key in expected} == expected
    assert finding["message"] == (
        "the key of s has api (admin), which is not declared (api -> read_api: that would do)"
    )


@pytest.mark.parametrize(
    ("kind", "entry", "recorded", "words"),
    [
        (
            "slack",
            OPS,
            slack("chat:write"),
            "channels (#ops-alerts) cannot be observed: Slack's scopes name no channel",
        ),
        ("github", ACME, app(contents="read"), "repositories (acme/*) cannot be observed"),
        (
            "github",
            APP,
            github("", {"permissions": {"contents": "read"}}),
            "repositories (acme/app) cannot be observed",
        ),
        (
            "gitlab",
            "{resource: s.acme/*, access: read-only}",
            gitlab("read_api"),
            "projects (acme/*) cannot be observed",
        ),
        ("zendesk", "{resource: s, access: read-only, scope: some prose}", zendesk("read"), "its scope is prose"),
    ],
)
def test_what_cannot_be_observed(kind: str, entry: str, recorded: dict[str, Any], words: str, tmp_path: Path) -> None:
    (verdict,) = compared(tmp_path, kind, [entry], recorded)["verdicts"]
    assert verdict["verdict"] == "unverified"
    assert verdict["reason"].startswith(words)


def test_reading_is_a_warning_in_production(tmp_path: Path) -> None:
    body = compared(tmp_path, "slack", [WRITE], slack("chat:write,users:read"), environment="production")
    severities = {one["details"]["scopes"][0]: one["severity"] for one in body["findings"]}
    assert severities == {"chat:write": "info", "users:read": "warning"}


def test_all_that_an_agent_has_on_a_key_is_one_agreement(tmp_path: Path) -> None:
    entries = ["{resource: 's.#ops', access: write}", "{resource: s.users, access: read-only}"]
    body = compared(tmp_path, "slack", entries, slack("chat:write,users:read"))
    assert [(one["resource"], one["verdict"]) for one in body["verdicts"]] == [
        ("s.#ops", "unverified"),
        ("s.users", "ok"),
    ]


NOT_RECORDED: tuple[tuple[str, Any], ...] = (
    ("responses", []),
    ("responses", {}),
    ("responses", [3]),
    ("responses", [{"status": "x"}]),
    ("responses", [{"status": 200, "body": [1]}]),
    ("responses", [{"status": 200, "headers": [], "body": {}}]),
    ("claims", []),
    ("claims", {}),
    ("claims", {"scope": 3}),
    ("claims", {"scope": [{}]}),
    ("tools", {}),
    ("tools", [3]),
    ("tools", [{}]),
    ("shape", []),
    ("shape", "x"),
    ("nothing", 1),
)


@pytest.mark.parametrize("kind", ["slack", "github", "gitlab", "zendesk", "oauth2", "jwt", "mcp", "stripe"])
@pytest.mark.parametrize("recorded", [{key: one} for key, one in NOT_RECORDED], ids=lambda one: json.dumps(one)[:40])
def test_a_recording_that_is_none_is_unverified(kind: str, recorded: dict[str, Any], tmp_path: Path) -> None:
    body = compared(tmp_path, kind, [READ], recorded)
    assert [one["verdict"] for one in body["verdicts"]] == ["unverified"]
    assert body["verdicts"][0]["reason"]
