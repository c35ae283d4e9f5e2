"""GitHub, GitLab, JUnit and Markdown: golden files, the structure that each reader needs, and a stranger's text in every field."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import cmarkgfm
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.catalogue import Manual
from linter.findings import Finding, Location, Severity, Silenced
from linter.outcome import Outcome
from linter.reports import github, gitlab, junit, markdown, sarif, text
from linter.reports import json as json_report
from tests.command import permlint
from tests.reports.outcomes import CLEAN, GOLDEN, PATH, RENDERERS, RICH, finding, render
from tests.test_cli import BROKEN, WARNING
from tests.test_cli import CLEAN as CLEAN_MANIFEST
from tests.world import build

ZERO_WIDTH = "\u200b"
MANUAL = Manual("Why.", (), "0.1.0", ({"files": {}},))


@pytest.mark.parametrize("name", RENDERERS)
def test_golden(name: str) -> None:
    assert render(name, RICH) == (GOLDEN / name).read_bytes()
    assert render(name, CLEAN) == (GOLDEN / f"clean.{name}").read_bytes()


class Command(NamedTuple):
    """What GitHub's runner makes of a line of a log."""

    name: str
    properties: dict[str, str]
    data: str


def commands(log: str) -> list[Command]:
    """An own reading of actions/runner, ActionCommand.cs: `::name key=value,...::data` at a line's start, `##[name]data` anywhere."""
    found = []
    for line in re.split(r"\r\n|\r|\n", log):
        if match := re.fullmatch(r"\s*::([^\s:]+)(?: (.*?))?::(.*)", line, re.DOTALL):
            pairs = [pair.split("=", 1) for pair in (match[2] or "").split(",") if "=" in pair]
            found.append(Command(match[1], {key: _decode(value, ":,") for key, value in pairs}, _decode(match[3], "")))
        elif match := re.search(r"##([a-z]*)\[([^\] ]*)", line):
            found.append(Command(f"##{match[1]}[{match[2]}", {}, line))
    return found


def _decode(text: str, more: str) -> str:
    return re.sub(
        r"%([0-9A-F]{2})", lambda m: chr(int(m[1], 16)) if chr(int(m[1], 16)) in "\r\n%" + more else m[0], text
    )


def test_github_has_the_gravest_first_and_a_place_for_each() -> None:
    found = commands(github.render(RICH))
    assert [one.name for one in found] == ["error"] * 5 + ["warning", "notice"]
    assert {one.properties["title"] for one in found[2:]} == {"permlint: scope/unbounded-write"}
    assert found[0].properties == {
        "file": "agents/x|y.yaml", "line": "3", "col": "7", "title": "permlint: cannot be read"
    }  # fmt: skip
    several_lines, *_, info = found[2:]
    assert several_lines.properties.items() >= {"line": "9", "endLine": "11", "file": PATH}.items()
    assert not {"col", "endColumn"} & several_lines.properties.keys()
    assert info.properties.items() >= {"line": "3", "endLine": "3", "col": "5", "endColumn": "12"}.items()
    assert info.data == "`postgres.notes` has no scope"
    assert several_lines.data.endswith('\nFix: Quote the value: scope: "#ops"')
    assert found[3].properties["file"] == "agents/::warning::, a=b/\\xff \\x1b[31m\\ufffe.yaml"


def test_gitlab_knows_each_issue() -> None:
    issues = json.loads(gitlab.render(RICH))
    for issue in issues:
        assert issue.keys() == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert issue["location"].keys() == {"path", "lines"}
        assert issue["location"]["lines"]["begin"] >= 1
        assert issue["description"]
    fingerprints = [issue["fingerprint"] for issue in issues]
    assert len(set(fingerprints)) == len(fingerprints) == 8
    assert [issue["severity"] for issue in issues] == "blocker major info minor critical critical critical info".split()
    assert issues[-1]["description"] == "Silenced: 1 suppressed, 1 accepted"


@pytest.mark.parametrize(
    ("fail_on", "kinds"),
    [
        (Severity.ERROR, {"failure": 3, "error": 2, "skipped": 4}),
        (Severity.INFO, {"failure": 5, "error": 2, "skipped": 2}),
        (None, {"failure": 0, "error": 2, "skipped": 7}),
    ],
)
def test_junit_counts_what_it_says(fail_on: Severity | None, kinds: dict[str, int]) -> None:
    root = ElementTree.fromstring(junit.render(RICH, fail_on))  # noqa: S314 - our own output
    assert root.tag == "testsuites"
    assert {kind: len(root.findall(f".//{kind}")) for kind in kinds} == kinds
    for element in [root, *root.findall("testsuite")]:
        assert int(element.get("tests", "")) == len(element.findall(".//testcase"))
        for attribute, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(element.get(attribute, "")) == len(element.findall(f".//{kind}"))
    names = [(one.get("classname"), one.get("name")) for one in root.findall(".//testcase")]
    assert len(set(names)) == len(names)  # GitLab drops a second one


def test_junit_has_one_passed_case_when_nothing_fails() -> None:
    for outcome in (CLEAN, CLEAN._replace(findings=RICH.findings[:1])):
        root = ElementTree.fromstring(junit.render(outcome, Severity.ERROR))  # noqa: S314 - our own output
        assert [len(one) for one in root.findall(".//testcase")].count(0) == 1


class Page(HTMLParser):
    """Which tags a page has, its table's cells, and its text outside code."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.rows: list[list[str]] = []
        self.outside = ""
        self._code = self._cell = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags |= {tag, *(f"{tag}.{name}" for name, _ in attrs)}
        self.outside += "\0"  # a code host looks for references within one text, never across tags
        self._code += tag == "code"
        self._cell += tag in ("td", "th")
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self.outside += "\0"
        self._code -= tag == "code"
        self._cell -= tag in ("td", "th")

    def handle_data(self, data: str) -> None:
        if not self._code:
            self.outside += data
        if self._cell:
            self.rows[-1][-1] += data


def page(outcome: Outcome) -> Page:
    """The Markdown report as GitHub's own parser renders it, raw HTML included."""
    options = cmarkgfm.Options.CMARK_OPT_UNSAFE
    return Page(cmarkgfm.github_flavored_markdown_to_html(markdown.render(outcome), options))


ALLOWED = set("h3 p ul li strong code table thead tbody tr th td details summary br".split())
PINGS = re.compile(r"(?<!\w)@\w|(?<!\w)[#!]\d|https?://|www\.\w|[\w.]@\w")


def test_markdown_shows_a_strangers_text_as_text() -> None:
    shown = page(RICH)
    assert shown.tags | {"p"} == ALLOWED
    assert PINGS.search(shown.outside) is None
    findings = shown.rows[1:6]
    assert [row[0] for row in findings] == ["error", "error", "error", "warning", "info"]
    assert findings[3][3].replace(ZERO_WIDTH, "") == RICH.findings[1].message
    assert findings[4][3] == "postgres.notes has no scope"
    assert [row[0] for row in shown.rows[7:]] == ["suppression", "acceptance until 2026-12-31"]
    assert "1 suppressed, 1 accepted; 1 unreadable; 1 not checked" in shown.outside.replace("\0", "")


def test_markdown_stays_below_its_limit_and_counts_what_it_leaves_out() -> None:
    many = tuple(finding(Severity.ERROR, line, f"number {line} ü", fix="x" * 50) for line in range(1, 2000))
    outcome = CLEAN._replace(findings=(*many, finding(Severity.INFO, 1, "the least")))
    shown = markdown.render(outcome)
    assert len(shown.encode()) <= 65_536
    assert "number 1 ü" in shown
    assert "the least" not in shown
    left_out = int(re.findall(r"^(\d+) lines or details do not fit", shown, re.MULTILINE)[0])
    assert left_out == 2 * 2000 - shown.count("number ")
    assert len(markdown.render(outcome, 2000).encode()) <= 2000


FRAGMENTS = [
    *"`|\\*_[]()<>&@#!~$%:,=\n\r\t aB1-",
    *("<b>", "</td>", "<!--", "https://e.example", "www.e.example", "@a", "a@b.example", "#1", "GH-1", "[a](b)", "**"),
    *("::error::", "##[x]", "##vso[x]", "%0A", "&lt;", "&#96;", "<http://e.example>", "![a](b)", "\x1b[31m", "\ufffe"),
]
TEXT = st.text() | st.lists(st.sampled_from(FRAGMENTS), max_size=8).map("".join)


@given(TEXT, TEXT, TEXT, TEXT)
def test_no_text_is_markup_a_link_or_a_command(message: str, path: str, resource: str, fix: str) -> None:
    one = Finding(
        "review/no-owner", Severity.ERROR, message, Location(path, 2, 1, 2, 5), resource, "x", resource, "", fix,
        (Location(path, 1, 1, 1, 2, "", message),),
    )  # fmt: skip
    outcome = CLEAN._replace(findings=(one,), silenced=(Silenced(one, "acceptance", message, "2026-12-31"),))
    logs = [render(name, outcome).decode() for name in RENDERERS]
    logs += [json_report.render(outcome), sarif.render(outcome, dict.fromkeys(outcome.rules, MANUAL), None)]
    logs += [text.render(outcome, text.Style(Severity.ERROR, verbose=True))]
    assert [one.name for log in logs for one in commands(log)] == ["error"]
    (command,) = commands(github.render(outcome))
    if message.isprintable():
        assert command.data.split("\n")[0] == message
        assert json.loads(gitlab.render(outcome))[0]["description"] == message
        failure = ElementTree.fromstring(junit.render(outcome, Severity.INFO)).find(".//failure")  # noqa: S314
        assert failure is not None
        assert failure.get("message") == message
    shown = page(outcome)
    assert shown.tags <= ALLOWED
    assert PINGS.search(shown.outside) is None
    assert [len(row) for row in shown.rows] == [4, 4, 4, 4]
    if message.isprintable():
        assert plain(shown.rows[1][3]) == plain(message)


def plain(text: str) -> str:
    """A text without what Markdown may take from its edges and code, and what the report adds."""
    return re.sub(r"\s+", "", text.replace("`", "").replace(ZERO_WIDTH, ""))


class TestTheCommand:
    """`permlint check --format ...`, as a process."""

    def test_extensions_name_the_formats(self, tmp_path: Path) -> None:
        build(tmp_path, {"agent-permissions.yaml": BROKEN})
        permlint(tmp_path, "check", "--output", "out.xml")
        assert ElementTree.parse(tmp_path / "out.xml").getroot().get("failures") == "1"  # noqa: S314
        permlint(tmp_path, "check", "--output", "out.md")
        assert (tmp_path / "out.md").read_text().startswith("### permlint check: 1 error, ")

    def test_junit_fails_what_the_threshold_fails(self, tmp_path: Path) -> None:
        build(tmp_path, {"agent-permissions.yaml": WARNING})
        for arguments, failures in ([], "0"), (["--fail-on", "warning"], "1"):
            done = permlint(tmp_path, "check", "--format", "junit", *arguments)
            assert ElementTree.fromstring(done.stdout).get("failures") == failures  # noqa: S314
            assert done.returncode == int(failures)

    def test_the_step_summary_is_appended_to(self, tmp_path: Path) -> None:
        build(tmp_path, {"agent-permissions.yaml": BROKEN, "summary": "# Before\n"})
        env = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
        done = permlint(tmp_path, "check", "--format", "github", env=env)
        assert done.returncode == 1
        (error,) = commands(done.stdout)
        assert error.properties["file"] == "agent-permissions.yaml"
        summary = (tmp_path / "summary").read_text()
        assert summary.startswith("# Before\n### permlint check: 1 error, ")
        assert "| error | `manifest/schema-violation` |" in summary
        permlint(tmp_path, "check", "--format", "json", env=env)
        assert (tmp_path / "summary").read_text() == summary

    def test_the_step_summary_stays_below_githubs_limit(self, tmp_path: Path) -> None:
        build(tmp_path, {"agent-permissions.yaml": BROKEN, "summary": "x" * (1024 * 1024 - 1500)})
        env = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
        for _ in range(3):
            permlint(tmp_path, "check", "--format", "github", env=env)
        assert 1024 * 1024 - 1500 < (tmp_path / "summary").stat().st_size <= 1024 * 1024

    def test_a_summary_that_cannot_be_written(self, tmp_path: Path) -> None:
        build(tmp_path, {"agent-permissions.yaml": CLEAN_MANIFEST})
        done = permlint(tmp_path, "check", "--format", "github", env={"GITHUB_STEP_SUMMARY": str(tmp_path)})
        assert done.returncode == 2
        assert "Traceback" not in done.stderr

    def test_a_hostile_path_is_no_command_in_any_format(self, tmp_path: Path) -> None:
        build(tmp_path, {"::error::x/##[add-mask]y/agent-permissions.yaml": WARNING})
        for name in ("text", "json", "sarif", "gitlab", "junit", "markdown"):
            done = permlint(tmp_path, "check", "--format", name)
            assert "agent-permissions.yaml" in done.stdout
            assert commands(done.stdout) == []

    def test_a_project_below_the_repositorys_top_is_placed_where_a_forge_looks(self, tmp_path: Path) -> None:
        build(tmp_path, {"bots/a/permlint.toml": "", "bots/a/x/agent-permissions.yaml": BROKEN, ".git/HEAD": ""})
        build(tmp_path, {"bots/a/y/agent-permissions.yaml": "a: b: c\n"})
        folder = tmp_path / "bots" / "a"
        done = permlint(folder, "check", "--format", "github")
        places = [one.properties.get("file") for one in commands(done.stdout)]
        assert places == ["bots/a/y/agent-permissions.yaml", "bots/a/x/agent-permissions.yaml"]
        gitlab_says = json.loads(permlint(folder, "check", "--format", "gitlab").stdout)
        assert sorted({one["location"]["path"] for one in gitlab_says}) == sorted(str(place) for place in places)
        log = json.loads(permlint(folder, "check", "--format", "sarif").stdout)["runs"][0]
        place = log["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert place == "bots/a/x/agent-permissions.yaml"
        assert log["automationDetails"]["id"] == "permlint/check/bots/a/"
        body = json.loads(permlint(folder, "check", "--format", "json").stdout)
        assert body["findings"][0]["path"] == "x/agent-permissions.yaml"  # the contract: relative to the root
        print_ = log["results"][0]["partialFingerprints"]["primaryLocationLineHash"]
        assert print_ == body["findings"][0]["fingerprint"].removeprefix("sha256:") + ":1"
