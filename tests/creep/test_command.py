"""`permlint creep` and `permlint review sign`, the real commands in real repositories."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.command import permlint
from tests.creep.test_findings import DELETE, READ, SAM, WRITE, entry, signed, team
from tests.history.repository import PATH, Repo

HOSTILE = "\x1b[31m::error::x ##[error] <img src=x> @team #1 | `a` \u202e"


def test_the_timeline_reads_like_a_story(tmp_path: Path) -> None:
    first = entry("access: read-only", "blast_radius: medium")
    second = entry("access: read-write", "blast_radius: low")
    repo = team(tmp_path, first, second, entry("access: read-only", "blast_radius: low"))
    ids = repo.git("log", "--reverse", "--format=%h", "--abbrev=10").split()
    done = permlint(tmp_path, "creep", "--as-of", "2026-11-24")
    assert done.stdout == (
        f"agent-permissions.yaml  triage (staging)\n"
        f"  2026-01-01  {ids[0]}  Kim  step 0\n"
        f"        first agreed, for staging:\n"
        f"        tickets: read\n"
        f"  2026-01-01  {ids[1]}  Kim  step 1\n"
        f"      + tickets: create, update\n"
        f"      ! tickets: blast radius medium -> low\n"
        f"  2026-01-01  {ids[2]}  Kim  step 2\n"
        f"      - tickets: create, update\n"
        f"  since the first version (2026-01-01, {ids[0]}): nothing added; blast radius none\n"
        f"\n"
        f"agent-permissions.yaml:6:19: warning[creep/blast-radius-lowered]: the blast radius of `tickets` went from medium"
        f' to low in {ids[1]} by Kim on 2026-01-01 ("step 1"), and the access did not shrink\n'
        f"\n"
        f"0 errors, 1 warning, 0 for information; 0 suppressed; 1 manifest checked; 15 rules\n"
    )
    assert done.returncode == 0


def test_json_has_findings_and_timelines(tmp_path: Path) -> None:
    repo = team(tmp_path, READ, DELETE)
    done = permlint(tmp_path, "creep", "--format", "json")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert report["command"] == "creep"
    assert {one["rule"]: one["line"] for one in report["findings"]} == {
        "creep/delete-added": 5,
        "creep/unreviewed-widening": 1,
    }
    (timeline,) = report["timelines"]
    assert (timeline["path"], timeline["agent"], timeline["environments"]) == (PATH, "triage", ["staging"])
    assert timeline["entries"][1]["commit"] == repo.git("rev-parse", "HEAD")
    assert timeline["entries"][1]["steps"] == [{"mark": "+", "text": "tickets: delete"}]
    assert timeline["distance"]["added"] == ["tickets: delete"]
    assert timeline["distance"]["gravest"] == "delete"
    assert timeline["distance"]["blast_radius"] == {"then": "none", "now": "critical"}


@pytest.mark.parametrize("name", ["text", "json", "sarif", "github", "gitlab", "junit", "markdown"])
def test_a_hostile_subject_and_author_are_escaped_for_the_medium(tmp_path: Path, name: str) -> None:
    repo = team(tmp_path, READ)
    who = {"GIT_AUTHOR_NAME": HOSTILE, "GIT_COMMITTER_NAME": HOSTILE}
    repo.commit(HOSTILE, {PATH: DELETE}, **who)
    out = permlint(tmp_path, "creep", "--format", name).stdout
    assert "\x1b" not in out
    assert "\u202e" not in out
    # A runner reads one command a line: what stands in an annotation's text is none.
    assert not [line for line in out.splitlines() if "##[" in line and not line.startswith("::")]
    assert not [line for line in out.splitlines() if line.lstrip().startswith("::error::x")]
    if name == "markdown":
        outside = [piece for line in out.splitlines() for piece in line.split("`")[::2]]
        assert not [piece for piece in outside if "<img" in piece or "@team" in piece]
    if name == "junit":
        assert "<img" not in out


def test_colour_only_where_it_is_wanted(tmp_path: Path) -> None:
    team(tmp_path, READ, WRITE)
    assert "\x1b" not in permlint(tmp_path, "creep").stdout
    assert "\x1b[33m+ tickets: create, update\x1b[0m" in permlint(tmp_path, "creep", env={"FORCE_COLOR": "1"}).stdout


def test_quiet_prints_what_decides(tmp_path: Path) -> None:
    team(tmp_path, READ, WRITE)
    assert permlint(tmp_path, "creep", "-q").stdout == ""
    assert permlint(tmp_path, "creep", "-q", "--fail-on", "warning").stdout.startswith("warning[creep/")


def test_a_pull_request_is_what_its_branch_did(tmp_path: Path) -> None:
    repo = team(tmp_path, READ, {"b/" + PATH: entry("access: read-only", agent="other")})
    repo.git("checkout", "-q", "-b", "branch")
    repo.commit("Branch", {PATH: DELETE})
    repo.git("checkout", "-q", "main")
    repo.commit("Main", {"b/" + PATH: entry("access: admin", agent="other")})
    repo.git("checkout", "-q", "branch")
    done = permlint(tmp_path, "creep", "--base", "main", "--format", "markdown")
    assert done.returncode == 1
    assert done.stdout.startswith(
        "## permlint creep\n\n#### `agent-permissions.yaml`: `triage (staging)`\n\n- `2026-01-01  "
    )
    assert "  - `+` `tickets: delete`\n" in done.stdout
    assert "admin" not in done.stdout
    done = permlint(tmp_path, "creep", "--base", "main", "--format", "github")
    assert "::error file=agent-permissions.yaml,line=5," in done.stdout
    repo.commit("Signed", {PATH: signed(DELETE)}, "--author", SAM)
    assert permlint(tmp_path, "creep", "--base", "main").returncode == 0
    repo.git("checkout", "-q", "main")
    done = permlint(tmp_path, "creep", "--base", "main", "--format", "markdown")
    assert (done.returncode, "No permission changes." in done.stdout) == (0, True)


@pytest.mark.parametrize(
    ("options", "subjects"),
    [
        ((), ["step 0", "step 1", "step 2"]),
        (("--since", "v1"), ["step 2"]),
        (("--since", "HEAD~2"), ["step 1", "step 2"]),
        (("--until", "v1"), ["step 0", "step 1"]),
        (("--since", "2030-01-01"), []),
    ],
)
def test_a_range(tmp_path: Path, options: tuple[str, ...], subjects: list[str]) -> None:
    repo = team(tmp_path, READ, WRITE)
    repo.git("tag", "v1")
    repo.commit("step 2", {PATH: DELETE})
    done = permlint(tmp_path, "creep", "--format", "json", *options)
    (timeline,) = json.loads(done.stdout)["timelines"]
    assert [one["subject"] for one in timeline["entries"]] == subjects


def test_a_comment_in_the_manifest_silences_nothing(tmp_path: Path) -> None:
    team(tmp_path, READ, "# permlint: ignore[creep/delete-added] agreed by phone\n" + DELETE)
    report = json.loads(permlint(tmp_path, "creep", "--format", "json").stdout)
    (one,) = [finding for finding in report["findings"] if finding["rule"] == "creep/delete-added"]
    assert (one["severity"], report["summary"]["suppressed"]) == ("error", 0)


def test_an_acceptance_of_creep_is_creeps_own(tmp_path: Path) -> None:
    team(tmp_path, READ, DELETE)
    found = json.loads(permlint(tmp_path, "creep", "--format", "json").stdout)["findings"]
    entries = "".join(
        f"  - fingerprint: {one['fingerprint']}\n    rule: {one['rule']}\n    content: sha256:{'0' * 64}\n"
        f"    reason: seen\n    until: 2026-12-01\n"
        for one in found
    )
    (tmp_path / "permlint-accepted.yaml").write_text("accepted:\n" + entries)
    done = permlint(tmp_path, "check", "--format", "json", "--as-of", "2026-11-24")
    assert [one for one in json.loads(done.stdout)["findings"] if one["rule"].startswith("suppression/")] == []
    done = permlint(tmp_path, "creep", "--format", "json", "--as-of", "2026-11-24")
    stale = [one["message"] for one in json.loads(done.stdout)["findings"] if one["rule"].startswith("suppression/")]
    assert len(stale) == len(found)
    assert all("no longer what was accepted" in one for one in stale)


def test_configuration_of_creeps_rules_and_a_misspelt_one(tmp_path: Path) -> None:
    team(tmp_path, READ, DELETE)
    config = tmp_path / "permlint.toml"
    config.write_text('[rules."creep/delete-added"]\nseverity = "warning"\n')
    assert permlint(tmp_path, "check", "--fail-on", "never").returncode == 0
    assert "warning[creep/delete-added]" in permlint(tmp_path, "creep").stdout
    config.write_text('[rules."creep/delete-aded"]\nseverity = "warning"\n')
    for command in ("check", "creep"):
        done = permlint(tmp_path, command)
        assert done.returncode == 2
        assert "did you mean `creep/delete-added`?" in done.stdout


def test_not_a_repository(tmp_path: Path) -> None:
    (tmp_path / PATH).write_text(READ)
    done = permlint(tmp_path, "creep", env={"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)})
    assert done.returncode == 2
    assert "is not in a git repository" in done.stdout


def test_no_commits_yet(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    repo.write(**{PATH: READ})
    done = permlint(tmp_path, "creep")
    assert done.returncode == 3
    assert "has no commits yet" in done.stdout


def test_a_shallow_clone_says_what_it_can_and_is_never_clean(tmp_path: Path) -> None:
    team(tmp_path / "whole", READ, WRITE, DELETE)
    clone = ["git", "clone", "-q", "--depth", "2", f"file://{tmp_path}/whole", str(tmp_path / "cut")]
    subprocess.run(clone, check=True)
    done = permlint(tmp_path / "cut", "creep", "--fail-on", "never")
    assert done.returncode == 3
    assert "history is cut at" in done.stdout
    assert "agreed here or before, where history is cut" in done.stdout
    assert "+ tickets: delete" in done.stdout


def test_git_is_missing(tmp_path: Path) -> None:
    team(tmp_path, READ)
    done = permlint(tmp_path, "creep", env={"PATH": str(tmp_path)})
    assert done.returncode == 3
    assert "git is not installed" in done.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--since", "nowhere"), "'nowhere' is no"),
        (("--base", "--help"), "'--help' is no"),
        (("absent.yaml",), "absent.yaml:1:1: cannot be read"),
        (("-",), "<stdin>:1:1: has no history"),
        (("--staged", "--since", "HEAD"), "--staged is one commit"),
        (("--base", "HEAD", "--until", "HEAD"), "--base says where the range begins"),
    ],
)
def test_bad_input_is_one_sentence(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    team(tmp_path, READ)
    done = permlint(tmp_path, "creep", *options)
    assert done.returncode == 2
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_manifest_that_was_never_committed(tmp_path: Path) -> None:
    repo = team(tmp_path, READ)
    repo.write(**{"b/" + PATH: entry("access: admin", agent="new")})
    done = permlint(tmp_path, "creep", "b")
    assert done.returncode == 0
    assert "  not committed yet\n        first agreed, for staging:\n" in done.stdout


def test_help_teaches() -> None:
    done = permlint(Path.cwd(), "creep", "--help")
    assert done.returncode == 0
    for words in ("+  widened", "permlint creep --base origin/main", "justification"):
        assert words in done.stdout


# --staged and review sign


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
    assert "warning[review/self-review]: kim@example.com alone signed" in done.stdout
    repo.commit("Mine")
    assert "error[review/self-review]" in permlint(tmp_path, "creep").stdout


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


def test_the_first_commit_of_all_passes(tmp_path: Path) -> None:
    assert stage(Repo(tmp_path), READ).returncode == 0


def test_only_what_is_staged_counts(tmp_path: Path) -> None:
    repo = team(tmp_path, READ)
    repo.write(**{PATH: DELETE})
    assert permlint(tmp_path, "creep", "--staged", env=dict(repo.environment)).returncode == 0


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


def test_a_range_that_ends_before_it_begins(tmp_path: Path) -> None:
    team(tmp_path, READ)
    done = permlint(tmp_path, "creep", "--since", "2026-01-02", "--until", "2026-01-01")
    assert done.stdout.startswith("error: .:1:1: the range ends (2026-01-01) before it begins (2026-01-02)\n")
    assert done.returncode == 2
    assert permlint(tmp_path, "creep", "--since", "2026-01-01", "--until", "2026-01-01").returncode == 0


def test_a_manifest_that_was_not_there_yet(tmp_path: Path) -> None:
    team(tmp_path, {"x": "x"}, READ)
    done = permlint(tmp_path, "creep", "--until", "HEAD~1")
    assert done.stdout.startswith("agent-permissions.yaml  not there then\n  no change of permissions here\n")
    assert done.returncode == 0
