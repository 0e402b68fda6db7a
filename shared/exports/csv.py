"""Comma separated values (RFC 4180), in two dialects: for programs, and for spreadsheets of countries with decimal commas.

Fields are quoted where the RFC asks for it. A text that a spreadsheet would take for a formula gets an apostrophe before it;
numbers of ours never do. Nothing is cut.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, TypeVar

from shared.exports.cells import Column, Kind, american_day, looks_like_formula, moment, plain, whole

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How values are written."""

    separator: str = ","
    decimal: str = "."
    bom: bool = False
    """A byte order mark at the beginning, by which Excel sees that the file is UTF-8."""
    european_times: bool = False
    """``27.11.2026 09:30:00`` in place of ``2026-11-27T09:30:00Z``; UTC both."""


RFC: Final = Dialect()
EU: Final = Dialect(separator=";", decimal=",", bom=True, european_times=True)
DIALECTS: Final[Mapping[str, Dialect]] = {"rfc": RFC, "eu": EU}
_BOM: Final = b"\xef\xbb\xbf"


def write(
    out: BinaryIO, columns: Sequence[Column[R]], rows: Iterable[R], dialect: Dialect = RFC, language: str | None = None
) -> int:
    """Write a file and return how many rows it has.

    Args:
        out: where to.
        columns: its columns.
        rows: what is exported; each is read once and let go.
        dialect: how values are written.
        language: that of the headers, ``en`` or ``tr``; None writes the columns' names.
    """
    if dialect.bom:
        out.write(_BOM)
    writer = csv.writer(_Encoded(out), delimiter=dialect.separator, lineterminator="\r\n")
    writer.writerow([column.header(language) for column in columns])
    cells = [(column.read, _FORMS[column.kind](dialect)) for column in columns]
    count = 0
    for row in rows:
        writer.writerow([None if (value := read(row)) is None else form(value) for read, form in cells])
        count += 1
    return count


def safe(text: str) -> str:
    """A text as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if looks_like_formula(text) else text


def _time(dialect: Dialect) -> Callable[[str], str]:
    if not dialect.european_times:
        return str
    return lambda text: f"{moment(text):%d.%m.}{text[:4]}{text[10:19].replace('T', ' ')}"


def _amount(dialect: Dialect) -> Callable[[Any], str]:
    return plain if dialect.decimal == "." else lambda amount: plain(amount).replace(".", dialect.decimal)


_FORMS: Final[Mapping[Kind, Callable[[Dialect], Callable[[Any], str]]]] = {
    Kind.TEXT: lambda _: safe,
    Kind.AMOUNT: _amount,
    Kind.WHOLE: lambda _: str,
    Kind.TIME: _time,
    Kind.DAY: lambda _: american_day,
    Kind.FLAG: lambda _: lambda flag: "true" if flag else "false",
}


class _Encoded:
    """What csv writes texts to; it hands over one row at a time."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def write(self, text: str) -> int:
        try:
            encoded = text.encode()
        except UnicodeEncodeError:
            encoded = whole(text).encode()
        return self._out.write(encoded)
