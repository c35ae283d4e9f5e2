"""What a commit or a branch is judged by: no change loosens what judges it."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from linter.config import load
from linter.creep.range import Range
from linter.creeping import judge
from tests.command import ROOT, permlint
from tests.history.repository import Repo

AGENT = "agents/triage.agent-permissions.yaml"
OTHER = "agents/other.agent-permissions.yaml"
CONFIG = "permlint.toml"


def manifest(access: str, environment: str = "production", agent: str = "triage") -> str:
    """A small agent's."""
    return (
        f"agent_name: {agent}\nenvironment: {environment}\nowner: support\nresources:\n"
        f"  - resource: tickets\n    access: {access}\n"
    )


WIDER = manifest("admin")


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Two agents, one commit, and a branch that is checked out."""
    repo = Repo(tmp_path)
    repo.commit("Start", {AGENT: manifest("read-only"), OTHER: manifest("read-only", agent="other")})
    repo.git("checkout", "-q", "-b", "branch")
    return repo


def staged(repo: Repo, *options: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Judge what is staged."""
    return permlint(folder or repo.folder, "creep", "--staged", *options, env=dict(repo.environment))


def branch(repo: Repo, *options: str) -> subprocess.CompletedProcess[str]:
    """Judge the branch."""
    return permlint(repo.folder, "creep", "--base", "main", *options, env=dict(repo.environment))


EXCLUDED = 'exclude = ["agents/triage*"]'
OFF = '[rules]\n"creep/admin-added" = {severity = "off"}\n"creep/unreviewed-widening" = {severity = "off"}'
LOOSER = [
    pytest.param(EXCLUDED, id="excluded"),
    pytest.param(f'manifests = ["{OTHER}"]', id="other-globs"),
    pytest.param(OFF, id="rules-off"),
    pytest.param('nonproduction = ["production"]\n[rules]\n"creep/admin-added" = {severity = "info"}', id="harmless"),
]


@pytest.mark.parametrize("config", LOOSER)
def test_a_commit_that_widens_is_judged_by_the_configuration_before_it(repo: Repo, config: str) -> None:
    repo.write(**{AGENT: WIDER, CONFIG: config})
    repo.git("add", "-A")
    done = staged(repo)
    assert done.returncode == 1, done.stdout
    assert f"error[creep/admin-added]: this commit added: tickets: admin\n --> {AGENT}:6:13" in done.stdout
    assert "changes permlint's configuration and is judged by the defaults, for before there was none" in done.stdout


@pytest.mark.parametrize("config", LOOSER)
def test_a_branch_that_widens_is_judged_by_the_configuration_before_it(repo: Repo, config: str) -> None:
    repo.commit("Wider", {AGENT: WIDER})
    repo.commit("And nobody looks", {CONFIG: config})
    done = branch(repo)
    assert done.returncode == 1, done.stdout
    assert f"{AGENT}:6:13" in done.stdout
    assert "error[creep/admin-added]" in done.stdout


def test_what_a_committed_configuration_turned_off_is_off(repo: Repo) -> None:
    repo.commit("Off", {CONFIG: OFF})
    repo.write(**{AGENT: WIDER})
    repo.git("add", "-A")
    assert staged(repo).returncode == 0
    repo.write(**{CONFIG: ""})
    repo.git("add", "-A")
    assert staged(repo).returncode == 0, "a stricter configuration holds from the next commit on, too"
    assert "is judged by permlint.toml as it was before" in staged(repo).stdout


def test_a_named_configuration_judges_whatever_the_change_does(repo: Repo) -> None:
    repo.write(**{AGENT: WIDER, CONFIG: OFF})
    repo.git("add", "-A")
    assert staged(repo, "--config", CONFIG).returncode == 0
    assert "judged by" not in staged(repo, "--config", CONFIG).stdout


def test_settings_that_creep_does_not_read_are_no_change(repo: Repo) -> None:
    repo.write(**{CONFIG: '[systems.slack]\nkind = "slack"\ntoken_env = "SLACK_TOKEN"\n'})
    repo.git("add", "-A")
    done = staged(repo)
    assert done.returncode == 0
    assert "note" not in done.stdout


@pytest.mark.parametrize("how", ["staged", "branch"])
def test_a_manifest_that_a_new_configuration_hides_is_told(repo: Repo, how: str) -> None:
    repo.write(**{CONFIG: EXCLUDED})
    repo.git("add", "-A")
    if how == "branch":
        repo.commit("Nobody looks")
    done = staged(repo) if how == "staged" else branch(repo)
    assert done.returncode == 1
    assert "error[creep/out-of-sight]: no configured glob collects this manifest any more" in done.stdout
    assert f" --> {AGENT}:1:13" in done.stdout
    assert OTHER not in done.stdout


@pytest.mark.parametrize("how", ["staged", "branch"])
@pytest.mark.parametrize(
    "place",
    [
        "archive/triage.txt",
        "agents/triage.yaml",
        "agents/triage.yml.disabled",
        f"node_modules/{AGENT}",
        f".venv/{AGENT}",
    ],
)
def test_a_manifest_that_is_moved_out_of_the_globs_is_followed(repo: Repo, how: str, place: str) -> None:
    (repo.folder / AGENT).unlink()
    repo.write(**{place: WIDER})
    repo.git("add", "-A")
    if how == "branch":
        repo.commit("Out of the way")
    done = staged(repo) if how == "staged" else branch(repo)
    assert done.returncode == 1, done.stdout
    assert "error[creep/out-of-sight]" in done.stdout
    assert "error[creep/admin-added]" in done.stdout
    assert f" --> {place}:6:13" in done.stdout


def test_a_new_name_does_not_hide_what_was_moved(repo: Repo) -> None:
    (repo.folder / AGENT).unlink()
    repo.write(**{"notes.txt": manifest("admin", agent="sorter")})
    repo.git("add", "-A")
    done = staged(repo)
    assert done.returncode == 1, done.stdout
    assert "error[creep/out-of-sight]" in done.stdout
    assert "what `sorter` may do: tickets: admin" in done.stdout


@pytest.mark.parametrize("how", ["staged", "branch"])
@pytest.mark.parametrize("there", [None, "Notes.\n", manifest("read-only", agent="someone")])
def test_a_manifest_that_git_does_not_know_again_is_followed_by_its_agent(
    repo: Repo, how: str, there: str | None
) -> None:
    if there is not None:
        repo.commit("Notes", {"notes.txt": there})
        repo.git("branch", "-f", "main")
    many = "".join([f"  - resource: system{number}\n    access: admin\n" for number in range(20)])
    (repo.folder / AGENT).unlink()
    repo.write(**{"notes.txt": WIDER + many})
    repo.git("add", "-A")
    if how == "branch":
        repo.commit("Out of the way")
    done = staged(repo) if how == "staged" else branch(repo)
    assert done.returncode == 1, done.stdout
    assert "error[creep/out-of-sight]" in done.stdout
    assert " --> notes.txt:1:13" in done.stdout


def test_what_declared_the_agent_before_is_not_where_a_deleted_manifest_went(repo: Repo) -> None:
    repo.commit("An example", {"docs/example.yaml": manifest("read-only")})
    (repo.folder / AGENT).unlink()
    repo.write(**{"docs/example.yaml": "# An example.\n" + manifest("read-only")})
    repo.git("add", "-A")
    done = staged(repo)
    assert done.returncode == 0, done.stdout


def test_a_manifest_that_is_deleted_is_deleted(repo: Repo) -> None:
    (repo.folder / AGENT).unlink()
    repo.write(**{"notes.txt": "agents come and go\n"})
    repo.git("add", "-A")
    assert staged(repo).returncode == 0
    repo.commit("Retired")
    done = branch(repo)
    assert done.returncode == 0
    assert "out-of-sight" not in done.stdout
    assert "deleted" in done.stdout


def test_a_manifest_that_is_moved_within_the_globs_is_in_sight(repo: Repo) -> None:
    repo.git("mv", AGENT, "triage.agent-permissions.yaml")
    done = staged(repo)
    assert done.returncode == 0
    assert "out-of-sight" not in done.stdout


def test_a_new_glob_counts_at_once(repo: Repo) -> None:
    repo.commit("Two more", {"policies/bot.yaml": manifest("read-only", agent="bot")})
    repo.write(
        **{
            CONFIG: 'manifests = ["agents/*.yaml", "policies/*.yaml"]\n',
            "policies/bot.yaml": manifest("admin", agent="bot"),
        }
    )
    repo.git("add", "-A")
    done = staged(repo)
    assert done.returncode == 1
    assert "policies/bot.yaml:6:13" in done.stdout


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


def test_a_configuration_from_before_that_cannot_be_used_is_the_defaults(repo: Repo) -> None:
    repo.commit("Broken", {CONFIG: "exclude = 1\n"})
    repo.write(**{AGENT: WIDER, CONFIG: ""})
    repo.git("add", "-A")
    done = staged(repo)
    assert done.returncode == 1
    assert "permlint.toml from before this commit cannot be used" in done.stdout
    repo.write(**{CONFIG: "exclude = 2\n"})
    repo.git("add", "-A")
    assert staged(repo).returncode == 2


def test_a_configuration_below_the_top_is_found_where_it_was(repo: Repo) -> None:
    inner = "product/agents/bot.agent-permissions.yaml"
    repo.commit("A product", {f"product/{CONFIG}": "", inner: manifest("read-only", agent="bot")})
    repo.write(**{inner: manifest("admin", agent="bot"), f"product/{CONFIG}": 'exclude = ["agents/**"]\n'})
    repo.git("add", "-A")
    done = staged(repo, folder=repo.folder / "product")
    assert done.returncode == 1
    assert " --> agents/bot.agent-permissions.yaml:6:13" in done.stdout


def test_a_branch_that_left_on_a_laxer_day_is_judged_by_its_base_of_today(repo: Repo) -> None:
    repo.git("checkout", "-q", "main")
    repo.commit("Lax", {CONFIG: EXCLUDED})
    repo.git("branch", "lax")
    repo.commit("Strict", {CONFIG: 'nonproduction = ["lab"]\n'})
    repo.git("checkout", "-q", "-B", "branch", "lax")
    repo.commit("Wider", {AGENT: WIDER})
    done = branch(repo)
    assert done.returncode == 1, done.stdout
    assert "error[creep/admin-added]" in done.stdout
    assert f" --> {AGENT}:6:13" in done.stdout
    assert "note" not in done.stdout, "the configuration is none of this branch's changes"


def test_what_the_base_began_to_collect_is_not_hidden_by_a_branch(repo: Repo) -> None:
    bot = "policies/bot.yaml"
    repo.commit("A bot", {bot: manifest("read-only", agent="bot")})
    repo.git("checkout", "-q", "-B", "main")
    repo.git("checkout", "-q", "-b", "feature")
    repo.commit("Another environment", {CONFIG: 'nonproduction = ["lab"]\n'})
    repo.git("checkout", "-q", "main")
    repo.commit("All policies", {CONFIG: 'manifests = ["**/*.yaml"]\n'})
    repo.git("checkout", "-q", "feature")
    done = branch(repo)
    assert done.returncode == 0, done.stdout
    assert "changes permlint's configuration and is judged by permlint.toml as it was" in done.stdout
    repo.commit("Wider", {bot: manifest("admin", agent="bot")})
    done = branch(repo)
    assert done.returncode == 1
    assert f" --> {bot}:6:13" in done.stdout
    assert "out-of-sight" not in done.stdout


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


def test_a_configuration_that_is_a_link_is_the_one_that_it_leads_to(repo: Repo) -> None:
    shared = "tools/lint.toml"
    repo.write(**{shared: 'nonproduction = ["production"]\n'})
    (repo.folder / CONFIG).symlink_to(shared)
    repo.commit("Shared")
    repo.git("branch", "-f", "main")
    repo.write(**{AGENT: WIDER, shared: 'exclude = ["agents/triage*"]\n'})
    repo.git("add", "-A")
    done = staged(repo)
    assert "changes permlint's configuration and is judged by permlint.toml as it was before" in done.stdout
    assert f"{AGENT}:1:1: warning[creep/unreviewed-widening]" in done.stdout, "an error where production is production"
    repo.commit("Wider")
    done = branch(repo)
    assert "changes permlint's configuration and is judged by permlint.toml as it was before" in done.stdout
    assert f" --> {AGENT}:6:13" in done.stdout


@pytest.mark.parametrize("target", ["nowhere.toml", "../outside.toml", "/etc/hostname"])
def test_a_configuration_that_is_a_link_to_nothing_committed_cannot_be_used(repo: Repo, target: str) -> None:
    (repo.folder / CONFIG).symlink_to(target)
    repo.git("add", "-A")
    (repo.folder / CONFIG).unlink()
    repo.write(**{CONFIG: ""})
    done = staged(repo)
    assert done.returncode == 2
    assert "permlint.toml:1:1: is a link to no file of the repository" in done.stdout + done.stderr


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


def test_what_is_removed_before_it_was_ever_committed_is_none_of_the_branch(repo: Repo) -> None:
    new = "agents/new.agent-permissions.yaml"
    repo.write(**{new: manifest("admin", agent="new")})
    repo.git("add", new)
    (repo.folder / new).unlink()
    done = branch(repo)
    assert done.returncode == 0, done.stdout + done.stderr
    assert new not in done.stdout


@pytest.mark.parametrize("options", [(), ("--staged",), ("--base", "main")])
def test_a_bare_repository_is_said_to_be_one(repo: Repo, tmp_path: Path, options: tuple[str, ...]) -> None:
    bare = tmp_path.parent / f"{tmp_path.name}.git"
    repo.git("clone", "-q", "--bare", ".", str(bare))
    done = permlint(bare, "creep", *options, env=dict(repo.environment))
    assert done.returncode == 3, done.stdout + done.stderr
    assert f"not checked: {bare} is a bare repository: run permlint in a clone" in done.stdout + done.stderr


def test_the_first_commit_is_judged_by_its_own_configuration(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    repo.write(**{AGENT: WIDER, CONFIG: 'exclude = ["agents/**"]\n'})
    repo.git("add", "-A")
    assert "is judged by" not in staged(repo).stdout


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
