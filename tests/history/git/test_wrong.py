"""Everything that can be wrong with a repository or with git is said in one sentence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from linter.config import MANIFESTS
from linter.exits import Exit
from linter.history.git import Repository, open_repository
from linter.history.model import HistoryError
from linter.history.read import branch, read_branch, read_history
from tests.history.repository import PATH, Repo, manifest, state, told


class TestWrong:
    def test_no_repository(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
        with pytest.raises(HistoryError, match="is not in a git repository") as caught:
            Repository(str(tmp_path))
        assert caught.value.status is Exit.USAGE

    def test_no_commits_yet(self, repo: Repo) -> None:
        with pytest.raises(HistoryError, match="has no commits yet") as caught:
            repo.history()
        assert caught.value.status is Exit.UNCHECKED
        with pytest.raises(HistoryError, match="has no commits yet"):
            repo.branch("main")

    def test_never_committed(self, repo: Repo) -> None:
        repo.commit("one", {"a": "b"})
        repo.write(**{PATH: manifest()})
        assert repo.history().lines == ((PATH, None, (), None),)

    def test_no_git(self, repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(HistoryError, match=r"^git is not installed") as caught:
            repo.history()
        assert caught.value.status is Exit.UNCHECKED

    def test_an_old_git(self, repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """An old rev-parse repeats what it does not know."""
        old = tmp_path / "bin/git"
        old.parent.mkdir()
        old.write_text(
            '#!/bin/sh\ncase "$*" in *rev-parse*) echo --show-object-format; exit 1;; *) echo git version 2.17.1;; esac\n'
        )
        old.chmod(0o755)
        monkeypatch.setenv("PATH", f"{old.parent}:{os.environ['PATH']}")
        with pytest.raises(HistoryError, match=r"^git version 2\.17\.1 is too old .* needs git 2\.25$") as caught:
            repo.history()
        assert caught.value.status is Exit.UNCHECKED

    def test_another_users_repository(self, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
        repo.commit("one", {PATH: manifest()})
        monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("linter.history.git._KEPT", ("GIT_TEST_ASSUME_DIFFERENT_OWNER", "GIT_CONFIG"))
            with pytest.raises(HistoryError, match=r"^git refuses .* safe\.directory") as caught:
                repo.history()
            assert "\n" not in caught.value.message
            assert caught.value.status is Exit.UNCHECKED
            patch.setenv("GIT_CONFIG_COUNT", "1")
            patch.setenv("GIT_CONFIG_KEY_0", "safe.directory")
            patch.setenv("GIT_CONFIG_VALUE_0", "*")
            assert len(repo.history().lines[0].versions) == 1

    def test_a_shallow_clone_says_what_can_be_said(self, repo: Repo, tmp_path: Path) -> None:
        for access in ("none", "read-only", "write"):
            repo.commit(access, {PATH: manifest(access=access)})
        repo.git("clone", "-q", "--depth", "2", f"file://{repo.folder}", str(tmp_path / "clone"))
        with open_repository(str(tmp_path / "clone")) as repository:
            history = read_history(repository, [PATH], globs=MANIFESTS)
            assert told(history.lines[0]) == [f"read-only: {PATH} read-only", f"write: {PATH} write < read-only"]
            short = repo.git("rev-parse", "--short=10", "HEAD~1")
            assert history.cut == (
                f"history is cut at {short} (a shallow clone), what came before is not known: fetch with depth 0",
            )
            assert read_history(repository, [PATH], globs=MANIFESTS, since="HEAD~1").cut == ()
            assert read_history(repository, [PATH], globs=MANIFESTS, since="2026-01-02").cut == ()
            assert len(read_history(repository, [PATH], globs=MANIFESTS, since="2026-01-01").cut) == 1
            with pytest.raises(HistoryError, match="shallow, and may not have it: fetch with depth 0") as caught:
                read_history(repository, [PATH], globs=MANIFESTS, since="HEAD~2")
            assert caught.value.status is Exit.UNCHECKED

    def test_a_pull_request_in_a_clone_that_is_cut_too_early(self, repo: Repo, tmp_path: Path) -> None:
        repo.commit("base", {PATH: manifest()})
        repo.git("checkout", "-q", "-b", "topic")
        repo.commit("topic", {PATH: manifest(access="write")})
        repo.git("checkout", "-q", "main")
        repo.commit("main", {"a": "b"})
        repo.git(
            "clone",
            "-q",
            "--depth",
            "1",
            "--no-single-branch",
            "-b",
            "topic",
            f"file://{repo.folder}",
            str(tmp_path / "clone"),
        )
        with open_repository(str(tmp_path / "clone")) as repository:
            with pytest.raises(HistoryError, match=r"^history is cut at .* fetch with depth 0$") as caught:
                read_branch(repository, branch(repository, "origin/main"), [PATH], globs=MANIFESTS)
            assert caught.value.status is Exit.UNCHECKED

    def test_a_partial_clone_fetches_nothing(self, repo: Repo, tmp_path: Path) -> None:
        repo.git("config", "uploadpack.allowFilter", "true")
        repo.commit("one", {PATH: manifest()})
        repo.commit("two", {PATH: manifest(access="write")})
        clone = tmp_path / "clone"
        repo.git("clone", "-q", "--filter=blob:none", f"file://{repo.folder}", str(clone))
        before = sorted(clone.glob(".git/objects/**/*"))
        with open_repository(str(clone)) as repository:
            with pytest.raises(HistoryError, match="partial clone") as caught:
                read_history(repository, [PATH], globs=MANIFESTS)
            assert caught.value.status is Exit.UNCHECKED
            assert "\n" not in caught.value.message
        assert sorted(clone.glob(".git/objects/**/*")) == before

    @pytest.mark.parametrize("how", ["missing", "corrupt"])
    def test_a_damaged_object(self, repo: Repo, how: str) -> None:
        repo.commit("one", {PATH: manifest()})
        blob = repo.git("rev-parse", f"HEAD:{PATH}")
        repo.commit("two", {PATH: manifest(access="write")})
        file = repo.folder / ".git/objects" / blob[:2] / blob[2:]
        file.chmod(0o644)
        if how == "missing":
            file.unlink()
        else:
            file.write_bytes(b"nonsense")
        with pytest.raises(HistoryError, match="git fsck") as caught:
            repo.history()
        assert caught.value.status is Exit.UNCHECKED
        assert "\n" not in caught.value.message

    def test_a_damaged_commit(self, repo: Repo) -> None:
        name = repo.commit("one", {PATH: manifest()})
        repo.commit("two", {PATH: manifest(access="write")})
        file = repo.folder / ".git/objects" / name[:2] / name[2:]
        file.chmod(0o644)
        file.write_bytes(b"nonsense")
        with pytest.raises(HistoryError, match="git fsck"):
            repo.history()

    def test_a_huge_version_is_passed_over(self, repo: Repo) -> None:
        repo.commit("huge", {PATH: "# " + "x" * (3 << 20)})
        repo.commit("small", {PATH: manifest()})
        (line,) = repo.history().lines
        assert [state(one) for one in line.versions] == ["unreadable", "read-only"]
        assert "larger than 1 MiB" in str(line.versions[0].content)
