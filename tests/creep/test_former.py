"""What a new agent has of former ones: a stub that keeps the old name, agents that became one, many that were retired at once."""

from __future__ import annotations

import pytest

from tests.command import permlint
from tests.creep.gates import AGENT, branch, judged
from tests.creep.test_renamed import NEW, OLD, WIDENED, change, several
from tests.history.repository import Repo

BILLS = ("invoices read-write", "bills read-only", "mail write")
SECOND = "agents/second.agent-permissions.yaml"


def file(name: str) -> str:
    return f"agents/{name}.agent-permissions.yaml"


@pytest.fixture
def repo(repo: Repo) -> Repo:
    """With three permissions."""
    repo.commit("Three", {AGENT: several("triage", *OLD)})
    repo.git("branch", "-f", "main")
    return repo


@pytest.fixture
def two(repo: Repo) -> Repo:
    """With another agent, which has nothing in common with the first."""
    repo.commit("Second", {SECOND: several("second", *BILLS)})
    repo.git("branch", "-f", "main")
    return repo


@pytest.mark.parametrize(
    "steps",
    [
        [{AGENT: several("triage", "readme read-only"), NEW: several("sorter", *WIDENED)}],
        [{NEW: several("sorter", *WIDENED)}, {AGENT: several("triage", OLD[2])}],
        [{AGENT: several("triage", OLD[2])}, {NEW: several("sorter", *WIDENED, "mail read-only")}],
    ],
    ids=["one commit", "new first", "stub first"],
)
def test_a_stub_keeps_the_old_name(repo: Repo, steps: list[dict[str, str | None]]) -> None:
    change(repo, *steps)
    done = branch(repo)
    assert done.returncode == 1, done.stdout
    assert f"error[creep/perhaps-renamed]: `triage` ({AGENT}) has lost most of what it had since" in done.stdout
    assert "it was widened by: tickets: admin" in done.stdout
    assert f" --> {NEW}:1:13" in done.stdout


def test_a_stub_in_one_commit_is_told_in_all_of_history(repo: Repo) -> None:
    change(repo, {AGENT: several("triage", OLD[2]), NEW: several("sorter", *WIDENED)})
    done = permlint(repo.folder, "creep", env=dict(repo.environment))
    assert "error[creep/perhaps-renamed]: `triage`" in done.stdout


@pytest.mark.parametrize(
    "files",
    [
        {AGENT: several("triage", OLD[2]), NEW: several("sorter", *OLD[:2])},
        {AGENT: several("triage", OLD[2]), NEW: several("mailer", "mail write", "lists read-only")},
        {AGENT: several("triage", *OLD[1:]), NEW: several("sorter", "tickets admin")},
    ],
    ids=["split without more", "another agent", "most of it stays"],
)
def test_what_is_narrowed_is_no_stub(repo: Repo, files: dict[str, str | None]) -> None:
    change(repo, files)
    done = branch(repo, "-v")
    assert (done.returncode, "perhaps-renamed" in done.stdout) == (0, False), done.stdout


@pytest.mark.parametrize("how", ["branch", "staged"])
def test_two_agents_that_became_one_are_held_against_it_together(two: Repo, how: str) -> None:
    for path in (AGENT, SECOND):
        two.git("rm", "-q", path)
    two.write(**{NEW: several("both", *OLD, *BILLS)})
    two.git("add", NEW)
    if how == "branch":
        two.commit("One")
    done = judged(two, how)
    assert (done.returncode, "[creep/" in done.stdout) == (0, False), done.stdout
    assert f"moved here from {SECOND}, {AGENT}" in done.stdout
    assert any(f"~ the agent was called {names}" in done.stdout for names in ("second and triage", "triage and second"))


def test_what_neither_of_two_had_is_told(two: Repo) -> None:
    change(two, {AGENT: None}, {SECOND: None, NEW: several("both", *OLD, *BILLS[:1], "bills admin", *BILLS[2:])})
    done = branch(two)
    assert done.returncode == 1, done.stdout
    assert "error[creep/admin-added]" in done.stdout
    assert "added: bills: admin" in done.stdout


def test_of_two_agents_one_that_ran_elsewhere_had_nothing_here(two: Repo) -> None:
    two.commit("Staging", {SECOND: several("second", *BILLS, environment="staging")})
    two.git("branch", "-f", "main")
    change(two, {AGENT: None, SECOND: None, NEW: several("both", *OLD, *BILLS)})
    done = branch(two)
    assert done.returncode == 1, done.stdout
    assert "error[creep/write-added]" in done.stdout
    assert "invoices: read, create, update" in done.stdout


FIVE = tuple([f"table{number} write" for number in range(5)])


def test_more_of_a_part_is_told_as_information(repo: Repo) -> None:
    repo.commit("Five", {AGENT: several("triage", *FIVE)})
    repo.git("branch", "-f", "main")
    rest = ("a read-only", "b read-only", "c read-only")
    change(repo, {AGENT: None, NEW: several("sorter", "table0 admin", "table1 write", *rest)})
    done = branch(repo, "-v")
    assert done.returncode == 0, done.stdout
    assert "info[creep/perhaps-renamed]" in done.stdout
    assert "has 2 of its 5 resources (2 of its own 5)" in done.stdout
    change(repo, {NEW: several("sorter", *FIVE[:2], *rest)})
    assert "perhaps-renamed" not in branch(repo, "-v").stdout


@pytest.mark.parametrize(
    ("back", "told"),
    [(WIDENED, True), (OLD, False), (("tickets admin", "mail write", "lists read-only"), False)],
    ids=["wider", "as it was", "a part of it"],
)
@pytest.mark.parametrize("how", ["branch", "staged"])
def test_an_agent_that_was_gone_before_comes_back_under_another_name(
    repo: Repo, how: str, back: tuple[str, ...], told: bool
) -> None:
    gone = repo.commit("Gone", {AGENT: None})
    repo.commit("Beside", {"README.md": "x"})
    repo.git("branch", "-f", "main")
    repo.write(**{NEW: several("sorter", *back)})
    repo.git("add", NEW)
    if how == "branch":
        repo.commit("Back")
    done = judged(repo, how, "-v")
    assert done.returncode == 0, done.stdout
    since = f"info[creep/perhaps-renamed]: `triage` ({AGENT}) is gone since {gone[:10]} by Kim"
    assert (since in done.stdout, "it was widened by: tickets: admin;" in done.stdout) == (told, told)


@pytest.mark.parametrize("whole", [True, False])
def test_of_many_that_are_gone_at_once_the_most_alike_is_named(repo: Repo, whole: bool) -> None:
    names = [f"agent{number:02}" for number in range(60)]
    repo.commit("Many", {file(name): several(name, f"{name} read-only", "slack write") for name in names})
    repo.git("branch", "-f", "main")
    new = several("sorter", "agent07 admin", "slack write", *[f"extra{number} read-only" for number in range(5)])
    change(repo, {file(name): None for name in names} | {NEW: new})
    done = permlint(repo.folder, "creep", env=dict(repo.environment)) if whole else branch(repo)
    assert done.returncode == 1, done.stdout
    assert f"error[creep/perhaps-renamed]: `agent07` ({file('agent07')}) is gone since" in done.stdout


def test_what_was_gone_before_hides_nothing_that_is_gone_now(repo: Repo) -> None:
    repo.commit("Twin", {SECOND: several("second", *OLD)})
    repo.commit("Gone", {SECOND: None})
    repo.git("branch", "-f", "main")
    change(repo, {AGENT: None, NEW: several("sorter", *OLD[:2], "mail admin", "lists read-only")})
    for done in (branch(repo), permlint(repo.folder, "creep", env=dict(repo.environment))):
        assert done.returncode == 1, done.stdout
        assert f"error[creep/perhaps-renamed]: `triage` ({AGENT})" in done.stdout
