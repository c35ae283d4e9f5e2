"""`permlint creep`, the real command in real repositories."""

from __future__ import annotations

import json
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
        f"0 errors, 1 warning, 0 for information; 0 suppressed; 1 manifest checked; 17 rules\n"
    )
    assert done.returncode == 0


@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("agent_name: 'triage '\nresources: []\n", "1:13", "its `agent_name` begins or ends with white space"),
        (f"# who\nagent_name: {'a' * 400}\n", "2:13", "its `agent_name` has 400 characters, and may have 200"),
        ('agent_name: "a\\nb"\n', "1:13", "its `agent_name` has more than one line"),
        ("agent_name: 7\n", "1:13", "its `agent_name` is no text"),
        ("agent_name:\n", "1:12", "its `agent_name` is empty"),
        ("resources: []\n", "1:1", "it has no `agent_name`"),
        ("agent_name: triage\nresources: 3\n", "2:12", "it has no list of `resources`"),
        ("- triage\n", "1:1", "it has no `agent_name`"),
    ],
)
def test_what_is_no_manifest_is_told_with_what_is_wrong(
    tmp_path: Path, text: str, place: str, message: str, *, committed: bool
) -> None:
    repo = team(tmp_path, READ)
    if committed:
        repo.commit("broken", {PATH: text})
    (tmp_path / PATH).write_text(text)
    done = permlint(tmp_path, "creep")
    errors = [line for line in done.stdout.splitlines() if line.startswith("error:")]
    assert errors == [f"error: {PATH}:{place}: is no manifest: {message}"]
    assert done.returncode == 2


@pytest.mark.parametrize("name", ["a" * 200, "tri age", "'7'"])
def test_a_name_that_is_just_allowed_is_one(tmp_path: Path, name: str) -> None:
    team(tmp_path, f"agent_name: {name}\nenvironment: staging\nresources: []\n")
    assert permlint(tmp_path, "creep").stderr == ""
    assert "is no manifest" not in permlint(tmp_path, "creep").stdout


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


def test_a_range_that_ends_before_it_begins(tmp_path: Path) -> None:
    team(tmp_path, READ)
    done = permlint(tmp_path, "creep", "--since", "2026-01-02", "--until", "2026-01-01")
    assert done.stdout.startswith("error: the range ends (2026-01-01) before it begins (2026-01-02)\n")
    assert done.returncode == 2
    assert permlint(tmp_path, "creep", "--since", "2026-01-01", "--until", "2026-01-01").returncode == 0


def test_what_is_wrong_with_the_whole_repository_has_no_place(tmp_path: Path) -> None:
    """JSON and GitLab's format want one: the repository, at line 1."""
    team(tmp_path, READ)
    message = f"'nosuch' is no commit in {tmp_path}"
    told = {
        one: permlint(tmp_path, "creep", "--base", "nosuch", "--format", one)
        for one in ("text", "json", "sarif", "github", "junit", "markdown", "gitlab")
    }
    assert {one.returncode for one in told.values()} == {2}
    assert told["text"].stdout.startswith(f"error: {message}\n")
    assert told["github"].stdout.startswith(f"::error title=permlint%3A cannot be read::{message}\n")
    assert "- **Cannot be read**: '" in told["markdown"].stdout
    assert f">{message}</error>" in told["junit"].stdout
    assert json.loads(told["json"].stdout)["errors"] == [{"path": ".", "line": 1, "column": 1, "message": message}]
    (run,) = json.loads(told["sarif"].stdout)["runs"]
    (one,) = run["invocations"][0]["toolExecutionNotifications"]
    assert (one["message"]["text"], "locations" in one) == (message, False)
    assert json.loads(told["gitlab"].stdout)[0]["location"]["path"] == "."


@pytest.mark.parametrize("options", [(), ("--base", "HEAD~1")])
def test_a_link_has_no_history_and_is_never_clean(tmp_path: Path, options: tuple[str, ...]) -> None:
    repo = team(tmp_path)
    (repo.folder / PATH).symlink_to("elsewhere.txt")
    repo.commit("one", {"elsewhere.txt": READ})
    repo.commit("two", {"elsewhere.txt": DELETE})
    done = permlint(tmp_path, "creep", *options)
    assert done.returncode == 2, done.stdout
    assert f"{PATH}:1:1: is a symbolic link: git does not know what it agreed to" in done.stdout


def test_a_manifest_that_was_not_there_yet(tmp_path: Path) -> None:
    team(tmp_path, {"x": "x"}, READ)
    done = permlint(tmp_path, "creep", "--until", "HEAD~1")
    assert done.stdout.startswith("agent-permissions.yaml  not there then\n  no change of permissions here\n")
    assert done.returncode == 0


def test_a_version_that_was_no_valid_manifest_is_noted_and_hides_nothing(tmp_path: Path) -> None:
    team(tmp_path, entry("access: read-write"), entry("access: Read-Only"), entry("access: admin"))
    done = permlint(tmp_path, "creep")
    assert "~ unreadable (line 5: is not a valid manifest: `access` has a value that it cannot have" in done.stdout
    assert "+ tickets: admin" in done.stdout
    assert "- tickets" not in done.stdout
    assert done.returncode == 1
    assert "error[creep/admin-added]: " in done.stdout
    assert '("step 2") added: tickets: admin' in done.stdout


def test_where_it_is_none_now_nothing_is_said_to_be_narrower(tmp_path: Path) -> None:
    team(tmp_path, entry("access: read-write"), entry("access: Read-Only"))
    for options in ((), ("--base", "HEAD~1")):
        done = permlint(tmp_path, "creep", *options)
        assert done.returncode == 2
        assert f"error: {PATH}:5:13: is not a valid manifest: `access` has a value" in done.stdout + done.stderr
        assert "- tickets" not in done.stdout


def test_whether_a_new_manifest_was_there_before_a_shallow_clone_does_not_know(tmp_path: Path) -> None:
    origin = team(tmp_path / "origin", READ, {"b/" + PATH: entry("access: read-only", agent="b")})
    clone = tmp_path / "clone"
    origin.git("clone", "-q", "--depth", "1", f"file://{origin.folder}", str(clone))
    for folder, status in ((clone, 3), (origin.folder, 0)):
        new = folder / "new" / PATH
        new.parent.mkdir()
        new.write_text(entry("access: admin", agent="new"), encoding="utf-8")
        subprocess.run(["git", "add", "-A"], cwd=folder, check=True)
        done = permlint(folder, "creep", "--staged")
        assert done.returncode == status
        said = "(a shallow clone), whether new/agent-permissions.yaml was there before is not known: fetch with depth 0"
        assert (said in done.stdout + done.stderr) is (status == 3)
    subprocess.run(["git", "rm", "-qf", f"new/{PATH}"], cwd=clone, check=True)
    (clone / PATH).write_text(WRITE + "    justification: status must be set\n", encoding="utf-8")
    subprocess.run(["git", "add", "-A"], cwd=clone, check=True)
    assert permlint(clone, "creep", "--staged").returncode == 0


@pytest.mark.parametrize("path", [PATH, "elsewhere/" + PATH])
def test_a_branch_that_brings_back_what_was_deleted_before_it_began(tmp_path: Path, path: str) -> None:
    repo = team(tmp_path, READ, {PATH: None, "README.md": "x"})
    repo.git("checkout", "-q", "-b", "branch")
    repo.commit("back", {path: DELETE})
    done = permlint(tmp_path, "creep", "--base", "main")
    assert done.returncode == 1
    assert "error[creep/delete-added]: " in done.stdout
    assert "- deleted" not in done.stdout
    repo.commit("less", {path: READ})
    assert permlint(tmp_path, "creep", "--base", "main").returncode == 0


def test_an_agent_that_comes_back_in_another_file_is_held_against_its_last_agreement(tmp_path: Path) -> None:
    repo = team(tmp_path, {"agents/a.yaml": DELETE}, {"agents/a.yaml": READ}, {"agents/a.yaml": None, "x": ""})
    (tmp_path / "permlint.toml").write_text('manifests = ["agents/*.yaml"]\n', encoding="utf-8")
    repo.commit("back", {"agents/b.yaml": DELETE, "agents/c.yaml": entry("access: admin", agent="other")})
    done = permlint(tmp_path, "creep")
    assert done.returncode == 1
    assert "brought back, after it had been deleted" in done.stdout
    assert '("back") added: tickets: delete' in done.stdout
    assert "creep/admin-added" not in done.stdout
