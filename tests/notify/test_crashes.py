"""Promise 12 under crashes: killed at every call from the change to the note "sent", nothing is lost, and what comes twice
comes where the process died between sending and noting it.

Calls between the same two writes leave the same behind, so the normal form of the test kills after each write and around each
message; the nightly form kills at every single call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from shared.model.person import Person
from shared.notify.news import rows_of
from shared.notify.notifier import Notifier
from shared.notify.sender import Sender
from shared.notify.service import SubscriptionService
from shared.read_model.current import ReadModel
from shared.sign_in.token_cache import Unreadable, Vault
from shared.storage.tables.subscriptions import Subscriptions
from shared.storage.tables.work import WorkTable
from shared.sync import service as sync_module
from shared.sync.row_writer import Outbox
from tests.conftest import PROFILE
from tests.notify.samples import PAGE
from tests.notify.world import Courier
from tests.sync import harness
from tests.sync.harness import Killed, World

NIGHTLY = PROFILE == "nightly"
DENIZ = Person("deniz", "Deniz", "deniz@partner.example")
TABLES = (*harness.TABLES, "Outbox", "Subscriptions", "Work")
WRITES = ("insert", "replace", "delete", "transact", "send")


class Telling(World):
    """A world whose syncs note what there is to tell, and whose ticks tell it."""

    def begin(self) -> None:
        """Two subscriptions, and a first sync that tells nothing."""
        self.courier = Courier(self.clock, io=lambda call: self.io(call))
        rows = Subscriptions(self.store, Vault(self.settings.token_cache_keys), Unreadable)
        people = SubscriptionService(self.store, rows, self.settings, self.courier)
        events = ["new", "answered", "closed", "changed"]
        people.create({"events": events, "channel": "mail", "name": "A"}, DENIZ, operates=True)
        people.create({"events": ["new"], "channel": "mail", "target": "b@partner.example"}, DENIZ, operates=True)
        assert self.run().error is None
        self.tick()
        assert self.courier.posts == []

    def sync(self) -> sync_module.Sync:
        outbox = Outbox("Outbox", lambda version: rows_of(version, self.clock.now()))
        return sync_module.Sync(self.settings, self.store, self.sign_in, parallel=False, outbox=outbox)

    def tick(self) -> None:
        """A minute's work of a process that knows nothing yet."""
        work = WorkTable(self.store)
        rows = Subscriptions(self.store, Vault(self.settings.token_cache_keys), Unreadable)
        sender = Sender(self.store, work, self.courier, PAGE, parallel=False)
        Notifier(self.store, rows, ReadModel(self.store), sender).tick(work.load(), 20)

    def told(self) -> Counter[tuple[str, str, str]]:
        """To whom, of which referral, what: how often."""
        lines = ((post.to, line) for post in self.courier.posts for line in post.letter.lines)
        return Counter((to, line.url.rpartition("=")[2], line.what) for to, line in lines)

    def change(self) -> None:
        """What happens at Partner Center."""
        data = self.sim.data
        waiting, active = (self.of_status(status) for status in ("New", "Active"))
        data.change(waiting[0], status="Active", substatus="Accepted")
        data.change(active[0], status="Closed", substatus="Won")
        data.change(active[1], details={"dealValue": 77})
        data.create(id="brand-new", name="New", direction="Incoming", status="New", customerProfile={"name": "Contoso"})

    def of_status(self, status: str) -> list[str]:
        """The ids of Partner Center's referrals of a status."""
        known = ((each, self.sim.data.get(each)) for each in self.sim.data.ids())
        return [each for each, payload in known if payload and payload.get("status") == status]

    def happen(self) -> None:
        """A sync, and two ticks."""
        self.sync().run("http")
        self.tick()
        self.clock.advance(61)
        self.tick()


@pytest.fixture
def world(storage_account: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Telling]:
    monkeypatch.setattr(harness, "TABLES", TABLES)
    with Telling(storage_account, tmp_path, referrals=30) as world:
        world.begin()
        world.clock.advance(600)
        world.change()
        yield world


def points(calls: list[str]) -> list[int]:
    """Where to die: after each write, and around each message."""
    numbers = range(1, len(calls) + 1)
    if NIGHTLY:
        return [*numbers]
    return [number for number in numbers if _counts(calls[number - 1])]


def _counts(call: str) -> bool:
    when, name, *_ = call.split()
    return name == "send" or (when == "after" and name in WRITES)


def test_killed_anywhere_nothing_is_lost_and_only_what_was_not_noted_comes_twice(world: Telling) -> None:
    before = world.dump()
    with world.counting() as calls:
        world.happen()
    expected = world.told()
    assert sum(expected.values()) == 5
    assert max(expected.values()) == 1
    assert world.run().error is None
    whole = list(calls)
    twice = []
    for point in points(whole):
        world.restore(before)
        world.clock.advance(1)
        world.courier.posts.clear()
        with world.counting(point), suppress(Killed):
            world.happen()
        world.outlast_lease()
        world.clock.advance(61)
        assert world.run().error is None
        for _ in range(4):
            world.tick()
            world.clock.advance(61)
        told = world.told()
        assert told.keys() == expected.keys(), f"killed at call {point}, {whole[point - 1]}"
        repeated = {what: often for what, often in told.items() if often > 1}
        if repeated:
            twice.append(point)
            assert len(repeated) == 1, f"killed at call {point}"
            assert [*repeated.values()] == [2], f"killed at call {point}"
            between = whole[point - 1]
            assert between in {"after send", "before transact Outbox"}, f"killed at call {point}, {between}"
    assert len(twice) >= 4, "the place that the promise names is met"


def test_a_sync_with_nothing_new_asks_nothing_more_of_storage(world: Telling) -> None:
    """With the outbox and without: the same calls."""
    assert world.run().error is None
    for _ in range(3):
        world.clock.advance(61)
        assert world.run().error is None
    with world.counting() as with_outbox:
        world.sync().run("http")
    world.clock.advance(61)
    with world.counting() as without:
        World.sync(world).run("http")
    assert with_outbox == without


def test_reading_everything_anew_tells_nothing(world: Telling) -> None:
    """A full walk, and one under other rules."""
    world.happen()
    told = world.told()
    for options in ({"mode": "full"}, {}):
        world.clock.advance(600)
        if not options:
            world.settings = world.settings_with(HUNTER_PARTNER_DOMAINS="other-partner.example")
        run = world.sync().run("http", **options)  # type: ignore[arg-type]
        assert run.mode == "full"
        world.tick()
    assert world.told() == told


def test_what_a_full_walk_finds_is_told(world: Telling) -> None:
    """Changed without a newer date, as offset paging may skip it: the next full walk meets it."""
    world.happen()
    count = sum(world.told().values())
    world.sim.data.change(world.of_status("Active")[2], touch=False, details={"dealValue": 4711})
    world.clock.advance(600)
    world.sync().run("http", mode="full")
    world.tick()
    assert sum(world.told().values()) == count + 1
