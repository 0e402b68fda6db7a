"""What is broken in the seeded referrals: one record for each entry, and few enough that every page is readable."""

import random
from collections.abc import Callable
from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Any

from .messages import Json
from .store import decode, encode
from .times import DAY, datetime_of, sortable

if TYPE_CHECKING:
    from .seed import Item

FEWEST_FOR_BROKEN = 50
FEWEST_FOR_UNUSABLE = 100
UNUSABLE = 3
_LONG_AGO = 60 * DAY  # broken dates stay away from the newest pages, where every walk begins

Breaker = Callable[[Json], None]


def _set(path: str, value: Any) -> Breaker:
    *parents, last = path.split(".")

    def breaker(payload: Json) -> None:
        target = payload
        for name in parents:
            if not isinstance(target.get(name), dict):
                target[name] = {}
            target = target[name]
        target[last] = value

    return breaker


def _without(*names: str) -> Breaker:
    def breaker(payload: Json) -> None:
        for name in names:
            payload.pop(name, None)

    return breaker


def _contact_first(email: Any) -> Breaker:
    """The customer's first contact has this address; a usable one follows."""

    def breaker(payload: Json) -> None:
        profile = payload["customerProfile"]
        others = profile.get("team") or []
        profile["team"] = [{"firstName": "Ada", "lastName": "Önce", "phoneNumber": None, "email": email}, *others]

    return breaker


def _by_istanbuls_clock(name: str) -> Breaker:
    """The same moment, written with an offset: the list, which is in the order of moments, stays in order."""

    def breaker(payload: Json) -> None:
        moment = datetime_of(sortable(payload[name]) or "")
        payload[name] = moment.astimezone(timezone(timedelta(hours=3))).isoformat(timespec="seconds")

    return breaker


def _only_id(payload: Json) -> None:
    identity = payload["id"]
    payload.clear()
    payload["id"] = identity


def _large_team(payload: Json) -> None:
    payload["team"] = [
        {
            "firstName": f"Üye {number}",
            "lastName": "Ekip",
            "phoneNumber": "",
            "email": f"member{number}@fabrikam-partner.com",
        }
        for number in range(500)
    ]


def _mistyped_value(value: int | str) -> Breaker:
    """An amount that no float holds, in a deal that was given up: open, it would drown all other figures."""

    def breaker(payload: Json) -> None:
        _set("details.dealValue", value)(payload)
        payload["status"], payload["substatus"] = "Closed", "Lost"

    return breaker


# Values that can't be read as what they should be, enums nobody has documented, and text that tries to do harm.
BREAKERS: tuple[Breaker, ...] = (
    _set("details.dealValue", "about 50k"),
    _set("details.dealValue", "1.250,50"),
    _set("details.dealValue", {"amount": 5000}),
    _set("details.dealValue", [1000]),
    _set("details.dealValue", True),
    _set("details.dealValue", ""),
    _set("details.dealValue", -1500),
    _mistyped_value(9_007_199_254_740_993),
    _mistyped_value("123456789012345678.99"),
    _set("details.dealValue", 0.01),
    _set("details.currency", "usd"),
    _set("details.currency", ""),
    _set("details.currency", 840),
    _set("details.currency", "XBT"),
    _set("details.closingDateTime", "soon"),
    _set("details.closingDateTime", "0001-01-01T00:00:00Z"),
    _set("details.closingDateTime", "2026-02-30T00:00:00Z"),
    _set("details.closingDateTime", 1_790_000_000),
    _set("details.closingDateTime", ""),
    _set("details.requirements.products", {"id": "Azure"}),
    _set("details.requirements.solutions", "SOL-15974-MQF"),
    _set("details.requirements", None),
    _set("details.notes", {"text": "a note that is an object"}),
    _set("details.notes", "Ctrl \u0001\u001b[31m and \u2028 and <img src=x onerror=alert(1)>"),
    _set("details", None),
    _without("details"),
    _set("details", "none"),
    _set("customerProfile.team", {"firstName": "Ali", "email": "ali@no-list.example.com"}),
    _set("customerProfile.team", None),
    _set("customerProfile.team", "sue.smith@no-list.example.com"),
    _set("customerProfile.team", [None, "text", 7, {"email": ["a@b.com"]}]),
    _set("customerProfile.name", None),
    _set("customerProfile.name", 12345),
    _set("customerProfile.address", None),
    _set("customerProfile.address", "Redmond, WA"),
    _set("customerProfile.address.country", "tr"),
    _set("customerProfile.address.country", "Türkiye"),
    _set("customerProfile.ids", {"External": "6-ABC"}),
    _set("customerProfile.size", 50),
    _set("customerProfile", None),
    _without("customerProfile"),
    _contact_first("selin@fabrikam-partner.com"),
    _contact_first("Sales@Fabrikam-Partner.com"),
    _contact_first("account.manager@microsoft.com"),
    _contact_first("  Someone <someone@gmail.com> "),
    _set("name", None),
    _without("name"),
    _set("name", 4711),
    _set("status", "active"),
    _set("status", "Suspended"),
    _set("status", None),
    _set("substatus", "Engaged"),
    _without("substatus"),
    _set("type", "Syndicated"),
    _set("qualification", None),
    _set("direction", None),
    _without("direction"),
    _set("team", None),
    _set("team", {}),
    _set("consent", None),
    _set("inviteContext", None),
    _without("inviteContext", "consent", "target"),
    _set("inviteContext.invitedBy", "msft"),
    _set("target", {"type": "None"}),
    _set("tags", None),
    _set("favorite", "yes"),
    _set("salesStage", 40),
    _set("engagementId", None),
    _set("eTag", None),
    _set("unknownBlock", {"nested": [{"ünïcode": "değer"}, 1.5, None], "azureTenantId": "guess"}),
    _set(
        "registrations", [{"id": "REG-1", "status": "Approved", "contract": {"value": "25000.00", "currency": "USD"}}]
    ),
    _set("campaignId", "x" * 2000),
)
# These are put where they are old: an incremental walk begins at the newest.
DATE_BREAKERS: tuple[Breaker, ...] = (
    _set("createdDateTime", "31/12/2025 10:00"),
    _set("createdDateTime", None),
    _set("updatedDateTime", "yesterday"),
    _without("updatedDateTime"),
    _by_istanbuls_clock("updatedDateTime"),
    _set("expirationDateTime", "never"),
    _set("acceptedDateTime", 0),
    _only_id,
)
ONCE: tuple[Breaker, ...] = (
    _set("details.notes", "Çok uzun not. " * 15_000),  # about 200 KB
    _large_team,
)


def break_some(items: "list[Item]", rng: random.Random, default_size: int) -> None:
    """Break records in place, one way each. Sets of under 50 records stay whole."""
    count = len(items)
    if count < FEWEST_FOR_BROKEN:
        return
    rounds = max(1, count // default_size)
    old = [item for item in items if item.age > _LONG_AGO]
    rng.shuffle(old)
    if count >= FEWEST_FOR_UNUSABLE:
        _make_unusable([old.pop() for _ in range(UNUSABLE)])
    quota = count // 4
    for breaker in (*ONCE, *DATE_BREAKERS * rounds)[: min(quota, len(old))]:
        _break(old.pop(), breaker)
        quota -= 1
    whole = {id(item) for item in old}
    rest = [item for item in items if item.age <= _LONG_AGO or id(item) in whole]
    rng.shuffle(rest)
    for breaker in (BREAKERS * rounds)[:quota]:
        _break(rest.pop(), breaker)


def _break(item: "Item", breaker: Breaker) -> None:
    payload = decode(item.body)
    breaker(payload)
    item.body, item.domain = encode(payload), None  # whatever a client makes of it, no tenant hangs on this record


def _make_unusable(items: "list[Item]") -> None:
    """What no client can store: an id that is missing, one that is null, and a record that is no object."""
    missing, null, other = items
    _break(missing, _without("id"))
    _break(null, _set("id", None))
    other.body, other.domain = encode("Referral could not be serialized."), None
