"""Texts that cannot be read or are no manifest: one clear sentence with its place, no traceback, no hang."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.command import permlint
from tests.hostile.manifests import GOOD, HEAD, lines
from tests.world import build

BOMB = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 40))
UNREADABLE = {
    "empty": (b"", "1:1: is empty: a manifest is one YAML document"),
    "comment only": (b"# nothing\n", "1:1: is empty: a manifest is one YAML document"),
    "not YAML": (
        b"agent_name: a\nresources: [\n",
        "3:1: is not YAML: did not find expected node content (while parsing a flow node)",
    ),
    "two documents": (
        GOOD.encode() * 1 + b"---\na: 1\n",
        "5:1: a second YAML document begins here: a manifest is one document",
    ),
    "tabs": (
        b"resources:\n\t- a\n",
        "2:1: is not YAML: a tab stands where YAML wants spaces; indent with spaces (while scanning for the next token)",
    ),
    "UTF-16": (GOOD.encode("utf-16"), "1:1: is UTF-16: save it as UTF-8"),
    "UTF-16 without a mark": (
        GOOD.encode("utf-16-le"),
        "1:2: a NUL character is not allowed in YAML: is it UTF-16? Save it as UTF-8",
    ),
    "invalid UTF-8": (GOOD.encode() + b"purpose: caf\xe9\n", "5:13: byte 0xe9 is not UTF-8: save the file as UTF-8"),
    "NUL": (GOOD.encode() + b"purpose: \0\n", "5:10: a NUL character is not allowed in YAML"),
    "50 MB": (b"a: 1\n" * 10_000_000, "1:1: is larger than 1 MiB: that is no manifest"),
    "deep": (b"[\n" * 10_000, "65:1: nests deeper than 64 levels"),
    "deep block": (b"- " * 10_000, "1:129: nests deeper than 64 levels"),
    "alias bomb": (BOMB.encode(), "5:35: holds more than 10,000 keys and values (aliases expanded)"),
    "cycle": (b"a: &x\n  b: *x\n", "2:6: alias *x stands inside its own anchor: a cycle"),
    "merge cycle": (b"a: &x\n  <<: *x\n", "2:7: alias *x stands inside its own anchor: a cycle"),
    "object tag": (
        b"a: !!python/object/apply:os.system ['touch pwned']\n",
        "1:4: the tag !!python/object/apply:os.system is not allowed: a manifest is plain data",
    ),
    "control characters": (b"a: \x1b]0;x\x07\n", "1:4: a control character (U+001B) is not allowed in YAML"),
    "100,000 resources": (
        HEAD.encode() + b"- {}\n" * 100_000,
        "9996:3: holds more than 10,000 keys and values (aliases expanded)",
    ),
    "20,000 faults": (
        HEAD.encode() + b"- a\n" * 9_000,
        "1:1: has more than 1,000 faults: is it a permission manifest?",
    ),
    "secrets": (
        GOOD.encode() + b"# password: hunter2\n" * 1_001,
        "1:1: holds more than 1,000 secrets or suppressions: is it a permission manifest?",
    ),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_cannot_be_read(tmp_path: Path, case: str) -> None:
    content, sentence = UNREADABLE[case]
    build(tmp_path, {"x.yaml": content})
    assert lines(tmp_path, "x.yaml") == (2, [f"error: x.yaml:{sentence}"])
    assert sorted(os.listdir(tmp_path)) == ["neighbour.yaml", "x.yaml"]


def test_a_deep_line_stops_early(tmp_path: Path) -> None:
    build(tmp_path, {"x.yaml": b"[" * 1_000_000})
    status, said = lines(tmp_path, "x.yaml")
    assert status == 2
    assert re.fullmatch(
        r"error: x\.yaml:1:\d+: nests deeper than 64 levels", "".join(said)
    )  # libyaml's own limit varies


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"[]\n", "x.yaml:1:1"),
        (b"just words\n", "x.yaml:1:1"),
        (GOOD.encode() + b"manifest_version: " + b"9" * 100_000 + b"\n", "x.yaml:5:19"),
        (GOOD.encode() + b"manifest_version: 0x" + b"f" * 100_000 + b"\n", "x.yaml:5:19"),
    ],
)
def test_what_can_be_read_and_is_no_manifest(tmp_path: Path, content: bytes, place: str) -> None:
    build(tmp_path, {"x.yaml": content})
    done = permlint(tmp_path, "check", "x.yaml")
    assert (done.returncode, done.stderr) == (1, "")
    assert f" --> {place}\n" in done.stdout
    assert "error[manifest/schema-violation]" in done.stdout
    assert len(done.stdout) < 5000


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + GOOD.replace("\n", "\r").encode(),
        (
            GOOD.replace(
                "resources: []",
                "x-base: &b {access: read-only, blast_radius: none}\nresources: [{<<: *b, resource: wiki}]",
            )
        ).encode(),
    ],
)
def test_marks_line_ends_and_merge_keys_are_accepted(tmp_path: Path, content: bytes) -> None:
    build(tmp_path, {"x.yaml": content})
    done = permlint(tmp_path, "check", "x.yaml", "--fail-on", "warning")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ("manifests = [\n", "permlint.toml:2:1: is not TOML: "),
        ("[a\n", "permlint.toml:1:1: is not TOML: "),
        ("manifests = 'x'\n", "permlint.toml:1:1: manifests: expected a list of globs, found `x`"),
        (b"\xff\xfe", "permlint.toml:1:1: cannot be read: it is not UTF-8"),
        (b"a = 1\0\n", "permlint.toml:1:1: is not TOML: "),
        (
            "[systems.db]\nkind = 'x'\ndsn_env = 'postgres://a:" + "hunter2" + "@h'\n",
            "permlint.toml:3:1: systems.db.dsn_env: expected the name of an",
        ),
        ("a = " + "[" * 50_000, "permlint.toml:"),
    ],
)
def test_a_broken_configuration(tmp_path: Path, config: str | bytes, sentence: str) -> None:
    build(tmp_path, {"x.yaml": GOOD, "permlint.toml": config})
    done = permlint(tmp_path, "check", "x.yaml")
    assert (done.returncode, done.stderr) == (2, "")
    assert f"error: {sentence}" in done.stdout
    assert "hunter2" not in done.stdout
