"""`permlint review sign`: who signs what, and what `creep` and `check` make of it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.command import permlint
from tests.creep.test_findings import DELETE, READ, SAM, signed, team
from tests.history.repository import PATH


def test_signing_is_read_back_by_creep(tmp_path: Path) -> None:
    repo = team(tmp_path, READ, DELETE)
    repo.git("config", "user.email", "sam@example.com")
    done = permlint(tmp_path, "review", "sign", PATH, "--as-of", "2026-11-24", env={"HOME": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{PATH}: signed by sam@example.com on 2026-11-24, p1:")
    text = (tmp_path / PATH).read_text()
    assert [line for line in text.splitlines() if line not in DELETE] == [text.splitlines()[2]]
    repo.commit("Signed", {}, "--author", SAM)
    assert permlint(tmp_path, "creep").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((PATH, "--by", "lee@example.com"), "--by lee@example.com is not git's user.email (sam@example.com)"),
        (("absent.yaml",), "absent.yaml:1:1: cannot be read"),
        (("broken.yaml",), "broken.yaml:2:1: is not YAML"),
        (("faulty.yaml",), "faulty.yaml: not signed: it has faults"),
        ((), "Missing argument"),
    ],
)
def test_what_is_not_signed(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    repo = team(tmp_path, READ)
    repo.git("config", "user.email", "sam@example.com")
    repo.write(**{"broken.yaml": "agent_name: [\n", "faulty.yaml": READ.replace("read-only", "readonly")})
    done = permlint(tmp_path, "review", "sign", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert (tmp_path / PATH).read_text() == READ


def test_nobody_signs_without_an_address(tmp_path: Path) -> None:
    team(tmp_path, READ)
    nobody = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "HOME": str(tmp_path)}
    done = permlint(tmp_path, "review", "sign", PATH, env=nobody)
    assert done.returncode == 2
    assert "git knows no user.email" in done.stderr


def test_check_says_what_changed_since_the_review_without_git(tmp_path: Path) -> None:
    team(tmp_path, signed(DELETE, of=READ))
    shutil.rmtree(tmp_path / ".git")
    done = permlint(tmp_path, "check", "--format", "json", PATH)
    found = {one["rule"]: one for one in json.loads(done.stdout)["findings"]}
    assert found["review/changed-since-review"]["severity"] == "warning"
    assert found["review/changed-since-review"]["line"] == 3
