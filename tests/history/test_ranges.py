"""From when to when: dates, revisions, branches, and what is staged."""

from __future__ import annotations

from pathlib import Path

import pytest

from linter.exits import Exit
from linter.history.model import HistoryError
from tests.history.repository import PATH, Repo, lines, manifest, state, told


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "repo")


def four(repo: Repo) -> list[str]:
    """Four versions, on the first days of four months, each commit with a tag."""
    names = []
    for month, access in enumerate(("none", "read-only", "write", "admin"), start=1):
        dated = f"2026-{month:02}-01T23:30:00-05:00"  # in UTC it is the second already
        names.append(
            repo.commit(
                access, {PATH: manifest(access=access)}, GIT_COMMITTER_DATE=dated, GIT_AUTHOR_DATE="2020-01-01T00:00Z"
            )
        )
        repo.git("tag", f"v{month}")
    return names


@pytest.mark.parametrize(
    ("since", "until", "base", "within", "tip"),
    [
        (None, None, "none", ["none", "read-only", "write", "admin"], "admin"),
        ("v2", None, "read-only", ["write", "admin"], "admin"),
        ("v4", None, "admin", [], "admin"),
        ("HEAD~2", "v3", "read-only", ["write"], "write"),
        (None, "v3", "none", ["none", "read-only", "write"], "write"),
        ("2026-02-02", None, "read-only", ["write", "admin"], "admin"),
        ("2026-02-01", None, "none", ["read-only", "write", "admin"], "admin"),
        (None, "2026-02-01", "none", ["none", "read-only"], "read-only"),
        ("2026-02-01", "2026-03-31", "none", ["read-only", "write"], "write"),
        ("2027-01-01", None, "admin", [], "admin"),
        (None, "2025-01-01", "none", [], "none"),
    ],
)
def test_ranges(repo: Repo, since: str | None, until: str | None, base: str, within: list[str], tip: str) -> None:
    four(repo)
    (line,) = repo.history(since=since, until=until).lines
    assert [state(one) for one in line.versions] == within
    assert state(line.tip) == tip
    assert state(line.base) == ("none" if since is None else base)
    assert (line.base is None) == (since is None)


def test_a_date_is_a_date_even_where_a_tag_has_its_name(repo: Repo) -> None:
    four(repo)
    repo.git("tag", "2026-02-01", "v4")
    assert len(repo.history(since="2026-02-01").lines[0].versions) == 3
    assert len(repo.history(since="refs/tags/2026-02-01").lines[0].versions) == 0


@pytest.mark.parametrize(
    "revision", ["nonsense", "", " ", "-1", "--all", "v1..v2", "HEAD:x", "a\nb", "v1^{tree}", f"v1:{PATH}"]
)
def test_a_revision_that_is_none(repo: Repo, revision: str) -> None:
    four(repo)
    for options in ({"since": revision}, {"until": revision}):
        with pytest.raises(HistoryError, match="is no commit in ") as caught:
            repo.history(**options)
        assert caught.value.status is Exit.USAGE
    with pytest.raises(HistoryError, match="is no commit in "):
        repo.branch(revision)


class TestBranch:
    def test_what_the_branch_did(self, repo: Repo) -> None:
        start = repo.commit(
            "base", {PATH: manifest(), "b.yaml": manifest("b"), "x/agent-permissions.yaml": manifest("x")}
        )
        repo.git("checkout", "-q", "-b", "topic")
        repo.commit("wider", {PATH: manifest(access="write")})
        repo.commit(
            "gone and new", {"x/agent-permissions.yaml": None, "new.yaml": manifest("new").replace("tickets", "mail")}
        )
        repo.git("checkout", "-q", "main")
        repo.commit("on main", {PATH: manifest(access="admin")})
        repo.git("checkout", "-q", "topic")
        history = repo.branch("main", PATH, "b.yaml", "new.yaml")
        assert (history.start, history.end) == (start, repo.git("rev-parse", "topic"))
        assert lines(history.lines) == {
            PATH: [f"wider: {PATH} write < (read-only)"],
            "b.yaml": [],
            "new.yaml": ["gone and new: new.yaml read-only"],
        }
        changed, same, new = history.lines
        assert state(changed.base) == "read-only"
        assert same.base is same.tip is not None
        assert same.tip.commit is None
        assert new.base is None
        assert lines(history.deleted) == {
            "x/agent-permissions.yaml": ["gone and new: x/agent-permissions.yaml deleted < (read-only)"]
        }

    def test_what_comes_from_the_base_by_a_merge_is_not_the_branchs(self, repo: Repo) -> None:
        repo.commit("base", {PATH: manifest(), "b.yaml": manifest("b")})
        repo.git("checkout", "-q", "-b", "topic")
        repo.commit("wider", {"b.yaml": manifest("b", access="write")})
        repo.git("checkout", "-q", "main")
        repo.commit("on main", {PATH: manifest(access="admin")})
        repo.git("checkout", "-q", "topic")
        repo.merge("main")
        history = repo.branch("main", PATH, "b.yaml")
        assert lines(history.lines) == {PATH: [], "b.yaml": ["wider: b.yaml write < (read-only)"]}
        assert state(history.lines[0].tip) == "admin"

    def test_what_the_merge_of_the_base_added_is_the_branchs(self, repo: Repo) -> None:
        repo.commit("base", {PATH: manifest()})
        repo.git("checkout", "-q", "-b", "topic")
        repo.commit("unrelated", {"b": "b"})
        repo.git("checkout", "-q", "main")
        repo.commit("on main", {PATH: manifest(access="write")})
        repo.git("checkout", "-q", "topic")
        repo.merge("main", files={PATH: manifest(access="admin")})
        (line,) = repo.branch("main").lines
        assert state(line.base) == "write"
        (version,) = line.versions
        assert {state(one) for one in version.before} == {"read-only", "write"}

    def test_a_rename_on_the_branch(self, repo: Repo) -> None:
        repo.commit("base", {"old/agent-permissions.yaml": manifest(access="write")})
        repo.git("checkout", "-q", "-b", "topic")
        repo.commit("move", {"old/agent-permissions.yaml": None, PATH: manifest(access="admin")})
        (line,) = repo.branch("main").lines
        assert told(line) == [f"move: {PATH} admin < (write)"]
        assert line.base is not None
        assert line.base.path == "old/agent-permissions.yaml"

    def test_nothing_in_common(self, repo: Repo) -> None:
        repo.commit("base", {PATH: manifest()})
        repo.git("checkout", "-q", "--orphan", "other")
        repo.commit("other", {PATH: manifest()})
        with pytest.raises(HistoryError, match=r"^HEAD and 'main' have no commit in common$"):
            repo.branch("main")


class TestStaged:
    def test_the_index_against_head(self, repo: Repo) -> None:
        repo.commit("base", {PATH: manifest(), "b.yaml": manifest("b"), "x/agent-permissions.yaml": manifest("x")})
        repo.write(**{PATH: manifest(access="write"), "new.yaml": manifest("new").replace("tickets", "mail")})
        repo.git("rm", "-q", "x/agent-permissions.yaml")
        repo.git("add", PATH, "new.yaml")
        repo.write(**{PATH: manifest(access="admin"), "unstaged.yaml": manifest("unstaged")})
        history = repo.staged(PATH, "b.yaml", "new.yaml", "unstaged.yaml")
        assert lines(history.lines) == {
            PATH: [f"(write): {PATH} write < (read-only)"],
            "b.yaml": [],
            "new.yaml": ["(read-only): new.yaml read-only"],
            "unstaged.yaml": [],
        }
        assert [state(line.base) for line in history.lines] == ["read-only", "read-only", "none", "none"]
        assert history.lines[3].tip is None
        assert lines(history.deleted) == {
            "x/agent-permissions.yaml": ["(deleted): x/agent-permissions.yaml deleted < (read-only)"]
        }

    def test_before_the_first_commit(self, repo: Repo) -> None:
        repo.write(**{PATH: manifest()})
        assert repo.staged().lines == ((PATH, None, (), None),)
        repo.git("add", PATH)
        (line,) = repo.staged().lines
        assert told(line) == [f"(read-only): {PATH} read-only"]

    def test_a_rename_is_followed(self, repo: Repo) -> None:
        repo.commit("base", {"old/agent-permissions.yaml": manifest()})
        repo.write(**{PATH: manifest()})
        repo.git("rm", "-q", "old/agent-permissions.yaml")
        repo.git("add", PATH)
        (line,) = repo.staged().lines
        assert told(line) == [f"(read-only): {PATH} read-only < (read-only)"]
        assert line.versions[0].before[0].path == "old/agent-permissions.yaml"

    def test_while_merging_what_the_other_side_brought_is_not_new(self, repo: Repo) -> None:
        repo.commit("base", {PATH: manifest(), "b.yaml": manifest("b")})
        repo.git("checkout", "-q", "-b", "side")
        repo.commit("side", {PATH: manifest(access="write"), "b.yaml": manifest("b", access="write")})
        repo.git("checkout", "-q", "main")
        repo.commit("main", {"c.yaml": manifest("c")})
        repo.git("merge", "-q", "--no-commit", "--no-ff", "side")
        repo.write(**{"b.yaml": manifest("b", access="admin")})
        repo.git("add", "b.yaml")
        history = repo.staged(PATH, "b.yaml")
        assert [len(line.versions) for line in history.lines] == [0, 1]
        assert state(history.lines[0].tip) == "write"
        assert {state(one) for one in history.lines[1].versions[0].before} == {"read-only", "write"}

    def test_a_conflict(self, repo: Repo) -> None:
        repo.commit("base", {PATH: manifest()})
        repo.git("checkout", "-q", "-b", "side")
        repo.commit("side", {PATH: manifest(access="write")})
        repo.git("checkout", "-q", "main")
        repo.commit("main", {PATH: manifest(access="admin")})
        with pytest.raises(Exception, match="returned non-zero"):
            repo.git("merge", "-q", "side")
        with pytest.raises(HistoryError, match=f"^{PATH} is in conflict") as caught:
            repo.staged()
        assert caught.value.status is Exit.UNCHECKED

    def test_the_hooks_own_index(self, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
        """`git commit PATH` gives the hook an index of its own; another repository's is not for us."""
        repo.commit("base", {PATH: manifest(), "b.yaml": manifest("b")})
        repo.write(**{PATH: manifest(access="write"), "b.yaml": manifest("b", access="write")})
        repo.git("add", PATH)
        repo.git("add", "b.yaml", GIT_INDEX_FILE=".git/next-index-1.lock")
        monkeypatch.setenv("GIT_INDEX_FILE", ".git/next-index-1.lock")
        repo.git("read-tree", "HEAD", GIT_INDEX_FILE=".git/next-index-1.lock")
        repo.git("add", "b.yaml", GIT_INDEX_FILE=".git/next-index-1.lock")
        assert [len(line.versions) for line in repo.staged(PATH, "b.yaml").lines] == [0, 1]
        other = Repo(repo.folder.parent / "other")
        other.commit("base", {PATH: manifest()})
        monkeypatch.setenv("GIT_INDEX_FILE", str(other.folder / ".git/index"))
        assert [len(line.versions) for line in repo.staged(PATH, "b.yaml").lines] == [1, 0]
