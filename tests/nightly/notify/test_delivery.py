"""How a message is delivered: to which addresses, how often it is tried, over TLS, by the real command."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from linter.config import load
from linter.nightly.run import Telling, remember
from linter.systems.http import Transport
from tests.command import permlint
from tests.nightly.nights import CONFIG, FILES, READ, TODAY, Nights, slack
from tests.nightly.notify.told import HOOK, OPS, Told
from tests.systems.keys.stub import Answer, Stub, reply, stub

BLANK = "holds a blank, a line end or a character that is not ASCII within the address"


@pytest.mark.parametrize(
    ("answer", "requests", "sentence"),
    [
        (reply(b"", status=500), 1, "the receiver answers 500"),
        # It may have arrived behind these: not a second time in this night.
        (reply(b"", status=502), 1, "the receiver answers 502"),
        (reply(b"", status=503, headers={"Retry-After": "0"}), 1, "the receiver answers 503"),
        (b"", 1, "the receiver: it closed the connection without a complete answer"),
        (reply(b"", status=302, headers={"Location": "https://evil.example/"}), 1, "the receiver answers 302"),
        (reply(b"", status=400), 1, "the receiver answers 400;"),
        (
            reply(b"no_service", status=404),
            1,
            "the receiver answers 404: the address in the variable OPS_HOOK is mistyped, or was withdrawn;",
        ),
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


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        (None, "is not set"),
        ("", "is empty"),
        (" \n", "is empty"),
        ("canary", "holds no https address"),
        ("http://hooks.slack.com/services/canary", "holds no https address"),
        ("hooks.slack.com/services/canary", "holds no https address"),
        ('"https://hooks.slack.com/services/canary"', "holds no https address"),
        ("https://hooks.slack.com/services/can ary", BLANK),
        ("https://hooks.slack.com\n/services/canary", BLANK),
        (f"{HOOK}\n{HOOK}", BLANK),
        ("https://hooks.slack.com/services/c\xe4nary", BLANK),
        ("https://hooks.slack.com/services/canary\x1b[31m", BLANK),
        ("https://user:canary-canary@hooks.slack.com/services/x", "holds no address that can be sent to"),
        ("https://hooks.slack.com\\@canary.example/services/x", "holds no address that can be sent to"),
        ("https://hooks.slack.com/services/canary#x", "holds no address that can be sent to"),
        ("https://hooks.slack.com:99999/canary", "holds no address that can be sent to"),
        ("https://canary.example/services/canary", "holds no address of Slack's incoming webhooks"),
        ("https://hooks.slack.com/", "holds no address of Slack's incoming webhooks"),
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
    wanted = "the whole address that Slack shows under Incoming Webhooks, https://..."
    assert problem == f"notify.ops: the variable OPS_HOOK {sentence}: set it to {wanted}"
    assert "canary" not in problem


@pytest.mark.parametrize("around", ["{}\n", "  {}\r\n"])
def test_what_stands_around_an_address_is_no_part_of_it(
    nights: Told, monkeypatch: pytest.MonkeyPatch, receiver: Stub, around: str
) -> None:
    monkeypatch.setenv("OPS_HOOK", around.format(HOOK))
    assert nights.tell(1, {"chat": slack()}) == []
    assert nights.tell(2, {"chat": slack(FILES)}, receiver) == []
    assert [one.line for one in receiver.asked] == [f"POST {HOOK.removeprefix('https://hooks.slack.com')} HTTP/1.1"]


WEB = '[notify.web]\nkind = "webhook"\nurl_env = "WEB_HOOK"\n'


def test_a_webhook_says_what_its_variable_must_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEB_HOOK")
    (problem,) = Told(tmp_path, CONFIG + WEB).tell(1, {"chat": slack()})
    wanted = "the receiver's address, https://HOST/PATH"
    assert problem == f"notify.web: the variable WEB_HOOK is not set: set it to {wanted}"


def _unsent(nights: Told, *, resolve: Callable[..., Any]) -> str:
    """What is said of a night that nobody could be told of."""
    (nights.folder / "permlint.toml").write_text(CONFIG + WEB)
    nights.tell(1, {"chat": slack()})
    telling = Telling(load(None, str(nights.folder)))
    outcome, _ = nights.look(2, {"chat": slack(FILES)})
    remember(str(nights.state), outcome, whole=True, keep="400d", today=TODAY, router=telling.route)
    (problem,) = telling.send(str(nights.state), Transport(resolve=resolve))
    return problem


@pytest.mark.parametrize("address", ["10.0.0.7", "127.0.0.1", "169.254.169.254", "::1", "fd00::7"])
def test_a_private_address_is_refused(nights: Told, address: str) -> None:
    problem = _unsent(nights, resolve=lambda *_, **__: [(2, 1, 6, "", (address, 443))])
    assert problem == (
        f"notify.web: the host in the variable WEB_HOOK leads to the address {address}, which is not public: no request "
        "was made (private_network = true allows it); 1 event will be sent another night"
    )


def test_a_private_address_that_stands_in_the_variable_is_not_shown(
    nights: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEB_HOOK", "https://127.0.0.1/canary-canary")
    problem = _unsent(nights, resolve=socket.getaddrinfo)
    assert "the host in the variable WEB_HOOK leads to the address [secret], which is not public" in problem
    assert "127.0.0.1" not in problem


def test_a_name_that_cannot_be_resolved_is_not_shown(nights: Told) -> None:
    def nowhere(*_: object, **__: object) -> Any:
        raise socket.gaierror

    problem = _unsent(nights, resolve=nowhere)
    assert problem == (
        "notify.web: the host in the variable WEB_HOOK cannot be resolved; 1 event will be sent another night"
    )


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
