"""An agent under another name in another file: what it is wider by is told, and a really different agent is let through."""

from __future__ import annotations

import pytest

from tests.command import permlint
from tests.creep.gates import AGENT, branch, judged, staged
from tests.history.repository import Repo

NEW = "support/sorter.agent-permissions.yaml"
OLD = ("tickets read-only", "users read-only", "slack write")
WIDENED = ("tickets admin", "users read-only", "slack write")
PADDING = tuple([f"extra{number} read-only" for number in range(7)])


def several(agent: str, *resources: str, environment: str = "production", extra: str = "") -> str:
    """A manifest of "RESOURCE ACCESS" entries, each with what `extra` says."""
    entries = [one.split(" ") for one in resources]
    return f"agent_name: {agent}\nenvironment: {environment}\nowner: support\nresources:\n" + "".join(
        [f"  - resource: {name}\n    access: {access}\n{extra}" for name, access in entries]
    )


@pytest.fixture
def repo(repo: Repo) -> Repo:
    """With three permissions."""
    repo.commit("Three", {AGENT: several("triage", *OLD)})
    repo.git("branch", "-f", "main")
    return repo


def change(repo: Repo, *steps: dict[str, str | None]) -> None:
    """A commit for each step."""
    for number, files in enumerate(steps):
        repo.commit(f"Step {number}", files)


@pytest.mark.parametrize(
    "steps",
    [
        [{AGENT: None, NEW: several("sorter", *WIDENED)}],
        [{AGENT: None}, {NEW: several("sorter", *WIDENED)}],
        [{NEW: several("sorter", *WIDENED)}, {AGENT: None}],
        [{AGENT: several("triage", OLD[0])}, {AGENT: None, NEW: several("sorter", *WIDENED)}],
        [{AGENT: several("decoy", OLD[0]), NEW: several("sorter", *WIDENED)}],
        [{AGENT: several("decoy", "mail read-only")}, {NEW: several("sorter", *WIDENED)}],
    ],
    ids=["one commit", "gone first", "new first", "narrowed first", "a decoy", "a decoy first"],
)
def test_a_branch_that_renames_and_moves_an_agent_says_what_it_adds(
    repo: Repo, steps: list[dict[str, str | None]]
) -> None:
    change(repo, *steps)
    done = branch(repo)
    assert done.returncode == 1, done.stdout
    told = "error[creep/admin-added]" in done.stdout and f" --> {NEW}:6:13" in done.stdout
    assert told or (
        "error[creep/perhaps-renamed]: `triage`" in done.stdout
        and "it was widened by: tickets: admin" in done.stdout
        and f" --> {NEW}:1:13" in done.stdout
    )


@pytest.mark.parametrize(
    ("resources", "held"),
    [
        ((*WIDENED, *PADDING), "has 3 of its 3 resources (3 of its own 10)"),
        (("slack admin", *PADDING, "users write"), "has 2 of its 3 resources (2 of its own 9)"),
        (("tickets write", "users write", "slack execute"), "has 3 of its 3 resources (3 of its own 3)"),
        (("slack admin", "mail read-only"), "has 1 of its 3 resources (1 of its own 2)"),
    ],
    ids=["padded", "padded and narrowed", "the same for other ends", "most of it dropped"],
)
def test_both_readings_are_told_where_nobody_can_know(repo: Repo, resources: tuple[str, ...], held: str) -> None:
    (repo.folder / AGENT).unlink()
    repo.write(**{NEW: several("sorter", *resources)})
    repo.git("add", "-A")
    done = staged(repo)
    assert done.returncode == 1, done.stdout
    assert f"error[creep/perhaps-renamed]: `triage` ({AGENT}) is gone since this commit, and `sorter`" in done.stdout
    assert held in done.stdout
    assert f" --> {NEW}:1:13" in done.stdout
    repo.write(**{NEW: several("sorter", *resources, environment="staging")})
    repo.git("add", "-A")
    assert "warning[creep/perhaps-renamed]" in staged(repo).stdout
    why = "    justification: The new desk closes tickets on its own since INC-7.\n"
    repo.write(**{NEW: several("sorter", *resources, environment="staging", extra=why)})
    repo.git("add", "-A")
    assert "info[creep/perhaps-renamed]" in staged(repo, "-v").stdout


def test_one_agent_whose_name_alone_changed_is_no_widening(repo: Repo) -> None:
    change(repo, {AGENT: None, NEW: several("sorter", *reversed(OLD))})
    done = branch(repo)
    assert (done.returncode, "[creep/" in done.stdout) == (0, False), done.stdout
    assert "the agent was called triage" in done.stdout


@pytest.mark.parametrize(
    "files",
    [
        {AGENT: None, NEW: several("invoices", "stripe write", "ledger admin", "slack write", "mail write")},
        {NEW: several("triage-staging", *OLD, "more admin", environment="staging")},
        {NEW: several("one", *OLD, "a admin"), "support/two.agent-permissions.yaml": several("two", *OLD, "b admin")},
        {AGENT: None, NEW: several("one", OLD[0]), "support/two.agent-permissions.yaml": several("two", *OLD[1:])},
        {AGENT: None, NEW: several("one", OLD[0], "slack write")},
    ],
    ids=["another agent", "a copy for staging", "two from a template", "split in two", "narrowed"],
)
def test_what_is_no_widening_under_any_name_is_let_through(repo: Repo, files: dict[str, str | None]) -> None:
    change(repo, files)
    done = branch(repo, "-v")
    assert (done.returncode, "perhaps-renamed" in done.stdout) == (0, False), done.stdout


def test_all_of_history_tells_what_came_in_two_commits_as_information(repo: Repo) -> None:
    change(repo, {AGENT: None}, {NEW: several("sorter", *WIDENED)})
    done = permlint(repo.folder, "creep", "-v", env=dict(repo.environment))
    assert done.returncode == 0, done.stdout
    assert "info[creep/perhaps-renamed]: `triage`" in done.stdout
    assert '("Step 0"), and `sorter`' in done.stdout


def test_all_of_history_tells_what_came_in_one_commit_as_the_gate_does(repo: Repo) -> None:
    change(repo, {AGENT: None, NEW: several("sorter", *WIDENED, *PADDING)})
    done = permlint(repo.folder, "creep", env=dict(repo.environment))
    assert done.returncode == 1, done.stdout
    assert "error[creep/perhaps-renamed]: `triage`" in done.stdout


def test_an_old_justification_does_not_justify_what_is_new(repo: Repo) -> None:
    why = "    justification: Tickets are closed on request of their authors.\n"
    repo.commit("Why", {AGENT: several("triage", *OLD, environment="staging", extra=why)})
    (repo.folder / AGENT).unlink()
    repo.write(**{NEW: several("sorter", *WIDENED, environment="staging", extra=why)})
    repo.git("add", "-A")
    done = staged(repo)
    assert done.returncode == 1, done.stdout
    assert "Say why in `justification:` of tickets" in done.stdout


@pytest.mark.parametrize("between", ["alone", "with others", "in one second"])
def test_an_agent_brought_back_in_another_folder_is_no_first_agreement(repo: Repo, between: str) -> None:
    repo.commit("Gone", {AGENT: None})
    if between == "in one second":
        repo.clock -= 60
    else:
        repo.commit("Beside", {"README.md": "x"} if between == "alone" else {"agents/notes.md": "x"})
    repo.commit("Back", {"support/triage.agent-permissions.yaml": several("triage", *WIDENED)})
    if between == "alone":
        repo.commit("The other goes", {"agents/other.agent-permissions.yaml": None})
    done = permlint(repo.folder, "creep", env=dict(repo.environment))
    assert done.returncode == 1, done.stdout
    assert "error[creep/admin-added]" in done.stdout
    assert " --> support/triage.agent-permissions.yaml:6:13" in done.stdout
    assert f"  Kim  Back\n        moved here from {AGENT}\n        brought back, after it had" in done.stdout


def test_a_renamed_agent_was_not_brought_back_and_is_measured_from_nothing_of_its_own(repo: Repo) -> None:
    change(repo, {NEW: several("sorter", *WIDENED)}, {AGENT: None})
    told = branch(repo, "-v").stdout.partition("\n\n")[0]
    assert told.splitlines()[0] == f"{NEW}  sorter (production)"
    assert [line.strip() for line in told.splitlines()[2:]] == ["+ tickets: admin", "~ the agent was called triage"]


def test_an_agent_brought_back_as_it_was_has_widened_nothing(repo: Repo) -> None:
    repo.commit("Gone", {AGENT: None})
    repo.commit("Back", {"support/triage.agent-permissions.yaml": several("triage", *OLD)})
    done = permlint(repo.folder, "creep", "-v", env=dict(repo.environment))
    assert '("Three") added' in done.stdout
    assert '("Back")' not in done.stdout


@pytest.mark.parametrize("how", ["staged", "branch"])
@pytest.mark.parametrize("name", ["triage", "sorter"])
@pytest.mark.parametrize("gone", ["in this change", "before", "stays"])
def test_a_draft_that_no_glob_collects_hides_no_widening(repo: Repo, how: str, name: str, gone: str) -> None:
    draft = "docs/draft.yaml"
    repo.commit("A draft", {draft: several(name, *WIDENED)})
    repo.git("branch", "-f", "main")
    if gone == "before":
        repo.commit("Gone", {AGENT: None})
    repo.git("rm", "-q", draft)
    repo.write(**{NEW: several(name, *WIDENED)})
    repo.git("add", NEW)
    if gone == "in this change":
        repo.git("rm", "-q", AGENT)
    if how == "branch":
        repo.git("commit", "-q", "-m", "Move it")
    done = judged(repo, how)
    if name == "sorter" and (gone == "stays" or (gone, how) == ("before", "staged")):
        assert done.returncode == 0, done.stdout
        assert "first agreed, for production" in done.stdout
    else:
        assert done.returncode == 1, done.stdout
        assert "error[creep/admin-added]" in done.stdout
        place = "5:15" if gone == "stays" else "6:13"  # beside another manifest, its entry is what is new
        assert f" --> {NEW}:{place}" in done.stdout


def test_a_draft_that_grants_no_more_is_let_through(repo: Repo) -> None:
    repo.commit("A draft", {"docs/draft.yaml": several("triage", *OLD)})
    repo.git("rm", "-q", AGENT, "docs/draft.yaml")
    repo.write(**{NEW: several("triage", *OLD)})
    repo.git("add", NEW)
    done = staged(repo)
    assert done.returncode == 0, done.stdout
    assert f"moved here from {AGENT}" in done.stdout
