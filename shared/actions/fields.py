"""The fields that an action may change: where each lies in Microsoft's resource, how values are read, checked and compared.

Paths are those of Microsoft's connector ("Partner Center Referrals", Learn). No lengths are documented; ours are what the
page offers. Values that differ in writing alone (an empty text and none, 5 and 5.00, a date with or without fractions)
are equal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from shared.model import times
from shared.model.money import CURRENCIES
from shared.model.resource import Amount, Time
from shared.model.text import NO_LETTERS

NOTES_MOST: Final = 5_000
TEXT_MOST: Final = 255
TEAM_MOST: Final = 50
"""Team members that a deal can have (Learn, "Bulk operations")."""
AMOUNT_MOST: Final = Decimal(10) ** 15
TEAM_FIELDS: Final = ("addTeam", "removeTeam")
MEMBER_FIELDS: Final = ("firstName", "lastName", "email", "phoneNumber", "title")
_as_shown: Final[Mapping[str, TypeAdapter[Any]]] = {
    "dealValue": TypeAdapter(Amount),
    "closingDateTime": TypeAdapter(Time),
}
"""Values as the list reads them, whatever they are written as."""
_ADDRESS: Final = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+\.[^\s@<>\".]+")


class WrongValue(ValueError):
    """A value that its field can't have; ``code`` is stable, ``sentence`` is for people."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(code)
        self.code, self.sentence = code, sentence


@dataclass(frozen=True)
class Field:
    """One field: its JSON Pointer in the resource, and how what a person gives becomes its value (raises WrongValue)."""

    path: str
    read: Callable[[Any], Any]
    most: int = TEXT_MOST
    """Letters, of a text."""

    @property
    def parts(self) -> list[str]:
        """The names on the way to it."""
        return self.path[1:].split("/")


def amount(value: Any) -> Decimal:
    """A deal value: a number of at least 0."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise WrongValue("invalid", "The deal value has to be a number.")
    number = Decimal(str(value))
    if not number.is_finite() or number >= AMOUNT_MOST:
        raise WrongValue("invalid", "The deal value is too large.")
    if number < 0:
        raise WrongValue("negative", "The deal value can't be below 0.")
    return number


def currency(value: Any) -> str:
    """A currency by its ISO 4217 code."""
    code = value.strip().upper() if isinstance(value, str) else ""
    if code not in CURRENCIES:
        raise WrongValue("invalid", "The currency has to be an ISO 4217 code such as EUR.")
    return code


def moment(value: Any) -> str:
    """A time as text of ``model.times``; a date is its midnight in UTC."""
    try:
        read = times.parse_time(value)
    except ValueError:
        read = ""
    if not read or times.means_no_date(read):
        raise WrongValue("invalid", "The closing date has to be a date such as 2027-03-31.")
    return read


def _text(most: int) -> Callable[[Any], str | None]:
    def read(value: Any) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str):
            raise WrongValue("invalid", "This has to be a text.")
        tidy = plain(value)
        if len(tidy) > most:
            raise WrongValue("too_long", f"This can have at most {most:,} letters.")
        return tidy

    return read


def plain(text: str) -> str:
    """A text of a person without what no field can hold: control characters and half pairs; lines end in a newline."""
    return NO_LETTERS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


FIELDS: Final[Mapping[str, Field]] = {
    "dealValue": Field("/details/dealValue", amount),
    "currency": Field("/details/currency", currency),
    "closingDateTime": Field("/details/closingDateTime", moment),
    "notes": Field("/details/notes", _text(NOTES_MOST), NOTES_MOST),
    "salesStage": Field("/salesStage", _text(TEXT_MOST)),
    "campaignId": Field("/campaignId", _text(TEXT_MOST)),
    "externalReferenceId": Field("/externalReferenceId", _text(TEXT_MOST)),
}
"""What ``changes`` may hold besides the team, in the order in which it is sent."""
STATUS_FIELDS: Final = ("status", "substatus")
GROUPS: Final[tuple[tuple[str, ...], ...]] = (
    ("dealValue", "currency"),
    *((name,) for name in FIELDS if name not in {"dealValue", "currency"}),
)
"""Fields that are seen, compared and sent together."""


def member(value: Any) -> dict[str, str]:
    """A person to be added to the team."""
    if not isinstance(value, dict) or set(value) - set(MEMBER_FIELDS):
        raise WrongValue("invalid", f"A team member has {', '.join(MEMBER_FIELDS)}.")
    texts = {name: _text(TEXT_MOST)(value[name]) for name in MEMBER_FIELDS if value.get(name) is not None}
    read = {name: text for name, text in texts.items() if text}
    address(read.get("email"))
    return read


def address(value: Any) -> str:
    """An e-mail address."""
    if not isinstance(value, str) or len(value) > TEXT_MOST or not _ADDRESS.fullmatch(value.strip()):
        raise WrongValue("invalid", "A team member needs an e-mail address.")
    return value.strip()


def team_change(name: str, value: Any) -> list[Any]:
    """The people of ``addTeam``, or the addresses of ``removeTeam``."""
    if not isinstance(value, list) or not value or len(value) > TEAM_MOST:
        raise WrongValue("invalid", f"This has to be a list of 1 to {TEAM_MOST}.")
    return [member(each) if name == "addTeam" else address(each) for each in value]


def look_up(record: Mapping[str, Any], field: Field) -> tuple[bool, Any]:
    """Whether a record has a member, and its value as it is there."""
    here: Any = record
    for part in field.parts:
        if not isinstance(here, Mapping) or part not in here:
            return False, None
        here = here[part]
    return True, here


def values_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a record of Microsoft's, normalised, of all fields that an action can be about."""
    values = {name: normal(name, look_up(record, field)[1]) for name, field in FIELDS.items()}
    for name in (*STATUS_FIELDS, "statusReason"):
        values[name] = _tidy(record.get(name))
    return values


def normal(name: str, value: Any) -> Any:
    """A value, whoever gave it, in the one form in which values are compared: that which our JSON shows, since that is what
    people saw. So what can't be read is None, and times have microseconds."""
    if value is None or value == "":
        return None
    if name in _as_shown:
        try:
            read = _as_shown[name].validate_python(value)
        except ValidationError:
            return None
        return times.from_datetime(times.to_datetime(read)) if isinstance(read, str) else read
    if name == "currency":
        return str(value).strip().upper() or None
    return _tidy(value)


def _tidy(value: Any) -> Any:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        value = str(value)  # as the list shows a number where a text belongs
    if not isinstance(value, str):
        return value
    return NO_LETTERS.sub("\ufffd", value.replace("\r\n", "\n")).strip() or None


def shown(name: str, value: Any) -> Any:
    """A normalised value as answers carry it, and as it is sent."""
    if name == "closingDateTime" and isinstance(value, str):
        try:
            return times.public(times.parse_time(value))
        except ValueError:
            return value
    if isinstance(value, Decimal) and value == value.to_integral_value() and value.adjusted() < 18:
        return int(value)
    return value


def team_of(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The partner's people of a record, as they are there."""
    team = record.get("team")
    return [each for each in team if isinstance(each, dict)] if isinstance(team, list) else []


def same_address(first: Any, second: Any) -> bool:
    """Whether two e-mail addresses are those of one person."""
    return isinstance(first, str) and isinstance(second, str) and first.strip().lower() == second.strip().lower()
