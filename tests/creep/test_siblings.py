"""An agent is retired and one from the same template begins: no rename; whoever keeps what the former one was for is told."""

from __future__ import annotations

import subprocess

import pytest

from tests.command import permlint
from tests.creep.gates import AGENT, branch, staged
from tests.creep.test_renamed import NEW, several
from tests.history.repository import Repo

COMMON = ("slack write", "helpdesk read-only", "crm read-only")
OWN = "tickets read-write"


def house(repo: Repo, *old: str, others: int = 3, environment: str = "production", change: bool = False) -> None:
    """An agent, and others with what is common and something of their own."""
    files: dict[str, str | None] = {
        f"agents/other{number}.agent-permissions.yaml": several(
            f"other{number}", *COMMON, f"table{number} read-only", environment=environment
        )
        for number in range(others)
    }
    repo.commit("House", {AGENT: several("triage", *old), **({} if change else files)})
    repo.git("branch", "-f", "main")
    if change:
        repo.commit("Others", files)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ((*COMMON, OWN), (*COMMON, "invoices read-write")),
        ((*COMMON, OWN), (*COMMON[:2], "invoices read-only", "bills read-only")),
        (
            (*COMMON, OWN, "users read-only", "desks read-only"),
            (*COMMON, "invoices admin", "users read-only", "bills admin"),
        ),
        ((*COMMON, "tickets read-only"), (*COMMON, "invoices read-only")),  # nearly all: for sure one agent elsewhere
    ],
)
@pytest.mark.parametrize("how", ["branch", "staged", "whole"])
def test_a_sibling_begins(repo: Repo, old: tuple[str, ...], new: tuple[str, ...], how: str) -> None:
    house(repo, *old)
    (repo.folder / AGENT).unlink()
    repo.write(**{NEW: several("invoices", *new)})
    repo.git("add", "-A")
    if how != "staged":
        repo.commit("Swap")
    done = {"branch": branch, "staged": staged}[how](repo, "-v") if how != "whole" else whole(repo)
    assert done.returncode == 0, done.stdout
    assert "first agreed, for production" in done.stdout
    assert "info[creep/perhaps-renamed]" in done.stdout
    assert ", and they share only what many others have: if it is `triage`" in done.stdout


def whole(repo: Repo) -> subprocess.CompletedProcess[str]:
    """Tell all of history."""
    return permlint(repo.folder, "creep", "-v", env=dict(repo.environment))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ((*COMMON, OWN), (*COMMON, "tickets admin")),
        ((*COMMON, OWN), (*COMMON, OWN, "invoices admin")),
        ((*COMMON, OWN), ("slack admin", *COMMON[1:], "invoices read-only")),
        ((*COMMON, OWN, "users read-only"), (*COMMON, "users read-only", "invoices admin")),
        (COMMON, (*COMMON, "invoices admin")),
    ],
    ids=["wider", "its own and more", "more of what is common", "half of its own", "nothing of its own"],
)
def test_what_the_former_one_was_for_is_told(repo: Repo, old: tuple[str, ...], new: tuple[str, ...]) -> None:
    house(repo, *old)
    repo.commit("Swap", {AGENT: None, NEW: several("sorter", *new)})
    done = branch(repo)
    assert done.returncode == 1, done.stdout
    assert "error[creep/" in done.stdout


@pytest.mark.parametrize(
    "options",
    [{"others": 2}, {"environment": "staging"}, {"change": True}],
    ids=["few others", "elsewhere", "begun in the same branch"],
)
def test_what_is_no_custom_is_a_sign(repo: Repo, options: dict[str, object]) -> None:
    house(repo, *COMMON, OWN, **options)  # type: ignore[arg-type]
    repo.commit("Swap", {AGENT: None, NEW: several("sorter", *COMMON, "invoices read-write")})
    done = branch(repo)
    assert done.returncode == 1, done.stdout
    assert "error[creep/perhaps-renamed]" in done.stdout


def test_a_scope_that_limits_nothing_is_more_of_what_is_common(repo: Repo) -> None:
    house(repo, *COMMON, OWN)
    scoped = several("triage", *COMMON, OWN).replace(
        "access: write\n", "access: write\n    scope: alerts of the night\n", 1
    )
    repo.commit("Scoped", {AGENT: scoped})
    repo.git("branch", "-f", "main")
    wide = several("sorter", *COMMON, "invoices read-write").replace(
        "access: write\n", "access: write\n    scope: everything\n", 1
    )
    repo.commit("Swap", {AGENT: None, NEW: wide})
    assert "error[creep/perhaps-renamed]" in branch(repo).stdout
