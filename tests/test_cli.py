"""The command as a user meets it: outputs, formats, exit statuses, colour, help."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import inputs
from tests.command import permlint
from tests.world import build

CLEAN = """\
agent_name: reader
environment: staging
owner: docs
resources:
  - resource: wiki
    access: read-only
    blast_radius: none
"""
BROKEN = CLEAN.replace("read-only", "readonly")
WARNING = CLEAN.replace("    blast_radius: none\n", "")
FULL = """\
error[manifest/schema-violation]: `access`: expected one of none, read-only, write, read-write, execute, admin, found `readonly`
 --> a/agent-permissions.yaml:6:13
  |
6 |     access: readonly
  |             ^^^^^^^^
  |
  = help: did you mean `read-only`?

1 error, 0 warnings, 0 for information; 1 fixable with --fix; 0 suppressed; 1 manifest checked; {rules} rules
"""


def test_text_names_place_reason_and_fix(tmp_path: Path) -> None:
    build(tmp_path, {"a/agent-permissions.yaml": BROKEN})
    done = permlint(tmp_path, "check", "--as-of", "2026-11-24")
    rules = re.search(r"(\d+) rules", done.stdout)
    assert rules is not None
    assert done.stdout == FULL.format(rules=rules[1])
    assert done.stderr == ""
    assert done.returncode == 1


def test_a_related_place_has_its_path_its_line_and_a_caption(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": CLEAN + "    access: read-only\n"})
    shown = permlint(tmp_path, "check", "--as-of", "2026-11-24").stdout
    assert shown.startswith(
        """\
error[manifest/duplicate-key]: `access` stands twice; the first time on line 6
 --> agent-permissions.yaml:8:5
  |
8 |     access: read-only
  |     ^^^^^^
  |
 ==> agent-permissions.yaml:6:5
  |
6 |     access: read-only
  |     ------ it stands here first
  |
  = help: Keep one of the two.
"""
    )


def test_below_the_threshold_a_line_each(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": WARNING})
    done = permlint(tmp_path, "check")
    assert done.returncode == 0
    assert done.stdout.startswith(
        "agent-permissions.yaml:5:5: warning[blast-radius/missing-blast-radius]: no blast radius is declared for `wiki`"
    )
    assert "-->" not in done.stdout
    strict = permlint(tmp_path, "check", "--fail-on", "warning")
    assert strict.returncode == 1
    assert " --> agent-permissions.yaml:5:5" in strict.stdout
    assert "-->" in permlint(tmp_path, "check", "-v").stdout


def test_quiet_prints_only_what_decides(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": WARNING})
    assert permlint(tmp_path, "check", "-q").stdout == ""
    build(tmp_path, {"agent-permissions.yaml": BROKEN})
    assert permlint(tmp_path, "check", "-q").stdout.startswith("error[")


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["check"], 1),
        (["check", "--fail-on", "never"], 0),
        (["check", "clean.yaml"], 0),
        (["check", "absent.yaml"], 2),
        (["check", "--fail-on", "never", "absent.yaml"], 2),
        (["check", "empty"], 3),
        (["check", "--fail-on", "never", "empty"], 3),
        (["check", "empty", "agent-permissions.yaml"], 1),
        (["check", "--format", "yaml"], 2),
        (["check", "--as-of", "yesterday"], 2),
        (["chek"], 2),
        (["--version"], 0),
        (["check", "--help"], 0),
        (["--help"], 0),
    ],
)
def test_exit_status(tmp_path: Path, arguments: list[str], status: int) -> None:
    build(tmp_path, {"agent-permissions.yaml": BROKEN, "clean.yaml": CLEAN, "empty/readme.txt": ""})
    done = permlint(tmp_path, *arguments)
    assert done.returncode == status
    assert "Traceback" not in done.stderr


def test_a_misspelt_command_and_an_empty_path(tmp_path: Path) -> None:
    assert "No such command 'chek'. Did you mean 'check'?" in permlint(tmp_path, "chek").stderr
    build(tmp_path, {"agent-permissions.yaml": CLEAN})
    done = permlint(tmp_path, "check", "")
    assert done.returncode == 3
    assert "not checked: an empty path was given" in done.stdout


def test_standard_input(tmp_path: Path) -> None:
    done = permlint(tmp_path, "check", "-", stdin=BROKEN.encode())
    assert done.returncode == 1
    assert "--> <stdin>:6:13" in done.stdout


def test_nothing_matched_is_not_success(tmp_path: Path) -> None:
    done = permlint(tmp_path, "check")
    assert done.returncode == 3
    assert "not checked: no manifest below" in done.stdout


def test_json_is_the_contract(tmp_path: Path) -> None:
    build(tmp_path, {"a/agent-permissions.yaml": BROKEN, "b/agent-permissions.yaml": "[", "permlint.toml": ""})
    done = permlint(tmp_path, "check", "--format", "json")
    body = json.loads(done.stdout)
    assert done.returncode == 2
    assert body["schema_version"] == 1
    assert body["tool"]["name"] == "permlint"
    assert body["command"] == "check"
    expected = {"manifests": 1, "errors": 1, "warnings": 0, "infos": 0, "suppressed": 0, "accepted": 0, "unverified": 0}
    assert expected.items() <= body["summary"].items()
    assert [(one["path"], one["line"], one["column"]) for one in body["errors"]] == [("b/agent-permissions.yaml", 1, 2)]
    assert body["verdicts"] == []
    (finding,) = body["findings"]
    assert finding["fingerprint"].startswith("sha256:")
    assert {
        "rule": "manifest/schema-violation",
        "severity": "error",
        "path": "a/agent-permissions.yaml",
        "line": 6,
        "column": 13,
        "end_line": 6,
        "end_column": 21,
        "agent": "reader",
        "environment": "staging",
        "fix": "did you mean `read-only`?",
        "details": {},
    }.items() <= finding.items()


def test_the_fingerprint_outlives_a_move(tmp_path: Path) -> None:
    def fingerprint(text: str, path: str) -> str:
        build(tmp_path, {path: text})
        body = json.loads(permlint(tmp_path, "check", "--format", "json", path).stdout)
        return str(
            next(one for one in body["findings"] if one["rule"] == "blast-radius/missing-blast-radius")["fingerprint"]
        )

    before = fingerprint(WARNING, "a.yaml")
    assert fingerprint("# a comment\n\n" + WARNING, "b.yaml") == before
    assert fingerprint(WARNING.replace("wiki", "docs"), "c.yaml") != before


def test_formats_and_outputs_pair_up(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": BROKEN})
    done = permlint(tmp_path, "check", "--format", "json", "--output", "out.json", "--format", "text")
    assert done.stdout.startswith("error[")
    assert json.loads((tmp_path / "out.json").read_text())["summary"]["errors"] == 1
    lone = permlint(tmp_path, "check", "--output", "out.sarif")
    assert lone.stdout == ""
    assert json.loads((tmp_path / "out.sarif").read_text())["version"] == "2.1.0"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "json", "--format", "text"], "same output"),
        (["--output", "out.bin"], "cannot tell the format"),
        (["--format", "json", "--output", "a", "--output", "b"], "n-th output"),
        (["--output", "no/such/folder/out.json"], "No such file"),
    ],
)
def test_outputs_that_make_no_sense(tmp_path: Path, arguments: list[str], message: str) -> None:
    build(tmp_path, {"agent-permissions.yaml": CLEAN})
    done = permlint(tmp_path, "check", *arguments)
    assert done.returncode == 2
    assert message in done.stderr


def test_a_bad_configuration_says_file_and_line(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": CLEAN}, 'exclude = []\nmanifest = ["x"]\n')
    done = permlint(tmp_path, "check")
    assert done.returncode == 2
    assert "permlint.toml:2:1: manifest: `manifest` is not a key here. did you mean `manifests`?" in done.stdout
    assert json.loads(permlint(tmp_path, "check", "--format", "json").stdout)["errors"][0]["line"] == 2


def test_colour_only_on_a_terminal(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": BROKEN})
    assert "\x1b[" not in permlint(tmp_path, "check").stdout
    assert "\x1b[1;31merror" in permlint(tmp_path, "check", env={"FORCE_COLOR": "1"}).stdout
    assert "\x1b[" not in permlint(tmp_path, "check", env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).stdout
    assert b"\x1b[1;31merror" in _on_a_terminal(tmp_path)


def _on_a_terminal(folder: Path) -> bytes:
    outer, inner = pty.openpty()
    env = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    env |= {"PYTHONPATH": str(Path(__file__).parent.parent), "TERM": "xterm"}
    process = subprocess.Popen(
        [sys.executable, "-m", "linter", "check"], cwd=folder, stdout=inner, stderr=inner, env=env
    )
    os.close(inner)
    shown = b""
    try:
        while chunk := os.read(outer, 65536):
            shown += chunk
    except OSError:
        pass  # Linux reports the end of a terminal so
    finally:
        os.close(outer)
        process.wait(60)
    return shown


@pytest.mark.parametrize("paths", [["agent-permissions.yaml"], []])
def test_a_clean_start_imports_nothing_heavy(tmp_path: Path, paths: list[str]) -> None:
    build(tmp_path, {"agent-permissions.yaml": inputs.clean(0), **dict.fromkeys(inputs.SCRIPTS, "pass\n")})
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    code = (
        f"import sys\nfrom linter.cli import run\nstatus = run(['check', *{paths}])\n"
        "heavy = {'importlib.metadata', 'rich', 'asyncio', 'jsonschema', 'ruamel.yaml', 'ruamel', 'psycopg', 'boto3', 'subprocess',"
        " 'difflib', 'hashlib', 'tomllib', 'dataclasses', 'socket', 'urllib.request', 'http.client'}\n"
        "print(status, sorted(heavy & set(sys.modules)))\n"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "0 []"


def test_help_teaches(tmp_path: Path) -> None:
    top = permlint(tmp_path, "--help").stdout
    assert "permlint check agents/" in top
    assert "Exit status: 0 clean, 1 findings" in top
    assert "permlint: ignore[category/name]" in permlint(tmp_path, "check", "--help").stdout
