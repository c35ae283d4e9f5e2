"""A manifest that leaves what permlint looks at is followed, and told from one that is deleted."""

from __future__ import annotations

import pytest

from tests.creep.gates import AGENT, CONFIG, EXCLUDED, OTHER, WIDER, branch, judged, manifest, staged
from tests.history.repository import Repo


@pytest.mark.parametrize("how", ["staged", "branch"])
def test_a_manifest_that_a_new_configuration_hides_is_told(repo: Repo, how: str) -> None:
    repo.write(**{CONFIG: EXCLUDED})
    repo.git("add", "-A")
    if how == "branch":
        repo.commit("Nobody looks")
    done = judged(repo, how)
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
    done = judged(repo, how)
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
    done = judged(repo, how)
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
