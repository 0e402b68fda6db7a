"""What somebody asked to be told, where and when. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import msgspec

from shared.core.errors import InvalidParameter
from shared.model.occasion import KINDS, Kind
from shared.model.person import Person

Channel = Literal["teams", "mail"]
When = Literal["now", "daily"]
Language = Literal["en", "tr"]

MOST_LETTERS_OF_NAME: Final = 200
MOST_DAYS: Final = 365
MOST_STEPS: Final = 20
FIELDS: Final = (
    "name",
    "viewId",
    "events",
    "channel",
    "target",
    "when",
    "at",
    "timeZone",
    "dueDays",
    "language",
    "enabled",
)
"""What a body may hold."""
_ATTRIBUTES: Final = {"viewId": "view_id", "timeZone": "time_zone", "dueDays": "due_days"}
"""Attributes of a wish that are not called as in a body."""
SHOWN_ALONE: Final = ("id", "owner", "lastSentAt", "lastError", "createdAt", "updatedAt")
"""What an answer holds besides, taken back in a body and not looked at."""
_DEFAULTS: Final[Mapping[str, Any]] = {
    "name": "",
    "viewId": None,
    "target": "",
    "when": "now",
    "at": "08:30",
    "timeZone": "Europe/Istanbul",
    "dueDays": [7, 3, 1, 0],
    "language": "en",
    "enabled": True,
}
_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


class Wish(msgspec.Struct, frozen=True):
    """What a person may say about a subscription. ``target`` is a Workflows address, or a mail's."""

    name: str
    view_id: str | None
    events: tuple[Kind, ...]
    channel: Channel
    target: str
    when: When
    at: str
    time_zone: str
    due_days: tuple[int, ...]
    language: Language
    enabled: bool


class Subscription(msgspec.Struct, frozen=True):
    """A subscription as it is kept. Times are texts of ``model.times``."""

    id: str
    wish: Wish
    owner: Person
    """Whose mail is what ``owner=me`` of its view means."""
    created_at: str
    updated_at: str
    active_since: str
    """Since when it collects: made, or last switched on."""
    expired_since: str
    """From when on a deadline has to pass to be told of: since it collects, or asks for that."""

    def wants(self, kind: Kind) -> bool:
        """Whether it collects occasions of this kind."""
        return self.wish.enabled and kind in self.wish.events


def read_wish(body: Mapping[str, Any], known: Wish | None = None) -> Wish:
    """Read the body of a request.

    Args:
        body: the JSON object; of a subscription that is known, members may be left out.
        known: what it was before, or None for a new one.

    Raises:
        InvalidParameter: a field is unknown, missing or has a value it can't have; the sentence names it.
    """
    unknown = [name for name in body if name not in FIELDS and name not in SHOWN_ALONE]
    if unknown:
        raise InvalidParameter(f"{unknown[0][:40]}: A subscription has no such field.")
    before = _as_given(known) if known else _DEFAULTS
    given = {**before, **{name: body[name] for name in FIELDS if name in body}}
    return Wish(
        name=_name(given["name"]),
        view_id=_view(given["viewId"]),
        events=_events(given.get("events")),
        channel=_choice("channel", given.get("channel"), get_args(Channel)),
        target=_text("target", given["target"]),
        when=_choice("when", given["when"], get_args(When)),
        at=_at(given["at"]),
        time_zone=_zone(given["timeZone"]),
        due_days=_days(given["dueDays"]),
        language=_choice("language", given["language"], get_args(Language)),
        enabled=_truth(given["enabled"]),
    )


def _as_given(wish: Wish) -> Mapping[str, Any]:
    """A wish in the form of a body, without its target."""
    values = (getattr(wish, _ATTRIBUTES.get(name, name)) for name in FIELDS)
    read = (list(value) if isinstance(value, tuple) else value for value in values)
    return {**dict(zip(FIELDS, read, strict=True)), "target": ""}


def shown_target(wish: Wish) -> str:
    """The target as people may see it: of a Workflows address the host alone."""
    return (urlsplit(wish.target).hostname or "") if wish.channel == "teams" else wish.target


@lru_cache
def time_zones() -> frozenset[str]:
    """The names of time zones that this machine, or the package tzdata, knows."""
    return frozenset(available_timezones())


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise InvalidParameter(f"{name}: Give a text.")
    return value.strip()


def _name(value: object) -> str:
    name = " ".join(_text("name", value).split())
    if len(name) > MOST_LETTERS_OF_NAME:
        raise InvalidParameter(f"name: Give at most {MOST_LETTERS_OF_NAME} letters.")
    return name


def _view(value: object) -> str | None:
    return _text("viewId", value) or None if value is not None else None


def _choice(name: str, value: object, choices: Sequence[Any]) -> Any:
    if isinstance(value, str) and value in choices:
        return value
    raise InvalidParameter(f"{name}: Give one of {', '.join(choices)}.")


def _events(value: object) -> tuple[Kind, ...]:
    if isinstance(value, list) and value and all(isinstance(each, str) and each in KINDS for each in value):
        return tuple(kind for kind in KINDS if kind in value)
    raise InvalidParameter(f"events: Give a list of at least one of {', '.join(KINDS)}.")


def _at(value: object) -> str:
    if isinstance(value, str) and _TIME.fullmatch(value):
        return value
    raise InvalidParameter("at: Give a time of day such as 08:30.")


def _zone(value: object) -> str:
    if isinstance(value, str) and value in time_zones():
        return value
    raise InvalidParameter("timeZone: Give a name of the time zone database, such as Europe/Istanbul.")


def _days(value: object) -> tuple[int, ...]:
    good = (
        isinstance(value, list)
        and len(value) <= MOST_STEPS
        and all(type(each) is int and 0 <= each <= MOST_DAYS for each in value)
    )
    if not good or not isinstance(value, list):
        raise InvalidParameter(f"dueDays: Give a list of whole numbers from 0 to {MOST_DAYS}, at most {MOST_STEPS}.")
    return tuple(sorted(set(value), reverse=True))


def _truth(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise InvalidParameter("enabled: Give true or false.")
