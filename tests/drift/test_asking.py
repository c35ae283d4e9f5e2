"""How a run of `drift` asks many systems: at the same time, within limits, on any executor, and interrupted."""

from __future__ import annotations

import io
import json
import os
import pickle
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from unittest.mock import patch

import pytest

from linter.checking import select as chosen
from linter.cli.progress import Progress
from linter.config import load
from linter.drift.asking import Daemons, Standing, Unit, answer, asked
from linter.drift.comparing import tell
from linter.drift.planes import Plane
from linter.drift.run import Request
from linter.drift.run import drift as run
from linter.reports.json import render
from linter.rulesets import ruleset
from linter.systems.live import KINDS, Adapter, Binding, Failure, Target, adapter_of
from linter.systems.postgresql.adapter import PostgreSQL
from tests import servers
from tests.command import ROOT, permlint
from tests.servers import World
from tests.world import TODAY, build

POSTGRESQL: Adapter = PostgreSQL()
BIND = '[systems.{0}]\nkind = "postgresql"\ndsn_env = "DSN_{0}"\nrole = "{1}"\n'
TABLE = "CREATE TABLE t (id int); CREATE ROLE {agent} LOGIN; GRANT SELECT ON t TO {agent}"


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that takes every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        found.settimeout(8)  # less than permlint waits for one of them
        yield found


def dsn_of(silent: socket.socket, database: str = "d") -> str:
    """How to reach it."""
    return f"postgresql://u:p@127.0.0.1:{silent.getsockname()[1]}/{database}"


def project(folder: Path, roles: dict[str, str]) -> None:
    """A manifest that reads one table of each system: name -> the agent's role there."""
    entries = ", ".join(f"{{resource: {name}.public.t, access: read-only}}" for name in roles)
    text = f"agent_name: a\nenvironment: staging\nowner: ops\nresources: [{entries}]\n"
    config = "".join(BIND.format(name, role) for name, role in roles.items())
    build(folder, {"agent-permissions.yaml": text}, config)


def started(
    folder: Path, env: dict[str, str], *arguments: str, stderr: int = subprocess.PIPE
) -> subprocess.Popen[bytes]:
    """The real command, not waited for."""
    whole = {**os.environ, **env, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "linter", "drift", *arguments]
    return subprocess.Popen(command, cwd=folder, env=whole, stdout=subprocess.PIPE, stderr=stderr)


def test_systems_are_asked_at_the_same_time(tmp_path: Path, silent: socket.socket) -> None:
    names = [f"pg{number}" for number in range(4)]
    project(tmp_path, dict.fromkeys(names, "x"))
    process = started(tmp_path, {f"DSN_{name}": dsn_of(silent, name) for name in names}, "--format", "json")
    met = [silent.accept()[0] for _ in names]
    for one in met:
        one.close()
    out, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (3, b"")
    assert [one["verdict"] for one in json.loads(out)["verdicts"]] == ["unverified"] * 4


def test_systems_check_asks_them_at_the_same_time_and_tells_them_in_order(
    tmp_path: Path, world: World, silent: socket.socket
) -> None:
    names = [f"pg{number}" for number in range(4)]
    project(tmp_path, dict.fromkeys(names, "x"))
    env = {f"DSN_{name}": dsn_of(silent, name) for name in names} | {"DSN_pg2": world.dsn}
    process = subprocess.Popen(
        [sys.executable, "-m", "linter", "systems", "--check"],
        cwd=tmp_path,
        env={**os.environ, **env, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    met = [silent.accept()[0] for _ in range(3)]  # all are asked before one has answered
    for one in reversed(met):
        one.close()
    out, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (3, "")
    lines = [line.split(": ") for line in out.splitlines()]
    assert [line[0] for line in lines] == [f"{name} (staging)" for name in names]
    assert lines[2][1:] == ["postgresql", "$DSN_pg2 answers"]
    assert not any("answers" in part for line in (lines[0], lines[1], lines[3]) for part in line)


def test_never_more_than_eight_at_a_time(tmp_path: Path, silent: socket.socket) -> None:
    names = [f"pg{number}" for number in range(10)]
    project(tmp_path, dict.fromkeys(names, "x"))
    process = started(tmp_path, {f"DSN_{name}": dsn_of(silent, name) for name in names}, "--format", "json")
    met = [silent.accept()[0] for _ in range(8)]
    silent.setblocking(False)
    with pytest.raises(BlockingIOError):
        silent.accept()
    silent.settimeout(8)
    for _ in range(2):  # one that is done makes room for the next
        met.pop(0).close()
        met.append(silent.accept()[0])
    for one in met:
        one.close()
    out, _ = process.communicate(timeout=30)
    assert [one["verdict"] for one in json.loads(out)["verdicts"]] == ["unverified"] * 10


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=lambda how: how.name)
def test_an_interrupted_run_reports_what_it_knows(
    tmp_path: Path, world: World, silent: socket.socket, how: signal.Signals
) -> None:
    world.run(TABLE, "GRANT DELETE ON t TO {agent}")
    project(tmp_path, {"good": world.role("agent"), "dead": "x"})
    outputs = [part for form in ("json", "sarif", "text") for part in ("--format", form, "--output", f"out.{form}")]
    env = {"DSN_good": world.dsn, "DSN_dead": dsn_of(silent)}
    process = started(tmp_path, env, "-v", "--record", "granted.json", "--state", "state", *outputs)
    assert process.stderr is not None
    assert process.stderr.readline().startswith(b"permlint: $DSN_good: ")
    waiting, _ = silent.accept()
    with waiting:
        process.send_signal(how)
        _, said = process.communicate(timeout=8)  # the dead one would have had ten seconds
    assert said.decode().splitlines()[-1] == (
        "permlint: interrupted: what had not answered is reported as unverified; "
        "granted.json is not written; state is not written"
    )
    assert process.returncode == 130
    assert not (tmp_path / "granted.json").exists()
    assert not (tmp_path / "state").exists()
    body = json.loads((tmp_path / "out.json").read_text())
    assert {one["system"]: one["verdict"] for one in body["verdicts"]} == {"good": "excess", "dead": "unverified"}
    assert "drift/undeclared-privilege" in {one["rule"] for one in body["findings"]}
    assert body["unchecked"][0] == "the run was interrupted when 1 of 2 systems had not answered"
    assert "$DSN_dead: the run was interrupted before its answer was compared" in body["unchecked"][1]
    (log,) = json.loads((tmp_path / "out.sarif").read_text())["runs"]
    assert log["invocations"][0]["executionSuccessful"] is False
    assert "not checked: the run was interrupted when 1 of 2" in (tmp_path / "out.text").read_text()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=lambda how: how.name)
def test_an_interrupted_report_is_none(tmp_path: Path, silent: socket.socket, how: signal.Signals) -> None:
    project(tmp_path, {"dead": "x"})
    command = [sys.executable, "-m", "linter", "report", "--live", "--output", "report.html"]
    env = {**os.environ, "DSN_dead": dsn_of(silent), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    waiting, _ = silent.accept()
    with waiting:
        process.send_signal(how)
        out, said = process.communicate(timeout=8)
    assert (process.returncode, out, said) == (130, b"", b"permlint: interrupted\n")
    assert not (tmp_path / "report.html").exists()


def test_an_interrupt_while_comparing(world: World) -> None:
    target = Target(("one",), "$ONE", world.dsn)
    unit = Unit(POSTGRESQL, target, ())

    def compare(*_: object) -> Failure:
        signal.raise_signal(signal.SIGINT)
        return Failure("compared")

    with Daemons() as pool:
        told = tell([unit], [plane_on(target), plane_on(target)], compare, pool, None)
    assert told.interruption == ("the run was interrupted when 0 of 1 systems had not answered",)
    assert set(told.compared) == {Failure("$ONE: the run was interrupted before its answer was compared")}


def plane_on(target: Target) -> Plane:
    """A plane of which only the target matters."""
    return Plane(POSTGRESQL, Binding("one", "staging", "postgresql", {}), target, "x", ())


def test_one_system_may_not_take_longer_than_its_limit(silent: socket.socket) -> None:
    unit = Unit(POSTGRESQL, Target(("dead",), "$DEAD", dsn_of(silent)), ("x",), limit=0.05)
    assert answer(unit).said == Failure("$DEAD: there was no complete answer within 0.05 s")


def test_a_dead_system_gives_its_place_back(world: World, silent: socket.socket) -> None:
    dead = Unit(POSTGRESQL, Target(("dead",), "$DEAD", dsn_of(silent)), ("x",), limit=0.05)
    good = Unit(POSTGRESQL, Target(("good",), "$GOOD", world.dsn), ())
    with Daemons(1) as pool:
        said = [(unit.target.label, isinstance(found.said, Failure)) for unit, found in asked([dead, good], pool)]
    assert said == [("$DEAD", True), ("$GOOD", False)]


def test_a_system_that_breaks_permlint_leaves_the_others(world: World) -> None:
    # A recording of a form that nobody has checked: the adapter fails in a way that it does not foresee.
    broken = Unit(POSTGRESQL, Target(("bad",), "bad.json"), (), recorded={"snapshot": {"roles": 3}})
    good = Unit(POSTGRESQL, Target(("good",), "$GOOD", world.dsn), ())
    with Daemons() as pool:
        said = {unit.target.label: found.said for unit, found in asked([broken, good], pool)}
    assert isinstance(said["bad.json"], Failure)
    assert not isinstance(said["$GOOD"], Failure)


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_any_executor_says_the_same(tmp_path: Path, newest: servers.Server, kind: str) -> None:
    with ExitStack() as stack:
        worlds = {f"pg{number}": stack.enter_context(servers.world(newest)) for number in range(3)}
        for number, one in enumerate(worlds.values()):
            one.run(TABLE, *["GRANT UPDATE ON t TO {agent}"] * (number == 1))
        project(tmp_path, {name: one.role("agent") for name, one in worlds.items()})
        env = {f"DSN_{name}": one.dsn for name, one in worlds.items()}
        expected = permlint(tmp_path, "drift", "--format", "json", "--as-of", str(TODAY), env=env)
        with patch.dict(os.environ, env):
            config = load(None, str(tmp_path))
            pool: Executor = (
                ThreadPoolExecutor(2) if kind == "threads" else ProcessPoolExecutor(2, mp_context=get_context("spawn"))
            )
            chosen_ones = chosen(config, (), str(tmp_path), force_exclude=False)
            found = run(config, ruleset(config, "drift"), chosen_ones, TODAY, Request(), pool)
    reports = [json.loads(render(found.outcome)), json.loads(expected.stdout)]
    for one in (place for report in reports for place in report["asked"]):
        assert one.pop("at")  # the servers' clock moves on between two runs
    assert reports[0] == reports[1]
    assert [one["verdict"] for one in reports[1]["verdicts"]] == ["ok", "excess", "ok"]
    assert sorted(label for label, _ in found.seconds) == ["$DSN_pg0", "$DSN_pg1", "$DSN_pg2"]


def test_what_an_answer_is_made_of_can_be_sent(world: World) -> None:
    unit = Unit(POSTGRESQL, Target(("good",), "$GOOD", world.dsn), ())
    said = answer(pickle.loads(pickle.dumps(unit))).said  # noqa: S301 - our own bytes
    assert not isinstance(said, Failure)
    assert pickle.loads(pickle.dumps(said)).to_json() == said.to_json()  # noqa: S301


@pytest.mark.parametrize("kind", KINDS)
def test_who_asks_can_be_sent(kind: str) -> None:
    adapter = adapter_of(kind)
    assert adapter is not None
    assert pickle.loads(pickle.dumps(adapter)).about() == adapter.about()  # noqa: S301


def test_the_pool_keeps_no_process_alive() -> None:
    code = (
        "import threading\nfrom linter.drift.asking import Daemons\n"
        "pool = Daemons(1)\nbusy = threading.Event()\n"
        "pool.submit(lambda: (busy.set(), threading.Event().wait()))\nbusy.wait()\n"
        "later = pool.submit(print, 'never')\nassert later.cancel()\npool.shutdown()\nprint('done')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout == "done\n"


def test_the_pool_hands_on_what_a_call_returns_or_raises() -> None:
    with Daemons(2) as pool:
        kept = pool.submit(divmod, 7, 2)
        failed = pool.submit(divmod, 7, 0)
        daemons = [pool.submit(lambda: threading.current_thread().daemon) for _ in range(5)]
        assert kept.result(5) == (3, 1)
        with pytest.raises(ZeroDivisionError):
            failed.result(5)
        assert [one.result(5) for one in daemons] == [True] * 5


def test_a_terminal_sees_how_far_it_is(tmp_path: Path, silent: socket.socket) -> None:
    project(tmp_path, {"dead": "x"})
    ours, theirs = pty.openpty()
    process = started(tmp_path, {"DSN_dead": dsn_of(silent)}, stderr=theirs)
    os.close(theirs)
    waiting, _ = silent.accept()
    with waiting:
        said = read_until(ours, b"0 of 1 systems answered; waiting for $DSN_dead")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=8)
    said += read_until(ours, b"unverified\r\n")
    assert said.endswith(b"\r\x1b[Kpermlint: interrupted: what had not answered is reported as unverified\r\n")
    os.close(ours)


def read_until(descriptor: int, end: bytes) -> bytes:
    """What a terminal shows, up to a text."""
    said = b""
    while end not in said:
        ready, _, _ = select.select([descriptor], [], [], 20)
        assert ready, said
        said += os.read(descriptor, 4096)
    return said


def shown(*standings: Standing) -> list[str]:
    """What a terminal is shown, a line each."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as stream:
        progress = Progress(stream, quiet=False, verbose=False)
        for one in standings:
            progress(one)
        said = read_until(ours, b"\x1b[K") if standings else b""
    os.close(ours)
    return said.decode().split("\r\x1b[K")[1:]


def test_the_time_that_is_left() -> None:
    # A terminal here has 80 columns. 16 systems, 8 at a time, 3 s each: two rounds are 6 s, of which 3.5 are over.
    running = tuple(f"$PG{number}" for number in range(8))
    answered = tuple((f"$OLD_{number}", 3.0) for number in range(8))
    assert shown(Standing(answered, running, 16, 3.5)) == [
        "8 of 16 systems answered, about 2 s left; waiting for $PG0, $PG1 and 6 more"
    ]
    # Nobody knows how long one takes that is later than all the others.
    assert shown(Standing(answered, ("$DSN_9",), 9, 30)) == ["8 of 9 systems answered; waiting for $DSN_9"]
    assert shown(Standing((), ("$A", "$B"), 2, 20)) == ["0 of 2 systems answered; waiting for $A, $B"]
    assert shown(Standing((("$A", 1.0),), (), 1, 1.0)) == [""]


def told(*standings: Standing, quiet: bool = False, verbose: bool = False) -> list[str]:
    """What a log gets, a line each."""
    stream = io.StringIO()
    progress = Progress(stream, quiet=quiet, verbose=verbose)
    for one in standings:
        progress(one)
    progress.summary(standings[-1].answered, 31.24)
    return stream.getvalue().splitlines()


QUICK = Standing((("$A", 0.25),), ("$B",), 2, 0.3), Standing((("$A", 0.25), ("$B", 0.5)), (), 2, 0.5)
LATE = (
    Standing((("$A", 0.25),), ("$B",), 2, 0.3),
    Standing((("$A", 0.25),), ("$B",), 2, 10.2),
    Standing((("$A", 0.25),), ("$B",), 2, 10.4),
    Standing((("$A", 0.25), ("$B", 31.0)), (), 2, 31.2),
)


def test_a_log_hears_of_slow_systems_alone() -> None:
    assert told(*QUICK) == []
    assert told(*LATE) == [
        "permlint: $B has not answered for 10 s; 1 of 2 have",
        "permlint: $B: 31.0 s, 2 of 2",
    ]  # fmt: skip
    assert told(*LATE, quiet=True, verbose=True) == []


def test_verbose_tells_of_each_system_and_sums_up() -> None:
    assert told(*QUICK, verbose=True) == [
        "permlint: $A: 0.2 s, 1 of 2",
        "permlint: $B: 0.5 s, 2 of 2",
        "permlint: 2 systems were asked, at most 1 at a time; the run took 31.2 s",
        "permlint:    0.50 s  $B",
        "permlint:    0.25 s  $A",
    ]


def test_how_long_it_took_is_not_in_the_json(tmp_path: Path, world: World) -> None:
    world.run(TABLE)
    project(tmp_path, {"good": world.role("agent")})
    env = {"DSN_good": world.dsn}
    plain = permlint(tmp_path, "drift", "--format", "json", env=env)
    again = permlint(tmp_path, "drift", "--format", "json", "-q", env=env)
    # Only when each system answered may differ.
    said = [re.sub(r'"at": "[^"]+"', "", one.stdout) for one in (plain, again)]
    assert said[0] == said[1] != plain.stdout
    assert plain.stderr == again.stderr == ""
    loud = permlint(tmp_path, "drift", "--format", "json", "-v", env=env)
    assert [line[:10] for line in loud.stderr.splitlines()] == ["permlint: "] * 3


def test_standard_error_may_be_closed(tmp_path: Path, world: World) -> None:
    world.run(TABLE)
    project(tmp_path, {"good": world.role("agent")})
    env = {**os.environ, "DSN_good": world.dsn, "PYTHONPATH": str(ROOT)}
    command = f"{sys.executable} -m linter drift -v 2>&-"
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, env=env, stdout=subprocess.PIPE, check=False)
    assert done.returncode == 0
    assert b"1 manifest checked" in done.stdout
