"""Which occasions follow from two versions of a referral, and when they are true no more."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from shared.model.occasion import Kind, between, holds
from shared.model.summary import ReferralSummary
from tests.notify.samples import NOW, at, referral

ACTIVE: dict[str, Any] = {"status": "Active", "substatus": "Accepted"}
DECLINED: dict[str, Any] = {"status": "Closed", "substatus": "Declined"}
EXPIRED: dict[str, Any] = {"status": "Closed", "substatus": "Expired"}
WON: dict[str, Any] = {"status": "Closed", "substatus": "Won"}
LOST: dict[str, Any] = {"status": "Closed", "substatus": "Lost"}
ERROR: dict[str, Any] = {"status": "Closed", "substatus": "Error"}
NEW: dict[str, Any] = {}


def kinds(before: ReferralSummary | None, after: ReferralSummary) -> list[Kind]:
    return [kind for kind, _ in between(before, after)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (NEW, ACTIVE, ["answered"]),
        (NEW, DECLINED, ["answered"]),
        (NEW, EXPIRED, ["expired"]),
        (NEW, WON, ["closed"]),
        (NEW, ERROR, []),
        (NEW, {"substatus": "Received"}, []),
        (ACTIVE, WON, ["closed"]),
        (ACTIVE, LOST, ["closed"]),
        (ACTIVE, DECLINED, ["answered"]),
        (ACTIVE, EXPIRED, ["expired"]),
        (ACTIVE, ACTIVE, []),
        (ACTIVE, {"status": "Active", "substatus": "Engaged"}, []),
        (WON, LOST, ["closed"]),
        (WON, ACTIVE, []),
        (EXPIRED, EXPIRED, []),
        (ACTIVE, {**ACTIVE, "deal_value": Decimal("40000")}, ["changed"]),
        (ACTIVE, {**ACTIVE, "deal_value": Decimal("30000.00")}, []),
        (ACTIVE, {**ACTIVE, "currency": "USD"}, ["changed"]),
        (ACTIVE, {**ACTIVE, "closing_date_time": at(50, 0)}, ["changed"]),
        (ACTIVE, {**ACTIVE, "name": "Another name"}, []),
        (ACTIVE, {**WON, "deal_value": Decimal("1")}, ["closed", "changed"]),
        (NEW, {"missing_since": at(26)}, []),
    ],
)
def test_between_two_versions(before: dict[str, Any], after: dict[str, Any], expected: list[Kind]) -> None:
    assert kinds(referral(**before), referral(**after)) == expected


def test_what_came_to_us_is_new() -> None:
    assert kinds(None, referral()) == ["new"]
    assert kinds(None, referral(call_to_action="Get it now")) == ["new"]  # asks for no answer, and came all the same
    assert kinds(None, referral(direction="Outgoing")) == []
    assert kinds(None, referral(**ACTIVE)) == []
    assert kinds(None, referral(**EXPIRED)) == []


@pytest.mark.parametrize(
    ("kind", "facts", "fields", "true"),
    [
        ("new", {}, NEW, True),
        ("new", {}, ACTIVE, False),
        ("new", {}, {"missing_since": at(26)}, False),
        ("due", {"deadline": at(27)}, NEW, True),
        ("due", {"deadline": at(27)}, {"call_to_action": "Get it now"}, False),
        ("due", {"deadline": at(27)}, DECLINED, False),
        ("due", {"deadline": at(27)}, {"expiration_date_time": at(29)}, False),
        ("due", {"deadline": at(26, 8)}, {"expiration_date_time": at(26, 8)}, False),
        ("expired", {"deadline": at(26, 8)}, {"expiration_date_time": at(26, 8)}, True),
        ("expired", {"deadline": at(26, 8)}, {"expiration_date_time": at(30)}, False),
        ("expired", {"deadline": at(26, 8)}, ACTIVE, False),
        ("expired", {"deadline": ""}, EXPIRED, True),
        ("answered", {"answer": "accepted"}, ACTIVE, True),
        ("answered", {"answer": "accepted"}, WON, True),
        ("answered", {"answer": "accepted"}, DECLINED, False),
        ("closed", {"substatus": "Won"}, WON, True),
        ("closed", {"substatus": "Won"}, ACTIVE, False),
        ("assigned", {"mail": "a@b.example"}, NEW, True),
    ],
)
def test_what_is_true_no_more_holds_no_more(
    kind: Kind, facts: dict[str, str], fields: dict[str, Any], true: bool
) -> None:
    assert holds(kind, facts, referral(**fields), NOW) is true


def test_a_change_that_was_taken_back_is_none() -> None:
    before = referral(**ACTIVE)
    [(kind, facts)] = between(before, referral(**ACTIVE, deal_value=Decimal("40000")))
    assert kind == "changed"
    assert not holds(kind, facts, before, NOW)
    assert holds(kind, facts, msgspec.structs.replace(before, deal_value=Decimal("41000")), NOW)
