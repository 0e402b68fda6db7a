"""A table of texts that went wrong elsewhere, written to each format and read back by other code."""

from __future__ import annotations

import csv
import io
import json
import operator
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from shared.exports import csv as csv_file
from shared.exports import ndjson, xlsx
from shared.exports.cells import Column, Kind, moment
from tests.exports.hostile import MARK, TEXTS

csv.field_size_limit(1_000_000)
Row = Sequence[Any]


def columns(*kinds: Kind) -> list[Column[Row]]:
    return [
        Column(f"c{number}", kind, f"C{number}", f"K{number}", operator.itemgetter(number))
        for number, kind in enumerate(kinds)
    ]


def rows_of(*kinds: Kind, rows: Sequence[Row], dialect: csv_file.Dialect = csv_file.RFC) -> list[list[str]]:
    out = io.BytesIO()
    assert csv_file.write(out, columns(*kinds), rows, dialect) == len(rows)
    text = out.getvalue().decode("utf-8-sig" if dialect.bom else "utf-8")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=dialect.separator))[1:]


def workbook_of(
    path: Path, *kinds: Kind, rows: Sequence[Row], most_rows: int = xlsx.MOST_ROWS
) -> tuple[openpyxl.Workbook, xlsx.Written]:
    def about(written: xlsx.Written) -> list[tuple[str, str | int]]:
        return [("Rows", written.rows), ("Cut", written.cut), ("As text", written.as_text)]

    written = xlsx.write(path, columns(*kinds), rows, xlsx.Titles("Data", "About"), about, most_rows=most_rows)
    return openpyxl.load_workbook(path), written


def test_there_are_enough() -> None:
    assert len(TEXTS) >= 40


@pytest.mark.parametrize("dialect", [csv_file.RFC, csv_file.EU], ids=["rfc", "eu"])
def test_csv_gives_every_text_back(dialect: csv_file.Dialect) -> None:
    read = rows_of(
        Kind.TEXT, Kind.TEXT, rows=[(name, hostile.text) for name, hostile in TEXTS.items()], dialect=dialect
    )
    for (name, text), (expected, hostile) in zip(read, TEXTS.items(), strict=True):
        assert name == expected
        assert text == (hostile.text if hostile.csv is None else hostile.csv), name


def test_no_cell_of_csv_begins_as_a_formula_does() -> None:
    for name, text in rows_of(Kind.TEXT, Kind.TEXT, rows=[(name, one.text) for name, one in TEXTS.items()]):
        assert text[:1] not in "=+-@\t\r\n＝＋－＠" or not text, name


def test_a_workbook_gives_every_text_back(tmp_path: Path) -> None:
    rows = [(name, hostile.text) for name, hostile in TEXTS.items()]
    book, written = workbook_of(tmp_path / "a.xlsx", Kind.TEXT, Kind.TEXT, rows=rows)
    cells = list(book["Data"].iter_rows(min_row=2))
    for (name, cell), (expected, hostile) in zip(cells, TEXTS.items(), strict=True):
        assert name.value == expected
        assert cell.value == (hostile.text if hostile.xlsx is None else hostile.xlsx), expected
        assert cell.data_type == "s", f"{expected} is no text"
        assert cell.hyperlink is None
    assert written == xlsx.Written(len(TEXTS), cut=3, as_text=0)
    assert [[cell.value for cell in row] for row in book["About"].iter_rows()] == [
        ["Rows", len(TEXTS)],
        ["Cut", 3],
        ["As text", 0],
    ]


def test_ndjson_gives_every_text_back() -> None:
    out = io.BytesIO()
    ndjson.write(out, columns(Kind.TEXT, Kind.TEXT), [(name, hostile.text) for name, hostile in TEXTS.items()])
    lines = [json.loads(line) for line in out.getvalue().decode().split("\n")[:-1]]
    for line, (name, hostile) in zip(lines, TEXTS.items(), strict=True):
        assert line == {"c0": name, "c1": hostile.text if hostile.json is None else hostile.json}


AMOUNTS = ["0", "-5", "0.1", "1234.5", "-1234.50", "1E+5", "999999999999.99", "0.000001", "123456789012345"]
BEYOND_EXCEL = ["12345678901234567890", "1234567890123456.7", "0.12345678901234567"]


def test_numbers_are_numbers_as_far_as_excel_can_hold_them(tmp_path: Path) -> None:
    rows = [(Decimal(text), number) for number, text in enumerate([*AMOUNTS, *BEYOND_EXCEL], -3)]
    book, written = workbook_of(tmp_path / "a.xlsx", Kind.AMOUNT, Kind.WHOLE, rows=rows)
    read = list(book["Data"].iter_rows(min_row=2))
    for (amount, whole), (expected, number) in zip(read, rows, strict=True):
        assert (whole.value, whole.data_type) == (number, "n")
        if str(expected) in BEYOND_EXCEL:
            assert (amount.value, amount.data_type) == (str(expected), "s")
        else:
            assert amount.data_type == "n"
            assert Decimal(repr(amount.value)) == expected
    assert written.as_text == len(BEYOND_EXCEL)

    for dialect, point in ((csv_file.RFC, "."), (csv_file.EU, ",")):
        for (amount_text, whole_text), (expected, number) in zip(
            rows_of(Kind.AMOUNT, Kind.WHOLE, rows=rows, dialect=dialect), rows, strict=True
        ):
            assert "E" not in amount_text
            assert Decimal(amount_text.replace(point, ".")) == expected
            assert whole_text == str(number), "numbers of ours are no formulas"


TIMES = ["2026-11-27T09:30:00Z", "2026-11-27T09:30:00.25Z", "1900-03-01T00:00:00Z", "9999-12-31T23:59:59Z"]
BEFORE_EXCEL = ["0001-01-01T00:00:00Z", "1601-01-01T00:00:00Z", "1900-02-28T00:00:00Z"]


def test_times_are_times_as_far_as_excel_knows_them(tmp_path: Path) -> None:
    rows = [(text, text) for text in [*TIMES, *BEFORE_EXCEL]]
    book, written = workbook_of(tmp_path / "a.xlsx", Kind.TIME, Kind.DAY, rows=rows)
    read: list[tuple[Any, Any]] = list(book["Data"].iter_rows(min_row=2))  # type: ignore[arg-type]
    for (time, day), (text, _) in zip(read, rows, strict=True):
        if text in BEFORE_EXCEL:
            assert (time.value, time.data_type) == (text, "s")
        else:
            assert time.is_date
            assert abs((time.value - moment(text)).total_seconds()) < 0.001
            assert day.value.isoformat()[:10] == text[:10]
            assert day.value.hour == day.value.minute == 0
    assert written.as_text == 2 * len(BEFORE_EXCEL)
    assert rows_of(Kind.TIME, Kind.DAY, rows=rows)[0] == ["2026-11-27T09:30:00Z", "11/27/2026"]
    eu = rows_of(Kind.TIME, Kind.DAY, rows=rows, dialect=csv_file.EU)
    assert eu[0] == ["27.11.2026 09:30:00", "11/27/2026"]
    assert eu[4] == ["01.01.0001 00:00:00", "1/1/1"]


def test_nothing_is_an_empty_cell(tmp_path: Path) -> None:
    kinds = [*Kind]
    empty = [tuple(None for _ in kinds)]
    book, _ = workbook_of(tmp_path / "a.xlsx", *kinds, rows=empty)
    assert all(cell.value is None for row in book["Data"].iter_rows(min_row=2) for cell in row)
    assert rows_of(*kinds, rows=empty) == [[""] * len(kinds)]


def test_flags(tmp_path: Path) -> None:
    book, _ = workbook_of(tmp_path / "a.xlsx", Kind.FLAG, rows=[(True,), (False,)])
    assert [cell.value for (cell,) in book["Data"].iter_rows(min_row=2)] == [True, False]
    assert rows_of(Kind.FLAG, rows=[(True,), (False,)]) == [["true"], ["false"]]


def test_more_rows_than_a_sheet_holds_go_to_further_sheets(tmp_path: Path) -> None:
    rows = [(number,) for number in range(10)]
    book, written = workbook_of(tmp_path / "a.xlsx", Kind.WHOLE, rows=rows, most_rows=5)
    assert book.sheetnames == ["Data", "About", "Data 2", "Data 3"]
    read = [cell.value for name in ("Data", "Data 2", "Data 3") for (cell,) in book[name].iter_rows(min_row=2)]
    assert read == list(range(10))
    assert written.rows == 10
    assert book["Data"].auto_filter.ref == "A1:A5"


def test_a_mark_of_another_language_ends_what_was_cut(tmp_path: Path) -> None:
    titles = xlsx.Titles("Veri", "Hakkında", " … [kısaltıldı]")
    xlsx.write(tmp_path / "a.xlsx", columns(Kind.TEXT), [("x" * 40_000,)], titles, lambda _: [], language="tr")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["Veri"]
    assert sheet["A1"].value == "K0"
    assert len(str(sheet["A2"].value)) == 32_767
    assert str(sheet["A2"].value).endswith("x … [kısaltıldı]")
    assert len(MARK) < 20
