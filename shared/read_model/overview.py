"""The figures of the overview, from one snapshot of the data. Referrals that are gone upstream count as missing, nowhere else."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Any, Final

from shared.model import times
from shared.model.money import CURRENCIES, sums_of
from shared.model.summary import STATUSES, ReferralSummary

SOON: Final = timedelta(days=3)
"""What is due within this time counts as due soon."""
NEXT: Final = 5
MONTHS: Final = 12
_LAST: Final = "\U0010ffff"
TOO_LARGE: Final = Decimal(10) ** 12
"""An amount from here on is a slip of the keyboard, or a currency's smallest coins: it would drown all others in a sum."""


def figures(referrals: Iterable[ReferralSummary], now: datetime) -> dict[str, Any]:
    """Count and add up.

    Args:
        referrals: all that are stored.
        now: the time that deadlines and months are seen from, aware.

    Returns:
        The summary without what other tables hold (quarantine, companies) and with summaries, not items, as what is due
        ``next``.
    """
    stored = list(referrals)
    present = [referral for referral in stored if not referral.missing_since]
    directions = Counter(referral.direction for referral in present)
    waiting = [referral for referral in present if referral.unanswered]
    waiting.sort(key=lambda referral: (referral.expiration_date_time or _LAST, referral.id))
    soon = times.from_datetime(now + SOON)
    by_status: dict[tuple[str | None, str | None], list[ReferralSummary]] = defaultdict(list)
    by_stage: dict[str | None, list[ReferralSummary]] = defaultdict(list)
    for referral in present:
        by_status[referral.status, referral.substatus].append(referral)
        if referral.is_open:
            by_stage[referral.sales_stage].append(referral)
    hours = [taken for referral in present if (taken := hours_to_answer(referral)) is not None]
    return {
        "total": len(present),
        "incoming": directions["Incoming"],
        "outgoing": directions["Outgoing"],
        "missing": len(stored) - len(present),
        "unanswered": {
            "count": len(waiting),
            "dueSoon": sum((referral.expiration_date_time or _LAST) <= soon for referral in waiting),
            "next": [referral for referral in waiting if referral.expiration_date_time][:NEXT],
        },
        "openValue": value_of(referral for referral in present if referral.is_open),
        "wonValue": value_of(referral for referral in present if referral.is_won),
        "open": _worth([referral for referral in present if referral.is_open]),
        "won": _worth([referral for referral in present if referral.is_won]),
        "byStatus": [
            {"status": status, "substatus": substatus, "count": len(members), "value": value_of(members)}
            for (status, substatus), members in sorted(by_status.items(), key=lambda group: _in_pipeline(*group[0]))
        ],
        "bySalesStage": [
            {"salesStage": stage, "count": len(members), "value": value_of(members)}
            for stage, members in sorted(by_stage.items(), key=lambda group: group[0] or _LAST)
        ],
        "byMonth": _by_month(present, now),
        "response": {"answered": len(hours), "medianHours": round(median(hours), 1) if hours else None},
    }


def value_of(referrals: Iterable[ReferralSummary]) -> Mapping[str, Decimal]:
    """The sum of the deal values in each currency; an amount without a currency can't be added to any."""
    return sums_of((referral.currency, referral.deal_value) for referral in referrals)


def _worth(referrals: Sequence[ReferralSummary]) -> dict[str, Any]:
    """Sums that can be trusted, and how many referrals are in none of them and why."""
    valued = [referral for referral in referrals if referral.deal_value is not None]
    priced = [referral for referral in valued if referral.currency in CURRENCIES]
    counted = [referral for referral in priced if referral.deal_value is not None and referral.deal_value < TOO_LARGE]
    return {
        "value": value_of(counted),
        "noValue": len(referrals) - len(valued),
        "noCurrency": len(valued) - len(priced),
        "tooLarge": len(priced) - len(counted),
    }


def _in_pipeline(status: str | None, substatus: str | None) -> tuple[int, str, str]:
    place = STATUSES.index(status) if status in STATUSES else len(STATUSES)
    return place, status or _LAST, substatus or _LAST


def _by_month(referrals: Sequence[ReferralSummary], now: datetime) -> list[dict[str, Any]]:
    """Created referrals in each of the last twelve months, this one included; UTC."""
    this = now.year * 12 + now.month - 1
    months = [f"{month // 12:04}-{month % 12 + 1:02}" for month in range(this - MONTHS + 1, this + 1)]
    counted = Counter(((referral.created_date_time or "")[:7], referral.direction) for referral in referrals)
    return [
        {"month": month, "incoming": counted[month, "Incoming"], "outgoing": counted[month, "Outgoing"]}
        for month in months
    ]


def hours_to_answer(referral: ReferralSummary) -> float | None:
    """How long an incoming referral waited until it was accepted."""
    if referral.direction != "Incoming" or not referral.accepted_date_time or not referral.created_date_time:
        return None
    waited = times.to_datetime(referral.accepted_date_time) - times.to_datetime(referral.created_date_time)
    return max(waited, timedelta(0)) / timedelta(hours=1)
