"""The commands of a rollback strategy: what is one, what only sounds like one."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.manifest.model import Rollback
from linter.manifest.strategy import commands, in_prose

# line, script, run by itself, takes the run
COMMANDS: list[tuple[str, str | None, bool, bool]] = [
    ("Rollback script: scripts/revert_agent_run.py --run-id <id>", "scripts/revert_agent_run.py", True, True),
    ("scripts/revert.sh", "scripts/revert.sh", True, False),
    ("./undo.sh $RUN_ID", "./undo.sh", True, True),
    ("$ ./undo.sh", "./undo.sh", True, False),
    ("python3 scripts/revert.py --run-id {run_id}", "scripts/revert.py", False, True),
    ("- Run python scripts/revert.py --run ${RUN}", "scripts/revert.py", False, True),
    ("1. psql -v run=<id> -f sql/undo.sql", "sql/undo.sql", False, True),
    ("psql --file=undo.sql", "undo.sql", False, False),
    ("To undo, run `scripts/revert.py <run id>`.", "scripts/revert.py", True, True),
    ("`--flag` first, then `scripts/x.sh --run <id>`", "scripts/x.sh", True, True),
    ("Undo with `kubectl rollout undo deployment/<name>`.", None, False, True),
    ("kubectl rollout undo deployment/triage", None, False, False),
    ("helm rollback triage 3", None, False, False),
    ("alembic downgrade -1", None, False, False),
    ("git revert <sha> and redeploy", None, False, True),
    ("git revert HEAD", None, False, False),
    ("make rollback", None, False, False),
    ("make rollback RUN=<id>", None, False, True),
    ("just undo {{run}}", None, False, True),
    ("npm run rollback", None, False, False),
    ("rake db:rollback", None, False, False),
    ("terraform apply -target=x to roll back", None, False, False),
    ("Command: triage-undo --run-id <id>", None, False, True),
    ("revert-run --since 2026-01-01 --dry-run", None, False, True),
    ("Revert: scripts/undo.py --dry-run, then without", "scripts/undo.py", True, False),
    ("See docs, then scripts/restore.R", "scripts/restore.R", True, False),
    ("./undo <run-id>", None, False, True),
    ("Undo: bin/undo-run 42", None, False, False),
    ("SELECT audit.undo_run('<id>');", None, False, True),
    ("Undo: CALL audit.undo_run(:run_id)", None, False, True),
    ("select * from undo_run($1)", None, False, True),
    ("undo.sql reverts it", "undo.sql", True, False),
]
SENTENCES = [
    "Restore from backup.",
    "Restore from backup, or contact the DBA.",
    "contact the DBA",
    "Contact the DBA on call (see docs/runbook.md).",
    "just contact the DBA",
    "just restore it from backup",
    "just restore the back-up",
    "make sure the table is intact",
    "make a backup first",
    "git history can be used to revert",
    "git is used to go back",
    "helm is used to roll back",
    "node is restarted by hand",
    "docker restart the agent",
    "go back to the old version",
    "Roll back manually.",
    "Use Node.js to restore it",
    "See https://example.com/scripts/revert.py",
    "Run agent in dry-run mode first (--dry-run flag).",
    "scripts/triage.py --dry-run",
    "`scripts/triage.py --dry-run` shows what would happen",
    "All writes go to audit_log.agent_runs before execution.",
    "Set `status` back to `open`.",
    "Undo: `revert`",
    "no changes are made, so none are undone",
    "",
    "   ",
    "``",
    "TBD",
    "N/A",
    "read/write access is taken away",
    "bin/undo is to be written",
    "Call Bob (operations).",
    "Select the rows (by hand) and reset them.",
]


@pytest.mark.parametrize(("line", "script", "direct", "takes_run"), COMMANDS)
def test_commands(line: str, script: str | None, direct: bool, takes_run: bool) -> None:
    found = in_prose(f"Everything is logged.\n{line}\n")
    assert [(one.script, one.direct, one.takes_run) for one in found] == [(script, direct, takes_run)]


@pytest.mark.parametrize("line", SENTENCES)
def test_sentences_are_no_commands(line: str) -> None:
    assert in_prose(line) == []


def structured(command: str | None) -> Rollback:
    return Rollback("", True, None, None, command, None)


@pytest.mark.parametrize(
    "command",
    ["undo-run <id>", "revert", "scripts/revert.py --run-id <id>", "psql -f undo.sql", "ssh db undo to <run>"],
)
def test_a_structured_command_needs_no_known_form(command: str) -> None:
    [found] = commands(structured(command))
    assert found.text == command


@pytest.mark.parametrize(
    "command",
    [
        None,
        " ",
        "restore from backup",
        "Restore from the last backup",
        "contact the DBA",
        "ask Kim",
        "scripts/x.py --dry-run",
    ],
)
def test_a_structured_hope_is_no_command(command: str | None) -> None:
    assert commands(structured(command)) == []


def test_a_line_may_go_on_after_a_backslash() -> None:
    [found] = in_prose("psql -f undo.sql \\\n  -v run=<id>")
    assert (found.script, found.takes_run) == ("undo.sql", True)


@given(st.text(alphabet=st.characters() | st.sampled_from("`-_/.<>$ \n"), max_size=200))
def test_any_text_is_read(text: str) -> None:
    for found in in_prose(text):
        assert found.text == found.text.strip()
        assert found.script is None or found.script in text.replace("\\\n", " ")
    assert len(commands(structured(text))) <= 1


HOSTILE = [
    *(
        "a",
        "a/",
        "a.",
        "a.py",
        "+a",
        "/",
        "-",
        "--",
        "a --",
        "a  ",
        "` ",
        "`",
        "`a ",
        "a `b c",
        "<",
        "<a",
        "${",
        "{{",
        "{a",
        "[A",
        "[A-",
    ),
    *(
        "restor",
        "rever",
        "dry-",
        "dry-run ",
        "make ",
        "git ",
        "python ",
        " ",
        "(",
        "a: ",
        "1.",
        "run ",
        "~/",
        ".py",
        "a@",
        "$",
    ),
]


@pytest.mark.parametrize("unit", HOSTILE)
@pytest.mark.parametrize("lead", ["", "x ", "psql ", "`a b", "a/b.py", "git "])
def test_hostile_lines_are_read_in_linear_time(unit: str, lead: str) -> None:
    """As long as a line may be, and many times as long on the whole."""
    text = (lead + unit * (2000 // len(unit))) + "\n"
    start = time.process_time()
    in_prose(text * 5)
    commands(structured(text * 5))
    in_prose(unit * 50_000)
    assert time.process_time() - start < 0.5
