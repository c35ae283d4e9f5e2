"""Addresses to send to, nights of which somebody is told, and a receiver on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.nightly.notify.told import HOOK, Told
from tests.systems.keys.stub import Stub, reply, stub


@pytest.fixture(autouse=True)
def _address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_HOOK", HOOK)
    monkeypatch.setenv("WEB_HOOK", "https://receiver.example/hooks/web-canary?key=web-canary")


@pytest.fixture
def nights(tmp_path: Path) -> Told:
    return Told(tmp_path)


@pytest.fixture
def receiver() -> Iterator[Stub]:
    with stub(reply(b"ok", kind="text/plain")) as server:
        yield server
