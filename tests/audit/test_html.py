"""The HTML report as text: what it holds, what it may do, and that no text of a stranger becomes part of it."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from linter.audit.html import render
from linter.audit.model import Audit
from tests.audit import factory

ROOT = Path(__file__).parent.parent.parent
VOID = {"meta", "link", "input"}
HOSTILE = (
    "</title></style></script><script>hacked()</script>",
    "\"><img src=x onerror='hacked()'>",
    "' autofocus onfocus='hacked()' style='color:red",
    "javascript:hacked()",
    "{{ 7*7 }}{% raw %}",
    "\u202eevil\u2066\u200b",
    "\x00\x1b[31m\x07\x85",
    "\udcff\ud800",
    "-->]]><!--",
    "=HYPERLINK(1)",
    "שלום عالم 👩‍💻🔥",
    "x" * 10_000,
)


class Parsed(HTMLParser):
    """A page's elements with their attributes, and its text outside of style and script."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.blocks: dict[str, list[str]] = {"style": [], "script": []}
        self.texts: list[str] = []
        self.inside = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.inside = tag

    def handle_data(self, data: str) -> None:
        if self.inside in self.blocks:
            self.blocks[self.inside].append(data)
        else:
            self.texts.append(data)

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def hostile(audit: Audit, words: str) -> Audit:
    """The audit with every text that a stranger may write begun with these words. What permlint itself makes stays."""
    own = {"id", "anchor", "fingerprint", "finding", "sha256"}
    changed: Audit = factory.mapped(audit, lambda field, text: text if field in own else f"{words}{field}{text}")
    return changed


def test_the_same_audit_gives_the_same_bytes_in_another_process() -> None:
    code = "import sys; from linter.audit.html import render; from tests.audit import factory; "
    code += "sys.stdout.buffer.write(render(factory.audit(7, 9, 40)).encode())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert done.stdout.decode() == render(factory.audit(7, 9, 40))


def test_its_policy_allows_its_own_style_and_script_and_nothing_else() -> None:
    parsed = Parsed(render(factory.audit()))
    (policy,) = (one["content"] for tag, one in parsed.elements if one.get("http-equiv") == "Content-Security-Policy")
    hashes = {
        kind: base64.b64encode(hashlib.sha256("".join(texts).encode()).digest()).decode()
        for kind, texts in parsed.blocks.items()
    }
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{hashes['style']}'; script-src 'sha256-{hashes['script']}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    tags = [tag for tag, _ in parsed.elements]
    assert tags.count("style") == tags.count("script") == 1
    assert tags.index("meta") < tags.index("style"), "a policy binds what comes after it"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, True),
        ({"rollback": ""}, False),
        ({"rollback": "", "command": ""}, False),
        ({"rollback": "", "dry_run": "", "command": ""}, None),
    ],
)
def test_a_structured_rollback_is_one(given: dict[str, Any], said: bool | None) -> None:
    audit = factory.audit(1, 1, 0)
    audit = audit._replace(agents=(audit.agents[0]._replace(**given),))
    found = re.findall("<dt>Rollback<dd>(<[^>]*>)", render(audit))
    assert found == ({True: ["<span class=pre>"], False: [], None: ['<b class="tag grave">']}[said])


def links_and_handlers(parsed: Parsed) -> tuple[set[str], set[str]]:
    """Where the page points, and the attributes that could run or style something."""
    targets = {
        one[name] or "" for _, one in parsed.elements for name in ("href", "src", "action", "data") if name in one
    }
    names = {name for _, one in parsed.elements for name in one if name.startswith("on") or name == "style"}
    return targets, names


def test_it_points_at_itself_alone() -> None:
    parsed = Parsed(render(factory.audit()))
    targets, handlers = links_and_handlers(parsed)
    assert handlers == set()
    ids = [one["id"] for _, one in parsed.elements if one.get("id")]
    assert len(ids) == len(set(ids))
    assert targets - {"data:,"} <= {f"#{one}" for one in ids}
    assert {"#a-ticket-triage-0", "#population", "#unverified"} <= targets


@pytest.mark.parametrize("words", HOSTILE, ids=lambda words: ascii(words[:12]))
def test_hostile_text_in_every_field_stays_text(words: str) -> None:
    plain, page = Parsed(render(factory.audit())), render(hostile(factory.audit(), words))
    page.encode()  # valid UTF-8, whatever a path's bytes were
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", page)
    parsed = Parsed(page)
    assert {tag for tag, _ in parsed.elements} <= {tag for tag, _ in plain.elements}
    assert links_and_handlers(parsed)[1] == set()
    assert {one for one in links_and_handlers(parsed)[0] if not one.startswith("#")} == {"data:,"}
    assert parsed.blocks == plain.blocks


@pytest.mark.parametrize("live", [True, False])
def test_it_warns_where_nothing_was_verified_live(live: bool) -> None:
    text = Parsed(render(factory.audit(live=live))).text
    assert ("Nothing in this report was verified live." in text) is not live


def shown_as(field: str, text: str) -> str:
    """What the page shows of a field's text, where that is not the whole of it."""
    shorter: dict[str, Callable[[str], str]] = {
        "commit": lambda commit: commit if "-" in commit else commit[:10],
        "date": lambda date: date[:10],
        "place": lambda place: place.partition("yaml:")[2] or place,
        "beginning": lambda _: "the last signed version",
        "review_state": lambda _: "",
        "origin": lambda _: "",
        "gone_from": lambda _: "",
        "mark": str.strip,
        "identities": lambda text: text.partition(": ")[2].partition(" (")[0],
    }
    return " ".join(shorter.get(field, str)(text).split())


UNSHOWN = {"id", "anchor", "fingerprint", "finding", "email", "verdict", "added", "where"}
"""What is there for programs: where rights were seen, the evidence has; "ok" is not worth a word; what was added, the commits tell."""


def fields(audit: Audit) -> list[tuple[str, str]]:
    """(name of the field, text) of every text in an audit."""
    found: list[tuple[str, str]] = []

    def note(field: str, text: str) -> str:
        found.append((field, text))
        return text

    factory.mapped(audit, note)
    return found


@pytest.mark.parametrize(("agents", "live"), [(4, True), (3, False)])
def test_no_text_of_an_audit_is_missing(agents: int, live: bool) -> None:
    audit = factory.audit(agents, 8, 25, live=live, environments=2)
    text = Parsed(render(audit)).text
    missing = {
        (field, words) for field, words in fields(audit) if field not in UNSHOWN and shown_as(field, words) not in text
    }
    assert missing == set()


def test_what_many_agents_are_told_is_told_once_and_linked() -> None:
    page = render(factory.audit(6, 8, 60))
    assert page.count("this scope is prose: nothing can compare it") == 1
    parsed = Parsed(page)
    assert [one["href"] for tag, one in parsed.elements if tag == "a" and one.get("href") == "#k2"] == ["#k2"] * 6
    assert "this scope is prose" in Parsed(render(factory.audit(4, 8, 40))).text.split("Common findings")[0]


def test_a_row_can_be_told_apart_by_more_than_its_colour() -> None:
    page = render(factory.audit(1, 12, 0))
    assert "mailbox.orders<td>read<td>delete <b>excess</b><p>DELETE is granted through role support_rw<td>low" in page
    assert "<td class=over><b class=l1>R</b><i class=l4>D</i>" in page


def test_why_something_is_ok_is_said_as_well() -> None:
    audit = factory.audit(1, 2, 0)
    own = audit.agents[0].permissions
    said = own[0]._replace(verdict="ok", reason="the provider has no narrower scope")
    page = render(audit._replace(agents=(audit.agents[0]._replace(permissions=(said, own[1])),)))
    assert "<p>the provider has no narrower scope<td>" in page


def test_sums_that_do_not_add_up_are_said_to() -> None:
    audit = factory.audit()
    wrong = audit.sources[1]._replace(principals=9)
    text = Parsed(render(audit._replace(sources=(audit.sources[0], wrong, audit.sources[2])))).text
    assert text.count("does not add up") == 2
    assert "does not add up" not in Parsed(render(audit)).text


def test_an_audit_of_nothing_is_a_page() -> None:
    empty = factory.audit(1, 0, 0)
    nothing = empty._replace(agents=(), units=(), systems=(), sources=(), findings=(), revoked=(), change=None)
    assert "There is no earlier report to compare with" in Parsed(render(nothing)).text
    assert "It has none." in Parsed(render(empty)).text


def test_a_hundred_agents_stay_below_a_size_that_can_be_mailed() -> None:
    page = render(factory.audit(100, 30, 5000))
    assert len(page.encode()) < 1_280_000
    assert page.count("<article ") == 100


def test_without_history_and_live_data_it_is_smaller() -> None:
    audit = factory.audit(100, 30, 5000, live=False)
    plain = tuple(agent._replace(timeline=None, growth=()) for agent in audit.agents)
    assert len(render(audit._replace(agents=plain)).encode()) < 980_000


def test_without_jinja2_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['jinja2'] = None\n"
    code += "from linter.audit.html import MissingExtra, render\nfrom tests.audit import factory\n"
    code += "try: render(factory.audit(1, 1, 1))\nexcept MissingExtra as lacking: print(lacking)\n"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "an HTML report needs Jinja2: python -m pip install 'permlint[report]'\n"


def attributes(page: str, tag: str) -> list[dict[str, Any]]:
    """The attributes of every such element."""
    return [one for found, one in Parsed(page).elements if found == tag]


def test_tables_have_captions_and_scopes_and_pictures_have_words() -> None:
    page = render(factory.audit())
    assert len(attributes(page, "table")) == len(attributes(page, "caption"))
    heads = [one["scope"] for one in attributes(page, "th") if "scope" in one]
    assert set(heads) == {"col", "row", "rowgroup"}
    pictures = attributes(page, "svg")
    assert len(pictures) == len(attributes(page, "desc"))
    assert all(one["role"] == "img" for one in pictures)
