"""The catalogue's own examples, run: every marked line fires, nothing else of that rule does."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from linter import schema
from linter.catalogue import built_in, manuals, references
from linter.checks import TEMPLATES
from linter.creep.range import Range
from linter.data import folder
from linter.manifest.reader import read
from linter.manifest.text import decode
from tests.history.repository import Repo
from tests.world import TODAY, build, run, run_creep

RULES = built_in("check") | built_in("creep")
EVERY = RULES | built_in("drift")
"""Those of drift, too: their examples need a live system (test_drift_rules.py)."""
MANUALS = manuals(RULES)
MARK = re.compile(r"# finding(-below)?: ([\w-]+)")


EXAMPLES = [
    pytest.param(id, example, id=f"{id}-{number}")
    for id, manual in MANUALS.items()
    for number, example in enumerate(manual.examples)
]


def expected(files: Mapping[str, str], name: str) -> list[tuple[str, int]]:
    return sorted(
        (path, number + (1 if match[1] else 0))
        for path, text in files.items()
        for number, line in enumerate(text.splitlines(), 1)
        for match in MARK.finditer(line)
        if match[2] == name
    )


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_example(rule: str, example: Mapping[str, Any], tmp_path: Path) -> None:
    as_of = date.fromisoformat(example["as_of"]) if "as_of" in example else TODAY
    if "before" in example:
        repo = Repo(tmp_path)
        build(tmp_path, {}, example.get("config"))
        for number, commit in enumerate([*example["before"], example]):
            author = commit.get("author", "Kim <kim@example.com>")
            name, _, email = author.rstrip(">").partition(" <")
            committer = {"GIT_COMMITTER_NAME": name, "GIT_COMMITTER_EMAIL": email}
            repo.commit(f"Step {number}", commit["files"], "--author", author, **committer)
        asked = Range(base=f"HEAD~{len(example['before'])}") if example.get("branch") else Range()
        outcome = run_creep(tmp_path, asked=asked, as_of=as_of)
    else:
        build(tmp_path, example["files"], example.get("config"))
        outcome = run(tmp_path, as_of=as_of)
    assert not outcome.errors
    assert not outcome.unchecked
    found = sorted((one.location.path, one.location.line) for one in outcome.findings if one.rule == rule)
    wanted = expected(example["files"], rule.partition("/")[2])
    # A comment that stands alone above a suppression marks the suppression's own line.
    assert found == wanted


@pytest.mark.parametrize("rule", [id for id in RULES if id != "engine/check-crashed"])
def test_rule_has_a_case_that_fires_and_a_near_miss(rule: str) -> None:
    marked = [bool(expected(example["files"], rule.partition("/")[2])) for example in MANUALS[rule].examples]
    assert True in marked
    assert False in marked


@pytest.mark.parametrize("rule", EVERY)
def test_rule_file_is_whole(rule: str) -> None:
    path = EVERY[rule].source
    raw = Path(path).read_bytes()
    data = read(decode(raw)).data
    assert schema.explain("rule", data) == []
    assert f"{data['category']}/{data['name']}" == rule
    assert path.endswith(f"{rule}.yaml")
    # The hook reads only what stands above `why:`.
    order = list(data)
    assert order[order.index("why") :] == [key for key in ("why", "references", "since", "examples") if key in data]
    assert not data["summary"].endswith(".")
    assert data["check"] == "engine" or data["check"] in TEMPLATES
    assert set(data.get("references", ())) <= set(references())
    assert set(data.get("swallows", ())) <= set(EVERY)


def test_every_template_is_instantiated_by_a_rule() -> None:
    # `json-schema` is for a team's own rules.
    assert set(TEMPLATES) - {rule.check for rule in EVERY.values()} == {"json-schema"}


def test_catalogue_files_are_all_rules() -> None:
    files = {
        os.path.relpath(os.path.join(base, name), folder("rules"))
        for base, _, names in os.walk(folder("rules"))
        for name in names
    }
    assert files == {f"{id}.yaml" for id in EVERY} | {"references.yaml"}
