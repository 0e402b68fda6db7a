"""Promise 3, any crash is harmless: a run is killed at each of its calls, and the next one ends as if nothing had been.

A process that dies leaves storage as its last write left it. So calls between the same two writes leave the same behind,
and the normal form of the test kills at the first call after each write; the nightly form kills at every single call.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ServiceResponseError

from shared.companies.linker import CompanyLinker
from shared.core.errors import HunterError
from shared.storage.tables import referrals
from shared.sync import progress as sync_progress
from shared.sync import write_queue
from tests.sync.conftest import NIGHTLY
from tests.sync.harness import NOW, Dump, Killed, World

OLD = "2026-01-02T03:04:05Z"
WRITES = ("insert", "replace", "delete", "transact")
LONG = "Uzun not 😀 " * 3_000
"""A note whose payload does not fit a row."""


@dataclass
class Scene:
    """A world in which a run is about to begin, and what an undisturbed one leaves behind."""

    world: World
    options: dict[str, Any]
    before: Dump
    calls: list[str]
    after: dict[str, Any]

    def begin(self) -> None:
        """Back to before the run; later, so that nobody is confused by two runs at one time."""
        self.world.restore(self.before)
        self.world.clock.advance(1)

    def check_end(self) -> None:
        """Run to the end, and compare."""
        self.world.outlast_lease()
        assert self.world.run(**self.options).error is None
        assert self.world.tables() == self.after


def first(world: World) -> dict[str, Any]:
    """Nothing is stored yet."""
    world.sim.data.add({"no": "id"}, created=OLD, updated=OLD)
    times = {"createdDateTime": OLD, "updatedDateTime": OLD}
    world.sim.data.add({"id": "broken/one", **times, "details": {"dealValue": "about 50k"}, "customerProfile": []})
    world.sim.data.change(world.sim.data.ids()[2], touch=False, details={"notes": LONG})
    return {}


def incremental(world: World) -> dict[str, Any]:
    """Much has changed since the first run."""
    first(world)
    assert world.run().error is None
    ids = world.sim.data.ids()
    link = next(one for one in ids if one != "broken/one")
    CompanyLinker(world.store).link(link, {"domain": "by-hand.com", "name": "By hand"}, "somebody", world.clock.now())
    world.clock.advance(600)
    data = world.sim.data
    data.change(ids[0], status="Closed", substatus="Won", details={"dealValue": 7})
    data.change(ids[1], customerProfile={"team": [{"firstName": "Ada", "email": "ada@moved-here.com"}]})
    data.change(ids[2], details={"notes": LONG + "!"})
    data.change(link, name="Changed after it was linked")
    data.create(id="new-one", name="New")
    data.add({"no": "id either"})
    return {}


def full(world: World) -> dict[str, Any]:
    """Some are gone, one has come back, one in quarantine was mended."""
    incremental(world)
    gone = world.sim.data.ids()[5]
    payload = world.sim.data.get(gone)
    world.sim.data.remove(gone)
    assert world.run(mode="full").succeeded.missing == 1
    world.clock.advance(600)
    world.sim.data.add(payload)
    for one in world.sim.data.ids()[6:8]:
        world.sim.data.remove(one)
    world.sim.data.change(world.sim.data.ids()[2], details={"notes": "short again"})
    kept = [one for one in world.sim.data.payloads() if one != {"no": "id"}]
    world.sim.data.clear()
    for one in kept:
        world.sim.data.add(one)
    return {"mode": "full"}


@pytest.fixture(params=[first, incremental, full], ids=lambda one: str(one.__name__))
def scene(request: pytest.FixtureRequest, make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setattr(referrals, "ENTITY_BYTES", 30_000)  # so that a note of some pages is a long one
    world = make_world(referrals=8)
    options = request.param(world)
    before = world.dump()
    with world.counting() as calls:
        run = world.sync().run("http", **options)
    assert run.state == "succeeded"
    assert run.inserted + run.updated + run.missing >= 4
    return Scene(world, options, before, list(calls), world.tables())


def test_killed_at_any_call_the_next_run_ends_as_if_nothing_had_been(scene: Scene) -> None:
    points = range(1, len(scene.calls) + 1) if NIGHTLY else [1, *after_each_write(scene.calls)]
    for point in points:
        scene.begin()
        reached = scene.world.kill_at(point, **scene.options)
        assert reached == point, f"the run was another one: it ended after {reached} calls"
        try:
            scene.check_end()
        except AssertionError as error:
            raise AssertionError(f"killed at call {point}: {scene.calls[point - 1]}") from error
    print(f"{len(scene.calls)} calls, killed at {len(points)} of them")


def after_each_write(calls: list[str]) -> list[int]:
    """The numbers (from 1) of the calls that come first after storage has changed."""
    return [number for number, call in enumerate(calls, 1) if is_write("after", call)]


def is_write(when: str, call: str) -> bool:
    """Whether it is the moment before or after a write."""
    return call.startswith(tuple(f"{when} {write} " for write in WRITES))


def test_killed_twice_it_is_harmless_too(scene: Scene) -> None:
    points = after_each_write(scene.calls)
    for point in points[:: 1 if NIGHTLY else 4]:
        scene.begin()
        scene.world.kill_at(point, **scene.options)
        scene.world.outlast_lease()
        scene.world.kill_at(point // 2 + 7, **scene.options)
        scene.check_end()


def test_killed_while_it_writes_beside_its_reading_it_is_harmless_too(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With threads that write batches side by side, and small buffers that are written while more is read."""
    world = scene.world
    monkeypatch.setattr(write_queue, "BUFFER_ROWS", 2)
    monkeypatch.setattr(sync_progress, "PLACE_KEPT_EVERY_SECONDS", 0.0)
    world.parallel = True
    for point in range(6, len(scene.calls), 1 if NIGHTLY else len(scene.calls) // 14):
        scene.begin()
        world.kill_at(point, **scene.options)
        try:
            scene.check_end()
        except AssertionError as error:
            raise AssertionError(f"killed at call {point}") from error


@pytest.mark.parametrize("applied", [False, True], ids=["throttled", "answer lost"])
def test_every_write_fails_once(scene: Scene, applied: bool) -> None:
    """Throttled before it was applied; or applied, and its answer lost. All writes of one run, one after the other."""
    failing: set[str] = set()
    failures = 0

    def fail(call: str) -> None:
        nonlocal failures
        place = call.partition(" ")[2]
        if is_write("after" if applied else "before", call) and place not in failing:
            failing.add(place)
            failures += 1
            if applied:
                raise ServiceResponseError("The answer was lost.")
            raise throttled()
        if is_write("after", call):
            failing.discard(place)

    scene.begin()
    scene.world.io = fail
    outcome = scene.world.run(**scene.options)
    scene.world.io = lambda _: None

    run = outcome.succeeded
    assert failures >= 8
    assert len(outcome.named("storage_retry")) == failures
    assert scene.world.tables() == scene.after
    assert run.inserted + run.updated + run.missing >= 4
    scene.world.assert_settled()


def throttled() -> HttpResponseError:
    """Storage's answer to too many requests."""
    error = HttpResponseError("The server is busy.")
    error.status_code = 503
    return error


@pytest.mark.parametrize("applied", [False, True], ids=["away", "answers lost"])
def test_storage_that_goes_away_fails_the_run_and_nothing_is_lost(scene: Scene, applied: bool) -> None:
    """From a write on storage does not answer, for all tries of that write; then it does again."""
    points = after_each_write(scene.calls)
    for point in points[:: 1 if NIGHTLY else 3]:
        scene.begin()
        write = scene.calls[point - 1].partition(" ")[2]
        seen = left = 0

        def fail(call: str, write: str = write, nth: int = scene.calls[:point].count(f"after {write}")) -> None:
            nonlocal seen, left
            if call == f"before {write}":
                seen += 1
                if seen == nth:
                    left = 5
            if left and call == f"{'after' if applied else 'before'} {write}":
                left -= 1
                raise ServiceResponseError("No answer.")

        scene.world.io = fail
        outcome = scene.world.run(**scene.options)
        scene.world.io = lambda _: None
        if outcome.error is not None:
            assert outcome.error.code in {"storage_unavailable", "run_interrupted"}
        scene.check_end()


def test_a_row_that_somebody_else_writes_in_between_is_decided_anew(scene: Scene) -> None:
    """Each row conflicts once: between the reading and the writing it got another ETag."""
    touched: set[tuple[str, str]] = set()

    def touch(call: str) -> None:
        if call != "before transact Referrals" or scene.world.clock.sleeps[-1:] == [0.123]:
            return
        scene.world.io = lambda _: None
        table = scene.world.store.table("Referrals")
        for row in table.query():
            if (row["PartitionKey"], row["RowKey"]) not in touched:
                touched.add((row["PartitionKey"], row["RowKey"]))
                table.replace(row, row["etag"])
        scene.world.io = touch

    scene.begin()
    scene.world.io = touch
    outcome = scene.world.run(**scene.options)
    scene.world.io = lambda _: None

    assert outcome.error is None or isinstance(outcome.error, HunterError)
    assert outcome.succeeded
    assert scene.world.tables() == scene.after


def test_the_kill_is_a_kill(world: World) -> None:
    """Nothing runs after it in the process: no record, no release of the lease."""
    assert world.kill_at(20) == 20
    [run] = world.state.runs()
    assert run.state == "running"
    head = world.state.load()
    assert head.holder(world.clock.now()) == run.id
    assert head.holder(NOW) == run.id
    with pytest.raises(Killed):
        raise Killed
