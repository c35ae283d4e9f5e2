"""`permlint rules`, `permlint explain` and shell completion."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from linter.catalogue import COMMANDS, built_in, manuals
from tests.command import permlint
from tests.world import build

ROOT = Path(__file__).parent.parent.parent
FILE = "permlint-accepted.yaml"
MISSING = "blast-radius/missing-blast-radius"
MANIFEST = """\
agent_name: triage
environment: staging
owner: support
resources:
  - resource: wiki
    access: read-only
"""


EVERY = {id: rule for command in COMMANDS for id, rule in built_in(command).items()}


class TestRules:
    def test_the_table_has_every_rule(self, tmp_path: Path) -> None:
        done = permlint(tmp_path, "rules")
        assert done.returncode == 0
        lines = done.stdout.splitlines()
        assert [line.split()[0] for line in lines] == list(EVERY)
        row = next(line for line in lines if line.startswith("rollback/no-run-id "))
        assert row.split(maxsplit=1)[1].split("  ")[0] == "warning, error in production"
        assert row.endswith("  The rollback command cannot be told which run to revert")
        assert " error*  " in next(line for line in lines if line.startswith("manifest/secret-in-manifest"))

    def test_json(self, tmp_path: Path) -> None:
        body = json.loads(permlint(tmp_path, "rules", "--format", "json").stdout)
        assert body["schema_version"] == 1
        rules = {one["rule"]: one for one in body["rules"]}
        assert list(rules) == list(EVERY)
        one = rules["rollback/no-run-id"]
        assert one["severity"] == {"production": "error", "otherwise": "warning"}
        assert one["category"] == "rollback"
        assert one["references"] == ["CP-10", "AU-12"]
        assert one["mandatory"] is False
        assert one["fix"] == "Give it the run: `--run-id <id>`."
        assert rules["manifest/secret-in-manifest"]["mandatory"] is True
        assert "{{" not in json.dumps([one["fix"] for one in rules.values()])

    def test_as_configured_and_with_the_teams_own(self, tmp_path: Path) -> None:
        own = {
            "name": "house-rule",
            "category": "house",
            "summary": "A \x1b[31mhouse\x1b[0m rule",
            "severity": "error",
            "check": "json-schema",
            "params": {"schema": {"required": ["owner"]}},
            "message": "no owner",
            "why": "Because.",
            "since": "1.0.0",
            "examples": [{"title": "x", "files": {"agent-permissions.yaml": "a: b"}}] * 2,
        }
        config = f'rule_files = ["lint/**/*.yaml"]\n[rules."{MISSING}"]\nseverity = "off"\n'
        build(tmp_path, {"lint/house/house-rule.yaml": json.dumps(own)}, config)
        done = permlint(tmp_path, "rules")
        assert done.returncode == 0, done.stderr
        assert [MISSING, "off"] in [line.split()[:2] for line in done.stdout.splitlines()]
        (own_line,) = [line for line in done.stdout.splitlines() if line.startswith("house/")]
        assert own_line.endswith("A \\x1b[31mhouse\\x1b[0m rule")
        assert "house/house-rule: A " in permlint(tmp_path, "explain", "house-rule").stdout

    def test_a_bad_configuration(self, tmp_path: Path) -> None:
        build(tmp_path, {}, '[rules."no/rule"]\nseverity = "off"\n')
        done = permlint(tmp_path, "rules")
        assert done.returncode == 2
        assert "permlint.toml:1:1: rules.no/rule: there is no such rule" in done.stderr


class TestExplain:
    @pytest.mark.parametrize("name", ["rollback/no-run-id", "no-run-id"])
    def test_a_rules_page(self, tmp_path: Path, name: str) -> None:
        done = permlint(tmp_path, "explain", name)
        assert done.returncode == 0
        parts = done.stdout.split("\n\n")
        assert parts[0] == "rollback/no-run-id: The rollback command cannot be told which run to revert."
        assert parts[1] == "Severity: warning, error in production. Since 0.1.0."
        assert parts[2].startswith("Without the run's id a rollback reverts")
        assert parts[3] == "Fix: Give it the run: `--run-id <id>`."
        assert parts[4].startswith("Example: Which run?\n  scripts/revert.py\n    print")
        assert "# finding: no-run-id" in parts[4]
        assert "  NIST SP 800-53 Rev 5 CP-10 System Recovery and Reconstitution" in parts[-1]

    def test_every_rule_has_a_page(self, tmp_path: Path) -> None:
        code = (
            "from linter.catalogue import built_in\nfrom linter.cli import run\n"
            "print({run(['explain', id]) for id in built_in()})\n"
        )
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
        )
        assert done.stdout.splitlines()[-1] == "{<Exit.CLEAN: 0>}"
        assert done.stdout.count("\nExample: ") == sum(
            min(2, len(one.examples)) for one in manuals(built_in()).values()
        )

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("rollback/no-runid", "`rollback/no-runid` is no rule; did you mean rollback/no-run-id?"),
            ("mising-blast-radius", f"did you mean {MISSING}?"),
            ("zzzzzz", "`permlint rules` lists them"),
            ("\x1b[31mx", "`\\x1b[31mx` is no rule"),
            ("0123456789a", "too short"),
            ("0123456789ab", "no finding has the fingerprint `0123456789ab`"),
        ],
    )
    def test_what_is_not_there(self, tmp_path: Path, name: str, message: str) -> None:
        build(tmp_path, {"agent-permissions.yaml": MANIFEST})
        done = permlint(tmp_path, "explain", name)
        assert done.returncode == 2
        assert message in done.stderr
        assert done.stdout == ""

    def test_a_findings_story(self, tmp_path: Path) -> None:
        build(tmp_path, {"agent-permissions.yaml": MANIFEST})
        verbose = permlint(tmp_path, "check", "-v").stdout
        fingerprint = verbose.partition("= fingerprint: ")[2].split()[0]
        assert fingerprint == self.only(tmp_path)["fingerprint"]
        done = permlint(tmp_path, "explain", fingerprint[: len("sha256:") + 12])
        assert done.returncode == 0
        assert done.stdout.startswith(f"warning[{MISSING}]: no blast radius is declared for `wiki`")
        assert "\n --> agent-permissions.yaml:5:5\n  |\n5 |   - resource: wiki\n" in done.stdout
        assert (
            f"agent:       triage\nenvironment: staging\nresource:    wiki\nfingerprint: {fingerprint}\n" in done.stdout
        )
        assert "state:       open\n" in done.stdout
        assert f"\n{MISSING}: No blast radius is declared.\n" in done.stdout

    def test_who_silenced_it(self, tmp_path: Path) -> None:
        build(tmp_path, {"agent-permissions.yaml": MANIFEST})
        fingerprint = self.only(tmp_path)["fingerprint"]
        comment = f"wiki  # permlint: ignore[{MISSING}] public pages until=2126-12-31"
        build(tmp_path, {"agent-permissions.yaml": MANIFEST.replace("wiki", comment)})
        assert (
            "state:       suppressed by a comment in the manifest until 2126-12-31: public pages\n"
            in permlint(tmp_path, "explain", fingerprint).stdout
        )
        build(tmp_path, {"agent-permissions.yaml": MANIFEST})
        day = ("--as-of", "2026-11-24")
        permlint(tmp_path, "accept", "--all", "--reason", "OPS-1", "--until", "2026-12-31", "--by", "kim", *day)
        told = permlint(tmp_path, "explain", fingerprint, *day)
        assert "state:       accepted by kim until 2026-12-31: OPS-1\n" in told.stdout
        told = permlint(tmp_path, "explain", fingerprint, "--as-of", "2027-01-01")
        assert "state:       open again, it was accepted by kim until 2026-12-31: OPS-1\n" in told.stdout
        changed = re.sub("content: sha256:.*", "content: sha256:" + "0" * 64, (tmp_path / FILE).read_text())
        build(tmp_path, {FILE: changed})
        told = permlint(tmp_path, "explain", fingerprint, *day)
        assert "open again, it has changed since it was accepted by kim until 2026-12-31: OPS-1\n" in told.stdout

    def test_an_unreadable_manifest_may_hold_it(self, tmp_path: Path) -> None:
        build(tmp_path, {"agent-permissions.yaml": "["})
        done = permlint(tmp_path, "explain", "0123456789ab")
        assert done.returncode == 2
        assert "agent-permissions.yaml:1:2: " in done.stderr

    @staticmethod
    def only(folder: Path) -> Any:
        (finding,) = json.loads(permlint(folder, "check", "--format", "json").stdout)["findings"]
        return finding


BASH = shutil.which("bash")
# What bash does on TAB: the words so far, and the one that the cursor is in.
TAB = """\
set -e
eval "$(_PERMLINT_COMPLETE=bash_source permlint)"
COMP_WORDS=(permlint "$@")
COMP_CWORD=$#
_permlint_completion permlint
printf '%s\\n' "${COMPREPLY[@]}"
"""


def complete(folder: Path, *words: str) -> list[str]:
    """What bash offers for the last of these words."""
    assert BASH is not None
    program = folder / "bin" / "permlint"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!{BASH}\nexec {shlex.quote(sys.executable)} -m linter "$@"\n')
    program.chmod(0o755)
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [BASH, "--norc", "-c", TAB, "bash", *words], cwd=folder, env=env, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.skipif(BASH is None, reason="there is no bash here")
class TestCompletion:
    def test_commands(self, tmp_path: Path) -> None:
        assert {"check", "accept", "rules", "explain"} <= set(complete(tmp_path, ""))
        assert complete(tmp_path, "expl") == ["explain"]
        assert "--version" in complete(tmp_path, "--")

    def test_rules_and_formats(self, tmp_path: Path) -> None:
        assert complete(tmp_path, "explain", "rollback/no-r") == ["rollback/no-rollback-command", "rollback/no-run-id"]
        assert complete(tmp_path, "check", "--format", "g") == ["github", "gitlab"]
        assert complete(tmp_path, "rules", "--format", "") == ["text", "json"]

    def test_a_commands_name_imports_no_command(self, tmp_path: Path) -> None:
        code = (
            "import sys\nfrom linter.cli import run\n"
            "try:\n    run([])\nexcept SystemExit:\n    pass\n"
            "print(sorted(one for one in sys.modules if one.startswith('linter.cli.')))\n"
        )
        env = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "_PERMLINT_COMPLETE": "bash_complete",
            "COMP_WORDS": "permlint ",
            "COMP_CWORD": "1",
        }
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
        )
        assert done.stdout.splitlines()[-1] == "[]"
        assert "plain,explain" in done.stdout


@pytest.mark.parametrize("command", ["accept", "rules", "explain"])
def test_help_shows_examples(tmp_path: Path, command: str) -> None:
    done = permlint(tmp_path, command, "--help")
    assert done.returncode == 0
    assert done.stdout.count(f"\n  permlint {command}") >= 2


def test_the_table_of_rules_fits_a_terminal(tmp_path: Path) -> None:
    lines = permlint(tmp_path, "rules").stdout.splitlines()
    assert max(map(len, lines)) <= 160  # it was 290
    assert any(line.split()[:2] == ["scope/unbounded-write", "info/warning/error"] for line in lines)
    assert any(line.split()[:2] == ["manifest/secret-in-manifest", "error*"] for line in lines)
