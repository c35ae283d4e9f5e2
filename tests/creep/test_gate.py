"""What a commit or a branch is judged by: no change loosens what judges it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.creep.gates import AGENT, CONFIG, EXCLUDED, OTHER, WIDER, branch, manifest, staged
from tests.history.repository import Repo

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


def test_the_first_commit_is_judged_by_its_own_configuration(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    repo.write(**{AGENT: WIDER, CONFIG: 'exclude = ["agents/**"]\n'})
    repo.git("add", "-A")
    assert "is judged by" not in staged(repo).stdout
