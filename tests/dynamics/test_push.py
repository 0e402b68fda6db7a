"""Referrals become leads and opportunities: one each, with their account and contact."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal

import pytest

from local.dynamics import DynamicsSimulator
from shared.core.errors import RecordNotFound, RecordTaken
from shared.dynamics.shown import PlannedField
from tests.dynamics.world import World, referral

Make = Callable[..., DynamicsSimulator]
ONE = referral(1)["id"]


def test_an_accepted_referral_becomes_an_opportunity(world: World) -> None:
    world.put(referral(1))
    ran = world.run()
    assert (ran.run.created, ran.run.failed, ran.pending) == (1, 0, 0)
    (row,) = world.records()
    assert row["name"] == "Backup for 1 seats"
    assert row["estimatedvalue"] == Decimal("12500.5")
    assert row["estimatedclosedate"] == "2027-03-31"
    (account,) = world.records("account")
    (contact,) = world.records("contact")
    assert row["_customerid_value"] == account["accountid"]
    assert account["name"] == "Customer 1 Ltd"
    assert contact["emailaddress1"] == "ada@customer1.com"
    assert contact["_parentcustomerid_value"] == account["accountid"]


def test_a_second_run_writes_nothing_and_asks_little(world: World) -> None:
    world.put(*(referral(number) for number in range(5)))
    world.run()
    world.settle()
    world.crm.forget()
    ran = world.run()
    assert world.crm.store.writes == []
    assert ran.run.requests <= 3 + 2
    assert (ran.run.unchanged, ran.run.created, ran.run.updated) == (5, 0, 0)


def test_unanswered_becomes_a_lead_and_accepted_an_opportunity(make_crm: Make, storage_account: str) -> None:
    world = World(make_crm(with_key=True), storage_account, HUNTER_DYNAMICS_PUSH="all")
    world.put(referral(1, status="New", substatus="Pending"))
    world.settle()
    (lead,) = world.records("lead")
    assert (lead["subject"], lead["companyname"], lead["estimatedamount"]) == (
        "Backup for 1 seats",
        "Customer 1 Ltd",
        Decimal("12500.5"),
    )
    assert world.records() == []
    world.change(ONE, status="Active", substatus="Accepted", details={"dealValue": 99})
    world.settle()
    (lead,) = world.records("lead")
    (row,) = world.records()
    assert lead["statecode"] == 1
    assert row["_originatingleadid_value"] == lead["leadid"]
    assert (row["hnt_referralid"], row["estimatedvalue"]) == (ONE, 99)
    assert world.link(ONE).table == "opportunity"


def test_a_lead_that_somebody_qualified_is_followed(make_crm: Make, storage_account: str) -> None:
    world = World(make_crm(with_key=True), storage_account, HUNTER_DYNAMICS_PUSH="all")
    world.put(referral(1, status="New", substatus="Pending"))
    world.settle()
    made = world.crm.people.qualify(str(world.link(ONE).record_id))
    world.settle()
    assert (world.link(ONE).table, world.link(ONE).record_id) == ("opportunity", made)
    world.change(ONE, status="Active", substatus="Accepted")
    world.settle()
    assert len(world.records()) == 1
    assert len(world.records("lead")) == 1


def test_declined_disqualifies_the_lead(make_crm: Make, storage_account: str) -> None:
    world = World(make_crm(), storage_account, HUNTER_DYNAMICS_PUSH="all")
    world.put(referral(1, status="New", substatus="Pending"))
    world.settle()
    world.change(ONE, status="Closed", substatus="Expired")
    world.settle()
    (lead,) = world.records("lead")
    assert (lead["statecode"], lead["statuscode"]) == (2, 7)
    assert world.link(ONE).state == "linked"


def test_two_candidates_are_a_question_that_a_person_answers(world: World) -> None:
    first = world.crm.people.add("account", name="Customer 1", websiteurl="https://www.customer1.com/")
    world.crm.people.add("account", name="Customer One", websiteurl="customer1.com")
    world.put(referral(1))
    world.settle()
    link = world.link(ONE)
    assert link.error is not None
    assert (link.state, link.error.code) == ("conflict", "account_ambiguous")
    assert {one.name for one in link.error.candidates} == {"Customer 1", "Customer One"}
    assert world.records() == []
    world.desk.act(ONE, {"action": "push", "accountId": first})
    assert world.record(ONE)["_customerid_value"] == first
    assert world.link(ONE).state in {"linked", "pending"}


def test_one_match_is_taken(world: World) -> None:
    by_site = world.crm.people.add("account", name="Whatever", websiteurl="http://customer1.com")
    by_name = world.crm.people.add("account", name="CUSTOMER 2 LTD", address1_postalcode="50002")
    mail = world.crm.people.add("contact", lastname="Somebody", emailaddress1="ADA@customer1.com")
    world.put(referral(1), referral(2))
    world.run()
    assert world.record(ONE)["_customerid_value"] == by_site
    assert world.record(ONE)["_parentcontactid_value"] == mail
    assert world.record(referral(2)["id"])["_customerid_value"] == by_name
    assert len(world.records("account")) == 2


def test_a_currency_that_is_not_active_writes_no_money(world: World) -> None:
    world.put(referral(1, details={"currency": "TRY", "dealValue": 12000}), referral(2, details={"currency": "CHF"}))
    world.settle()
    row = world.record(ONE)
    assert row.get("estimatedvalue") is None
    assert row["description"].startswith("Deal value: 12,000.00 TRY")
    link = world.link(ONE)
    assert (link.state, link.error and link.error.code) == ("linked", "currency_not_active")
    assert world.link(referral(2)["id"]).state == "linked"


def test_a_bad_record_stops_no_other(world: World) -> None:
    world.crm.switches.plugin_text = "A deal needs a <b>cost centre</b>. " + "x" * 300
    world.put(referral(1, name="CUSTOM_RULE"), referral(2))
    ran = world.run()
    assert (ran.run.created, ran.run.failed) == (1, 1)
    error = world.link(ONE).error
    assert error is not None
    assert error.code == "refused_by_rule"
    assert "A deal needs a <b>cost centre</b>." in error.message
    assert error.message.endswith("…")
    assert world.link(ONE).next_at
    world.change(ONE, name="As it should be")
    world.settle()
    assert world.link(ONE).state == "linked"


def test_names_of_300_letters_and_long_notes_cause_no_further_write(world: World) -> None:
    world.put(
        referral(
            1, name="n" * 320, details={"notes": "ü" * 5000, "dealValue": 10.129}, customerProfile={"name": "c" * 300}
        )
    )
    world.settle()
    world.crm.forget()
    world.settle()
    assert world.crm.store.writes == []
    assert world.record(ONE)["name"] == "n" * 299 + "…"
    assert len(world.record(ONE)["description"]) == 2000


def test_unlink_ignore_and_link(world: World) -> None:
    world.put(referral(1))
    world.settle()
    made = world.link(ONE).record_id
    world.desk.act(ONE, {"action": "unlink"})
    world.crm.forget()
    world.settle()
    assert world.crm.store.writes == []
    world.desk.act(ONE, {"action": "push"})
    assert world.link(ONE).record_id == made
    assert len(world.records()) == 1
    other = world.crm.people.add("opportunity", name="Typed in by hand")
    world.desk.act(ONE, {"action": "link", "recordId": other})
    assert world.link(ONE).record_id == other
    world.settle()
    assert world.record(ONE)["name"] == "Backup for 1 seats"
    with pytest.raises(RecordNotFound):
        world.desk.act(ONE, {"action": "link", "recordId": str(uuid.uuid4())})
    world.put(referral(2))
    world.settle()
    with pytest.raises(RecordTaken):
        world.desk.act(referral(2)["id"], {"action": "link", "recordId": other})
    world.desk.act(ONE, {"action": "ignore"})
    world.crm.forget()
    world.change(ONE, name="Changed while ignored")
    world.settle()
    assert world.crm.store.writes == []


def test_the_plan_is_what_the_run_does(world: World) -> None:
    world.put(referral(1), referral(2))
    plan = world.run(dry=True).plan
    assert world.crm.store.writes == []
    assert {(line.referral_id, line.operation, line.table) for line in plan} == {
        (ONE, "create", "opportunity"),
        (referral(2)["id"], "create", "opportunity"),
    }
    value = next(each for each in plan[0].fields if each.field == "dealValue")
    assert value == PlannedField("dealValue", None, Decimal("12500.5"), Decimal("12500.5"))
    assert world.run().run.created == 2
    world.settle()
    world.change(ONE, name="Another name")
    (line,) = world.run(dry=True).plan
    assert line.operation == "update"
    assert line.fields == (PlannedField("name", "Backup for 1 seats", "Another name", "Another name"),)
    assert world.run().run.updated == 1


def test_a_thousand_need_few_requests(make_crm: Make, storage_account: str) -> None:
    world = World(make_crm(with_key=True), storage_account)
    world.put(*(referral(number) for number in range(60)))
    ran = world.run()
    written = len(world.crm.store.writes)
    assert ran.run.created == 60
    assert written == 180
    assert ran.run.requests <= 1.3 * written


def test_a_record_that_was_let_go_may_be_linked_to_another(world: World) -> None:
    two = referral(2)["id"]
    world.put(referral(1), referral(2))
    world.settle()
    record = str(world.link(ONE).record_id)
    wish = {"action": "link", "recordId": record}
    with pytest.raises(RecordTaken):
        world.desk.act(two, wish)
    world.desk.act(ONE, {"action": "unlink"})
    if record == ONE:  # without the key the id is the referral's own for good
        with pytest.raises(RecordTaken):
            world.desk.act(two, wish)
        return
    world.desk.act(two, wish)
    world.settle()
    assert world.link(two).record_id == record
    world.desk.act(ONE, {"action": "push"})
    world.settle()
    assert world.link(ONE).record_id != record
    assert world.link(two).record_id == record
    kept = {row["opportunityid"]: row.get("hnt_referralid") for row in world.records()}
    assert (kept[record], kept[world.link(ONE).record_id]) == (two, ONE)


def test_the_plan_says_that_a_lead_becomes_an_opportunity(world: World) -> None:
    world.put(referral(1, status="New", substatus="Pending"))
    world.desk.act(ONE, {"action": "push"})
    world.change(ONE, status="Active", substatus="Accepted")
    (line,) = world.run(dry=True).plan
    assert (line.operation, line.table, line.fields) == ("update", "opportunity", ())
    assert (line.reason, line.phrase) == ("The lead becomes an opportunity.", "becomes")
    assert world.run().run.updated == 1
    assert world.link(ONE).table == "opportunity"
