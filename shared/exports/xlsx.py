"""An Excel workbook, row by row, so that it takes the same memory whatever its length (XlsxWriter's constant_memory).

Values are typed. A text is written as a text whatever it looks like: no formula, no link, no number. What Excel can't hold
is never lost in silence: a text of more than 32,767 characters is cut with a mark at its end, a number of more than 15 digits
and a time before March 1900 stand as text, and the second sheet counts all three.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeVar

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from shared.exports.cells import Column, Kind, moment, plain, whole

R = TypeVar("R")
Put = Callable[[int, Any], object]
"""Writes a value into a row of the sheet being written."""

MOST_LETTERS: Final = 32_767
"""UTF-16 units in a cell (Microsoft, "Excel specifications and limits")."""
MOST_ROWS: Final = 1_048_576
"""Of a sheet, the header among them; what is more goes to a further sheet."""
CUT: Final = " … [cut]"
_DIGITS: Final = 15
_FIRST_DAY: Final = datetime(1900, 3, 1)  # noqa: DTZ001 - Excel knows no zones; before it, its calendar has a day too many
_OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
_FORMATS: Final[Mapping[Kind, str | None]] = {
    Kind.TEXT: None,
    Kind.AMOUNT: "#,##0.00",
    Kind.WHOLE: "0",
    Kind.TIME: "yyyy-mm-dd hh:mm:ss",
    Kind.DAY: "m/d/yyyy",
    Kind.FLAG: None,
}


@dataclass(frozen=True, slots=True)
class Written:
    """What a workbook holds, as its second sheet says it."""

    rows: int
    cut: int
    """Cells whose text was too long."""
    as_text: int
    """Numbers and times that Excel can't hold as such."""


@dataclass(frozen=True, slots=True)
class Titles:
    """The names of the sheets, and what stands at the end of a text that was cut."""

    sheet: str
    about: str
    cut: str = CUT


About = Callable[[Written], Iterable[tuple[str, str | int]]]
"""The lines of the second sheet: a label and a value each."""


def write(
    path: Path,
    columns: Sequence[Column[R]],
    rows: Iterable[R],
    titles: Titles,
    about: About,
    *,
    language: str | None = None,
    most_rows: int = MOST_ROWS,
) -> Written:
    """Write a workbook.

    Args:
        path: the file.
        columns: its columns.
        rows: what is exported; each is read once and let go.
        titles: names of the sheets.
        about: what the second sheet says, asked when the rows are written.
        language: that of the headers; None writes the columns' names.
        most_rows: rows of a sheet, for tests.
    """
    with xlsxwriter.Workbook(str(path), dict(_OPTIONS)) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        headers = [column.header(language) for column in columns]
        cells = _Cells(book, titles.cut)
        sheet = _sheet(book, titles.sheet, columns, headers, bold)
        second = book.add_worksheet(titles.about)
        puts = cells.puts(sheet, columns)
        reads = [(column.read, put) for column, put in zip(columns, puts, strict=True)]
        count = place = 0
        for row in rows:
            place += 1
            if place == most_rows:
                sheet.autofilter(0, 0, place - 1, len(columns) - 1)
                sheet = _sheet(book, f"{titles.sheet} {count // (most_rows - 1) + 1}", columns, headers, bold)
                puts = cells.puts(sheet, columns)
                reads = [(column.read, put) for column, put in zip(columns, puts, strict=True)]
                place = 1
            for read, put in reads:
                value = read(row)
                if value is not None:
                    put(place, value)
            count += 1
        sheet.autofilter(0, 0, place, len(columns) - 1)
        written = Written(count, cells.cut, cells.as_text)
        _write_about(second, about(written), bold, cells)
    return written


def _sheet(
    book: Workbook, name: str, columns: Sequence[Column[Any]], headers: Sequence[str], bold: Format
) -> Worksheet:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 1)
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    for number, column in enumerate(columns):
        sheet.set_column(number, number, column.width)
    for number, header in enumerate(headers):
        sheet.write_string(0, number, header, bold)
    return sheet


def _write_about(sheet: Worksheet, lines: Iterable[tuple[str, str | int]], bold: Format, cells: _Cells) -> None:
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 90)
    text = cells.text(sheet, 1)
    for row, (label, value) in enumerate(lines):
        sheet.write_string(row, 0, label, bold)
        if isinstance(value, int):
            sheet.write_number(row, 1, value, cells.left)
        else:
            text(row, value)


class _Cells:
    """Writes values of each kind, and counts what Excel can't hold as it is."""

    def __init__(self, book: Workbook, mark: str) -> None:
        self._formats = {
            kind: book.add_format({"num_format": form}) if form else None for kind, form in _FORMATS.items()
        }
        self._plain = book.add_format()
        self.left = book.add_format({"align": "left"})
        self._mark = mark
        self.cut = 0
        self.as_text = 0

    def puts(self, sheet: Worksheet, columns: Sequence[Column[Any]]) -> list[Put]:
        """For each column what writes its values into a sheet."""
        makers: Mapping[Kind, Callable[[Worksheet, int, Format | None], Put]] = {
            Kind.TEXT: lambda sheet, column, _: self.text(sheet, column),
            Kind.AMOUNT: self._amount,
            Kind.WHOLE: lambda sheet, column, form: lambda row, value: sheet.write_number(row, column, value, form),
            Kind.TIME: self._time,
            Kind.DAY: lambda sheet, column, form: self._time(sheet, column, form, whole_day=True),
            Kind.FLAG: lambda sheet, column, _: lambda row, value: sheet.write_boolean(row, column, value),
        }
        return [makers[column.kind](sheet, number, self._formats[column.kind]) for number, column in enumerate(columns)]

    def text(self, sheet: Worksheet, column: int) -> Put:
        """What writes texts into a column."""
        write_string = sheet.write_string

        def put(row: int, value: str) -> None:
            if not value.isascii():
                value = whole(value)
            if len(value) > MOST_LETTERS // 2:
                value = self._fitting(value)
            if value.startswith("<r>"):
                # XlsxWriter takes a text in constant memory that stands in <r>…</r> for one that it has formatted itself.
                sheet.write_rich_string(row, column, "<", self._plain, value[1:])
            else:
                write_string(row, column, value)

        return put

    def _amount(self, sheet: Worksheet, column: int, form: Format | None) -> Put:
        text = self.text(sheet, column)

        def put(row: int, value: Decimal) -> None:
            # float() and back by 15 digits: what does not come back is more than Excel can hold.
            number = float(value)
            if value == Decimal(f"{number:.{_DIGITS}g}"):
                sheet.write_number(row, column, number, form)
            else:
                self.as_text += 1
                text(row, plain(value))

        return put

    def _time(self, sheet: Worksheet, column: int, form: Format | None, *, whole_day: bool = False) -> Put:
        text = self.text(sheet, column)

        def put(row: int, value: str) -> None:
            time = moment(value)
            if time >= _FIRST_DAY:
                day = time.replace(hour=0, minute=0, second=0, microsecond=0) if whole_day else time
                sheet.write_datetime(row, column, day, form)
            else:
                self.as_text += 1
                text(row, value)

        return put

    def _fitting(self, value: str) -> str:
        units = value.encode("utf-16-le")
        if len(units) <= 2 * MOST_LETTERS:
            return value
        self.cut += 1
        room = 2 * (MOST_LETTERS - len(self._mark))
        return units[:room].decode("utf-16-le", "ignore") + self._mark
