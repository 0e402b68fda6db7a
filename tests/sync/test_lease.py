"""One run at a time; a dead holder blocks nobody longer than its lease; one that wakes up late can move nothing back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from azure.core.exceptions import ServiceResponseError

from shared.core.errors import HunterError, RunInterrupted, StorageUnavailable, SyncRunning
from shared.model.run import Mode, Run
from shared.storage.tables.sync_state import LEASE_SECONDS
from tests.sync.conftest import NIGHTLY
from tests.sync.harness import Dump, World, check_counts


class Midway:
    """Does something once, before or after the n-th call of a run."""

    def __init__(self, world: World, point: int, act: Callable[[], None]) -> None:
        self._world, self._point, self._act = world, point, act
        self.count = 0
        world.io = self

    def __call__(self, call: str) -> None:
        self.count += 1
        if self.count == self._point:
            self._world.io = lambda _: None
            self._act()


def test_a_second_sync_is_told_which_one_is_running(world: World) -> None:
    answers: list[HunterError] = []

    def ask() -> None:
        with pytest.raises(SyncRunning) as caught:
            world.sync().run("http")
        answers.append(caught.value)

    Midway(world, 70, ask)
    run = world.run("timer").succeeded

    [answer] = answers
    assert isinstance(answer, SyncRunning)
    assert (answer.code, answer.status) == ("sync_running", 409)
    assert isinstance(answer.subject, Run)
    assert answer.subject.id == run.id
    assert (answer.subject.state, answer.subject.trigger) == ("running", "timer")
    assert [one.id for one in world.state.runs()] == [run.id]


def test_a_dead_holder_is_replaced_when_its_lease_has_run_out(world: World) -> None:
    world.kill_at(60)
    [dead] = world.state.runs()
    world.clock.advance(LEASE_SECONDS - 1)
    refused = world.run()
    assert isinstance(refused.error, SyncRunning)
    assert not refused.requests
    world.clock.advance(1.001)
    run = world.run().succeeded

    assert [one.id for one in world.state.runs()] == [run.id, dead.id]
    recorded = world.state.run(dead.id)
    assert recorded is not None
    assert recorded.state == "failed"
    assert recorded.error is not None
    assert recorded.error.code == RunInterrupted.code
    assert recorded.finished_at == run.started_at
    check_counts(recorded)
    world.assert_equal_to_upstream()


def test_a_long_run_keeps_its_lease(make_world: Callable[..., World]) -> None:
    """Nobody gets in while it lasts, however long it waits: for the pace, for Retry-After, for slow answers."""
    world = make_world(settings_of={"HUNTER_PARTNER_CENTER_PAGE_INTERVAL_SECONDS": "50"})
    world.sim.faults.add(status=429, match="next", retry_after=300)
    refused = 0

    def ask(call: str) -> None:
        nonlocal refused
        if call != "after request":
            return
        world.io, asking = (lambda _: None), world.io
        with pytest.raises(SyncRunning):
            world.sync().run("http")
        refused += 1
        world.io = asking

    world.io = ask
    run = world.run("timer", budget=1_500).succeeded

    assert refused == 5
    assert world.clock.monotonic() > 400
    assert [one.id for one in world.state.runs()] == [run.id]


def stalled_at(world: World, point: int, before: Dump, mode: Mode) -> int:
    """A run stalls at a call for longer than its lease; meanwhile upstream changes and another run does its work."""
    world.restore(before)
    world.clock.advance(600)
    world.sim.data.change(world.sim.data.ids()[0], name=f"Newer than what the stalled run has read, {point}")
    dumps: list[Dump] = []

    def another() -> None:
        world.outlast_lease()
        world.sim.data.change(world.sim.data.ids()[1], name=f"Changed while it was stalled, {point}")
        world.sync().run("http", mode=mode)
        dumps.append(world.dump())

    midway = Midway(world, point, another)
    with pytest.raises(RunInterrupted):
        world.sync().run("timer", mode=mode)
    [other] = dumps

    def bare(dump: Dump, name: str) -> dict[tuple[str, str], dict[str, object]]:
        return {key: {**row, "etag": None} for key, row in dump[name].items()}

    now = world.dump()
    for name in ("Referrals", "Companies", "Quarantine", "SyncState"):
        assert bare(now, name) == bare(other, name), f"stalled at call {point}"
    # The history may get an entry for a version in between, which the stalled run alone has read.
    assert bare(other, "ReferralChanges").items() <= bare(now, "ReferralChanges").items()
    world.assert_equal_to_upstream()
    return midway.count


@pytest.mark.parametrize("mode", ["incremental", "full"])
def test_a_holder_that_wakes_up_late_moves_nothing_back(make_world: Callable[..., World], mode: Mode) -> None:
    world = make_world(referrals=8)
    world.run().succeeded  # noqa: B018 - it has to
    for one in world.sim.data.ids()[2:5]:
        world.sim.data.change(one, name="changed")
    world.clock.advance(600)
    before = world.dump()
    with world.counting() as calls:
        assert world.run(mode=mode).succeeded.updated == 3
    # From its first call with the lease on, to the last before it gives it back.
    last = max(number for number, call in enumerate(calls, 1) if call == "before transact SyncState")
    for point in range(5, last + 1, 1 if NIGHTLY else 2 if mode == "incremental" else 8):
        assert stalled_at(world, point, before, mode) >= point


def test_a_run_begins_where_the_one_ended_that_came_in_between(make_world: Callable[..., World]) -> None:
    """A run reads the state; before it takes the lease, another one takes it, writes and dies, at any of its calls."""
    world = make_world(referrals=8)
    world.run().succeeded  # noqa: B018 - it has to
    world.clock.advance(600)
    for one in world.sim.data.ids()[2:5]:
        world.sim.data.change(one, name="changed", details={"dealValue": 12345})
    before = world.dump()
    with world.counting() as calls:
        assert world.run().succeeded.updated == 3
    taken = calls.index("after transact SyncState")
    for point in range(taken, len(calls) + 1, 1 if NIGHTLY else 3):
        world.restore(before)

        def another(point: int = point) -> None:
            world.kill_at(point)
            world.outlast_lease()

        Midway(world, 2, another)
        assert world.sync().run("http").state == "succeeded"
        world.assert_equal_to_upstream()


def test_a_place_that_another_run_kept_in_between_is_gone_on_with(make_world: Callable[..., World]) -> None:
    world = make_world(referrals=40)
    asked = 0

    def another() -> None:
        nonlocal asked
        world.sim.faults.add(status=429, match="next", retry_after=300)
        with pytest.raises(HunterError):
            world.sync().run("timer", budget=100)
        world.clock.advance(300)
        asked = len(world.sim.requests)

    Midway(world, 2, another)
    run = world.sync().run("http")
    assert (run.state, run.mode) == ("succeeded", "full")
    begun = [one.query for one in world.sim.requests[asked:] if one.kind == "list"]
    assert [query["$orderby"] for query in begun] == ["updatedDateTime desc"], "the full walk was begun anew"
    world.assert_equal_to_upstream()


class Lost:
    """The n-th transaction on the state is applied, its answer is lost, and no other try of it gets through."""

    def __init__(self, after: int) -> None:
        self._after, self._tries = after, 5

    def __call__(self, call: str) -> None:
        if call == "after transact SyncState":
            self._after -= 1
        due = call == f"{'before' if self._after < 0 else 'after'} transact SyncState"
        if due and self._after <= 0 and self._tries:
            self._after, self._tries = -1, self._tries - 1
            raise ServiceResponseError("The answer was lost.")


def test_a_commit_whose_answer_got_lost_for_good_lets_the_failure_be_recorded(world: World) -> None:
    """The run's last commit is applied, and no try of it is answered: the run failed, and says so, and blocks nobody."""
    world.run().succeeded  # noqa: B018 - it has to
    world.clock.advance(600)
    with world.counting() as calls:
        world.run().succeeded  # noqa: B018 - it has to
    world.clock.advance(600)
    world.io = Lost(after=calls.count("after transact SyncState"))
    outcome = world.run()
    world.io = lambda _: None
    assert isinstance(outcome.error, StorageUnavailable)
    assert outcome.run is not None
    recorded = world.state.run(outcome.run.id)
    assert recorded is not None
    assert recorded.state == "failed"
    assert world.run().succeeded  # at once: the lease was given back


def test_an_earlier_commit_is_not_taken_for_a_later_one(world: World) -> None:
    head = world.state.load()
    run = Run.start("full", "http", world.clock.now())
    lease, _ = world.state.acquire(run, head)
    world.io = Lost(after=1)
    with pytest.raises(StorageUnavailable):
        lease.commit(run)
    world.io = lambda _: None
    run.end("failed", world.clock.now())
    lease.commit(run, release=True)
    recorded = world.state.run(run.id)
    assert recorded is not None
    assert recorded.state == "failed"
    assert world.state.load().holder(world.clock.now()) is None


def test_a_run_that_could_not_give_its_lease_back_blocks_its_own_process_no_longer(world: World) -> None:
    sync = world.sync()

    def away(call: str) -> None:
        if call.startswith("before") and "request" not in call and world.sim.requests:
            raise ServiceResponseError("Storage is away.")

    world.io = away
    with pytest.raises(StorageUnavailable):
        sync.run("http")
    world.io = lambda _: None
    with pytest.raises(SyncRunning):
        world.sync().run("http")  # another process can't know
    assert sync.run("http").state == "succeeded"
    world.assert_equal_to_upstream()
