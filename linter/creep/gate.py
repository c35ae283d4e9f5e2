"""What a commit or a pull request is judged by: the configuration from before it, for no change may loosen what judges it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from linter.catalogue import ids
from linter.config import BadConfig, defaults, load_committed
from linter.files import relative, skipped
from linter.globs import matcher

if TYPE_CHECKING:
    from linter.config import Config
    from linter.history.git import Repository

INDEX = ""
"""As a revision: what is staged (gitrevisions, `:PATH`)."""


class Gate(NamedTuple):
    """Two configurations."""

    before: Config
    """What held where the change begins."""
    after: Config
    """What holds once it is made."""
    judging: Config
    """The one that it would loosen, over the manifests that either that or the new one collects."""
    notes: tuple[str, ...] = ()
    """What a reader should know of the two, a sentence each."""

    def hidden(self, path: str, earlier: Sequence[str]) -> bool:
        """Whether a file, relative to the root, was collected and is not any more.

        Args:
            earlier: where it was before the change.
        """
        if self.before is self.after and all(one == path for one in earlier):
            return False  # collected where it was, and so where it is
        return not self._collects(self.after, path) and any(self._collects(self.before, one) for one in earlier)

    def _collects(self, config: Config, path: str) -> bool:
        shown = relative(os.path.normpath(os.path.join(self.judging.root, path)), config.root)
        wanted, unwanted = _matchers(config.manifests, config.exclude)
        return wanted(shown) and not unwanted(shown) and not skipped(shown)


@lru_cache(maxsize=2)
def _matchers(
    manifests: tuple[str, ...], exclude: tuple[str, ...]
) -> tuple[Callable[[str], bool], Callable[[str], bool]]:
    """What is collected and what is not: made once, for each of a run's manifests is held against it."""
    return matcher(manifests, any_case=True), matcher(exclude, folders=True)


def config_at(repository: Repository, revision: str, folder: str) -> Config:
    """The configuration that a run in a folder has where the files are a revision's, or `INDEX`'s.

    Raises:
        BadConfig: it cannot be used.
    """

    def contents(paths: Sequence[str]) -> list[bytes | None]:
        return [_followed(repository, revision, path, found) for path, found in zip(paths, read(paths), strict=True)]

    def read(paths: Sequence[str]) -> list[bytes | None]:
        found = repository.objects.stream([f"{revision}:{path}" for path in paths])
        return [one.content if one is not None and one.kind == "blob" else None for one in found]

    return load_committed(folder, contents)


def _followed(repository: Repository, revision: str, path: str, content: bytes | None) -> bytes | None:
    """What a file holds, or the file that it is a link to, as the working tree's is read.

    Raises:
        BadConfig: it is a link to nothing that is there.
    """
    if content is None or b"\n" in content or b"=" in content or not content:
        return content  # git is asked only of what may be a link's target
    listing = ["ls-tree", revision, "--"] if revision else ["ls-files", "--stage", "--"]
    if not repository.run("--literal-pathspecs", *listing, path).startswith(b"120000 "):
        return content
    target = os.path.normpath(os.path.join(os.path.dirname(path), os.fsdecode(content))).replace(os.sep, "/")
    found = None if target.startswith(("../", "/")) else repository.objects.get(f"{revision}:{target}")
    if found is None or found.kind != "blob":
        raise BadConfig(path, 1, "is a link to no file of the repository")
    return found.content


def gate(repository: Repository, before: str, fork: str, folder: str, after: Config, change: str) -> Gate:
    """What judges the change from a revision to what is there now.

    A branch is judged by what its base has today: whoever begins one chooses where it leaves, and so could choose a laxer day.

    Args:
        before: whose configuration judges.
        fork: where the change begins; the same revision, unless its base has moved on.
        after: the configuration that is there now.
        change: what the change is, for a sentence: "this commit".
    """
    begun = None
    if fork != before:
        with suppress(BadConfig):
            begun = config_at(repository, fork, folder)
    try:
        own = config_at(repository, before, folder)
    except BadConfig as error:
        own = defaults(folder)
        note = f"{error.path} from before {change} cannot be used ({error.message}): {change} is judged by the defaults"
    else:
        if _judges(own) == _judges(after):
            return Gate(after, after, after)
        if begun is not None and _judges(begun) == _judges(after):
            return Gate(own, own, own)  # the base's change, not the branch's
        by = (
            f"{relative(own.path, own.root)} as it was before"
            if own.path
            else "the defaults, for before there was none"
        )
        note = f"{change} changes permlint's configuration and is judged by {by}; the new one holds from then on"
    return Gate(begun or own, after, _with(own, after), (note,))


def _judges(config: Config) -> Config:
    """What of a configuration bears on what `creep` says."""
    return config._replace(path=None, text="", systems={}, agents={}, notify={}, revoke_within="", rule_files=())


def _with(judging: Config, after: Config) -> Config:
    """A configuration that collects what another one would, too, where both are of one folder."""
    # A team's own rules are none of creep's, and their files may have gone with the change.
    known = set(ids())
    judging = judging._replace(
        rule_files=(), rules={id: settings for id, settings in judging.rules.items() if id in known}
    )
    if judging.root != after.root:
        return judging
    return judging._replace(
        manifests=tuple(dict.fromkeys([*judging.manifests, *after.manifests])),
        exclude=tuple([glob for glob in judging.exclude if glob in after.exclude]),
    )
