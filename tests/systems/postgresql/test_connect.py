"""Servers that cannot be asked: one clear sentence, and nothing of the connection string in it."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from linter.systems.postgresql.connect import Limits, MissingExtra, Unavailable, session
from linter.systems.postgresql.scan import scan
from tests import servers

QUICK = Limits(connect=2, statement=1, lock=1)
SECRET = "s3cr3t-Pa55"


def sentence(dsn: str, limits: Limits = QUICK) -> str:
    """What is said of a server that cannot be asked."""
    with pytest.raises(Unavailable) as caught:
        scan(dsn, ["nobody"], limits=limits)
    said = str(caught.value)
    assert "\n" not in said
    assert SECRET not in said
    return said


@pytest.fixture(scope="module")
def guarded() -> Iterator[tuple[servers.Server, int]]:
    """A server on a TCP port that asks one role for a password and keeps another out."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    hba = "host all locked 127.0.0.1/32 scram-sha-256\nhost all stranger 127.0.0.1/32 reject\n"
    major = max(servers.programs())
    with servers.running(major, "listen_addresses=127.0.0.1", f"port={port}", hba=hba) as server:
        with server.connect() as connection:
            connection.execute(f"CREATE ROLE locked LOGIN PASSWORD '{SECRET}'".encode())
            connection.execute("CREATE ROLE stranger LOGIN; CREATE ROLE group_role")
            connection.execute("CREATE DATABASE closed ALLOW_CONNECTIONS false")
            connection.execute("CREATE DATABASE private")
            connection.execute("REVOKE CONNECT ON DATABASE private FROM PUBLIC")
        yield server, port


@pytest.mark.parametrize(
    ("dsn", "says"),
    [
        (f"postgresql://locked:{SECRET}x@127.0.0.1:{{port}}/postgres", "refuses the login: wrong user or password"),
        ("postgresql://locked@127.0.0.1:{port}/postgres", "demands a password, and none was given"),
        (f"postgresql://stranger:{SECRET}@127.0.0.1:{{port}}/postgres", "does not admit this login from here (pg_hba.conf)"),
        (f"postgresql://absent:{SECRET}@127.0.0.1:{{port}}/postgres", "has no such login role"),
        ("postgresql://group_role@127.0.0.1:{port}/postgres", "refuses the login: that role has no LOGIN"),
        ("postgresql://postgres@127.0.0.1:{port}/absent", "has no such database"),
        ("postgresql://postgres@127.0.0.1:{port}/closed", "does not let anybody connect to that database"),
        (f"postgresql://locked:{SECRET}@127.0.0.1:{{port}}/private", "refuses the login: that role has no CONNECT on the database"),
        (f"postgresql://locked:{SECRET}@127.0.0.1:{{port}}/postgres?sslmode=require", "offers no TLS, which the connection string demands"),
    ],
)  # fmt: skip
def test_refused(guarded: tuple[servers.Server, int], dsn: str, says: str) -> None:
    _, port = guarded
    assert sentence(dsn.format(port=port)) == f"the server at 127.0.0.1, port {port}, {says}"


@pytest.mark.parametrize(
    ("dsn", "rejected"),
    [
        (f"postgresql://locked:{SECRET}x@127.0.0.1:{{port}}/postgres", True),
        ("postgresql://group_role@127.0.0.1:{port}/postgres", True),
        (f"postgresql://absent:{SECRET}@127.0.0.1:{{port}}/postgres", True),
        # The login may be right, and the way or the place is not.
        (f"postgresql://stranger:{SECRET}@127.0.0.1:{{port}}/postgres", False),
        ("postgresql://postgres@127.0.0.1:{port}/closed", False),
        ("postgresql://postgres@127.0.0.1:1/postgres", False),
    ],
)
def test_a_login_that_is_refused_itself_is_told_apart(
    guarded: tuple[servers.Server, int], dsn: str, rejected: bool
) -> None:
    _, port = guarded
    with pytest.raises(Unavailable) as caught, session(dsn.format(port=port), Limits()):
        pass
    assert caught.value.rejected is rejected


def test_password_is_accepted(guarded: tuple[servers.Server, int]) -> None:
    _, port = guarded
    snapshot = scan(f"postgresql://locked:{SECRET}@127.0.0.1:{port}/postgres", ["@login"])
    assert snapshot.server.login == "locked"


@pytest.mark.parametrize(
    "dsn",
    [
        f"{SECRET}",
        f"postgresql://user:{SECRET}@[::1/db",
        f"host=localhost password={SECRET} port",
        f"postgresql://user:{SECRET}@host/db?unknown_option={SECRET}",
        f"postgresql://user:%zz{SECRET}@host/db",
        f"host=localhost password='{SECRET}",
        f"nonsense://{SECRET}@x/y",
    ],
)
def test_malformed(dsn: str) -> None:
    assert sentence(dsn) == (
        "its connection string is malformed: neither postgresql://USER@HOST/DATABASE nor host=... dbname=..."
    )


@pytest.mark.parametrize(
    ("dsn", "says"),
    [
        # A password with an unescaped "/" or "@" makes a port or a host out of a piece of it.
        (f"postgresql://127.0.0.1:{SECRET}/rest@host:1/db", "its connection string has values that make no sense"),
        (f"postgresql://u:p@{SECRET}{64 * 'x'}@127.0.0.1:1/db", "the server has a host name that does not resolve"),
        (f"host=127.0.0.1 port={SECRET}", "its connection string has values that make no sense"),
        (f"host=127.0.0.1 port=1 sslmode={SECRET}", "its connection string has values that make no sense"),
    ],
)
def test_mangled(dsn: str, says: str) -> None:
    assert says in sentence(dsn)


def test_nothing_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = sentence(f"postgresql://u:{SECRET}@127.0.0.1:{port}/db")
    assert said == f"the server at 127.0.0.1, port {port}, refuses connections: nothing listens there"


def test_no_socket(tmp_path: Path) -> None:
    assert sentence(f"host={tmp_path} dbname=x").endswith("refuses connections: nothing listens there")


def test_host_does_not_resolve() -> None:
    # A label of more than 63 characters is refused before anybody is asked.
    host = "a" * 64 + ".invalid"
    assert (
        sentence(f"postgresql://u:{SECRET}@{host}/db") == f"the server at {host} has a host name that does not resolve"
    )


@contextmanager
def imposter(behave: Callable[[socket.socket], None]) -> Iterator[int]:
    """Something on a TCP port that is not a server of ours; the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    line, _ = listener.accept()
                except OSError:
                    return
                with line:
                    line.settimeout(20)
                    with suppress(OSError):
                        behave(line)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=20)


def mute(line: socket.socket) -> None:
    """Take everything, say nothing."""
    while line.recv(4096):
        pass


def web(line: socket.socket) -> None:
    line.recv(4096)
    line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def shut(line: socket.socket) -> None:
    line.recv(4096)


def speaking(version: bytes, then: Callable[[socket.socket], None] = mute) -> Callable[[socket.socket], None]:
    """The protocol's beginning, as a server of some version speaks it; then something else."""

    def message(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("!i", len(body) + 4) + body

    def behave(line: socket.socket) -> None:
        while True:
            request = line.recv(4096)
            if not request:
                return
            code = struct.unpack("!i", request[4:8])[0]
            if code in (80877103, 80877104):  # SSLRequest, GSSENCRequest
                line.sendall(b"N")
                continue
            break
        line.sendall(
            message(b"R", struct.pack("!i", 0))
            + message(b"S", b"server_version\0" + version + b"\0")
            + message(b"S", b"client_encoding\0UTF8\0")
            + message(b"K", struct.pack("!ii", 1, 1))
            + message(b"Z", b"I")
        )
        then(line)

    return behave


@pytest.mark.parametrize(
    ("behave", "says"),
    [
        (web, "does not speak PostgreSQL's protocol"),
        (shut, "closed the connection before a session began: it is down, or is not a PostgreSQL"),
        (mute, "did not answer within 2 s"),
        (speaking(b"12.22"), "says it is PostgreSQL 12; permlint knows 13 and later"),
        (speaking(b"8.0.2"), "says it is PostgreSQL 8; permlint knows 13 and later"),
        (speaking(b"16.4"), "stopped answering in the middle of the scan"),
        (speaking(b"16.4", shut), "went down in the middle of the scan"),
    ],
    ids=["web", "shut", "mute", "12", "8", "silent", "gone"],
)
def test_imposter(behave: Callable[[socket.socket], None], says: str) -> None:
    with imposter(behave) as port:
        start = time.monotonic()
        said = sentence(f"postgresql://u:{SECRET}@127.0.0.1:{port}/db")
        assert time.monotonic() - start < 15
    assert said == f"the server at 127.0.0.1, port {port}, {says}"


def test_server_goes_down_in_the_middle(world: servers.World) -> None:
    def scan_and_go_down() -> None:
        with session(world.dsn, QUICK) as asked:
            asked.batch(("BEGIN", "SELECT 1"))
            with world.server.connect() as other:
                other.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'permlint'"
                )
            asked.batch(("SELECT 1",))

    with pytest.raises(Unavailable, match=r"went down in the middle of the scan$"):
        scan_and_go_down()


def test_statement_takes_too_long(world: servers.World) -> None:
    def wait() -> None:
        with session(world.dsn, QUICK) as asked:
            asked.batch(("SET statement_timeout = 100", "SELECT pg_sleep(30)"))

    with pytest.raises(Unavailable, match="needed more than 1 s for a statement of the scan"):
        wait()


def test_extra_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtra, match=re.escape("pip install 'permlint[postgres]'")):
        scan("host=x", [])


def test_hot_standby() -> None:
    major = max(servers.programs())
    with servers.running(major) as primary:
        with primary.connect() as connection:
            connection.execute(
                "CREATE ROLE agent LOGIN; CREATE TABLE t (a int); GRANT SELECT ON t TO agent; CREATE VIEW v AS SELECT 1 AS x"
            )
            connection.execute("GRANT INSERT ON v TO agent; CREATE POLICY p ON t USING (a = 1)")
        servers.stop(major, primary.data, "fast")
        with servers.running(major, copy_of=primary.data) as standby:
            snapshot = scan(standby.dsn(), ["agent"])
    assert snapshot.server.standby
    assert [one.using for one in snapshot.policies] == ["(a = 1)"]


@contextmanager
def pooler(server: servers.Server, mode: str, folder: Path) -> Iterator[int]:
    """PgBouncer in front of a server; its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\n* = host={server.folder} port={server.port} user=postgres\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = any\npool_mode = {mode}\n",
        encoding="utf-8",
    )
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen([*servers.as_nobody(), _PGBOUNCER, settings], stdout=log, stderr=log) as bouncer,
    ):
        try:
            assert until(lambda: listening(port))
            yield port
        finally:
            bouncer.terminate()


def listening(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


_PGBOUNCER = shutil.which("pgbouncer") or ""


@pytest.mark.skipif(not _PGBOUNCER, reason="there is no pgbouncer here")
@pytest.mark.parametrize("mode", ["session", "transaction", "statement"])
def test_pooler(world: servers.World, mode: str, tmp_path: Path) -> None:
    world.run("CREATE ROLE {agent}", "CREATE TABLE t (a int)", "CREATE POLICY p ON t USING (a = 1)")
    with pooler(world.server, mode, tmp_path) as port:
        dsn = f"postgresql://postgres@127.0.0.1:{port}/{world.database}"
        if mode == "statement":
            assert sentence(dsn) == (
                f"the server at 127.0.0.1, port {port}, is a pooler in statement mode, which has no transactions: "
                "connect to the database itself"
            )
            return
        snapshot = scan(dsn, [world.role("agent")])
    assert [one.using for one in snapshot.policies] == ["(a = 1)"]


def test_cancelled_run_leaves_nothing_behind(world: servers.World) -> None:
    world.run("CREATE ROLE {agent}", "CREATE TABLE t (a int)", "CREATE POLICY p ON t USING (a = 1)")
    world.run("CREATE VIEW v AS SELECT a FROM t", "GRANT INSERT ON v TO {agent}")
    code = (
        "import sys; from linter.systems.postgresql.scan import scan; from linter.systems.postgresql.connect import Limits\n"
        "scan(sys.argv[1], [sys.argv[2]], limits=Limits(10, 60, 60))"
    )
    watch = "SELECT pid, wait_event_type FROM pg_stat_activity WHERE application_name = 'permlint'"
    with world.server.connect(world.database) as blocker, world.server.connect() as watcher:
        blocker.execute("BEGIN; LOCK TABLE v IN ACCESS EXCLUSIVE MODE; LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        command = [sys.executable, "-c", code, world.dsn, world.role("agent")]
        with subprocess.Popen(command, stderr=subprocess.PIPE) as scanning:
            waited = until(lambda: any(row[1] == "Lock" for row in watcher.execute(watch).fetchall()))
            scanning.send_signal(signal.SIGINT)
            scanning.wait(timeout=30)
        assert waited
        assert until(lambda: not watcher.execute(watch).fetchall())


def until(true: Callable[[], bool]) -> bool:
    """Wait for something that happens elsewhere, 30 s at most; whether it did."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False
