"""What a cell can hold, and what the formats share about it."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Generic, TypeVar

R = TypeVar("R")

_HALVES_AND_NONE: Final = re.compile("[\ud800-\udfff\ufffe\uffff]")
_DANGEROUS: Final = frozenset("=+-@\t\r\n＝＋－＠")
_SIGNS: Final = frozenset("=+-@＝＋－＠")


class Kind(enum.Enum):
    """The type of a column's values; None stands for nothing in each of them."""

    TEXT = "text"
    AMOUNT = "amount"
    """Decimal."""
    WHOLE = "whole"
    """int."""
    TIME = "time"
    """A time as answers carry it, in UTC: ``2026-11-27T09:30:00Z``."""
    DAY = "day"
    """The same, of which the day counts."""
    FLAG = "flag"
    """bool."""


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """A column of a file.

    ``name`` is for programs and stands in every language; ``en`` and ``tr`` are what people read above the column.
    """

    name: str
    kind: Kind
    en: str
    tr: str
    read: Callable[[R], Any]
    """From what is exported to the value; see ``Kind``."""
    width: float = 14
    """In Excel's units, about one letter each."""
    json: Callable[[R], Any] | None = None
    """The value in JSON where it is not the cell's."""

    def header(self, language: str | None) -> str:
        """What stands above the column: in ``en`` or ``tr``, or (None) its name."""
        return {"en": self.en, "tr": self.tr}.get(language or "", self.name)


def whole(text: str) -> str:
    """A text that every file can hold: half a pair of surrogates, and what Unicode reserves, become U+FFFD."""
    return _HALVES_AND_NONE.sub("\ufffd", text)


def looks_like_formula(text: str) -> bool:
    """Whether a spreadsheet that opens a CSV file might take a text for a formula (OWASP, "CSV Injection")."""
    return text[:1] in _DANGEROUS or text.lstrip()[:1] in _SIGNS


def moment(text: str) -> datetime:
    """A time as answers carry it, as a datetime without a zone, in UTC."""
    return datetime.fromisoformat(text.removesuffix("Z"))


def plain(amount: Decimal) -> str:
    """The digits of an amount as they came, never with an exponent."""
    return format(amount, "f")


def american_day(text: str) -> str:
    """A time's day as Partner Center's own file has it: ``11/27/2026``, without leading zeros."""
    day = moment(text)
    return f"{day.month}/{day.day}/{day.year}"
