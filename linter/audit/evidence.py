"""What an auditor needs to believe a report: the commit, the configuration, every input by its digest."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from linter.audit.model import Asked, Input
from linter.files import relative
from linter.history.git import Repository, open_repository
from linter.history.model import HistoryError

if TYPE_CHECKING:
    from linter.config import Config


def inputs(config: Config, paths: Iterable[str]) -> tuple[Input, ...]:
    """The files that are there, each with its digest; paths relative to the root, or absolute."""
    found = {}
    for path in paths:
        absolute = os.path.join(config.root, path)
        try:
            with open(absolute, "rb") as file:
                found[relative(absolute, config.root)] = sha256(file.read()).hexdigest()
        except OSError:
            continue  # unreadable, and said to be so
    return tuple(Input(path, digest) for path, digest in sorted(found.items()))


def configuration(config: Config) -> str:
    """The digest of the configuration file."""
    return f"sha256:{sha256(config.text.encode()).hexdigest()}" if config.path is not None else "defaults"


def checkout(root: str, used: Iterable[Input]) -> tuple[str, Asked | None]:
    """The commit that is checked out, "-dirty" where a tracked file or an input is not as committed; and git as a source."""
    try:
        with open_repository(root) as repository:
            head = repository.commit("HEAD")
            if head is None:
                return "", None
            when = datetime.fromtimestamp(int(repository.ask("log", "-1", "--format=%ct", head) or 0), UTC)
            dirty = "-dirty" if _dirty(repository, [one.path for one in used]) else ""
    except HistoryError:
        return "", None
    return head + dirty, Asked("git", f"commit {head}", f"as of commit, {when:%Y-%m-%dT%H:%M:%SZ}", "answered")


def _dirty(repository: Repository, paths: Iterable[str]) -> bool:
    listed = os.fsdecode(repository.run("status", "--porcelain", "-z", "--no-renames", "--untracked-files=normal"))
    own = [repository.inside(path) for path in paths if not os.path.isabs(path)]
    for line in filter(None, listed.split("\0")):
        path = line[3:]
        if not line.startswith("??") or any(
            one == path or (path.endswith("/") and one.startswith(path)) for one in own
        ):
            return True
    return False
