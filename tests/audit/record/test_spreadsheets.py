"""What spreadsheets make of a table, and what of ours they must not take for a number or a formula."""

from __future__ import annotations

import csv
import re
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.audit.csv import inert, plain
from linter.audit.decisions import DECISIONS
from tests.audit.projects import (
    decided,
    filled,
    record,
)
from tests.audit.record.tables import stored


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_what_spreadsheets_write(
    tmp_path: Path, table: list[dict[str, str]], separator: str, end: str, mark: str
) -> None:
    reason = f"zwei{end}Zeilen; \u201eso\u201c, ja"
    text = filled(table, {"users:read": decided("keep", reason=reason)}, separator=separator, end=end)
    assert record(tmp_path, mark + text).returncode == 0
    (one,) = stored(tmp_path)
    assert one.reason == "zwei Zeilen; \u201eso\u201c, ja"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda text: text.replace("sec@", "s\u00e9c@").encode("cp1252"),
            "is not UTF-8 (line 2): a spreadsheet saved it in an older",
        ),
        (lambda text: text.encode("utf-16"), 'is UTF-16: save it as "CSV UTF-8'),
        (lambda text: b"PK\x03\x04" + text.encode(), "is a workbook"),
        (lambda _: b"", "is empty"),
        (lambda text: text.encode() + b"\0", "holds a NUL character"),
        (lambda text: text.replace(",decided_by,", ",who,", 1).encode(), "has no column `decided_by`"),
        (lambda text: text.partition("\n")[2].encode(), "has no column `id`"),
        (lambda text: text.encode() + b'"open', "is no CSV at line"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, table: list[dict[str, str]], change: object, message: str) -> None:
    given = filled(table, {"create": decided("keep")})
    done = record(tmp_path, change(given))  # type: ignore[operator]
    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / DECISIONS).exists()


def test_no_cell_of_ours_looks_like_a_number(table: list[dict[str, str]]) -> None:
    # LibreOffice 7.4 saved the check 185699478e50 as 1.86E+58.
    for row in table:
        assert row["check"].startswith("row-")
        assert not [
            cell for name, cell in row.items() if cell and name != "what" and re.fullmatch(r"[-+.\d]+([eE]\d+)?", cell)
        ]


@given(st.text(max_size=12))
def test_no_cell_begins_a_formula(text: str) -> None:
    shown = inert(text)
    assert not shown or shown[0] not in "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
    out = StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow([shown])
    ((back,),) = csv.reader(StringIO(out.getvalue(), newline=""))
    assert plain(back) == plain(shown)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12))
def test_a_cell_comes_back_as_it_was(text: str) -> None:
    assert plain(inert(text)) == text
