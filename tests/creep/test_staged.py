"""`permlint creep --staged`: a commit is judged before it is made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import ROOT, permlint
from tests.creep.test_findings import DELETE, READ, WRITE, entry, signed, team
from tests.history.repository import PATH, Repo


def stage(repo: Repo, text: str) -> subprocess.CompletedProcess[str]:
    """Stage this manifest and judge the commit."""
    repo.write(**{PATH: text})
    repo.git("add", "-A")
    return permlint(repo.folder, "creep", "--staged", env=dict(repo.environment))


def test_a_widening_in_a_commit_needs_its_justification(tmp_path: Path) -> None:
    repo = team(tmp_path, READ)
    done = stage(repo, WRITE)
    assert done.returncode == 1
    assert "Say why in `justification:` of tickets, in this commit." in done.stdout
    done = stage(repo, WRITE + "    justification: status must be set\n")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("word", "rule"), [("purge", "delete"), ('"del*"', "delete"), ('"s3:PutBucketAcl"', "write"), ("merge", "write")]
)
def test_a_native_action_that_nothing_before_covers_stops_the_commit(tmp_path: Path, word: str, rule: str) -> None:
    text = entry(f"actions: [read, {word}]")
    repo = team(tmp_path, READ)
    done = stage(repo, text)
    assert done.returncode == 1
    assert f"{PATH}:5:21" in done.stdout.replace("--> ", "")
    assert f"error[creep/{rule}-added]: this commit added: tickets: " in done.stdout
    done = stage(repo, text + "    justification: old tickets are purged after a year\n")
    assert done.returncode == 0, done.stdout


def test_words_that_are_surely_covered_need_no_justification(tmp_path: Path) -> None:
    repo = team(tmp_path, entry("actions: [read, update, purge]"))
    assert stage(repo, entry('actions: [purge, "dynamodb:PutItem", "s3:GetObject"]')).returncode == 0


def test_free_prose_that_gets_its_structure_passes(tmp_path: Path) -> None:
    repo = team(tmp_path, entry("access: read-only", "scope: open tickets"))
    done = stage(repo, entry("access: read-only", 'scope: {rows: "state = 1"}'))
    assert done.returncode == 0
    assert "reworded, cannot be compared" in done.stdout
    assert stage(repo, entry("access: read-only", "scope: all rows")).returncode == 1


@pytest.mark.parametrize("why", [".", "-", "TODO", "tbd", "n/a", "x", "fix", "TODO: ask Kim", "<reason>"])
def test_a_justification_that_says_nothing_is_none(tmp_path: Path, why: str) -> None:
    repo = team(tmp_path, READ)
    done = stage(repo, WRITE + f"    justification: '{why}'\n")
    assert done.returncode == 1
    assert "Say why in `justification:` of tickets, in this commit." in done.stdout


@pytest.mark.parametrize("why", ["INC-4711", "fix ticket 4711", "status must be set"])
def test_a_short_reason_is_one(tmp_path: Path, why: str) -> None:
    repo = team(tmp_path, READ)
    assert stage(repo, WRITE + f"    justification: '{why}'\n").returncode == 0


def test_an_old_justification_in_another_spelling_is_the_old_one(tmp_path: Path) -> None:
    repo = team(tmp_path, WRITE + "    justification: status must be set\n")
    assert stage(repo, DELETE + "    justification: Status must be set.\n").returncode == 1


def test_an_old_justification_is_of_what_was_before(tmp_path: Path) -> None:
    why = "    justification: status must be set\n"
    repo = team(tmp_path, WRITE + why)
    assert stage(repo, DELETE + why).returncode == 1
    assert stage(repo, DELETE + "    justification: spam is deleted\n").returncode == 0


def test_in_production_a_review_as_well_and_whose_it_is_the_history_tells(tmp_path: Path) -> None:
    text = entry("access: write", "justification: status must be set", environment="production")
    repo = team(tmp_path, entry("access: read-only", environment="production"))
    done = stage(repo, text)
    assert done.returncode == 1
    assert "error[creep/unreviewed-widening]" in done.stdout
    done = stage(repo, signed(text, by="kim@example.com"))
    assert done.returncode == 0, done.stdout
    assert f"{PATH}:3:34" in done.stdout
    assert "warning[review/self-review]: kim@example.com alone signed" in done.stdout
    repo.git("checkout", "-q", "-b", "branch")
    repo.commit("Mine")
    assert "error[review/self-review]" in permlint(tmp_path, "creep").stdout
    assert permlint(tmp_path, "creep", "--base", "main").returncode == 1


def test_in_production_no_borrowed_review_either(tmp_path: Path) -> None:
    text = entry("access: write", "justification: status must be set", environment="production")
    repo = team(tmp_path, entry("access: read-only", environment="production"))
    done = stage(repo, signed(text, by="sam@example.com"))
    assert done.returncode == 1
    assert "error[review/unattributed-review]: the review says it is by sam@example.com" in done.stdout
    repo.commit("Sam said so")
    assert "error[review/unattributed-review]" in permlint(tmp_path, "creep").stdout


def test_the_hook_asks_for_no_review_of_a_first_agreement(tmp_path: Path) -> None:
    repo = team(tmp_path, {"README.md": "x"})
    done = stage(repo, signed(entry("access: write", environment="production"), by="sam@example.com"))
    assert done.returncode == 0, done.stdout
    assert "review/" not in done.stdout


def test_the_reviewer_commits_what_another_wrote(tmp_path: Path) -> None:
    """A real commit through a real hook, to which git itself says who the author is."""
    text = entry("access: write", "justification: status must be set", environment="production")
    repo = team(tmp_path, entry("access: read-only", environment="production"))
    hook = repo.folder / ".git/hooks/pre-commit"
    hook.write_text(f"#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m linter creep --staged\n", encoding="utf-8")
    hook.chmod(0o755)
    for name in ("AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL"):
        del repo.environment[f"GIT_{name}"]
    repo.git("config", "user.name", "Sam")
    repo.git("config", "user.email", "sam@example.com")
    repo.write(**{PATH: signed(text)})
    repo.git("add", "-A")
    assert "warning[review/self-review]" in permlint(tmp_path, "creep", "--staged", env=dict(repo.environment)).stdout
    repo.git("commit", "-q", "-m", "both", "--author", "Kim <kim@example.com>")
    assert permlint(tmp_path, "creep", "--base", "HEAD~1").returncode == 0


def test_the_author_that_git_names_to_a_hook_counts(tmp_path: Path) -> None:
    text = entry("access: write", "justification: status must be set", environment="production")
    repo = team(tmp_path, entry("access: read-only", environment="production"))
    repo.environment |= {"GIT_COMMITTER_NAME": "Sam", "GIT_COMMITTER_EMAIL": "sam@example.com"}
    done = stage(repo, signed(text))
    assert done.returncode == 0
    assert "review/" not in done.stdout


def test_a_review_from_before_the_commit_is_nobodys_of_this_one(tmp_path: Path) -> None:
    top = "reviewed: {date: 2026-01-01, by: security}\n"
    repo = team(tmp_path, entry("access: read-only", top=top))
    done = stage(repo, entry("access: read-write", "justification: status must be set", top=top))
    assert done.returncode == 0
    assert "review/" not in done.stdout


def test_neither_a_commit_nor_a_branch_is_judged_by_what_was_there_before(tmp_path: Path) -> None:
    stale = signed(entry("access: read-write", environment="production"), of=READ)
    repo = team(tmp_path, entry("access: read-only", environment="production"), stale)
    assert "error[review/changed-since-review]" in permlint(tmp_path, "creep").stdout
    repo.git("checkout", "-q", "-b", "branch")
    assert stage(repo, "# Only a comment.\n" + stale).returncode == 0
    repo.commit("Comment")
    assert permlint(tmp_path, "creep", "--base", "main").returncode == 0


def test_a_narrowing_and_a_new_agent_pass(tmp_path: Path) -> None:
    repo = team(tmp_path, WRITE)
    assert stage(repo, READ).returncode == 0
    repo.write(**{"b/" + PATH: entry("access: admin", agent="new")})
    assert stage(repo, READ).returncode == 0


def told(repo: Repo) -> tuple[int, str]:
    """What is said of all that is staged, as it lies in the folder."""
    repo.git("add", "-A")
    done = permlint(repo.folder, "creep", "--staged", env=dict(repo.environment))
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("path", [PATH, "elsewhere/" + PATH])
def test_what_was_deleted_and_comes_back_wider_is_no_first_agreement(tmp_path: Path, path: str) -> None:
    repo = team(tmp_path, WRITE, READ, {PATH: None, "b/" + PATH: entry("access: admin", agent="other")})
    repo.commit("more", {"b/" + PATH: entry("access: read-only", agent="other")})
    repo.write(**{path: WRITE})
    status, text = told(repo)
    assert status == 1
    assert "brought back, after it had been deleted" in text
    assert f"{path}:5:13" in text or f"{path}:4:15" in text
    assert "error[creep/write-added]: this commit added: tickets: create, update" in text
    repo.write(**{path: WRITE + "    justification: status must be set\n"})
    assert told(repo)[0] == 0
    repo.write(**{path: READ})
    status, text = told(repo)
    assert status == 0
    assert "+" not in text


def test_what_was_broken_before_it_went_is_compared_with_what_was_readable(tmp_path: Path) -> None:
    repo = team(tmp_path, READ, entry("access: adminn"))
    assert stage(repo, DELETE).returncode == 1
    repo.git("checkout", "-q", "HEAD", "--", PATH)
    repo.commit("gone", {PATH: None})
    assert stage(repo, DELETE).returncode == 1
    assert stage(repo, READ).returncode == 0


def test_another_agent_is_a_first_agreement_where_one_was_deleted_or_moved_away(tmp_path: Path) -> None:
    repo = team(tmp_path, READ, {PATH: None, "moved/" + PATH: READ})
    repo.write(**{PATH: entry("access: admin", agent="new")})
    status, text = told(repo)
    assert (status, "first agreed" in text) == (0, True)
    repo.commit("new", {"moved/" + PATH: None})
    repo.write(**{"c/" + PATH: entry("access: admin", agent="newer")})
    status, text = told(repo)
    assert (status, "first agreed" in text) == (0, True)


def test_a_copy_beside_what_lives_on_is_held_against_that(tmp_path: Path) -> None:
    repo = team(tmp_path, DELETE, {PATH: None, "moved/" + PATH: DELETE}, {"moved/" + PATH: READ})
    repo.write(**{PATH: DELETE})
    status, text = told(repo)
    assert status == 1
    assert "creep/delete-added" in text


def test_the_first_commit_of_all_passes(tmp_path: Path) -> None:
    assert stage(Repo(tmp_path), READ).returncode == 0


def test_only_what_is_staged_counts(tmp_path: Path) -> None:
    repo = team(tmp_path, READ)
    repo.write(**{PATH: DELETE})
    assert permlint(tmp_path, "creep", "--staged", env=dict(repo.environment)).returncode == 0


@pytest.mark.parametrize("how", ["agent_name: triage\n", "link"])
def test_what_is_staged_and_cannot_be_read_is_not_passed(tmp_path: Path, how: str) -> None:
    repo = team(tmp_path, READ)
    text = WRITE.replace("access: write", "access: admin")
    if how == "link":
        repo.write(**{"elsewhere.yaml": text})
        (repo.folder / PATH).unlink()
        (repo.folder / PATH).symlink_to("elsewhere.yaml")
    else:
        assert how in text
        repo.write(**{PATH: text.replace(how, "")})
    repo.git("add", "-A")
    done = permlint(repo.folder, "creep", "--staged", env=dict(repo.environment))
    assert done.returncode == 2, done.stdout + done.stderr
    assert f"{PATH}:1:1" in done.stdout + done.stderr
    assert "as staged: is " in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param(entry("access: adminn"), "5:13", id="no level"),
        pytest.param(entry("access: Read-Write"), "5:13", id="another spelling"),
        pytest.param(entry("acess: admin"), "4:5", id="no such key"),
        pytest.param(entry("access: admin", "access: read-only"), "6:5", id="twice"),
        pytest.param(entry("actions: [read, 5]"), "5:14", id="no word"),
        pytest.param(entry("access: read-only", "scope: a", "scope: b"), "7:5", id="a bound twice"),
        pytest.param(entry("access: read-only", environment="{}"), "2:14", id="no environment"),
    ],
)
def test_what_is_staged_and_is_no_valid_manifest_is_not_a_narrowing(tmp_path: Path, text: str, place: str) -> None:
    repo = team(tmp_path, DELETE)
    done = stage(repo, text)
    assert done.returncode == 2, done.stdout
    assert f"{PATH}:{place}: as staged: is not a valid manifest: " in done.stdout + done.stderr
    assert "- tickets" not in done.stdout


def test_a_bound_that_is_none_is_no_bound(tmp_path: Path) -> None:
    repo = team(tmp_path, entry("access: read-only", "scope: {columns: [id]}"))
    done = stage(repo, entry("access: read-only", "scope: {colums: [id]}"))
    assert done.returncode == 1
    assert "+ tickets: read on all columns but id" in done.stdout


def test_a_fault_elsewhere_does_not_hide_what_changed(tmp_path: Path) -> None:
    repo = team(tmp_path, DELETE)
    done = stage(repo, entry("access: read-only", "blast_radius: smal", top="owner: 5\n"))
    assert done.returncode == 0
    assert "- tickets: delete" in done.stdout
