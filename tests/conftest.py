"""What tests share: hypothesis' settings, the checkout and an environment for tests of packaging, PostgreSQL servers, a browser."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser

import linter.cli  # noqa: F401  # switches the collector off, see below
from linter.systems import secret
from tests import browser, servers

# In CI hypothesis draws the same examples each time: what was green stays green.
settings.register_profile("permlint", settings.default, database=None, deadline=None)
settings.load_profile("permlint")

# Else each permlint that a test starts compiles itself anew, which is half of its time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A run of permlint is short and collects nothing; a session of all tests would grow to gigabytes. Seldom, since it costs time.
gc.enable()
gc.set_threshold(400_000, 10, 10)

ROOT = Path(__file__).parent.parent
_FOREIGN = ("GIT_", "PIP_", "PRE_COMMIT", "PYTHON", "SKIP", "VIRTUALENV_")


@pytest.fixture(autouse=True)
def _own_secrets() -> Iterator[None]:
    """What one test takes for a credential is none to the next: a process hides all that it ever held."""
    before = set(secret._known)
    yield
    if secret._known != before:
        secret._known.clear()
        secret._known.update(before)
        secret._filter.cache_clear()


@pytest.fixture(scope="session")
def offline(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment variables with which git and pip know no network and no user of this machine."""
    wheelhouse = Path(sys.prefix, "wheelhouse")
    if not wheelhouse.is_dir():
        pytest.fail(f"{wheelhouse} is missing; `python3 dev.py test` makes it, and runs the tests where it is")
    home = tmp_path_factory.mktemp("home")
    (home / ".gitconfig").write_text("[user]\nname = Kim\nemail = kim@example.com\n", encoding="utf-8")
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)},
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_HOME": str(home / "data"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": wheelhouse.as_uri(),
        "PRE_COMMIT_HOME": str(home / "pre-commit"),
        "VIRTUALENV_NO_PERIODIC_UPDATE": "1",
    }


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory, offline: dict[str, str]) -> Path:
    """This checkout as it would be if all its files were committed now: a clean git repository, elsewhere."""
    copy = tmp_path_factory.mktemp("a checkout") / "permlint"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    for name in set(filter(None, os.fsdecode(listed.stdout).split("\0"))):
        source, target = ROOT / name, copy / name
        if source.is_file():  # and not deleted since the last commit
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
            target.chmod(source.stat().st_mode)
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "All"]):
        subprocess.run(["git", *command], cwd=copy, env=offline, check=True)
    return copy


@pytest.fixture(scope="session", params=sorted({*servers.MAJORS, *servers.programs()}), ids=lambda major: f"pg{major}")
def server(request: pytest.FixtureRequest) -> Iterator[servers.Server]:
    """A PostgreSQL server of each version that can be had here; the report's header says which those are."""
    if request.param not in servers.programs():
        pytest.skip(f"there is no PostgreSQL {request.param} here; `python3 dev.py test` fetches one")
    with servers.running(request.param) as running:
        yield running


@pytest.fixture(scope="session")
def newest() -> Iterator[servers.Server]:
    """The newest alone, for where what differs by version is compared elsewhere."""
    with servers.running(max(servers.programs())) as found:
        yield found


@pytest.fixture
def world(server: servers.Server) -> Iterator[servers.World]:
    """A database of one's own on each server."""
    with servers.world(server) as fresh:
        yield fresh


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, where there is one. Not the session's: while it runs, no other event loop can."""
    if browser.program() is None:
        pytest.skip("there is no Chromium here; install it to test pages as they are seen (apt-get install chromium)")
    with browser.running() as running:
        yield running


def pytest_report_header() -> list[str]:
    """Which versions of PostgreSQL the tests run against, and which browser."""
    found = ", ".join(f"{major} ({folder})" for major, folder in servers.programs().items())
    return [f"PostgreSQL: {found or 'none'}", f"Chromium: {browser.program() or 'none'}"]
