"""Every provider that is asked, over real HTTP: what is sent, what each answer means, and that no key reaches any output."""

from __future__ import annotations

import json
import re
import ssl
import subprocess
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import pytest

from linter.cli import run
from linter.systems.keys.adapter import Keys
from linter.systems.live import KINDS, adapter_of
from tests.command import permlint
from tests.systems.keys.projects import CANARY, CASES, CLIENT, Case, drift, forms, project
from tests.systems.keys.stub import Answer, reply, stub
from tests.world import build

ANSWERS: Mapping[str, tuple[Answer, str]] = {
    "401": (reply({"error": CANARY}, 401), r"refuses the key \(401\)"),
    "403": (reply({"error": CANARY}, 403), r"does not let the key ask about itself"),
    "403 page": (reply(f"<html>{CANARY}</html>".encode(), 403, kind="text/html"), "a web page instead of its JSON"),
    "429 absurd": (reply({}, 429, {"Retry-After": "21600"}), "too many requests"),
    "5 MB": (reply(b'"' + b"x" * 5_000_000 + b'"'), "larger than 1 MiB"),
    "closed": (b"", "closed the connection"),
    "page": (reply(f"<html>{CANARY}</html>".encode(), kind="text/html"), "instead of its JSON"),
    "not its JSON": (reply([CANARY]), "."),
    "empty": (reply({}), "."),
    "key twice": (
        reply(b'{"ok": true, "' + CANARY.encode() + b'": 1, "ok": false, "ok": true}'),
        "the key `ok` twice in one object",
    ),
    "header": (b"HTTP/1.1 200 " + CANARY.encode() + b"\r\nbad header " + CANARY.encode() + b"\r\n\r\n", "."),
}


IDS = [case.kind for case in CASES]


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_what_is_asked_and_what_it_means(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with stub(*case.answers) as server:
        project(tmp_path, case, monkeypatch, server)
        status, body = drift(capsys, "--record", "granted.json")
        assert tuple(one.line for one in server.asked) == case.lines
        for one in server.asked:
            assert case.headers.items() <= one.headers.items()
            assert CANARY not in one.line
            assert not {"cookie", "proxy-authorization", "referer"} & one.headers.keys()
        notification = sum(b"notifications/" in one.body for one in server.asked)
        pages = sum(b"cursor" in one.body for one in server.asked)
        assert len(server.asked) - notification - pages <= 2
    assert [(one["verdict"], one["principal"]) for one in body["verdicts"]] == [("ok", "$AGENT_KEY")]
    assert (status, body["findings"]) == (0, [])
    text = (tmp_path / "granted.json").read_text(encoding="utf-8")
    assert not [form for secret in (CANARY, CLIENT) for form in forms(secret) if form in text]
    monkeypatch.delenv("AGENT_KEY")  # whoever reads a recording holds no key, and asks nobody
    again, recorded = drift(capsys, "--live-from", "granted.json")
    assert (again, recorded["findings"], [one["verdict"] for one in recorded["verdicts"]]) == (0, [], ["ok"])


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_an_answer_that_says_nothing_is_unverified(
    case: Case, answer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given, sentence = ANSWERS[answer]
    with stub(given) as server:
        project(tmp_path, case, monkeypatch, server, wait=lambda _: None)
        status, body = drift(capsys, "--record", "granted.json")
        assert 1 <= len(server.asked) <= 3
    assert status == 3
    assert [one["verdict"] for one in body["verdicts"]] == ["unverified"]
    (finding,) = body["findings"]
    assert finding["rule"] == "drift/unverified-resource"
    assert re.search(sentence, finding["message"]), finding["message"]
    assert "Traceback" not in finding["message"]
    assert json.loads((tmp_path / "granted.json").read_text(encoding="utf-8"))["systems"] == {}


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_redirect_takes_nothing_to_another_host(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with stub(reply({})) as other, stub(reply({}, 302, {"Location": f"http://127.0.0.1:{other.port}/"})) as server:
        project(tmp_path, case, monkeypatch, server)
        status, body = drift(capsys)
        assert (len(server.asked), other.connections) == (1, 0)
    assert (status, body["verdicts"][0]["verdict"]) == (3, "unverified")


def test_slack_says_no_with_status_200(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with stub(reply({"ok": False, "error": "token_revoked"}, headers={"X-OAuth-Scopes": "users:read"})) as server:
        project(tmp_path, CASES[0], monkeypatch, server)
        status, body = drift(capsys)
    assert (status, body["verdicts"][0]["reason"]) == (3, "Slack refuses the key: token_revoked")


FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit", "markdown")


@pytest.mark.parametrize("format_", FORMATS)
def test_a_provider_that_echoes_the_key(
    format_: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    percent = "".join(f"%{one:02X}" for one in CANARY.encode())
    changed = (CANARY.upper(), CANARY.encode().hex(), CANARY.encode().hex().upper(), percent)
    echoed = (
        f"chat:write,{CANARY},{quote(CANARY, safe='')},{b64encode(f'u:{CANARY}'.encode()).decode()},{','.join(changed)}"
    )
    answer = reply({"ok": True, "user": CANARY, "team_id": [CANARY, {CANARY: 1}]}, headers={"X-OAuth-Scopes": echoed})
    with stub(answer) as server:
        case = CASES[0]._replace(entry="{resource: system, access: read-only}")
        project(tmp_path, case, monkeypatch, server)
        assert run(["drift", "--format", format_, "-v", "--record", "granted.json"]) == 3
        shown = capsys.readouterr()
        run(["drift", "--format", format_, "--output", "report"])
    capsys.readouterr()
    texts = [
        shown.out,
        shown.err,
        *((tmp_path / name).read_text(encoding="utf-8") for name in ("granted.json", "report")),
    ]
    texts += [text.replace("\\", "") for text in texts]  # as a reader of Markdown sees it
    assert not [form for text in texts for form in (*forms(CANARY), *changed) if form in text]
    assert "chat:write" in shown.out


@pytest.mark.parametrize(
    ("kind", "settings", "variable", "sentence"),
    [
        ("slack", "", None, r"the variable AGENT_KEY is not set"),
        ("slack", "", "", r"the variable AGENT_KEY is empty"),
        ("slack", "", "xoxb-12345678\r\nX-Evil: 1", r"AGENT_KEY holds no credential: it has a blank, a line end"),
        ("slack", "", "xoxb-1234567é", r"AGENT_KEY holds no credential"),
        ("slack", "", "xoxb", r"AGENT_KEY holds no credential: it is shorter than 8 characters"),
        ("zendesk", "", "x" * 20, r"systems\.system names no subdomain"),
        ("gitlab", "", "x" * 20, r""),
    ],
)
def test_a_key_that_is_none_is_never_sent(
    kind: str,
    settings: str,
    variable: str | None,
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    case = CASES[IDS.index(kind)]._replace(settings=settings)
    with stub(reply({})) as server:
        project(tmp_path, case, monkeypatch, server)
        monkeypatch.delenv("AGENT_KEY") if variable is None else monkeypatch.setenv("AGENT_KEY", variable)
        status, body = drift(capsys)
        assert server.connections == (1 if not sentence else 0)
    assert status == 3
    assert re.search(sentence, body["verdicts"][0]["reason"])
    if variable:
        assert variable.split()[0] not in json.dumps(body)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("zendesk", 'subdomain = "acme.evil"'),
        ("zendesk", 'subdomain = "evil.example\\\\@acme"'),
        ("zendesk", 'subdomain = "-acme"'),
        ("zendesk", 'subdomain = "acme/"'),
        ("zendesk", 'subdomain = "acme\\n"'),
        ("zendesk", 'subdomain = "Acme"'),
        ("gitlab", 'origin = "http://gitlab.example.com"'),
        ("gitlab", 'origin = "https://u:hunter2hunter2@gitlab.example.com"'),
        ("gitlab", 'origin = "https://gitlab.example.com/path"'),
        ("gitlab", 'origin = "https://gitlab.example.com:99999"'),
        ("gitlab", 'origin = "https://evil.example\\\\@gitlab.com"'),
        ("mcp", 'origin = "https://mcp.example.com"\npath = "/../x"'),
        ("mcp", 'origin = "https://mcp.example.com"\npath = "//evil.example/x"'),
        ("mcp", 'origin = "https://mcp.example.com"\npath = "/x?token=1"'),
        ("oauth2", 'origin = "https://login.example.com"\npath = "/a b"'),
    ],
)
def test_a_host_that_is_none_is_never_asked(
    kind: str, settings: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case = CASES[IDS.index(kind)]._replace(settings=settings)
    with stub(reply({})) as server:
        project(tmp_path, case, monkeypatch, server)
        status = run(["drift"])
        said = capsys.readouterr()
        assert server.connections == 0
    assert status in (2, 3)
    assert "hunter2" not in said.out + said.err
    assert re.search(r"permlint\.toml:[45]:|nothing was asked", said.out), said.out


def test_no_key_is_used_for_a_stranger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with stub(*CASES[0].answers) as server:
        project(tmp_path, CASES[0], monkeypatch, server)
        monkeypatch.setenv("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "2")
        monkeypatch.setenv("CI_MERGE_REQUEST_PROJECT_ID", "1")
        status, body = drift(capsys)
        assert (status, server.connections) == (3, 0)
        assert "fork" in json.dumps(body)


def test_one_key_is_asked_about_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with stub(*CASES[0].answers) as server:
        project(tmp_path, CASES[0], monkeypatch, server)
        text = (tmp_path / "agent-permissions.yaml").read_text(encoding="utf-8")
        for name in "bcd":
            build(tmp_path, {f"{name}/agent-permissions.yaml": text.replace("triage", name)})
        _, body = drift(capsys)
        assert len(server.asked) == 1
    assert [one["rule"] for one in body["findings"]] == ["drift/shared-principal"] * 4


def test_only_what_reads_is_ever_sent() -> None:
    sent = {
        kind: sorted(map(str, adapter.provider.calls))
        for kind in KINDS
        if isinstance(adapter := adapter_of(kind), Keys) and adapter.provider.calls
    }
    assert sent == {
        "slack": ["GET /api/auth.test"],
        "github": ["GET /user"],
        "gitlab": ["GET /api/v4/personal_access_tokens/self"],
        "zendesk": ["GET /api/v2/oauth/tokens/current.json"],
        "oauth2": ["POST /oauth2/introspect"],
        "mcp": ["POST /mcp"],
    }


def test_the_real_command_over_tls(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "trusted.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    more = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *more], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    manifest = "agent_name: triage\nenvironment: staging\nresources:\n  - {resource: system, access: read-only}\n"
    proxied = dict.fromkeys(("HTTPS_PROXY", "https_proxy", "ALL_PROXY"), "http://127.0.0.1:9")
    with stub(reply({"scopes": ["api"], "active": True, "name": "bot"}), context=context) as server:
        config = (
            f'[systems.system]\nkind = "gitlab"\ntoken_env = "AGENT_KEY"\norigin = "https://localhost:{server.port}"\n'
            'ca_file = "trusted.pem"\n'
        )
        build(tmp_path, {"agent-permissions.yaml": manifest}, config)
        refused = permlint(tmp_path, "drift", env={"AGENT_KEY": CANARY, **proxied})
        assert (refused.returncode, server.connections) == (3, 0)
        assert "is not public: no request was made" in refused.stdout
        build(tmp_path, {}, f"{config}private_network = true\n")
        done = permlint(tmp_path, "drift", "-v", env={"AGENT_KEY": CANARY, **proxied})
        assert len(server.asked) == 1
        asked = permlint(tmp_path, "systems", "--check", env={"AGENT_KEY": CANARY, **proxied})
    assert done.returncode == 0
    assert "$AGENT_KEY: 0." in done.stderr
    assert CANARY not in done.stderr
    assert "api -> read_api: that would do" in done.stdout
    assert re.search(
        rf"GET https://localhost:{server.port}/api/v4/personal_access_tokens/self +200 +\d\.\d\d s", done.stdout
    )
    assert (asked.returncode, asked.stdout) == (0, "system (staging): gitlab: $AGENT_KEY answers\n")
    assert not [form for form in forms(CANARY) if form in refused.stdout + done.stdout]


def test_systems_says_what_each_kind_takes(tmp_path: Path) -> None:
    done = permlint(tmp_path, "systems", *KINDS)
    assert done.returncode == 0
    assert permlint(tmp_path, "systems", "all").stdout == done.stdout
    for kind in KINDS:
        if isinstance(found := adapter_of(kind), Keys):
            paragraph = f"{kind}\n" + "".join(f"  {line}\n" for line in found.about())
            assert paragraph in done.stdout
            words = [line.split()[0] for line in paragraph.splitlines()]
            assert words == [kind, "asks", "needs", "tells", "cannot"]
    assert permlint(tmp_path, "systems", "slak").returncode == 2


def test_a_long_key_in_a_refusal_is_not_shown_in_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    long = "xoxb_" + "".join(f"{number:02d}-k" for number in range(40))
    with stub(reply({"ok": False, "error": long})) as server:
        project(tmp_path, CASES[0], monkeypatch, server)
        monkeypatch.setenv("AGENT_KEY", long)
        for format_ in FORMATS:
            assert run(["drift", "--format", format_, "-v"]) == 3
    said = capsys.readouterr()
    assert "07-k08-k" not in (said.out + said.err).replace("\\", "")


def test_a_long_key_in_what_is_asked_to_wait_is_not_shown_in_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    long = "xoxb_" + "".join(f"{number:02d}-k" for number in range(40))
    with stub(reply({}, 429, {"Retry-After": long})) as server:
        project(tmp_path, CASES[0], monkeypatch, server)
        monkeypatch.setenv("AGENT_KEY", long)
        assert run(["drift", "--format", "json", "-v"]) == 3
    said = capsys.readouterr()
    assert "it asks to wait '[secret]'" in said.out
    assert "00-k" not in said.out + said.err
