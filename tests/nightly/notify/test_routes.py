"""Who is told: by owner and environment, the fallback, or nobody, which is said."""

from __future__ import annotations

import json
from pathlib import Path

from tests.nightly.nights import CONFIG, FILES, github, manifest, slack
from tests.nightly.notify.told import OPS, Told, texts
from tests.systems.keys.stub import Stub, reply, stub

ROUTES = """\
[notify.support]
kind = "slack"
url_env = "OPS_HOOK"
owners = ["support"]
[notify.rest]
kind = "webhook"
url_env = "WEB_HOOK"
fallback = true
"""
THREE = {
    "support/agent-permissions.yaml": manifest("a"),
    "web/agent-permissions.yaml": manifest("b", "{resource: hub, access: none}"),
    "free/agent-permissions.yaml": manifest("c", "{resource: chat, access: none}", environment="staging"),
}


def test_routes(tmp_path: Path) -> None:
    nights = Told(tmp_path, CONFIG + ROUTES, THREE)
    nights.tell(1, {"chat": slack(), "hub": github()})
    with stub(reply(b"ok")) as server:
        assert nights.tell(2, {"chat": slack(FILES), "hub": github("gist")}, server) == []
    by_path = {one.line.split()[1]: json.loads(one.body) for one in server.asked}
    assert len(server.asked) == 2
    rest = by_path["/hooks/web-canary?key=web-canary"]
    # Of the agent in staging nobody is told.
    assert [(one["kind"], one["owner"], one["agents"]) for one in rest["events"]] == [("new", "web", ["b"])]
    told = json.dumps(by_path["/services/T0CANARY/B0CANARY/canaryCANARYcanary"])
    assert "[a (production)]" in told
    assert "staging" not in json.dumps(rest) + told


def test_staging_pages_whoever_asks_for_it(tmp_path: Path, receiver: Stub) -> None:
    nights = Told(tmp_path, f'{CONFIG}{OPS}environments = ["staging"]\n', THREE)
    nights.tell(1, {"chat": slack()}, receiver)
    nights.tell(2, {"chat": slack(FILES)}, receiver)
    (text,) = texts(receiver)
    assert "[c (staging)]" in text
    assert "[a (production)]" not in text


def test_owners_of_codeowners(tmp_path: Path, receiver: Stub) -> None:
    config = CONFIG.replace('owner = "support"\n', 'review_every = "90d"\n')
    nights = Told(tmp_path, f'{config}{OPS}owners = ["@acme/support"]\n')
    (tmp_path / "CODEOWNERS").write_text("support/ @kim @acme/support\n")
    nights.tell(1, {"chat": slack()}, receiver)
    assert nights.tell(2, {"chat": slack(FILES)}, receiver) == []
    assert len(receiver.asked) == 1


def test_what_nobody_takes_is_said(tmp_path: Path, receiver: Stub) -> None:
    nights = Told(tmp_path, f'{CONFIG}{OPS}owners = ["web"]\n')
    nights.tell(1, {"chat": slack()}, receiver)
    assert nights.tell(2, {"chat": slack(FILES)}, receiver) == [
        "1 event went nowhere: no [notify.NAME] has the owner, and none is the fallback"
    ]
    assert receiver.connections == 0
