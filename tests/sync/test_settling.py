"""Companies after a first sync: from what it wrote, if that is all there is, else from the rows."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing

import pytest
from azure.core.exceptions import ServiceResponseError

from shared.companies.ledger import Ledger
from shared.core.errors import HunterError, StorageUnavailable
from shared.model.summary import ReferralSummary
from shared.storage.engine.entities import Entity
from shared.storage.tables import quarantine
from shared.sync import handover
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
    monkeypatch.setattr(handover, "MOST_TOUCHED", 5)
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


@pytest.mark.parametrize("many", [False, True], ids=["few", "many"])
def test_who_read_the_rows_before_their_companies_were_written_reads_again(
    world: World, monkeypatch: pytest.MonkeyPatch, many: bool
) -> None:
    if many:
        monkeypatch.setattr(handover, "MOST_TOUCHED", 5)
    for change in (False, True):
        versions: list[str] = []

        def look(call: str, versions: list[str] = versions) -> None:
            if call == "before transact Companies":
                versions.append(world.state.load().version)

        if change:
            for one in world.sim.data.ids()[:10]:
                world.sim.data.change(one, details={"dealValue": 4711})
        world.io = look
        world.run(mode="full").succeeded  # noqa: B018 - it has to
        world.io = lambda _: None
        assert versions
        assert world.state.load().version not in versions


def test_a_run_that_fails_says_that_rows_are_new_all_the_same(world: World) -> None:
    world.run().succeeded  # noqa: B018 - it has to
    world.clock.advance(600)
    one = world.sim.data.ids()[3]
    world.sim.data.change(one, details={"dealValue": 4711})
    before, version = world.stored()[one], world.state.load().version
    world.io = lambda call: gone(call, "transact Companies")
    assert isinstance(world.run().error, StorageUnavailable)
    world.io = lambda _: None
    assert world.stored()[one] != before
    assert world.state.load().version != version


def gone(call: str, what: str) -> None:
    if call == f"before {what}":
        raise ServiceResponseError("no answer")


def test_a_dry_run_that_pauses_before_anything_is_stored_writes_nothing(make_world: Callable[..., World]) -> None:
    world = make_world(
        referrals=30, page_size=2, settings_of={"HUNTER_PARTNER_CENTER_PAGE_INTERVAL_SECONDS": "30"}, parallel=True
    )
    paused = world.run(dry_run=True)
    assert paused.run is not None
    assert paused.run.state == "paused"
    assert not {name for name, rows in world.dump().items() if rows} - {"SyncState"}


def test_what_was_not_put_aside_does_not_count_as_that(make_world: Callable[..., World]) -> None:
    """The hashes can't be read, while all pages have come, one with a record without an id."""
    world = make_world(referrals=9, parallel=True)
    world.sim.data.add({"no": "id"})
    left, all_there = threading.Semaphore(4 - 1), threading.Event()  # what is newest, asked twice, and two pages

    def hold(call: str) -> None:
        if call == "after request" and not left.acquire(blocking=False):
            all_there.set()
        if call == "before query Referrals":
            assert all_there.wait(30)
            raise ServiceResponseError("no answer")

    world.io = hold
    outcome = world.run()
    world.io = lambda _: None
    assert isinstance(outcome.error, StorageUnavailable)
    assert outcome.run is not None
    assert outcome.run.quarantined == quarantine.count(world.store) == 0


def test_without_room_for_the_ledger_it_says_where_to_make_some() -> None:
    with closing(Ledger({})) as ledger:
        ledger._database.execute("PRAGMA max_page_count = 8")
        for number in range(499):
            ledger.add(ReferralSummary(id=str(number), company_key="contoso.com", customer_name="Contoso" * 30))
        with pytest.raises(StorageUnavailable, match="temporary directory"):
            ledger.complete()
