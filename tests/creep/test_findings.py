"""What creep finds in real repositories: which commit brought what stands now, and what a review covers."""

from __future__ import annotations

from pathlib import Path

import pytest

from linter.creep.range import Range
from linter.findings import Finding, Severity
from linter.manifest.model import build
from linter.manifest.reader import read
from linter.manifest.signing import digest_of
from linter.manifest.text import Text
from linter.outcome import Outcome
from tests.history.repository import PATH, Repo
from tests.world import run_creep

KIM, SAM = "Kim <kim@example.com>", "Sam <sam@example.com>"


def entry(
    *lines: str, environment: str = "staging", agent: str = "triage", name: str = "tickets", top: str = ""
) -> str:
    keys = "".join(f"    {line}\n" for line in lines)
    return f"agent_name: {agent}\nenvironment: {environment}\n{top}resources:\n  - resource: {name}\n{keys}"


READ, WRITE, DELETE = entry("access: read-only"), entry("access: read-write"), entry("actions: [select, delete]")


def signed(text: str, by: str = "sam@example.com", of: str | None = None) -> str:
    """The manifest, with a review of itself or of another text."""
    data = read(Text(of or text)).data
    review = f"reviewed: {{date: 2026-11-01, by: {by}, digest: {digest_of(build(data, data))}}}\n"
    return text.replace("resources:", review + "resources:", 1)


def team(folder: Path, *versions: str | dict[str, str | None]) -> Repo:
    """A repository with these versions, a commit each, by Kim."""
    repo = Repo(folder)
    for number, one in enumerate(versions):
        repo.commit(f"step {number}", {PATH: one} if isinstance(one, str) else one)
    return repo


def found(outcome: Outcome, *rules: str) -> list[str]:
    """`rule line commit` of the findings of these rules, the commit by its subject."""
    return [f"{one.rule} {one.location.line} {one.details['subject']}" for one in outcome.findings if one.rule in rules]


def only(outcome: Outcome, rule: str) -> Finding:
    (finding,) = [one for one in outcome.findings if one.rule == rule]
    return finding


WIDENINGS = ("creep/widened-access", "creep/write-added", "creep/delete-added", "creep/admin-added")


def test_a_finding_is_at_the_line_now_and_names_its_commit(tmp_path: Path) -> None:
    repo = team(tmp_path, READ, WRITE, "# A comment above all.\n" + WRITE)
    finding = only(run_creep(tmp_path), "creep/write-added")
    assert (finding.location.path, finding.location.line, finding.location.column) == (PATH, 6, 13)
    assert finding.severity is Severity.WARNING
    assert (finding.agent, finding.environment, finding.resource) == ("triage", "staging", "tickets")
    assert dict(finding.details) == {
        "change": "widened",
        "before": "tickets: read",
        "after": "tickets: read, create, update",
        "added": "tickets: create, update",
        "commit": repo.git("rev-parse", "HEAD~1"),
        "author": "Kim <kim@example.com>",
        "date": "2026-01-01T00:02:00+00:00",
        "subject": "step 1",
    }


def test_the_gravest_class_alone_is_reported(tmp_path: Path) -> None:
    team(tmp_path, READ, entry("actions: [select, insert, delete, grant]"))
    assert found(run_creep(tmp_path), *WIDENINGS) == ["creep/admin-added 5 step 1"]


@pytest.mark.parametrize(("environment", "severity"), [("staging", Severity.WARNING), ("production", Severity.ERROR)])
def test_writing_in_production_is_graver(tmp_path: Path, environment: str, severity: Severity) -> None:
    team(tmp_path, entry("access: read-only", environment=environment), entry("access: write", environment=environment))
    outcome = run_creep(tmp_path)
    assert only(outcome, "creep/write-added").severity is severity
    assert only(outcome, "creep/unreviewed-widening").severity is severity


def test_what_was_taken_back_is_no_finding(tmp_path: Path) -> None:
    team(tmp_path, READ, DELETE, READ)
    assert run_creep(tmp_path).findings == ()


def test_what_came_back_belongs_to_the_commit_that_brought_it_back(tmp_path: Path) -> None:
    team(tmp_path, READ, DELETE, READ, DELETE)
    assert found(run_creep(tmp_path), *WIDENINGS) == ["creep/delete-added 5 step 3"]


def test_half_of_a_widening_stands(tmp_path: Path) -> None:
    texts = [entry("access: read-only", f"scope: {{columns: [{names}]}}") for names in ("a", "a, b, c", "a, c")]
    team(tmp_path, *texts)
    assert only(run_creep(tmp_path), "creep/widened-access").details["added"] == "tickets: read on columns c"


def test_other_words_do_not_hide_what_was_added(tmp_path: Path) -> None:
    one = entry("actions: [delete]", "scope: spam of last week")
    team(tmp_path, READ, one, one.replace("spam of last week", "old tickets"))
    outcome = run_creep(tmp_path)
    assert found(outcome, *WIDENINGS) == ["creep/delete-added 5 step 1"]
    assert found(outcome, "creep/reworded-scope") == ["creep/reworded-scope 6 step 2"]


def test_other_words_for_what_was_first_agreed_are_no_widening(tmp_path: Path) -> None:
    one = entry("actions: [delete]", "scope: spam of last week")
    team(tmp_path, one, one.replace("spam of last week", "old tickets"))
    assert found(run_creep(tmp_path), *WIDENINGS) == []


def test_fingerprints_are_by_meaning(tmp_path: Path) -> None:
    prints = []
    for folder, comment in (("one", ""), ("two", "# moved down\n\n")):
        team(tmp_path / folder, READ, comment + WRITE)
        prints.append(only(run_creep(tmp_path / folder), "creep/write-added").fingerprint)
    assert prints[0] == prints[1]


def test_a_review_after_the_widening_covers_it(tmp_path: Path) -> None:
    repo = team(tmp_path, READ, DELETE)
    repo.commit("Signed", {PATH: signed(DELETE)}, "--author", SAM)
    outcome = run_creep(tmp_path)
    assert [(one.rule, one.severity) for one in outcome.findings] == [("creep/delete-added", Severity.INFO)]


def test_a_review_of_what_was_before_does_not(tmp_path: Path) -> None:
    repo = team(tmp_path, READ)
    repo.commit("Signed", {PATH: signed(READ)}, "--author", SAM)
    repo.commit("Later", {PATH: signed(DELETE, of=READ)})
    outcome = run_creep(tmp_path)
    assert only(outcome, "creep/delete-added").severity is Severity.ERROR
    assert only(outcome, "creep/unreviewed-widening").details["subject"] == "Later"
    changed = only(outcome, "review/changed-since-review")
    assert "tickets: delete" in changed.message
    assert changed.details["subject"] == "Signed"


def test_the_date_of_a_review_proves_nothing(tmp_path: Path) -> None:
    repo = team(tmp_path, READ)
    text = signed(DELETE, of=READ).replace("2026-11-01", "2026-11-24")
    repo.commit("Later", {PATH: text}, "--author", SAM)
    assert only(run_creep(tmp_path), "creep/delete-added").severity is Severity.ERROR


def test_narrowing_does_not_undo_a_review(tmp_path: Path) -> None:
    repo = team(tmp_path, WRITE)
    repo.commit("Signed", {PATH: signed(WRITE)}, "--author", SAM)
    repo.commit("Narrower", {PATH: signed(READ, of=WRITE)})
    assert run_creep(tmp_path).findings == ()


def test_a_signature_on_a_branch_that_never_saw_the_widening_does_not_cover_it(tmp_path: Path) -> None:
    repo = team(tmp_path, READ)
    repo.git("checkout", "-q", "-b", "widening")
    repo.commit("Widened", {PATH: DELETE})
    repo.git("checkout", "-q", "main")
    repo.commit("Signed", {PATH: signed(READ)}, "--author", SAM)
    repo.merge("widening", files={PATH: signed(DELETE, of=READ)})
    assert only(run_creep(tmp_path), "creep/delete-added").severity is Severity.ERROR


def test_an_unsigned_rollback_removal_is_not_covered_by_an_old_signature(tmp_path: Path) -> None:
    top = "rollback_strategy: scripts/revert.py --run-id <id>\n"
    repo = team(tmp_path, entry("access: write"))
    repo.commit("Signed", {PATH: signed(entry("access: write", top=top))}, "--author", SAM)
    repo.commit("Gone", {PATH: signed(entry("access: write"))})
    finding = only(run_creep(tmp_path), "creep/rollback-removed")
    assert finding.severity is Severity.ERROR
    assert (finding.location.line, finding.details["subject"]) == (1, "Gone")
    renewed = signed(entry("access: write")).replace("2026-11-01", "2026-11-20")
    repo.commit("Seen", {PATH: renewed}, "--author", SAM)
    assert only(run_creep(tmp_path), "creep/rollback-removed").severity is Severity.INFO


def test_a_rollback_that_came_back_is_no_finding(tmp_path: Path) -> None:
    top = "rollback_strategy: scripts/revert.py --run-id <id>\n"
    team(tmp_path, entry("access: write", top=top), entry("access: write"), entry("access: write", top=top))
    assert run_creep(tmp_path).findings == ()


def test_self_review_and_a_name_that_somebody_else_typed(tmp_path: Path) -> None:
    repo = team(tmp_path, READ)
    repo.commit("Mine", {PATH: signed(WRITE, by="Kim")}, "--author", KIM)
    outcome = run_creep(tmp_path)
    assert found(outcome, "review/self-review", "review/unattributed-review") == ["review/self-review 3 Mine"]
    repo.commit("Typed", {PATH: signed(WRITE, by="sam@example.com")}, "--author", KIM)
    outcome = run_creep(tmp_path)
    assert found(outcome, "review/self-review", "review/unattributed-review") == ["review/unattributed-review 3 Typed"]


def test_the_reviewer_may_be_the_committer(tmp_path: Path) -> None:
    repo = team(tmp_path, READ)
    committer = {"GIT_COMMITTER_NAME": "Sam", "GIT_COMMITTER_EMAIL": "sam@example.com"}
    repo.commit("Both", {PATH: signed(WRITE)}, "--author", KIM, **committer)
    assert found(run_creep(tmp_path), "review/self-review", "review/unattributed-review") == []


def test_production_in_a_new_file_for_the_same_agent_is_a_promotion(tmp_path: Path) -> None:
    production = entry("access: read-only", environment="production")
    team(tmp_path, {"a/" + PATH: READ}, {"b/" + PATH: production})
    finding = only(run_creep(tmp_path), "creep/environment-promoted")
    assert (finding.location.path, finding.location.line, finding.details["subject"]) == ("b/" + PATH, 2, "step 1")


def test_an_agreement_split_in_two_is_no_change(tmp_path: Path) -> None:
    both = entry("access: write", environment="[staging, production]")
    team(
        tmp_path,
        {"a/" + PATH: both},
        {
            "a/" + PATH: entry("access: write", environment="staging"),
            "b/" + PATH: entry("access: write", environment="production"),
        },
    )
    assert run_creep(tmp_path).findings == ()


def test_a_move_is_no_change_and_what_it_brought_is(tmp_path: Path) -> None:
    team(tmp_path, {"a/" + PATH: READ}, {"a/" + PATH: None, "b/" + PATH: WRITE})
    assert found(run_creep(tmp_path), *WIDENINGS) == ["creep/write-added 5 step 1"]


def test_deleted_and_brought_back_with_more(tmp_path: Path) -> None:
    team(tmp_path, READ, {PATH: None}, DELETE)
    assert found(run_creep(tmp_path), *WIDENINGS) == ["creep/delete-added 5 step 2"]


def test_the_story_goes_on_around_what_cannot_be_read(tmp_path: Path) -> None:
    team(tmp_path, READ, "agent_name: [\n", DELETE)
    outcome = run_creep(tmp_path)
    assert found(outcome, *WIDENINGS) == ["creep/delete-added 5 step 2"]
    marks = [[step.mark for step in one.steps] for one in outcome.timelines()[0].entries]
    assert marks == [[" ", " "], ["~"], ["+"]]


def test_a_change_made_in_the_merge_itself(tmp_path: Path) -> None:
    repo = team(tmp_path, {PATH: READ, "other": "1"})
    repo.git("checkout", "-q", "-b", "side")
    repo.commit("side", {"other": "2"})
    repo.git("checkout", "-q", "main")
    repo.commit("main", {"more": "1"})
    repo.merge("side", files={PATH: DELETE})
    assert found(run_creep(tmp_path), *WIDENINGS) == ["creep/delete-added 5 merge side"]


def test_what_is_not_committed_is_told_too(tmp_path: Path) -> None:
    repo = team(tmp_path, READ)
    repo.write(**{PATH: DELETE})
    finding = only(run_creep(tmp_path), "creep/delete-added")
    assert finding.details["commit"] == ""
    assert "the working tree" in finding.message


def test_accumulated_creep_measures_from_the_first_or_the_last_signed_version(tmp_path: Path) -> None:
    repo = team(tmp_path, READ, WRITE, entry("actions: [select, insert, update, delete]"))
    finding = only(run_creep(tmp_path), "creep/accumulated-creep")
    assert finding.details["added"] == "tickets: create, update, delete"
    assert finding.details["blast_radius"] == "none -> critical"
    assert finding.location.line == 1
    last = entry("actions: [select, insert, update, delete]")
    repo.commit("Signed", {PATH: signed(last)}, "--author", SAM)
    assert found(run_creep(tmp_path), "creep/accumulated-creep") == []
    assert found(run_creep(tmp_path, asked=Range(start="first")), "creep/accumulated-creep") == [
        "creep/accumulated-creep 1 step 2"
    ]


def test_from_the_last_review_only_what_came_after_it(tmp_path: Path) -> None:
    repo = team(tmp_path, READ, WRITE)
    repo.commit("Signed", {PATH: signed(WRITE)}, "--author", SAM)
    repo.commit("Later", {PATH: signed(DELETE, of=WRITE)})
    outcome = run_creep(tmp_path, asked=Range(start="last-review"))
    assert found(outcome, *WIDENINGS) == ["creep/delete-added 6 Later"]
    (timeline,) = outcome.timelines()
    assert [one.subject for one in timeline.entries] == ["Later"]
    assert timeline.distance is not None
    assert (timeline.distance.beginning, timeline.distance.start.subject) == ("last-review", "Signed")


def test_only_the_version_that_was_signed_last_is_the_last_signed_one(tmp_path: Path) -> None:
    team(tmp_path, signed(READ), WRITE, signed(WRITE))
    (timeline,) = run_creep(tmp_path).timelines()
    assert timeline.distance is not None
    assert (timeline.distance.beginning, timeline.distance.start.subject) == ("first", "step 0")
    (timeline,) = run_creep(tmp_path, asked=Range(start="last-review")).timelines()
    assert timeline.distance is not None
    assert (timeline.distance.beginning, timeline.distance.start.subject) == ("last-review", "step 2")


def test_secrets_of_old_versions_and_subjects_are_masked(tmp_path: Path) -> None:
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" + "k1L2m3N4o5P6q7R8"
    repo = Repo(tmp_path)
    repo.commit("first", {PATH: entry("access: read-only", f"scope: tickets of {token}")})
    repo.commit(f"use {token}", {PATH: entry("access: read-only", "scope: tickets")})
    outcome = run_creep(tmp_path)
    assert outcome.findings
    assert token[8:] not in repr(outcome)


@pytest.mark.parametrize(
    ("scope", "wider"),
    [
        ("tickets of the queue", "no restrictions"),
        ("{rows: tenant_id = 42}", "{rows: 1=1}"),
    ],
)
def test_who_takes_a_widening_back_has_added_nothing(tmp_path: Path, scope: str, wider: str) -> None:
    before = entry("access: read-write", f"scope: {scope}")
    team(tmp_path, before, entry("access: read-write", f"scope: {wider}"), before)
    outcome = run_creep(tmp_path)
    assert [one.rule for one in outcome.findings if one.rule != "creep/reworded-scope"] == []
