"""Files that permlint writes, when it is killed in the middle, may not write, or finds something else than a file."""

from __future__ import annotations

import csv
import os
import signal
import stat
import struct
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from linter.replacing import edit, put
from tests.command import TIMEOUT, permlint
from tests.world import build

ROOT = Path(__file__).parent.parent
MANIFEST = """\
agent_name: triage
environment: staging
resources:
  - resource: wiki
    acess: read-only
  - resource: docs
    access: read-only
"""
SOUND = MANIFEST.replace("acess", "access")
SLACK = '[systems.chat]\nkind = "slack"\ntoken_env = "NO_SUCH_TOKEN"\n'
CHAT = "agent_name: notifier\nenvironment: staging\nresources:\n  - {resource: chat, access: none}\n"
RECORDED = (
    '{"schema_version": 1, "taken": "2026-11-24T00:00:00Z", "systems": {"chat": {"kind": "slack", "responses":'
    ' [{"status": 200, "headers": {"x-oauth-scopes": "chat:write"}, "body": {"ok": true}}]}}}'
)
DAY = ("--as-of", "2026-11-24")
_STOPPED = """
import os, signal, sys, resource
moment, number = sys.argv.pop(1), int(sys.argv.pop(1))
if moment == "writing":
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL if number else signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))
else:
    def stop(event, arguments):
        if event == moment and ".permlint-" in str(arguments[0]):
            os.kill(os.getpid(), number)
    sys.addaudithook(stop)
from linter.cli import main
main()
"""
"""permlint, which gets a signal just before it creates ("open") or renames ("os.rename") a draft; or which the kernel kills as
soon as a file of its grows beyond 64 bytes, in the middle of "writing" it (with the signal 0: it gets an error instead)."""


def stopped(folder: Path, moment: str, number: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-B", "-c", _STOPPED, moment, str(number), *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


def drafts(folder: Path) -> list[str]:
    """The hidden files that no glob of a manifest, of git or of Prometheus' collector takes for one of its own."""
    return [one.name for one in folder.iterdir() if one.name.startswith(".permlint-") and one.suffix == ".tmp"]


def _project(folder: Path, text: str, config: str = "") -> None:
    build(folder, {"agent-permissions.yaml": text}, config)
    for command in (["init", "--quiet"], ["config", "user.email", "kim@example.com"]):
        subprocess.run(["git", *command], cwd=folder, check=True)


def _fix(folder: Path) -> Sequence[str]:
    _project(folder, MANIFEST)
    return "agent-permissions.yaml", "check", "--fix"


def _sign(folder: Path) -> Sequence[str]:
    _project(folder, SOUND)
    return "agent-permissions.yaml", "review", "sign", "agent-permissions.yaml", *DAY


def _accept(folder: Path) -> Sequence[str]:
    _project(folder, SOUND)
    accepting = ("accept", "--all", "--until", "2026-12-31", "--by", "kim", *DAY)
    assert permlint(folder, *accepting, "--reason", "agreed").returncode == 0
    build(folder, {"b.agent-permissions.yaml": SOUND.replace("triage", "other")})
    return "permlint-accepted.yaml", *accepting, "--reason", "agreed again"


def _record(folder: Path) -> Sequence[str]:
    _project(folder, SOUND)
    assert permlint(folder, "report", "--format", "csv", "--output", "decide.csv", *DAY).returncode in (0, 1, 3)
    with (folder / "decide.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    head = next(row for row in rows if "decision" in row)
    for row in rows[rows.index(head) + 1 :]:
        filled = dict(zip(("decision", "decided_by", "decided_on"), ("keep", "kim", "2026-11-24"), strict=True))
        row[:] = [filled.get(name, value) for name, value in zip(head, row, strict=True)]
    for name, taken in (("first.csv", 1), ("all.csv", len(rows))):
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows[: rows.index(head) + 1 + taken])
    assert permlint(folder, "review", "record", "first.csv", *DAY).returncode == 0
    return "permlint-decisions.yaml", "review", "record", "all.csv", *DAY


def _output(folder: Path) -> Sequence[str]:
    _project(folder, SOUND)
    (folder / "out.json").write_text("yesterday's")
    return "out.json", "check", "--output", "out.json"


def _report(folder: Path) -> Sequence[str]:
    _project(folder, SOUND)
    (folder / "report.csv").write_text("yesterday's")
    return "report.csv", "report", "--output", "report.csv"


def _recording(folder: Path) -> Sequence[str]:
    _project(folder, CHAT, SLACK)
    (folder / "live.json").write_text(RECORDED)
    (folder / "granted.json").write_text("yesterday's")
    return "granted.json", "drift", "--live-from", "live.json", "--record", "granted.json", *DAY


Writer = Callable[[Path], Sequence[str]]
WRITERS = (_fix, _sign, _accept, _record, _output, _report, _recording)


every_writer = pytest.mark.parametrize("writer", WRITERS, ids=lambda one: one.__name__.strip("_"))


@every_writer
@pytest.mark.parametrize(("moment", "number"), [("writing", signal.SIGXFSZ), ("os.rename", signal.SIGKILL)])
def test_a_kill_leaves_the_old_file_and_the_next_run_puts_the_new_one_there(
    tmp_path: Path, writer: Writer, moment: str, number: int
) -> None:
    name, *arguments = writer(tmp_path)
    target = tmp_path / name
    target.chmod(0o640)
    before, names = target.read_bytes(), {one.name for one in tmp_path.iterdir()}
    assert stopped(tmp_path, moment, number, *arguments).returncode == -number
    assert target.read_bytes() == before
    (left,) = {one.name for one in tmp_path.iterdir()} - names
    assert drafts(tmp_path) == [left]
    assert stat.S_IMODE((tmp_path / left).stat().st_mode) & 0o077 & ~0o640 == 0
    done = permlint(tmp_path, *arguments)
    assert done.returncode in (0, 1, 3), done.stderr
    assert len(target.read_bytes()) > 64
    assert target.read_bytes() != before
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert drafts(tmp_path) == [left]


@pytest.mark.parametrize(("moment", "number"), [("writing", signal.SIGXFSZ), ("os.rename", signal.SIGKILL)])
def test_a_first_manifest_is_there_whole_or_not_at_all(tmp_path: Path, moment: str, number: int) -> None:
    arguments = ("init", "agents/agent-permissions.yaml", "--agent", "triage")
    assert stopped(tmp_path, moment, number, *arguments).returncode == -number
    assert [one.name for one in (tmp_path / "agents").iterdir()] == drafts(tmp_path / "agents")
    assert permlint(tmp_path, *arguments).returncode == 0
    assert "agent_name: triage" in (tmp_path / "agents" / "agent-permissions.yaml").read_text()
    assert "1 manifest checked" in permlint(tmp_path, "check").stdout  # the draft is none


@every_writer
@pytest.mark.parametrize("moment", ["open", "os.rename"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_the_old_file_and_no_draft(
    tmp_path: Path, writer: Writer, moment: str, number: int
) -> None:
    name, *arguments = writer(tmp_path)
    before, names = (tmp_path / name).read_bytes(), {one.name for one in tmp_path.iterdir()}
    done = stopped(tmp_path, moment, number, *arguments)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (130, "permlint: interrupted")
    assert (tmp_path / name).read_bytes() == before
    assert {one.name for one in tmp_path.iterdir()} == names


@every_writer
def test_a_disk_that_takes_no_more_is_a_sentence(tmp_path: Path, writer: Writer) -> None:
    name, *arguments = writer(tmp_path)
    before = (tmp_path / name).read_bytes()
    done = stopped(tmp_path, "writing", 0, *arguments)
    assert done.returncode == 2, done.stderr
    assert _sentence(done, name).endswith(": File too large")
    assert (tmp_path / name).read_bytes() == before
    assert drafts(tmp_path) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a disk of its own")
def test_a_full_disk_keeps_the_old_file(tmp_path: Path) -> None:
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(tmp_path)], check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        (tmp_path / "out.json").write_text("yesterday's")
        (tmp_path / "rest").write_bytes(b"x" * (1 << 15))
        with pytest.raises(OSError, match="No space left on device"):
            put(str(tmp_path / "out.json"), b"y" * (1 << 16))
        assert (tmp_path / "out.json").read_text() == "yesterday's"
        assert drafts(tmp_path) == []
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


@every_writer
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may forbid a folder to everybody")
def test_a_folder_that_takes_nothing_is_a_sentence(tmp_path: Path, writer: Writer) -> None:
    name, *arguments = writer(tmp_path)
    before = (tmp_path / name).read_bytes()
    # Not by its mode, which root need not mind.
    if subprocess.run(["mount", "--bind", str(tmp_path), str(tmp_path)], check=False).returncode:
        pytest.skip("no folder can be mounted read-only here")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(tmp_path)], check=True)
        done = permlint(tmp_path, *arguments)
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
    assert done.returncode == 2, done.stderr
    assert _sentence(done, name).endswith(": Read-only file system: make it writable")
    assert (tmp_path / name).read_bytes() == before


def _sentence(done: subprocess.CompletedProcess[str], name: str) -> str:
    assert "Traceback" not in done.stderr
    (sentence,) = (line for line in done.stderr.splitlines() if name in line)
    return sentence


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a file")
def test_a_file_that_is_a_mount_of_its_own_says_so(tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("old")
    inside = tmp_path / "inside"
    inside.touch()
    if subprocess.run(["mount", "--bind", str(tmp_path / "outside"), str(inside)], check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        with pytest.raises(OSError, match=r"something is mounted there \(Device or resource busy\): mount its folder"):
            put(str(inside), b"new")
        assert inside.read_text() == "old"
    finally:
        subprocess.run(["umount", str(inside)], check=True)
    assert drafts(tmp_path) == []


def test_two_runs_at_once_never_mix(tmp_path: Path) -> None:
    target = tmp_path / "shared"
    target.write_bytes(b"a" * 200_000)
    code = (
        "import sys\nfrom linter.replacing import put\n"
        "for _ in range(40): put(sys.argv[1], sys.argv[2].encode() * 200_000)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    runs = [subprocess.Popen([sys.executable, "-c", code, str(target), letter], env=environment) for letter in "ab"]
    while any([one.poll() is None for one in runs]):
        content = target.read_bytes()
        assert len(content) == 200_000
        assert len(set(content)) == 1
    assert [one.returncode for one in runs] == [0, 0]
    assert drafts(tmp_path) == []


def test_what_somebody_else_wrote_meanwhile_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "decisions.yaml"
    edit(str(target), None, "one\n")
    with pytest.raises(OSError, match="it changed meanwhile"):
        edit(str(target), None, "two\n")
    target.write_bytes(b"\xef\xbb\xbfelse\r\n")
    for read in ("one\n", "lse\r\n", "else"):
        with pytest.raises(OSError, match="it changed meanwhile"):
            edit(str(target), read, "two\n")
    assert target.read_bytes() == b"\xef\xbb\xbfelse\r\n"
    edit(str(target), "else\r\n", "two\r\n")
    assert target.read_bytes() == b"\xef\xbb\xbftwo\r\n"


def test_a_link_stays_one_and_its_target_keeps_its_mode_and_owner(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    real = tmp_path / "elsewhere" / "real"
    real.write_text("old")
    real.chmod(0o604)
    if os.geteuid() == 0:
        os.chown(real, 1234, 2345)
    owner = (real.stat().st_uid, real.stat().st_gid)
    (tmp_path / "link").symlink_to("elsewhere/real")
    put(str(tmp_path / "link"), b"new")
    assert (tmp_path / "link").is_symlink()
    assert (real.read_bytes(), stat.S_IMODE(real.stat().st_mode)) == (b"new", 0o604)
    assert (real.stat().st_uid, real.stat().st_gid) == owner
    assert [one.name for one in real.parent.iterdir()] == ["real"]
    (tmp_path / "dangling").symlink_to("elsewhere/not yet")
    put(str(tmp_path / "dangling"), b"made")
    assert (tmp_path / "elsewhere" / "not yet").read_bytes() == b"made"


def test_a_new_file_has_the_mode_that_the_umask_leaves(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        put(str(tmp_path / "new"), b"x")
        put(str(tmp_path / "secret"), b"x", 0o600)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
@pytest.mark.parametrize(
    ("folder_mode", "mode", "start"),
    [
        (0o777, 0o644, "Permission denied: make it writable\n"),
        (0o755, 0o666, "no file can be put into its folder (Permission denied): make the folder writable, for "),
        (0o777, 0o666, "done\n"),
    ],
)
def test_only_what_its_user_may_write_is_replaced(tmp_path: Path, folder_mode: int, mode: int, start: str) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    folder.chmod(folder_mode)
    (folder / "file").write_text("old")
    (folder / "file").chmod(mode)
    code = (
        "import os, sys\nsys.path.insert(0, sys.argv[1])\nfrom linter.replacing import put\nos.chdir(sys.argv[2])\n"
        "os.setgid(65534)\nos.setuid(65534)\n"
        "try: put('file', b'new'), print('done')\nexcept OSError as error: print(error.strerror)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(ROOT), str(folder)], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(start)
    assert (folder / "file").read_text() == ("new" if start == "done\n" else "old")
    assert drafts(folder) == []


def test_what_is_no_file_is_written_as_it_is(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        put(str(tmp_path / "pipe"), b"through")
        assert os.read(reader, 100) == b"through"
    finally:
        os.close(reader)
    for path in (str(tmp_path), f"{tmp_path}/new/", ""):
        with pytest.raises(IsADirectoryError):
            put(path, b"x")
    assert not (tmp_path / "new").exists()
    build(tmp_path, {"agent-permissions.yaml": SOUND})
    with (tmp_path / "kept").open("wb") as kept:  # a stream that is a file: what the shell opened is what is written
        subprocess.run(
            [sys.executable, "-m", "linter", "check", "--format", "json", "--output", "/dev/stdout"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=kept,
            check=True,
        )
        assert os.fstat(kept.fileno()).st_size == (tmp_path / "kept").stat().st_size > 100


def test_a_name_as_long_as_names_may_be_has_room_for_a_draft(tmp_path: Path) -> None:
    put(str(tmp_path / ("n" * 255)), b"x")
    assert [one.name for one in tmp_path.iterdir()] == ["n" * 255]


def test_an_access_control_list_stays(tmp_path: Path) -> None:
    # acl(5) and linux/posix_acl_xattr.h: version 2; owner rw-, user 1234 r--, group r--, mask r--, other ---.
    entries = ((1, 6, -1), (2, 4, 1234), (4, 4, -1), (16, 4, -1), (32, 0, -1))
    given = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *one) for one in entries)
    target = tmp_path / "shared"
    target.write_text("old")
    try:
        os.setxattr(target, "system.posix_acl_access", given)
    except OSError:
        pytest.skip("this file system has no access control lists")
    put(str(target), b"new")
    assert (target.read_bytes(), os.getxattr(target, "system.posix_acl_access")) == (b"new", given)


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": SOUND})
    done = permlint(tmp_path, "check", "--output", "no/out.json")
    assert (done.returncode, done.stderr) == (
        2,
        "Error: Could not open file 'no/out.json': No such file or directory\n",
    )
