"""`permlint demo`, run for real: what it says, what it leaves, and that nothing of it outlives it."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import servers
from tests.command import permlint

ROOT = Path(__file__).parent.parent


@pytest.fixture
def temporary() -> Iterator[Path]:
    """Where the demo puts what is temporary. Its path is short, as a socket's must be."""
    folder = Path(tempfile.mkdtemp(prefix="d-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What one run says with --verbose."""
    folder = tmp_path_factory.mktemp("working")
    with tempfile.TemporaryDirectory(prefix="d-") as temporary:
        done = permlint(folder, "demo", "--verbose", env=environment(Path(temporary)))
        assert os.listdir(temporary) == os.listdir(folder) == []
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def environment(temporary: Path) -> dict[str, str]:
    """Of a user who has set many things that must not matter."""
    own = {
        "GIT_DIR": "/nowhere",
        "GITHUB_EVENT_NAME": "pull_request_target",
        "PGHOST": "elsewhere",
        "LC_ALL": "C.UTF-8",
    }
    kept = {name: text for name, text in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    return {**kept, **own, "TMPDIR": str(temporary), "PYTHONPATH": str(ROOT)}


def started(folder: Path, temporary: Path) -> subprocess.Popen[str]:
    """The real command, in a process group of its own as a shell makes one."""
    return subprocess.Popen(
        [sys.executable, "-m", "linter", "demo"],
        cwd=folder,
        env=environment(temporary),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_what_it_tells(whole: str) -> None:
    parts = re.split(r"(?m)^\$ permlint (.*)$", whole)
    assert parts[1::2] == [
        "check",
        "creep",
        "drift --live-from slack.json",
        "report --live --live-from slack.json --output report.html",
    ]
    check, creep, drift, report = parts[2::2]
    for said in ("manifest/value-lost-to-comment", "rollback/stale-rehearsal", "2 manifests checked"):
        assert said in check
    for who in ("Maya Okafor", "Tomás Silva", "Ines Haddad", "Jonas Weber  Go live", "creep/unreviewed-widening"):
        assert who in creep
    assert "2 commits since what was last signed" in creep
    for said in (
        "DELETE on shop.orders, which is not declared (refund_helper -> support_staff (inherits) -> GRANT by shop_owner)",
        "REVOKE UPDATE (card_token) ON shop.orders FROM refund_helper;",
        "SELECT on shop.payouts, as every role has: it is granted to PUBLIC",
        "drift/security-definer-path",
        "channels:history (read of public channel messages)",
        "pricing_agent of postgres has no manifest",
    ):
        assert said in drift, said
    assert "order-digest (production) postgres.shop.orders" not in drift, "that one holds what was agreed"
    assert "report.html: 2 agents" in report
    assert whole.count("[exit status 1: there are findings]") == 4
    assert whole.endswith("\nEverything is deleted again; --keep FOLDER would keep it.\n")


def alike(text: str) -> list[str]:
    """Lines without what differs from run to run: commits and folders."""
    return [re.sub(r"\b[0-9a-f]{10}\b|/\S+/acme", "", line) for line in text.splitlines()]


def test_it_is_shortened_and_says_so(tmp_path: Path, temporary: Path, whole: str) -> None:
    short = permlint(tmp_path, "demo", env=environment(temporary)).stdout
    missing = [int(number) for number in re.findall(r"\[\.\.\. (\d+) lines more: permlint demo -v shows them", short)]
    assert len(missing) == 2
    assert len(short.splitlines()) - len(missing) + sum(missing) == len(whole.splitlines())
    lines = iter(alike(whole))
    assert [line for line in alike(short) if "lines more" not in line and line not in lines] == []


def test_what_is_kept(tmp_path: Path, temporary: Path) -> None:
    done = permlint(tmp_path, "demo", "--keep", "acme", env=environment(temporary))
    folder = tmp_path / "acme"
    assert done.stdout.endswith(
        f"{folder} keeps all but the database, which goes. The report: {folder / 'report.html'}\n"
    )
    assert "<title>" in (folder / "report.html").read_text("utf-8")
    assert os.listdir(temporary) == []
    log = subprocess.run(["git", "log", "--format=%ae %as"], cwd=folder, capture_output=True, text=True, check=True)
    people, days = zip(*(line.split() for line in log.stdout.splitlines()), strict=True)
    assert len(set(people)) == 4
    assert list(days) == sorted(days, reverse=True)
    assert len(set(days)) == 5
    clean = subprocess.run(["git", "status", "--short"], cwd=folder, capture_output=True, text=True, check=True)
    assert clean.stdout == ""
    again = permlint(folder, "check")
    assert (again.returncode, again.stdout.splitlines()[-1] in done.stdout) == (1, True)
    assert permlint(tmp_path, "demo", "--keep", "acme").returncode == 2


def runs(pid: int) -> bool:
    """Whether a process is there, and not merely waiting for somebody to ask how it ended."""
    said = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(said.strip()) and not said.startswith("Z")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda how: how.name)
def test_nothing_outlives_it(tmp_path: Path, temporary: Path, how: signal.Signals) -> None:
    process = started(tmp_path, temporary)
    assert process.stdout is not None
    while not process.stdout.readline().startswith("2. "):
        assert process.poll() is None
    (pid,) = (int(path.read_text().splitlines()[0]) for path in temporary.glob("*/pg/data/postmaster.pid"))
    assert runs(pid)
    os.killpg(process.pid, how)
    _, said = process.communicate(timeout=30)  # ends when the last of its processes has closed the pipe
    if how is signal.SIGINT:
        assert process.returncode == 130
        assert said == "permlint: interrupted\n"
    assert not runs(pid)
    assert os.listdir(temporary) == []


def test_on_a_terminal_it_waits_until_the_report_was_read(tmp_path: Path, temporary: Path) -> None:
    ours, theirs = pty.openpty()
    env = {**environment(temporary), "COLUMNS": "200", "NO_COLOR": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "linter", "demo"], cwd=tmp_path, env=env, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    said = b""
    while b"Enter ends the demo" not in said:
        ready, _, _ = select.select([ours], [], [], 60)
        assert ready, said
        said += os.read(ours, 65536)
    (report,) = temporary.glob("*/acme/report.html")
    assert f"The report: {report}".encode() in said
    os.write(ours, b"\n")
    assert process.wait(30) == 0
    os.close(ours)
    assert os.listdir(temporary) == []


@pytest.mark.skipif(os.getuid() != 0, reason="who is not root needs no disguise")
def test_root_in_a_container_that_forbids_namespaces(tmp_path: Path, temporary: Path) -> None:
    temporary.chmod(0o755)  # as /tmp is
    refusing = tmp_path / "bin" / "unshare"
    refusing.parent.mkdir()
    refusing.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    refusing.chmod(0o755)
    program = servers.programs()[max(servers.programs())] / "initdb"  # not Python: nobody may be denied that alone
    runs = subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program, "--version"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    env = {**environment(temporary), "PATH": f"{refusing.parent}{os.pathsep}{os.environ['PATH']}"}
    done = permlint(tmp_path / "bin", "demo", env=env)
    if runs.returncode:
        assert (done.returncode, "try the demo as another user" in done.stderr) == (3, True)
    else:
        assert done.returncode == 0, done.stderr
    assert os.listdir(temporary) == []


def test_without_git(tmp_path: Path, temporary: Path) -> None:
    done = permlint(tmp_path, "demo", env={**environment(temporary), "PATH": str(tmp_path)})
    assert done.returncode == 3
    assert done.stderr == (
        "permlint: the demo makes a git repository, and git is not installed: https://git-scm.com/downloads\n"
    )
    assert os.listdir(temporary) == []


def test_nobody_would_see_it(tmp_path: Path, temporary: Path) -> None:
    done = permlint(tmp_path, "demo", "--open", env=environment(temporary))
    assert done.returncode == 2
    assert "--open without a terminal needs --keep" in done.stderr


def test_a_browser_is_opened(tmp_path: Path, temporary: Path) -> None:
    """The browser is a script: what matters here is what it is handed."""
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/asked\n', encoding="utf-8")
    browser.chmod(0o755)
    env = {**environment(temporary), "BROWSER": f"{browser} %s"}
    done = permlint(tmp_path, "demo", "--open", "--keep", "acme", env=env)
    assert done.returncode == 0
    assert (tmp_path / "asked").read_text() == f"{(tmp_path / 'acme' / 'report.html').as_uri()}\n"
