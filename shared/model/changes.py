"""What a new version of a referral changed: the fields a salesperson follows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from shared.model import times
from shared.model.summary import ReferralSummary
from shared.model.text import readable

FOLLOWED = {
    "status": "status",
    "substatus": "substatus",
    "dealValue": "deal_value",
    "currency": "currency",
    "closingDateTime": "closing_date_time",
    "salesStage": "sales_stage",
    "name": "name",
    "customerName": "customer_name",
    "category": "category",
    "qualification": "qualification",
    "direction": "direction",
    "country": "country",
    "city": "city",
    "missingSince": "missing_since",
}
"""Followed fields: their name in answers and in a summary."""
_TIMES = {"closingDateTime", "missingSince"}
_NAMES = {"name", "customerName", "city"}


@dataclass(frozen=True, slots=True)
class Author:
    """Who made a change, where it was made from here; Partner Center knows one account alone."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Change:
    """One field's change; values as answers carry them."""

    field: str
    before: str | Decimal | None
    after: str | Decimal | None


def diff(before: ReferralSummary, after: ReferralSummary) -> tuple[Change, ...]:
    """The followed fields that differ, in the order of ``FOLLOWED``."""
    changes = []
    for field, attribute in FOLLOWED.items():
        old, new = getattr(before, attribute), getattr(after, attribute)
        if field in _NAMES and isinstance(old, str):
            old = readable(old)  # stored as received before names were made readable; nobody changed it
        if old != new:
            if field in _TIMES:
                old, new = times.public(old), times.public(new)
            changes.append(Change(field, old, new))
    return tuple(changes)
