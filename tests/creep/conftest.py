"""The repository that a gate stands before."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.creep.gates import AGENT, OTHER, manifest
from tests.history.repository import Repo


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Two agents, one commit, and a branch that is checked out."""
    repo = Repo(tmp_path)
    repo.commit("Start", {AGENT: manifest("read-only"), OTHER: manifest("read-only", agent="other")})
    repo.git("checkout", "-q", "-b", "branch")
    return repo
