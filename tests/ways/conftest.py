"""A database on the oldest server, where inheritance differs most, and on the newest."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import servers
from tests.servers import World


@pytest.fixture(scope="package", params=sorted({min(servers.programs()), max(servers.programs())}))
def server(request: pytest.FixtureRequest) -> Iterator[servers.Server]:
    with servers.running(request.param) as found:
        yield found


@pytest.fixture
def world(server: servers.Server) -> Iterator[World]:
    """A database of one's own."""
    with servers.world(server) as fresh:
        yield fresh
