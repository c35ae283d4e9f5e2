"""The transport, against a server on loopback that does everything wrong."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from linter.systems.http import MAX_BODY, Call, Limits, Origin, Response, Session, Transport, usable
from linter.systems.live import Unverified
from tests.systems.keys.stub import Stub, reply, stub

CALL = Call("GET", "/api/me")
HEADERS = {"Authorization": "Bearer canary-canary-canary"}


class Clock:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waited: list[float] = []

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += seconds


def session(server: Stub, **openings: Any) -> Session:
    return Transport(instead=server.origin, **openings).session("Acme", Origin("acme.example"), (CALL,), Limits())


def refusal(server: Stub, **openings: Any) -> str:
    with pytest.raises(Unverified) as caught:
        usable(session(server, **openings).ask(CALL, HEADERS), "Acme")
    return str(caught.value)


def test_one_request_and_nothing_besides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login netrc password netrc-password\n", encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with stub(reply({"ok": True}, headers={"Set-Cookie": "a=b"})) as server:
        asked = session(server)
        assert asked.ask(CALL, HEADERS) == Response(
            "GET /api/me",
            200,
            {
                "content-type": "application/json",
                "content-length": "12",
                "connection": "close",
                "set-cookie": "a=b",
            },
            {"ok": True},
        )
        asked.ask(CALL, HEADERS)
    assert [one.line for one in server.asked] == ["GET /api/me HTTP/1.1"] * 2
    assert server.asked[0] == server.asked[1]
    assert server.asked[0].headers == {
        "host": f"127.0.0.1:{server.port}",
        "accept-encoding": "identity",
        "accept": "application/json",
        "user-agent": "permlint",
        "authorization": "Bearer canary-canary-canary",
    }
    assert [(one.what, one.outcome) for one in asked.exchanges] == [(f"GET {server.origin}/api/me", "200")] * 2


def test_a_call_that_is_not_on_the_list_is_not_made() -> None:
    with stub(reply({})) as server:
        for call in (Call("DELETE", "/api/me"), Call("GET", "/api/me/"), Call("GET", "//evil.example/api/me")):
            with pytest.raises(Unverified, match="not among the calls"):
                session(server).ask(call, HEADERS)
        assert server.connections == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with stub(reply({})) as other:
        with stub(reply({}, status, {"Location": f"http://127.0.0.1:{other.port}/take"})) as server:
            assert refusal(server) == f"Acme answers with a redirect ({status}), which permlint does not follow"
            assert len(server.asked) == 1
        assert other.connections == 0


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (reply({"error": "x"}, 401), "Acme refuses the key (401): it is revoked, expired or mistyped"),
        (reply({"error": "x"}, 403), "Acme does not let the key ask about itself (403)"),
        (
            reply(b"<html>blocked</html>", 403, kind="text/html"),
            "Acme answers 403 with a web page instead of its JSON: something between blocks the request",
        ),
        (
            reply(b"<html>", kind="text/html; charset=utf-8"),
            "Acme answers with text/html; charset=utf-8 instead of its JSON",
        ),
        (reply({"a": 1}, kind="text/html"), "Acme answers with text/html instead of its JSON"),
        (reply(b"{", kind="application/json"), "Acme answers with application/json instead of its JSON"),
        (reply(b"[" * 100_000), "Acme answers with application/json instead of its JSON"),
        (reply(b"\xff\xfe{}"), "Acme answers with application/json instead of its JSON"),
        (reply({}, 500), "Acme answers 500"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "Acme: what it answers is not HTTP"),
        (
            b"HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\n{}",
            "Acme: it closed the connection without a complete answer",
        ),
        (reply(b"x" * 5_000_000), "Acme: its answer is larger than 1 MiB"),
    ],
    ids=lambda given: given[:40] if isinstance(given, str) else "",
)
def test_an_answer_that_says_nothing(answer: bytes, sentence: str) -> None:
    with stub(answer) as server:
        assert refusal(server, wait=lambda _: None) == sentence


def test_the_largest_answer_that_is_read() -> None:
    with stub(reply(b'"' + b"x" * (MAX_BODY - 2) + b'"')) as server:
        assert len(session(server).ask(CALL, HEADERS).body) == MAX_BODY - 2
    with stub(reply(b'"' + b"x" * (MAX_BODY - 1) + b'"')) as server:
        assert refusal(server) == "Acme: its answer is larger than 1 MiB"


def test_a_closed_connection_is_tried_again_twice() -> None:
    with stub(b"") as server:
        assert refusal(server) == "Acme: it closed the connection without a complete answer"
        assert len(server.asked) == 3
    with stub(b"", reply({"ok": True})) as server:
        assert session(server).ask(CALL, HEADERS).body == {"ok": True}
        assert len(server.asked) == 2


def test_waits_as_long_as_it_is_asked_to() -> None:
    clock = Clock()
    with stub(reply({}, 429, {"Retry-After": "7"}), reply({}, 503), reply({"ok": True})) as server:
        assert session(server, clock=clock, wait=clock.wait).ask(CALL, HEADERS).body == {"ok": True}
    assert clock.waited == [7.0, 2.0]
    assert len(server.asked) == 3


@pytest.mark.parametrize("asked", ["31", "21600", "99999999999", "Wed, 25 Nov 2026 09:00:00 GMT", "-1", "1e9", "", "٣"])
def test_and_no_longer(asked: str) -> None:
    clock = Clock()
    raw = reply({}, 429).replace(b"Connection", f"Retry-After: {asked}\r\nConnection".encode())
    with stub(raw) as server:
        assert refusal(server, clock=clock, wait=clock.wait).startswith("Acme answers 429, too many requests")
        assert len(server.asked) == 1
    assert clock.waited == []


def test_waiting_ends_with_the_call() -> None:
    clock = Clock()
    with stub(reply({}, 429, {"Retry-After": "20"})) as server:
        assert "too many requests" in refusal(server, clock=clock, wait=clock.wait)
        assert len(server.asked) == 2
    assert clock.waited == [20.0]


def dripping(server: list[Stub], what: bytes) -> Callable[[socket.socket], None]:
    def drip(connection: socket.socket) -> None:
        connection.sendall(what)
        while not server[0].done.wait(0.02):
            connection.sendall(b"x")

    return drip


@pytest.mark.parametrize(
    "begun",
    [b"", b"HTTP/1.1 200 X\r\nA: ", b"HTTP/1.1 200 X\r\nContent-Length: 9999\r\n\r\n"],
    ids=["status", "headers", "body"],
)
def test_a_slow_drip_ends_with_the_call(begun: bytes) -> None:
    own: list[Stub] = []
    with stub(dripping(own, begun)) as server:
        own.append(server)
        sentence = refusal(server, total=0.4, read=0.3)
        assert sentence == "Acme: the answer was not complete after 0.4 s"
        assert len(server.asked) == 1


def test_silence_ends_with_the_read() -> None:
    own: list[Stub] = []

    def silent(_: socket.socket) -> None:
        own[0].done.wait(5)

    with stub(silent) as server:
        own.append(server)
        assert refusal(server, read=0.1) == "Acme: it did not answer within 0.1 s"
        assert len(server.asked) == 1


def test_nobody_is_there() -> None:
    with stub(reply({})) as server:
        pass
    assert refusal(server) == "Acme: it cannot be connected to"


def resolving(*addresses: str) -> Callable[..., list[Any]]:
    def resolve(_: str, port: int, **__: Any) -> list[Any]:
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
            for one in addresses
        ]

    return resolve


PRIVATE = (
    "127.0.0.1 10.1.2.3 192.168.0.1 172.16.5.5 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255 "
    "::1 fe80::1%eth0 fd00::1 ::ffff:127.0.0.1 64:ff9b::7f00:1 2002:7f00:1::"
)


@pytest.mark.parametrize("address", PRIVATE.split())
def test_a_private_address_behind_a_public_name(address: str) -> None:
    transport = Transport(resolve=resolving("93.184.215.14", address))
    with pytest.raises(Unverified, match="which is not public: no request was made"):
        transport.session("Acme", Origin("acme.example"), (CALL,), Limits()).ask(CALL, HEADERS)
    assert transport.addresses(Origin("acme.example"), Limits(private=True))


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e"])
def test_a_public_address(address: str) -> None:
    assert Transport(resolve=resolving(address)).addresses(Origin("acme.example"), Limits())


def test_a_name_that_leads_nowhere() -> None:
    def resolve(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror

    with pytest.raises(Unverified, match=r"the name acme\.example cannot be resolved"):
        Transport(resolve=resolve).session("Acme", Origin("acme.example"), (CALL,), Limits()).ask(CALL, HEADERS)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A key and a certificate of localhost that nobody signed."""
    folder = tmp_path_factory.mktemp("tls")
    key, found = folder / "key.pem", folder / "certificate.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    more = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(found)]
    subprocess.run([*command.split(), *more], check=True, capture_output=True)
    return key, found


def encrypted(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate[1], certificate[0])
    return context


def test_a_certificate_is_always_verified(certificate: tuple[Path, Path], tmp_path: Path) -> None:
    with stub(reply({"ok": True}), context=encrypted(certificate)) as server:

        def ask(host: str, ca_file: Path | None) -> Response:
            limits = Limits(private=True, ca_file=str(ca_file) if ca_file else None)
            transport = Transport(resolve=resolving("127.0.0.1"))
            return transport.session("Acme", Origin(host, server.port), (CALL,), limits).ask(CALL, HEADERS)

        assert ask("localhost", certificate[1]).body == {"ok": True}
        for host, ca_file in (("localhost", None), ("acme.example", certificate[1])):
            with pytest.raises(Unverified, match="its certificate is not trusted"):
                ask(host, ca_file)
        (tmp_path / "empty.pem").touch()
        for ca_file in (tmp_path / "absent.pem", tmp_path / "empty.pem"):
            with pytest.raises(Unverified, match="the ca_file of its binding holds no certificates"):
                ask("localhost", ca_file)
        assert len(server.asked) == 1


def test_headers_are_known_by_lower_case() -> None:
    with stub(reply({}, headers={"X-OAuth-Scopes": "repo"})) as server:
        found: Mapping[str, str] = session(server).ask(CALL, HEADERS).headers
    assert found["x-oauth-scopes"] == "repo"


def test_a_header_that_stands_twice_is_one_list() -> None:
    raw = reply({}).replace(b"Connection", b"X-OAuth-Scopes: repo, admin:org\r\nx-oauth-scopes: gist\r\nConnection")
    with stub(raw) as server:
        assert session(server).ask(CALL, HEADERS).headers["x-oauth-scopes"] == "repo, admin:org, gist"
