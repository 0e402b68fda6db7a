"""Promise 12 by chance: changes, answers, deadlines and the clock in any order, and a second instance that works in the middle of
the first one's tick. Each occasion is told once, to whom it concerns, and never after it stopped being true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.azurite import Azurite
from shared.model import times
from shared.model.occasion import between, holds
from shared.model.summary import ReferralSummary
from shared.model.view import View
from shared.notify import rules
from shared.storage.tables import views
from tests.conftest import PROFILE
from tests.notify.samples import at, referral
from tests.notify.world import DENIZ, World

EXAMPLES = 400 if PROFILE == "nightly" else 5
STEPS = (7, 3, 1, 0)
EVENTS = ["new", "due", "expired", "answered", "closed", "changed"]
NUMBERS = st.integers(1, 3)
"""Few referrals, so that much happens to each."""

step = st.one_of(
    st.tuples(st.just("change"), NUMBERS, st.sampled_from(["accept", "decline", "win", "lapse", "value", "reopen"])),
    st.tuples(st.just("deadline"), NUMBERS, st.integers(-30, 200)),
    st.tuples(st.just("come"), st.integers(4, 6), st.integers(1, 300)),
    st.tuples(st.just("pass"), st.integers(1, 40), st.just(0)),
    st.tuples(st.just("tick"), st.integers(0, 60), st.just(0)),
    st.tuples(st.just("tick"), st.integers(0, 60), st.just(0)),
)
FIELDS: dict[str, dict[str, Any]] = {
    "accept": {"status": "Active", "substatus": "Accepted"},
    "decline": {"status": "Closed", "substatus": "Declined"},
    "win": {"status": "Closed", "substatus": "Won"},
    "lapse": {"status": "Closed", "substatus": "Expired"},
    "reopen": {"status": "New", "substatus": "Pending"},
}


class Life:
    """What happens, what was told of it, and what ought to have been."""

    def __init__(self, storage: str) -> None:
        self.world = world = World(storage)
        self.second = world.instance()
        self.truth: dict[str, ReferralSummary] = {}
        self.expected: list[tuple[str, str, dict[str, str]]] = []
        view = View(
            id="tr",
            name="TR",
            list="referrals",
            query="country=TR",
            shared=True,
            owner=DENIZ,
            created_at=at(1),
            updated_at=at(1),
        )
        views.insert(world.store, view)
        self.all = world.subscribe(events=EVENTS, dueDays=list(STEPS), teams="all")
        self.turkish = world.subscribe(events=EVENTS, dueDays=[3], teams="tr", viewId="tr")
        first = [
            referral(number, country=_country(number), expiration_date_time=_later(world, 300)) for number in (1, 2, 3)
        ]
        world.first_sync(*first)
        self.truth = {each.id: each for each in first}
        world.tick()

    def live(self, kind: str, number: int, detail: Any) -> None:
        """One step."""
        world = self.world
        if kind == "pass":
            world.clock.advance(number * 3_600)
        elif kind == "tick":
            self.tick(number)
        elif kind == "come":
            self.store(referral(number, country=_country(number), expiration_date_time=_later(world, detail)))
        else:
            before = self.truth[referral(number).id]
            fields = {"expiration_date_time": _later(world, detail)} if kind == "deadline" else FIELDS.get(detail)
            if fields is None:
                fields = {"deal_value": (before.deal_value or Decimal(0)) + 1}
            self.store(msgspec.structs.replace(before, **fields))

    def store(self, after: ReferralSummary) -> None:
        """A version comes, by a sync of its own."""
        before = self.truth.get(after.id)
        after = msgspec.structs.replace(after, updated_date_time=times.from_datetime(self.world.clock.now()))
        self.world.clock.advance(1)
        self.truth[after.id] = after
        self.expected += [(kind, after.id, dict(facts)) for kind, facts in between(before, after)]
        self.world.sync(after)

    def tick(self, at_call: int) -> None:
        """A tick, in whose middle another instance has one."""
        calls, world = 0, self.world

        def between_calls(_: str) -> None:
            nonlocal calls
            calls += 1
            if calls == at_call:
                self.second.tick(world.work.load(), 20)

        standing = list(rules.standing(self.truth.values(), ("due", "expired"), STEPS, world.clock.now()))
        world.io = between_calls
        world.notifier.tick(world.work.load(), 20)
        world.io = lambda _: None
        if calls < at_call:  # both were not at it at once: then it is done now
            told = {(each.kind, each.referral_id, each.version) for each in world.told(self.all)}
            expected = {(each.kind, each.referral_id, each.version) for each in standing if each.kind == "due"}
            assert expected <= told

    def finish(self) -> None:
        """All is quiet: what is true is told, nothing twice, nothing to whom it does not concern."""
        for _ in range(4):
            self.world.clock.advance(61 * 11)
            self.world.notifier.tick(self.world.work.load(), 20)
            self.second.tick(self.world.work.load(), 20)
        now = self.world.clock.now()
        for subscription_id, countries in ((self.all, {"TR", "DE"}), (self.turkish, {"TR"})):
            keys = [post.key.split("\n") for post in self.world.courier.posts]
            told = Counter(key for owner, *rows in keys if owner == subscription_id for key in rows)
            assert all(often == 1 for often in told.values()), told
            assert {self.truth[key.split("|")[1]].country for key in told} <= countries
            for kind, referral_id, facts in self.expected:
                now_true = holds(kind, facts, self.truth[referral_id], now)  # type: ignore[arg-type]
                if now_true and self.truth[referral_id].country in countries:
                    assert any(key.startswith(f"{kind}|{referral_id}|") for key in told), (kind, referral_id)
            assert self.world.waiting(subscription_id) == 0


def _country(number: int) -> str:
    return "DE" if number % 2 else "TR"


def _later(world: World, hours: float) -> str:
    return times.from_datetime(world.clock.now() + timedelta(hours=hours, minutes=7))


@pytest.fixture
def accounts(_unused_accounts: Iterator[str]) -> Iterator[str]:
    """Storage accounts that nobody has used, one for each example."""
    return _unused_accounts


@settings(max_examples=EXAMPLES)
@given(steps=st.lists(step, min_size=8, max_size=30))
def test_whatever_happens(steps: list[tuple[str, int, Any]], azurite: Azurite, accounts: Iterator[str]) -> None:
    life = Life(azurite.connection_string_of(next(accounts)))
    sent: list[str] = []
    send = life.world.courier.send

    def watched(subscription: Any, letter: Any, key: str) -> Any:
        for row in key.split("\n")[1:]:
            kind, referral_id, *version = row.split("|")
            now, current = life.world.clock.now(), life.truth[referral_id]
            if kind in ("new", "expired"):
                assert holds(kind, {}, current, now), row  # type: ignore[arg-type]
            if kind == "due":
                deadline, _, held = version[0].partition("~")
                assert current.expiration_date_time == deadline
                assert rules.step_of(deadline, subscription.wish.due_days, now) == int(held)
                assert current.status == "New"
            sent.append(row)
        return send(subscription, letter, key)

    life.world.courier.send = watched  # type: ignore[method-assign]
    for kind, number, detail in steps:
        life.live(kind, number, detail)
    life.finish()
