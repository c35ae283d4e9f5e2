"""Where a manifest may lie: below the top, in linked, bare and nested repositories, and nowhere outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from linter.config import MANIFESTS
from linter.exits import Exit
from linter.history.git import open_repository
from linter.history.model import HistoryError
from linter.history.read import read_history
from tests.history.repository import PATH, Repo, manifest, state, told, two


def test_a_root_below_the_top(repo: Repo) -> None:
    repo.commit("one", {"outside/old.yaml": manifest()})
    repo.commit("two", {"outside/old.yaml": None, f"project/a/{PATH}": manifest(access="write")})
    (line,) = repo.history(f"a/{PATH}", root="project").lines
    assert told(line) == ["one: ../outside/old.yaml read-only", f"two: a/{PATH} write < one"]
    assert told(repo.history("../project/a/" + PATH, root="project").lines[0]) == told(line)


def test_a_path_in_another_repository_within(repo: Repo, tmp_path: Path) -> None:
    repo.commit("one", {f"own/{PATH}": manifest()})
    inner = Repo(tmp_path / "inner")
    inner.commit("inner", {f"deep/{PATH}": manifest()})
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.folder), "sub")
    with pytest.raises(HistoryError) as caught:
        repo.history(f"sub/deep/{PATH}")
    assert caught.value.message == f"sub/deep/{PATH} is in a repository of its own, sub: its history is there"
    Repo(repo.folder / "clone").commit("clone", {PATH: manifest()})
    with pytest.raises(HistoryError, match="of its own, clone: its history is there"):
        repo.history(f"clone/{PATH}")
    (line,) = repo.history(f"own/{PATH}").lines
    assert told(line) == [f"one: own/{PATH} read-only"]
    (line,) = repo.history(f"deep/{PATH}", root="sub").lines
    assert told(line) == [f"inner: deep/{PATH} read-only"]


def test_a_path_through_a_link(repo: Repo) -> None:
    repo.commit("one", {f"own/{PATH}": manifest()})
    (repo.folder / "current").symlink_to("own", target_is_directory=True)
    with pytest.raises(HistoryError) as caught:
        repo.history(f"current/{PATH}")
    assert (
        caught.value.message
        == f"current/{PATH} is reached through a link, current: name it by the path at which it lies"
    )


@pytest.mark.parametrize("path", ["../x.yaml", "/etc/passwd", "a/../../x", ".."])
def test_a_path_outside(repo: Repo, path: str) -> None:
    repo.commit("one", {PATH: manifest()})
    with pytest.raises(HistoryError, match="is outside the repository") as caught:
        repo.history(path)
    assert caught.value.status is Exit.USAGE


def test_a_root_that_is_a_link(repo: Repo, tmp_path: Path) -> None:
    repo.commit("one", {f"project/{PATH}": manifest()})
    (tmp_path / "link").symlink_to(repo.folder / "project")
    with open_repository(str(tmp_path / "link")) as repository:
        assert told(read_history(repository, [PATH], globs=MANIFESTS).lines[0]) == [f"one: {PATH} read-only"]


def test_a_linked_worktree(repo: Repo, tmp_path: Path) -> None:
    expected = two(repo)
    repo.git("worktree", "add", "-q", str(tmp_path / "tree"), "HEAD")
    with open_repository(str(tmp_path / "tree")) as repository:
        assert told(read_history(repository, [f"ä/{PATH}"], globs=MANIFESTS).lines[0]) == expected


def test_a_bare_repository(repo: Repo, tmp_path: Path) -> None:
    expected = two(repo)
    repo.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    with open_repository(str(tmp_path / "bare.git")) as repository:
        assert told(read_history(repository, [f"ä/{PATH}"], globs=MANIFESTS).lines[0]) == expected


def test_a_submodule_is_a_repository_of_its_own(repo: Repo, tmp_path: Path) -> None:
    part = Repo(tmp_path / "part")
    part.commit("in the part", {PATH: manifest()})
    repo.commit("one", {PATH: manifest()})
    repo.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(part.folder), "part")
    repo.commit("the part")
    assert told(repo.history(root="part").lines[0]) == [f"in the part: {PATH} read-only"]
    with pytest.raises(HistoryError, match="of its own, part"):
        repo.history(f"part/{PATH}")
    assert state(repo.history("part").lines[0].tip) == "unreadable"


def test_sha256(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo", "--object-format=sha256")
    expected = two(repo)
    history = repo.history(f"ä/{PATH}")
    assert told(history.lines[0]) == expected
    assert history.end is not None
    assert len(history.end) == 64
    repo.git("checkout", "-q", "--orphan", "fresh")
    assert state(repo.staged(f"ä/{PATH}").lines[0].tip) == "write"


def test_detached(repo: Repo) -> None:
    expected = two(repo)
    repo.git("checkout", "-q", "--detach")
    assert told(repo.history(f"ä/{PATH}").lines[0]) == expected
