"""When a finding that is known has become worse, and when only permlint's words for it have."""

from __future__ import annotations

from pathlib import Path

import pytest

from linter.findings import Severity
from linter.nightly import growth
from tests.nightly.nights import (
    FILES,
    READ,
    Nights,
    manifest,
    slack,
    statuses,
)
from tests.world import build


def test_a_finding_that_reaches_further_is_worse_and_one_that_reaches_less_is_not(tmp_path: Path) -> None:
    # Unknown scopes are folded into one finding, whose list grows.
    nights = Nights(
        tmp_path, {"a/agent-permissions.yaml": manifest("a", "{resource: hub.acme/app, access: read-only}")}
    )
    app = {"permissions": {"contents": "read"}, "repository_selection": "selected"}

    def answer(*names: str) -> dict[str, object]:
        body = {**app, "repositories": [{"full_name": one} for one in ("acme/app", *names)]}
        return {"hub": {"kind": "github", "responses": [{"status": 200, "headers": {}, "body": body}]}}

    def status(day: int, *names: str) -> str:
        (one,) = nights.run(day, answer(*names)).standings.values()
        return one.status

    assert status(1, "acme/web") == "open"
    before = next(iter(nights.look(1, answer("acme/web"))[0].findings)).details
    after = next(iter(nights.look(1, answer("acme/web", "acme/pay"))[0].findings)).details
    assert growth.grew(growth.extent(before), growth.extent(after)), (before, after)
    assert status(2, "acme/web", "acme/pay") == "worsened"
    assert status(3, "acme/web", "acme/pay") == "open"
    assert status(4, "acme/web") == "open"
    assert status(5, "acme/web", "acme/pay") == "worsened"


@pytest.mark.parametrize(
    ("before", "now", "grown"),
    [
        ({"columns": ["a"]}, {"columns": ["a", "b"]}, True),
        ({"columns": ["a", "b"]}, {"columns": ["a"]}, False),
        ({"columns": ["a"]}, {"columns": None}, True),
        ({"columns": None}, {"columns": ["a"]}, False),
        ({"columns": ["a"]}, {"columns": ["b"]}, True),
        ({"level": "read"}, {"level": "delete"}, True),
        ({"level": "admin"}, {"level": "write"}, False),
        ({"bound": "possible"}, {"bound": "sure"}, True),
        ({"bound": "sure"}, {"bound": "possible"}, False),
        # What an update of permlint brings or rewords says nothing of the world.
        ({}, {"level": "admin", "scopes": ["x"]}, False),
        ({"scopes": ["x"], "why": "a"}, {"why": "other words"}, False),
        ({"level": "a word of another version"}, {"level": "admin"}, False),
    ],
)
def test_what_counts_as_growth(before: dict[str, object], now: dict[str, object], grown: bool) -> None:
    assert growth.grew(growth.extent(before), growth.extent(now)) is grown
    assert growth.loads(growth.dumps(growth.extent(now))) == growth.extent(now)


def test_severity_that_rises_with_the_rule_is_not_the_worlds_doing(nights: Nights) -> None:
    nights.run(1, {"chat": slack(READ)})
    config = (nights.folder / "permlint.toml").read_text()
    build(nights.folder, {}, f'{config}[rules."drift/undeclared-privilege"]\nseverity = "error"\n')
    night = nights.run(2, {"chat": slack(READ)})
    assert statuses(night) == {READ: "open"}
    assert [one.known.severity for one in night.standings.values()] == [Severity.ERROR]


def test_severity_that_rises_under_the_same_rule_is_worse(nights: Nights) -> None:
    path = nights.folder / "support/agent-permissions.yaml"
    path.write_text(manifest("notifier", environment="canary"))
    config = (nights.folder / "permlint.toml").read_text()
    build(nights.folder, {}, f'nonproduction = ["canary"]\n{config}')
    nights.run(1, {"chat": slack(FILES)})
    build(nights.folder, {}, config)
    assert statuses(nights.run(2, {"chat": slack(FILES)})) == {FILES: "worsened"}
