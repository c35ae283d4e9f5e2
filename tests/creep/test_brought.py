"""What a commit or a branch brings: what is staged or committed, whatever lies in the working tree."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path

import pytest

from linter.config import load
from linter.creep.range import Range
from linter.creep.run import judge
from tests.command import ROOT, permlint
from tests.creep.gates import AGENT, CONFIG, OTHER, WIDER, branch, manifest, staged
from tests.history.repository import Repo


def test_what_is_only_in_the_working_tree_is_not_judged(repo: Repo) -> None:
    repo.write(**{AGENT: WIDER})
    repo.git("add", "-A")
    repo.write(**{CONFIG: 'exclude = ["agents/**"]\n'})
    assert staged(repo).returncode == 1, "an exclusion that is not staged"
    (repo.folder / CONFIG).unlink()
    (repo.folder / AGENT).unlink()
    done = staged(repo)
    assert done.returncode == 1, "a file that is staged and was removed"
    assert f" --> {AGENT}:6:13" in done.stdout
    repo.write(**{AGENT: "# another line\n" + manifest("read-only")})
    assert f" --> {AGENT}:6:13" in staged(repo).stdout, "the line as it is staged"


def test_a_file_that_is_only_announced_is_none_of_the_commit(repo: Repo) -> None:
    repo.write(**{"agents/new.agent-permissions.yaml": WIDER})
    repo.git("add", "-N", "agents/new.agent-permissions.yaml")
    done = staged(repo)
    assert done.returncode == 0, done.stdout + done.stderr
    repo.write(**{AGENT: ""})
    repo.git("add", AGENT)
    done = staged(repo)
    assert done.returncode == 2
    assert f"{AGENT}:1:1" in done.stdout + done.stderr


def test_a_file_that_is_taken_out_of_the_index_and_announced_again_is_deleted(repo: Repo) -> None:
    repo.git("rm", "-q", "--cached", AGENT)
    repo.git("add", "-N", AGENT)
    done = staged(repo)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_empty_file_that_is_staged_is_no_manifest(repo: Repo) -> None:
    new = "agents/new.agent-permissions.yaml"
    repo.write(**{new: ""})
    repo.git("add", new)
    done = staged(repo)
    assert done.returncode == 2
    assert f"{new}:1:1" in done.stdout + done.stderr


def test_only_an_acceptance_that_is_staged_accepts(repo: Repo) -> None:
    repo.write(**{AGENT: WIDER})
    repo.git("add", "-A")
    folder, day = str(repo.folder), date(2026, 11, 25)
    found = judge(load(None, folder), (), folder, day, Range(staged=True), given=False).findings
    entries = [
        {
            "fingerprint": one.fingerprint,
            "rule": one.rule,
            "content": one.content,
            "reason": "Agreed",
            "until": "2026-12-24",
        }
        for one in found
    ]
    repo.write(**{"permlint-accepted.yaml": json.dumps({"accepted": entries})})
    done = staged(repo, "--as-of", "2026-11-25")
    assert done.returncode == 1, "nothing in the commit says so"
    assert "0 suppressed" in done.stdout
    repo.git("add", "-A")
    done = staged(repo, "--as-of", "2026-11-25")
    assert done.returncode == 0, done.stdout
    (repo.folder / "permlint-accepted.yaml").unlink()
    assert staged(repo, "--as-of", "2026-11-25").returncode == 0, "it is in the commit"


def test_a_branch_brings_what_a_sparse_checkout_leaves_out(repo: Repo) -> None:
    repo.commit("Wider", {AGENT: WIDER, "docs/index.md": "Hello.\n"})
    repo.commit("Moved", {OTHER: None, "kept/other.agent-permissions.yaml": manifest("read-only", agent="other")})
    repo.git("sparse-checkout", "set", "kept")
    assert not (repo.folder / AGENT).exists()
    done = branch(repo)
    assert done.returncode == 1, done.stdout
    assert f" --> {AGENT}:6:13" in done.stdout
    assert "error[creep/admin-added]" in done.stdout
    assert "not committed yet" not in done.stdout


@pytest.mark.parametrize("options", [(), ("--staged",), ("--base", "main")])
def test_a_bare_repository_is_said_to_be_one(repo: Repo, tmp_path: Path, options: tuple[str, ...]) -> None:
    bare = tmp_path.parent / f"{tmp_path.name}.git"
    repo.git("clone", "-q", "--bare", ".", str(bare))
    done = permlint(bare, "creep", *options, env=dict(repo.environment))
    assert done.returncode == 3, done.stdout + done.stderr
    assert f"not checked: {bare} is a bare repository: run permlint in a clone" in done.stdout + done.stderr


def test_the_last_agent_may_be_retired(repo: Repo) -> None:
    repo.git("rm", "-q", AGENT, OTHER)
    done = staged(repo)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_clean_merge_brings_nothing_of_its_own(repo: Repo) -> None:
    """Git runs this hook before it writes MERGE_HEAD."""
    repo.commit("Beside", {"README.md": "x"})
    repo.git("checkout", "-q", "main")
    repo.commit("Wider, and merged long ago", {AGENT: WIDER})
    repo.git("checkout", "-q", "branch")
    hook = repo.folder / ".git/hooks/pre-merge-commit"
    hook.write_text(f"#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m linter creep --staged\n", encoding="utf-8")
    hook.chmod(0o755)
    repo.git("merge", "-q", "--no-edit", "main")
    assert repo.git("log", "-1", "--format=%p").count(" ") == 1


def test_what_is_removed_before_it_was_ever_committed_is_none_of_the_branch(repo: Repo) -> None:
    new = "agents/new.agent-permissions.yaml"
    repo.write(**{new: manifest("admin", agent="new")})
    repo.git("add", new)
    (repo.folder / new).unlink()
    done = branch(repo)
    assert done.returncode == 0, done.stdout + done.stderr
    assert new not in done.stdout
