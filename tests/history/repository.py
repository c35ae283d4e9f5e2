"""Real repositories, made by real git, and their histories in words that tests compare."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from linter.config import MANIFESTS
from linter.history.git import open_repository
from linter.history.model import History, Line, Version
from linter.history.read import branch, read_branch, read_history
from linter.history.staged import Index, read_staged

PATH = "agent-permissions.yaml"


def manifest(agent: str = "triage", access: str = "read-only", environment: str = "staging", note: str = "") -> str:
    """A manifest; with a note, its lines differ from others'."""
    lines = [f"agent_name: {agent}", f"environment: {environment}", "resources:", "  - resource: tickets"]
    return "\n".join([*lines, f"    access: {access}", *([f"purpose: {note}"] if note else []), ""])


class Repo:
    """A repository in a folder; each commit is a minute later than the one before."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_AUTHOR_NAME": "Kim",
            "GIT_AUTHOR_EMAIL": "kim@example.com",
            "GIT_COMMITTER_NAME": "Kim",
            "GIT_COMMITTER_EMAIL": "kim@example.com",
        }
        self.clock = 1_767_225_600  # 2026-01-01T00:00:00Z
        self.git("init", "-q", "-b", "main", *options)

    def git(self, *arguments: str, **extra: str) -> str:
        """Run git here; what it prints."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env={**self.environment, **extra},
            stdout=subprocess.PIPE,
            check=True,
        )
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def write(self, **files: str) -> None:
        """Write files (in **: paths are no identifiers, so `write(**{"a/b.yaml": text})`)."""
        for path, text in files.items():
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode("utf-8", "surrogateescape"))

    def commit(self, subject: str, files: dict[str, str | None] | None = None, *options: str, **extra: str) -> str:
        """Write files (None: delete), stage everything, commit; the commit's name."""
        for path, text in (files or {}).items():
            if text is None:
                (self.folder / path).unlink()
            else:
                self.write(**{path: text})
        self.clock += 60
        dated = {"GIT_AUTHOR_DATE": f"{self.clock} +0000", "GIT_COMMITTER_DATE": f"{self.clock} +0000"}
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", subject, *options, **{**dated, **extra})
        return self.git("rev-parse", "HEAD")

    def merge(self, *branches: str, strategy: str = "", files: dict[str, str] | None = None) -> str:
        """Merge branches; with files, whatever the conflict, that is the result."""
        options = ["-s", strategy] if strategy else []
        command = ["git", "merge", "-q", "--no-ff", "--no-commit", *options, *branches]
        subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, check=files is None)
        return self.commit(f"merge {' '.join(branches)}", dict(files or {}))

    def history(
        self, *paths: str, root: str = "", globs: Sequence[str] = MANIFESTS, **options: str | bool | None
    ) -> History:
        """The history of these paths."""
        with open_repository(str(self.folder / root)) as repository:
            return read_history(repository, paths or (PATH,), globs=globs, **options)  # type: ignore[arg-type]

    def branch(self, base: str, *paths: str) -> History:
        """What the branch did."""
        with open_repository(str(self.folder)) as repository:
            return read_branch(repository, branch(repository, base), paths or (PATH,), globs=MANIFESTS)

    def staged(self, *paths: str) -> History:
        """What is staged."""
        with open_repository(str(self.folder)) as repository:
            return read_staged(Index(repository), paths or (PATH,), globs=MANIFESTS)


def two(repo: Repo) -> list[str]:
    """Two versions, the second moved."""
    repo.commit("one", {"ä/old manifest.yaml": manifest()})
    repo.commit("two", {"ä/old manifest.yaml": None, f"ä/{PATH}": manifest(access="write")})
    return ["one: ä/old manifest.yaml read-only", f"two: ä/{PATH} write < one"]


def told(line: Line) -> list[str]:
    """A line's versions, each as "SUBJECT: PATH STATE < SUBJECTS of what it came from"."""
    return [_told(one) for one in line.versions]


def _told(version: Version) -> str:
    before = ", ".join([_subject(one) for one in version.before])
    return f"{_subject(version)}: {version.path} {state(version)}" + (f" < {before}" if before else "")


def _subject(version: Version) -> str:
    return version.commit.subject if version.commit else f"({state(version)})"


def state(version: Version | None) -> str:
    """A version's content in a word: the access of its resources, "deleted", or "unreadable"."""
    if version is None:
        return "none"
    if version.blob is None:
        return "deleted"
    manifest = version.manifest
    if manifest is None:
        return "unreadable"
    return "+".join(str(one.access) for one in manifest.resources)


def lines(histories: Sequence[Line]) -> dict[str, list[str]]:
    """Path -> what is told of it."""
    return {line.path: told(line) for line in histories}
