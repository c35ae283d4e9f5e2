"""The processes of git: few, and ended with the block."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from linter.config import MANIFESTS
from linter.history.git import open_repository
from linter.history.read import read_history
from tests.history.repository import PATH, Repo, manifest


def test_processes_end_with_the_block(repo: Repo) -> None:
    repo.commit("one", {PATH: manifest()})
    seen = []

    def interrupted() -> None:
        with open_repository(str(repo.folder)) as repository:
            read_history(repository, [PATH], globs=MANIFESTS)
            seen.append(repository.objects._process)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    (process,) = seen
    assert process is not None
    assert process.poll() is not None


def test_git_is_asked_few_times(repo: Repo) -> None:
    """However long the history is: where the repository is, one log, one cat-file; one more for first commits."""
    for number in range(30):
        repo.commit(f"{number}", {PATH: manifest(note=str(number)), f"{number}.txt": "x"})
    program = f"""
import subprocess
real = subprocess.Popen.__init__
def count(self, command, *a, **k):
    print(next(one for one in command[1:] if not one.startswith("-") and "=" not in one))
    real(self, command, *a, **k)
subprocess.Popen.__init__ = count
from linter.history.git import open_repository
from linter.history.read import read_history
with open_repository({str(repo.folder)!r}) as repository:
    read_history(repository, [{PATH!r}], globs=[])
"""
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    assert sorted(done.stdout.split()) == ["cat-file", "diff-tree", "log", "rev-parse"]
