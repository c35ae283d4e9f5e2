"""Git as it is found: configuration, environment, kinds of repositories, and everything that can be wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from linter.config import MANIFESTS
from linter.exits import Exit
from linter.history.git import Repository, open_repository
from linter.history.model import HistoryError
from linter.history.read import read_branch, read_history
from tests.history.repository import PATH, Repo, manifest, state, told


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "repo")


@pytest.fixture(autouse=True)
def _no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)


def two(repo: Repo) -> list[str]:
    """Two versions, the second moved."""
    repo.commit("one", {"ä/old manifest.yaml": manifest()})
    repo.commit("two", {"ä/old manifest.yaml": None, f"ä/{PATH}": manifest(access="write")})
    return ["one: ä/old manifest.yaml read-only", f"two: ä/{PATH} write < one"]


HOSTILE = """
[core]
    quotePath = true
    fsmonitor = {trap}
    pager = {trap}
    hooksPath = {folder}
[log]
    showSignature = true
    showRoot = false
    follow = true
    diffMerges = off
    date = relative
    decorate = full
    abbrevCommit = true
[diff]
    renames = false
    renameLimit = 1
    relative = true
    noprefix = true
    external = {trap}
    orderFile = {folder}/none
[format]
    pretty = oneline
[color]
    ui = always
[i18n]
    logOutputEncoding = UTF-16
[alias]
    log = !{trap}
    cat-file = !{trap}
[pager]
    log = {trap}
[gpg]
    program = {trap}
[mailmap]
    blob = none
"""


def test_a_users_configuration_changes_nothing(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = two(repo)
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    config = tmp_path / "gitconfig"
    config.write_text(HOSTILE.format(trap=trap, folder=tmp_path))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    assert subprocess.run(["git", "config", "log.follow"], capture_output=True, check=True).stdout == b"true\n"
    (line,) = repo.history(f"ä/{PATH}").lines
    assert told(line) == expected
    assert not (tmp_path / "sprung").exists()


def test_a_hooks_environment_changes_nothing(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = two(repo)
    other = Repo(tmp_path / "other")
    other.commit("other", {PATH: manifest(access="admin")})
    for name, value in {
        "GIT_DIR": f"{other.folder}/.git",
        "GIT_WORK_TREE": str(other.folder),
        "GIT_INDEX_FILE": f"{other.folder}/.git/index",
        "GIT_OBJECT_DIRECTORY": f"{other.folder}/.git/objects",
        "GIT_NAMESPACE": "x",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_NOGLOB_PATHSPECS": "1",
        "GIT_ICASE_PATHSPECS": "1",
        "GIT_PREFIX": "x/",
        "GIT_TRACE": str(tmp_path / "trace"),
        "GIT_PAGER": "false",
        "GIT_EXTERNAL_DIFF": "false",
        "GIT_DIFF_OPTS": "--nonsense",
        "LC_ALL": "de_DE.UTF-8",
    }.items():
        monkeypatch.setenv(name, value)
    assert told(repo.history(f"ä/{PATH}").lines[0]) == expected
    assert not (tmp_path / "trace").exists()


def test_configuration_in_the_environment_is_the_users(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit("one", {PATH: manifest()})
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "user.email")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "ci@example.com")
    with open_repository(str(repo.folder)) as repository:
        assert repository.config("user.email") == "ci@example.com"
        assert repository.config("user.nickname") is None


def test_a_root_below_the_top(repo: Repo) -> None:
    repo.commit("one", {"outside/old.yaml": manifest()})
    repo.commit("two", {"outside/old.yaml": None, f"project/a/{PATH}": manifest(access="write")})
    (line,) = repo.history(f"a/{PATH}", root="project").lines
    assert told(line) == ["one: ../outside/old.yaml read-only", f"two: a/{PATH} write < one"]
    assert told(repo.history("../project/a/" + PATH, root="project").lines[0]) == told(line)


def test_a_path_in_another_repository_within(repo: Repo, tmp_path: Path) -> None:
    repo.commit("one", {f"own/{PATH}": manifest()})
    inner = Repo(tmp_path / "inner")
    inner.commit("inner", {f"deep/{PATH}": manifest()})
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.folder), "sub")
    with pytest.raises(HistoryError) as caught:
        repo.history(f"sub/deep/{PATH}")
    assert caught.value.message == f"sub/deep/{PATH} is in a repository of its own, sub: its history is there"
    Repo(repo.folder / "clone").commit("clone", {PATH: manifest()})
    with pytest.raises(HistoryError, match="of its own, clone: its history is there"):
        repo.history(f"clone/{PATH}")
    (line,) = repo.history(f"own/{PATH}").lines
    assert told(line) == [f"one: own/{PATH} read-only"]
    (line,) = repo.history(f"deep/{PATH}", root="sub").lines
    assert told(line) == [f"inner: deep/{PATH} read-only"]


def test_a_path_through_a_link(repo: Repo) -> None:
    repo.commit("one", {f"own/{PATH}": manifest()})
    (repo.folder / "current").symlink_to("own", target_is_directory=True)
    with pytest.raises(HistoryError) as caught:
        repo.history(f"current/{PATH}")
    assert (
        caught.value.message
        == f"current/{PATH} is reached through a link, current: name it by the path at which it lies"
    )


@pytest.mark.parametrize("path", ["../x.yaml", "/etc/passwd", "a/../../x", ".."])
def test_a_path_outside(repo: Repo, path: str) -> None:
    repo.commit("one", {PATH: manifest()})
    with pytest.raises(HistoryError, match="is outside the repository") as caught:
        repo.history(path)
    assert caught.value.status is Exit.USAGE


def test_a_root_that_is_a_link(repo: Repo, tmp_path: Path) -> None:
    repo.commit("one", {f"project/{PATH}": manifest()})
    (tmp_path / "link").symlink_to(repo.folder / "project")
    with open_repository(str(tmp_path / "link")) as repository:
        assert told(read_history(repository, [PATH], globs=MANIFESTS).lines[0]) == [f"one: {PATH} read-only"]


def test_a_linked_worktree(repo: Repo, tmp_path: Path) -> None:
    expected = two(repo)
    repo.git("worktree", "add", "-q", str(tmp_path / "tree"), "HEAD")
    with open_repository(str(tmp_path / "tree")) as repository:
        assert told(read_history(repository, [f"ä/{PATH}"], globs=MANIFESTS).lines[0]) == expected


def test_a_bare_repository(repo: Repo, tmp_path: Path) -> None:
    expected = two(repo)
    repo.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    with open_repository(str(tmp_path / "bare.git")) as repository:
        assert told(read_history(repository, [f"ä/{PATH}"], globs=MANIFESTS).lines[0]) == expected


def test_a_submodule_is_a_repository_of_its_own(repo: Repo, tmp_path: Path) -> None:
    part = Repo(tmp_path / "part")
    part.commit("in the part", {PATH: manifest()})
    repo.commit("one", {PATH: manifest()})
    repo.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(part.folder), "part")
    repo.commit("the part")
    assert told(repo.history(root="part").lines[0]) == [f"in the part: {PATH} read-only"]
    with pytest.raises(HistoryError, match="of its own, part"):
        repo.history(f"part/{PATH}")
    assert state(repo.history("part").lines[0].tip) == "unreadable"


def test_sha256(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo", "--object-format=sha256")
    expected = two(repo)
    history = repo.history(f"ä/{PATH}")
    assert told(history.lines[0]) == expected
    assert history.end is not None
    assert len(history.end) == 64
    repo.git("checkout", "-q", "--orphan", "fresh")
    assert state(repo.staged(f"ä/{PATH}").lines[0].tip) == "write"


def test_detached(repo: Repo) -> None:
    expected = two(repo)
    repo.git("checkout", "-q", "--detach")
    assert told(repo.history(f"ä/{PATH}").lines[0]) == expected


def test_authors_by_mailmap(repo: Repo) -> None:
    repo.commit("one", {PATH: manifest(), ".mailmap": "Kim Doe <kim@new.example> <kim@example.com>\n"})
    (version,) = repo.history().lines[0].versions
    assert version.commit is not None
    assert version.commit.author == version.commit.committer == ("Kim Doe", "kim@new.example")
    assert version.commit.recorded == ("Kim", "kim@example.com")


def test_a_commit_in_latin_1(repo: Repo) -> None:
    repo.git("config", "i18n.commitEncoding", "ISO-8859-1")
    (repo.folder / "message").write_bytes("Für Jürgen".encode("latin-1"))
    repo.write(**{PATH: manifest()})
    repo.git("add", PATH)
    repo.git("commit", "-q", "-F", "message", GIT_AUTHOR_NAME=os.fsdecode("Jürgen".encode("latin-1")))
    (version,) = repo.history().lines[0].versions
    assert version.commit is not None
    assert (version.commit.author.name, version.commit.subject) == ("Jürgen", "Für Jürgen")


def forge(repo: Repo, commit: bytes) -> None:
    """Make HEAD a commit as git itself would not write it."""
    command = ["git", "hash-object", "-t", "commit", "-w", "--stdin", "--literally"]
    done = subprocess.run(command, cwd=repo.folder, input=commit, capture_output=True, check=True)
    repo.git("update-ref", "refs/heads/main", done.stdout.decode().strip())


def test_bytes_that_are_no_text(repo: Repo) -> None:
    path = os.fsdecode(b"\xff.yaml")
    repo.commit("one", {path: manifest()})
    forge(repo, repo.git("cat-file", "commit", "HEAD").encode().replace(b"author Kim", b"author \xffKim"))
    (line,) = repo.history(path).lines
    assert [(one.path, one.commit and one.commit.author.name) for one in line.versions] == [(path, "\ufffdKim")]


def test_what_is_replaced_or_grafted_is_told_as_it_was(repo: Repo) -> None:
    repo.commit("one", {PATH: manifest(access="admin")})
    second = repo.commit("two", {PATH: manifest(access="write")})
    expected = told(repo.history().lines[0])
    repo.git("replace", "--graft", second)
    (repo.folder / ".git/info").mkdir(exist_ok=True)
    (repo.folder / ".git/info/grafts").write_text(f"{second}\n")
    assert told(repo.history().lines[0]) == expected == [f"one: {PATH} admin", f"two: {PATH} write < one"]


def test_a_commit_graph_changes_nothing(repo: Repo) -> None:
    expected = two(repo)
    repo.git("commit-graph", "write", "--reachable", "--changed-paths")
    assert told(repo.history(f"ä/{PATH}").lines[0]) == expected


def test_a_date_from_nowhere(repo: Repo) -> None:
    repo.commit("one", {PATH: manifest()})
    raw = repo.git("cat-file", "commit", "HEAD")
    for date in ("99999999999999999999", "-1", "1 +9999", "x"):
        forge(repo, raw.replace(raw.splitlines()[1].partition("> ")[2], date, 1).encode())
        (version,) = repo.history().lines[0].versions
        assert version.commit is not None
        assert 1969 <= version.commit.authored.year <= 9999


class TestWrong:
    def test_no_repository(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
        with pytest.raises(HistoryError, match="is not in a git repository") as caught:
            Repository(str(tmp_path))
        assert caught.value.status is Exit.USAGE

    def test_no_commits_yet(self, repo: Repo) -> None:
        with pytest.raises(HistoryError, match="has no commits yet") as caught:
            repo.history()
        assert caught.value.status is Exit.UNCHECKED
        with pytest.raises(HistoryError, match="has no commits yet"):
            repo.branch("main")

    def test_never_committed(self, repo: Repo) -> None:
        repo.commit("one", {"a": "b"})
        repo.write(**{PATH: manifest()})
        assert repo.history().lines == ((PATH, None, (), None),)

    def test_no_git(self, repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(HistoryError, match=r"^git is not installed") as caught:
            repo.history()
        assert caught.value.status is Exit.UNCHECKED

    def test_an_old_git(self, repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """An old rev-parse repeats what it does not know."""
        old = tmp_path / "bin/git"
        old.parent.mkdir()
        old.write_text(
            '#!/bin/sh\ncase "$*" in *rev-parse*) echo --show-object-format; exit 1;; *) echo git version 2.17.1;; esac\n'
        )
        old.chmod(0o755)
        monkeypatch.setenv("PATH", f"{old.parent}:{os.environ['PATH']}")
        with pytest.raises(HistoryError, match=r"^git version 2\.17\.1 is too old .* needs git 2\.25$") as caught:
            repo.history()
        assert caught.value.status is Exit.UNCHECKED

    def test_another_users_repository(self, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
        repo.commit("one", {PATH: manifest()})
        monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("linter.history.git._KEPT", ("GIT_TEST_ASSUME_DIFFERENT_OWNER", "GIT_CONFIG"))
            with pytest.raises(HistoryError, match=r"^git refuses .* safe\.directory") as caught:
                repo.history()
            assert "\n" not in caught.value.message
            assert caught.value.status is Exit.UNCHECKED
            patch.setenv("GIT_CONFIG_COUNT", "1")
            patch.setenv("GIT_CONFIG_KEY_0", "safe.directory")
            patch.setenv("GIT_CONFIG_VALUE_0", "*")
            assert len(repo.history().lines[0].versions) == 1

    def test_a_shallow_clone_says_what_can_be_said(self, repo: Repo, tmp_path: Path) -> None:
        for access in ("none", "read-only", "write"):
            repo.commit(access, {PATH: manifest(access=access)})
        repo.git("clone", "-q", "--depth", "2", f"file://{repo.folder}", str(tmp_path / "clone"))
        with open_repository(str(tmp_path / "clone")) as repository:
            history = read_history(repository, [PATH], globs=MANIFESTS)
            assert told(history.lines[0]) == [f"read-only: {PATH} read-only", f"write: {PATH} write < read-only"]
            short = repo.git("rev-parse", "--short=10", "HEAD~1")
            assert history.cut == (
                f"history is cut at {short} (a shallow clone), what came before is not known: fetch with depth 0",
            )
            assert read_history(repository, [PATH], globs=MANIFESTS, since="HEAD~1").cut == ()
            assert read_history(repository, [PATH], globs=MANIFESTS, since="2026-01-02").cut == ()
            assert len(read_history(repository, [PATH], globs=MANIFESTS, since="2026-01-01").cut) == 1
            with pytest.raises(HistoryError, match="shallow, and may not have it: fetch with depth 0") as caught:
                read_history(repository, [PATH], globs=MANIFESTS, since="HEAD~2")
            assert caught.value.status is Exit.UNCHECKED

    def test_a_pull_request_in_a_clone_that_is_cut_too_early(self, repo: Repo, tmp_path: Path) -> None:
        repo.commit("base", {PATH: manifest()})
        repo.git("checkout", "-q", "-b", "topic")
        repo.commit("topic", {PATH: manifest(access="write")})
        repo.git("checkout", "-q", "main")
        repo.commit("main", {"a": "b"})
        repo.git(
            "clone",
            "-q",
            "--depth",
            "1",
            "--no-single-branch",
            "-b",
            "topic",
            f"file://{repo.folder}",
            str(tmp_path / "clone"),
        )
        with open_repository(str(tmp_path / "clone")) as repository:
            with pytest.raises(HistoryError, match=r"^history is cut at .* fetch with depth 0$") as caught:
                read_branch(repository, "origin/main", [PATH], globs=MANIFESTS)
            assert caught.value.status is Exit.UNCHECKED

    def test_a_partial_clone_fetches_nothing(self, repo: Repo, tmp_path: Path) -> None:
        repo.git("config", "uploadpack.allowFilter", "true")
        repo.commit("one", {PATH: manifest()})
        repo.commit("two", {PATH: manifest(access="write")})
        clone = tmp_path / "clone"
        repo.git("clone", "-q", "--filter=blob:none", f"file://{repo.folder}", str(clone))
        before = sorted(clone.glob(".git/objects/**/*"))
        with open_repository(str(clone)) as repository:
            with pytest.raises(HistoryError, match="partial clone") as caught:
                read_history(repository, [PATH], globs=MANIFESTS)
            assert caught.value.status is Exit.UNCHECKED
            assert "\n" not in caught.value.message
        assert sorted(clone.glob(".git/objects/**/*")) == before

    @pytest.mark.parametrize("how", ["missing", "corrupt"])
    def test_a_damaged_object(self, repo: Repo, how: str) -> None:
        repo.commit("one", {PATH: manifest()})
        blob = repo.git("rev-parse", f"HEAD:{PATH}")
        repo.commit("two", {PATH: manifest(access="write")})
        file = repo.folder / ".git/objects" / blob[:2] / blob[2:]
        file.chmod(0o644)
        if how == "missing":
            file.unlink()
        else:
            file.write_bytes(b"nonsense")
        with pytest.raises(HistoryError, match="git fsck") as caught:
            repo.history()
        assert caught.value.status is Exit.UNCHECKED
        assert "\n" not in caught.value.message

    def test_a_damaged_commit(self, repo: Repo) -> None:
        name = repo.commit("one", {PATH: manifest()})
        repo.commit("two", {PATH: manifest(access="write")})
        file = repo.folder / ".git/objects" / name[:2] / name[2:]
        file.chmod(0o644)
        file.write_bytes(b"nonsense")
        with pytest.raises(HistoryError, match="git fsck"):
            repo.history()

    def test_a_huge_version_is_passed_over(self, repo: Repo) -> None:
        repo.commit("huge", {PATH: "# " + "x" * (3 << 20)})
        repo.commit("small", {PATH: manifest()})
        (line,) = repo.history().lines
        assert [state(one) for one in line.versions] == ["unreadable", "read-only"]
        assert "larger than 1 MiB" in str(line.versions[0].content)


def test_processes_end_with_the_block(repo: Repo) -> None:
    repo.commit("one", {PATH: manifest()})
    seen = []

    def interrupted() -> None:
        with open_repository(str(repo.folder)) as repository:
            read_history(repository, [PATH], globs=MANIFESTS)
            seen.append(repository.objects._process)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    (process,) = seen
    assert process is not None
    assert process.poll() is not None


def test_git_is_asked_few_times(repo: Repo) -> None:
    """However long the history is: where the repository is, one log, one cat-file; one more for first commits."""
    for number in range(30):
        repo.commit(f"{number}", {PATH: manifest(note=str(number)), f"{number}.txt": "x"})
    program = f"""
import subprocess
real = subprocess.Popen.__init__
def count(self, command, *a, **k):
    print(next(one for one in command[1:] if not one.startswith("-") and "=" not in one))
    real(self, command, *a, **k)
subprocess.Popen.__init__ = count
from linter.history.git import open_repository
from linter.history.read import read_history
with open_repository({str(repo.folder)!r}) as repository:
    read_history(repository, [{PATH!r}], globs=[])
"""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    assert sorted(done.stdout.split()) == ["cat-file", "diff-tree", "log", "rev-parse"]
