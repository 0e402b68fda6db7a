"""Promise 2 between processes: two sync at once, fifty times, against one storage; nothing is lost, nothing goes back.

In half of the rounds a lease has run out when it is taken, so each takes it from the other in mid-run, and both write at once.
"""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable
from multiprocessing.connection import Connection

from shared.core.clock import SystemClock
from shared.core.errors import HunterError
from shared.core.settings import load
from shared.storage.engine.tables import TableStore
from shared.storage.tables import sync_state
from shared.sync.service import Sync
from tests.sync.harness import World
from tests.sync.processes import Token, two_processes

ROUNDS = 50
LASTING, FLEETING = 60.0, -1.0


def worker(orders: Connection, environ: dict[str, str], token: str) -> None:
    """A process of the app: syncs when it is told to, and answers how that ended."""
    settings = load(environ)
    store = TableStore.from_settings(settings, SystemClock())
    while (lease := orders.recv()) is not None:
        sync_state.LEASE_SECONDS = lease  # type: ignore[misc]
        try:
            run = Sync(settings, store, Token(token)).run("timer")
            orders.send((run.state, run.id))
        except HunterError as error:
            orders.send((error.code, None))


class Watch(threading.Thread):
    """Reads the rows all the time, and notes every version that goes back."""

    def __init__(self, store: TableStore) -> None:
        super().__init__(daemon=True)
        self._store, self._ended = store, threading.Event()
        self.versions: dict[str, str] = {}
        self.went_back: list[str] = []
        self.looks = 0

    def run(self) -> None:
        while not self._ended.wait(0.02):
            self.look()

    def look(self) -> None:
        for row in self._store.table("Referrals").query(None, select=["id", "updatedDateTime"]):
            if row["updatedDateTime"] < self.versions.get(row["id"], ""):
                self.went_back.append(row["id"])
            self.versions[row["id"]] = row["updatedDateTime"]
        self.looks += 1

    def stop(self) -> None:
        self._ended.set()
        self.join(120)


def test_two_processes_at_once_fifty_times(make_world: Callable[..., World]) -> None:
    world = make_world(referrals=8)
    world.run().succeeded  # noqa: B018 - it has to
    with two_processes(world, worker, HUNTER_PARTNER_CENTER_FULL_SYNC_HOURS="700") as pipes:
        watch = Watch(world.store)
        ends: Counter[str] = Counter()
        try:
            watch.start()
            for number in itertools.count():
                # Who meets whom is up to the machine: on a slow one it takes more rounds until leases were lost often enough.
                if number >= ROUNDS and (
                    (ends["run_interrupted"] > 5 and ends["sync_running"]) or number >= 6 * ROUNDS
                ):
                    break
                world.clock.advance(600)
                ids = world.sim.data.ids()
                world.sim.data.change(ids[number % len(ids)], name=f"Round {number}", details={"dealValue": number})
                world.sim.data.change(ids[(number + 3) % len(ids)], status="Active", details={"dealValue": -number})
                lease = FLEETING if number % 2 else LASTING
                succeeded = False
                while not succeeded:
                    for pipe in pipes:
                        pipe.send(lease)
                    answers = [pipe.recv() for pipe in pipes]
                    ends.update(state for state, _ in answers)
                    assert {state for state, _ in answers} <= {"succeeded", "sync_running", "run_interrupted"}
                    succeeded = any(state == "succeeded" for state, _ in answers)
                upstream = world.upstream()
                assert {one: content for one, (content, _) in world.stored().items()} == upstream
        finally:
            watch.stop()
    watch.look()

    print(f"{number} rounds: {dict(ends)}; the rows were read {watch.looks} times meanwhile")
    assert not watch.went_back
    assert ends["sync_running"] > 0
    assert ends["run_interrupted"] > 5
    # Whoever lost its lease left the companies to be compared by the next run.
    world.clock.advance(10 * 24 * 3600)
    world.run(mode="full").succeeded  # noqa: B018 - it has to
    world.assert_equal_to_upstream()
