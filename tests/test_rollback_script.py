"""Rollback scripts, read and never run: what builds SQL from data, what only looks so, which tables are read."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.rollback_script import read_script
from tests.world import build, run

BUILDS = [
    ('execute(f"DELETE FROM {table}")', "an f-string"),
    ('execute(f"""\n    UPDATE {table} SET x = 1""")', "an f-string"),
    ('execute(f"SELECT {columns} FROM t")', "an f-string"),
    ("execute(\"SELECT a FROM t WHERE run = '%s'\" % run)", "%"),
    ("execute(\"SELECT a FROM t WHERE run = '%s' AND b = %s\" % (run, 1))", "%"),
    ('execute("DELETE FROM notes WHERE run = " + run)', "+"),
    ('execute("DELETE FROM notes WHERE run = \'" + run + "\'")', "+"),
    ('query = "SELECT * FROM {}".format(table)', "str.format"),
    ('query = "SELECT * FROM {t}".format(t=table)', "str.format"),
    ('execute(sql.SQL(f"SELECT * FROM {table}"))', "an f-string"),
    ('execute(text(f"update tickets set a = {value}"))', "an f-string"),
    ('subprocess.run(["psql", "-c", f"TRUNCATE TABLE {table}"])', "an f-string"),
    ('async def f(c):\n    await c.fetch(f"SELECT a FROM {t}")', "an f-string"),
]
SOUND = [
    'execute("SELECT a FROM t WHERE run = %s", (run,))',
    'execute(sql.SQL("SELECT {} FROM {}").format(sql.Identifier(a), sql.Identifier(b)))',
    'T = "agent_runs"\nexecute(f"SELECT a FROM {T}")',
    'execute("SELECT a FROM " + "t")',
    'execute("SELECT a FROM t WHERE id IN (%s)" % ",".join(["%s"] * len(ids)), ids)',
    'execute("SELECT a FROM t WHERE id IN (%s)" % ",".join("%s" for _ in ids), ids)',
    'execute(f"SELECT a FROM t LIMIT {int(limit)}")',
    'print(f"DELETE FROM {table}")',
    'logger.info("DELETE FROM %s" % table)',
    'raise SystemExit(f"select a run from {runs}")',
    'parser.add_argument("--run", help=f"Select a run of {agent}")',
    'message = f"updated {n} rows"',
    'name = f"{schema}.{table}"',
    '"""SELECT a FROM t"""',
]


@pytest.mark.parametrize(("source", "how"), BUILDS)
def test_builds(source: str, how: str) -> None:
    assert [one.how for one in read_script(source.encode()).builds] == [how]


@pytest.mark.parametrize("source", SOUND)
def test_near_miss(source: str) -> None:
    assert read_script(source.encode()).builds == ()


def test_a_name_bound_twice_is_data() -> None:
    source = 'T = "agent_runs"\nif x:\n    T = input()\nexecute(f"SELECT a FROM {T}")'
    assert len(read_script(source.encode()).builds) == 1


def test_places_count_code_points() -> None:
    (found,) = read_script('é = 1; execute("é", f"DELETE FROM {t}")'.encode()).builds
    assert (found.line, found.column, found.end_column) == (1, 21, 39)
    assert found.snippet[found.column - 1 : found.end_column - 1] == 'f"DELETE FROM {t}"'


def test_tables_that_are_read() -> None:
    source = b"""x("SELECT a FROM audit.runs r JOIN "tickets" ON true")
y(\'SELECT a FROM "Audit"."Runs"\')
z("words from nowhere")""".replace(b'"tickets"', b"tickets")
    assert read_script(source).reads == ("audit.runs", "tickets", "Audit.Runs")


@pytest.mark.parametrize(
    "source",
    [
        b"SELECT (",
        b"SELECT = \x00",
        b"# coding: no-such-codec\nx = 'DELETE'",
        b"'SELECT'\n" + b"(" * 5000,
        b"x = '\\d DELETE'",
    ],
)
def test_what_cannot_be_read_says_so_or_is_read(source: bytes, recwarn: pytest.WarningsRecorder) -> None:
    try:
        read_script(source)
    except (SyntaxError, ValueError):
        assert source != b"x = '\\d DELETE'"
    assert list(recwarn) == []


@given(
    st.lists(
        st.sampled_from(
            [
                "execute(",
                ")",
                '"DELETE FROM t "',
                " + ",
                " % ",
                "x",
                "f'UPDATE {x} SET'",
                ".format(",
                "\n",
                ",",
                "(",
                "if x:\n ",
            ]
        )
    )
)
def test_any_source(parts: list[str]) -> None:
    try:
        script = read_script("".join(parts).encode())
    except SyntaxError:
        return
    assert all(one.column < one.end_column for one in script.builds)


def test_long_sums_take_linear_time() -> None:
    source = ("x = " + " + ".join(["'DELETE'"] * 900) + "\n") * 100
    start = time.process_time()
    read_script(source.encode())
    assert time.process_time() - start < 5  # quadratic work took a minute


THEIR_SCRIPT = """\
import argparse
import psycopg2

def revert(run_id):
    cur = psycopg2.connect("").cursor()
    cur.execute("SELECT table_name, row_id, old FROM agent_audit_log WHERE run_id = %s", (run_id,))
    for table, row_id, old in cur.fetchall():
        cur.execute(f"UPDATE {table} SET status = %s WHERE id = %s", (old, row_id))
"""
MANIFEST = """\
agent_name: triage
environment: staging
owner: support
resources:
  - {resource: postgres.tickets, access: write, scope: "status column only", blast_radius: medium}
rollback_strategy: |
  Dry run first. All writes go to audit_log.agent_runs before execution.
  Rollback script: scripts/revert.py --run-id <id>
"""


def test_the_finding_points_into_both_files(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": MANIFEST, "scripts/revert.py": THEIR_SCRIPT})
    found = {one.rule: one for one in run(tmp_path).findings}
    injectable = found["rollback/injectable-rollback-script"]
    assert injectable.location[:3] == ("agent-permissions.yaml", 6, 1)
    assert [one[:5] for one in injectable.related] == [("scripts/revert.py", 8, 21, 8, 68)]
    assert injectable.message == "`scripts/revert.py` builds SQL from data, with an f-string on line 8"
    mismatch = found["rollback/audit-log-mismatch"]
    assert (
        mismatch.message
        == "`scripts/revert.py` reads `agent_audit_log`, but writes are recorded in `audit_log.agent_runs`"
    )


def test_a_secret_in_a_script_is_masked(tmp_path: Path) -> None:
    secret = "kd83Hs9wQz7"
    script = f'execute(f"DELETE FROM {{t}}", "postgresql://u:{secret}@db/app")\n'
    build(tmp_path, {"agent-permissions.yaml": MANIFEST, "scripts/revert.py": script})
    outcome = run(tmp_path)
    assert "rollback/injectable-rollback-script" in [one.rule for one in outcome.findings]
    assert secret not in str(outcome)


def test_a_script_that_is_no_python_is_not_called_sound(tmp_path: Path) -> None:
    build(tmp_path, {"agent-permissions.yaml": MANIFEST, "scripts/revert.py": "print 'DELETE FROM x'\n"})
    (found,) = [one for one in run(tmp_path).findings if one.rule == "rollback/injectable-rollback-script"]
    assert found.severity.label == "info"
    assert "could not be read as Python" in found.message
