"""A sync that is wanted: at once, once more, once for many, and not lost when a process dies. Real tables, real sync."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from local.simulator import RequestInfo
from shared.core.errors import StorageUnavailable
from shared.model import times
from shared.storage.tables.work import NEVER, WorkItem
from shared.sync import wanted

from .conftest import App


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events that come together are waited for a moment only."""
    monkeypatch.setattr(wanted, "TOGETHER_SECONDS", 0.05)
    monkeypatch.setattr(wanted, "MOST_TOGETHER_SECONDS", 0.5)


def note(app: App) -> WorkItem:
    """The row of the Work table."""
    item = app.services.work.get(wanted.KIND, wanted.ID)
    assert item is not None
    return item


def is_open(app: App) -> bool:
    return note(app).due_at < times.from_datetime(NEVER)


def pages(app: App) -> int:
    """How many lists were asked for since the last look."""
    found = len(app.sim.requests_of("list", "next"))
    app.sim.requests.clear()
    return found


def names(app: App, identity: str) -> str:
    """The stored name of a referral."""
    items = app.services.read_model.snapshot().referrals
    return next((item.name or "" for item in items if item.id == identity), "")


class During:
    """Does something between a run's requests, once, in the middle of its first page."""

    def __init__(self, app: App, *actions: Any) -> None:
        self.actions = list(actions)
        app.sim.before_request = self

    def __call__(self, request: RequestInfo) -> None:
        if request.kind == "list" and self.actions:
            self.actions.pop(0)()


def test_an_event_runs_one_sync_of_one_page_and_closes_the_note(synced: App) -> None:
    identity = synced.sim.data.create(name="First")
    assert synced.services.wanted_sync.event()
    run = synced.runs()[0]
    assert (run.trigger, run.pages, run.inserted) == ("event", 1, 1)
    assert pages(synced) == 1
    assert not is_open(synced)
    assert wanted.last_event(synced.services.work.load()) <= times.from_datetime(synced.services.clock.now())
    assert names(synced, identity) == "First"


def test_each_event_runs_one(synced: App) -> None:
    before = synced.runs()[0].id
    for _ in range(3):
        assert synced.services.wanted_sync.event()
    assert pages(synced) == 3
    assert [run.id for run in synced.runs()].index(before) == 3


def test_events_during_a_run_of_the_same_process_are_one_round_more(synced: App) -> None:
    services = synced.services

    def five() -> None:
        synced.sim.data.create(name="Late")  # too late for the page under way? The answer is computed afterwards
        assert not any(services.wanted_sync.event() for _ in range(5))

    During(synced, five)
    assert services.wanted_sync.event()
    assert pages(synced) == 2
    assert synced.runs()[0].pages == 2
    assert not is_open(synced)


@pytest.mark.parametrize("same_process", [True, False])
@pytest.mark.parametrize("trigger", ["timer", "http"])
def test_a_run_that_was_under_way_goes_round_once_more(synced: App, trigger: Any, same_process: bool) -> None:
    heard_by = synced if same_process else synced.another()
    added: list[str] = []

    def late() -> None:
        assert [heard_by.services.wanted_sync.event() for _ in range(3)] == [()] * 3

    def change() -> None:
        added.append(synced.sim.data.create(name="Between two pages"))

    During(synced, late, change)
    run = synced.services.sync.run(trigger)
    assert (run.trigger, run.state, run.pages) == (trigger, "succeeded", 2)
    assert pages(synced) == 2
    assert names(synced, added[0]) == "Between two pages"
    synced.tick()  # what is left of the note is closed without another sync
    assert pages(synced) == 0
    assert not is_open(synced)


def test_what_comes_behind_the_last_look_of_a_run_is_synced_right_after(synced: App) -> None:
    """The run asks whether it is wanted again, and then still has to settle what it wrote."""
    services, other = synced.services, synced.another()
    asked = services.wanted.again
    added: list[str] = []

    def again() -> bool:
        more = asked()
        if not more and not added:
            added.append(synced.sim.data.create(name="Behind it"))
            assert not other.services.wanted_sync.event()
        return more

    services.sync._wanted_again = again
    assert services.wanted_sync.event()
    assert names(synced, added[0]) == "Behind it"
    assert [run.trigger for run in synced.runs()[:2]] == ["event", "event"]
    assert not is_open(synced)


def test_the_same_behind_a_poll_is_taken_up_by_what_follows_it(synced: App) -> None:
    services, other = synced.services, synced.another()
    asked = services.wanted.again
    added: list[str] = []

    def again() -> bool:
        more = asked()
        if not added:
            added.append(synced.sim.data.create(name="Behind a poll"))
            assert not other.services.wanted_sync.event()
        return more

    services.sync._wanted_again = again
    services.sync.run("timer")
    synced.tick()
    assert names(synced, added[0]) == "Behind a poll"
    assert not is_open(synced)


def test_many_at_once_are_one_sync(synced: App) -> None:
    before = synced.runs()[0].id
    ids = [synced.sim.data.create(name=f"Many {number}") for number in range(20)]
    with ThreadPoolExecutor(20) as executor:
        took_place = list(executor.map(lambda _: synced.services.wanted_sync.event(), range(200)))
    assert any(took_place)
    assert [run.id for run in synced.runs()].index(before) <= 3
    assert all(names(synced, identity) for identity in ids)
    assert pages(synced) <= 8
    assert not is_open(synced)


def test_two_processes_lose_nothing(synced: App) -> None:
    other = synced.another()
    ids: list[str] = []

    def one(number: int) -> None:
        ids.append(synced.sim.data.create(name=f"Either {number}"))
        (synced if number % 2 else other).services.wanted_sync.event()

    with ThreadPoolExecutor(8) as executor:
        list(executor.map(one, range(40)))
    synced.tick()
    other.tick()
    assert all(names(synced, identity) for identity in ids)


def test_a_wanted_sync_whose_process_died_is_run_by_the_tick(synced: App) -> None:
    identity = synced.sim.data.create(name="Orphan")
    synced.services.wanted.hear()
    synced.services.wanted.note()  # and then it died
    other = synced.another()
    other.tick()
    assert other.runs()[0].trigger == "event"
    assert names(other, identity) == "Orphan"
    assert not is_open(other)
    pages(other)
    other.tick()
    assert pages(other) == 0


def test_a_tick_with_nothing_due_asks_for_nothing(synced: App) -> None:
    synced.services.wanted_sync.event()
    pages(synced)
    synced.tick()
    assert pages(synced) == 0


@pytest.mark.parametrize(
    ("fault", "minutes"),
    [({"status": 500, "times": 5}, 1), ({"status": 403}, 1), ({"kind": "html", "status": 200, "times": 5}, 1)],
)
def test_a_sync_that_fails_is_tried_again_soon(
    synced: App, fault: dict[str, Any], minutes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(synced.services.clock, "sleep", lambda seconds: None)
    synced.sim.faults.add(match="pages", **fault)
    assert not synced.services.wanted_sync.event()
    due = times.to_datetime(note(synced).due_at) - synced.services.clock.now()
    assert abs(due - timedelta(minutes=minutes)) < timedelta(seconds=20)
    synced.tick()
    assert is_open(synced)


def test_the_pause_that_partner_center_asks_for_is_kept(make_app: Callable[..., App]) -> None:
    app = make_app()
    app.sign_in()
    app.services.sync.run("timer")
    app.sim.faults.add(match="pages", status=429, retry_after=300)
    assert not app.services.wanted_sync.event()
    assert times.to_datetime(note(app).due_at) - app.services.clock.now() > timedelta(seconds=290)
    pages(app)
    assert not app.services.wanted_sync.event(), "an event is no reason to break it"
    app.tick()
    assert pages(app) == 0
    assert is_open(app)


def test_it_is_left_to_the_schedule_when_a_person_has_to_act_or_nothing_helps(
    synced: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(synced.services.clock, "sleep", lambda seconds: None)
    synced.sim.faults.add(match="pages", status=500, times=0)
    for tries in range(1, wanted.MOST_TRIES + 1):
        synced.services.wanted_sync.resume(note(synced)) if tries > 1 else synced.services.wanted_sync.event()
        assert is_open(synced) == (tries < wanted.MOST_TRIES)
    synced.sim.faults.clear()
    synced.sim.faults.add(match="pages", status=401, times=0)
    assert not synced.services.wanted_sync.event()
    assert not is_open(synced)


def test_without_storage_the_event_is_refused_and_the_next_one_is_taken(
    synced: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> str:
        raise StorageUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(synced.services.work, "put", away)
        with pytest.raises(StorageUnavailable):
            synced.services.wanted_sync.event()
    assert synced.services.wanted_sync.event()


def test_a_broken_row_is_no_reason_to_stop(synced: App) -> None:
    synced.services.work.put(wanted.KIND, wanted.ID, synced.services.clock.now(), "no JSON")
    assert wanted.last_event(synced.services.work.load()) == ""
    synced.tick()
    assert not is_open(synced)


def test_a_dry_run_does_not_go_round_again(synced: App) -> None:
    synced.services.wanted.hear()
    synced.services.sync.run("http", dry_run=True)
    assert pages(synced) == 1


def test_an_endless_stream_of_events_does_not_keep_its_caller_for_ever(synced: App) -> None:
    services = synced.services
    services.wanted_sync._budget = 2.0
    stop = threading.Event()

    def stream() -> None:
        while not stop.wait(0.02):
            services.wanted_sync.remind()

    thread = threading.Thread(target=stream)
    thread.start()
    begin = time.monotonic()
    try:
        services.wanted_sync.event()
        assert time.monotonic() - begin < 30
    finally:
        stop.set()
        thread.join()


@pytest.fixture(autouse=True)
def nothing_left(known: App) -> Iterator[None]:
    """No hook survives a test."""
    yield
    known.sim.before_request = None
