"""The schemas: the compiled predicate accepts what jsonschema accepts, and a message names the one thing that is wrong."""

from __future__ import annotations

import copy
import json
import time
import tomllib
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.data import folder
from linter.manifest.reader import read
from linter.manifest.text import Text
from linter.schema import describe, explain, is_date, load, predicate

NAMES = ["accepted", "config", "manifest", "rule"]
MANIFEST = """\
manifest_version: 1
agent_name: ticket-triage-v1
environment: [staging, production]
owner: support
purpose: Sorts tickets.
reviewed: {date: "2026-10-20", by: security, digest: "p1:%s"}
review_every: 90d
expires: "2027-01-01"
audit_log: postgres.audit_log.agent_runs
identities: {postgres: {staging: triage_stg, production: triage}, slack: U1, x-note: 1}
x-team: {anything: [1]}
resources:
  - resource: postgres.tickets
    access: read-write
    actions: [read, s3:GetObject]
    scope: {columns: {except: [a, b]}, channels: ["#x"], rows: a = 1, note: x, x-more: 1}
    blast_radius: medium (row-level updates)
    environments: [staging]
    handles: [sensitive, egress]
    justification: why
    reversibility: compensable
    rollback: by hand
  - {resource: wiki, access: read-only, scope: a sentence}
rollback_strategy:
  dry_run: true
  audit_log: postgres.audit
  command: scripts/revert.py --run-id <id>
  rehearsed: {date: "2026-11-09", run_id: 7}
""" % ("0" * 64)
CONFIG = """\
manifests = ["a/**"]
exclude = ["b"]
nonproduction = ["lab"]
rule_files = ["rules/**"]
defaults = [{paths = ["a/**"], owner = "o", review_every = "6m"}]
rules."scope/x" = {severity = "off", params = {a = 1}, mandatory = true}
rules."scope/y" = {severity = {production = "error", otherwise = "info"}}
systems = {postgres = {kind = "postgresql", dsn_env = "DSN", environments = {production = {dsn_env = "P"}}}}
agents = {triage = {identities = {postgres = "role"}}}
"""
ACCEPTED = {
    "accepted": [
        {
            "fingerprint": "sha256:" + "a" * 64,
            "rule": "a/b",
            "content": "sha256:" + "b" * 64,
            "reason": "r",
            "until": "2026-12-01",
        }
    ]
}


def valid(name: str) -> Any:
    if name == "manifest":
        return read(Text(MANIFEST)).data
    if name == "config":
        return tomllib.loads(CONFIG)
    if name == "accepted":
        return ACCEPTED
    with open(f"{folder('rules')}/scope/wildcard-resource.yaml", encoding="utf-8") as file:
        return read(Text(file.read())).data


def accepts(name: str, value: Any) -> bool:
    """What jsonschema says, with its own date format."""
    checker = jsonschema.FormatChecker(["date"])
    return bool(jsonschema.Draft202012Validator(load(name), format_checker=checker).is_valid(value))


@pytest.mark.parametrize("name", NAMES)
def test_each_schema_is_one_and_takes_its_own_document(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(load(name))
    assert predicate(name)(valid(name))
    assert accepts(name, valid(name))


def _words(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [word for key, value in node.items() for word in [key, *_words(value)]]
    return (
        [word for one in node for word in _words(one)]
        if isinstance(node, list)
        else [node]
        if isinstance(node, str)
        else []
    )


WORDS = sorted({word for name in NAMES for word in _words(load(name)) + _words(valid(name))})
JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-3, 3),
        st.sampled_from([0.0, 1.0, -0.0, 1.5, float("inf"), 10**30, 1e30]),
        st.sampled_from(WORDS),
        st.sampled_from(
            [
                "",
                " ",
                "x\n",
                "\n",
                "2026-02-30",
                "20261124",
                "2026-W01-1",
                "2026-11-24\n",
                "\u0663d",
                "90d\n",
                "x-",
                "x-a",
                "é",
            ]
        ),
        st.text(max_size=4),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@st.composite
def nearly(draw: st.DrawFn, name: str) -> Any:
    """A valid document after one to three mutations."""
    root = [copy.deepcopy(valid(name))]
    for _ in range(draw(st.integers(1, 3))):
        parent: Any = root
        step: Any = 0
        while parent[step] and isinstance(parent[step], (dict, list)) and draw(st.integers(0, 4)):
            parent = parent[step]
            step = draw(st.sampled_from(list(parent) if isinstance(parent, dict) else list(range(len(parent)))))
        kind = draw(st.sampled_from(["replace", "delete", "add", "wrap", "twice", "rename"]))
        if kind == "replace" or parent is root:
            parent[step] = draw(JSON)
        elif kind == "delete":
            del parent[step]
        elif kind == "wrap":
            parent[step] = [parent[step]]
        elif isinstance(parent, dict):
            parent[draw(st.sampled_from(WORDS) | st.text(max_size=3))] = (
                parent.pop(step) if kind == "rename" else draw(JSON)
            )
        else:
            parent.append(draw(JSON) if kind == "add" else copy.deepcopy(parent[step]))
    return root[0]


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_the_predicate_accepts_exactly_what_jsonschema_accepts(name: str, data: st.DataObject) -> None:
    value = data.draw(st.one_of(JSON, nearly(name), nearly(name), nearly(name)))
    expected = accepts(name, value)
    assert predicate(name)(value) is expected
    violations = explain(name, value)
    assert (violations == []) is expected
    for one in violations:
        place = value
        for step in one.route:
            place = place[step]
        assert one.kind in ("unknown", "missing", "invalid")
        assert one.problem


def say(text: str) -> list[str]:
    return [
        f"{'.'.join(map(str, one.route))}: {one.problem} / {one.suggestion}"
        for one in explain("manifest", read(Text(text)).data)
    ]


HEAD = "agent_name: a\nenvironment: staging\nresources: []\n"
LEVELS = "expected one of none, read-only, write, read-write, execute, admin"
NAME = "expected SYSTEM or SYSTEM.OBJECT, such as postgres.tickets (SYSTEM: a letter, then letters, digits, _ or -)"
BLAST = "expected none, low, medium, high or critical, then, if you like, a remark in brackets"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", [": expected a mapping with agent_name:, environment: and resources:, found an empty list / "]),
        ("~", [": expected a mapping with agent_name:, environment: and resources:, found nothing / "]),
        (HEAD + "onwer: x\n", ["onwer: `onwer` is not a key here / did you mean `owner`?"]),
        (HEAD + "colour: x\n", ["colour: `colour` is not a key here / keys of your own begin with x-"]),
        (
            HEAD + "Rollback Strategy: x\n",
            ["Rollback Strategy: `Rollback Strategy` is not a key here / did you mean `rollback_strategy`?"],
        ),
        (HEAD.replace("staging", "[]"), ["environment: expected at least one entry, found an empty list / "]),
        (
            HEAD.replace("staging", "[a, a]"),
            ["environment: expected entries that differ from one another, found one that stands twice / "],
        ),
        (
            HEAD.replace("staging", "[a, 1]"),
            ["environment.1: expected a name, or a list of names, found the number 1 / "],
        ),
        (HEAD.replace("staging", "{a: 1}"), ["environment: expected a name, or a list of names, found a mapping / "]),
        (
            HEAD.replace("a\n", "1\n", 1),
            ["agent_name: expected a name on one line, at most 200 characters, found the number 1 / "],
        ),
        (HEAD + "expires: 2026-02-30\n", ["expires: expected a date such as 2026-11-24, found `2026-02-30` / "]),
        (
            HEAD + "review_every: 3 months\n",
            ["review_every: expected a period such as 90d, 12w or 6m, found `3 months` / "],
        ),
        (
            HEAD + "identities: {postgres: {}}\n",
            ["identities.postgres: expected at least one key, found an empty mapping / "],
        ),
        (
            HEAD + "rollback_strategy: {dry_run: false}\n",
            [
                "rollback_strategy.dry_run: expected true, or the command of a dry run (leave it out where there is none), found false / "
            ],
        ),
        (
            HEAD + "rollback_strategy: [a]\n",
            [
                "rollback_strategy: expected prose, or a mapping with dry_run:, audit_log:, command: and rehearsed:, found a list / "
            ],
        ),
        (
            HEAD.replace("[]", "[{resource: db, access: readonly}]"),
            [f"resources.0.access: {LEVELS}, found `readonly` / did you mean `read-only`?"],
        ),
        (
            HEAD.replace("[]", "[{resource: db, access: write, blast_radius: 'hihg (x)'}]"),
            [f"resources.0.blast_radius: {BLAST}, found `hihg (x)` / did you mean `high`?"],
        ),
        (
            HEAD.replace("[]", "[{resource: db, access: write, scope: {colums: [a]}}]"),
            ["resources.0.scope.colums: `colums` is not a key here / did you mean `columns`?"],
        ),
        (
            HEAD.replace("[]", "[{resource: db, access: write, scope: {columns: {except: []}}}]"),
            ["resources.0.scope.columns.except: expected at least one entry, found an empty list / "],
        ),
        (
            HEAD.replace("[]", "[{resource: db, access: write, scope: 5}]"),
            ["resources.0.scope: expected a sentence, or a mapping such as columns: [status], found the number 5 / "],
        ),
        (
            HEAD.replace("[]", "[{resource: 9db, access: write}]"),
            [
                f"resources.0.resource: {NAME}, found `9db` / ",
            ],
        ),
        (HEAD.replace("[]", "[db]"), ["resources.0: expected a mapping with resource: and access:, found `db` / "]),
        (HEAD.replace("[]", "{}"), ["resources: expected a list of resources, found an empty mapping / "]),
    ],
)
def test_one_sentence_names_the_one_thing_that_is_wrong(text: str, expected: list[str]) -> None:
    assert say(text) == expected


def test_a_missing_key_is_said_with_what_it_is_for() -> None:
    (one,) = explain("manifest", {"agent_name": "a", "environment": "dev"})
    assert (one.route, one.kind, one.subject, one.problem) == ((), "missing", "resources", "`resources` is missing")
    assert one.suggestion.startswith("add `resources:`. Everything the agent may touch.")
    (one,) = explain("manifest", {"agent_name": "a", "environment": "dev", "resources": [{"resource": "db"}]})
    assert (one.route, one.subject) == (("resources", 0), "access")


@pytest.mark.parametrize(
    ("text", "yes"),
    [("2026-11-24", True), ("2024-02-29", True)]
    + [(text, False) for text in ("", "2026-02-29", "20261124", "2026-W01-1", "2026-11-24 ", "2026-1-1", "today")],
)
def test_dates(text: str, yes: bool) -> None:
    assert is_date(text) is yes


@pytest.mark.parametrize(
    "value",
    [
        [{}, 1, "a", None, [1]] * 20_000,
        [[n] for n in range(50_000)],
        [n * (2**61 - 1) for n in range(50_000)],  # their hashes are alike
        [{"a": n} for n in range(50_000)],
    ],
)
def test_a_long_list_takes_linear_time(value: list[Any]) -> None:
    document = {"agent_name": "a", "environment": value, "resources": []}
    start = time.process_time()
    assert not predicate("manifest")(document)
    assert time.process_time() - start < 2
    assert explain("manifest", document)
    assert time.process_time() - start < 20  # comparing each with each takes minutes


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "nothing"),
        (True, "true"),
        (1, "the number 1"),
        (1.5, "the number 1.5"),
        (float("inf"), "a huge number"),
        (10**399, "a huge number"),
        ("", "empty text"),
        ("x" * 70, f"`{'x' * 60}...`"),
        ({}, "an empty mapping"),
        ([1], "a list"),
    ],
)
def test_values_in_words(value: Any, words: str) -> None:
    assert describe(value) == words


def test_a_keyword_that_the_predicate_does_not_know_is_refused() -> None:
    from linter.schema import _Compiler

    with pytest.raises(ValueError, match="oneOf"):
        _Compiler({}).compile({"oneOf": []})
    assert "oneOf" not in json.dumps([load(name) for name in NAMES])
