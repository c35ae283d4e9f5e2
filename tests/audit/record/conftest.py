"""The table of a project whose key has too much, to be filled in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.audit.projects import (
    LIVE,
    project,
    rows,
    slack,
)
from tests.audit.record.tables import SCOPES


@pytest.fixture(scope="module")
def given_table(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """The table of a project whose key has too much."""
    folder = project(tmp_path_factory.mktemp("table"), {"slack.json": slack(*SCOPES)})
    return rows(folder, *LIVE)


@pytest.fixture
def table(tmp_path: Path, given_table: list[dict[str, str]]) -> list[dict[str, str]]:
    """The same table, and the project at hand."""
    project(tmp_path, {"slack.json": slack(*SCOPES)})
    return [dict(row) for row in given_table]
