"""What spreadsheets make of a table, and what of ours they must not take for a number or a formula."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.audit.csv import inert, plain
from linter.audit.decisions import DECISIONS
from tests.audit.projects import DAY, PATH, decided, filled, project, record, rows
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


@pytest.mark.parametrize(("first", "separator"), [("sep=;", ";"), ('"sep=;"', ";"), ("SEP=,", ","), ("sep=\t", "\t")])
def test_a_first_line_that_names_the_separator(
    tmp_path: Path, table: list[dict[str, str]], first: str, separator: str
) -> None:
    head = f"{first}\r\n"
    text = filled(table, {"users:read": decided("maybe")}, separator=separator)
    line = next(number for number, row in enumerate(table, 3) if row["what"].startswith("users:read"))
    assert f"error: decide.csv:{line}:" in record(tmp_path, "\ufeff" + head + text).stderr
    assert record(tmp_path, head + text.replace("maybe", "revoke")).returncode == 0


AWKWARD = """\
agent_name: "0042"
environment: staging
owner: "3-4"
resources:
  - resource: wiki.pages
    access: read-only
    scope: "2025-01-01"
  - resource: wiki.drafts
    access: read-only
    scope: "1E5"
    justification: "TRUE"
  - resource: wiki.notes
    access: write
    scope: "-1+1,  \\"zwei\\"; trois, 1 Mar"
    justification: "Mar 1"
  - resource: wiki.old
    access: read-only
    scope: "100%"
    justification: "00123456789012345678"
"""


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_resaves_what_record_takes(tmp_path: Path) -> None:
    project(tmp_path, {PATH: AWKWARD})
    given = rows(tmp_path)
    given[0].update(decided("keep"))
    assert record(tmp_path, filled(given, {})).returncode == 0  # so that there are last decisions to resave
    again = rows(tmp_path)
    assert again[0]["last_decided_on"] == DAY
    for row in again:
        row.update(decided("revoke"))
    (tmp_path / "decide.csv").write_text(filled(again, {}), encoding="utf-8", newline="")
    # 44 = comma, 34 = quote, 76 = UTF-8, 1033 = en-US, no quoted field as text, special numbers detected; quotes where needed.
    token = "44,34,76,1,,1033,false,true"
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", f"--infilter=CSV:{token}",
         "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1,,1033,false,true", "--outdir", "saved", "decide.csv"],
        cwd=tmp_path, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    saved = (tmp_path / "saved" / "decide.csv").read_bytes()
    assert saved != (tmp_path / "decide.csv").read_bytes()
    done = record(tmp_path, saved)
    assert (done.returncode, done.stderr) == (0, "")
    assert {one.decision for one in stored(tmp_path)} == {"revoke"}
    assert len(stored(tmp_path)) == 4


@pytest.mark.parametrize(
    "text", ["017", "1E5", "3-4", "1 Mar", "March 2025", "10:30 PM", "TRUE", "12.5%", "2025-01-01", "1d5"]
)
def test_a_cell_that_would_be_saved_as_another_number(text: str) -> None:
    assert (inert(text), plain(inert(text))) == (f"'{text}", text)


@pytest.mark.parametrize(
    "text", ["", "not asked", "team 5", "marc", "s3", "march", "e5", "5e", "status, assigned_to", "true story"]
)
def test_a_cell_that_stays_a_text(text: str) -> None:
    assert inert(text) == text


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
            cell
            for name, cell in row.items()
            if cell and name != "last_decided_on" and re.fullmatch(r"[-+.\d]+([eE]\d+)?", cell)
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
