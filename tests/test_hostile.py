"""Input that is bad or hostile, given to the real command: one clear sentence with its place, no traceback, no hang, no leak."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
import unicodedata
from pathlib import Path
from urllib.parse import quote

import pytest

from linter.cli.options import FORMATS
from linter.files import read_file
from linter.manifest.text import Unreadable
from tests.command import TIMEOUT, permlint
from tests.world import build

GOOD = "agent_name: reader\nenvironment: staging\nowner: docs\nresources: []\n"
BAD = GOOD.replace("resources: []", "resources:\n  - {resource: wiki, access: readonly, blast_radius: none}")
HEAD = GOOD.replace("resources: []\n", "resources:\n")


def lines(folder: Path, *arguments: str | bytes) -> tuple[int, list[str]]:
    """Exit status and the lines that say what could not be read. A faulty neighbour must still be checked."""
    build(folder, {"neighbour.yaml": BAD})
    done = permlint(folder, "check", *arguments, "neighbour.yaml")
    assert done.stderr == ""
    assert "neighbour.yaml:5:30" in done.stdout
    assert "1 manifest checked" in done.stdout
    return done.returncode, [line for line in done.stdout.splitlines() if line.startswith("error: ")]


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


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.yaml")
    (tmp_path / "dangling.yaml").symlink_to("nowhere.yaml")
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    names = ["dangling.yaml", "fifo.yaml", "gone.yaml", "loop.yaml", "neighbour.yaml/x", "n" * 300]
    status, said = lines(tmp_path, *names)
    assert status == 2
    assert said == [
        "error: dangling.yaml:1:1: cannot be read: no such file or directory",
        "error: fifo.yaml:1:1: is not a file",
        "error: gone.yaml:1:1: cannot be read: no such file or directory",
        "error: loop.yaml:1:1: cannot be read: too many levels of symbolic links",
        "error: neighbour.yaml/x:1:1: cannot be read: not a directory",
        f"error: {'n' * 300}:1:1: cannot be read: file name too long",
    ]


def test_an_unreadable_file(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(GOOD)
    path.chmod(0)
    root = os.geteuid() == 0
    if root:  # whom no mode keeps out
        os.seteuid(65534)
    try:
        with pytest.raises(Unreadable) as caught:
            read_file(str(path), str(tmp_path))
    finally:
        if root:
            os.seteuid(0)
    assert caught.value.message == "cannot be read: permission denied"


def test_a_folder_is_searched_and_an_empty_one_is_not_success(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    done = permlint(tmp_path, "check", "folder.yaml")
    assert (done.returncode, done.stderr) == (3, "")
    assert "no manifest below folder.yaml" in done.stdout


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


@pytest.mark.parametrize("content", [BAD, GOOD + "".join(f"k{n}: 1\n" for n in range(900))])
def test_a_closed_pipe(tmp_path: Path, content: str) -> None:
    build(tmp_path, {"x.yaml": content})
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "linter", "check", "x.yaml"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
            stdout=writer,
            stderr=subprocess.PIPE,
            timeout=TIMEOUT,
            check=False,
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize("arguments", [["check"], ["check", "--format", "json"], ["rules"], ["--help"]])
def test_a_full_disk(tmp_path: Path, arguments: list[str]) -> None:
    build(tmp_path, {"agent-permissions.yaml": BAD})
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "linter", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=TIMEOUT,
            check=False,
        )
    assert done.stderr.decode() == "permlint: the output cannot be written: No space left on device\n"
    assert done.returncode == 2


def test_closed_standard_streams(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": BAD})

    def run(redirection: str) -> tuple[int, str, str]:
        done = subprocess.run(
            ["/bin/sh", "-c", f"exec {sys.executable} -m linter check {redirection}"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    assert run(">&-") == (1, "", "")
    assert run("2>&-")[0] == 1
    status, out, err = run("- <&-")
    assert (status, err) == (2, "")
    assert out.startswith("error: <stdin>:1:1: cannot be read: standard input is closed\n")


def test_an_interrupt_while_reading(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "linter", "check", "-"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(b"# more than a pipe holds\n" * 8_000)  # so that this returns only when it is being read
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, out, err) == (130, b"", b"permlint: interrupted\n")


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


def test_without_git_and_with_a_hooks_git_variables(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": GOOD})
    for env in ({"PATH": ""}, {"GIT_DIR": "/nowhere", "GIT_WORK_TREE": "/", "GIT_INDEX_FILE": "/nowhere/index"}):
        done = permlint(tmp_path, "check", env=env)
        assert (done.returncode, done.stderr) == (0, "")
        assert "1 manifest checked" in done.stdout


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


TOKEN = "kQ7zR2mX9vB4nL1pW8sD3fG6hJ5tY0cA2eUo"
WORD = "kd83Hs+9w~x"
POSITIONS = [
    "agent_name: {}\nenvironment: staging\nresources: []\n",
    "agent_name: a\nenvironment: {}\nresources: []\n",
    GOOD + "purpose: {}\n",
    GOOD + '"{}": 1\n',
    GOOD + "# {}\n",
    GOOD + "x-note: {}\n",
    GOOD + '"x-{}": 1\n',
    GOOD + "purpose: |\n  one\n  {}\n  two\n",
    GOOD + "rollback_strategy: |\n  python3 scripts/{}.py\n",
    GOOD + "rollback_strategy: {{command: 'run {}'}}\n",
    GOOD + "a: 1\na: {}\n# {}\n",
    GOOD + "owner: {} # permlint: ignore[manifest/duplicate-key] {}\n",
    GOOD + "purpose: x # permlint: ignore[a/{}]\n",
    GOOD + "# permlint: ignore[manifest/schema-violation] {} until=2099-01-01\nfoo: 1\n",
    GOOD + "expires: {}\n",
    GOOD + "identities: {{db: '{}'}}\n",
    GOOD + "audit_log: {}\n",
    HEAD + "  - resource: db.{}\n    access: write\n    scope: all\n",
    HEAD + "  - resource: db.t\n    access: {}\n",
    HEAD + "  - resource: db.t\n    access: write\n    scope: {}\n",
    HEAD + "  - resource: db.t\n    access: write\n    scope: {{columns: ['{}', '{}']}}\n",
    HEAD + "  - resource: db.t\n    access: none\n    blast_radius: low ({})\n",
    HEAD + "  - resource: db.t\n    access: none\n    {}: x\n",
    HEAD + "  - {{resource: db.t, access: write, actions: ['{}'], environments: ['{}']}}\n",
]


def _disguises(secret: str) -> set[str]:
    """The secret, and what base64 and URL encoding make of it wherever it begins in a longer text."""
    found = {secret, quote(secret, safe=""), secret[::-1], secret.encode().hex()}
    for lead in range(3):
        coded = base64.b64encode(b"x" * lead + secret.encode()).decode()
        found.add(coded[4:-4])
    return found


@pytest.mark.parametrize("position", POSITIONS)
def test_no_secret_reaches_any_output(tmp_path: Path, position: str) -> None:
    secrets = {"ghp_" + TOKEN: TOKEN, "'postgres://me:" + WORD + "@host/db'": WORD}
    for written, hidden in secrets.items():
        text = position.replace("'{}'", "{}").format(*[written] * 2)
        build(tmp_path, {"x.yaml": text, "neighbour.yaml": text})
        outputs = [
            part for one in FORMATS for part in ("--format", one, "--output", "-" if one == "text" else f"out.{one}")
        ]
        done = permlint(tmp_path, "check", "-v", *outputs, "x.yaml", "neighbour.yaml")
        assert done.returncode in (1, 2)
        brief = permlint(tmp_path, "check", "x.yaml", "neighbour.yaml")
        files = [(tmp_path / f"out.{one}").read_text(encoding="utf-8") for one in FORMATS if one != "text"]
        shown = "\n".join([done.stdout, done.stderr, brief.stdout, brief.stderr, *files])
        for disguise in _disguises(hidden):
            assert disguise not in shown


def test_no_secret_of_an_unreadable_manifest_reaches_any_output(tmp_path: Path) -> None:
    token = "ghp_" + TOKEN
    files = {
        "a.yaml": f"a: *{token}\n",
        "b.yaml": f"a: !<tag:{token}> x\n",
        "c.yaml": f"a: &{token} [*{token}]\n",
        "d.yaml": f"{token}: [\n",
        "permlint.toml": f"x = {token}\n",
    }
    build(tmp_path, files)
    done = permlint(tmp_path, "check", *files)
    assert (done.returncode, TOKEN in done.stdout + done.stderr) == (2, False)
    (tmp_path / "permlint.toml").unlink()
    done = permlint(tmp_path, "check", "a.yaml", "b.yaml", "c.yaml", "d.yaml")
    assert (done.returncode, TOKEN in done.stdout + done.stderr) == (2, False)
