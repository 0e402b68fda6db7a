"""From what happened to what is told: once, to whom it concerns, only while it is true."""

from __future__ import annotations

import itertools
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.core.errors import InvalidView
from shared.model.action import Action, Who
from shared.model.desk import Owner
from shared.model.occasion import Occasion
from shared.model.person import Person
from shared.model.view import View
from shared.notify.rules import Failure, Limits
from shared.storage.tables import outbox, owners, views
from shared.storage.tables.data_version import bump_desk_version
from tests.notify.samples import NOW, at, referral
from tests.notify.world import DENIZ, World, later

WON = {"status": "Closed", "substatus": "Won"}
ACTIVE = {"status": "Active", "substatus": "Accepted"}
FAR = {"expiration_date_time": at(60)}


@pytest.fixture
def world(storage_account: str) -> World:
    return World(storage_account)


def test_what_comes_after_the_first_sync_is_told_once(world: World) -> None:
    mine = world.subscribe(events=["new"])
    world.first_sync(referral(1, **FAR))
    world.tick()
    assert world.subjects == []
    world.sync(referral(1, **FAR), referral(2, **FAR))
    world.tick()
    assert world.subjects == ["New lead: Örnek Müşteri A.Ş."]
    world.sync(referral(2, **FAR))
    world.ticks(2)
    assert len(world.subjects) == 1
    assert [delivery.referral_id[-1] for delivery in world.told(mine)] == ["2"]


def test_deadlines_are_told_step_by_step_also_of_what_the_first_sync_brought(world: World) -> None:
    world.subscribe(events=["due", "expired"], dueDays=[7, 3, 1, 0])
    world.first_sync(referral(1, expiration_date_time=later(days=8, hours=1)))
    world.ticks(24 * 10, every=30)
    assert [post.letter.lines[0].what for post in world.courier.posts] == [
        "Due in 8 days",
        "Due in 4 days",
        "Due in 2 days",
        "Due tomorrow",
        "Expired unanswered",
    ]
    passed = [(post.at - NOW) for post in world.courier.posts]
    deadline = timedelta(days=8, hours=1)
    for told, days in zip(passed, (8, 4, 2, 1, 0), strict=True):
        assert deadline - timedelta(days=days) < told <= deadline - timedelta(days=days) + timedelta(minutes=61)


def test_a_moved_deadline_is_a_new_occasion_and_steps_passed_over_are_not_made_up_for(world: World) -> None:
    world.subscribe(events=["due"], dueDays=[7, 3, 1])
    world.first_sync(referral(1, expiration_date_time=later(days=2)))
    world.tick()
    assert [post.letter.lines[0].what for post in world.courier.posts] == ["Due in 2 days"]
    world.sync(referral(1, expiration_date_time=later(days=7), updated_date_time=at(26, 10)))
    world.ticks(1)
    assert len(world.courier.posts) == 2


def test_what_was_answered_meanwhile_is_not_told(world: World) -> None:
    daily = world.subscribe(events=["new", "due"], when="daily", at="08:30")
    world.first_sync()
    world.sync(referral(1, **FAR), referral(2, **FAR), referral(3, expiration_date_time=later(days=2)))
    world.tick()
    assert world.waiting(daily) == 4 - 1 + 1  # three are new, one of them is due as well
    world.sync(referral(1, **ACTIVE, **FAR, updated_date_time=at(26, 11)))
    world.sync(referral(3, **ACTIVE, updated_date_time=at(26, 11)))
    world.ticks(24)
    [post] = world.courier.posts
    assert post.subject == "New lead: Örnek Müşteri A.Ş."
    assert post.letter.lines[0].url.endswith("2")
    assert post.at.hour == 5
    assert world.waiting(daily) == 0


def test_an_empty_digest_is_not_sent(world: World) -> None:
    world.subscribe(events=["new"], when="daily")
    world.first_sync()
    world.sync(referral(1, **FAR))
    world.tick()
    world.sync(referral(1, **ACTIVE, updated_date_time=at(26, 11)))
    world.ticks(48, every=60)
    assert world.courier.tries == []


def test_several_changes_of_one_are_told_as_one_and_none_when_they_cancel_out(world: World) -> None:
    world.subscribe(events=["changed"], when="daily")
    world.first_sync(referral(1, **ACTIVE), referral(2, **ACTIVE))
    for number, value in ((1, 40_000), (1, 50_000), (2, 9), (2, 30_000)):
        when = later(minutes=world.clock.monotonic() / 60 + 1)
        world.sync(referral(number, **ACTIVE, deal_value=Decimal(value), updated_date_time=when))
        world.tick(minutes=5)
    world.ticks(24, every=60)
    [post] = world.courier.posts
    assert dict(post.letter.lines[0].facts)["Value"] == "30,000 EUR → 50,000 EUR"
    assert len(post.letter.lines) == 1


def test_five_at_once_are_one_message(world: World) -> None:
    world.subscribe(events=["new"])
    world.first_sync()
    world.sync(*(referral(number, **FAR) for number in range(1, 5)))
    world.tick()
    assert len(world.subjects) == 4
    world.sync(*(referral(number, **FAR) for number in range(10, 23)))
    world.tick()
    assert world.subjects[4:] == ["13 new"]
    assert world.courier.posts[4].letter.more == "and 3 more"


def test_more_than_thirty_in_an_hour_are_one_message(world: World) -> None:
    world.subscribe(events=["new"])
    world.first_sync()
    for start in range(0, 40, 4):
        world.sync(*(referral(number, **FAR) for number in range(start, start + 4)))
        world.tick()
    assert world.subjects[28:] == ["4 new", "4 new"]
    world.sync(*(referral(number, **FAR) for number in range(50, 54)))
    world.ticks(0.5)
    assert world.subjects[30:] == ["8 new"]


def test_messages_to_one_target_keep_a_second(world: World) -> None:
    world.subscribe(events=["new"], teams="a")
    world.subscribe(events=["new"], teams="a", name="Other")
    world.first_sync()
    world.sync(referral(1, **FAR), referral(2, **FAR))
    world.tick()
    times_ = [post.at for post in world.courier.posts]
    assert len(times_) == 4
    assert all((b - a).total_seconds() >= 1 for a, b in itertools.pairwise(times_))


def test_a_view_limits_what_is_told_and_me_is_the_owner(world: World) -> None:
    view = View(
        id="v1",
        name="Mine",
        list="referrals",
        query="owner=me&country=TR",
        shared=False,
        owner=DENIZ,
        created_at=at(1),
        updated_at=at(1),
    )
    views.insert(world.store, view)
    world.subscribe(events=["due"], viewId="v1")
    world.first_sync(*(referral(number, country="DE" if number == 3 else "TR") for number in (1, 2, 3)))
    owners.set_owner(
        world.store,
        [referral(1).id, referral(3).id],
        Owner("DENIZ@partner.example", "Deniz"),
        Person("boss", "Boss"),
        at(26),
    )
    bump_desk_version(world.store)
    world.tick()
    assert [post.letter.lines[0].url[-1] for post in world.courier.posts] == ["1"]
    assert "in the view “Mine”" in world.courier.posts[0].letter.why
    assert world.courier.posts[0].letter.links[1].url.endswith("&owner=me&country=TR")


def test_assigned_is_told_to_the_new_owner_alone_while_it_is_theirs(world: World) -> None:
    other = Person("efe", "Efe", "efe@partner.example")
    world.subscribe(events=["assigned"])
    world.subscribe(other, events=["assigned"], target="efe@partner.example")
    world.first_sync(referral(1), referral(2))
    for number in (1, 2):
        facts = {"mail": DENIZ.mail, "byName": "Efe"}
        occasion = Occasion("assigned", referral(number).id, f"a{number}", at=later(minutes=1), facts=facts)
        outbox.add_occasions(world.store, [occasion])
    owners.set_owner(world.store, [referral(1).id], Owner(DENIZ.mail, "Deniz"), other, at(26))
    bump_desk_version(world.store)
    world.tick()
    assert [(post.to, post.subject) for post in world.courier.posts] == [(DENIZ.mail, "Yours now: Örnek Müşteri A.Ş.")]


def test_an_action_that_failed_is_told_unless_it_was_done_after_all(world: World) -> None:
    world.subscribe(events=["actionFailed"])
    world.first_sync(referral(1), referral(2))
    facts = {"actionId": "x", "action": "accept", "state": "failed", "byName": "Efe"}
    world.still_failing = lambda told: told["actionId"] == "x"
    for number, action in ((1, "x"), (2, "y")):
        found = Occasion(
            "actionFailed", referral(number).id, action, at=later(minutes=1), facts={**facts, "actionId": action}
        )
        outbox.add_occasions(world.store, [found])
    bump_desk_version(world.store)
    world.tick()
    assert world.subjects == ["Could not be done: Örnek Müşteri A.Ş."]


def test_own_changes_are_not_told(world: World) -> None:
    world.subscribe(events=["answered", "closed", "changed"])
    world.first_sync(referral(1))
    accept = Action(
        id="a1",
        referral_id=referral(1).id,
        action="accept",
        changes={"dealValue": 45_000},
        state="unconfirmed",
        who=Who("deniz", "Deniz"),
        created_at=at(26),
        not_before=at(26),
        intent="i",
    )
    world.actions = [accept]
    mine = referral(1, **ACTIVE, deal_value=Decimal(45_000), updated_date_time=at(26, 10))
    world.sync(mine)
    world.ticks(1)
    assert world.subjects == []  # it may be ours, and may not: that shows
    accept.state = "applied"
    world.ticks(1)
    assert world.subjects == []
    world.sync(referral(1, **ACTIVE, deal_value=Decimal(99), updated_date_time=at(26, 11)))
    world.tick()
    assert world.subjects == ["Changed: Örnek Müşteri A.Ş."]  # somebody else's
    world.sync(referral(1, **ACTIVE, deal_value=Decimal(45_000), updated_date_time=at(26, 11, 30)))
    world.ticks(1)
    world.courier.posts.clear()
    world.sync(referral(1, **WON, deal_value=Decimal(45_000), updated_date_time=at(26, 12)))
    world.tick()
    assert world.subjects == ["Won: Örnek Müşteri A.Ş."]


def test_what_had_expired_before_is_not_told_what_expires_then_is(world: World) -> None:
    early = world.subscribe(events=["expired"])
    world.tick()
    world.first_sync(referral(1, expiration_date_time=later(days=-9)), referral(2, expiration_date_time=later(hours=1)))
    world.ticks(3)
    assert [delivery.referral_id[-1] for delivery in world.told(early)] == ["2"]
    world.sync(referral(1, expiration_date_time=later(days=-8), updated_date_time=at(26, 10)))
    world.ticks(1)
    assert len(world.told(early)) == 2


def test_microsofts_own_closing_of_what_expired_is_not_told_again(world: World) -> None:
    world.subscribe(events=["expired"])
    world.first_sync(referral(1, expiration_date_time=later(hours=1)))
    world.ticks(2)
    assert world.subjects == ["Expired unanswered: Örnek Müşteri A.Ş."]
    closed = {"status": "Closed", "substatus": "Expired", "updated_date_time": at(26, 12)}
    world.sync(referral(1, expiration_date_time=later(hours=1), **closed))
    world.ticks(2)
    assert len(world.subjects) == 1


def test_a_disabled_one_collects_nothing(world: World) -> None:
    mine = world.subscribe(events=["new", "due"], dueDays=[7, 1])
    world.first_sync()
    world.people.change(mine, {"enabled": False}, DENIZ, operates=False)
    world.sync(referral(1, expiration_date_time=later(days=3)))
    world.ticks(1)
    world.people.change(mine, {"enabled": True}, DENIZ, operates=False)
    world.ticks(1)
    assert world.subjects == [
        "Due in 3 days: Örnek Müşteri A.Ş."
    ]  # true now, and what came meanwhile is not made up for


def test_a_private_view_of_somebody_else_or_of_companies_is_refused(world: World) -> None:
    other = Person("efe", "Efe", "efe@partner.example")
    base: dict[str, Any] = {"name": "V", "query": "", "owner": other, "created_at": at(1), "updated_at": at(1)}
    views.insert(world.store, View(id="private", list="referrals", shared=False, **base))
    views.insert(world.store, View(id="firms", list="companies", shared=True, **base))
    views.insert(world.store, View(id="shared", list="referrals", shared=True, **base))
    for view_id in ("private", "firms", "none"):
        with pytest.raises(InvalidView):
            world.subscribe(viewId=view_id)
    assert world.subscribe(viewId="shared")


def test_a_failing_target_is_tried_quickly_then_slowly_and_holds_up_no_other(world: World) -> None:
    bad = world.subscribe(events=["new"], teams="bad")
    good = world.subscribe(events=["new"], teams="good")
    world.first_sync()
    down = True
    world.courier.fails = lambda to: Failure("target_unavailable", "Down.") if down and "/bad/" in to else None
    world.sync(referral(1, **FAR))
    for _ in range(4):
        world.tick()
    assert len(world.told(good)) == 1
    assert world.last_error(bad) is None
    world.ticks(0.1, every=1)
    assert world.last_error(bad) == "target_unavailable"
    tried = [moment for to, moment in world.courier.tries if "/bad/" in to]
    assert len(tried) == 5
    assert tried[-1] - tried[0] <= timedelta(minutes=8)
    world.ticks(12)
    gaps = [moment for to, moment in world.courier.tries if "/bad/" in to][4:]
    assert 5 <= len(gaps) <= 12
    down = False
    world.ticks(4)
    assert len(world.told(bad)) == 1
    assert world.last_error(bad) is None


def test_after_a_day_what_could_not_be_sent_is_let_go(world: World) -> None:
    mine = world.subscribe(events=["new"])
    world.first_sync()
    world.courier.fails = lambda _: Failure("target_rejected", "No.", lasting=True)
    world.sync(referral(1, **FAR))
    world.tick()
    assert world.last_error(mine) == "target_rejected"
    world.ticks(30, every=20)
    assert 24 <= len(world.courier.tries) <= 26
    assert world.waiting(mine) == 0
    world.courier.fails = lambda _: None
    world.ticks(2)
    assert world.subjects == []
    assert world.last_error(mine) == "target_rejected"
    world.sync(referral(2, **FAR))
    world.ticks(2)
    assert len(world.subjects) == 1


def test_what_a_target_asks_for_holds_over_restarts_and_for_all_who_send_there(world: World) -> None:
    mine = world.subscribe(events=["new"], teams="a")
    other = world.subscribe(events=["new"], teams="a", name="Other")
    world.first_sync()
    world.courier.fails = lambda _: Failure("target_throttled", "Wait.", asked=timedelta(minutes=30))
    world.sync(referral(1, **FAR))
    world.tick()
    world.courier.fails = lambda _: None
    for _ in range(29):
        world.tick(world.instance())
        assert world.people.test(mine, DENIZ, operates=True) is not None
    assert len(world.courier.tries) == 1
    world.ticks(0.1, every=1)
    assert len(world.told(mine)) == len(world.told(other)) == 1


def test_the_limits_of_communication_services_make_digests_early(world: World) -> None:
    world.courier.of = Limits(at_once=2, in_hour=4)
    world.subscribe(events=["new"])
    world.first_sync()
    world.sync(referral(1, **FAR), referral(2, **FAR))
    world.tick()
    assert world.subjects == ["2 new"]


def test_an_idle_tick_asks_twice_and_nothing_else(world: World) -> None:
    world.subscribe(events=["new", "due", "expired"])
    world.first_sync(referral(1, **FAR), referral(2, **ACTIVE))
    world.ticks(1)
    for notifier in (world.notifier, world.instance()):
        with world.counting() as calls:
            world.tick(notifier)
        assert [call for call in calls if call.startswith("before")] == ["before query Work", "before get SyncState"]


def test_what_was_told_long_ago_is_forgotten_but_for_what_still_stands(world: World) -> None:
    mine = world.subscribe(events=["new", "expired"])
    world.first_sync()
    world.sync(referral(1, expiration_date_time=later(hours=1)), referral(2, **FAR))
    world.ticks(4, every=30)
    assert len(world.told(mine)) == 3
    world.sync(referral(2, **ACTIVE, updated_date_time=at(26, 18)))
    world.ticks(24 * 33, every=12 * 60)
    assert [delivery.kind for delivery in world.told(mine)] == ["expired"]
    assert len(world.subjects) == 3
