"""A user's configuration and a caller's environment change nothing of what git tells."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from linter.history.git import open_repository
from tests.history.repository import PATH, Repo, manifest, told, two

HOSTILE = """
[core]
    quotePath = true
    fsmonitor = {trap}
    pager = {trap}
    hooksPath = {folder}
[log]
    showSignature = true
    showRoot = false
    follow = true
    diffMerges = off
    date = relative
    decorate = full
    abbrevCommit = true
[diff]
    renames = false
    renameLimit = 1
    relative = true
    noprefix = true
    external = {trap}
    orderFile = {folder}/none
[format]
    pretty = oneline
[color]
    ui = always
[i18n]
    logOutputEncoding = UTF-16
[alias]
    log = !{trap}
    cat-file = !{trap}
[pager]
    log = {trap}
[gpg]
    program = {trap}
[mailmap]
    blob = none
"""


def test_a_users_configuration_changes_nothing(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = two(repo)
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    config = tmp_path / "gitconfig"
    config.write_text(HOSTILE.format(trap=trap, folder=tmp_path))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    assert subprocess.run(["git", "config", "log.follow"], capture_output=True, check=True).stdout == b"true\n"
    (line,) = repo.history(f"ä/{PATH}").lines
    assert told(line) == expected
    assert not (tmp_path / "sprung").exists()


def test_a_hooks_environment_changes_nothing(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = two(repo)
    other = Repo(tmp_path / "other")
    other.commit("other", {PATH: manifest(access="admin")})
    for name, value in {
        "GIT_DIR": f"{other.folder}/.git",
        "GIT_WORK_TREE": str(other.folder),
        "GIT_INDEX_FILE": f"{other.folder}/.git/index",
        "GIT_OBJECT_DIRECTORY": f"{other.folder}/.git/objects",
        "GIT_NAMESPACE": "x",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_NOGLOB_PATHSPECS": "1",
        "GIT_ICASE_PATHSPECS": "1",
        "GIT_PREFIX": "x/",
        "GIT_TRACE": str(tmp_path / "trace"),
        "GIT_PAGER": "false",
        "GIT_EXTERNAL_DIFF": "false",
        "GIT_DIFF_OPTS": "--nonsense",
        "LC_ALL": "de_DE.UTF-8",
    }.items():
        monkeypatch.setenv(name, value)
    assert told(repo.history(f"ä/{PATH}").lines[0]) == expected
    assert not (tmp_path / "trace").exists()


def test_configuration_in_the_environment_is_the_users(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit("one", {PATH: manifest()})
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "user.email")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "ci@example.com")
    with open_repository(str(repo.folder)) as repository:
        assert repository.config("user.email") == "ci@example.com"
        assert repository.config("user.nickname") is None
