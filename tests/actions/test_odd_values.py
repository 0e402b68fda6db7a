"""Acting on referrals whose values are odd: what people saw, as our JSON has it, is what is compared."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import pytest

from local.simulator.store import encode
from shared.actions.fields import FIELDS
from tests.actions.world import App, applied
from tests.sync.harness import World

ACTIVE: Final = {"status": "Active", "substatus": "Accepted"}
ODD: Final[dict[str, dict[str, Any]]] = {
    "half a pair in the name": {"name": "cut \ud83d"},
    "half a pair in the notes": {"details": {"notes": "cut \ud83d"}},
    "a control character in the notes": {"details": {"notes": "a\x01b"}},
    "lines of Windows": {"details": {"notes": "a\r\nb \n"}},
    "a number of many digits": {"score": msgspec.Raw(b"7" * 4_000)},
    "no number": {"score": msgspec.Raw(b"NaN")},
    "nested deeply": {"more": msgspec.Raw(b"[" * 150 + b"]" * 150)},
    "a value that is no number": {"details": {"dealValue": "much", "currency": "EUR"}},
    "a value that is not one": {"details": {"dealValue": msgspec.Raw(b"NaN"), "currency": "EUR"}},
    "a value as text": {"details": {"dealValue": " 5000.50 ", "currency": "eur"}},
    "a value without a currency": {"details": {"dealValue": 5, "currency": None}},
    "a currency that is a number": {"details": {"dealValue": 5, "currency": 949}},
    "a date that means none": {"details": {"closingDateTime": "0001-01-01T00:00:00Z"}},
    "a date that is none": {"details": {"closingDateTime": "soon"}},
    "a date of seven digits": {"details": {"closingDateTime": "2027-01-31T10:00:00.1234567Z"}},
    "a stage that is a number": {"salesStage": 40},
    "empty texts": {"salesStage": "", "campaignId": " ", "externalReferenceId": ""},
}
WISHES: Final[dict[str, dict[str, Any]]] = {
    "value": {"dealValue": 750, "currency": "USD"},
    "date": {"closingDateTime": "2027-06-30"},
    "notes": {"notes": "Called."},
    "texts": {"salesStage": "60", "campaignId": "c-1", "externalReferenceId": "x-1"},
}


def _referral(world: World, fields: dict[str, Any]) -> str:
    """A referral that Partner Center has with these fields as they are, and that our copy has."""
    identity = world.sim.data.create(**ACTIVE)
    payload = world.sim.data.get(identity)
    assert payload
    world.sim.data.remove(identity)
    fields = {**fields, "details": {**payload["details"], **fields.get("details", {})}}
    body = encode({**payload, **fields})
    world.sim.data.load([(body, payload["createdDateTime"], payload["updatedDateTime"])])
    world.run(mode="full").succeeded  # noqa: B018 - it must have
    return identity


@pytest.mark.parametrize("kind", ODD)
def test_what_was_seen_can_be_changed(world: World, app: App, kind: str) -> None:
    identity = _referral(world, ODD[kind])

    for changes in WISHES.values():
        shown = app.call("GET", f"/referrals/{identity}").body
        seen = {name: shown[name] for name in (*FIELDS, "status", "substatus")}
        would = app.act(identity, "update", changes=changes, seen=seen, dryRun=True)
        answer = app.act(identity, "update", changes=changes, seen=seen)

        assert (would.status, would.action["conflicts"]) == (200, []), would.body
        assert (answer.status, answer.action["state"]) == (200, "applied"), answer.body
        assert would.action["request"] == answer.action["request"]
    remark = app.act(identity, "lose", reason="budget", remark="Bye.")
    assert app.call("POST", f"/actions/{remark.action['id']}/send").action["state"] == "applied"

    now = app.call("GET", f"/referrals/{identity}").body
    assert (now["dealValue"], now["currency"], now["closingDateTime"]) == (750, "USD", "2027-06-30T00:00:00Z")
    assert (now["salesStage"], now["substatus"]) == ("60", "Lost")
    assert now["notes"].splitlines() == ["Called.", "[2026-11-24] Bye."]
    assert len(applied(world, identity)) == 5


@pytest.mark.parametrize("kind", ODD)
def test_a_remark_keeps_the_notes_that_are_there(world: World, app: App, kind: str) -> None:
    identity = _referral(world, ODD[kind])
    before = app.call("GET", f"/referrals/{identity}").body["notes"] or ""

    answer = app.act(identity, "update", remark="Hello.")

    assert answer.status == 200, answer.body
    after = app.call("GET", f"/referrals/{identity}").body["notes"]
    assert after.split() == [*before.split(), "[2026-11-24]", "Hello."]
