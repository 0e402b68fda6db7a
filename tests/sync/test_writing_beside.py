"""Writing goes on while the next pages come; a place is kept only when everything before it is stored."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
import requests
from azure.core.exceptions import ServiceResponseError

from shared.core.errors import StorageUnavailable
from shared.partner_center.client import BY_CREATION
from shared.partner_center.next_links import PATH
from shared.sync import pages, write_queue
from tests.sync.conftest import NIGHTLY
from tests.sync.harness import Dump, World

PAGE = 5


@pytest.fixture
def world(make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(write_queue, "BUFFER_ROWS", 8)
    monkeypatch.setattr(pages, "WAITING_BYTES", 0)  # so that batches are small, however long the scan of hashes takes
    world = make_world(referrals=60, page_size=PAGE, parallel=True)
    world.state.load()  # the table is there
    return world


def in_order(world: World) -> list[str]:
    """The ids as a full walk meets them."""
    world.sim.switches.page_size = 1_000
    headers = {"Authorization": f"Bearer {world.sign_in.token()}"}
    records = requests.get(f"{world.sim.api_url}{PATH}?{BY_CREATION}", headers=headers, timeout=60).json()["value"]
    world.sim.switches.page_size = PAGE
    return [record["id"] for record in records]


def assert_everything_before_the_place_is_stored(world: World, ids: list[str]) -> int:
    """How many pages the kept place is from the start."""
    walk = world.state.load().cursor.walk
    before = ids[: walk.pages * PAGE] if walk else []
    assert {*before} <= {*world.stored()}
    return len(before) // PAGE


def test_pages_come_while_batches_are_written(world: World) -> None:
    # Two pages fill the buffer, after the one request for the newest: whatever comes then, comes beside the writing.
    needed, fetched, first = 4, threading.Semaphore(0), threading.Semaphore(1)
    waited: list[bool] = []

    def hook(call: str) -> None:
        if call == "after request":
            fetched.release()
        elif call == "before transact Referrals" and first.acquire(blocking=False):
            waited.append(all(fetched.acquire(timeout=120) for _ in range(needed)))

    world.io = hook
    assert world.run().succeeded.inserted == 60
    assert waited == [True], "no page was asked for while a batch was being written"
    world.assert_equal_to_upstream()


def test_killed_while_threads_write_the_next_run_ends_as_if_nothing_had_been(world: World) -> None:
    ids, empty = in_order(world), world.dump()
    with world.counting() as calls:
        assert world.run().succeeded.inserted == 60
    after, places = world.tables(), set()
    for point in range(1, len(calls), 1 if NIGHTLY else 9):
        begin(world, empty)
        world.kill_at(point)
        places.add(assert_everything_before_the_place_is_stored(world, ids))
        world.outlast_lease()
        assert world.run().error is None
        assert world.tables() == after, f"killed at call {point}"
    assert len(places) > 2, "no place was kept on the way"


def begin(world: World, empty: Dump) -> None:
    world.restore(empty)
    world.clock.advance(1)


@pytest.mark.parametrize("healthy", [0, 3, 9, 20])
def test_a_write_that_fails_ends_the_run_and_moves_no_place_past_it(world: World, healthy: int) -> None:
    ids, left = in_order(world), threading.Semaphore(healthy)

    def away(call: str) -> None:
        if call == "before transact Referrals" and not left.acquire(blocking=False):
            raise ServiceResponseError("no answer")

    world.io = away
    outcome = world.run()
    assert isinstance(outcome.error, StorageUnavailable)
    assert_everything_before_the_place_is_stored(world, ids)
    world.io = lambda _: None
    assert world.run().error is None
    world.assert_equal_to_upstream()


def test_a_bug_in_a_writing_thread_is_said_too(world: World) -> None:
    def broken(call: str) -> None:
        if call == "before transact Referrals":
            raise ZeroDivisionError

    world.io = broken
    outcome = world.run()
    assert outcome.error is not None
    assert outcome.error.code == "internal_error"
    world.io = lambda _: None
    assert world.run().succeeded
    world.assert_equal_to_upstream()
