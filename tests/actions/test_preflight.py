"""The table of what may be done when, and what is wrong with a wish by itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from shared.actions.preflight import PHRASES, Standing, Wish, check, obstacle, read_wish
from shared.core.errors import InvalidParameter
from shared.model.action import KINDS, ActionKind
from shared.model.category import is_answerable

OPEN = Standing("New", "Pending", answerable=True, deal_value=Decimal(5))
ACTIVE = Standing("Active", "Accepted", answerable=True, deal_value=Decimal(5))
CLOSED = Standing("Closed", "Won", answerable=True, deal_value=Decimal(5))
LEAD = Standing("New", "Received", answerable=False, deal_value=Decimal(5))
WORTHLESS = Standing("Active", "Accepted", answerable=True, deal_value=None)


@pytest.mark.parametrize(
    ("standing", "allowed"),
    [
        (OPEN, {"accept", "decline", "update"}),
        (ACTIVE, {"win", "lose", "update"}),
        (CLOSED, set()),
        (LEAD, {"update"}),
        (WORTHLESS, {"lose", "update"}),
        (Standing(None, None, answerable=True, deal_value=None), set()),
    ],
)
def test_the_table(standing: Standing, allowed: set[ActionKind]) -> None:
    assert {kind for kind in KINDS if obstacle(kind, standing) is None} == allowed


@pytest.mark.parametrize("text", ["Get it now", "getItNow", "FREE-TRIAL", " Test drive. ", "TestDrive"])
def test_leads_for_information(text: str) -> None:
    assert not is_answerable(text)


@pytest.mark.parametrize("text", [None, "", "Contact me", "ContactMe", "Test", 7])
def test_everything_else_asks_for_an_answer(text: object) -> None:
    assert is_answerable(text)


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (("decline", None, None, None), "reason:required"),
        (("lose", None, "", None), "reason:required"),
        (("lose", None, "bored", None), "reason:invalid"),
        (("accept", None, "budget", None), "reason:invalid"),
        (("decline", {"dealValue": 1}, "budget", None), "changes:not_allowed"),
        (("update", {}, None, None), "changes:required"),
        (("update", {"dealValue": -1}, None, None), "dealValue:negative"),
        (("update", {"dealValue": "5"}, None, None), "dealValue:invalid"),
        (("update", {"dealValue": None}, None, None), "dealValue:invalid"),
        (("update", {"dealValue": True}, None, None), "dealValue:invalid"),
        (("update", {"dealValue": 1e300}, None, None), "dealValue:invalid"),
        (("update", {"currency": "XYZ"}, None, None), "currency:invalid"),
        (("update", {"closingDateTime": "31.12.2027"}, None, None), "closingDateTime:invalid"),
        (("update", {"closingDateTime": "2027-02-30"}, None, None), "closingDateTime:invalid"),
        (("update", {"notes": "n" * 5001}, None, None), "notes:too_long"),
        (("update", {"campaignId": "c" * 256}, None, None), "campaignId:too_long"),
        (("update", {"salesStage": 40}, None, None), "salesStage:invalid"),
        (("update", {"addTeam": []}, None, None), "addTeam:invalid"),
        (("update", {"addTeam": [{"firstName": "A"}]}, None, None), "addTeam:invalid"),
        (("update", {"addTeam": [{"email": "a@b.example", "role": "x"}]}, None, None), "addTeam:invalid"),
        (("update", {"removeTeam": ["nobody"]}, None, None), "removeTeam:invalid"),
        (("update", None, None, "r" * 5000), "remark:too_long"),
    ],
)
def test_what_is_wrong_is_said_by_field(wish: tuple[Any, ...], code: str) -> None:
    assert f"{code}" in [f"{each.field}:{each.code}" for each in read_wish(*wish)[1]]


@pytest.mark.parametrize(
    "wish",
    [
        ("eat", None, None, None),
        (None, None, None, None),
        ("update", {"name": "x"}, None, None),
        ("update", ["dealValue"], None, None),
        ("decline", None, 7, None),
        ("update", None, None, {}),
    ],
)
def test_what_has_no_form_is_no_parameter(wish: tuple[Any, ...]) -> None:
    with pytest.raises(InvalidParameter):
        read_wish(*wish)


def test_values_are_normalised() -> None:
    wish, findings = read_wish(
        "update",
        {"dealValue": 5.10, "currency": " try ", "closingDateTime": "2027-03-31", "notes": "a\r\nb\x07 "},
        None,
        " seen\x00 ",
    )
    assert findings == []
    assert wish == Wish(
        "update",
        {
            "dealValue": Decimal("5.1"),
            "currency": "TRY",
            "closingDateTime": "2027-03-31T00:00:00.0000000Z",
            "notes": "a\nb",
        },
        None,
        "seen",
    )


def test_notes_and_remark_have_to_fit_together() -> None:
    wish = Wish("accept", {}, None, "r" * 100)
    assert check(wish, OPEN, "n" * 4_800) == []
    assert [each.code for each in check(wish, OPEN, "n" * 4_890)] == ["too_long"]
    assert check(Wish("win", {"dealValue": Decimal(1)}, None, None), WORTHLESS, None) == []
    assert [each.code for each in check(Wish("win", {"dealValue": Decimal(0)}, None, None), ACTIVE, None)] == [
        "value_required"
    ]


def test_every_reason_has_a_phrase() -> None:
    assert len(PHRASES) == 8
    assert all(phrase and len(phrase) <= 255 for phrase in PHRASES.values())
