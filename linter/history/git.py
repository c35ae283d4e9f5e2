"""The repository that holds the root, and git's command line, run so that neither environment nor configuration changes what it says."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from linter.exits import Exit
from linter.history.failures import failed, reason
from linter.history.model import HistoryError
from linter.history.objects import Objects

OLDEST = "2.25"
"""Ubuntu 20.04's. Since then `rev-parse` knows --show-object-format; an older one repeats the option as if it were a word."""

# A hook sets GIT_DIR and GIT_INDEX_FILE for its own repository: the root's is found from the root. Kept is only what finds
# git's own programs, says where to stop looking, or is the user's configuration (CI sets safe.directory this way).
_KEPT = ("GIT_EXEC_PATH", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM", "GIT_CONFIG")

_SET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    # What others agreed to is what was committed: a replace ref or a graft changes history for one clone alone.
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
    # A partial clone fetches what it lacks, unasked; permlint opens no socket. The first is known from git 2.45 on; the
    # second, an empty list of protocols, stops the fetch in all.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
    # Into a pipe, `git log` would write commit by commit, and be read so: over 10,000 commits that is 27 ms of 123.
    "GIT_FLUSH": "0",
    # Messages that are told apart below.
    "LC_ALL": "C",
    "LANGUAGE": "",
}

_CONFIG = {
    "core.fsmonitor": "false",  # runs a program
    "core.quotePath": "false",
    "log.showSignature": "false",
    "log.showRoot": "true",
    "log.follow": "false",
    "log.diffMerges": "separate",
    "diff.relative": "false",
    "i18n.logOutputEncoding": "UTF-8",
}
"""A user's settings that change what `git log --raw` prints, and that no option overrides in every version of git."""


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name.startswith(_KEPT)}
    return kept | _SET


class Repository:
    """A git repository, seen from a root within it. `open_repository` makes one."""

    def __init__(self, root: str) -> None:
        self.environment = _environment()
        self._command = ["git", "--no-pager"]
        for name, value in _CONFIG.items():
            self._command += ["-c", f"{name}={value}"]
        self.root = root
        top, self.folder, self.shallow, self.name_length = self._locate()
        self.bare = not top
        """Whether it has no working tree: its own folder counts as the top."""
        self.top = os.path.realpath(top or root)
        self.objects = Objects(self._command, self.environment, self.top)
        self.prefix = ""
        """The root below the repository's top: empty, or a path that ends in "/"."""
        self.move(root)
        self._known: set[str] = set()
        """Folders that are the repository's own."""

    def _locate(self) -> tuple[str, str, tuple[str, ...], int]:
        """The top of the working tree (empty where there is none), git's own folder, where a shallow clone is cut, and the
        length of an object's name.
        """
        options = ["--show-object-format", "--is-shallow-repository", "--absolute-git-dir", "--git-path", "shallow"]
        done = self._start(["rev-parse", *options, "--show-toplevel"], self.root)
        words = os.fsdecode(done.stdout).split("\n")
        if words[0] == options[0]:
            version = os.fsdecode(self._start(["version"], self.root).stdout).strip()
            raise HistoryError(f"{version} is too old to read history: permlint needs git {OLDEST}", Exit.UNCHECKED)
        if len(words) < 5:
            raise self._refused(os.fsdecode(done.stderr))
        kind, shallow, folder, boundary, top = words[:5]
        cut: tuple[str, ...] = ()
        if shallow == "true":
            with open(os.path.join(self.root, boundary), encoding="ascii") as file:
                cut = tuple(file.read().split())
        return top, folder, cut, 64 if kind == "sha256" else 40

    def _refused(self, message: str) -> HistoryError:
        if "safe.directory" in message:
            return HistoryError(
                f"git refuses {self.root}, whose repository belongs to another user; if you trust it, run "
                f"`git config --global --add safe.directory {self.root}`",
                Exit.UNCHECKED,
            )
        if "not a git repository" in message:
            return HistoryError(f"{self.root} is not in a git repository: history is read from git")
        return HistoryError(f"git cannot open the repository at {self.root}: {reason(message)}", Exit.UNCHECKED)

    def _start(self, arguments: list[str], folder: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(  # noqa: S603 - a list, no shell
                [*self._command, *arguments],
                cwd=folder,
                env=self.environment,
                input=stdin,
                capture_output=True,
                check=False,
            )
        except FileNotFoundError:
            if not os.path.isdir(folder):
                raise HistoryError(f"{folder} is no folder") from None
            raise HistoryError("git is not installed, and history is read from git", Exit.UNCHECKED) from None
        except OSError as error:
            raise HistoryError(f"git cannot be run: {error.strerror}", Exit.UNCHECKED) from None

    def move(self, root: str) -> None:
        """Let paths be relative to another folder of the repository."""
        self.root = root
        prefix = os.path.relpath(os.path.realpath(root), self.top).replace(os.sep, "/")
        self.prefix = "" if prefix == "." else prefix + "/"

    def use_index(self, path: str | None) -> None:
        """Let git work on another index; None is the repository's own."""
        if path is not None:
            self.environment["GIT_INDEX_FILE"] = path

    def run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """What a git command prints.

        Raises:
            HistoryError: it failed.
        """
        done = self._start(list(arguments), self.top, stdin)
        if done.returncode != 0:
            raise failed(os.fsdecode(done.stderr))
        return done.stdout

    def ask(self, *arguments: str) -> str | None:
        """What a git command prints, without the last line's end; None where it fails, which is an answer too."""
        done = self._start(list(arguments), self.top)
        return os.fsdecode(done.stdout).removesuffix("\n") if done.returncode == 0 else None

    def config(self, name: str) -> str | None:
        """A setting, as git itself would use it here; None where it is not set."""
        return self.ask("config", "--get", name)

    def commit(self, revision: str) -> str | None:
        """The full name of the commit that a revision names; None where it names none."""
        if "\n" in revision or "\0" in revision or not revision.strip():
            return None
        found = self.objects.get(f"{revision}^{{commit}}")
        return found.name if found is not None else None

    def inside(self, path: str) -> str:
        """A path relative to the root as one relative to the top.

        Raises:
            HistoryError: it is outside the repository, or in another one within it.
        """
        joined = os.path.normpath(os.path.join(self.prefix, path)).replace(os.sep, "/")
        if os.path.isabs(joined) or joined == ".." or joined.startswith("../"):
            raise HistoryError(f"{path} is outside the repository {self.top}: its history is not there")
        if "\n" in joined:
            raise HistoryError(f"the path {path!r} has a line break: its history cannot be asked for")
        self._check_folder(os.path.dirname(joined), path)
        return joined

    def _check_folder(self, folder: str, path: str) -> None:
        """See that git knows what is in a folder: to it a link is a link, and a submodule somebody else's."""
        if not folder or folder in self._known:
            return
        there = os.path.join(self.top, folder)
        if os.path.islink(there):
            raise HistoryError(f"{path} is reached through a link, {folder}: name it by the path at which it lies")
        if os.path.lexists(os.path.join(there, ".git")):
            raise HistoryError(f"{path} is in a repository of its own, {folder}: its history is there")
        self._check_folder(os.path.dirname(folder), path)
        self._known.add(folder)

    def outward(self, path: str) -> str:
        """A path relative to the top as one relative to the root; it begins with "../" where it is outside the root."""
        if path.startswith(self.prefix):
            return path[len(self.prefix) :]
        return os.path.relpath(path, self.prefix).replace(os.sep, "/")


@contextmanager
def open_repository(root: str) -> Iterator[Repository]:
    """The repository that holds a folder; its processes end with the block.

    Raises:
        HistoryError: git is missing or too old, there is no repository, or git refuses it.
    """
    repository = Repository(root)
    try:
        yield repository
    finally:
        repository.objects.close()
