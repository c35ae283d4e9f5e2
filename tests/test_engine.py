"""The engine: severity, swallowing, suppression, acceptance, crashed checks, a team's own rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from linter.catalogue import BadRule
from linter.checks import TEMPLATES, Template
from linter.config import BadConfig
from linter.exits import Exit, exit_status
from linter.findings import Severity
from linter.outcome import Outcome
from tests.world import build, check_text, places, run

HEAD = "agent_name: triage\nenvironment: staging\nowner: support\nresources:\n"


def test_a_check_that_crashes_is_a_finding_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise KeyError("hunter2-must-not-be-shown")

    monkeypatch.setitem(TEMPLATES, "wildcard-resource", Template(broken, None, False))
    outcome = check_text(tmp_path, HEAD + "  - {resource: wiki, access: read-only}\n")
    crashed = [one for one in outcome.findings if one.rule == "engine/check-crashed"]
    assert [(one.location.line, one.severity) for one in crashed] == [(1, Severity.ERROR)]
    assert "scope/wildcard-resource" in crashed[0].message
    assert "KeyError at test_engine.py:" in crashed[0].message
    assert "hunter2" not in str(outcome)
    assert "blast-radius/missing-blast-radius" in [one.rule for one in outcome.findings]
    assert exit_status(outcome, Severity.ERROR) is Exit.UNCHECKED


@pytest.mark.parametrize(
    ("errors", "findings", "unchecked", "fail_on", "status"),
    [
        (0, [], 0, Severity.ERROR, 0),
        (0, [Severity.WARNING], 0, Severity.ERROR, 0),
        (0, [Severity.WARNING], 0, Severity.WARNING, 1),
        (0, [Severity.INFO], 0, Severity.INFO, 1),
        (0, [Severity.ERROR], 0, None, 0),
        (0, [Severity.ERROR], 1, Severity.ERROR, 1),
        (0, [Severity.ERROR], 1, None, 3),
        (0, [], 1, Severity.ERROR, 3),
        (1, [Severity.ERROR], 1, Severity.ERROR, 2),
        (1, [], 0, None, 2),
    ],
)
def test_exit_status(
    tmp_path: Path, errors: int, findings: list[Severity], unchecked: int, fail_on: Severity | None, status: int
) -> None:
    sample = check_text(tmp_path, HEAD + "  - {resource: wiki, access: read-only}\n").findings[0]
    outcome = check_text(tmp_path, HEAD)._replace(
        findings=tuple(sample._replace(severity=one) for one in findings),
        errors=tuple(run(tmp_path, "absent.yaml").errors[:errors]),
        unchecked=("nothing matched",) * unchecked,
    )
    assert exit_status(outcome, fail_on) == status


def test_one_fault_one_finding(tmp_path: Path) -> None:
    text = (
        HEAD
        + "  - resource: slack_webhook\n    access: write\n    scope: #ops only\n    blast_radius: low\nrollback_strategy: restore\n"
    )
    rules = {one.rule for one in check_text(tmp_path, text).findings}
    assert rules == {
        "manifest/value-lost-to-comment",  # not schema-violation, not unbounded-write
        "rollback/no-rollback-command",  # not never-rehearsed
        "rollback/unacknowledged-irreversible",
    }


def test_a_graver_finding_is_never_swallowed(tmp_path: Path) -> None:
    # understated-blast-radius, a warning here, explains words that contradict; it does not explain an error away.
    text = HEAD + (
        "  - resource: postgres.tickets\n    access: read-only\n    actions: [read, delete]\n    blast_radius: medium (reads only)\n"
        "rollback_strategy: scripts/x.py --run-id <id>\n"
    )
    found = {one.rule: one.severity for one in check_text(tmp_path, text).findings}
    assert found["scope/contradictory-access"] is Severity.ERROR
    assert found["blast-radius/understated-blast-radius"] is Severity.WARNING


MISSING = "blast-radius/missing-blast-radius"


@pytest.mark.parametrize(
    ("lines", "kept", "suppressed"),
    [
        (f"  - resource: wiki  # permlint: ignore[{MISSING}] public\n    access: read-only\n", [], 1),
        (f"  # permlint: ignore[{MISSING}] public\n  - resource: wiki\n    access: read-only\n", [], 1),
        (
            f"  # permlint: ignore[{MISSING}] public\n  # another comment\n  - resource: wiki\n    access: read-only\n",
            [],
            1,
        ),
        # A comment beside a value covers its own line only.
        (
            f"  - resource: wiki\n    access: read-only # permlint: ignore[{MISSING}] public\n    blast_radius: none\n\
  - resource: docs\n    access: read-only\n",
            ["suppression/unused-suppression 6:23", f"{MISSING} 8:5"],
            0,
        ),
        # Text that only looks like a comment.
        (
            f'  - resource: "wiki"\n    access: read-only\n    justification: "# permlint: ignore[{MISSING}] x"\n',
            [f"{MISSING} 5:5"],
            0,
        ),
        (
            f"  - resource: wiki\n    access: read-only\n    justification: |\n      # permlint: ignore[{MISSING}] x\n",
            [f"{MISSING} 5:5"],
            0,
        ),
    ],
)
def test_suppression(tmp_path: Path, lines: str, kept: list[str], suppressed: int) -> None:
    outcome = check_text(tmp_path, HEAD + lines)
    assert places(outcome) == kept
    assert len(outcome.silenced) == suppressed
    assert all(one.reason == "public" for one in outcome.silenced)


def test_a_finding_across_manifests_can_be_suppressed(tmp_path: Path) -> None:
    ignore = "# permlint: ignore[manifest/duplicate-agent] moved next week\n"
    build(tmp_path, {"a/agent-permissions.yaml": HEAD + "  []\n", "b/agent-permissions.yaml": ignore + HEAD + "  []\n"})
    outcome = run(tmp_path)
    assert places(outcome) == []
    assert [one.finding.rule for one in outcome.silenced] == ["manifest/duplicate-agent"]


def test_a_mandatory_rule_cannot_be_silenced_or_turned_down(tmp_path: Path) -> None:
    text = (
        HEAD
        + "  - resource: wiki # permlint: ignore[manifest/connection-in-manifest] no\n    access: none\n    host: h\n"
    )
    assert places(check_text(tmp_path, text.replace("    host: h\n", "") + "host: h\n")) == [
        "suppression/mandatory-rule 5:20",
        "manifest/connection-in-manifest 7:1",
    ]
    with pytest.raises(BadConfig, match="mandatory") as caught:
        check_text(tmp_path, text, config='\n[rules."manifest/connection-in-manifest"]\nseverity = "off"\n')
    assert (caught.value.path, caught.value.line) == ("permlint.toml", 3)


def test_the_calendar_stops_no_commit(tmp_path: Path) -> None:
    text = HEAD.replace("staging", "production") + "  []\nreviewed: {date: 2020-01-01, by: k}\nexpires: 2020-06-01\n"
    build(tmp_path, {"a/agent-permissions.yaml": text})
    rules = {"review/overdue-review", "review/expired-manifest"}
    for paths, severity in (
        ((), Severity.ERROR),
        (("a",), Severity.ERROR),
        (("a/agent-permissions.yaml",), Severity.WARNING),
    ):
        found = {one.rule: one.severity for one in run(tmp_path, *paths).findings}
        assert {rule: found[rule] for rule in rules} == dict.fromkeys(rules, severity)


def test_a_team_can_make_a_rule_mandatory(tmp_path: Path) -> None:
    text = HEAD + f"  - resource: wiki  # permlint: ignore[{MISSING}] public\n    access: read-only\n"
    outcome = check_text(tmp_path, text, config=f'[rules."{MISSING}"]\nmandatory = true\n')
    assert places(outcome) == [f"{MISSING} 5:5", "suppression/mandatory-rule 5:21"]


def test_severity_and_parameters_are_configured(tmp_path: Path) -> None:
    config = f"""
[rules."{MISSING}"]
severity = {{ production = "error", otherwise = "info" }}
[rules."rollback/unacknowledged-irreversible"]
params = {{ systems = ["pigeon"] }}
"""
    text = (
        HEAD
        + "  - resource: pigeon_post\n    access: write\n  - resource: slack\n    access: write\nrollback_strategy: x.py --run <id>\n"
    )
    found = {(one.rule, one.location.line): one.severity for one in check_text(tmp_path, text, config=config).findings}
    assert found[MISSING, 5] is Severity.INFO
    assert ("rollback/unacknowledged-irreversible", 5) in found
    assert ("rollback/unacknowledged-irreversible", 7) not in found
    live = check_text(tmp_path, text.replace("staging", "production"), config=config)
    assert {one.severity for one in live.findings if one.rule == MISSING} == {Severity.ERROR}


@pytest.mark.parametrize(
    ("config", "line", "message"),
    [
        ('[rules."scope/wildcard-resourse"]\nseverity = "off"\n', 1, "did you mean `scope/wildcard-resource`"),
        ('[rules."rollback/missing-rollback-script"]\nparams = { elsewere = true }\n', 2, "elsewere"),
        ('[rules."rollback/missing-rollback-script"]\nparams = { elsewhere = "yes" }\n', 2, "expected true or false"),
        ('[rules."scope/wildcard-resource"]\nparams = { x = 1 }\n', 2, "takes no parameters"),
        ('rule_files = ["nowhere/*.yaml"]\n', 1, "matches no file"),
    ],
)
def test_bad_rule_settings(tmp_path: Path, config: str, line: int, message: str) -> None:
    with pytest.raises(BadConfig) as caught:
        check_text(tmp_path, HEAD, config=config)
    assert caught.value.line == line
    assert message in caught.value.message


OWN = """\
name: no-night-work
category: house
summary: An agent's purpose says when it works
severity: warning
check: json-schema
params:
  each: resource
  schema:
    properties:
      access: {not: {const: admin}}
    required: [justification]
message: "house rule: {problem}"
why: We agreed on it.
since: "1"
examples:
  - files: {agent-permissions.yaml: x}
"""


def test_a_team_adds_rules_of_its_own(tmp_path: Path) -> None:
    build(tmp_path, {"lint/house/no-night-work.yaml": OWN})
    text = (
        HEAD + "  - resource: wiki\n    access: admin\n    blast_radius: critical\nrollback_strategy: x.py --run <id>\n"
    )
    outcome = check_text(tmp_path, text, config='rule_files = ["lint/**/*.yaml"]\n')
    assert places(outcome, "house/no-night-work") == ["house/no-night-work 5:5", "house/no-night-work 6:13"]
    assert "'justification' is a required property" in outcome.findings[1].message


@pytest.mark.parametrize(
    ("change", "line", "message"),
    [
        (("severity: warning", "severity: fatal"), 4, "severity"),
        (("name: no-night-work", "name: other"), 1, "keep it as house/other.yaml"),
        (("summary:", "sumary:"), 3, "sumary"),
        (
            ("{problem}", "{nope}"),
            12,
            "message: `{nope}` is filled in by nothing; there is agent, environment, problem",
        ),
        (("{problem}", "{problem.x}"), 12, "message: `{problem.x}` is filled in by nothing"),
        (("{problem}", "{"), 12, "message: a brace stands alone"),
        (("each:", "eech:"), 6, "`eech` is no parameter of the check `json-schema`"),
    ],
)
def test_a_rule_file_that_cannot_be_used(tmp_path: Path, change: tuple[str, str], line: int, message: str) -> None:
    build(tmp_path, {"lint/house/no-night-work.yaml": OWN.replace(*change)})
    with pytest.raises(BadRule) as caught:
        check_text(tmp_path, HEAD, config='rule_files = ["lint/**/*.yaml"]\n')
    assert (caught.value.path, caught.value.line) == ("lint/house/no-night-work.yaml", line)
    assert message in caught.value.message


def test_what_a_merge_key_repeats_is_said_once(tmp_path: Path) -> None:
    text = HEAD + (
        "  - &wiki {resource: wiki, access: readonly, scope: TODO, blast_radius: none}\n"
        "  - {<<: *wiki, resource: docs}\n  - *wiki\n"
    )
    said = places(check_text(tmp_path, text))
    assert said.count("manifest/schema-violation 5:36") == 1
    assert said.count("manifest/placeholder-left 5:53") == 1


def accepted(outcome: Outcome, until: str = "2026-12-31", **changes: str) -> str:
    finding = outcome.findings[0]
    entry = {
        "fingerprint": finding.fingerprint,
        "rule": finding.rule,
        "content": finding.content,
        "reason": "agreed",
        "until": until,
    } | changes
    return "accepted:\n  - " + "\n    ".join(f"{key}: {value}" for key, value in entry.items()) + "\n"


def test_acceptance(tmp_path: Path) -> None:
    text = (
        HEAD
        + "  - resource: postgres.a\n    access: write\n    scope: x column only\nrollback_strategy: x.py --run <id>\n"
    )
    first = check_text(tmp_path, text)
    only = [one for one in first.findings if one.rule == MISSING]
    build(tmp_path, {"permlint-accepted.yaml": accepted(first._replace(findings=tuple(only)))})
    second = run(tmp_path)
    assert [one.by for one in second.silenced] == ["acceptance"]
    assert MISSING not in {one.rule for one in second.findings}
    # What it says has changed: it is open again.
    build(
        tmp_path,
        {
            "agent-permissions.yaml": text.replace("access: write", "actions: [delete]").replace(
                "    scope: x column only\n", ""
            )
        },
    )
    third = run(tmp_path)
    assert {MISSING, "suppression/stale-acceptance"} <= {one.rule for one in third.findings}
    assert third.silenced == ()
    # Gone: said in a whole run, not when other manifests were not looked at.
    build(tmp_path, {"agent-permissions.yaml": HEAD + "  []\n"})
    assert places(run(tmp_path)) == ["suppression/stale-acceptance 2:18"]
    assert places(run(tmp_path, "agent-permissions.yaml")) == []


def test_an_expired_or_mandatory_acceptance_does_not_hold(tmp_path: Path) -> None:
    first = check_text(tmp_path, HEAD + "  []\nhost: h\n")
    build(tmp_path, {"permlint-accepted.yaml": accepted(first)})
    outcome = run(tmp_path)
    assert [one.rule for one in outcome.findings] == ["manifest/connection-in-manifest", "suppression/stale-acceptance"]
    assert "mandatory" in outcome.findings[1].message
    build(tmp_path, {"permlint-accepted.yaml": "accepted:\n  - fingerprint: x\n"})
    broken = run(tmp_path)
    assert [(one.path, one.line) for one in broken.errors] == [("permlint-accepted.yaml", 2)]


def test_two_findings_of_one_fingerprint_are_accepted_each(tmp_path: Path) -> None:
    # One resource, twice, with different faults: the fingerprint is one, the content two.
    entry = "  - {{resource: postgres.notes, access: {access}, scope: status column only, blast_radius: none}}\n"
    text = (
        "agent_name: triage\nenvironment: staging\nowner: support\nresources:\n"
        + entry.format(access="read-write")
        + entry.format(access="admin")
    )
    build(tmp_path, {"agent-permissions.yaml": text})
    rule = "blast-radius/understated-blast-radius"
    first, second = (one for one in run(tmp_path).findings if one.rule == rule)
    assert first.fingerprint == second.fingerprint
    assert first.content != second.content
    entries = [
        f"  - {{fingerprint: {one.fingerprint}, rule: {rule}, content: {one.content}, reason: x, until: 2026-12-31}}\n"
        for one in (first, second)
    ]
    build(tmp_path, {"permlint-accepted.yaml": "accepted:\n" + "".join(entries)})
    outcome = run(tmp_path)
    assert [one.finding.message for one in outcome.silenced] == [first.message, second.message]
    assert "suppression/stale-acceptance" not in {one.rule for one in outcome.findings}
    build(tmp_path, {"permlint-accepted.yaml": "accepted:\n" + entries[0]})
    outcome = run(tmp_path)
    assert [one.finding.message for one in outcome.silenced] == [first.message]
    assert second.message in {one.message for one in outcome.findings}
    assert "suppression/stale-acceptance" not in {one.rule for one in outcome.findings}
