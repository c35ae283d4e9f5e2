"""Merges: what each side brought, and what the merge itself did."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.history.repository import PATH, Repo, lines, manifest, told


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "repo")


class TestMerges:
    def test_both_sides_come_together(self, repo: Repo) -> None:
        """A clean merge of two edits is a version with two befores: it brought nothing that neither had."""
        body = [f"  - resource: r{number}\n    access: read-only\n" for number in range(12)]
        head = "agent_name: triage\nenvironment: staging\nresources:\n"
        wide = [one.replace("read-only", "write") for one in body]
        repo.commit("base", {PATH: head + "".join(body)})
        repo.git("checkout", "-q", "-b", "side")
        repo.commit("last", {PATH: head + "".join(body[:11] + wide[11:])})
        repo.git("checkout", "-q", "main")
        repo.commit("first", {PATH: head + "".join(wide[:1] + body[1:])})
        repo.merge("side")
        told_of = told(repo.history().lines[0])
        assert told_of[0].startswith("base: ")
        assert {one.partition(":")[0] for one in told_of[1:3]} == {"first", "last"}
        assert {one.partition(" < ")[2] for one in told_of[1:3]} == {"base"}
        assert told_of[3].startswith("merge side: ")
        assert set(told_of[3].partition(" < ")[2].split(", ")) == {"first", "last"}

    def test_what_the_merge_itself_did_is_seen(self, repo: Repo) -> None:
        repo.commit("base", {PATH: manifest(), "README": "a"})
        repo.git("checkout", "-q", "-b", "side")
        repo.commit("unrelated", {"b": "b"})
        repo.git("checkout", "-q", "main")
        repo.commit("also unrelated", {"c": "c"})
        repo.merge("side", files={PATH: manifest(access="admin")})
        (line,) = repo.history().lines
        assert told(line) == [f"base: {PATH} read-only", f"merge side: {PATH} admin < base"]

    def test_a_side_that_was_given_up_is_not_told(self, repo: Repo) -> None:
        repo.commit("base", {PATH: manifest(), "b.yaml": manifest("b")})
        repo.git("checkout", "-q", "-b", "side")
        repo.commit("given up", {PATH: manifest(access="admin")})
        repo.commit("gone", {"b.yaml": None})
        repo.git("checkout", "-q", "main")
        repo.commit("kept", {PATH: manifest(access="write")})
        repo.merge("side", strategy="ours")
        assert told(repo.history().lines[0]) == [f"base: {PATH} read-only", f"kept: {PATH} write < base"]

    def test_the_side_that_won_is_told(self, repo: Repo) -> None:
        repo.commit("base", {PATH: manifest(), "b.yaml": manifest("b")})
        repo.git("checkout", "-q", "-b", "side")
        repo.commit("side", {PATH: manifest(access="write")})
        repo.git("checkout", "-q", "main")
        repo.commit("main", {"b.yaml": manifest("b", access="write")})
        repo.merge("side")
        history = repo.history(PATH, "b.yaml")
        assert lines(history.lines) == {
            PATH: [f"base: {PATH} read-only", f"side: {PATH} write < base"],
            "b.yaml": ["base: b.yaml read-only", "main: b.yaml write < base"],
        }

    def test_first_parent_blames_the_merge(self, repo: Repo) -> None:
        repo.commit("base", {PATH: manifest()})
        repo.git("checkout", "-q", "-b", "side")
        repo.commit("side", {PATH: manifest(access="write")})
        repo.commit("more", {PATH: manifest(access="admin")})
        repo.git("checkout", "-q", "main")
        repo.commit("unrelated", {"c": "c"})
        repo.merge("side")
        (line,) = repo.history(first_parent=True).lines
        assert told(line) == [f"base: {PATH} read-only", f"merge side: {PATH} admin < base"]

    def test_a_rename_on_one_side_and_an_edit_on_the_other(self, repo: Repo) -> None:
        note = "\n".join(["|", *[f"  line {number}" for number in range(20)]])
        repo.commit("base", {"old.yaml": manifest(note=note)})
        repo.git("checkout", "-q", "-b", "side")
        repo.commit("edit", {"old.yaml": manifest(access="write", note=note)})
        repo.git("checkout", "-q", "main")
        repo.commit("move", {"old.yaml": None, PATH: manifest(note=note + "\n  more")})
        repo.merge("side")
        (line,) = repo.history().lines
        *sides, merge = told(line)
        assert sides[0] == "base: old.yaml read-only"
        assert set(sides[1:]) == {"edit: old.yaml write < base", f"move: {PATH} read-only < base"}
        assert merge in [f"merge side: {PATH} write < {both}" for both in ("move, edit", "edit, move")]

    def test_an_octopus(self, repo: Repo) -> None:
        paths = [f"{name}.yaml" for name in "abc"]
        repo.commit("base", {path: manifest(path[0]) for path in paths})
        for path in paths:
            repo.git("checkout", "-q", "-b", path, "main")
            repo.commit(f"on {path}", {path: manifest(path[0], access="write")})
        repo.git("checkout", "-q", "main")
        repo.merge(*paths)
        assert lines(repo.history(*paths).lines) == {
            path: [f"base: {path} read-only", f"on {path}: {path} write < base"] for path in paths
        }

    def test_deleted_by_a_merge_with_a_side_that_never_had_it(self, repo: Repo) -> None:
        repo.commit("base", {"README": "a"})
        repo.git("checkout", "-q", "-b", "side")
        repo.commit("another agent", {"b.yaml": manifest("b")})  # that may do the same
        repo.git("checkout", "-q", "main")
        repo.commit("begun", {PATH: manifest()})
        repo.git("merge", "-q", "--no-commit", "side")
        repo.commit("merge", {PATH: None})
        repo.commit("back", {PATH: manifest(access="admin")})
        assert lines(repo.history(PATH, "b.yaml").lines) == {
            PATH: [f"begun: {PATH} read-only", f"merge: {PATH} deleted < begun", f"back: {PATH} admin < merge"],
            "b.yaml": ["another agent: b.yaml read-only"],
        }

    @pytest.mark.parametrize("kept", ["main", "side"])
    def test_moved_on_one_side_it_was_not_deleted_by_the_merge(self, repo: Repo, kept: str) -> None:
        repo.commit("base", {PATH: manifest()})
        repo.git("checkout", "-q", "-b", "side")
        repo.commit("moved", {PATH: None, "b.yaml": manifest()})
        repo.git("checkout", "-q", "main")
        repo.commit("beside", {"README": "a"})
        if kept == "side":
            repo.git("checkout", "-q", "side")
        repo.merge("main" if kept == "side" else "side")
        repo.commit("another agent", {PATH: manifest("b", access="admin")})
        assert lines(repo.history(PATH, "b.yaml").lines) == {
            PATH: [f"another agent: {PATH} admin"],
            "b.yaml": [f"base: {PATH} read-only", "moved: b.yaml read-only < base"],
        }

    def test_deleted_on_a_branch_that_was_merged(self, repo: Repo) -> None:
        repo.commit("base", {PATH: manifest()})
        repo.git("checkout", "-q", "-b", "side")
        repo.commit("gone", {PATH: None})
        repo.git("checkout", "-q", "main")
        repo.commit("b", {"b.yaml": manifest("b")})
        repo.merge("side")
        assert lines(repo.history("b.yaml", globs=(PATH,)).deleted) == {
            PATH: [f"base: {PATH} read-only", f"gone: {PATH} deleted < base"]
        }
