"""What findings say and advise, where the case decides the words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.world import check_text

HEAD = "agent_name: triage\nenvironment: production\nowner: support\nresources:\n"


def said(folder: Path, entry: str, rule: str) -> list[tuple[str, str]]:
    """Message and fix of each finding of a rule about one entry."""
    return [(one.message, one.fix) for one in check_text(folder, HEAD + entry).findings if one.rule == rule]


@pytest.mark.parametrize(
    ("entry", "actions"),
    [
        ("access: write", "[create]"),
        ("access: read-write", "[read, create]"),
        ("access: write, scope: {columns: [note]}", ""),  # columns are of what is there already
        ("actions: [create, update]", ""),
    ],
)
def test_who_only_adds_is_told_how_to_say_so(tmp_path: Path, entry: str, actions: str) -> None:
    # A chat bot's `write` would update, too, and be high in production.
    entry = f"  - {{resource: chat.team, blast_radius: low, {entry}}}\n"
    ((_, fix),) = said(tmp_path, entry, "blast-radius/understated-blast-radius")
    advice = f"; if it never changes what is there, `actions: {actions}` says so" if actions else ""
    assert fix == f"Declare `high`, or narrow the entry{advice}."


def test_an_action_is_named_as_it_is_written(tmp_path: Path) -> None:
    entry = "  - {resource: s3.invoices, blast_radius: low, actions: [s3:GetObject, s3:PutObject]}\n"
    ((message, _),) = said(tmp_path, entry, "blast-radius/understated-blast-radius")
    assert message.endswith(": s3:PutObject is medium + one for production")


@pytest.mark.parametrize(
    ("until", "message"),
    [
        ("2026-11-23", "this suppression ended (2026-11-23); what it silenced counts again"),
        ("tomorrow", "`until=tomorrow` is no date, so this suppression silences nothing"),
        ("2026-02-30", "`until=2026-02-30` is no date, so this suppression silences nothing"),
    ],
)
def test_a_date_that_is_none_has_not_ended(tmp_path: Path, until: str, message: str) -> None:
    entry = f"  - resource: wiki  # permlint: ignore[blast-radius/missing-blast-radius] soon until={until}\n"
    ((given, _),) = said(tmp_path, f"{entry}    access: read-only\n", "suppression/expired-suppression")
    assert given == message


def test_a_rule_that_no_comment_silences_is_still_a_rule(tmp_path: Path) -> None:
    entry = "  - resource: wiki  # permlint: ignore[review/self-review, house/xyz] two of us\n"
    assert said(tmp_path, f"{entry}    access: read-only\n", "suppression/unknown-rule") == [
        (
            "`review/self-review` is a rule whose findings no comment in a manifest silences",
            "Accept the finding: `permlint accept FINGERPRINT`.",
        ),
        ("`house/xyz` is no rule", "Name the rule as the finding does: category/name."),
    ]


@pytest.mark.parametrize(
    ("entry", "meant"),
    [
        ("access: write-only", "write"),
        ("access: Read-Only access", "read-only"),
        ("access: read-write-delete", "read-write"),
        ("access: read-only, blast_radius: none - reads only", "none"),
        ("access: write_", "write"),
        ("access: reads-only", "read-only"),
        ("access: admins", "admin"),
    ],
)
def test_a_word_that_begins_with_a_level_means_that_level(tmp_path: Path, entry: str, meant: str) -> None:
    ((_, fix),) = said(tmp_path, f"  - {{resource: wiki, {entry}}}\n", "manifest/schema-violation")
    assert fix == f"did you mean `{meant}`?"


@pytest.mark.parametrize("style", [">", "|", ">-"])
def test_a_long_remark_may_be_folded(tmp_path: Path, style: str) -> None:
    entry = f"  - resource: wiki\n    access: read-only\n    blast_radius: {style}\n      none (reads only)\n"
    assert said(tmp_path, entry, "manifest/schema-violation") == []
    assert said(tmp_path, entry.replace("read-only", "write"), "blast-radius/understated-blast-radius")


def test_full_width_brackets_are_no_other_word(tmp_path: Path) -> None:
    entry = "  - {resource: wiki, access: read-only, blast_radius: none\uff08読むだけ\uff09}\n"
    ((_, fix),) = said(tmp_path, entry, "manifest/schema-violation")
    assert fix == "did you mean `none`?"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("exists (select 1)", "names no column of the table: it is true of every row or of none, and narrows nothing"),
        (
            "coalesce(false, true)",
            "names no column of the table: it is true of every row or of none, and narrows nothing",
        ),
        ("tenant = 5 or 1 = 1", "narrows nothing, and the agent writes"),
    ],
)
def test_a_predicate_about_no_column_is_said_to_be_one(tmp_path: Path, rows: str, message: str) -> None:
    entry = f'  - {{resource: postgres.app.t, access: write, scope: {{rows: "{rows}"}}}}\n'
    ((given, _),) = said(tmp_path, entry, "scope/unbounded-write")
    assert given == f"the scope `{rows}` {message}"
