"""The walk against an oracle that knows no differences: it looks each state up in each commit."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from hypothesis import example, given, settings
from hypothesis import strategies as st

from linter.history.git import open_repository
from linter.history.model import Version
from linter.history.read import read_history
from tests.history.repository import Repo, manifest

PATHS = ("a/agent-permissions.yaml", "a/b.agent-permissions.yaml", "c.agent-permissions.yaml")
LEVELS = ("none", "read-only", "write", "admin")


class Made(NamedTuple):
    """One commit: its parents by number, and the access that each path's manifest has (None: there is no such file)."""

    parents: tuple[int, ...]
    states: tuple[str | None, ...]


@st.composite
def graphs(draw: st.DrawFn) -> list[Made]:
    """Commits with up to three parents each, the last of which is HEAD; often a state stays as a parent has it."""
    commits: list[Made] = []
    state = st.none() | st.sampled_from(LEVELS)
    for number in range(draw(st.integers(1, 14))):
        near = st.integers(max(0, number - 4), max(0, number - 1))
        parents = tuple(draw(st.lists(near, min_size=1, max_size=3, unique=True))) if number else ()
        kept = [st.sampled_from([commits[parent].states[place] for parent in parents]) for place in range(3) if parents]
        states = tuple(draw(kept[place] | state if kept else state) for place in range(3))
        commits.append(Made(parents, states))
    return commits


def build(folder: Path, commits: list[Made]) -> None:
    """Make these commits with `git fast-import`."""
    Repo(folder)
    lines = []
    for number, commit in enumerate(commits):
        lines += ["commit refs/heads/main", f"mark :{number + 1}", f"committer Kim <kim@example.com> {number} +0000"]
        lines += [f"data {len(str(number))}", str(number)]
        for place, parent in enumerate(commit.parents):
            lines.append(f"{'merge' if place else 'from'} :{parent + 1}")
        lines.append("deleteall")
        for path, access in zip(PATHS, commit.states, strict=True):
            if access is not None:
                # Each agent has a system of its own: one that goes is none that comes.
                text = manifest(agent=path, access=access).replace("tickets", f"tickets_{path[0]}{len(path)}")
                lines += [f"M 644 inline {path}", f"data {len(text)}", text]
        lines.append("")
    stream = "\n".join(lines).encode()
    subprocess.run(["git", "fast-import", "--quiet", "--force"], cwd=folder, input=stream, check=True)


Told = tuple[int, str | None, frozenset["Told"]]
"""A version: its commit's number, its state, and what it came from."""


def oracle(commits: list[Made], place: int, *, first_parent: bool = False) -> Callable[[int], Told | None]:
    """What is at a path in a commit, by the definition of `git log`'s simplification, applied to states.

    But what is gone after a merge, and was never there on the side that it equals, the merge itself took away.
    """

    @cache
    def blank(number: int) -> bool:
        """Whether there is not one file, nor was before: such a parent is none."""
        return not any(commits[number].states) and all(map(blank, commits[number].parents))

    @cache
    def version(number: int) -> Told | None:
        state = commits[number].states[place]
        listed = commits[number].parents[:1] if first_parent else commits[number].parents
        parents = [parent for parent in listed if not blank(parent)]
        before = [commits[parent].states[place] for parent in parents]
        for parent, other in zip(parents, before, strict=True):
            if other == state:
                known = version(parent)
                if known is None and any(before):
                    break
                return known
        if state is None and not parents:
            return None
        sources = [parent for parent, other in zip(parents, before, strict=True) if other is not None] or parents[:1]
        return number, state, frozenset({one for source in sources if (one := version(source)) is not None})

    return version


def told(version: Version) -> Told:
    """A version of ours as the oracle has it."""
    assert version.commit is not None
    access = version.manifest.resources[0].access if version.manifest else None
    return int(version.commit.subject), access, frozenset(told(one) for one in version.before)


def of_files(*made: tuple[tuple[int, ...], str]) -> list[Made]:
    """Commits by their parents and which of the three manifests they have, such as "ac"."""
    return [Made(parents, tuple("none" if one in there else None for one in "abc")) for parents, there in made]


@given(graphs(), st.booleans())
@example(
    of_files(((), "b"), ((0,), "bc"), ((0,), ""), ((0, 2, 1), "")), False
)  # one file tells two parents from the merge
@example(
    of_files(((), ""), ((0,), ""), ((0,), ""), ((0,), "c"), ((1, 2), ""), ((4, 3), "")), False
)  # a merge of nothing
@example(
    of_files(((), "b"), ((0,), "ab"), ((0,), "bc"), ((1, 2), "bc"), ((3,), "abc")), False
)  # never there on the other side
@settings(max_examples=60)
def test_every_version_and_what_it_came_from(commits: list[Made], first_parent: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "repo"
        build(folder, commits)
        alive = [path for path, state in zip(PATHS, commits[-1].states, strict=True) if state is not None]
        globs = ["a/*agent-permissions.yaml", "c.agent-permissions.yaml"]
        with open_repository(str(folder)) as repository:
            history = read_history(repository, alive, globs=globs, first_parent=first_parent)
        found = {line.path: told(line.tip) if line.tip else None for line in (*history.lines, *history.deleted)}
        expected = {
            path: oracle(commits, place, first_parent=first_parent)(len(commits) - 1)
            for place, path in enumerate(PATHS)
        }
        assert found == {path: version for path, version in expected.items() if version is not None}
        for line in history.lines:
            seen: set[Version] = set()
            for version in line.versions:
                assert seen.issuperset(version.before)
                seen.add(version)
