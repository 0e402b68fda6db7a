"""A currency that the CRM has not, not any more, or again: no money is written, the amount stands in the description."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from local.dynamics import DynamicsSimulator
from local.dynamics.store import currency_id
from shared.dynamics import mapping
from tests.dynamics.world import World, referral

Make = Callable[..., DynamicsSimulator]
ONE = referral(1)["id"]


@pytest.fixture
def crm(make_crm: Make) -> DynamicsSimulator:
    """An environment with the key."""
    return make_crm(with_key=True)


@pytest.fixture
def made(world: World) -> World:
    """A world whose one referral has its record, in EUR."""
    world.put(referral(1))
    world.settle()
    assert world.record(ONE)["estimatedvalue"] == Decimal("12500.5")
    return world


def switch(world: World, code: str, *, active: bool, noticed: bool = True) -> None:
    """Somebody activates or deactivates a currency; noticed once what is known of the environment has aged."""
    world.crm.store.rows["transactioncurrency"][currency_id(code)]["statecode"] = 0 if active else 1
    if noticed:
        world.clock.advance(3601)


def error_of(world: World) -> str | None:
    link = world.link(ONE)
    assert link.state == "linked"
    return link.error.code if link.error else None


def quiet(world: World) -> bool:
    """Whether two more runs write nothing."""
    world.crm.forget()
    world.run()
    world.clock.advance(3601)
    world.run()
    return world.crm.store.writes == []


@pytest.mark.parametrize(
    ("currency", "noticed"), [("EUR", True), ("TRY", True), ("TRY", False), ("CHF", True), ("CHF", False)]
)
def test_one_that_is_gone_after_the_record_was_made(made: World, currency: str, noticed: bool) -> None:
    made.crm.people.change("opportunity", made.link(ONE).record_id or "", description="A seller's own words.")
    made.run()
    switch(made, "EUR", active=False, noticed=noticed)
    made.change(ONE, details={"dealValue": 20000, "currency": currency})
    made.settle()
    row = made.record(ONE)
    assert row["description"] == f"Deal value: 20,000.00 {currency}\nA seller's own words."
    assert (row["estimatedvalue"], row["_transactioncurrencyid_value"]) == (Decimal("12500.5"), currency_id("EUR"))
    assert error_of(made) == "currency_not_active"
    assert quiet(made)


def test_what_the_record_has_already_is_no_trouble(made: World) -> None:
    switch(made, "EUR", active=False)
    made.crm.forget()
    made.change(ONE, name="Another name")
    made.settle()
    assert made.record(ONE)["name"] == "Another name"
    assert made.record(ONE)["description"] == "They asked for a quote."
    assert error_of(made) is None


def test_the_line_follows_the_amount_and_goes_when_the_currency_comes_back(made: World) -> None:
    switch(made, "EUR", active=False)
    for value, shown in ((20000, "20,000.00"), (30000, "30,000.00")):
        made.change(ONE, details={"dealValue": value})
        made.settle()
        assert made.record(ONE)["description"] == f"Deal value: {shown} EUR\nThey asked for a quote."
    switch(made, "EUR", active=True)
    made.settle()
    assert made.record(ONE)["estimatedvalue"] == Decimal(30000)
    assert made.record(ONE)["description"] == "They asked for a quote."
    assert error_of(made) is None
    assert quiet(made)


def test_a_line_that_a_seller_took_off_is_not_put_back(made: World) -> None:
    switch(made, "EUR", active=False)
    made.change(ONE, details={"dealValue": 20000})
    made.settle()
    made.crm.people.change("opportunity", made.link(ONE).record_id or "", description="Mine.")
    made.settle()
    assert made.record(ONE)["description"] == "Mine."
    assert error_of(made) == "currency_not_active"


def test_no_words_of_a_seller_are_cut_for_it(made: World) -> None:
    switch(made, "EUR", active=False)
    words = "w" * 1990
    made.crm.people.change("opportunity", made.link(ONE).record_id or "", description=words)
    made.change(ONE, details={"dealValue": 20000})
    made.settle()
    assert made.record(ONE)["description"] == words
    error = made.link(ONE).error
    assert error is not None
    assert "description" not in error.message


def test_a_value_that_a_seller_enters_still_comes_back(made: World) -> None:
    switch(made, "EUR", active=False)
    made.crm.people.change("opportunity", made.link(ONE).record_id or "", estimatedvalue=777)
    made.settle()
    assert made.payloads[ONE]["details"]["dealValue"] == 777
    assert error_of(made) is None
    assert quiet(made)


@pytest.mark.parametrize("status", ["active", "won"])
def test_one_that_never_was_there(world: World, status: str) -> None:
    world.put(referral(1, details={"currency": "TRY", "dealValue": 12000}))
    world.settle()
    if status == "won":
        world.change(ONE, status="Closed", substatus="Won")
        world.settle()
    row = world.record(ONE)
    assert (row.get("estimatedvalue"), row.get("actualvalue")) == (None, None)
    assert row["description"] == "Deal value: 12,000.00 TRY\nThey asked for a quote."
    assert row["statecode"] == (1 if status == "won" else 0)
    assert error_of(world) == "currency_not_active"
    assert quiet(world)


def test_activating_it_is_noticed_without_a_retry(world: World) -> None:
    world.put(referral(1, details={"currency": "TRY", "dealValue": 12000}))
    world.settle()
    switch(world, "TRY", active=True)
    world.settle()
    row = world.record(ONE)
    assert (row["estimatedvalue"], row["_transactioncurrencyid_value"]) == (Decimal(12000), currency_id("TRY"))
    assert row["description"] == "They asked for a quote."
    assert error_of(world) is None


def test_one_that_goes_while_it_is_believed_to_be_there(world: World) -> None:
    world.put(referral(2))
    world.run()
    switch(world, "EUR", active=False, noticed=False)
    world.put(referral(1))
    assert world.run().run.failed == 0
    assert world.record(ONE).get("estimatedvalue") is None
    assert world.record(ONE)["description"].startswith("Deal value: 12,500.50 EUR\n")
    world.settle()
    assert error_of(world) == "currency_not_active"


@pytest.mark.parametrize("mode", ["both", "empty", "off"])
def test_with_other_modes_of_the_notes(world: World, mode: str) -> None:
    fields: list[dict[str, Any]] = json.loads(mapping.dump(mapping.BUILT_IN))["fields"]
    for line in fields:
        if line["field"] == "notes":
            line["mode"] = mode
    world.dynamics.state.put_mapping(json.dumps({"version": 2, "fields": fields}).encode(), 2)
    world.put(referral(1))
    world.settle()
    switch(world, "EUR", active=False)
    world.change(ONE, details={"dealValue": 20000})
    world.settle()
    said = {"off": None}.get(mode, "Deal value: 20,000.00 EUR\nThey asked for a quote.")
    assert world.record(ONE).get("description") == said
    error = world.link(ONE).error
    assert error is not None
    assert ("description" in error.message) == (mode != "off")
    switch(world, "EUR", active=True)
    world.settle()
    assert world.record(ONE).get("description") == (None if mode == "off" else "They asked for a quote.")
    assert world.record(ONE)["estimatedvalue"] == Decimal(20000)


def test_a_lead_that_becomes_an_opportunity_keeps_the_line_once(world: World) -> None:
    changed = {"status": "New", "substatus": "Pending", "details": {"currency": "TRY", "dealValue": 12000}}
    world.put(referral(1, **changed))
    world.desk.act(ONE, {"action": "push"})
    world.change(ONE, status="Active", substatus="Accepted")
    world.settle()
    assert world.link(ONE).table == "opportunity"
    assert world.record(ONE)["description"] == "Deal value: 12,000.00 TRY\nThey asked for a quote."
    assert error_of(world) == "currency_not_active"
    assert quiet(world)
