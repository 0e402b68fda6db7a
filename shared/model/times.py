"""Points in time as text.

Microsoft sends .NET's round-trip form with up to seven fraction digits (docs/partner-center-api.md), one more than datetime
holds, and dates that Table Storage refuses (before 1601). So a time is kept as text of fixed width in UTC with seven
digits, ``2020-10-30T21:03:00.0000000Z``: nothing is cut, and text order is time order.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_FORM = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|z|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)
_USUAL = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,7}))?Z", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 1970, 9999
_FIRST_DATE, _LAST_DATE = f"{_FIRST_YEAR + 1}", f"{_LAST_YEAR}"
_WIDTH = len("2020-10-30T21:03:00.0000000Z")


def parse_time(value: object) -> str:
    """Read a time as Microsoft writes it; a date alone is its midnight, and no offset means UTC.

    Raises:
        ValueError: it is not a time.
    """
    usual = _usual(value) if isinstance(value, str) else None
    if usual:
        return usual
    match = _FORM.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError("not a time")
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    ticks = (fraction or "")[:7].ljust(7, "0")
    moment = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC)
    if offset and offset not in "Zz":
        sign = -1 if offset[0] == "-" else 1
        digits = offset[1:].replace(":", "")
        try:
            moment -= sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        except OverflowError:
            raise ValueError("not a time") from None
    return f"{moment.replace(tzinfo=None).isoformat(timespec='seconds')}.{ticks}Z"


def _usual(text: str) -> str | None:
    """A time in the form that Microsoft uses; None for any other, an hour of 24 among them."""
    match = _USUAL.fullmatch(text)
    if match is None:
        return None
    try:
        datetime.fromisoformat(match[1])
    except ValueError:
        return None
    return text if len(text) == _WIDTH else f"{match[1]}.{(match[2] or '').ljust(7, '0')}Z"


def read_time(value: object) -> str | None:
    """A time as ``parse_time`` reads it; None where there is none (null, "", or what ``means_no_date``).

    Raises:
        ValueError: it is not a time.
    """
    if isinstance(value, str) and _FIRST_DATE < value < _LAST_DATE and (usual := _usual(value)):
        return usual
    return None if value in (None, "") or means_no_date(value) else parse_time(value)


def means_no_date(value: object) -> bool:
    """Whether a text is what a system writes for a date that it has not: its own first or last day.

    .NET's first is of year 1, its last of 9999; SQL Server's are of 1753 and 1900, Windows' of 1601, a spreadsheet's of 1899,
    Unix' of 1970. Partner Center is younger than any of them.
    """
    match = _FORM.fullmatch(value.strip()) if isinstance(value, str) else None
    return match is not None and not _FIRST_YEAR < int(match[1]) < _LAST_YEAR


def from_datetime(moment: datetime) -> str:
    """An aware datetime as our text."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}0Z"


def to_datetime(text: str) -> datetime:
    """Our text as an aware datetime; the seventh digit is cut."""
    return datetime.fromisoformat(f"{text[: _WIDTH - 2]}+00:00")


def public(text: str | None) -> str | None:
    """Our text as answers carry it: microseconds, without trailing zeros of the fraction."""
    if not text:
        return None
    seconds, _, fraction = text[: _WIDTH - 2].partition(".")
    fraction = fraction.rstrip("0")
    return f"{seconds}.{fraction}Z" if fraction else f"{seconds}Z"


def shifted(text: str, **delta: float) -> str:
    """Our text moved by a timedelta's arguments (``days=14``, ``minutes=-60``); stays within the calendar."""
    try:
        return from_datetime(to_datetime(text) + timedelta(**delta))
    except OverflowError:
        return text
