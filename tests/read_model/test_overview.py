"""The figures of the overview at their edges; over 739 referrals they are recomputed in test_reading."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model import times
from shared.model.summary import ReferralSummary
from shared.read_model.overview import figures, value_of

NOW = datetime(2026, 2, 28, 23, 59, tzinfo=UTC)


def one(referral_id: str = "r1", **values: Any) -> ReferralSummary:
    return ReferralSummary(id=referral_id, **values)


def at(**later: float) -> str:
    return times.from_datetime(NOW + timedelta(**later))


def test_nothing_stored_gives_zeros() -> None:
    assert figures([], NOW) == {
        "total": 0,
        "incoming": 0,
        "outgoing": 0,
        "missing": 0,
        "unanswered": {"count": 0, "dueSoon": 0, "next": []},
        "openValue": {},
        "wonValue": {},
        "open": {"noCurrency": 0, "noValue": 0, "tooLarge": 0, "value": {}},
        "won": {"noCurrency": 0, "noValue": 0, "tooLarge": 0, "value": {}},
        "byStatus": [],
        "bySalesStage": [],
        "byMonth": [
            {"month": month, "incoming": 0, "outgoing": 0}
            for month in (
                *("2025-03", "2025-04", "2025-05", "2025-06", "2025-07", "2025-08"),
                *("2025-09", "2025-10", "2025-11", "2025-12", "2026-01", "2026-02"),
            )
        ],
        "response": {"answered": 0, "medianHours": None},
    }


amounts = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**25), max_value=10**25, places=6)


@given(st.lists(st.tuples(amounts, st.sampled_from(["USD", "EUR", None]))))
def test_sums_are_exact_and_never_mix_currencies(pairs: list[tuple[Decimal, str | None]]) -> None:
    sums = value_of([one(deal_value=amount, currency=currency) for amount, currency in pairs])
    for currency in ("USD", "EUR"):
        amounts_of = [Fraction(amount) for amount, known in pairs if known == currency]
        assert (currency in sums) is bool(amounts_of)
        assert Fraction(sums.get(currency, 0)) == sum(amounts_of)
    assert set(sums) <= {"USD", "EUR"}


def test_missing_referrals_count_as_missing_alone() -> None:
    gone = one(
        "r2", direction="Incoming", status="New", deal_value=Decimal(5), currency="USD", missing_since=at(days=-1)
    )
    found = figures([one(direction="Outgoing", status="Active"), gone], NOW)
    assert (found["total"], found["missing"], found["incoming"], found["outgoing"]) == (1, 1, 0, 1)
    assert found["openValue"] == {}
    assert found["unanswered"]["count"] == 0


def test_what_is_due_next_begins_with_the_soonest() -> None:
    waiting = [
        one(f"r{hours}", direction="Incoming", status="New", expiration_date_time=at(hours=hours))
        for hours in (100, 71, 73, -5, 200, 1)
    ]
    never = one("never", direction="Incoming", status="New")
    found = figures([*waiting, never, one("out", direction="Outgoing", status="New")], NOW)["unanswered"]
    assert (found["count"], found["dueSoon"]) == (7, 3)
    assert [referral.id for referral in found["next"]] == ["r-5", "r1", "r71", "r73", "r100"]


def test_groups_follow_the_pipeline() -> None:
    statuses = [
        ("Closed", "Won"),
        ("Odd", None),
        ("New", "Received"),
        (None, None),
        ("Active", "Accepted"),
        ("New", "Pending"),
    ]
    found = figures([one(f"r{n}", status=status, substatus=sub) for n, (status, sub) in enumerate(statuses)], NOW)
    assert [(group["status"], group["substatus"]) for group in found["byStatus"]] == [
        ("New", "Pending"),
        ("New", "Received"),
        ("Active", "Accepted"),
        ("Closed", "Won"),
        ("Odd", None),
        (None, None),
    ]


@pytest.mark.parametrize(("hours", "median"), [([1], 1.0), ([1, 2], 1.5), ([5, 1, 3], 3.0), ([-4], 0.0), ([0.26], 0.3)])
def test_the_median_time_to_an_answer(hours: list[float], median: float) -> None:
    referrals = [
        one(f"r{n}", direction="Incoming", created_date_time=at(), accepted_date_time=at(hours=taken))
        for n, taken in enumerate(hours)
    ]
    outgoing = one("out", direction="Outgoing", created_date_time=at(), accepted_date_time=at(hours=50))
    found = figures([*referrals, outgoing, one("open", direction="Incoming", created_date_time=at())], NOW)
    assert found["response"] == {"answered": len(hours), "medianHours": median}
