"""`permlint accept`: adoption, renewal, refusals, findings of a JSON report."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.command import permlint
from tests.world import build

DAY = ("--as-of", "2026-11-24")
MANIFEST = """\
agent_name: triage
environment: staging
owner: support
resources:
  - resource: wiki
    access: read-only
  - resource: docs
    access: read-only
"""
SECRET = MANIFEST.replace("owner: support", "owner: support\nx-note: AKIAQYLPMN5HHHFPZAM2")
MISSING = "blast-radius/missing-blast-radius"
FILE = "permlint-accepted.yaml"


def found(folder: Path, *arguments: str) -> dict[str, Any]:
    """The JSON report of a check."""
    body: dict[str, Any] = json.loads(permlint(folder, "check", "--format", "json", *DAY, *arguments).stdout)
    return body


def fingerprints(folder: Path) -> list[str]:
    return [one["fingerprint"] for one in found(folder)["findings"]]


def accept(folder: Path, *arguments: str | bytes, until: str = "2026-12-31", reason: str = "agreed") -> Any:
    return permlint(folder, "accept", "--reason", reason, "--until", until, "--by", "kim", *DAY, *arguments)


def test_adoption_in_one_command(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": MANIFEST})
    done = accept(tmp_path, "--all")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"accepted 2 findings until 2026-12-31: {FILE}\n", "")
    after = found(tmp_path, "--fail-on", "info")
    assert after["findings"] == []
    assert after["summary"]["accepted"] == 2
    assert {(one["silenced_by"], one["reason"], one["until"]) for one in after["silenced"]} == {
        ("acceptance", "agreed", "2026-12-31")
    }
    assert accept(tmp_path, "--all").stdout == "nothing to accept\n"


def test_one_by_the_beginning_of_its_fingerprint(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": MANIFEST})
    first, second = fingerprints(tmp_path)
    assert accept(tmp_path, first[: len("sha256:") + 12]).returncode == 0
    assert fingerprints(tmp_path) == [second]
    assert accept(tmp_path, second.removeprefix("sha256:").upper()).returncode == 0
    assert fingerprints(tmp_path) == []


def test_the_order_of_accepting_does_not_matter(tmp_path: Path) -> None:
    texts = set()
    for name, turn in ("a", 1), ("b", -1):
        folder = build(tmp_path / name, {"agent-permissions.yaml": MANIFEST})
        for one in fingerprints(folder)[::turn]:
            accept(folder, one)
        texts.add((folder / FILE).read_text())
    assert len(texts) == 1
    assert texts.pop().startswith("# Findings that somebody agreed to live with")


def test_a_grown_finding_is_open_again_and_then_renewed_in_place(tmp_path: Path) -> None:
    wide = MANIFEST.replace("    access: read-only\n", "    access: read-write\n    blast_radius: none\n", 1)
    build(tmp_path, {"agent-permissions.yaml": wide + "rollback_strategy: x\n"})
    (low,) = [one for one in found(tmp_path)["findings"] if one["rule"] == "blast-radius/understated-blast-radius"]
    accept(tmp_path, low["fingerprint"])
    text = (tmp_path / FILE).read_text().replace("    reason:", "    # why\n    reason:")
    build(tmp_path, {FILE: text, "agent-permissions.yaml": wide.replace("read-write", "admin")})
    after = found(tmp_path)["findings"]
    (high,) = [one for one in after if one["rule"] == low["rule"]]
    assert high["fingerprint"] == low["fingerprint"]
    assert high["message"] != low["message"]
    assert "suppression/stale-acceptance" in {one["rule"] for one in after}
    done = accept(tmp_path, high["fingerprint"], until="2027-01-31", reason="still")
    assert "1 of them renewed" in done.stdout
    after_text = (tmp_path / FILE).read_text()
    assert "    # why\n    reason: still\n    until: 2027-01-31\n" in after_text
    assert len(after_text.splitlines()) == len(text.splitlines())
    assert {one["rule"] for one in found(tmp_path)["findings"]}.isdisjoint(
        {low["rule"], "suppression/stale-acceptance"}
    )


def test_an_expired_acceptance_is_renewed(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": MANIFEST})
    accept(tmp_path, "--all", until="2026-11-25")
    later = ("--as-of", "2026-11-26")
    assert json.loads(permlint(tmp_path, "check", "--format", "json", *later).stdout)["summary"]["warnings"] == 4
    done = permlint(tmp_path, "accept", "--all", "--reason", "again", "--until", "2026-12-24", *later)
    assert done.stdout == f"accepted 2 findings until 2026-12-24, 2 of them renewed: {FILE}\n"
    assert json.loads(permlint(tmp_path, "check", "--format", "json", *later).stdout)["findings"] == []
    assert (tmp_path / FILE).read_text().count("fingerprint:") == 2


def test_a_mandatory_rule_is_refused(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": SECRET})
    (secret,) = [one for one in found(tmp_path)["findings"] if one["rule"] == "manifest/secret-in-manifest"]
    done = accept(tmp_path, secret["fingerprint"])
    assert done.returncode == 2
    assert "manifest/secret-in-manifest is mandatory" in done.stderr
    assert not (tmp_path / FILE).exists()
    done = accept(tmp_path, "--all")
    assert done.returncode == 0
    assert "accepted 2 findings" in done.stdout
    assert "not accepted, the rule is mandatory: agent-permissions.yaml:4: manifest/secret-in-manifest" in done.stdout
    assert "AKIAQYLPMN5HHHFPZAM2" not in done.stdout + (tmp_path / FILE).read_text()
    assert [one["rule"] for one in found(tmp_path)["findings"]] == ["manifest/secret-in-manifest"]


def test_mandatory_by_configuration(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": MANIFEST}, f'[rules."{MISSING}"]\nmandatory = true\n')
    assert accept(tmp_path, fingerprints(tmp_path)[0]).returncode == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name the fingerprints"),
        (["--all", "0" * 64], "name the fingerprints"),
        (["0" * 11], "too short"),
        (["0" * 64], "no finding has the fingerprint"),
        (["sha256:wiki"], "is no fingerprint"),
        (["--all", "--until", "2027-02-23"], "2027-02-22 at most"),
        (["--all", "--until", "2026-11-23"], "is over already"),
        (["--all", "--until", "soon"], "is not a date"),
        (["--all", "--reason", " "], "--reason is empty"),
        (["--all", "--reason", b"\xff"], "--reason is not UTF-8"),
        (["--all", "--from", "absent.json"], "No such file"),
        (["--all", "--from", "agent-permissions.yaml"], "is not JSON"),
        (["--all", "--from", "list.json"], "is no JSON report"),
        (["--all", "--from", "edited.json"], "was it edited?"),
    ],
)
def test_what_is_refused_leaves_no_file(tmp_path: Path, arguments: list[str | bytes], message: str) -> None:
    edited = '{"schema_version": 1, "findings": [{"rule": 1}]}'
    build(tmp_path, {"agent-permissions.yaml": MANIFEST, "list.json": "[]", "edited.json": edited})
    done = accept(tmp_path, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / FILE).exists()


def test_reason_and_end_are_required(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": MANIFEST})
    assert "--reason" in permlint(tmp_path, "accept", "--all", "--until", "2026-12-31").stderr
    assert "--until" in permlint(tmp_path, "accept", "--all", "--reason", "x").stderr


def test_a_credential_is_neither_written_nor_shown(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": MANIFEST})
    token = "ghp_" + "a1B2c3" * 6
    refused = accept(tmp_path, "--all", reason=f"with {token}")
    assert (refused.returncode, (tmp_path / FILE).exists()) == (2, False)
    assert "--reason holds what looks like a credential" in refused.stderr
    accept(tmp_path, "--all")
    # By hand it can still be written: in use, stale, and on the line that a report quotes.
    text = (tmp_path / FILE).read_text().replace("reason: agreed", f"reason: agreed {token}")
    for content, rest in ((text, MANIFEST), (text, MANIFEST.replace("wiki", "board"))):
        build(tmp_path, {FILE: content, "agent-permissions.yaml": rest})
        for format in ("text", "json", "sarif", "github", "gitlab", "junit", "markdown"):
            done = permlint(tmp_path, "check", "-v", "--format", format, *DAY)
            assert token not in done.stdout + done.stderr
    (first, *_) = fingerprints(tmp_path)
    assert token not in permlint(tmp_path, "explain", first, *DAY).stdout


def test_ninety_days_unless_configured(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": MANIFEST})
    assert accept(tmp_path, "--all", until="2027-02-22").returncode == 0
    (tmp_path / FILE).unlink()
    build(tmp_path, {}, 'longest_acceptance = "2w"\n')
    assert "more than 2w ahead: 2026-12-08 at most" in accept(tmp_path, "--all", until="2026-12-09").stderr
    build(tmp_path, {}, 'longest_acceptance = "long"\n')
    assert "permlint.toml:1:1: longest_acceptance: expected a period" in accept(tmp_path, "--all").stderr


def test_an_ambiguous_beginning_names_all(tmp_path: Path) -> None:
    entries = [
        {
            **found(build(tmp_path, {"agent-permissions.yaml": MANIFEST}))["findings"][0],
            "fingerprint": f"sha256:{end:064x}",
        }
        for end in (1, 2)
    ]
    build(tmp_path, {"two.json": json.dumps({"schema_version": 1, "findings": entries})})
    done = accept(tmp_path, "0" * 20, "--from", "two.json")
    assert done.returncode == 2
    assert f"begins 2 fingerprints: sha256:{1:064x}, sha256:{2:064x}" in done.stderr


def test_findings_of_a_report(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": MANIFEST})
    report = permlint(tmp_path, "check", "--format", "json", *DAY).stdout
    done = permlint(
        tmp_path,
        "accept",
        "--from",
        "-",
        "--all",
        "--reason",
        "x",
        "--until",
        "2026-12-31",
        *DAY,
        stdin=report.encode(),
    )
    assert "accepted 2 findings" in done.stdout
    assert found(tmp_path)["findings"] == []


def test_a_report_of_an_unknown_rule(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": MANIFEST})
    body = found(tmp_path)
    body["findings"][0]["rule"] = "drift/\x1b[31mno-such-rule"
    build(tmp_path, {"report.json": json.dumps(body)})
    done = accept(tmp_path, "--all", "--from", "report.json")
    assert done.returncode == 2
    assert "drift/\\x1b[31mno-such-rule is no rule" in done.stderr


def test_a_suppressed_finding_needs_no_acceptance(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": MANIFEST})
    first = fingerprints(tmp_path)[0]
    build(tmp_path, {"agent-permissions.yaml": MANIFEST.replace("wiki", f"wiki  # permlint: ignore[{MISSING}] public")})
    done = accept(tmp_path, first)
    assert done.returncode == 2
    assert "silenced already, by a comment" in done.stderr
    assert "accepted 1 finding until" in accept(tmp_path, "--all").stdout


def test_a_stale_acceptance_is_not_accepted(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": MANIFEST})
    accept(tmp_path, "--all")
    build(tmp_path, {"agent-permissions.yaml": MANIFEST.replace("docs", "manual")})
    (stale,) = [one for one in found(tmp_path)["findings"] if one["rule"] == "suppression/stale-acceptance"]
    assert "is not for accepting" in accept(tmp_path, stale["fingerprint"]).stderr
    assert "accepted 1 finding until" in accept(tmp_path, "--all").stdout
    assert [one["rule"] for one in found(tmp_path)["findings"]] == ["suppression/stale-acceptance"]


def test_what_cannot_be_read_stops_it(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": MANIFEST, "b.agent-permissions.yaml": "["})
    done = accept(tmp_path, "--all")
    assert done.returncode == 2
    assert "b.agent-permissions.yaml:1:2: " in done.stderr
    build(tmp_path, {"b.agent-permissions.yaml": MANIFEST.replace("triage", "b"), FILE: "accepted: 1\n"})
    done = accept(tmp_path, "--all")
    assert done.returncode == 2
    assert f"{FILE}:1:" in done.stderr
    assert (tmp_path / FILE).read_text() == "accepted: 1\n"


def test_nothing_matched_is_not_success(tmp_path: Path) -> None:
    done = accept(tmp_path, "--all")
    assert done.returncode == 3
    assert "not checked: no manifest below" in done.stdout


def test_who_accepts_is_gits_user(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": MANIFEST})
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "config", "user.email", "robin@example.com"], cwd=tmp_path, check=True)
    permlint(tmp_path, "accept", "--all", "--reason", "x", "--until", "2026-12-31", *DAY)
    assert "    by: robin@example.com\n" in (tmp_path / FILE).read_text()
