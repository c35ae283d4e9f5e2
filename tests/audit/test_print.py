"""The HTML report on paper: nothing is lost, whatever the screen hid."""

from __future__ import annotations

import re
from pathlib import Path

import pypdfium2
from playwright.sync_api import Browser, Page, expect

from linter.audit.model import Asked
from tests.audit import factory
from tests.audit.test_html import UNSHOWN, fields, shown_as
from tests.audit.test_page import PERMISSIONS, decide, squeezed, written
from tests.browser import opened


def printed(page: Page) -> list[str]:
    """The text of each printed page."""
    document = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True))
    try:
        assert {tuple(map(round, document.get_page_size(number))) for number in range(len(document))} == {(595, 842)}
        return [document[number].get_textpage().get_text_bounded() for number in range(len(document))]
    finally:
        document.close()


def test_the_print_has_everything_whatever_is_filtered(chromium: Browser, tmp_path: Path) -> None:
    audit = factory.audit(4, PERMISSIONS, 25, environments=2)
    with opened(chromium, written(tmp_path, audit)) as found:
        found.page.get_by_label("Filter", exact=True).fill("refund-helper-2")
        expect(found.page.locator("#a-etl-loader-3")).to_be_hidden()
        pages = printed(found.page)
    text = squeezed("".join(pages)).lower().replace("\ufffe", "-").replace("\x02", "-")
    missing = {
        pair for pair in fields(audit) if pair[0] not in UNSHOWN and squeezed(shown_as(*pair)).lower() not in text
    }
    assert missing == set()
    assert text.count("☐keep☐modify☐revoke☐investigate") == 4 * PERMISSIONS + len(audit.principals)
    assert "savedecisions" not in text
    heads = [one for one in pages if "Declared" in one and "Granted" in one and "Decision" in one]
    rows = [one for one in pages if "investigate" in one]
    assert set(rows) <= set(heads), "a table that goes on has its header again"


def test_a_decision_that_was_taken_is_printed(chromium: Browser, tmp_path: Path) -> None:
    with opened(chromium, written(tmp_path, factory.audit(2, PERMISSIONS, 4, environments=2))) as found:
        page = found.page
        decide(page, "invoice-reader-1", "mailbox.orders", "revoke", "nobody reads it")
        page.get_by_label("Decided by").fill("sam@example.com")
        page.get_by_label("on", exact=True).fill("2026-11-25")
        text = squeezed("".join(printed(page)))
    assert "☐keep☐modify☒revoke☐investigatebysam@example.comon2026-11-25reasonnobodyreadsit" in text
    assert text.count("☒") == 1


def test_a_long_name_is_printed_whole(chromium: Browser, tmp_path: Path) -> None:
    audit = factory.audit(1, 2, 1)
    long = audit.agents[0].permissions[0]._replace(resource="postgres." + "w" * 10_000, decision=None)
    audit = audit._replace(agents=(audit.agents[0]._replace(permissions=(long,)),))
    with opened(chromium, written(tmp_path, audit)) as found:
        text = squeezed("".join(printed(found.page)))
    # Page numbers may stand between its pieces.
    assert sum(len(run) for run in re.findall(r"w{15,}", text)) >= 10_000 - 15 * 20


def test_no_long_cell_breaks_the_words_of_its_neighbours(chromium: Browser, tmp_path: Path) -> None:
    audit = factory.audit(1, 1, 1)
    principals = ", ".join(f"agent_number_{number}_of_many" for number in range(40))
    asked = Asked("postgres", f"postgresql; database app; of {principals}", "2026-11-25T10:00:00Z", "answered")
    audit = audit._replace(evidence=audit.evidence._replace(asked=(asked,)))
    gone = audit.revoked[0]._replace(resource=f"postgres.{principals}", verified="2026-11-24T02:00:11Z")
    with opened(chromium, written(tmp_path, audit._replace(revoked=(gone,)))) as found:
        lines = "\n".join(printed(found.page)).splitlines()
    whole = " ".join(lines)
    assert all(word in whole for word in (asked.at, asked.result, gone.verified))
    assert {"answe", "answere", "d", "red"} & set(lines) == set()


def test_no_signature_stands_alone_on_a_page(chromium: Browser, tmp_path: Path) -> None:
    # So many sizes that a table ends at every height of the paper.
    agents = tuple(
        factory.agent(number, 3, 1 + number % 23)._replace(anchor=f"a{number}", timeline=None, growth=())
        for number in range(46)
    )
    audit = factory.audit(1, 1, 0)._replace(agents=agents)
    with opened(chromium, written(tmp_path, audit)) as found:
        pages = printed(found.page)
    signed = [squeezed(one) for one in pages if "Reviewed by" in one]
    assert len(signed) == len(agents) + 1
    assert [one for one in signed if len(one) < len("Reviewed by Date Signature") + 30] == []
