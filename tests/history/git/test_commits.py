"""Commits as they are found: mapped, replaced, in other encodings, and as git itself would not write them."""

from __future__ import annotations

import os
import subprocess

from tests.history.repository import PATH, Repo, manifest, told, two


def test_authors_by_mailmap(repo: Repo) -> None:
    repo.commit("one", {PATH: manifest(), ".mailmap": "Kim Doe <kim@new.example> <kim@example.com>\n"})
    (version,) = repo.history().lines[0].versions
    assert version.commit is not None
    assert version.commit.author == version.commit.committer == ("Kim Doe", "kim@new.example")
    assert version.commit.recorded == ("Kim", "kim@example.com")


def test_a_commit_in_latin_1(repo: Repo) -> None:
    repo.git("config", "i18n.commitEncoding", "ISO-8859-1")
    (repo.folder / "message").write_bytes("Für Jürgen".encode("latin-1"))
    repo.write(**{PATH: manifest()})
    repo.git("add", PATH)
    repo.git("commit", "-q", "-F", "message", GIT_AUTHOR_NAME=os.fsdecode("Jürgen".encode("latin-1")))
    (version,) = repo.history().lines[0].versions
    assert version.commit is not None
    assert (version.commit.author.name, version.commit.subject) == ("Jürgen", "Für Jürgen")


def forge(repo: Repo, commit: bytes) -> None:
    """Make HEAD a commit as git itself would not write it."""
    command = ["git", "hash-object", "-t", "commit", "-w", "--stdin", "--literally"]
    done = subprocess.run(command, cwd=repo.folder, input=commit, capture_output=True, check=True)
    repo.git("update-ref", "refs/heads/main", done.stdout.decode().strip())


def test_bytes_that_are_no_text(repo: Repo) -> None:
    path = os.fsdecode(b"\xff.yaml")
    repo.commit("one", {path: manifest()})
    forge(repo, repo.git("cat-file", "commit", "HEAD").encode().replace(b"author Kim", b"author \xffKim"))
    (line,) = repo.history(path).lines
    assert [(one.path, one.commit and one.commit.author.name) for one in line.versions] == [(path, "\ufffdKim")]


def test_what_is_replaced_or_grafted_is_told_as_it_was(repo: Repo) -> None:
    repo.commit("one", {PATH: manifest(access="admin")})
    second = repo.commit("two", {PATH: manifest(access="write")})
    expected = told(repo.history().lines[0])
    repo.git("replace", "--graft", second)
    (repo.folder / ".git/info").mkdir(exist_ok=True)
    (repo.folder / ".git/info/grafts").write_text(f"{second}\n")
    assert told(repo.history().lines[0]) == expected == [f"one: {PATH} admin", f"two: {PATH} write < one"]


def test_a_commit_graph_changes_nothing(repo: Repo) -> None:
    expected = two(repo)
    repo.git("commit-graph", "write", "--reachable", "--changed-paths")
    assert told(repo.history(f"ä/{PATH}").lines[0]) == expected


def test_a_date_from_nowhere(repo: Repo) -> None:
    repo.commit("one", {PATH: manifest()})
    raw = repo.git("cat-file", "commit", "HEAD")
    for date in ("99999999999999999999", "-1", "1 +9999", "x"):
        forge(repo, raw.replace(raw.splitlines()[1].partition("> ")[2], date, 1).encode())
        (version,) = repo.history().lines[0].versions
        assert version.commit is not None
        assert 1969 <= version.commit.authored.year <= 9999
