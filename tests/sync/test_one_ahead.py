"""The next page is asked for while the last is taken: no sooner than it may, no page too many, and never after the end."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import ServiceResponseError

from shared.core.errors import RunInterrupted, StorageUnavailable
from shared.model.run import Run
from shared.sync import pages
from tests.sync.harness import World


def test_a_page_comes_while_the_one_before_is_taken(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taking the first page waits for what is stored, and that is not read before the second page was asked for."""
    monkeypatch.setattr(pages, "WAITING_BYTES", 0)
    world = make_world(parallel=True)
    asked, first, came = threading.Semaphore(0), threading.Lock(), list[bool]()

    def hook(call: str) -> None:
        if call == "before request":
            asked.release()
        elif call == "before query Referrals" and first.acquire(blocking=False):
            came.append(all(asked.acquire(timeout=60) for _ in range(3)))  # the newest, and two pages

    world.io = hook
    assert world.run().succeeded.inserted == 14
    assert came[0] is True


def unchanged(world: World) -> None:
    """Nothing happens."""


def changed(world: World) -> None:
    """Two pages of changes."""
    for referral_id in world.sim.data.ids()[:7]:
        world.sim.data.change(referral_id, name="changed")


def expired(world: World) -> None:
    """A link is no longer valid."""
    world.sim.faults.add(status=410, match="next", after=1)


def removed(world: World) -> None:
    """One is gone."""
    world.sim.data.remove(world.sim.data.ids()[2])


@pytest.mark.parametrize("mode", ["incremental", "full"])
@pytest.mark.parametrize("happens", [unchanged, changed, expired, removed])
def test_it_takes_the_same_requests_as_one_after_the_other(
    make_world: Callable[..., World], happens: Callable[[World], None], mode: Any
) -> None:
    lists = []
    for parallel in (False, True):
        world = make_world(parallel=parallel)
        world.restore({name: {} for name in world.dump()})
        world.run().succeeded  # noqa: B018 - it has to
        world.clock.advance(600)
        happens(world)
        outcome = world.run(mode=mode)
        assert outcome.succeeded
        lists.append([(one.kind, one.query.get("$orderby")) for one in outcome.requests])
        if happens is not removed or mode == "full":
            world.assert_equal_to_upstream()
    assert lists[0] == lists[1]


def test_the_pace_is_kept(make_world: Callable[..., World]) -> None:
    world = make_world(parallel=True, settings_of={"HUNTER_PARTNER_CENTER_PAGE_INTERVAL_SECONDS": "7"})
    outcome = world.run()
    assert outcome.succeeded
    received = [one.received for one in outcome.requests]
    assert all((later - earlier).total_seconds() >= 7 for earlier, later in itertools.pairwise(received))


def test_a_run_that_fails_sends_nothing_more_and_its_lease_stays_given_back(make_world: Callable[..., World]) -> None:
    """Storage fails while the next page is being tried again and again."""
    world = make_world(parallel=True, referrals=40)
    world.state.load()
    world.sim.faults.add(status=500, match="next", after=1, times=99)
    failing = threading.Event()

    def hook(call: str) -> None:
        if call == "after request" and len(world.sim.requests) >= 4:
            failing.set()
        if call == "before query Quarantine" or (call.startswith("before transact Referrals") and failing.wait(30)):
            raise ServiceResponseError("no answer")

    world.io = hook
    with pytest.raises((StorageUnavailable, Exception)):
        world.sync().run("http")
    world.io = lambda _: None
    asked = len(world.sim.requests)
    assert world.state.load().holder(world.clock.now()) is None
    world.clock.advance(120)
    assert len(world.sim.requests) == asked
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("next-page")]


def test_a_lease_that_was_given_back_is_not_renewed(world: World) -> None:
    head = world.state.load()
    lease, _ = world.state.acquire(Run.start("full", "http", world.clock.now()), head)
    lease.commit(release=True)
    with pytest.raises(RunInterrupted):
        lease.renew()
    assert world.state.load().holder(world.clock.now()) is None
