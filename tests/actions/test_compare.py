"""The three-way comparison and the JSON Patch that it makes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.actions.compare import plan
from shared.actions.preflight import read_wish
from shared.model.action import Action, ActionKind, Who, new_intent

AT = "2026-11-24T09:00:00.0000000Z"


def record(**fields: Any) -> dict[str, Any]:
    """A referral as Partner Center has it."""
    details = {"dealValue": 1000, "currency": "USD", "closingDateTime": "2027-01-31T00:00:00Z", "notes": "before"}
    base: dict[str, Any] = {
        "id": "r",
        "status": "Active",
        "substatus": "Accepted",
        "statusReason": None,
        "details": details,
        "team": [{"email": "Deniz@Partner.example", "firstName": "Deniz"}],
        "salesStage": None,
    }
    details |= fields.pop("details", {})
    return {**base, **fields}


NEW = {"status": "New", "substatus": "Pending"}
SEEN = {
    "status": "Active",
    "substatus": "Accepted",
    "dealValue": 1000,
    "currency": "USD",
    "closingDateTime": "2027-01-31T00:00:00Z",
    "notes": "before",
    "salesStage": None,
    "campaignId": None,
    "externalReferenceId": None,
}


def action(
    kind: ActionKind,
    changes: dict[str, Any] | None = None,
    reason: str | None = None,
    remark: str | None = None,
    **seen: Any,
) -> Action:
    """An action of somebody who saw ``SEEN``, but for what is said."""
    wish, findings = read_wish(kind, changes, reason, remark)
    assert findings == []
    return Action(
        id="a",
        referral_id="r",
        action=kind,
        changes=wish.changes,
        reason=reason,
        remark=wish.remark,
        state="sending",
        who=Who("1", "Ayşe"),
        created_at=AT,
        not_before=AT,
        intent=new_intent(),
        seen={**SEEN, **(NEW if kind in {"accept", "decline"} else {}), **seen},
    )


def replace(path: str, value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


STATUS = [replace("/status", "Active"), replace("/substatus", "Accepted")]


@pytest.mark.parametrize(
    ("asked", "found", "operations"),
    [
        (action("accept"), record(**NEW), STATUS),
        (
            action("decline", reason="budget"),
            record(**NEW),
            [
                replace("/status", "Closed"),
                replace("/substatus", "Declined"),
                replace("/statusReason", "Customer did not have budget"),
            ],
        ),
        (action("win"), record(), [replace("/status", "Closed"), replace("/substatus", "Won")]),
        (
            action("lose", reason="timeline"),
            record(),
            [
                replace("/status", "Closed"),
                replace("/substatus", "Lost"),
                replace("/statusReason", "Timeline too short"),
            ],
        ),
        (
            action("update", {"dealValue": 55000.5}),
            record(),
            [replace("/details/dealValue", Decimal("55000.5")), replace("/details/currency", "USD")],
        ),
        (
            action("update", {"currency": "eur"}),
            record(),
            [replace("/details/dealValue", 1000), replace("/details/currency", "EUR")],
        ),
        (
            action("update", {"closingDateTime": "2027-06-30", "salesStage": "40", "campaignId": "S"}),
            record(),
            [
                replace("/details/closingDateTime", "2027-06-30T00:00:00Z"),
                replace("/salesStage", "40"),
                {"op": "add", "path": "/campaignId", "value": "S"},
            ],
        ),
        (
            action("accept", {"dealValue": 1000, "currency": "USD", "externalReferenceId": "CRM-1"}, remark="Called."),
            record(**NEW),
            [
                *STATUS,
                replace("/details/notes", "before\n[2026-11-24] Called."),
                {"op": "add", "path": "/externalReferenceId", "value": "CRM-1"},
            ],
        ),
        (
            action("update", {"addTeam": [{"email": "ece@partner.example"}, {"email": "DENIZ@partner.example"}]}),
            record(),
            [{"op": "add", "path": "/team/-", "value": {"email": "ece@partner.example"}}],
        ),
        (
            action("update", {"removeTeam": ["deniz@partner.example"], "addTeam": [{"email": "e@p.example"}]}),
            record(team=[{"email": "Deniz@Partner.example"}, {"email": "added.by@another.example"}]),
            [replace("/team", [{"email": "added.by@another.example"}, {"email": "e@p.example"}])],
        ),
    ],
)
def test_what_is_sent(asked: Action, found: dict[str, Any], operations: list[dict[str, Any]]) -> None:
    planned = plan(asked, found)
    assert planned.verdict == "send", planned
    assert planned.operations == operations


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (action("accept"), record()),
        (action("accept", {"notes": "before"}, remark=None), record()),
        (action("decline", reason="other"), record(status="Closed", substatus="Declined")),
        (action("decline", reason="other", remark="no"), record(status="Closed", substatus="Declined")),
        (action("win"), record(status="Closed", substatus="Won", details={"dealValue": 0})),
        (action("update", {"dealValue": Decimal("1000.00")}), record(details={"dealValue": "1000"})),
        (action("update", {"notes": ""}), record(details={"notes": None})),
        (
            action("update", {"closingDateTime": "2027-01-31"}),
            record(details={"closingDateTime": "2027-01-31T00:00:00.0000000Z"}),
        ),
        (action("update", {"addTeam": [{"email": "deniz@partner.example"}]}), record()),
        (action("update", {"removeTeam": ["gone@partner.example"]}), record()),
        (action("update", remark="Called."), record(details={"notes": "x\n[2026-11-24] Called."})),
    ],
)
def test_what_is_there_already_is_done(asked: Action, found: dict[str, Any]) -> None:
    assert plan(asked, found).verdict == "done"


@pytest.mark.parametrize(
    ("asked", "found", "conflicts"),
    [
        (
            action("accept"),
            record(status="Closed", substatus="Expired"),
            [("status", "New", "Closed", "Active"), ("substatus", "Pending", "Expired", "Accepted")],
        ),
        (
            action("accept"),
            record(status="New", substatus="Received"),
            [("substatus", "Pending", "Received", "Accepted")],
        ),
        (action("update", {"dealValue": 5}), record(details={"dealValue": 7}), [("dealValue", 1000, 7, 5)]),
        (
            action("update", {"dealValue": 5}),
            record(details={"currency": "EUR"}),
            [("currency", "USD", "EUR", "USD")],
        ),
        (
            action("update", {"notes": "mine"}),
            record(details={"notes": "theirs"}),
            [("notes", "before", "theirs", "mine")],
        ),
        (action("win", {"dealValue": 5}), record(details={"dealValue": 7}), [("dealValue", 1000, 7, 5)]),
        (
            action("update", {"closingDateTime": "2027-03-01"}),
            record(details={"closingDateTime": "2027-02-01T00:00:00Z"}),
            [("closingDateTime", "2027-01-31T00:00:00Z", "2027-02-01T00:00:00Z", "2027-03-01T00:00:00Z")],
        ),
    ],
)
def test_what_changed_since_it_was_seen_is_a_conflict(
    asked: Action, found: dict[str, Any], conflicts: list[tuple[Any, ...]]
) -> None:
    planned = plan(asked, found)
    assert planned.verdict == "conflict"
    assert [(each.field, each.seen, each.theirs, each.yours) for each in planned.conflicts] == conflicts


def test_foreign_changes_of_other_fields_are_no_conflict() -> None:
    found = record(details={"notes": "of somebody else"}, salesStage="20")
    assert plan(action("update", {"dealValue": 5}), found).verdict == "send"
    assert plan(action("win", remark="Signed."), found).operations[-1]["value"] == (
        "of somebody else\n[2026-11-24] Signed."
    )


def test_where_the_status_is_there_the_rest_goes_as_an_update() -> None:
    planned = plan(action("accept", {"dealValue": 5}, remark="r"), record())
    assert [each["path"] for each in planned.operations] == [
        "/details/dealValue",
        "/details/currency",
        "/details/notes",
    ]
    won = plan(action("win", {"dealValue": 5}), record(status="Closed", substatus="Won"))
    assert (won.verdict, won.finding and won.finding.code) == ("refused", "closed")


def test_a_closed_referral_takes_no_update() -> None:
    planned = plan(action("update", {"dealValue": 5}), record(status="Closed", substatus="Lost"))
    assert (planned.verdict, planned.finding and planned.finding.code) == ("refused", "closed")


def test_a_win_needs_a_value() -> None:
    nothing = record(details={"dealValue": 0})
    assert plan(action("win", dealValue=0), nothing).finding is not None
    assert plan(action("win", {"dealValue": 5}, dealValue=0), nothing).verdict == "send"


def test_an_absent_member_is_added_and_null_can_be_either() -> None:
    found = record(**NEW)
    del found["details"]["notes"]
    found["details"]["dealValue"] = None
    asked = action("accept", {"dealValue": 5, "notes": "n"}, dealValue=None, notes=None)
    first, second = plan(asked, found), plan(asked, found, as_add=True)
    assert [each["op"] for each in first.operations] == ["replace"] * 4 + ["add"]
    assert [each["op"] for each in second.operations] == ["replace", "replace", "add", "replace", "add"]
    assert first.has_alternative
    assert not plan(action("accept"), record(**NEW)).has_alternative


VALUES = st.sampled_from([None, 0, 1000, Decimal("1000.0"), 7, "7"])
CURRENCIES = st.sampled_from([None, "USD", "EUR"])


@given(VALUES, CURRENCIES, VALUES, CURRENCIES, st.sampled_from([0, 7, 1000]))
def test_a_value_is_sent_only_over_the_one_that_was_seen(
    seen: Any, seen_currency: Any, now: Any, now_currency: Any, wanted: int
) -> None:
    asked = action("update", {"dealValue": wanted}, dealValue=seen, currency=seen_currency)
    found = record(details={"dealValue": now, "currency": now_currency})
    planned = plan(asked, found)

    def number(value: Any) -> Any:
        return None if value is None else Decimal(value)

    same = (number(seen), seen_currency) == (number(now), now_currency)
    there = (number(now), now_currency) == (Decimal(wanted), seen_currency)
    assert planned.verdict == ("done" if there else "send" if same else "conflict")
