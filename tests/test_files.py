"""Which files a run reads."""

from __future__ import annotations

import os
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.files import search
from linter.globs import matcher
from tests.world import build, places, run

CLEAN = "agent_name: {}\nenvironment: staging\nowner: docs\nresources: []\n"


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("glob", "yes", "no"),
    [
        ("agents/**/*.yaml", ["agents/a.yaml", "agents/x/y/a.yaml"], ["a.yaml", "agents/a.yml", "xagents/a.yaml"]),
        (
            "**/agent-permissions*.yml",
            ["agent-permissions.yml", "a/agent-permissions-x.yml"],
            ["agent-permissions.yaml", "my-agent-permissions.yml"],
        ),
        ("a?c[0-9].yaml", ["abc1.yaml"], ["a/c1.yaml", "abcd.yaml", "abcx.yaml"]),
        ("a[!b].yaml", ["ac.yaml"], ["ab.yaml", "a/.yaml"]),
        ("a[]b].yaml", ["a].yaml", "ab.yaml"], ["ac.yaml"]),
        ("a[^b].yaml", ["ac.yaml"], ["ab.yaml", "a/.yaml"]),
        ("a[z-a].yaml", [], ["ab.yaml", "az.yaml"]),
        ("a[x&&~|].yaml", ["a&.yaml", "a~.yaml", "a|.yaml"], ["ab.yaml"]),
        ("*a*b?*c", ["abxc", "xaabbxc", "ababxcxc"], ["abc", "ab/xc", "acb"]),
        ("*a*a*a*a*a*a*a*b", [], ["a" * 200]),
        ("a[", ["a["], ["a"]),
        ("a/**", ["a/b", "a/b/c"], ["a", "ab/c"]),
        ("a/**/b", ["a/b", "a/x/y/b"], ["a/xb", "ab"]),
        ("**/a", ["a", "x/a", "x/y/a"], ["xa", "x/ya"]),
        ("é*.yaml", ["é.yaml", "é😀.yaml"], ["e.yaml"]),
        ("*", ["a", ".a", "a\nb"], ["a/b"]),
        ("./x.yaml", ["x.yaml"], ["y/x.yaml"]),
        ("a.b", ["a.b"], ["axb"]),
        ("**", ["a", "a/b"], []),
    ],
)
def test_globs(glob: str, yes: list[str], no: list[str]) -> None:
    matches = matcher([glob])
    assert [path for path in yes + no if matches(path)] == yes


@given(
    st.text(st.sampled_from("ab*?"), max_size=8).filter(lambda glob: "**" not in glob),
    st.text(st.sampled_from("ab"), max_size=8),
)
def test_globs_within_a_segment_are_those_of_fnmatch(glob: str, path: str) -> None:
    assert matcher([glob])(path) == fnmatchcase(path, glob)


def test_an_excluded_folder_covers_all_below_it() -> None:
    matches = matcher(["tests/fixtures"], folders=True)
    assert matches("tests/fixtures/a/b.yaml")
    assert not matches("tests/fixtures-of-another/b.yaml")


@pytest.mark.parametrize("with_git", [False, True])
def test_default_globs(tmp_path: Path, with_git: bool) -> None:
    found = ["agent-permissions.yaml", "a/agent-permissions.staging.yml", "b/triage.agent-permissions.yaml"]
    found += ["c/Agent-Permissions.YAML"]
    others = [
        "a/permissions.yaml",
        "node_modules/x/agent-permissions.yaml",
        ".venv/agent-permissions.yaml",
        "agent-permissions.json",
    ]
    build(tmp_path, {path: CLEAN.format(path) for path in found + others})
    if with_git:
        git(tmp_path, "init", "-q")
    assert search(
        str(tmp_path),
        str(tmp_path),
        ["**/agent-permissions*.yml", "**/agent-permissions*.yaml", "**/*.agent-permissions.yaml"],
        [],
    ) == sorted(found)
    assert run(tmp_path).manifests == 4


@pytest.mark.parametrize("spawns", [True, False], ids=["posix_spawn", "subprocess"])
def test_what_git_ignores_is_skipped_and_deleted_files_are_not_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spawns: bool
) -> None:
    if not spawns:  # as on Windows
        monkeypatch.delattr("os.posix_spawnp")
    names = ["kept", "ignored", "deleted", "new"]
    build(
        tmp_path,
        {f"{name}.agent-permissions.yaml": CLEAN.format(name) for name in names} | {".gitignore": "ignored*\n"},
    )
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "kept.agent-permissions.yaml", "deleted.agent-permissions.yaml")
    (tmp_path / "deleted.agent-permissions.yaml").unlink()
    assert run(tmp_path).manifests == 2


@pytest.mark.parametrize("spawns", [True, False], ids=["posix_spawn", "subprocess"])
def test_without_git_the_folder_is_walked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spawns: bool) -> None:
    build(tmp_path, {"a.agent-permissions.yaml": CLEAN.format("a")})
    assert search(str(tmp_path), str(tmp_path), ["**/*.yaml"], []) == ["a.agent-permissions.yaml"]  # git fails
    if not spawns:  # as on Windows
        monkeypatch.delattr("os.posix_spawnp")
    monkeypatch.setenv("PATH", str(tmp_path))
    before = sorted(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else []
    assert search(str(tmp_path), str(tmp_path), ["**/*.yaml"], []) == ["a.agent-permissions.yaml"]  # there is none
    assert not before or sorted(os.listdir("/proc/self/fd")) == before


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "-c", "user.name=Kim", "-c", "user.email=kim@example.com", "commit", "-q", "-m", "All")


def test_a_worktree_and_its_ignored_files(tmp_path: Path) -> None:
    main = build(tmp_path / "main", {"a.agent-permissions.yaml": CLEAN.format("a"), ".gitignore": "out/\n"})
    git(main, "init", "-q")
    commit(main)
    git(main, "worktree", "add", "-q", "../tree")
    tree = build(tmp_path / "tree", {f"{one}.agent-permissions.yaml": CLEAN.format(one) for one in ("b", "out/c")})
    assert search(str(tree), str(tree), ["**/*.yaml"], []) == ["a.agent-permissions.yaml", "b.agent-permissions.yaml"]
    assert run(tree).manifests == 2


def test_a_submodule_is_a_project_of_its_own(tmp_path: Path) -> None:
    inner = build(tmp_path / "inner", {"x.agent-permissions.yaml": CLEAN.format("x")})
    git(inner, "init", "-q")
    commit(inner)
    outer = build(tmp_path / "outer", {"y.agent-permissions.yaml": CLEAN.format("y")})
    git(outer, "init", "-q")
    git(outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "sub.yaml")
    assert search(str(outer), str(outer), ["**/*.yaml"], []) == ["y.agent-permissions.yaml"]
    assert search(str(outer / "sub.yaml"), str(outer / "sub.yaml"), ["**/*.yaml"], []) == ["x.agent-permissions.yaml"]


def test_a_hooks_git_variables_do_not_answer_for_another_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = build(tmp_path / "other", {"x.agent-permissions.yaml": CLEAN.format("x")})
    git(other, "init", "-q")
    commit(other)
    here = build(tmp_path / "here", {"y.agent-permissions.yaml": CLEAN.format("y"), ".gitignore": "z*\n", "z.yaml": ""})
    git(here, "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    assert search(str(here), str(here), ["**/*.yaml"], []) == ["y.agent-permissions.yaml"]


def test_a_configured_fsmonitor_is_not_run(tmp_path: Path) -> None:
    build(tmp_path, {"y.agent-permissions.yaml": CLEAN.format("y"), "spy.sh": "#!/bin/sh\ntouch spied\n"})
    (tmp_path / "spy.sh").chmod(0o755)
    git(tmp_path, "init", "-q")
    git(tmp_path, "config", "core.fsmonitor", str(tmp_path / "spy.sh"))
    assert search(str(tmp_path), str(tmp_path), ["**/*.yaml"], []) == ["y.agent-permissions.yaml"]
    assert not (tmp_path / "spied").exists()


def test_a_folder_is_searched_and_a_file_is_always_read(tmp_path: Path) -> None:
    files = {
        "agents/a/agent-permissions.yaml": CLEAN.format("a"),
        "other/agent-permissions.yaml": CLEAN.format("b"),
        "odd.txt": CLEAN.format("c"),
    }
    build(tmp_path, files)
    assert run(tmp_path, "agents").manifests == 1
    assert run(tmp_path, "odd.txt", "agents", "agents/a").manifests == 2
    assert run(tmp_path, "agents/a/../a/agent-permissions.yaml", "agents").manifests == 1


def test_exclude_binds_named_files_only_when_forced(tmp_path: Path) -> None:
    build(
        tmp_path,
        {"old/agent-permissions.yaml": "[", "agent-permissions.yaml": CLEAN.format("a")},
        'exclude = ["old/**"]\n',
    )
    assert run(tmp_path).errors == ()
    assert len(run(tmp_path, "old/agent-permissions.yaml").errors) == 1
    forced = run(tmp_path, "old/agent-permissions.yaml", force_exclude=True)
    assert (forced.errors, forced.manifests, forced.unchecked) == ((), 0, ())


def test_named_files_are_held_against_all_manifests_of_the_project(tmp_path: Path) -> None:
    build(tmp_path, {"a/agent-permissions.yaml": CLEAN.format("x"), "b/agent-permissions.yaml": CLEAN.format("x")}, "")
    named = run(tmp_path, "a/agent-permissions.yaml")
    assert places(named) == ["manifest/duplicate-agent 1:1"]
    assert named.findings[0].location.path == "a/agent-permissions.yaml"
    assert [one.path for one in named.findings[0].related] == ["b/agent-permissions.yaml"]
    assert named.manifests == 1


def test_a_link_that_leaves_the_root_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("root:x:0:0\n")
    root = build(tmp_path / "project", {}, "")
    (root / "agent-permissions.yaml").symlink_to(secret)
    outcome = run(root)
    assert [one.message for one in outcome.errors] == ["is a link that leaves the root"]
    assert "root:x" not in str(outcome)


@pytest.mark.parametrize("named", ["agents/new", "agents/new/agent-permissions.yaml"])
def test_a_folders_link_that_leaves_the_root_is_not_followed(tmp_path: Path, named: str) -> None:
    build(tmp_path / "outside", {"agent-permissions.yaml": "root:x: 0: 0\n"})
    root = build(tmp_path / "project", {"agents/old/agent-permissions.yaml": CLEAN.format("a")}, "")
    (root / "agents" / "new").symlink_to(tmp_path / "outside")
    (root / "agents" / "near").symlink_to("old")
    outcome = run(root, named)
    assert [one.message for one in outcome.errors] == ["lies behind a link that leaves the root"]
    assert "root:x" not in str(outcome)
    assert run(root, named.replace("new", "near")).manifests == 1


def test_a_script_link_that_leaves_the_root_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text("")
    manifest = (
        CLEAN.format("a").replace("[]", "\n  - {resource: db.t, access: write}")
        + "rollback_strategy: revert.py --run-id <id>\n"
    )
    root = build(tmp_path / "project", {"agent-permissions.yaml": manifest}, "")
    (root / "revert.py").symlink_to(tmp_path / "outside.py")
    messages = [one.message for one in run(root).findings if one.rule == "rollback/missing-rollback-script"]
    assert messages == ["`revert.py` is a link that leaves the repository"]
    (root / "revert.py").unlink()
    (root / "inner.py").write_text("")
    (root / "revert.py").symlink_to("inner.py")
    assert [one.message for one in run(root).findings if one.rule == "rollback/missing-rollback-script"] == []
