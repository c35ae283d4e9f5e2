"""An agent that gets another name and another file in one commit is followed by what it may do."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from linter.likeness import Likeness, likeness, of_objects
from linter.permissions import Leaf, grants
from tests.history.repository import PATH, Repo, manifest, told


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path)


def several(agent: str, *resources: str, environment: str = "staging") -> str:
    """A manifest of "RESOURCE ACCESS" entries."""
    entries = [one.split(" ") for one in resources]
    return f"agent_name: {agent}\nenvironment: {environment}\nresources:\n" + "".join(
        [f"  - resource: {name}\n    access: {access}\n" for name, access in entries]
    )


OLD = ("tickets read-only", "users read-only", "slack write")


@pytest.mark.parametrize(
    "resources",
    [
        OLD,
        ("tickets admin", *OLD[1:]),
        (*OLD, "a read-only", "b read-only", "c write"),  # padded
        tuple(reversed(OLD)),
        ("slack write", "tickets read-only"),  # narrowed
    ],
)
def test_moved_and_renamed_in_one_commit(repo: Repo, resources: tuple[str, ...]) -> None:
    repo.commit("one", {"old/agent-permissions.yaml": several("one", *OLD)})
    repo.commit("moved", {"old/agent-permissions.yaml": None, PATH: several("two", *resources)})
    history = repo.history()
    (line,) = history.lines
    assert [one.path for one in line.versions] == ["old/agent-permissions.yaml", PATH]
    assert line.versions[1].before == (line.versions[0],)
    assert history.deleted == ()
    repo.git("reset", "-q", "--soft", "HEAD^")
    (line,) = repo.staged().lines
    assert [one.manifest.agent for one in line.versions[0].before if one.manifest] == ["one"]


@pytest.mark.parametrize(
    "resources",
    [
        ("invoices admin", "billing write"),
        ("tickets read-only", "invoices admin", "billing write", "mail write"),
        ("tickets write", "users write", "slack read-only"),
    ],
)
def test_a_moved_file_for_an_agent_that_may_do_other_things_is_a_new_agreement(
    repo: Repo, resources: tuple[str, ...]
) -> None:
    """However alike the texts are."""
    notes = "".join([f"# line {number}\n" for number in range(100)])
    repo.commit("one", {"old.agent-permissions.yaml": several("one", *OLD) + notes})
    repo.commit("moved", {"old.agent-permissions.yaml": None, PATH: several("two", *resources) + notes})
    history = repo.history()
    assert [one.path for one in history.lines[0].versions] == [PATH]
    assert [line.path for line in history.deleted] == ["old.agent-permissions.yaml"]


def test_the_old_file_becomes_another_agents(repo: Repo) -> None:
    old = "old.agent-permissions.yaml"
    repo.commit("one", {old: several("one", *OLD)})
    repo.commit("swapped", {old: several("decoy", "tickets read-only"), PATH: several("two", "c admin", *OLD)})
    (line,) = repo.history().lines
    assert [one.path for one in line.versions] == [old, PATH]


def test_an_agent_that_stays_is_no_source(repo: Repo) -> None:
    """Moved itself, beside a copy; or copied for staging."""
    repo.commit("one", {"old.yaml": several("one", *OLD)})
    repo.commit("beside", {"old.yaml": None, "a.yaml": several("one", *OLD), PATH: several("two", *OLD)})
    repo.commit("for staging", {"b.yaml": several("one-staging", *OLD)})
    history = repo.history(PATH, "a.yaml", "b.yaml")
    assert [[one.path for one in line.versions] for line in history.lines] == [
        [PATH],
        ["old.yaml", "a.yaml"],
        ["b.yaml"],
    ]


def test_each_of_two_that_are_renamed_together_comes_from_the_nearer(repo: Repo) -> None:
    repo.commit(
        "one", {"a.yaml": manifest("a", "read-only"), "b.yaml": several("b", "tickets read-only", "mail write")}
    )
    new = {"c.yaml": several("c", "tickets read-only", "mail write"), "d.yaml": manifest("d", "read-only")}
    repo.commit("renamed", {"a.yaml": None, "b.yaml": None, **new})
    history = repo.history("c.yaml", "d.yaml")
    assert [line.versions[0].path for line in history.lines] == ["b.yaml", "a.yaml"]
    assert told(history.lines[1])[-1] == "renamed: d.yaml read-only < one"


def leaves(*entries: tuple[str, str]) -> list[Leaf]:
    """All permissions of "SYSTEM.OBJECT" and access."""
    return [
        leaf
        for name, access in entries
        for leaf in grants(name.split(".")[0], tuple(name.split(".")[1:]), access, None, {})
    ]


def test_what_is_counted_does_not_depend_on_order() -> None:
    old = leaves(("postgres.tickets", "read-write"), ("postgres.users", "read-only"), ("slack", "write"))
    new = leaves(("postgres.*", "read-only"), ("mail", "write"))
    for mine in permutations(old[:4]):
        assert likeness([*mine, *old[4:]], new) == Likeness(held=2, old=6, shared=1, new=3)
    assert of_objects(old, new) == Likeness(held=2, old=3, shared=1, new=2)
    assert not likeness(old, new).one
    assert likeness(old, new).perhaps is False
    assert of_objects(old, new).perhaps
    assert likeness([], new) == Likeness(0, 0, 0, 3)
    assert not likeness([], new).perhaps
