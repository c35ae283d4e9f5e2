"""Predicates that are true of every row; SQLite is the oracle."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from linter.manifest.predicate import always_true, names_no_column

ALWAYS = [
    *["1=1", "TRUE", "true or x", "tenant = 5 OR 1=1", "id = id", "'' = ''", "(1=1)", "((1)) = 1", "1.0 = 1", "2 > 1"],
    *["where 1=1", "rows where true", "1=1;", "1 = 1 -- for now", "x = 5 /* later */ or true", "1 = '1'", '"id" = ID'],
    *["not false", "not (1 = 2)", "not (x = 5 and false)", "true and 1=1", "a or (b and (c or true)) or true"],
    *["x is null or x is not null", "p or not p", "p or not (p)", "x = 1 or x <> 1", "x > 0 or x <= 0"],
    *["name like '%'", "name ILIKE '%%'", "1 in (2, 1)", "5 is not null", "null is null"],
    *["1 between 0 and 2", "x between x and x", "exists (select 1)", "coalesce(true, x)", "length('it''s') = 4"],
    *[
        "x ~ '.*'",
        "x ~* ''",
        "x similar to '%'",
        "x::text ~ '.*'",
        "lower(x) ~* '.*'",
        "x >= ''",
        "'' <= x",
        "x is not distinct from x",
        "y = 1 or length('') < 1",
    ],
    *["a <> '' or 'a' <> 'b'", "case when a then b end = c or true", "x between 1 and 5 or true"],
]
NOT_ALWAYS = [
    *["status = '1=1'", "a OR b = 1", "x = 'true'", "1=1 AND tenant = 5", "x = 1", "id = other_id", "tenant = true"],
    *["1=2", "not true", "id <> id", "null = null", "'A' = 'a'", "'a' < 'b'", "x = 'a' or 'true'", '"true"', "'1=1'"],
    *["tenant = 5 -- or 1=1", "tenant = 5 /* or 1=1 */", "x = '-- ' or y = 1", "x like 'a%'", "x like ''", "x like x"],
    *["random() = random()", "exists (select 1 where 1=1)", "(1, 2) = (x, y)", "x || true", "true || x", "a = b = a"],
    *["not (x between 0 and 0)", "x between 1 and 5", "case when a then true or b end", "x is not null", "x in (1, 2)"],
    *["x = 1 or y <> 1", "x > 0 or x < 0", "x = true or y = false", "99999999999999999999 = 99999999999999999998"],
    *["3 between 0 and 2", "1 between null and 2", "x between x and null", "exists (select x)", "coalesce(x, true)"],
    *[
        "length(x) = 1",
        "length('xy') = 1",
        "x ~ 'a.*'",
        "x !~ '.*'",
        "x !~* '.*'",
        "a = b ~ '.*'",
        "x not similar to '%'",
        "x not regexp '.*'",
        "x similar to 'a%'",
        "x > ''",
        "x <> ''",
        "'' >= x",
    ],
    *["x is distinct from x", "created_at > '1970-01-01'", "coalesce (true", "coalesce(true) and x", "exists (select"],
    *[
        "1 between 0 and",
        "",
        "or",
        "(",
        "))",
        "not",
        "between and",
        "1 in ()",
        "rows of tenant where 1=1",
        "where",
        "true story",
    ],
]


@pytest.mark.parametrize("text", ALWAYS)
def test_true_of_every_row(text: str) -> None:
    assert always_true(text)


@pytest.mark.parametrize("text", NOT_ALWAYS)
def test_not_surely_true_of_every_row(text: str) -> None:
    assert not always_true(text)


NO_COLUMN = [
    *["1=1", "1 between 0 and 2", "exists (select 1)", "exists (select * from app.users)", "coalesce(false, true)"],
    *[
        "length('x') = length('y')",
        "(select true)",
        "'x' in ('y', lower('X'))",
        "1 = any(array[1, 2])",
        "'t'::bool = true",
    ],
    *[
        "cast('1' as int) = 1",
        "current_user = 'triage'",
        "now() < '2027-01-01'",
        "case when true then false end is null",
    ],
]
A_COLUMN = [
    *[
        "x = 1",
        "text is null",
        "int > 1",
        "length = 1",
        "length(x) = 1",
        '"current_user" = 1',
        "lower is null",
        "random() < 1",
    ],
    *[
        "exists (select 1 from t where a = b)",
        "exists (select id from t)",
        "1 in (select id from t)",
        "tenant = current_user",
    ],
    *["1=2", "not true", "true and false", "exists (select 1 from t", "1) = (1"],
    # Prose.
    *[
        "",
        "5",
        "'x'",
        "in 2025",
        "between 1 and 5",
        "2024 and 2025",
        "from 1 to 5",
        "not null",
        "any",
        "> 5",
        "5 >",
        "as is",
        "-",
    ],
]


@pytest.mark.parametrize("text", NO_COLUMN)
def test_true_of_every_row_or_of_none(text: str) -> None:
    assert names_no_column(text)


@pytest.mark.parametrize("text", A_COLUMN)
def test_about_a_column_or_no_predicate(text: str) -> None:
    assert not names_no_column(text)


values = st.sampled_from(["a", "b", "0", "1", "2", "'x'", "'y'", "''", "true", "false", '"a"', "null"])
numbers = st.sampled_from(["a", "b", "0", "1", "2", "1.0"])
compared = (
    st.builds("{} {} {}".format, values, st.sampled_from(["=", "<>", "!=", "=="]), values)
    | st.builds("{} {} {}".format, numbers, st.sampled_from(["<", ">", "<=", ">="]), numbers)
    | st.builds("{} in ({}, {})".format, numbers, numbers, numbers)
    | st.builds("{} between {} and {}".format, numbers, numbers, numbers)
    | st.builds("{} is {}null".format, values, st.sampled_from(["", "not "]))
    | st.builds("b like {}".format, st.sampled_from(["'%'", "'x%'", "''"]))
    | st.builds(
        "length({}) {} {}".format, st.sampled_from(["'x'", "''", "b"]), st.sampled_from(["=", "<", ">="]), numbers
    )
    | st.builds("coalesce({}, {})".format, values, values)
    | st.sampled_from(["true", "false", "exists (select 1)", "exists (select 1 where a = 1)"])
)
predicates = st.recursive(
    compared,
    lambda inner: (
        st.builds("{} {} {}".format, inner, st.sampled_from(["or", "and", "OR"]), inner)
        | st.builds("({})".format, inner)
        | st.builds("not {}".format, inner)
        | st.builds("not ({})".format, inner)
        | st.builds("{0} or not ({0})".format, inner)
        | st.builds("case when {} then {} end".format, inner, inner)
    ),
    max_leaves=6,
)


@settings(max_examples=1500)
@given(predicates)
@example("not 1 = 2 and a = a")
@example("a between 1 and 2 or true and false")
@example("a is not null and a = null or not (a is not null and a = null)")
def test_what_is_called_true_selects_every_row(predicate: str) -> None:
    if always_true(predicate):
        with closing(sqlite3.connect(":memory:")) as database:
            database.execute("create table t (a, b)")
            rows = [(a, b) for a in (0, 1, 2, -5) for b in ("x", "y", "", "1")]
            database.executemany("insert into t values (?, ?)", rows)
            assert len(database.execute(f"select * from t where {predicate}").fetchall()) == len(rows)


@settings(max_examples=1000)
@given(predicates)
def test_what_names_no_column_tells_no_row_from_another(predicate: str) -> None:
    if names_no_column(predicate):
        with closing(sqlite3.connect(":memory:")) as database:
            database.execute("create table t (a, b)")
            database.executemany(
                "insert into t values (?, ?)", [(a, b) for a in (0, 1, 2, None) for b in ("x", "", "1", None)]
            )
            assert len(database.execute(f"select * from t where {predicate}").fetchall()) in (0, 16)


@given(
    st.text()
    | st.lists(st.sampled_from("( ) or and not = is null 1 'a' \" ' -- case end between in x ,".split())).map(" ".join)
)
def test_any_text_is_read(text: str) -> None:
    assert always_true(text) in (True, False)
    assert names_no_column(text) in (True, False)


@pytest.mark.parametrize(
    "unit",
    ["(", "not ", "x or ", "' ", '" ', "/*", "--", "a = ", "between ", "case ", "x = 1 or ", "(x or ", "(1)=", "-"],
)
def test_hostile_text_is_read_in_short_time(unit: str) -> None:
    text = unit * (2000 // len(unit)) + ")" * 900
    best = 1.0
    for _ in range(3):
        start = time.process_time()
        always_true(text)
        names_no_column(text)
        best = min(best, time.process_time() - start)
    assert best < 0.05


@pytest.mark.parametrize("text", ["a " + "= b " * 20_000 + "or 1=2", "x < y " * 20_000 + "or z", "/* a " * 20_000])
def test_what_no_person_reads_is_not_looked_into(text: str) -> None:
    start = time.process_time()
    assert not always_true(text)
    assert time.process_time() - start < 0.05
