"""What changes in the CRM becomes an action in Partner Center, and nothing comes back."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.dynamics.world import World, referral

ONE = referral(1)["id"]


@pytest.fixture
def linked(world: World) -> World:
    """One accepted referral with its opportunity, both sides quiet."""
    world.put(referral(1))
    world.settle()
    world.crm.forget()
    world.pc.actions.clear()
    world.pc.writes = 0
    return world


def _id(world: World) -> str:
    return str(world.link(ONE).record_id)


def test_the_opportunitys_id_goes_to_partner_center_once(world: World) -> None:
    world.put(referral(1))
    world.settle()
    assert world.payloads[ONE]["externalReferenceId"] == _id(world)
    assert [one["ask"].changes for one in world.pc.actions.values()] == [{"externalReferenceId": _id(world)}]
    assert world.settle() <= 2
    assert len(world.pc.actions) == 1


def test_a_foreign_id_stays_and_is_told(world: World) -> None:
    world.put(referral(1, externalReferenceId="CRM-77"))
    world.settle()
    assert world.payloads[ONE]["externalReferenceId"] == "CRM-77"
    link = world.link(ONE)
    assert link.state == "linked"
    assert link.error is not None
    assert link.error.code == "external_reference_foreign"


def test_value_date_and_stage_are_carried_once(linked: World) -> None:
    linked.crm.people.change(
        "opportunity", _id(linked), estimatedvalue=20000, estimatedclosedate="2027-06-30", salesstage=1
    )
    ran = linked.run()
    assert (ran.run.pulled, ran.run.updated) == (1, 0)
    assert linked.link(ONE).state == "pending"
    linked.pc.send_due()
    linked.settle()
    details = linked.payloads[ONE]["details"]
    assert (details["dealValue"], details["closingDateTime"]) == (20000, "2027-06-30T00:00:00Z")
    assert linked.payloads[ONE]["salesStage"] == "Develop"
    assert len(linked.pc.actions) == 1
    assert linked.crm.store.writes == []
    assert linked.link(ONE).state == "linked"


def test_a_change_in_partner_center_is_carried_once(linked: World) -> None:
    linked.change(ONE, details={"dealValue": 300.25}, salesStage="40")
    linked.run("changed")
    assert linked.record(ONE)["estimatedvalue"] == Decimal("300.25")
    assert linked.record(ONE)["salesstage"] == 1
    linked.crm.forget()
    linked.settle()
    assert linked.crm.store.writes == []
    assert linked.pc.actions == {}


def test_where_both_changed_the_owner_decides(linked: World) -> None:
    linked.crm.people.change("opportunity", _id(linked), estimatedvalue=111, name="As the seller calls it")
    linked.change(ONE, details={"dealValue": 222}, name="As Partner Center calls it")
    linked.settle()
    assert linked.payloads[ONE]["details"]["dealValue"] == 111
    assert linked.record(ONE)["estimatedvalue"] == 111
    assert linked.record(ONE)["name"] == "As Partner Center calls it"


def test_what_partner_center_owns_is_put_back(linked: World) -> None:
    linked.crm.people.change("opportunity", _id(linked), name="Renamed")
    linked.settle()
    assert linked.record(ONE)["name"] == "Backup for 1 seats"
    assert linked.pc.actions == {}


def test_won_waits_and_can_be_cancelled(linked: World) -> None:
    linked.crm.people.win(_id(linked))
    linked.run()
    ((action_id, action),) = linked.pc.actions.items()
    assert action["ask"].action == "win"
    assert action["due"] - linked.clock.now() == timedelta(minutes=15)
    linked.pc.cancel(action_id)
    linked.run()
    link = linked.link(ONE)
    assert (link.state, link.error and link.error.code) == ("conflict", "action_cancelled")
    linked.settle()
    assert len(linked.pc.actions) == 1
    assert linked.payloads[ONE]["status"] == "Active"


def test_won_is_carried(linked: World) -> None:
    linked.crm.people.win(_id(linked))
    linked.settle()
    assert linked.payloads[ONE]["substatus"] == "Won"
    assert linked.link(ONE).state == "linked"
    assert len(linked.records("opportunityclose")) == 1


def test_a_waiting_win_ends_when_the_opportunity_is_open_again(linked: World) -> None:
    linked.crm.people.win(_id(linked))
    linked.run()
    linked.crm.people.reopen("opportunity", _id(linked))
    linked.run()
    linked.clock.advance(3600)
    assert linked.pc.send_due() == 0
    assert [one["state"] for one in linked.pc.actions.values()] == ["cancelled"]
    linked.settle()
    assert linked.link(ONE).state == "linked"
    assert linked.payloads[ONE]["status"] == "Active"


@pytest.mark.parametrize(("status", "reason"), [(4, "noResponse"), (5, "otherVendor")])
def test_lost_has_a_reason(linked: World, status: int, reason: str) -> None:
    linked.crm.people.lose(_id(linked), status)
    linked.settle()
    (action,) = linked.pc.actions.values()
    assert (action["ask"].action, action["ask"].reason) == ("lose", reason)
    assert linked.payloads[ONE]["substatus"] == "Lost"


def test_won_without_a_value_is_held(linked: World) -> None:
    linked.crm.people.change("opportunity", _id(linked), estimatedvalue=0)
    linked.crm.people.win(_id(linked))
    linked.settle()
    assert linked.pc.actions == {}
    error = linked.link(ONE).error
    assert error is not None
    assert error.code == "won_without_value"


def test_won_in_partner_center_closes_the_opportunity_once(linked: World) -> None:
    linked.change(ONE, status="Closed", substatus="Won")
    linked.settle()
    assert linked.record(ONE)["statecode"] == 1
    assert len(linked.records("opportunityclose")) == 1
    assert linked.pc.actions == {}


def test_reopened_after_partner_center_closed_is_a_conflict(linked: World) -> None:
    linked.change(ONE, status="Closed", substatus="Lost", statusReason="Customer chose another vendor")
    linked.settle()
    assert linked.record(ONE)["statuscode"] == 5
    linked.crm.people.reopen("opportunity", _id(linked))
    linked.settle()
    error = linked.link(ONE).error
    assert error is not None
    assert error.code == "reopened"
    assert linked.record(ONE)["statecode"] == 0
    assert len(linked.records("opportunityclose")) == 1


def test_deleted_is_a_conflict_and_made_anew_only_by_a_person(linked: World) -> None:
    first = _id(linked)
    linked.crm.people.delete("opportunity", first)
    linked.settle()
    assert linked.records() == []
    error = linked.link(ONE).error
    assert error is not None
    assert (linked.link(ONE).state, error.code) == ("conflict", "record_deleted")
    linked.desk.act(ONE, {"action": "push"})
    assert len(linked.records()) == 1
    linked.settle()
    assert linked.link(ONE).state == "linked"


def test_without_writing_the_pull_says_what_it_would_do(linked: World) -> None:
    linked.pc.writing = False
    linked.crm.people.change("opportunity", _id(linked), estimatedvalue=5)
    plan = linked.run(dry=True).plan
    assert [(line.operation, line.fields[0].becomes) for line in plan] == [("pull", 5)]
    linked.run()
    link = linked.link(ONE)
    assert (link.state, link.error and link.error.code) == ("pending", "writing_disabled")
    linked.pc.writing = True
    linked.settle()
    assert linked.payloads[ONE]["details"]["dealValue"] == 5


def test_refused_asks_no_second_time_for_the_same_state(linked: World) -> None:
    linked.pc.refuse.add("update")
    linked.crm.people.change("opportunity", _id(linked), estimatedvalue=5)
    linked.settle()
    link = linked.link(ONE)
    assert link.error is not None
    assert (link.state, link.error.code, link.error.phrase) == ("conflict", "action_refused", None)
    linked.pc.refuse.clear()
    linked.settle()
    assert linked.pc.actions == {}
    linked.desk.act(ONE, {"action": "retry"})
    linked.settle()
    assert linked.payloads[ONE]["details"]["dealValue"] == 5


def test_a_field_that_flips_stops_its_record(linked: World) -> None:
    for _ in range(6):
        linked.crm.people.change("opportunity", _id(linked), name="The flow's name")
        linked.run()
        linked.clock.advance(60)
    link = linked.link(ONE)
    assert (link.state, link.error and link.error.code) == ("conflict", "flipping")
    assert len(linked.crm.store.writes) == 3
    linked.desk.act(ONE, {"action": "retry"})
    assert linked.link(ONE).state == "linked"


def test_a_customers_rule_that_rewrites_is_no_difference_for_ever(world: World) -> None:
    def rewrite(table: str, row_id: str) -> None:
        row = world.crm.store.rows[table][row_id]
        if table == "opportunity" and not str(row["name"]).startswith("# "):
            world.crm.store.put(table, row_id, {"name": f"# {row['name']}"})

    world.crm.store.after_write = rewrite
    world.put(referral(1))
    world.settle()
    world.crm.forget()
    world.settle()
    assert world.crm.store.writes == []
    assert world.record(ONE)["name"] == "# Backup for 1 seats"
