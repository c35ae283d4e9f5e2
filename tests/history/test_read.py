"""Versions through history: edits, renames, splits, deletions, merges, ranges."""

from __future__ import annotations

from pathlib import Path

import pytest

from linter.config import MANIFESTS
from linter.history.contents import Contents
from linter.history.git import open_repository
from linter.history.model import HistoryError
from linter.history.read import read_history
from linter.manifest.reader import read
from linter.manifest.text import Text
from tests.history.repository import PATH, Repo, lines, manifest, state, told


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "repo")


def test_edits_in_order(repo: Repo) -> None:
    repo.commit("one", {PATH: manifest()})
    repo.commit("elsewhere", {"README": "text"})
    repo.commit("two", {PATH: manifest(access="read-write")})
    (line,) = repo.history().lines
    assert told(line) == [f"one: {PATH} read-only", f"two: {PATH} read-write < one"]
    assert line.tip is line.versions[-1]
    assert line.base is None


def test_a_commit_is_told_in_full(repo: Repo) -> None:
    name = repo.commit(
        "Why:  an edge\ncase\n\nA body.",
        {PATH: manifest()},
        GIT_AUTHOR_NAME="Ada ::error:: \x1b[31m",
        GIT_AUTHOR_EMAIL="ada@example.com",
        GIT_AUTHOR_DATE="1700000000 -0730",
        GIT_COMMITTER_DATE="1700003600 +0530",
    )
    (version,) = repo.history().lines[0].versions
    commit = version.commit
    assert commit is not None
    assert commit.id == name
    assert commit.author == commit.recorded == ("Ada ::error:: \x1b[31m", "ada@example.com")
    assert commit.committer == ("Kim", "kim@example.com")
    assert commit.authored.isoformat() == "2023-11-14T14:43:20-07:30"
    assert commit.committed.isoformat() == "2023-11-15T04:43:20+05:30"
    assert commit.subject == "Why:  an edge case"
    assert version.blob == repo.git("rev-parse", f"HEAD:{PATH}")


def test_a_rename_exact_and_similar(repo: Repo) -> None:
    repo.commit("one", {"old.yaml": manifest()})
    repo.commit("moved", {"old.yaml": None, "a/agent-permissions.yaml": manifest()})
    repo.commit("again", {"a/agent-permissions.yaml": None, PATH: manifest(access="write")})
    assert told(repo.history().lines[0]) == [
        "one: old.yaml read-only",
        "moved: a/agent-permissions.yaml read-only < one",
        f"again: {PATH} write < moved",
    ]
    assert repo.history().deleted == ()


def test_renamed_and_rewritten(repo: Repo) -> None:
    repo.commit("one", {"old.yaml": manifest()})
    rewritten = '# A new form.\n\n"agent_name" : "triage"\n"environment": [staging]\n"resources": [{resource: t, access: admin}]\n'
    repo.commit("new form", {"old.yaml": None, PATH: rewritten})
    assert told(repo.history().lines[0]) == ["one: old.yaml read-only", f"new form: {PATH} admin < one"]


def test_agents_are_not_mixed_up_when_alike_files_move_together(repo: Repo) -> None:
    notes = {"one": "x" * 10, "two": "y" * 10}
    repo.commit("first", {f"{name}.yaml": manifest(name, note=note) for name, note in notes.items()})
    repo.commit(
        "moved",
        {"one.yaml": None, "two.yaml": None}
        | {
            "a.yaml": manifest("two", "write", note=notes["one"]),
            "b.yaml": manifest("one", "admin", note=notes["two"]),
        },
    )
    history = repo.history("a.yaml", "b.yaml")
    assert [line.versions[0].path for line in history.lines] == ["two.yaml", "one.yaml"]


def test_split_in_two(repo: Repo) -> None:
    both = manifest(environment="[staging, production]")
    repo.commit("both", {"both.yaml": both})
    repo.commit(
        "split",
        {
            "both.yaml": None,
            "agent-permissions.staging.yaml": manifest(environment="staging"),
            "agent-permissions.production.yaml": manifest(environment="production", access="write"),
        },
    )
    history = repo.history("agent-permissions.staging.yaml", "agent-permissions.production.yaml")
    staging, production = history.lines
    assert told(staging) == ["both: both.yaml read-only", "split: agent-permissions.staging.yaml read-only < both"]
    assert told(production) == ["both: both.yaml read-only", "split: agent-permissions.production.yaml write < both"]
    assert staging.versions[0] is production.versions[0]


def test_a_part_is_split_off(repo: Repo) -> None:
    repo.commit("both", {PATH: manifest(environment="[staging, production]", access="write")})
    part = "x-note: a form of its own\nresources: [{access: write, resource: tickets}]\nenvironment: production\nagent_name: triage\n"
    repo.commit("off", {PATH: manifest(access="write"), "production.yaml": part})
    assert told(repo.history("production.yaml").lines[0]) == [
        f"both: {PATH} write",
        "off: production.yaml write < both",
    ]


def test_a_copy_for_another_agent_is_a_new_agreement(repo: Repo) -> None:
    repo.commit("one", {PATH: manifest()})
    repo.commit("copied", {PATH: manifest(access="write"), "b.yaml": manifest("another")})
    assert told(repo.history("b.yaml").lines[0]) == ["copied: b.yaml read-only"]


def test_similarity_joins_what_cannot_be_read(repo: Repo) -> None:
    broken = manifest() + "".join(f"# line {number}\n" for number in range(20)) + "[\n"
    repo.commit("one", {"old.yaml": manifest()})
    repo.commit("broken", {"old.yaml": broken})
    repo.commit("moved", {"old.yaml": None, PATH: broken + "# more\n"})
    assert told(repo.history().lines[0]) == [
        "one: old.yaml read-only",
        "broken: old.yaml unreadable < one",
        f"moved: {PATH} unreadable < broken",
    ]


def test_deleted_and_brought_back(repo: Repo) -> None:
    repo.commit("one", {PATH: manifest()})
    repo.commit("gone", {PATH: None})
    repo.commit("pause", {"README": "text"})
    repo.commit("back", {PATH: manifest(access="admin")})
    (line,) = repo.history().lines
    assert told(line) == [f"one: {PATH} read-only", f"gone: {PATH} deleted < one", f"back: {PATH} admin < gone"]
    assert [one.commit and one.commit.subject for one in line.versions[-1].readable_before()] == ["one"]


def test_a_name_used_again_is_not_the_moved_manifests_past(repo: Repo) -> None:
    repo.commit("one", {PATH: manifest()})
    repo.commit("moved", {PATH: None, "b.yaml": manifest()})
    repo.commit("another", {PATH: manifest("another", "admin")})
    history = repo.history(PATH, "b.yaml")
    assert lines(history.lines) == {
        PATH: [f"another: {PATH} admin"],
        "b.yaml": [f"one: {PATH} read-only", "moved: b.yaml read-only < one"],
    }
    assert history.deleted == ()


def test_deleted_manifests_are_known_by_the_globs(repo: Repo) -> None:
    repo.commit("one", {PATH: manifest(), "x/agent-permissions.yaml": manifest("x"), "x/other.yaml": "a: b\n"})
    repo.commit("gone", {"x/agent-permissions.yaml": None, "x/other.yaml": None})
    repo.commit("moved away", {PATH: None, "archive/off.yaml": manifest()})
    history = repo.history("never.yaml", globs=(PATH, "x/**/agent-permissions.yaml"))
    assert lines(history.deleted) == {
        PATH: [f"one: {PATH} read-only", f"moved away: {PATH} deleted < one"],
        "x/agent-permissions.yaml": [
            "one: x/agent-permissions.yaml read-only",
            "gone: x/agent-permissions.yaml deleted < one",
        ],
    }
    assert history.lines[0] == ("never.yaml", None, (), None)


def test_what_nobody_asked_for_and_is_alive_is_not_deleted(repo: Repo) -> None:
    repo.commit("one", {PATH: manifest()})
    repo.commit("gone", {PATH: None})
    repo.commit("back", {PATH: manifest()})
    repo.commit("moved", {PATH: None, "b/agent-permissions.yaml": manifest()})
    assert repo.history("never.yaml", globs=(PATH, "b/*.yaml")).deleted == ()


def test_the_story_goes_on_around_what_cannot_be_read(repo: Repo) -> None:
    repo.commit("one", {PATH: manifest()})
    repo.commit("broken", {PATH: "agent_name: [\n"})
    repo.commit("no manifest", {PATH: "resources: []\n"})
    repo.commit("two", {PATH: manifest(access="write")})
    (line,) = repo.history().lines
    assert [state(one) for one in line.versions] == ["read-only", "unreadable", "unreadable", "write"]
    assert [str(one.content) for one in line.versions[1:3]] == [
        "is not YAML: did not find expected node content (while parsing a flow node)",
        "is no manifest: it has no `agent_name`",
    ]
    assert line.versions[3].readable_before() == (line.versions[0],)


def test_a_field_that_the_schema_refuses_does_not_hide_the_others(repo: Repo) -> None:
    repo.commit("one", {PATH: manifest(access="write") + "    scope: {nonsense: 1}\nfuture_key: x\n"})
    (version,) = repo.history().lines[0].versions
    assert version.manifest is not None
    assert [(one.access, one.known) for one in version.manifest.resources] == [("write", False)]


@pytest.mark.parametrize("fault", ["    actions: {nonsense: 1}\n", "  - access: admin\n", "environment: production\n"])
def test_what_may_hide_a_permission_makes_a_version_unreadable(repo: Repo, fault: str) -> None:
    repo.commit("one", {PATH: manifest()})
    repo.commit("two", {PATH: manifest(access="write") + fault})
    repo.commit("three", {PATH: manifest(access="write")})
    assert told(repo.history().lines[0]) == [
        f"one: {PATH} read-only",
        f"two: {PATH} unreadable < one",
        f"three: {PATH} write < two",
    ]


def test_a_mode_is_no_change_and_a_link_is_no_manifest(repo: Repo) -> None:
    repo.commit("one", {PATH: manifest()})
    (repo.folder / PATH).chmod(0o755)
    repo.commit("executable")
    (repo.folder / PATH).unlink()
    (repo.folder / PATH).symlink_to("elsewhere.yaml")
    repo.commit("a link")
    (line,) = repo.history().lines
    assert told(line) == [f"one: {PATH} read-only", f"a link: {PATH} unreadable < one"]
    assert str(line.versions[1].content) == "is a symbolic link"


class TestWhereGitLooks:
    def test_from_folder_to_folder_with_another_extension_each_time(self, repo: Repo) -> None:
        extensions = ("txt", "json", "conf", "md", "cfg", "yml")
        for number, extension in enumerate(extensions):
            gone: dict[str, str | None] = {f"{number - 1}/m.{extensions[number - 1]}": None} if number else {}
            repo.commit(str(number), {**gone, f"{number}/m.{extension}": manifest()})
            repo.commit(f"else {number}", {"README": str(number)})
        (line,) = repo.history("5/m.yml").lines
        assert [one.path for one in line.versions] == [f"{number}/m.{one}" for number, one in enumerate(extensions)]

    def test_more_manifests_than_patterns(self, repo: Repo) -> None:
        paths = [f"{number % 3}/{number}/m.yaml" for number in range(40)]
        repo.commit("one", {path: manifest(path) for path in paths})
        repo.commit("two", {paths[7]: manifest(paths[7], access="write"), "3/other.yaml": "a: b\n"})
        history = repo.history(*paths)
        assert [len(line.versions) for line in history.lines] == [1] * 7 + [2] + [1] * 32

    def test_names_that_are_patterns_to_git(self, repo: Repo) -> None:
        paths = ["*.yaml", ":(top)x.yaml", "[ab].yaml", "a b/c\td.yaml", '"q".yaml', "-x.yaml", "back\\slash.yaml"]
        repo.commit("one", {path: manifest(f"'{path}'") for path in [*paths, "a.yaml"]})
        assert lines(repo.history(*paths).lines) == {path: [f"one: {path} read-only"] for path in paths}
        assert lines(repo.branch("HEAD", *paths).lines) == {path: [] for path in paths}

    def test_a_line_break_in_a_name_is_refused(self, repo: Repo) -> None:
        repo.commit("one", {"a\nb.yaml": manifest(), PATH: manifest()})
        assert told(repo.history().lines[0]) == [f"one: {PATH} read-only"]
        with pytest.raises(HistoryError, match=r"^the path 'a\\nb\.yaml' has a line break"):
            repo.history("a\nb.yaml")

    def test_the_first_manifests_of_a_branch_that_was_merged(self, repo: Repo) -> None:
        """Before the merge main had none: a parent that git leaves out of the history of these files."""
        repo.commit("nothing yet", {"README": "text"})
        repo.git("checkout", "-q", "-b", "side")
        repo.commit("one", {PATH: manifest()})
        repo.git("checkout", "-q", "main")
        repo.commit("still nothing", {"README": "more"})
        repo.merge("side")
        assert told(repo.history().lines[0]) == [f"one: {PATH} read-only"]
        assert told(repo.history(first_parent=True).lines[0]) == [f"merge side: {PATH} read-only"]


@pytest.mark.parametrize(
    "text", [manifest(access="read-write"), "agent_name: x\nresources: none\n", "name: none\n", "[]\n"]
)
def test_a_blob_with_a_text_that_was_read_is_not_parsed_again_and_says_the_same(repo: Repo, text: str) -> None:
    repo.commit("one", {PATH: manifest()})
    repo.commit("two", {PATH: text})
    with open_repository(str(repo.folder)) as repository:
        contents = Contents(repository.objects)
        taken = contents.take(read(Text(text)))
        (line,) = read_history(repository, [PATH], globs=MANIFESTS, contents=contents).lines
    (alone,) = repo.history().lines
    assert told(line) == told(alone)
    for one, other in zip(line.versions, alone.versions, strict=True):
        assert one.manifest == other.manifest
        assert state(one) == state(other)
    assert (line.versions[-1].manifest or taken) is taken
