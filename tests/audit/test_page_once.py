"""What the HTML report tells once for many agents or rows, as a real Chromium shows it: where it belongs, and filtered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from linter.audit.model import Note, Permission
from tests.audit import factory
from tests.audit.test_page import AGENTS, PERMISSIONS, written
from tests.browser import opened


@pytest.fixture
def page(chromium: Browser, tmp_path: Path) -> Iterator[Page]:
    """A report that is open."""
    with opened(chromium, written(tmp_path, factory.audit(AGENTS, PERMISSIONS, 60, environments=2))) as found:
        yield found.page
        assert found.complaints == []


def test_a_row_of_several_agents_shows_those_that_the_filter_leaves(chromium: Browser, tmp_path: Path) -> None:
    alike = factory.permission("x", 1, "ci")._replace(
        origin="granted", verdict="excess", what="DROP on db", privileged=("DDL",), finding=factory.hexed("x")
    )
    agents = [one._replace(permissions=(alike,)) for one in factory.audit(4, 1, 0).agents]
    path = written(tmp_path, factory.audit(4, 1, 0)._replace(agents=tuple(agents)))
    with opened(chromium, path) as found:
        page = found.page
        for heading in ("summary", "privileged"):
            row = page.locator(f"[aria-labelledby={heading}] tr", has_text="DROP on db")
            expect(row).to_have_count(1)
            expect(row.locator("li:visible")).to_have_count(4)
            expect(row).to_contain_text("4 agents: ")
        page.get_by_label("Filter", exact=True).fill("refund-helper-2")
        for heading in ("summary", "privileged"):
            row = page.locator(f"[aria-labelledby={heading}] tr", has_text="DROP on db")
            expect(row.locator("li:visible")).to_have_text([re.compile("^refund-helper-2")])
        page.emulate_media(media="print")
        expect(page.locator("[aria-labelledby=privileged] li:visible")).to_have_count(4)
        page.emulate_media(media="screen")
        page.get_by_label("Filter", exact=True).fill("no such words")
        expect(page.locator(".agents li:visible")).to_have_count(0)
        expect(page.locator("[aria-labelledby=privileged] tbody tr:visible")).to_have_count(0)
        page.get_by_role("button", name="Show everything").click()
        expect(page.locator("[aria-labelledby=privileged] li:visible")).to_have_count(4)
        page.get_by_label("Show", exact=True).select_option("privileged powers")
        expect(page.locator("[aria-labelledby=privileged] li:visible")).to_have_count(4)
        assert found.complaints == []


def test_what_is_told_once_for_many_agents_stands_where_it_belongs(page: Page) -> None:
    row = page.locator("#a-etl-loader-3 .notes tr", has_text="uncheckable-scope").first
    expect(row).to_contain_text("this scope is prose: nothing can compare it")
    expect(row).to_contain_text("Structure the scope.")
    expect(page.locator("#a-etl-loader-3 .notes")).to_contain_text("etl-loader-3 has DELETE on")
    expect(page.locator("article var", has_text=re.compile("^(AGENT|FILE)$"))).to_have_count(0)
    assert "AGENT</var> has DELETE on" in page.locator("#common ~ .wide").inner_html()


def test_a_rollback_that_is_told_once_stands_in_every_agent(page: Page) -> None:
    places = page.locator("article .facts dd", has_text="Rollback script: scripts/revert_agent_run.py --run-id <id>")
    expect(places).to_have_count(AGENTS)
    expect(page.locator("article .facts a")).to_have_count(0)


def test_a_reason_for_several_systems_names_those_that_it_can(chromium: Browser, tmp_path: Path) -> None:
    def unbound(agent: str, number: int, system: str) -> tuple[Permission, Note]:
        own = factory.permission(agent, number, "production")
        reason = f"configuration binds no system `{system}`"
        own = own._replace(
            system=system, resource=f"{system}.t{number}", verdict="unverified", granted=None, reason=reason
        )
        told = factory.note(agent, 0, own.resource, "production")
        return own, told._replace(rule="drift/unverified-resource", message=reason, place=f"a.yaml:{number}:1")

    agents = []
    for number, one in enumerate(factory.audit(5, 1, 0).agents):
        pairs = [unbound(one.name, place, ("db", "mail" if number else "db")[place % 2]) for place in range(4)]
        agents.append(one._replace(permissions=tuple(p for p, _ in pairs), findings=tuple(n for _, n in pairs)))
    audit = factory.audit(5, 1, 0)._replace(agents=tuple(agents))
    with opened(chromium, written(tmp_path, audit)) as found:
        heads = found.page.locator("tr.group p").all_inner_texts()
        several = "`SYSTEM` (SYSTEM: db, mail)"
        assert heads == [f"not verified: configuration binds no system {name}" for name in ("`db`", *[several] * 4)]
    few = audit._replace(agents=tuple(agents[:3]))
    with opened(chromium, written(tmp_path, few), java_script_enabled=False) as found:
        heads = found.page.locator("tr.group p").all_inner_texts()
        assert heads == [f"not verified: configuration binds no system {name}" for name in ("`db`", several, several)]
        assert found.complaints == []
