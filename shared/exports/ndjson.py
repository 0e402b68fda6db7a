"""One JSON object a line, with the names and the values that lists have, in every language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO, TypeVar

import msgspec

from shared.exports.cells import Column, Kind, american_day, whole

R = TypeVar("R")

_encoder = msgspec.json.Encoder(decimal_format="number")


def write(out: BinaryIO, columns: Sequence[Column[R]], rows: Iterable[R]) -> int:
    """Write a file and return how many rows it has.

    Args:
        out: where to.
        columns: its columns; their names become the objects' names.
        rows: what is exported; each is read once and let go.
    """
    cells = [(column.name, column.json or _value(column)) for column in columns]
    count = 0
    for row in rows:
        values = {name: read(row) for name, read in cells}
        try:
            line = _encoder.encode(values)
        except UnicodeEncodeError:
            line = _encoder.encode(_tidy(values))
        out.write(line + b"\n")
        count += 1
    return count


def _value(column: Column[R]) -> Any:
    read = column.read
    if column.kind is not Kind.DAY:
        return read
    return lambda row: american_day(text) if (text := read(row)) else None


def _tidy(value: Any) -> Any:
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, dict):
        return {whole(name): _tidy(part) for name, part in value.items()}
    return [_tidy(part) for part in value] if isinstance(value, list) else value
