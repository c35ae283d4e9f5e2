"""The pre-commit hooks: whom they fire for, and real commits that they stop in a real repository."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from linter.config import MANIFESTS
from linter.globs import matcher

HOOKS: dict[str, dict[str, Any]] = {
    hook["id"]: hook
    for hook in yaml.safe_load((Path(__file__).parent.parent / ".pre-commit-hooks.yaml").read_text("utf-8"))
}
NAMED = [
    "agent-permissions.yaml",
    "agent-permissions.yml",
    "agents/triage/agent-permissions.yaml",
    "agents/triage/agent-permissions-staging.yml",
    "agent-permissions.production.yaml",
    "triage.agent-permissions.yaml",
    "agents/ticket triage.agent-permissions.yml",
    ".agents/été.agent-permissions.yaml",
    ".agent-permissions.yaml",
    "Agent-Permissions.YAML",
    "agents/Triage.Agent-Permissions.yml",
]
OTHERS = [
    "agent-permissions",
    "agent-permissions.json",
    "agent-permissions.yaml.j2",
    "agent-permissions.yamll",
    "agent-permissions/readme.yaml",
    "agent-permissionsyaml",
    "my-agent-permissions.yaml",
    "agent_permissions.yaml",
    "permissions.yaml",
    "permlint-accepted.yaml",
    "docs/agent-permissions.md",
    "triage.agent-permissions.v2.yaml",
]
SOUND = f"""\
agent_name: ticket-triage
environment: production
owner: support
reviewed: {{date: {date.today()}, by: security}}
resources:
  - resource: postgres.tickets
    access: write
    scope: status, assigned_to columns only
    blast_radius: high (changes rows)
rollback_strategy: |
  First: scripts/triage.py --dry-run
  Rollback script: python3 scripts/revert.py --run-id <id>
"""
BROKEN = SOUND.replace("access: write", "access: readonly")
SCRIPTS = {"scripts/triage.py": "print('dry-run')\n", "scripts/revert.py": "print('run-id')\n"}


@pytest.mark.parametrize("path", NAMED)
def test_the_pattern_takes_a_manifest(path: str) -> None:
    assert re.search(HOOKS["permlint"]["files"], path)


@pytest.mark.parametrize("path", OTHERS)
def test_the_pattern_leaves_others(path: str) -> None:
    assert not re.search(HOOKS["permlint"]["files"], path)


@pytest.mark.parametrize("path", NAMED + OTHERS)
def test_the_pattern_and_the_default_globs_agree(path: str) -> None:
    assert bool(re.search(HOOKS["permlint"]["files"], path)) is matcher(MANIFESTS, any_case=True)(path)


def test_no_filter_of_types_narrows_the_hooks() -> None:
    # `types: [yaml, json]` is an AND: such a hook never fires.
    assert all(not {"types", "types_or", "exclude", "exclude_types"} & set(hook) for hook in HOOKS.values())


@dataclass
class Repository:
    """A team's repository with a permlint hook installed."""

    folder: Path
    env: dict[str, str]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in it; both outputs in one."""
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    def commit(self, files: dict[str, str | None], *options: str) -> subprocess.CompletedProcess[str]:
        """Commit these changes; None deletes a file."""
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                path.unlink()
            else:
                path.write_text(content, encoding="utf-8")
        assert self.run("git", "add", "--all").returncode == 0
        return self.run("git", "commit", "--message", "A change", *options)

    @property
    def head(self) -> str:
        """The commit that HEAD is."""
        return self.run("git", "rev-parse", "HEAD").stdout


@pytest.fixture
def repository(tmp_path: Path, checkout: Path, offline: dict[str, str]) -> Callable[[str], Repository]:
    """Makes a repository with one of the hooks, a commit in it, and the hook's environment the same for all tests."""

    def make(hook: str) -> Repository:
        made = Repository(tmp_path, offline)
        assert made.run("git", "init", "--quiet").returncode == 0
        revision = Repository(checkout, offline).head.strip()
        config = {"repos": [{"repo": str(checkout), "rev": revision, "hooks": [{"id": hook}]}]}
        done = made.commit({".pre-commit-config.yaml": json.dumps(config), "README.md": "# A team\n", **SCRIPTS})
        assert done.returncode == 0, done.stdout
        done = made.run(sys.executable, "-m", "pre_commit", "install")
        assert done.returncode == 0, done.stdout
        return made

    return make


def assert_stopped(repository: Repository, changes: dict[str, str | None], *said: str) -> None:
    """The commit is refused, and the output says why and where."""
    before = repository.head
    done = repository.commit(changes)
    assert done.returncode != 0, done.stdout
    assert [text for text in said if text not in done.stdout] == [], done.stdout
    assert repository.head == before


def assert_passed(repository: Repository, changes: dict[str, str | None]) -> None:
    """The commit is made, and the hook did run."""
    before = repository.head
    done = repository.commit(changes)
    assert done.returncode == 0, done.stdout
    assert "Passed" in done.stdout
    assert repository.head != before


@pytest.mark.parametrize("hook", [hook for hook in HOOKS if hook != "permlint-creep"])
def test_a_broken_manifest_is_stopped_and_a_sound_one_passes(
    repository: Callable[[str], Repository], hook: str
) -> None:
    team = repository(hook)
    assert_stopped(
        team, {"agents/agent-permissions.yaml": BROKEN}, "--> agents/agent-permissions.yaml:7:13", "`readonly`"
    )
    assert_passed(team, {"agents/agent-permissions.yaml": SOUND})


def test_all_sees_the_deletion_of_a_rollback_script(repository: Callable[[str], Repository]) -> None:
    team = repository("permlint-all")
    assert_passed(team, {"agents/agent-permissions.yaml": SOUND})
    assert_stopped(
        team,
        {"scripts/revert.py": None},
        "rollback/missing-rollback-script",
        "--> agents/agent-permissions.yaml:10:1",
        "scripts/revert.py",
    )


def test_all_checks_manifests_wherever_a_team_keeps_them(repository: Callable[[str], Repository]) -> None:
    team = repository("permlint-all")
    assert_stopped(
        team,
        {"permlint.toml": 'manifests = ["bots/*.yaml"]\n', "bots/triage.yaml": BROKEN},
        "--> bots/triage.yaml:7:13",
    )


def test_an_excluded_manifest_is_left_alone_even_if_named(repository: Callable[[str], Repository]) -> None:
    team = repository("permlint")
    assert_passed(team, {"permlint.toml": 'exclude = ["fixtures/**"]\n', "fixtures/agent-permissions.yaml": BROKEN})
    assert_stopped(
        team,
        {"fixtures/agent-permissions.yaml": BROKEN + "\n", "agent-permissions.yaml": BROKEN},
        "--> agent-permissions.yaml:7:13",
    )


@pytest.mark.parametrize(("first", "second"), [("a", "b"), ("b", "a")])
def test_a_changed_manifest_is_held_against_those_that_did_not_change(
    repository: Callable[[str], Repository], first: str, second: str
) -> None:
    team = repository("permlint")
    assert_passed(team, {f"{first}/agent-permissions.yaml": SOUND})
    assert_stopped(
        team,
        {f"{second}/agent-permissions.yaml": SOUND},
        "manifest/duplicate-agent",
        f"{second}/agent-permissions.yaml:1:1",
    )


def test_creep_stops_a_widening_until_it_is_justified(repository: Callable[[str], Repository]) -> None:
    team = repository("permlint-creep")
    path, sound = "agents/agent-permissions.yaml", SOUND.replace("environment: production", "environment: staging")
    assert_passed(team, {path: sound})
    wider = sound.replace("assigned_to columns", "assigned_to, priority columns")
    assert_stopped(
        team,
        {path: wider},
        f"error[creep/write-added]: this commit added: postgres.tickets: update on columns priority\n --> {path}:8:12",
        "Say why in `justification:` of postgres.tickets, in this commit.",
    )
    why = "    justification: urgent tickets go first\n    blast_radius"
    assert_passed(team, {path: wider.replace("    blast_radius", why)})


def test_creep_stops_a_widening_in_production_until_it_is_signed(
    repository: Callable[[str], Repository],
) -> None:
    team = repository("permlint-creep")
    path = "agents/agent-permissions.yaml"
    unsigned = re.sub("reviewed: .*\n", "", SOUND)
    assert_passed(team, {path: unsigned})
    why = "    justification: urgent tickets go first\n    blast_radius"
    wider = unsigned.replace("assigned_to columns", "assigned_to, priority columns").replace("    blast_radius", why)
    assert_stopped(team, {path: wider}, "error[creep/unreviewed-widening]", "permlint review sign")
    done = team.run(sys.executable, "-m", "linter", "review", "sign", path)
    assert done.returncode == 0, done.stdout
    assert_passed(team, {})


def test_creep_lets_a_narrowing_pass_and_judges_nothing_but_the_commit(
    repository: Callable[[str], Repository],
) -> None:
    team = repository("permlint-creep")
    path = "agents/agent-permissions.yaml"
    wide = SOUND.replace("access: write", "access: read-write")
    assert_passed(team, {path: wide})
    assert_passed(team, {path: SOUND.replace("access: write", "access: read-only")})
    # Nobody may skip the hook unseen: what slipped through is found in the history.
    assert team.commit({path: wide}, "--no-verify").returncode == 0
    assert_passed(team, {"README.md": "# Another\n"})
