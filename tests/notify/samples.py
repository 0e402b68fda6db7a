"""Referrals and subscriptions for these tests."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from shared.model.person import Person
from shared.model.subscription import Subscription, Wish, read_wish
from shared.model.summary import ReferralSummary

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
AT = "2026-11-26T09:00:00.0000000Z"
PAGE = "https://sample.azurewebsites.net"


def at(day: int, hour: int = 9, minute: int = 0) -> str:
    """A time of November or (from 31 on) December 2026, as text of ``model.times``."""
    month, day = (11, day) if day <= 30 else (12, day - 30)
    return f"2026-{month:02}-{day:02}T{hour:02}:{minute:02}:00.0000000Z"


def referral(number: int = 1, **fields: Any) -> ReferralSummary:
    """An incoming lead that waits for an answer until 27 November."""
    usual: dict[str, Any] = {
        "name": f"Cloud migration {number}",
        "customer_name": "Örnek Müşteri A.Ş.",
        "direction": "Incoming",
        "status": "New",
        "substatus": "Pending",
        "deal_value": Decimal("30000"),
        "currency": "EUR",
        "country": "TR",
        "created_date_time": at(13),
        "updated_date_time": at(20),
        "expiration_date_time": at(27),
        "closing_date_time": at(40, 0),
    }
    return ReferralSummary(id=f"00000000-0000-4000-8000-{number:012}", **{**usual, **fields})


def wish(**fields: Any) -> Wish:
    """What somebody wants to be told of."""
    usual = {"name": "My leads", "events": ["new", "due"], "channel": "mail", "target": "deniz@partner.example"}
    return read_wish({**usual, **fields})


def subscription(**fields: Any) -> Subscription:
    """A subscription of Deniz."""
    owner = Person("deniz", "Deniz Örnek", "deniz@partner.example")
    return Subscription("s-1", wish(**fields), owner, at(1), at(1), at(1), at(1))
