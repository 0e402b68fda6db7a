"""NCRONTAB, the schedule format of timer triggers: six fields, second first.

It follows the NCrontab library that the Functions host uses, which differs from cron in what matters:

- day of month AND day of week have to match when both are given; cron takes either.
- Sunday is 0, and 7 is an error.
- a range written backwards is turned round (`22-3` is `3-22`), never wrapped over midnight.
- a step that starts at a number runs to the field's end (`5/20` is `5-59/20`), and a step below 1 counts as 1.
- a range from a value to itself is that one value.
- all times are UTC.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_SEARCHED_YEARS = 41  # 29 February on one given day of the week comes 40 years apart where 2100 lies between
_MONTHS = [name.lower() for name in calendar.month_name][1:]
_DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]


@dataclass(frozen=True)
class _Field:
    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()


_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, tuple(_MONTHS)),
    _Field("day of week", 0, 6, tuple(_DAYS)),
)


@dataclass(frozen=True)
class Schedule:
    """A parsed expression; next_after() is all that is asked of it."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    def next_after(self, moment: datetime) -> datetime | None:
        """The first time of the schedule after the moment (aware), in UTC, or None when there is none, as for 30 February."""
        start = moment.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        day = start.replace(hour=0, minute=0, second=0)
        earliest = (start.hour, start.minute, start.second)
        for _ in range(_SEARCHED_YEARS * 366):
            if self._has_day(day) and (time := self._first_time(earliest)):
                return day.replace(hour=time[0], minute=time[1], second=time[2])
            day += timedelta(days=1)
            earliest = (0, 0, 0)
        return None

    def _has_day(self, day: datetime) -> bool:
        weekday = (day.weekday() + 1) % 7  # Python counts from Monday
        return day.month in self.months and day.day in self.days and weekday in self.weekdays

    def _first_time(self, earliest: tuple[int, int, int]) -> tuple[int, int, int] | None:
        for hour in (value for value in self.hours if value >= earliest[0]):
            for minute in self.minutes:
                if (hour, minute) < earliest[:2]:
                    continue
                for second in self.seconds:
                    if (hour, minute, second) >= earliest:
                        return hour, minute, second
        return None


def parse(expression: str) -> Schedule:
    """Read an expression of six fields, or of five without the seconds (then second 0). Raises ValueError with a sentence."""
    texts = expression.split()
    if len(texts) == 5:
        texts = ["0", *texts]
    if len(texts) != len(_FIELDS):
        raise ValueError(f"A schedule has six fields, '{expression}' has {len(texts)}.")
    second, minute, hour, day, month, weekday = (
        _values(field, text) for field, text in zip(_FIELDS, texts, strict=True)
    )
    return Schedule(
        tuple(sorted(second)),
        tuple(sorted(minute)),
        tuple(sorted(hour)),
        frozenset(day),
        frozenset(month),
        frozenset(weekday),
    )


def _values(field: _Field, text: str) -> set[int]:
    values: set[int] = set()
    for item in text.split(","):
        values |= _item(field, item)
    return values


def _item(field: _Field, item: str) -> set[int]:
    span, slash, step_text = item.partition("/")
    if slash and not (step_text.isdecimal() and step_text.isascii()):
        raise ValueError(f"'{item}' is no {field.name}: what follows the slash must be a number.")
    step = max(1, int(step_text)) if slash else 1
    if span == "*":
        return set(range(field.least, field.most + 1, step))
    first_text, dash, last_text = span.partition("-")
    first = _value(field, first_text)
    if dash:
        first, last = sorted((first, _value(field, last_text)))
    else:
        last = field.most if step > 1 else first
    return set(range(first, last + 1, step))


def _value(field: _Field, text: str) -> int:
    if text.isdecimal() and text.isascii():
        value = int(text)
        if field.least <= value <= field.most:
            return value
        raise ValueError(f"{value} is no {field.name}: it must be between {field.least} and {field.most}.")
    named = [index for index, name in enumerate(field.names) if text and name.startswith(text.lower())]
    if not named:
        raise ValueError(f"'{text}' is no {field.name}.")
    return named[0] + field.least
