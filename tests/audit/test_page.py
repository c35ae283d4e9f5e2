"""The HTML report as a reviewer has it: opened from a file in a real Chromium, read, filtered, sorted, decided in, printed."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Dialog, Page, expect

from linter.audit.csv import COLUMNS
from linter.audit.csv import render as as_csv
from linter.audit.decisions import DECISIONS
from linter.audit.html import render
from linter.audit.model import Audit
from tests.audit import factory
from tests.audit.projects import DAY, MANIFEST, PATH, project, rows, slack
from tests.audit.test_html import HOSTILE, UNSHOWN, fields, hostile, shown_as
from tests.browser import Opened, opened
from tests.command import permlint

AGENTS, PERMISSIONS = 6, 8
ROWS = ".perms tbody tr:not(.group):visible"


def written(folder: Path, audit: Audit) -> Path:
    """The report of an audit, in a file."""
    path = folder / "report.html"
    path.write_text(render(audit), encoding="utf-8")
    return path


@pytest.fixture
def report(chromium: Browser, tmp_path: Path) -> Iterator[Opened]:
    """A report that is open. In the end it has asked for nothing but itself, and nothing was refused to it."""
    path = written(tmp_path, factory.audit(AGENTS, PERMISSIONS, 60, environments=2))
    with opened(chromium, path) as found:
        yield found
        assert found.requests == [path.as_uri()] or all(one.startswith("blob:") for one in found.requests[1:])
        assert found.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("live", [True, False])
def test_axe_finds_nothing(chromium: Browser, tmp_path: Path, scheme: str, live: bool) -> None:
    path = written(tmp_path, factory.audit(AGENTS, PERMISSIONS, 60, live=live, environments=2))
    with opened(chromium, path, color_scheme=scheme) as found:
        for heading in found.page.locator("article h3").all():
            heading.scroll_into_view_if_needed()
        expect(found.page.locator(".perms select")).to_have_count(AGENTS * PERMISSIONS)
        said = Axe().run(found.page, options={"resultTypes": ["violations"]}).response
        faults = [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in said["violations"]]
        assert faults == []
        assert len(said["passes"]) > 25


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize(
    "words", [HOSTILE[0], HOSTILE[1], HOSTILE[2], HOSTILE[5], "x" * 10_000], ids=lambda words: words[:9]
)
def test_hostile_text_runs_nothing_and_stretches_nothing(
    chromium: Browser, tmp_path: Path, words: str, width: int
) -> None:
    path = written(tmp_path, hostile(factory.audit(2, 4, 6), words))
    with opened(chromium, path, viewport={"width": width, "height": 800}) as found:
        assert found.requests == [path.as_uri()]
        assert found.complaints == []
        assert found.page.evaluate("document.documentElement.scrollWidth") == width
        assert found.page.evaluate("document.images.length + document.scripts.length") == 1


def squeezed(text: str) -> str:
    """A text without white space, which lines break at."""
    return re.sub(r"\s+", "", text)


def visible_text(page: Page) -> str:
    """All that can be seen."""
    return str(page.evaluate("document.body.innerText"))


def test_without_javascript_nothing_is_hidden(chromium: Browser, tmp_path: Path) -> None:
    audit = factory.audit(4, 8, 25, environments=2)
    with opened(chromium, written(tmp_path, audit), java_script_enabled=False) as found:
        assert found.page.locator("button, select, input").count() == 0
        # Playwright reads the text itself; capitals are the style's.
        seen = squeezed(found.page.locator("body").inner_text()).lower()
    missing = {
        pair for pair in fields(audit) if pair[0] not in UNSHOWN and squeezed(shown_as(*pair)).lower() not in seen
    }
    assert missing == set()


def test_it_filters_by_words_and_counts_what_it_hides(report: Opened) -> None:
    page = report.page
    every = page.locator(ROWS).count()
    assert every == AGENTS * PERMISSIONS
    page.get_by_label("Filter", exact=True).fill("invoice-reader-1 mailbox")
    expect(page.get_by_role("status").first).to_have_text(
        re.compile(r"^\d+ rows? of \d+ in 1 of 6 agents; \d+ filtered out\.$")
    )
    assert page.locator(ROWS).count() == 1
    assert page.locator("article:visible h3 bdi").all_text_contents() == ["invoice-reader-1"]
    page.get_by_role("button", name="Show everything").click()
    assert page.locator(ROWS).count() == every
    expect(page.get_by_role("status").first).to_have_text("")


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ("beyond what was agreed", lambda one: one.verdict in ("excess", "conditional")),
        ("not verified", lambda one: one.granted is None),
        ("privileged powers", lambda one: one.privileged),
        ("new", lambda one: one.new),
        ("undecided", lambda one: one.decision is None),
    ],
)
def test_it_shows_what_is_in_a_state(report: Opened, state: str, shown: Any) -> None:
    audit = factory.audit(AGENTS, PERMISSIONS, 60, environments=2)
    expected = sorted(one.resource for agent in audit.agents for one in agent.permissions if shown(one))
    report.page.get_by_label("Show", exact=True).select_option(state)
    found = [text.split(" ")[0] for text in report.page.locator(f"{ROWS} > th").all_inner_texts()]
    assert sorted(text.split("\n")[0] for text in found) == expected
    assert 0 < len(expected) < AGENTS * PERMISSIONS


def test_exceptions_are_found_by_their_state(report: Opened) -> None:
    report.page.get_by_label("Show", exact=True).select_option("suppressed or accepted")
    assert report.page.locator(ROWS).count() == 0
    states = report.page.locator("article .notes tbody tr:visible > td:last-child").all_inner_texts()
    assert states
    assert all("suppressed" in one or "accepted" in one for one in states)


def test_a_link_to_an_agent_that_is_filtered_out_brings_it_back(report: Opened) -> None:
    page = report.page
    page.get_by_label("Filter", exact=True).fill("refund-helper-2")
    expect(page.locator("#a-release-bot-4")).to_be_hidden()
    page.evaluate("location.hash = '#a-release-bot-4'")
    expect(page.locator("#a-release-bot-4 h3")).to_be_in_viewport()
    expect(page.locator("#words")).to_have_value("")


def test_links_lead_into_each_agent_and_back(report: Opened) -> None:
    page = report.page
    page.locator("section[aria-labelledby=agents] > div").get_by_role("link", name="etl-loader-3").click()
    expect(page.locator("#a-etl-loader-3 h3")).to_be_in_viewport()
    page.locator("#a-etl-loader-3").get_by_role("link", name="All agents").click()
    expect(page.get_by_role("heading", name="Agents", exact=True)).to_be_in_viewport()


def test_it_sorts_by_gravity_within_each_environment(report: Opened) -> None:
    page = report.page
    table = page.locator("#a-invoice-reader-1 .perms")
    head = table.get_by_role("columnheader", name="Granted")
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    ranks = ["?", "none", "read", "create", "update", "delete", "admin"]
    for body in table.locator("tbody").all():
        assert body.locator("tr").first.get_attribute("class") == "group"
        words = [text.split()[0] for text in body.locator("td:nth-child(3)").all_inner_texts()]
        known = [ranks.index(word) for word in words if word != "?"]
        assert known == sorted(known, reverse=True)
        assert len(known) > 1


def test_findings_sort_by_severity(report: Opened) -> None:
    table = report.page.locator("#a-etl-loader-3 .notes")
    table.get_by_role("button", name="Sort by Severity and rule").click()
    found = [text.split()[0] for text in table.locator("tbody td:first-child").all_inner_texts()]
    assert found == sorted(found, key=["error", "warning", "info"].index)
    assert len(set(found)) == 3


@pytest.mark.parametrize("width", [1280, 400])
def test_the_whole_of_a_header_sorts(report: Opened, width: int) -> None:
    report.page.set_viewport_size({"width": width, "height": 900})
    elsewhere = report.page.evaluate("""() => [...document.querySelectorAll(".sort thead th")].filter((head) => {
        head.scrollIntoView({ block: "center", inline: "center" });
        const { x, y, width, height } = head.getBoundingClientRect();
        return [...Array(40).keys()].some((step) =>
            !document.elementFromPoint(x + (width * (step + 0.5)) / 40, y + height / 2)?.matches("thead button"));
    }).map((head) => head.textContent)""")
    assert elsewhere == []


def test_every_row_of_permissions_has_a_header_of_its_own(report: Opened) -> None:
    """Rows leave `scope` out: what a browser tells assistive technology is what counts."""
    nodes = report.page.context.new_cdp_session(report.page).send("Accessibility.getFullAXTree")["nodes"]
    told = {node["name"]["value"].split()[0] for node in nodes if node.get("role", {}).get("value") == "rowheader"}
    audit = factory.audit(AGENTS, PERMISSIONS, 60, environments=2)
    assert {one.resource for agent in audit.agents for one in agent.permissions} <= told


def decide(page: Page, agent: str, resource: str, choice: str, reason: str = "") -> None:
    """Choose in a row, and say why."""
    page.locator(f"#a-{agent} h3").scroll_into_view_if_needed()
    page.get_by_label(f"Decision on {resource}", exact=False).and_(page.locator(f"#a-{agent} select")).select_option(
        choice
    )
    if reason:
        page.locator(f"#a-{agent} tr", has_text=resource).first.get_by_role("textbox").fill(reason)


def saved(page: Page, path: Path) -> list[dict[str, str]]:
    """What the button makes."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Save decisions as CSV").click()
    assert download.value.suggested_filename == "decisions-2026-11-25.csv"
    download.value.save_as(path)
    return list(csv.DictReader(StringIO(path.read_text(encoding="utf-8-sig"), newline="")))


def test_decisions_are_saved_as_the_csv_report_has_them(report: Opened, tmp_path: Path) -> None:
    page, audit = report.page, factory.audit(AGENTS, PERMISSIONS, 60, environments=2)
    assert page.locator("select.made, .perms [data-choice]").count() == 0, "nothing is filled in before"
    assert page.locator(".bar input, .choice input").evaluate_all("all => all.every((one) => one.value === '')")
    chosen = [("invoice-reader-1", one) for one in audit.agents[1].permissions]
    chosen += [("refund-helper-2", one) for one in audit.agents[2].permissions if one.verdict == "excess"]
    for agent, one in chosen:
        decide(page, agent, one.resource, "revoke", '=1+1 "quoted", ümlaut')
    page.get_by_label("Decided by").fill("sam@example.com")
    page.get_by_label("on", exact=True).fill("2026-11-25")
    rows = saved(page, tmp_path / "decisions.csv")
    # Of the seal the page saves the half that is of what is stored.
    report_rows = {row["check"].rpartition("-")[0]: row for row in csv.DictReader(StringIO(as_csv(audit), newline=""))}
    assert len(rows) == len(chosen)
    for row in rows:
        expected = report_rows[row["check"]]
        assert row.keys() <= set(COLUMNS)
        assert expected["id"].startswith(row["id"])
        given = {"decision": "revoke", "decided_by": "sam@example.com", "decided_on": "2026-11-25"}
        assert {**row, "id": ""} == {
            **{name: expected[name] for name in row},
            **given,
            "check": row["check"],
            "id": "",
            "reason": '\'=1+1 "quoted", ümlaut',
        }
    expect(page.locator("#saved")).to_have_text(f"{len(chosen)} decisions, saved.")


def test_what_the_page_saves_is_what_review_record_stores(chromium: Browser, tmp_path: Path) -> None:
    folder = project(tmp_path / "project", {"slack.json": slack("chat:write", "users:read", "channels:manage")})
    options = ("report", "--as-of", DAY, "--live-from", "slack.json", "--format", "html", "--output", "report.html")
    assert permlint(folder, *options, "--fail-on", "never").returncode in (0, 3)
    with opened(chromium, folder / "report.html") as found:
        page = found.page
        selects = page.locator("article select")
        expect(selects).to_have_count(5)
        for select in selects.all():
            select.select_option("keep")
        for reason in page.locator("article .choice input").all():
            reason.fill("it needs this, and -only- this")
        page.get_by_label("Decided by").fill("sam@example.com")
        page.get_by_label("on", exact=True).fill(DAY)
        saved(page, folder / "decisions.csv")
        assert found.complaints == []
    done = permlint(folder, "review", "record", "decisions.csv", "--as-of", DAY)
    assert (done.returncode, done.stderr) == (0, "")
    stored = yaml.load((folder / DECISIONS).read_text(encoding="utf-8"), Loader=yaml.BaseLoader)["decisions"]  # noqa: S506
    table = {row["id"]: row for row in rows(folder, "--live-from", "slack.json")}
    assert {one["id"] for one in stored} == set(table)
    assert {row["last_decision"] for row in table.values()} == {"keep"}


def test_a_page_that_its_manifest_left_behind_is_not_recorded(chromium: Browser, tmp_path: Path) -> None:
    folder = project(tmp_path / "project")
    assert permlint(folder, "report", "--as-of", DAY, "--output", "report.html", "--fail-on", "never").returncode == 0
    with opened(chromium, folder / "report.html") as found:
        page = found.page
        page.get_by_label(re.compile("^Decision on wiki.pages")).select_option("keep")
        page.get_by_label("Decided by").fill("sam@example.com")
        page.get_by_label("on", exact=True).fill(DAY)
        saved(page, folder / "decisions.csv")
    manifest = folder / PATH
    manifest.write_text(MANIFEST.replace("access: read-only", "access: read-write"), encoding="utf-8")
    done = permlint(folder, "review", "record", "decisions.csv", "--as-of", DAY)
    assert done.returncode != 0
    assert (
        "decisions.csv:2:1: id: this permission has changed since the report: it was read" in done.stdout + done.stderr
    )
    assert not (folder / DECISIONS).exists()


def test_a_decision_is_there_where_the_reader_comes(report: Opened) -> None:
    page = report.page
    page.get_by_label("Filter", exact=True).fill("release-bot-4")
    expect(page.locator("#a-release-bot-4 select")).to_have_count(PERMISSIONS)
    page.get_by_role("button", name="Show everything").click()
    for heading in page.locator("article h3").all():
        heading.scroll_into_view_if_needed()
    expect(page.locator(".perms select")).to_have_count(AGENTS * PERMISSIONS)


def test_it_asks_for_what_a_decision_lacks(report: Opened) -> None:
    page = report.page
    page.get_by_role("button", name="Save decisions as CSV").click()
    expect(page.locator("#saved")).to_have_text("Nothing is decided here yet.")
    decide(page, "invoice-reader-1", "mailbox.orders", "modify")
    page.get_by_role("button", name="Save decisions as CSV").click()
    expect(page.locator("#saved")).to_have_text("Say who decides, and on which day.")
    expect(page.get_by_label("Decided by")).to_be_focused()
    page.get_by_label("Decided by").fill("sam@example.com")
    page.get_by_label("on", exact=True).fill("2026-11-25")
    page.get_by_role("button", name="Save decisions as CSV").click()
    expect(page.locator("#saved")).to_have_text("1 decision without a reason.")
    expect(page.locator("#a-invoice-reader-1 [aria-invalid]")).to_be_focused()


@pytest.mark.parametrize("decided", [True, False])
def test_leaving_with_unsaved_decisions_is_asked_about(chromium: Browser, tmp_path: Path, decided: bool) -> None:
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    with opened(chromium, written(tmp_path, factory.audit(2, 3, 2))) as found:
        found.page.on("dialog", answer)
        if decided:
            found.page.locator("article select").first.select_option("keep")
        found.page.locator("h1").click()  # a page that nobody touched may not ask
        with found.page.expect_event("close"):
            found.page.close(run_before_unload=True)
    assert asked == (["beforeunload"] if decided else [])


def test_the_keyboard_reaches_everything(report: Opened) -> None:
    page = report.page

    def focused() -> str:
        return str(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))

    page.keyboard.press("Tab")
    assert focused() == "Skip to the report"
    expect(page.get_by_text("Skip to the report")).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert focused() == "main"
    page.evaluate("document.querySelector('nav a:last-of-type').focus()")
    for _ in range(30):
        page.keyboard.press("Tab")
        if focused() == "words":
            break
    page.keyboard.type("mailbox")
    page.keyboard.press("Tab")
    assert focused() == "state"
    expect(page.get_by_role("status").first).to_contain_text("filtered out")
    button = page.locator("#a-invoice-reader-1 .perms").get_by_role("button", name="Sort by Resource")
    button.focus()
    assert button.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.locator("#a-invoice-reader-1 .perms th").first.get_attribute("aria-sort") == "ascending"


def test_dark_is_dark_and_still_of_one_palette(chromium: Browser, tmp_path: Path) -> None:
    path = written(tmp_path, factory.audit(1, 2, 1))
    found = {}
    for scheme in ("light", "dark"):
        with opened(chromium, path, color_scheme=scheme) as one:
            found[scheme] = one.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert found == {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 21, 26)"}


def test_reduced_motion_is_honoured(chromium: Browser, tmp_path: Path) -> None:
    path = written(tmp_path, factory.audit(1, 2, 1))
    with opened(chromium, path, reduced_motion="reduce") as found:
        assert found.page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
