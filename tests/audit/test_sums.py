"""Every number of a report is the number of what one can count below it: page, Markdown, CSV and JSON of one run."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from typing import Any

import pytest

from tests.audit.projects import DAY, decided, filled, project, record, rows, slack
from tests.command import permlint

KEY = ("channels:history", "channels:manage", "users:read")
OTHER = """\
agent_name: poster
environment: [staging, production]
resources:
  - resource: slack
    access: read-only
    scope: {channels: ["#ops"]}
  - resource: slack
    access: read-only
    scope: the usual ones
  - resource: files.inbox  # permlint: ignore[scope/unbounded-write] the inbox alone
    access: write
"""


@dataclass
class Made:
    """One run's four outputs."""

    page: str
    markdown: str
    table: list[dict[str, str]]
    json: str

    @cached_property
    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.json)
        return found

    @property
    def permissions(self) -> list[dict[str, Any]]:
        return [one for agent in self.body["agents"] for one in agent["permissions"]]

    @property
    def findings(self) -> list[dict[str, Any]]:
        return [*self.body["findings"], *(one for agent in self.body["agents"] for one in agent["findings"])]

    def section(self, name: str) -> str:
        return self.page.partition(f'<section aria-labelledby="{name}">')[2].partition("</section>")[0]

    def tile(self, name: str) -> str:
        """What a tile of the summary says."""
        (found,) = re.findall(rf"<dt>{name}<dd>([^<]*)", self.section("summary"))
        return str(found)

    def drawn(self, *letters: str) -> int:
        """How many rows of permissions the page draws, of all that have these letters, or whose group has them."""
        total = 0
        for body in re.split("<tbody", self.section("agents").partition("<article")[2]):
            group, found = body.partition(">")[0], re.findall('<tr class="?([^">]*)"?><th>', body)
            total += sum(all(one in f"{group.partition('=')[2]} {own}".split() for one in letters) for own in found)
        return total


@pytest.fixture(scope="module", params=["live", "not asked"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = project(tmp_path_factory.mktemp("sums"), {"slack.json": slack(*KEY)})
    live = ("--live-from", "slack.json") if request.param == "live" else ()
    (folder / "before.json").write_text(permlint(folder, "report", "--format", "json", "--as-of", DAY).stdout)
    assert record(folder, filled(rows(folder), {"read": decided("keep"), "create": decided("revoke")})).returncode == 0
    (folder / "agents" / "poster.agent-permissions.yaml").write_text(OTHER)
    (folder / "agents" / "broken.agent-permissions.yaml").write_text("agent_name: [\n")
    outputs = [("html", "r.html"), ("markdown", "r.md"), ("csv", "r.csv"), ("json", "r.json")]
    options = [part for kind, name in outputs for part in ("--format", kind, "--output", name)]
    done = permlint(folder, "report", "--as-of", DAY, "--previous", "before.json", *live, *options)
    assert done.returncode == 2
    page, markdown, table, body = ((folder / name).read_text() for _, name in outputs)
    listed = list(csv.DictReader(StringIO(table.removeprefix("\ufeff"), newline="")))
    return Made(page, markdown, listed, body)


def test_permissions(made: Made) -> None:
    every = made.permissions
    decidable = [row for row in made.table if row["id"]]
    assert int(made.tile("Permissions")) == len(every) == made.drawn() == len(decidable)
    assert len(re.findall("<td id=", made.page)) == len(every)
    new = sum(one["new"] for one in every)
    assert (
        new
        == made.drawn("n")
        == sum(row["new"] == "new" for row in decidable)
        == made.body["change"]["permissions_new"]
    )
    assert f"<dt>New permissions<dd>{new}\n" in made.page
    assert f": {new} new permissions" in made.markdown
    undecided = sum(one["decision"] is None for one in every)
    assert 0 < undecided < len(every)
    assert int(made.tile("To decide")) == undecided == made.body["decisions_open"] == len(every) - made.drawn("k")
    assert sum(not row["last_decision"] for row in decidable) == undecided
    assert f"- Without a decision: {undecided} permission" in made.markdown
    by_agent = re.findall("</bdi><td><b class=[^>]*>[a-z]+</b><td class=num>([0-9]+)<td class=num>([0-9]+)", made.page)
    assert [sum(map(int, column)) for column in zip(*by_agent, strict=True)] == [len(every), undecided]


def test_what_is_not_verified(made: Made) -> None:
    every = made.permissions
    if not made.body["live"]:
        assert made.tile("Not verified") == "all"
        return
    unverified = [one for one in every if "unverified" in (one["verdict"], *one["also"])]
    assert {one["verdict"] for one in unverified} == {"unverified", "excess"}
    assert int(made.tile("Not verified")) == len(unverified) == made.drawn("q")
    assert f"{len(unverified)} of {len(every)} permissions are not" in made.page
    assert sum("unverified" in (row["verdict"], *row["also"].split(", ")) for row in made.table if row["id"]) == len(
        unverified
    )
    told = [line for line in made.markdown.splitlines() if re.search(r"\|[^|]*: [a-z and]*unverified", line)]
    assert len(told) == len(unverified)


def test_findings(made: Made) -> None:
    notes = made.findings
    opened = [one for one in notes if one["status"] == "open"]
    silenced = len(notes) - len(opened)
    assert silenced
    assert int(made.tile("Open findings")) == len(opened)
    severities = [sum(one["severity"] == word for one in opened) for word in ("error", "warning", "info")]
    assert "{} errors, {} warnings, {} informational".format(*severities) in made.section("summary")
    assert int(made.tile("Exceptions")) == silenced == made.section("exceptions").count("<li>")
    whole = made.section("agents") + made.section("others")
    states = re.findall("(?:<td>|, )(?:([0-9]+) )?(open|suppressed)(?=[\\s,<]| since| until)", whole)
    assert sum(int(times or 1) for times, state in states if state == "open") == len(opened)
    assert len(re.findall("^- (?:error|warning|info)(?: \\([^)]*\\))?: ", made.markdown, re.MULTILINE)) == len(notes)
    new = sum(one["new"] for one in notes)
    assert f"<dt>New findings<dd>{new}\n" in made.page
    assert made.body["change"]["findings_new"] == new


def test_population(made: Made) -> None:
    sources = made.body["sources"]
    lines = [
        line.split(" | ") for line in made.markdown.partition("## Population")[2].partition("\n\nOf")[0].splitlines()
    ]
    cells = re.findall("<td class=num>([0-9]+)" * 3, made.section("population"))
    counted = [one for one in sources if one["known"] or one["principals"]]
    own = [(one["principals"], one["declared"], len(one["unmanaged"])) for one in counted]
    live = [one for one, source in zip(own, counted, strict=True) if source["kind"] != "manifests"]
    if live:
        own.append((sum(one[0] for one in live), sum(one[1] for one in live), sum(one[2] for one in live)))
    assert own[0] == (3, 2, 1)
    assert [tuple(map(int, one)) for one in cells] == own
    assert all(one[0] == one[1] + one[2] for one in own)
    found = [line[2] for line in lines if len(line) > 2 and " = " in line[2] and " + " in line[2]][1:]
    assert found == ["{} = {} + {}".format(*one) for one in own]
    without = [row for row in made.table if not row["id"]]
    assert len(without) == sum(len(one["unmanaged"]) for one in sources)


def test_the_digest_beside_the_signature_is_of_the_json(made: Made) -> None:
    digest = hashlib.sha256(made.json.encode()).hexdigest()
    assert f"<code>{digest}</code>" in made.section("signature")
    assert f"`{digest}`" in made.markdown.partition("## Signature")[2]


def test_blast_radius(made: Made) -> None:
    counts = [int(one) for one in re.findall("<td class=num>([0-9]+)", made.section("blast"))]
    assert sum(counts) == sum(one["origin"] == "declared" for one in made.permissions)
