"""What surrounds the process: closed pipes and streams, a full disk, an interrupt, no git and a hook's variables."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import ROOT, TIMEOUT, permlint
from tests.hostile.manifests import BAD, GOOD
from tests.world import build


@pytest.mark.parametrize("content", [BAD, GOOD + "".join(f"k{n}: 1\n" for n in range(900))])
def test_a_closed_pipe(tmp_path: Path, content: str) -> None:
    build(tmp_path, {"x.yaml": content})
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "linter", "check", "x.yaml"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
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
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=TIMEOUT,
            check=False,
        )
    assert done.stderr.decode() == "permlint: the output cannot be written: No space left on device\n"
    assert done.returncode == 2


def test_closed_standard_streams(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": BAD})

    def run(redirection: str, command: str = "check") -> tuple[int, str, str]:
        done = subprocess.run(
            ["/bin/sh", "-c", f"exec {sys.executable} -m linter {command} {redirection}"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    lost = "permlint: the output cannot be written: standard output is closed\n"
    assert run(">&-") == (1, "", lost)
    for command in ("check --fail-on never", "check --fail-on never --format json", "rules", "--help", "init -"):
        assert run(">&-", command) == (3, "", lost), command
    status, out, err = run(">&-", "report --format csv --output -")
    assert (status, out, err.endswith(lost)) == (1, "", True)
    # Nothing was to be printed there: nothing is lost.
    assert run(">&-", "check --fail-on never --output out.json") == (0, "", "")
    assert run(">&- 2>&-", "check --fail-on never") == (3, "", "")
    assert run("2>&-")[0] == 1
    status, out, err = run("- <&-")
    assert (status, err) == (2, "")
    assert out.startswith("error: <stdin>:1:1: cannot be read: standard input is closed\n")


def test_an_interrupt_while_reading(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "linter", "check", "-"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
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


def test_without_git_and_with_a_hooks_git_variables(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": GOOD})
    for env in ({"PATH": ""}, {"GIT_DIR": "/nowhere", "GIT_WORK_TREE": "/", "GIT_INDEX_FILE": "/nowhere/index"}):
        done = permlint(tmp_path, "check", env=env)
        assert (done.returncode, done.stderr) == (0, "")
        assert "1 manifest checked" in done.stdout
