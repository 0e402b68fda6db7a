"""What an action explains of a change, and what it doesn't."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from shared.model.action import Action, ActionKind, ActionState, Who
from shared.model.occasion import Kind, Occasion
from shared.notify.echo import Echo
from tests.notify.samples import at

VALUE = {
    "valueBefore": "1",
    "currencyBefore": "EUR",
    "closingBefore": "",
    "value": "2",
    "currency": "EUR",
    "closing": "",
}
BOTH = {**VALUE, "closing": at(27, 0)}


def action(kind: ActionKind, state: ActionState = "applied", **fields: Any) -> Action:
    usual: dict[str, Any] = {
        "id": "a",
        "referral_id": "r",
        "who": Who("x", "X"),
        "created_at": at(1),
        "not_before": at(1),
    }
    return Action(action=kind, state=state, intent="i", **{**usual, **fields})


@pytest.mark.parametrize(
    ("done", "kind", "facts", "verdict"),
    [
        (action("accept"), "answered", {"answer": "accepted"}, "own"),
        (action("accept"), "answered", {"answer": "declined"}, ""),
        (action("decline"), "answered", {"answer": "declined"}, "own"),
        (action("win"), "closed", {"substatus": "Won"}, "own"),
        (action("win"), "closed", {"substatus": "Lost"}, ""),
        (action("win", "unconfirmed"), "closed", {"substatus": "Won"}, "wait"),
        (action("win", "sending"), "closed", {"substatus": "Won"}, "wait"),
        (action("win", "failed"), "closed", {"substatus": "Won"}, ""),
        (action("win", already_done=True), "closed", {"substatus": "Won"}, ""),
        (action("win", referral_id="other"), "closed", {"substatus": "Won"}, ""),
        (action("update", changes={"dealValue": Decimal("2.00")}), "changed", VALUE, "own"),
        (action("update", changes={"dealValue": 3}), "changed", VALUE, ""),
        (action("update", changes={"dealValue": 2}), "changed", BOTH, ""),
        (action("update", changes={"dealValue": 2, "closingDateTime": "2026-11-27"}), "changed", BOTH, "own"),
        (action("update", changes={"notes": "x"}), "changed", VALUE, ""),
        (action("accept"), "new", {}, ""),
        (action("accept"), "due", {"deadline": at(27)}, ""),
    ],
)
def test_what_an_action_explains(done: Action, kind: Kind, facts: dict[str, str], verdict: str) -> None:
    assert Echo([done]).verdict(Occasion(kind, "r", "v", facts=facts)) == verdict
