"""A run whose time is up pauses with its place kept, and whoever comes next goes on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.sync.service import HTTP_SECONDS, TIMER_SECONDS
from tests.sync.harness import World

SLOW = {"HUNTER_PARTNER_CENTER_PAGE_INTERVAL_SECONDS": "60"}
"""Four requests are all that an HTTP run has time for."""


@pytest.fixture
def slow(make_world: Callable[..., World]) -> World:
    return make_world(settings_of=SLOW, page_size=3)


def test_an_http_run_pauses_within_its_time_and_the_next_goes_on(slow: World) -> None:
    began = slow.clock.monotonic()
    first = slow.run()

    assert first.error is None
    assert first.run is not None
    assert (first.run.state, first.run.inserted, first.run.pages) == ("paused", 9, 3)
    assert slow.clock.monotonic() - began <= HTTP_SECONDS
    assert first.named("sync_paused")
    assert slow.state.load().cursor.last_success is None
    second = slow.run("timer", budget=TIMER_SECONDS)
    assert [one.kind for one in second.requests] == ["next", "next", "list"]
    run = second.succeeded
    assert (run.mode, run.inserted, run.trigger) == ("full", 5, "timer")
    cursor = slow.state.load().cursor
    assert cursor.walk is None
    assert cursor.last_success == run.finished_at
    assert cursor.last_full_sync is not None
    slow.assert_equal_to_upstream()


def test_a_walk_of_many_pauses_comes_to_its_end(make_world: Callable[..., World]) -> None:
    world = make_world(settings_of=SLOW, page_size=1, referrals=12)
    states = [world.run("http" if turn % 2 else "timer").run for turn in range(4)]

    assert [run.state for run in states if run] == ["paused", "paused", "paused", "succeeded"]
    assert sum(run.inserted for run in states if run) == 12
    world.assert_equal_to_upstream()


@pytest.mark.parametrize("status", [400, 410])
def test_a_link_that_has_expired_meanwhile_begins_the_walk_anew(slow: World, status: int) -> None:
    slow.run()
    slow.sim.switches.expired_token_status = 410 if status == 410 else 400
    slow.sim.expire_links()
    outcome = slow.run("timer", budget=TIMER_SECONDS)

    assert [one.kind for one in outcome.requests] == ["next", "list", "list", "next", "next", "next", "next"]
    assert (outcome.succeeded.inserted, outcome.succeeded.unchanged) == (5, 9)
    slow.assert_equal_to_upstream()


def test_a_paused_full_walk_still_finds_what_is_missing(slow: World) -> None:
    slow.run("timer", budget=TIMER_SECONDS)
    ids = slow.sim.data.ids()
    slow.sim.data.remove(ids[1])  # before the pause
    slow.sim.data.remove(ids[12])  # after it
    assert slow.run(mode="full").run is not None
    met_and_then_removed = ids[0]
    slow.sim.data.remove(met_and_then_removed)
    run = slow.run("timer", budget=TIMER_SECONDS).succeeded

    assert (run.mode, run.missing) == ("full", 2)
    assert slow.run("timer", mode="full", budget=TIMER_SECONDS).succeeded.missing == 1
    slow.assert_equal_to_upstream()


def test_what_changes_while_a_walk_lies_paused_is_stored_by_the_run_that_ends_it(slow: World) -> None:
    slow.run()
    slow.clock.advance(600)
    slow.sim.data.change(slow.sim.data.ids()[0], name="Changed behind the place")
    slow.sim.data.create(name="New")
    assert slow.run("timer", budget=TIMER_SECONDS).succeeded.updated == 1
    slow.assert_equal_to_upstream()


def test_a_paused_incremental_walk_goes_on_and_a_full_one_does_not_wait_for_it(slow: World) -> None:
    slow.run("timer", budget=TIMER_SECONDS)
    slow.clock.advance(600)
    for one in slow.sim.data.ids():
        slow.sim.data.change(one, name="changed")
    paused = slow.run()
    assert paused.run is not None
    assert (paused.run.mode, paused.run.state, paused.run.updated) == ("incremental", "paused", 12)
    full = slow.run("timer", mode="full", budget=TIMER_SECONDS).succeeded

    assert (full.mode, full.updated) == ("full", 2)
    slow.assert_equal_to_upstream()


def test_a_place_of_yesterday_is_not_taken_up(slow: World) -> None:
    slow.run()
    slow.clock.advance(13 * 3600)
    outcome = slow.run("timer", budget=TIMER_SECONDS)

    assert [one.kind for one in outcome.requests][:2] == ["list", "list"]
    assert outcome.succeeded
    slow.assert_equal_to_upstream()


def test_a_killed_run_loses_at_most_what_came_after_the_place_kept(make_world: Callable[..., World]) -> None:
    world = make_world(settings_of={"HUNTER_PARTNER_CENTER_PAGE_INTERVAL_SECONDS": "16"}, page_size=2, referrals=12)
    with world.counting() as calls:
        pass
    with world.counting() as calls:
        kill = None

        def at_fifth_page(call: str) -> None:
            nonlocal kill
            calls.append(call)
            if calls.count("after request") == 5 and kill is None:
                kill = len(calls)

        world.io = at_fifth_page
        world.run("timer", budget=TIMER_SECONDS)
    assert kill is not None
    world.restore({name: {} for name in world.dump()})
    world.kill_at(kill, budget=TIMER_SECONDS)
    world.outlast_lease()
    outcome = world.run("timer", budget=TIMER_SECONDS)

    assert [one.kind for one in outcome.requests] == ["next", "next", "next", "list"]
    assert outcome.succeeded
    world.assert_equal_to_upstream()


def test_a_dry_run_reads_and_counts_and_changes_nothing(world: World) -> None:
    dry = world.run(dry_run=True).succeeded
    assert (dry.inserted, dry.watermark) == (14, None)
    tables = world.dump()
    assert not any(tables[name] for name in tables if name != "SyncState")
    assert world.state.load().cursor.last_success is None

    world.run()
    world.clock.advance(600)
    world.sim.data.change(world.sim.data.ids()[0], name="changed")
    world.sim.data.remove(world.sim.data.ids()[3])
    world.sim.data.add({"no": "id"})
    before = world.tables()
    dry = world.run(mode="full", dry_run=True).succeeded
    assert (dry.updated, dry.unchanged, dry.quarantined, dry.missing) == (1, 12, 1, 0)
    assert world.tables() == before


def test_a_dry_run_leaves_a_paused_walk_as_it_is(slow: World) -> None:
    slow.run()
    place = slow.state.load().cursor.walk
    slow.run(dry_run=True)

    assert slow.state.load().cursor.walk == place
    assert slow.run("timer", budget=TIMER_SECONDS).succeeded.inserted == 5


def test_other_own_domains_read_every_referral_anew_even_when_that_walk_is_given_up(slow: World) -> None:
    """The rules count as applied only when a full walk has applied them to all."""
    slow.run("timer", budget=TIMER_SECONDS)
    slow.settings = slow.settings_with(HUNTER_PARTNER_DOMAINS="another-own-domain.com")
    assert slow.run().run is not None
    slow.clock.advance(13 * 3600)
    run = slow.run("timer", budget=TIMER_SECONDS).succeeded

    assert run.mode == "full"
    assert run.updated == 5
