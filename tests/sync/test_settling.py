"""Companies after a first sync: from what it wrote, if that is all there is, else from the rows."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import pytest

from shared import intake
from shared.errors import HunterError
from shared.storage.entities import Entity
from tests.sync.harness import World


@pytest.fixture(params=[False, True], ids=["in turn", "side by side"])
def world(request: pytest.FixtureRequest, make_world: Callable[..., World]) -> World:
    world = make_world(referrals=30, parallel=request.param)
    world.state.load()  # the table is there
    return world


def queries_of(world: World) -> Counter[str]:
    """Counts the queries from now on."""
    calls: Counter[str] = Counter()

    def count(call: str) -> None:
        if call.startswith("before query"):
            calls[call.removeprefix("before query ")] += 1

    world.io = count
    return calls


def test_a_first_sync_reads_no_row_again(world: World) -> None:
    calls = queries_of(world)
    assert world.run().succeeded.companies_inserted > 0
    assert calls["Referrals"] == 16, "the hashes, and nothing else"
    world.io = lambda _: None
    world.assert_settled()


def test_a_first_sync_that_meets_rows_of_another_counts_them_in(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that was thought dead wakes up and writes rows in the middle: two that this run meets, one that it does not."""
    monkeypatch.setattr(intake, "MOST_TOUCHED", 5)
    empty = world.dump()
    world.run().succeeded  # noqa: B018 - it has to
    rows = list(world.dump()["Referrals"].values())
    world.restore(empty)
    world.clock.advance(1)
    late, once = [{**row, "fence": 0} for row in rows[:2]], threading.Semaphore(1)

    def another(call: str) -> None:
        if call == "before transact Referrals" and once.acquire(blocking=False):
            for row in [*late, unmet(rows[2])]:
                world.store.table("Referrals").insert(row)

    world.io = another
    run = world.run().succeeded
    world.io = lambda _: None
    assert run.unchanged == 2
    world.assert_settled()


def unmet(row: Entity) -> Entity:
    """The same customer's other referral, which Partner Center does not show any more; in the same partition."""
    return {**row, "RowKey": f"{row['RowKey']}-gone", "id": f"{row['id']}-gone"}


def test_a_first_sync_that_fails_half_way_is_gone_on_with_from_the_rows(world: World) -> None:
    world.sim.faults.add(status=500, match="next", times=10)
    with pytest.raises(HunterError):
        world.sync().run("http")
    world.sim.faults.clear()
    world.clock.advance(600)
    calls = queries_of(world)
    assert world.run().succeeded
    assert calls["Referrals"] > 16
    world.io = lambda _: None
    world.assert_settled()
