"""Servers on loopback for the tests of AWS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.systems.aws.stub import Stub, serving


@pytest.fixture
def stub() -> Iterator[Stub]:
    with serving(Stub()) as found:
        yield found


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    """Where the environment would send requests: it must hear nothing."""
    with serving(Stub()) as found:
        for name in (
            "AWS_ENDPOINT_URL",
            "AWS_ENDPOINT_URL_IAM",
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "http_proxy",
            "https_proxy",
        ):
            monkeypatch.setenv(name, found.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        yield found
    assert found.asked == []
