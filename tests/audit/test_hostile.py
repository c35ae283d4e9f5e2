"""A stranger's words in every field of a manifest, a recording, a commit and a decision: no format obeys them, none shows a secret."""

from __future__ import annotations

import csv
import html
import json
import os
import re
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import cmarkgfm
import pytest

from tests.audit.projects import CONFIG, DAY, PATH, commit, decided, filled, project, record, report, rows, slack
from tests.command import permlint

WORDS = (
    '=HYPERLINK("http://evil.example")<script>alert(1)</script><img src=x onerror=alert(1)>[a](javascript:alert(1))'
    "![i](http://evil.example/i.png) | cell | `tick @everyone #1 ::error::x ##[error]y \\x1b[31mred \\u202eturned \\r\\n::set-env name=A::b"
)
SECRET = "xoxb-123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx"
MANIFEST = f"""\
agent_name: "{WORDS.replace('"', "'")}"
environment: staging
owner: "@{WORDS.replace('"', "'")}"
purpose: "+{WORDS.replace('"', "'")} {SECRET}"
reviewed: {{date: 2026-01-01, by: "-{WORDS.replace('"', "'")}"}}
resources:
  - resource: slack.#ops
    access: write
    scope: "={WORDS.replace('"', "'")}"
    justification: "\\t{WORDS.replace('"', "'")}"
    blast_radius: low
  - resource: 'wiki.<script>alert(2)</script>'
    access: read-only
    scope: {{note: "={WORDS.replace('"', "'")}"}}
rollback_strategy: "{WORDS.replace('"', "'")} token {SECRET}"
"""
LIVE = ("--live-from", "slack.json")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of a stranger's."""
    folder = tmp_path_factory.mktemp("hostile")
    scopes = ("chat:write", "users:read", "<script>alert(3)</script>", "=1+1")
    project(folder, {PATH: MANIFEST, "slack.json": slack(*scopes)}, config=CONFIG)
    commit(folder, "=cmd <script>alert(4)</script> ::error::", by="<b>@evil.example")
    found = rows(folder, *LIVE)
    given = filled(found, {"users:read": decided("keep", by=f"={WORDS}", reason=f"<script>alert(5)</script> {WORDS}")})
    assert record(folder, given).returncode == 0
    return folder


def shown(folder: Path, format: str) -> str:
    """The report in a format."""
    done = permlint(folder, "report", "--format", format, "--as-of", DAY, *LIVE)
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    assert "\x1b" not in done.stderr
    return done.stdout


@pytest.mark.parametrize("format", ["html", "markdown", "csv", "json"])
def test_no_format_obeys_or_tells(hostile: Path, format: str) -> None:
    text = shown(hostile, format)
    assert SECRET not in text
    assert "AbCdEfGhIjKlMnOpQrStUvWx" not in text
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e]", text)
    assert not re.search(r"(?m)^\s*::", text)
    assert "##[error]" not in text
    assert "evil.example" in text


class Tags(HTMLParser):
    """Every tag with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_html_has_no_element_of_a_strangers(hostile: Path) -> None:
    tags = Tags(shown(hostile, "html")).found
    assert not [one for one in tags if any(name.startswith("on") for name in one[1])]
    links = [attrs.get("href") or attrs.get("src") or "" for _, attrs in tags]
    assert all(one.startswith("#") or one == "data:," for one in links if one)
    assert sum(tag == "script" for tag, _ in tags) == 1


def test_markdown_has_no_markup_of_a_strangers(hostile: Path) -> None:
    page = cmarkgfm.github_flavored_markdown_to_html(shown(hostile, "markdown"))
    tags = {tag for tag, _ in Tags(page).found}
    assert tags <= {
        "h1",
        "h2",
        "h3",
        "p",
        "strong",
        "ul",
        "li",
        "code",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "br",
    }
    for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL):
        assert "alert(1)" not in row or row.count("<td") in (4, 5, 6, 7, 8)


def test_csv_runs_nothing_and_stays_a_table(hostile: Path) -> None:
    text = shown(hostile, "csv").removeprefix("\ufeff")
    table = list(csv.reader(StringIO(text, newline="")))
    assert {len(row) for row in table} == {len(table[0])}
    for row in table:
        assert not [cell for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d")]
    owner = table[0].index("owner")
    assert table[1][owner].startswith("'@=HYPERLINK")


def test_json_is_the_strangers_text_and_nothing_else(hostile: Path) -> None:
    text = shown(hostile, "json")
    assert text.isascii()
    (agent,) = json.loads(text)["agents"]
    assert agent["owner"].startswith("@=HYPERLINK('http://evil.example')<script>")


def test_a_decision_on_it_comes_back(hostile: Path) -> None:
    (one,) = (row for row in rows(hostile, *LIVE) if row["what"].startswith("users:read"))
    assert (one["last_decision"], one["last_decided_by"][:12]) == ("keep", "'==HYPERLINK")


@pytest.mark.parametrize("name", [b"tri\xff\x1b[31m", b"a\nb", "\u202e".encode()])
def test_a_path_is_written_out(tmp_path: Path, name: bytes) -> None:
    project(tmp_path, {"slack.json": slack("chat:write", "users:read")})
    os.rename(tmp_path / PATH, os.path.join(os.fsencode(tmp_path), b"agents", name + b".agent-permissions.yaml"))
    body = report(tmp_path, *LIVE)
    (agent,) = body["agents"]
    assert agent["path"].isascii()
    assert not re.search("[\\x00-\\x1f]", agent["path"])
    assert {one["verdict"] for one in agent["permissions"]} == {"excess", "ok", "unverified"}
    assert all(one["place"].startswith(agent["path"]) for one in agent["findings"])
    assert any(one["rule"].startswith("drift/") for one in agent["findings"])
    for format in ("html", "markdown", "csv"):
        assert agent["path"] in html.unescape(shown(tmp_path, format)).replace("\\\\", "\\")
