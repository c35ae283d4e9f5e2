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


LOW_TO_HIGH = (
    "`low` is declared, but `high` follows from what is granted: get_contact, which permlint does not know, is medium "
    "+ one for the whole system without a scope"
)
IF_READING = "; if it only reads, `access: read-only` in place of `actions` says so."


@pytest.mark.parametrize(
    ("actions", "rule", "message", "fix"),
    [
        (
            "[get_contact, purge_none_of_it]",
            "scope/unbounded-write",
            "the agent may write all of `crm`: no object is named and there is no scope",
            "Name what it writes (`crm.OBJECT`), or add a `scope`.",
        ),
        (
            "[read, get_contact, requeue]",
            "scope/unbounded-write",
            "`requeue` may write all of `crm`, for all that permlint knows: no object is named and there is no scope",
            "Say what it may touch, with a `scope`" + IF_READING,
        ),
        (
            "[get_contact]",
            "blast-radius/understated-blast-radius",
            LOW_TO_HIGH,
            "Declare `high`, or narrow the entry" + IF_READING,
        ),
        (
            "[a, b, c, d, e]",
            "rollback/missing-rollback",
            "the agent may write (permlint does not know `a`, `b`, `c` and 2 more on crm) and there is no rollback_strategy",
            "Add a `rollback_strategy`, or a `rollback` on each entry" + IF_READING,
        ),
    ],
)
def test_nobody_is_told_of_a_write_that_nobody_declared(
    tmp_path: Path, actions: str, rule: str, message: str, fix: str
) -> None:
    entry = f"  - {{resource: crm, blast_radius: low, actions: {actions}}}\n"
    assert said(tmp_path, entry, rule) == [(message, fix)]
    entry = "  - {resource: crm, blast_radius: low, access: read-only}\n"
    assert said(tmp_path, entry, rule) == []


@pytest.mark.parametrize(
    ("action", "severities"), [("get_contact", "ww i"), ("requeue", "ee e"), ("getOrCreate", "ee e")]
)
def test_a_name_that_sounds_like_reading_stops_no_commit(tmp_path: Path, action: str, severities: str) -> None:
    rules = ["rollback/missing-rollback", "blast-radius/understated-blast-radius", "scope/unbounded-write"]
    entry = f"  - {{resource: crm, blast_radius: none, actions: [{action}]}}\n"
    found = {one.rule: one.severity.name[0].lower() for one in check_text(tmp_path, HEAD + entry).findings}
    assert [found[rule] for rule in rules] == list(severities.replace(" ", ""))


def test_what_surely_writes_is_told_from_what_may(tmp_path: Path) -> None:
    entries = "  - {resource: crm.notes, access: write}\n  - {resource: helpdesk.tickets, actions: [get_ticket]}\n"
    [(message, _)] = said(tmp_path, entries, "rollback/missing-rollback")
    assert message == "the agent writes (crm.notes; perhaps helpdesk.tickets) and there is no rollback_strategy"


@pytest.mark.parametrize(
    ("action", "found"), [("list_channels", 0), ("channels:history", 0), ("chat:write", 1), ("view_as_admin", 1)]
)
def test_nothing_is_sent_by_reading(tmp_path: Path, action: str, found: int) -> None:
    entry = f"  - {{resource: slack, actions: ['{action}']}}\n"
    assert len(said(tmp_path, entry, "rollback/unacknowledged-irreversible")) == found


@pytest.mark.parametrize(
    ("entry", "bounds", "undo"),
    [
        (
            "resource: shell, access: execute, scope: anything",
            "the scope `anything` narrows nothing, and the agent executes",
            "(shell)",
        ),
        (
            "resource: shell, access: execute",
            "the agent may execute all of `shell`: no object is named and there is no scope",
            "(shell)",
        ),
        ("resource: mcp.run, access: execute", "`mcp.run` is executed without a scope", "(mcp.run)"),
    ],
)
def test_what_is_executed_is_not_said_to_be_written(tmp_path: Path, entry: str, bounds: str, undo: str) -> None:
    entry = f"  - {{{entry}}}\n"
    [(message, fix)] = said(tmp_path, entry, "scope/unbounded-write")
    assert message == bounds
    assert ("OBJECT" in fix) is ("shell," in entry)  # what has a name needs none
    [(message, _)] = said(tmp_path, entry, "rollback/missing-rollback")
    assert message == f"the agent executes {undo} and there is no rollback_strategy"


def test_of_equally_grave_actions_the_one_that_reads_is_not_blamed(tmp_path: Path) -> None:
    entry = "  - {resource: files.work, blast_radius: low, actions: [read_file, move_file]}\n"
    [(message, _)] = said(tmp_path, entry, "blast-radius/understated-blast-radius")
    assert message.endswith(": move_file, which permlint does not know, is medium")


def test_a_script_beside_a_command_in_backticks_takes_the_run(tmp_path: Path) -> None:
    entry = "  - {resource: crm.notes, access: write}\nrollback_strategy: "
    words = "Undo with `git revert` of the merge: scripts/revert.sh --run-id <id>"
    assert said(tmp_path, f"{entry}'{words}'\n", "rollback/no-run-id") == []
    assert len(said(tmp_path, f"{entry}'{words}'\n", "rollback/missing-rollback-script")) == 1
    assert len(said(tmp_path, f"{entry}'{words[:40]}'\n", "rollback/no-run-id")) == 1


@pytest.mark.parametrize(("resource", "found"), [("slack.#refunds", 0), ("slack", 1), ("wiki.refunds", 1)])
def test_nothing_is_narrower_than_a_channel(tmp_path: Path, resource: str, found: int) -> None:
    entry = f"  - {{resource: '{resource}', access: write, scope: anything}}\n"
    assert len(said(tmp_path, entry, "scope/unbounded-write")) == found


def test_the_advice_on_scripts_that_live_elsewhere_is_toml_that_works(tmp_path: Path) -> None:
    entry = "  - {resource: crm.notes, access: write}\nrollback_strategy: {command: scripts/undo.py --run-id <id>}\n"
    [(_, fix)] = said(tmp_path, entry, "rollback/missing-rollback-script")
    (tmp_path / "permlint.toml").write_text(fix.partition("\n")[2], encoding="utf-8")
    assert said(tmp_path, entry, "rollback/missing-rollback-script") == []
