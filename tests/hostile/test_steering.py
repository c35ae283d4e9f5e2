"""No name and no text of a manifest steers a terminal, a runner or a reader of any output."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from pathlib import Path

import pytest

from linter.cli.options import FORMATS
from tests.command import permlint
from tests.hostile.manifests import BAD
from tests.world import build


@pytest.mark.parametrize("format", FORMATS)
def test_a_path_that_is_not_utf8(tmp_path: Path, format: str) -> None:
    name = b"caf\xe9-\x1b[31m.yaml"
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_text(BAD)
    done = permlint(tmp_path, "check", "--format", format, name)
    assert done.returncode == 1
    assert "\x1b" not in done.stdout
    assert "Traceback" not in done.stderr
    if format == "json":
        assert json.loads(done.stdout)["findings"][0]["path"] == "caf\\xe9-\\x1b[31m.yaml"
    if format == "text":
        assert " --> caf\\xe9-\\x1b[31m.yaml:5:30\n" in done.stdout
    assert permlint(tmp_path, "check", b"gone\xe9.yaml").returncode == 2


EVIL = "\\x1b[31mred\\x07\\u202etxt\\u2066\\u200b\\x9b2J"
MARKUP = "::error::x %0A<script>alert(1)</script> ##[group]x [a](http://evil) `x` | y =cmd()"
ESCAPES = f'''\
agent_name: "{EVIL} {MARKUP}"
environment: "{EVIL}"
owner: "{EVIL}"
"on{EVIL}": 1  # permlint: ignore[a/{EVIL.replace(chr(92), "")}] {MARKUP}
purpose: TODO
resources:
  - resource: "db.{EVIL}"
    access: "{EVIL}"
    scope: "{EVIL}"
    blast_radius: "{EVIL}"
  - resource: "db.x{EVIL}.*"
    access: read-write
    scope: "all {MARKUP}"
    blast_radius: none
rollback_strategy: "python3 scripts/{EVIL}.py"
'''
# Characters that a manifest may hold as they are: they must not come out so.
RAW = (
    "# permlint: ignore[x/y] \u202e\u2066\u200b evil\nagent_name: a\u202eb\nenvironment: s\u2067\nresources:\n"
    '  - {resource: "db.\u202et", access: \u200fall}\n'
)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("manifest", [ESCAPES, RAW])
def test_no_output_can_be_steered(tmp_path: Path, format: str, manifest: str) -> None:
    build(tmp_path, {"a\u202eb\x1b[1m\n::error::z.agent-permissions.yaml": manifest})
    done = permlint(tmp_path, "check", "-v", "--format", format, *os.listdir(tmp_path))
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    steering = {one for one in done.stdout + done.stderr if unicodedata.category(one) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    assert steering <= {"\n"}
    if format == "text":
        assert not re.search(r"^\s*(::|##\[)", done.stdout, re.MULTILINE)
    if format in ("json", "sarif"):
        json.loads(done.stdout)
