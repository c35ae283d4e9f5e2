"""The state file itself: killed in the middle, written by two at once, of another version, another program's, unwritable."""

from __future__ import annotations

import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from linter.findings import Finding, Location, Severity, Source
from linter.nightly import store
from linter.nightly.history import History
from linter.nightly.news import Known
from linter.nightly.store import StateError, reading, transaction
from tests.command import permlint
from tests.nightly.nights import Nights, ended, manifest, slack, statuses

ROOT = str(Path(__file__).parent.parent.parent)
FILES = "files:write"
# As the first version wrote it, and never to be edited: what is in the field must be read for ever.
VERSION_1 = """
CREATE TABLE run (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, day TEXT NOT NULL, version TEXT NOT NULL, whole INTEGER NOT NULL
);
CREATE TABLE finding (
    fingerprint TEXT PRIMARY KEY, about TEXT NOT NULL, rule TEXT NOT NULL, severity INTEGER NOT NULL,
    message TEXT NOT NULL, fix TEXT NOT NULL, cause TEXT NOT NULL, path TEXT NOT NULL, line INTEGER NOT NULL,
    agent TEXT NOT NULL, environment TEXT NOT NULL, resource TEXT NOT NULL,
    source TEXT, owner TEXT NOT NULL, extent TEXT NOT NULL,
    first_seen TEXT NOT NULL, since TEXT NOT NULL,
    accepted TEXT NOT NULL, ended TEXT NOT NULL, how TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX finding_ended ON finding (ended);
CREATE TABLE sight (fingerprint TEXT PRIMARY KEY, last_seen TEXT NOT NULL, nights INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE source (
    name TEXT PRIMARY KEY, path TEXT NOT NULL, owner TEXT NOT NULL, last_success TEXT NOT NULL,
    failures INTEGER NOT NULL, failing_since TEXT NOT NULL, problem TEXT NOT NULL, rejected INTEGER NOT NULL,
    last_asked TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE rule (id TEXT PRIMARY KEY, severity TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE notice (
    destination TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, episode TEXT NOT NULL,
    day TEXT NOT NULL, event TEXT NOT NULL, claimed TEXT NOT NULL, sent TEXT NOT NULL,
    PRIMARY KEY (destination, kind, subject, episode)
) WITHOUT ROWID;
INSERT INTO run VALUES (1, '2026-11-01T03:00:00Z', '2026-11-01', '0.1.0', 1);
INSERT INTO finding VALUES (
    'sha256:00000000000000000000000000000000000000000000000000000000000000aa', 'about', 'drift/undeclared-privilege', 2,
    'said', 'done', 'caused', 'gone/agent-permissions.yaml', 5, 'gone', 'production', 'chat',
    '["gone", "production", "chat"]', 'support', '{"level":"write","scopes":["files:write"]}',
    '2026-10-01', '2026-10-01', '', '', ''
);
INSERT INTO sight VALUES ('sha256:00000000000000000000000000000000000000000000000000000000000000aa', '2026-11-01', 32);
INSERT INTO source VALUES (
    '["gone", "production", "chat"]', 'gone/agent-permissions.yaml', 'support', '2026-11-01T03:00:00Z', 0, '', '', 0, '2026-11-01'
);
PRAGMA application_id = 1885696621;
PRAGMA user_version = 1;
"""


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path)


def refusal(path: Path | str, use: Callable[[str], object] | None = None) -> str:
    with pytest.raises(StateError) as caught:
        (use or _begun)(str(path))
    return str(caught.value)


def _begun(path: str) -> None:
    with transaction(path):
        pass


def test_a_state_of_the_first_version_is_read_and_carried_on(nights: Nights) -> None:
    with closing(sqlite3.connect(nights.state)) as connection:
        connection.executescript(VERSION_1)
    night = nights.run(2, {"chat": slack(FILES)})
    with History.of(str(nights.state)) as history:
        (known,) = (one for one in history.findings() if one.agent == "gone")
        assert (known.nights, known.source) == (32, ("gone", "production", "chat"))
        assert [one.last_success for one in history.sources()] == ["2026-11-02T00:00:00Z"]
    assert not night.adoption
    assert statuses(night) == {FILES: "new"}
    assert [one.findings[0].since for one in night.kept] == ["2026-10-01"]


def test_an_older_state_is_migrated_step_by_step_and_whole(nights: Nights) -> None:
    nights.run(1, {"chat": slack(FILES)})
    steps = (*store.STEPS, ("ALTER TABLE run ADD COLUMN seconds REAL",), ("UPDATE run SET seconds = 1.5",))
    assert "older version" in refusal(nights.state, lambda path: reading(path, steps).__enter__())
    with pytest.raises(StateError), transaction(str(nights.state), (*steps, ("SELECT no_such_column",))):
        pass
    assert nights.rows("PRAGMA user_version") == [(3,)]
    assert "seconds" not in nights.rows("SELECT sql FROM sqlite_master WHERE name = 'run'")[0][0]
    with transaction(str(nights.state), steps) as connection:
        assert [row["seconds"] for row in connection.execute("SELECT seconds FROM run")] == [1.5]
    assert nights.rows("PRAGMA user_version") == [(5,)]
    # Now it is a newer one for this permlint, which leaves it alone.
    sentence = "was written by a newer permlint (its version is 5, and this permlint knows 3): update permlint, or give another file"
    assert refusal(nights.state) == sentence
    assert [one.message for one in nights.outcome(2, {"chat": slack()}).errors] == [sentence]
    assert len(nights.rows("SELECT * FROM finding WHERE ended = ''")) == 1


def test_files_that_are_no_state(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("a" * 4096)
    assert refusal(tmp_path / "text") == "is no SQLite database"
    with closing(sqlite3.connect(tmp_path / "other")) as connection:
        connection.executescript("CREATE TABLE customers (id INTEGER)")
    assert refusal(tmp_path / "other") == "is a database of another program, and no state of permlint's"
    with closing(sqlite3.connect(tmp_path / "other")) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("customers",)]
    assert "is its folder there" in refusal(tmp_path / "missing" / "state")
    assert refusal(tmp_path) == "cannot be opened: is its folder there, and may this user write in it?"
    assert refusal(tmp_path / "nowhere", lambda path: reading(path).__enter__()) == "is not there"
    os.mkfifo(tmp_path / "fifo")
    assert refusal(tmp_path / "fifo")


def test_an_empty_file_is_a_lost_history_and_no_first_run(nights: Nights) -> None:
    nights.run(1, {"chat": slack(FILES)})
    os.truncate(nights.state, 0)
    lost = (
        "is empty, and a state never is: what it knew is lost. Restore it from a copy, or delete it to begin a new one"
    )
    assert refusal(nights.state) == refusal(nights.state, lambda path: reading(path).__enter__()) == lost
    live = {"schema_version": 1, "taken": "2026-11-02T00:00:00Z", "systems": {"chat": slack(FILES)}}
    (nights.folder / "live.json").write_text(json.dumps(live))
    arguments = ("--live-from", "live.json", "--as-of", "2026-11-02", "--state", "state.sqlite", "--only-new")
    done = permlint(nights.folder, "drift", *arguments)
    assert (done.returncode, nights.state.stat().st_size) == (2, 0)
    assert f"state.sqlite:1:1: {lost}" in done.stdout
    assert "drift/undeclared-privilege" in done.stdout  # the report is printed all the same
    nights.state.unlink()
    assert nights.run(2, {"chat": slack(FILES)}).adoption


def test_a_state_is_there_whole_or_not_at_all(nights: Nights) -> None:
    """A kill before the first run is done leaves no file that the next one refuses."""
    code = (
        f"import sys\nsys.path.insert(0, {ROOT!r})\nfrom linter.nightly.store import transaction\n"
        "with transaction(sys.argv[1]):\n    print('begun', flush=True)\n    sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(nights.state)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.kill()
    assert nights.run(1, {"chat": slack(FILES)}).adoption
    assert [one.name for one in nights.folder.iterdir() if "state" in one.name] == ["state.sqlite"]


def test_a_damaged_file(nights: Nights) -> None:
    nights.run(1, {"chat": slack(*(f"new:scope{number}" for number in range(300)))})
    raw = bytearray(nights.state.read_bytes())
    raw[4096:] = b"\xff" * (len(raw) - 4096)
    nights.state.write_bytes(raw)
    (error,) = nights.outcome(2, {"chat": slack()}).errors
    assert error.message == "is damaged: restore it from a copy, or begin a new one under another name"
    assert nights.state.read_bytes() == raw


def test_a_new_state_is_its_owners_alone(nights: Nights) -> None:
    nights.run(1, {"chat": slack()})
    assert nights.state.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_a_file_that_this_user_may_not_write(nights: Nights) -> None:
    nights.run(1, {"chat": slack(FILES)})
    nights.state.chmod(0o444)
    for folder in (nights.folder, *nights.folder.parents[:3]):
        folder.chmod(0o755)
    code = (
        "import os, sys, urllib.parse\nfrom linter.nightly.store import StateError, transaction\n"
        "os.setgid(65534); os.setuid(65534)\n"  # after pathlib's late import on 3.13: nobody may be denied the library
        "try:\n    with transaction(sys.argv[1]) as found: found.execute('DELETE FROM run')\nexcept StateError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(nights.state)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "cannot be written: it, or its folder, is read-only\n"


def _much(nights: Nights) -> list[str]:
    """A night whose thousand findings do not fit; the command that runs it."""
    nights.write(support=manifest("notifier", "{resource: chat, actions: ['chat:write']}"))
    systems = {"chat": slack("chat:write", *(f"scope:{number}" for number in range(1000)))}
    live = {"schema_version": 1, "taken": "2026-11-02T00:00:00Z", "systems": systems}
    (nights.folder / "live.json").write_text(json.dumps(live))
    return [sys.executable, "-m", "linter", "drift", "--live-from", "live.json", "--as-of", "2026-11-02", "--state"]


def _full(nights: Nights, state: Path, limit: Callable[[], None] | None, sentence: str) -> None:
    nights.state = state
    nights.run(1, {"chat": slack()})
    before = nights.rows("SELECT * FROM run")
    done = subprocess.run(
        [*_much(nights), str(state)],
        cwd=nights.folder,
        env={**os.environ, "PYTHONPATH": ROOT},
        preexec_fn=limit,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert f"{state}:1:1: {sentence}" in done.stdout
    assert done.stdout.count("drift/undeclared-privilege") > 10  # the report is printed all the same
    assert done.stderr == ""
    assert nights.rows("SELECT * FROM run") == before
    assert nights.run(3, {"chat": slack()}).previous == "2026-11-01"


def test_a_file_that_may_not_grow(nights: Nights) -> None:
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))

    _full(nights, nights.state, limit, "cannot be written: the disk takes no more")


def test_a_full_disk(nights: Nights, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        _full(nights, disk / "state.sqlite", None, "cannot be written: the disk is full")
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_kill_in_the_middle_loses_that_run_alone(nights: Nights) -> None:
    nights.run(1, {"chat": slack(FILES)})
    before = nights.rows("SELECT * FROM finding ORDER BY fingerprint")
    code = f"""
import sys
sys.path.insert(0, {ROOT!r})
from linter.nightly.store import transaction
with transaction(sys.argv[1]) as connection:
    connection.execute("PRAGMA cache_size = 1")  # so that pages reach the file before the end
    connection.execute("UPDATE finding SET ended = '2026-11-02', how = 'resolved'")
    connection.execute("DELETE FROM run")
    for number in range(2000):
        connection.execute("INSERT INTO rule VALUES (?, ?)", (f"rule/{{number}}", "x" * 500))
    print("written", flush=True)
    sys.stdin.read()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(nights.state)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdin is not None
    with process.stdout, process.stdin:
        assert process.stdout.readline() == "written\n"
        assert nights.state.stat().st_size > 500_000  # the journal is hot: the file itself is half written
        assert Path(f"{nights.state}-journal").exists()
        process.send_signal(signal.SIGKILL)
        assert process.wait(10) == -signal.SIGKILL
    with History.of(str(nights.state)) as history:  # whoever reads first rolls back
        assert [one.ended for one in history.findings()] == [""]
    assert nights.rows("SELECT * FROM finding ORDER BY fingerprint") == before
    night = nights.run(2, {"chat": slack()})
    assert (night.previous, ended(night)) == ("2026-11-01", {FILES: "resolved"})
    assert nights.rows("PRAGMA integrity_check") == [("ok",)]


def test_the_real_command_killed_at_many_moments(nights: Nights) -> None:
    """Whatever the moment, the state is whole, and has the nights before it or that night too."""
    live = {"schema_version": 1, "taken": "2026-11-24T00:00:00Z", "systems": {"chat": slack(FILES)}}
    (nights.folder / "live.json").write_text(json.dumps(live))
    arguments = ["drift", "--live-from", "live.json", "--as-of", "2026-11-24", "--state", "state.sqlite"]
    started = time.monotonic()
    assert permlint(nights.folder, *arguments).returncode == 1
    whole = time.monotonic() - started
    runs = 1
    for part in range(1, 9):
        process = subprocess.Popen(
            [sys.executable, "-m", "linter", *arguments],
            cwd=nights.folder,
            env={**os.environ, "PYTHONPATH": ROOT},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(whole * part / 8)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert nights.rows("PRAGMA integrity_check") == [("ok",)]
        ((now,),) = nights.rows("SELECT count(*) FROM run")
        assert now in (runs, runs + 1)
        runs = now
        ((seen,),) = nights.rows("SELECT nights FROM sight")
        assert seen == 1


def test_two_runs_at_once(nights: Nights) -> None:
    live = {"schema_version": 1, "taken": "2026-11-24T00:00:00Z", "systems": {"chat": slack(FILES)}}
    (nights.folder / "live.json").write_text(json.dumps(live))
    arguments = [
        "drift",
        "--live-from",
        "live.json",
        "--as-of",
        "2026-11-24",
        "--state",
        "state.sqlite",
        "--format",
        "json",
    ]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "linter", *arguments],
            cwd=nights.folder,
            env={**os.environ, "PYTHONPATH": ROOT},
            stdout=subprocess.PIPE,
        )
        for _ in range(4)
    ]
    bodies = [json.loads(process.communicate(timeout=60)[0]) for process in processes]
    assert [body["errors"] for body in bodies] == [[]] * 4
    assert sorted(body["nightly"]["adoption"] for body in bodies) == [False, False, False, True]
    assert nights.rows("SELECT count(*) FROM run") == [(4,)]
    assert nights.rows("SELECT nights, ended FROM finding JOIN sight USING (fingerprint)") == [(1, "")]


def test_a_run_waits_for_another_and_then_says_so(nights: Nights) -> None:
    nights.run(1, {"chat": slack()})
    with transaction(str(nights.state)):
        assert refusal(nights.state, lambda path: transaction(path, busy=0.05).__enter__()) == (
            "is in use by another run, which did not end in time"
        )


def test_hostile_text_in_every_field(tmp_path: Path) -> None:
    nights = Nights(tmp_path)
    outcome, _ = nights.look(1, {"chat": slack(FILES)})
    evil = "x'); DROP TABLE finding; --\x00\x1b[2J\ud800\u202e<!channel> ##[error] ::warning:: ”\n`|"
    finding = Finding(
        outcome.findings[0].rule,
        Severity.ERROR,
        evil,
        Location(evil, 3, 1, 3, 1),
        evil,
        evil,
        evil,
        evil,
        evil,
        details={"scopes": [evil]},
        cause=evil,
        source=Source(evil, evil, evil),
    )
    asked = outcome.attempts[0]._replace(source=Source(evil, evil, evil), path=evil, owner=evil)
    dirty = outcome._replace(findings=(finding,), attempts=(asked,))
    assert [one.status for one in nights.remember(dirty).standings.values()] == ["open"]
    night = nights.remember(dirty)
    assert [one.status for one in night.standings.values()] == ["open"]
    with History.of(str(nights.state)) as history:
        (known,) = history.findings()
        assert isinstance(known, Known)
        assert known.message == evil.replace("\ud800", "\\ud800")
        assert history.finding(finding.fingerprint) == known
    gone = nights.remember(outcome._replace(findings=(), attempts=(asked._replace(problem=""),)))
    assert [one.how for one in gone.ended] == ["resolved"]
