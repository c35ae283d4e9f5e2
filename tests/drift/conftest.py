"""The newest PostgreSQL server alone, for runs of `drift`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import servers
from tests.servers import World


@pytest.fixture
def world(newest: servers.Server) -> Iterator[World]:
    """A database of one's own."""
    with servers.world(newest) as fresh:
        yield fresh
