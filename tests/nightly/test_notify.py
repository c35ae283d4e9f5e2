"""Who is told what, once: real requests to a server on loopback, over real nights."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from linter.config import load
from linter.nightly import messages, outbox
from linter.nightly.events import Event
from linter.nightly.run import Telling, remember
from linter.nightly.store import transaction
from linter.systems.http import Origin, Transport
from tests.command import permlint
from tests.nightly.nights import CONFIG, TODAY, Nights, github, manifest, slack
from tests.systems.keys.stub import Answer, Stub, reply, stub

FILES, READ = "files:write", "users:read"
HOOK = "https://hooks.slack.com/services/T0CANARY/B0CANARY/canaryCANARYcanary"
OPS = '[notify.ops]\nkind = "slack"\nurl_env = "OPS_HOOK"\n'


@pytest.fixture(autouse=True)
def _address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_HOOK", HOOK)
    monkeypatch.setenv("WEB_HOOK", "https://receiver.example/hooks/web-canary?key=web-canary")


class Told(Nights):
    """Nights of which somebody is told."""

    def __init__(self, folder: Path, config: str = CONFIG + OPS, files: Mapping[str, str] | None = None) -> None:
        super().__init__(folder, files, config)
        self.folder = folder

    def tell(self, day: int, systems: Mapping[str, Any], server: Stub | None = None, **openings: Any) -> list[str]:
        """One night, and what could not be told."""
        telling = Telling(load(None, str(self.folder)))
        outcome, whole = self.look(day, systems)
        state = str(self.state)
        outcome = remember(state, outcome, whole=whole, keep="400d", today=TODAY, router=telling.route)
        assert outcome.nightly is not None, outcome.errors
        # Without a server nothing may be sent: any request would end in this origin, where nobody listens.
        origin = server.origin if server is not None else Origin("127.0.0.1", 1, tls=False)
        return telling.send(state, Transport(instead=origin, **openings))


@pytest.fixture
def nights(tmp_path: Path) -> Told:
    return Told(tmp_path)


def texts(server: Stub) -> list[str]:
    """What was sent to Slack: the text of every block of every message, a message each."""
    bodies = [json.loads(one.body) for one in server.asked]
    return ["\n".join(block["text"]["text"] for block in body["blocks"]) for body in bodies]


@pytest.fixture
def receiver() -> Iterator[Stub]:
    with stub(reply(b"ok", kind="text/plain")) as server:
        yield server


def test_what_changed_is_told_once_and_nothing_else(nights: Told, receiver: Stub) -> None:
    assert nights.tell(1, {"chat": slack(READ)}, receiver) == []
    assert receiver.connections == 0  # the first night is adoption
    assert nights.tell(2, {"chat": slack(READ)}, receiver) == []
    assert receiver.connections == 0  # nothing changed
    assert nights.tell(3, {"chat": slack(READ, FILES)}, receiver) == []
    assert nights.tell(3, {"chat": slack(READ, FILES)}, receiver) == []
    assert nights.tell(4, {"chat": slack(READ, FILES)}, receiver) == []
    assert nights.tell(5, {"chat": slack(READ)}, receiver) == []  # what is resolved wakes nobody
    assert [one.line for one in receiver.asked] == ["POST /services/T0CANARY/B0CANARY/canaryCANARYcanary HTTP/1.1"]
    assert receiver.asked[0].headers["content-type"] == "application/json"
    (text,) = texts(receiver)
    assert text.startswith("*permlint: 1 new*\n*New*: the key has files:write")
    assert "[notifier (production)]" in text
    assert READ not in text
    assert nights.tell(6, {"chat": slack(READ, FILES)}, receiver) == []
    assert "*Back again*" in texts(receiver)[1]


def test_a_failed_message_is_sent_again_another_night_and_only_then_counts(nights: Told) -> None:
    nights.tell(1, {"chat": slack()})
    with stub(reply(b"no_service", status=404, kind="text/plain"), reply(b"ok")) as server:
        assert nights.tell(2, {"chat": slack(FILES)}, server) == [
            "notify.ops: the receiver answers 404; 1 event will be sent another night"
        ]
        assert nights.tell(3, {"chat": slack(FILES)}, server) == []
        assert nights.tell(4, {"chat": slack(FILES)}, server) == []
    assert len(server.asked) == 2
    assert server.asked[0].body == server.asked[1].body


@pytest.mark.parametrize(
    ("answer", "requests", "sentence"),
    [
        (reply(b"", status=500), 1, "the receiver answers 500"),
        # It may have arrived behind these: not a second time in this night.
        (reply(b"", status=502), 1, "the receiver answers 502"),
        (reply(b"", status=503, headers={"Retry-After": "0"}), 1, "the receiver answers 503"),
        (b"", 1, "the receiver: it closed the connection without a complete answer"),
        (reply(b"", status=302, headers={"Location": "https://evil.example/"}), 1, "the receiver answers 302"),
        # This was surely not taken.
        (reply(b"", status=429, headers={"Retry-After": "0"}), 3, "the receiver answers 429"),
        (reply(b"", status=429, headers={"Retry-After": "3600"}), 1, "answers 429, too many requests"),
    ],
)
def test_how_often_a_message_is_tried(nights: Told, answer: Answer, requests: int, sentence: str) -> None:
    nights.tell(1, {"chat": slack()})
    with stub(answer) as server:
        (problem,) = nights.tell(2, {"chat": slack(FILES)}, server)
    assert sentence in problem
    assert server.connections == requests


def test_no_answer_at_all(nights: Told) -> None:
    nights.tell(1, {"chat": slack()})

    def silent(connection: socket.socket) -> None:
        connection.recv(1)  # nothing comes: the sender hangs up first

    with stub(silent) as server:
        (problem,) = nights.tell(2, {"chat": slack(FILES)}, server, read=0.2)
    assert "it did not answer within 0.2 s" in problem
    assert server.connections == 1
    (problem,) = nights.tell(3, {"chat": slack(FILES)})
    assert "it cannot be connected to" in problem


def test_a_failure_is_told_on_the_second_night_and_its_end_to_whom_it_was_told(nights: Told, receiver: Stub) -> None:
    down, up = {"chat": slack(error="fatal_error")}, {"chat": slack()}
    nights.tell(1, up, receiver)
    nights.tell(2, down, receiver)
    nights.tell(3, up, receiver)
    assert receiver.connections == 0  # one bad night, and nobody knows
    nights.tell(4, down, receiver)
    nights.tell(4, down, receiver)
    assert receiver.connections == 0  # a second run is no second night
    nights.tell(5, down, receiver)
    nights.tell(6, down, receiver)
    nights.tell(7, up, receiver)
    nights.tell(8, up, receiver)
    failed, recovered = texts(receiver)
    assert "*Could not be checked*: chat [notifier (production)]" in failed
    assert "Slack refuses the key: fatal_error (since 2026-11-04)" in failed
    assert "*Can be checked again*: chat [notifier (production)]" in recovered


def test_a_refused_credential_is_told_at_once_and_not_again_as_a_failure(nights: Told, receiver: Stub) -> None:
    for day, entry in enumerate((slack(error="token_revoked"), slack(status=401), slack(error="fatal_error")), 1):
        assert nights.tell(day, {"chat": entry}, receiver) == []
    (text,) = texts(receiver)
    assert "*Credential refused*: chat" in text
    nights.tell(4, {"chat": slack()}, receiver)
    assert "*Can be checked again*" in texts(receiver)[1]


def test_an_end_is_not_told_where_the_failure_never_arrived(nights: Told) -> None:
    nights.tell(1, {"chat": slack()})
    nights.tell(2, {})
    assert len(nights.tell(3, {})) == 1
    assert nights.tell(4, {"chat": slack()}) == []  # nothing waits: no request


def test_an_acceptance_about_to_expire_is_told_once(nights: Told, receiver: Stub) -> None:
    nights.tell(1, {"chat": slack(FILES)}, receiver)
    (one,) = nights.look(1, {"chat": slack(FILES)})[0].findings
    entry = f"  - fingerprint: {one.fingerprint}\n    rule: {one.rule}\n    content: {one.content}\n"
    text = f"accepted:\n{entry}    reason: agreed\n    until: 2026-11-20\n"
    (nights.folder / "permlint-accepted.yaml").write_text(text)
    for day in (2, 5, 6, 7):
        nights.tell(day, {"chat": slack(FILES)}, receiver)
    (text,) = texts(receiver)
    assert "*Acceptance about to expire*" in text
    assert "(until 2026-11-20)" in text


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


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        (None, "the variable OPS_HOOK is not set: it must hold the address"),
        ("", "the variable OPS_HOOK is empty"),
        ("http://hooks.slack.com/services/canary", "holds no address, https://HOST/PATH"),
        ("https://user:canary-canary@hooks.slack.com/services/x", "holds no address"),
        ("https://hooks.slack.com\\@canary.example/services/x", "holds no address"),
        ("https://hooks.slack.com/services/canary#x", "holds no address"),
        ("https://canary.example/services/canary", "holds no address of Slack's incoming webhooks"),
        ("https://hooks.slack.com:99999/canary", "holds no address"),
    ],
)
def test_addresses_that_are_none(
    nights: Told, monkeypatch: pytest.MonkeyPatch, address: str | None, sentence: str
) -> None:
    if address is None:
        monkeypatch.delenv("OPS_HOOK")
    else:
        monkeypatch.setenv("OPS_HOOK", address)
    # Even in a night without news: who waits for a message that can never come must hear of it.
    (problem,) = nights.tell(1, {"chat": slack()})
    assert sentence in problem
    assert "canary" not in problem


def test_a_private_address_is_refused(nights: Told) -> None:
    config = CONFIG + '[notify.web]\nkind = "webhook"\nurl_env = "WEB_HOOK"\n'
    (nights.folder / "permlint.toml").write_text(config)
    nights.tell(1, {"chat": slack()})
    telling = Telling(load(None, str(nights.folder)))
    outcome, _ = nights.look(2, {"chat": slack(FILES)})
    remember(str(nights.state), outcome, whole=True, keep="400d", today=TODAY, router=telling.route)
    resolved = [(2, 1, 6, "", ("10.0.0.7", 443))]
    (problem,) = telling.send(str(nights.state), Transport(resolve=lambda *_, **__: resolved))
    assert "leads to the address 10.0.0.7, which is not public" in problem
    assert "receiver.example" not in problem


def test_hostile_text_is_no_mention_link_or_markup(tmp_path: Path, receiver: Stub) -> None:
    evil = "<!channel> <@U123> <https://evil.example|log in> & `code` @here"
    nights = Told(tmp_path, CONFIG + OPS, {"support/agent-permissions.yaml": manifest(json.dumps(evil))})
    nights.tell(1, {"chat": slack()}, receiver)
    nights.tell(2, {"chat": slack(FILES)}, receiver)
    body = json.loads(receiver.asked[0].body)
    text = body["blocks"][1]["text"]
    assert text["verbatim"] is True
    assert "&lt;!channel&gt; &lt;@U123&gt; &lt;https://evil.example|log in&gt; &amp; 'code' @here" in text["text"]
    assert "<" not in json.dumps(body)
    assert body["text"] == "permlint: 1 new"


def _event(number: int, **more: Any) -> Event:
    fields = {"severity": "error", "message": "m", "rule": "drift/x", "cause": f"cause {number}", "fix": "REVOKE x;"}
    given: dict[str, Any] = {**fields, "agents": ("a" * 500,), **more}
    return Event("new", f"sha256:{number:064}", "2026-11-02", "o", "production", "db", **given)


@pytest.mark.parametrize("number", [1, 48, 49, 50, 2000])
def test_a_message_keeps_slacks_limits_and_counts_what_has_no_room(number: int) -> None:
    body = json.loads(messages.slack([_event(one) for one in range(number)]))
    assert len(body["blocks"]) <= 50
    shown = sum("cause " in block["text"]["text"] for block in body["blocks"])
    last = body["blocks"][-1]["text"]["text"]
    assert (
        last == f"... and {number - shown} more event{'s' if number - shown > 1 else ''}: see the report"
        if shown < number
        else shown == number
    )
    long = [_event(one, cause=">" * 9000, fix="&" * 9000, message="<" * 9000) for one in range(number)]
    body = json.loads(messages.slack(long))
    for block in body["blocks"]:
        text = block["text"]["text"]
        assert len(text) <= 3000
        assert text.count("&") == sum(text.count(one) for one in ("&lt;", "&amp;", "&gt;"))
        assert text.count("```") % 2 == 0


def test_a_json_message_says_how_many_it_leaves_out() -> None:
    body = json.loads(messages.webhook([_event(one) for one in range(777)]))
    assert (len(body["events"]), body["more"]) == (500, 277)
    assert len({one["id"] for one in body["events"]}) == 500
    (long,) = json.loads(messages.webhook([_event(1, message="x" * 1_000_000)]))["events"]
    assert len(long["message"]) == 4000


def test_of_two_runs_at_once_one_sends(nights: Told) -> None:
    nights.tell(1, {"chat": slack()})
    nights.tell(2, {"chat": slack(FILES)})
    now = datetime(2026, 11, 2, 3, tzinfo=UTC)
    with transaction(str(nights.state)) as connection:
        assert len(outbox.claim(connection, "ops", now)) == 1
        assert outbox.claim(connection, "ops", now) == []
        # The one that was to send it died in the attempt.
        assert len(outbox.claim(connection, "ops", now.replace(minute=16))) == 1


def test_the_real_command_over_tls(tmp_path: Path) -> None:
    key, found = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    more = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(found)]
    subprocess.run([*command.split(), *more], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(found, key)
    config = (
        CONFIG
        + '[notify.web]\nkind = "webhook"\nurl_env = "HOOK"\nprivate_network = true\nca_file = "certificate.pem"\n'
    )
    nights = Nights(tmp_path, config=config)

    def night(day: int, systems: Mapping[str, Any], address: str) -> tuple[int, str, str]:
        taken = f"2026-11-{day:02}"
        live = {"schema_version": 1, "taken": f"{taken}T00:00:00Z", "systems": systems}
        (tmp_path / "live.json").write_text(json.dumps(live))
        arguments = [
            "--live-from",
            "live.json",
            "--as-of",
            taken,
            "--state",
            "s.sqlite",
            "--notify",
            "--fail-on",
            "never",
        ]
        done = permlint(nights.folder, "drift", *arguments, env={"HOOK": address})
        return done.returncode, done.stdout, done.stderr

    with stub(reply({"ok": True}), context=context) as server:
        address = f"https://localhost:{server.port}/hook/canary-canary"
        assert night(1, {"chat": slack()}, address)[0] == 0
        assert night(2, {"chat": slack(FILES)}, address)[::2] == (0, "")
        wrong = night(3, {"chat": slack(FILES, READ)}, "https://localhost:1/hook/canary-canary")
    (asked,) = server.asked
    assert asked.line == "POST /hook/canary-canary HTTP/1.1"
    (event,) = json.loads(asked.body)["events"]
    assert (event["kind"], event["rule"], event["agents"]) == ("new", "drift/undeclared-privilege", ["notifier"])
    # A failed message hides no finding, and is asked for and not done.
    assert wrong[0] == 3
    assert "1 new" in wrong[1]
    assert wrong[2] == (
        "permlint: notify.web: the receiver: it cannot be connected to; 1 event will be sent another night\n"
    )
    assert "canary" not in wrong[1] + wrong[2]


def test_usage(tmp_path: Path) -> None:
    nights = Nights(tmp_path)
    done = permlint(nights.folder, "drift", "--notify")
    assert (done.returncode, "--notify needs --state FILE" in done.stderr) == (2, True)
    done = permlint(nights.folder, "drift", "--notify", "--state", "s")
    assert (done.returncode, "add [notify.NAME] to the configuration" in done.stderr) == (2, True)
    (tmp_path / "permlint.toml").write_text(CONFIG + OPS)
    (tmp_path / "event.json").write_text(
        '{"pull_request": {"head": {"repo": null}, "base": {"repo": {"full_name": "a/b"}}}}'
    )
    env = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(tmp_path / "event.json")}
    done = permlint(nights.folder, "drift", "--notify", "--state", "s", env=env)
    assert (done.returncode, "this is a pull request from a fork, so nobody is told" in done.stderr) == (2, True)
    assert not (tmp_path / "s").exists()
    (tmp_path / "permlint.toml").write_text(
        '[notify.ops]\nkind = "slack"\nurl_env = "https://hooks.slack.com/canary"\n'
    )
    done = permlint(nights.folder, "drift")
    assert done.returncode == 2
    assert "notify.ops.url_env: expected the name of an environment variable" in done.stdout
    assert "canary" not in done.stdout + done.stderr
