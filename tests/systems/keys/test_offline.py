"""Keys that are told without a request: tokens that say it themselves, and those whose provider cannot be asked."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from tests.systems.keys.projects import Case, drift, forms, project
from tests.world import build


def jwt(claims: object, *, parts: int = 3) -> str:
    """A token with these claims and a signature that nobody made."""
    coded = [urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in ({"alg": "ES256"}, claims)]
    return ".".join([*coded, "c2lnbmF0dXJlLW5vYm9keS1tYWRl"][:parts])


def twice(claim: str) -> str:
    """A token that makes a claim twice."""
    claims = urlsafe_b64encode(f'{{"scope": "a", "exp": 4102444800, "{claim}": "a"}}'.encode()).decode().rstrip("=")
    return f"eyJhbGciOiJFUzI1NiJ9.{claims}.c2lnbmF0dXJlLW5vYm9keS1tYWRl"


@pytest.mark.parametrize(
    ("kind", "key", "entry", "verdict", "reason"),
    [
        ("jwt", jwt({"scope": "a b"}), "{resource: system, actions: [a, b]}", "ok", ""),
        ("jwt", jwt({"scp": ["a", "b"], "roles": ["c"]}), "{resource: system, actions: [a, b]}", "excess", "c"),
        ("jwt", jwt({"scope": "a"}), "{resource: system, actions: [a, b]}", "unverified", "b is no scope"),
        (
            "jwt",
            jwt({"scope": "a"}),
            "{resource: system, access: read-only}",
            "unverified",
            "granted a, which permlint",
        ),
        ("jwt", jwt({"scope": "a", "exp": 1_700_000_000}), "{resource: system, actions: [a]}", "unverified", "expired"),
        ("jwt", jwt({"sub": "a"}), "{resource: system, actions: [a]}", "unverified", "claims none of scope"),
        *(
            ("jwt", jwt({"scope": "a", name: value}), "{resource: system, actions: [a]}", "unverified", f"`{name}`")
            for name, value in (
                ("groups", ["admins"]),
                ("realm_access", {"roles": ["admin"]}),
                ("cognito:groups", ["x"]),
                ("https://acme.example/roles", ["admin"]),
                ("authorization_details", [{"type": "payment"}]),
            )
        ),
        ("jwt", jwt({"scope": "a", "groups": [], "given": "groups"}), "{resource: system, actions: [a]}", "ok", ""),
        *(
            ("jwt", jwt({"scope": "a", **claims}), "{resource: system, actions: [a]}", "unverified", words)
            for claims, words in (
                ({"exp": "1700000000"}, "`exp` is no number of seconds"),
                ({"exp": "4102444800"}, "`exp` is no number of seconds"),  # 2100, as text
                ({"exp": 4_102_444_800_000}, "`exp` is no number of seconds"),  # 2100, in milliseconds
                ({"exp": 1_700_000_000_000}, "`exp` is no number of seconds"),
                ({"exp": 10**400}, "`exp` is no number of seconds"),
                ({"exp": float("nan")}, "`exp` is no number of seconds"),
                ({"exp": None}, "`exp` is no number of seconds"),
                ({"exp": True}, "`exp` is no number of seconds"),
                ({"exp": [4_102_444_800]}, "`exp` is no number of seconds"),
                ({"exp": 1_700_000_000.5}, "expired"),
                ({"nbf": 4_102_444_800}, "not good yet"),
                ({"nbf": "1700000000"}, "`nbf` is no number of seconds"),
                ({"scopes": ["b"]}, "`scopes`"),
                ({"Scope": "b"}, "`Scope`"),
                ({"is_admin": True}, "`is_admin`"),
                ({"ext": {"scope": "b"}}, "`ext.scope`"),
                ({"app_metadata": [{"a": {"user-roles": ["b"]}}]}, "`app_metadata.a.user-roles`"),
                ({"scope": ["a", ["b"]]}, "not what it documents"),
            )
        ),
        *(
            ("jwt", jwt({"scope": "a", **claims}), "{resource: system, actions: [a]}", "ok", "")
            for claims in (
                {"exp": 4_102_444_800.5, "nbf": 1_700_000_000, "iat": 1_700_000_000},
                {"act": {"sub": "b"}, "aud": ["b"], "acr": "1", "ext": {"name": "b"}, "roles": [], "is_admin": False},
            )
        ),
        ("jwt", twice("scope"), "{resource: system, actions: [a]}", "unverified", "`scope` twice"),
        ("jwt", twice("exp"), "{resource: system, actions: [a]}", "unverified", "`exp` twice"),
        ("jwt", jwt([1]), "{resource: system, actions: [a]}", "unverified", "no JSON Web Token"),
        ("jwt", jwt({"scope": "a"}, parts=2), "{resource: system, actions: [a]}", "unverified", "no JSON Web Token"),
        ("stripe", "sk_live_0123456789", "{resource: system, access: read-only}", "excess", "every right of its owner"),
        (
            "stripe",
            "rk_live_0123456789",
            "{resource: system, access: read-only}",
            "unverified",
            "cannot be asked|not know",
        ),
        ("stripe", "whatever-0123456789", "{resource: system, access: read-only}", "unverified", "not the shape"),
        ("openai", "sk-admin-0123456789", "{resource: system, access: read-only}", "excess", "administers its organ"),
        ("openai", "sk-proj-0123456789", "{resource: system, access: read-only}", "unverified", "not know"),
        (
            "anthropic",
            "sk-ant-admin01-0123",
            "{resource: system, access: read-only}",
            "excess",
            "administers its organ",
        ),
        ("anthropic", "sk-ant-api03-012345", "{resource: system, access: read-only}", "unverified", "not know"),
        ("notion", "ntn_0123456789", "{resource: system, access: read-only}", "unverified", "not know"),
        ("zendesk_token", "0123456789abcdef", "{resource: system, access: read-only}", "excess", "no scopes"),
        (
            "slack_webhook",
            "https://hooks.slack.com/services/T000/B000/XXXXXXXX",
            "{resource: system, access: write, scope: '#ops-alerts channel only'}",
            "unverified",
            "the place is fixed and unseen",
        ),
    ],
)
def test_what_is_told_offline(
    kind: str,
    key: str,
    entry: str,
    verdict: str,
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def never(*_: object, **__: object) -> None:
        pytest.fail("a socket was opened")

    project(tmp_path, Case(kind, "", entry, (), (), {}), monkeypatch)
    monkeypatch.setenv("AGENT_KEY", key)
    monkeypatch.setattr("socket.socket.connect", never)
    monkeypatch.setattr("socket.getaddrinfo", never)
    status, body = drift(capsys, "--record", "granted.json")
    assert [one["verdict"] for one in body["verdicts"]] == [verdict]
    assert re.search(reason, body["verdicts"][0]["reason"]), body["verdicts"][0]["reason"]
    recorded = (tmp_path / "granted.json").read_text(encoding="utf-8")
    assert not [form for form in forms(key) if form in recorded + json.dumps(body)]
    if json.loads(recorded)["systems"]:
        again = drift(capsys, "--live-from", "granted.json")
        assert again[0] == status
        assert [(one["rule"], one["message"]) for one in again[1]["findings"]] == [
            (one["rule"], one["message"]) for one in body["findings"]
        ]


def test_what_asks_no_provider_loads_no_client(tmp_path: Path) -> None:
    project = {"agent-permissions.yaml": "agent_name: a\nenvironment: staging\nresources: []\n"}
    build(tmp_path, project, '[systems.system]\nkind = "slack"\n')
    code = "import sys; from linter.cli import run; run(['drift']); print(sorted({'http.client', 'ssl', 'boto3'} & set(sys.modules)))"
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
