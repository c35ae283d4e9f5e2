"""The examples of rules/drift/, run against a real server: every marked line fires, nothing else of that rule does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from linter.catalogue import built_in, manuals
from linter.checking import select
from linter.config import load
from linter.drift.recordings import Recording
from linter.drift.run import Request, drift
from linter.rulesets import ruleset
from tests.servers import Server, programs, running
from tests.test_rules import expected
from tests.world import TODAY, build

RULES = {id: rule for id, rule in built_in("drift").items() if id.startswith("drift/")}
MANUALS = manuals(RULES)
EXAMPLES = [
    pytest.param(id, example, id=f"{id}-{number}")
    for id, manual in MANUALS.items()
    for number, example in enumerate(manual.examples)
]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server of these tests' own: their roles have the names that the examples show."""
    with running(max(programs())) as found:
        yield found


@pytest.fixture
def dsn(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A fresh database, in the variable that the examples name; afterwards it and all roles are gone."""
    with server.connect() as connection:
        connection.execute(b"CREATE DATABASE example")
    monkeypatch.setenv("PERMLINT_POSTGRES_DSN", server.dsn("example"))
    yield server.dsn("example")
    with server.connect() as connection:
        connection.execute(b"DROP DATABASE example WITH (FORCE)")
        rows = connection.execute(b"SELECT quote_ident(rolname) FROM pg_roles WHERE oid > 16383").fetchall()
        for (role,) in rows:
            connection.execute(f"DROP OWNED BY {role} CASCADE".encode())
        for (role,) in rows:
            connection.execute(f"DROP ROLE {role}".encode())


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_example(rule: str, example: Mapping[str, Any], tmp_path: Path, request: pytest.FixtureRequest) -> None:
    build(tmp_path, example["files"], example["config"])
    live = example["live"]
    recordings: tuple[Recording, ...] = ()
    if "sql" in live:
        request.getfixturevalue("dsn")
        with request.getfixturevalue("server").connect("example") as connection:
            connection.execute(live["sql"].encode())
    if "recorded" in live:
        recordings = (Recording("recorded.json", "", {name: (one,) for name, one in live["recorded"].items()}),)
    config = load(None, str(tmp_path))
    selection = select(config, (), str(tmp_path), force_exclude=False)
    outcome = drift(config, ruleset(config, "drift"), selection, TODAY, Request(recordings=recordings)).outcome
    assert not outcome.errors
    found = sorted((one.location.path, one.location.line) for one in outcome.findings if one.rule == rule)
    files = {**example["files"], "permlint.toml": example["config"]}
    assert found == expected(files, rule.partition("/")[2]), [(one.rule, one.message) for one in outcome.findings]


@pytest.mark.parametrize("rule", sorted(RULES))
def test_rule_has_a_case_that_fires_and_a_near_miss(rule: str) -> None:
    name = rule.partition("/")[2]
    marked = [
        bool(expected({**example["files"], "permlint.toml": example["config"]}, name))
        for example in MANUALS[rule].examples
    ]
    assert True in marked
    assert False in marked
