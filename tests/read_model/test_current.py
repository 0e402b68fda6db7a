"""When the tables are read again, and when they are not, on real storage."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.companies.linker import CompanyLinker
from shared.core.errors import StorageUnavailable
from shared.core.settings import load
from shared.model.summary import ReferralSummary
from shared.read_model import items
from shared.read_model.current import ReadModel
from shared.storage.engine.tables import TableStore
from shared.storage.tables import referrals, sync_state


class Calls:
    """Counts the requests to storage, and lets tests act in the middle of them."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()
        self.before_query: Callable[[str], None] = lambda table: None

    def __call__(self, when: str, operation: str, table: str) -> None:
        if when == "before":
            with self._lock:
                self.counts[operation, table] += 1
            if operation == "query":
                self.before_query(table)

    @property
    def readings(self) -> int:
        """How often the referrals were read."""
        return self.counts["query", "Referrals"] // len(referrals.PARTITIONS)


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def store(storage_account: str, calls: Calls) -> TableStore:
    store = TableStore.from_settings(load({"HUNTER_STORAGE": storage_account}), intercept=calls)
    for name in ("Referrals", "Companies", "CompanyLinks", "TenantLookups", "Quarantine", "SyncState"):
        store.create(name)
    return store


def put(store: TableStore, *ids: str) -> None:
    """Store referrals, and say so."""
    for one in ids:
        row, _ = referrals.to_row(ReferralSummary(id=one, name=f"Deal {one}", status="New"), "{}", "h", "h", 1)
        store.table("Referrals").replace(row, None)
    sync_state.bump_data_version(store)


def ids(model: ReadModel) -> list[str]:
    return [referral.id for referral in model.snapshot().referrals]


def test_before_the_first_sync_there_is_nothing(store: TableStore) -> None:
    snapshot = ReadModel(store).snapshot()
    assert (snapshot.version, list(snapshot.referrals), list(snapshot.companies)) == ("0", [], [])


def test_an_unchanged_version_costs_one_point_read(store: TableStore, calls: Calls) -> None:
    put(store, *"abcdefghij")
    model = ReadModel(store)
    first = model.snapshot()
    calls.counts.clear()
    assert model.snapshot() is first
    assert calls.counts == {("get", "SyncState"): 1}


def test_a_new_version_is_seen_by_the_very_next_request(store: TableStore, calls: Calls) -> None:
    model = ReadModel(store)
    for stored in ("a", "ab", "abc"):
        put(store, *stored)
        assert ids(model) == list(stored)
    assert calls.readings == 3


def test_a_link_by_hand_is_seen_by_the_very_next_request(store: TableStore) -> None:
    put(store, "a")
    model = ReadModel(store)
    now = store.clock.now()
    assert items.item(model.snapshot(), 0, now)["companyKey"] is None
    CompanyLinker(store).link("a", {"domain": "contoso.com", "name": "Contoso"}, "somebody", now)
    item = items.item(model.snapshot(), 0, now)
    assert (item["companyKey"], item["companyName"], item["linkedByHand"]) == ("contoso.com", "Contoso", True)


def test_requests_that_come_together_share_one_reading(store: TableStore, calls: Calls) -> None:
    put(store, *"abc")
    model = ReadModel(store)
    together = threading.Barrier(8)

    def ask(_: int) -> list[str]:
        together.wait()
        return ids(model)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert answers == [["a", "b", "c"]] * 8
    assert calls.readings == 1


def test_what_changes_during_a_reading_is_seen_by_requests_that_came_after_it(store: TableStore, calls: Calls) -> None:
    put(store, "a")
    model = ReadModel(store)
    in_the_middle, go_on = threading.Event(), threading.Event()

    def pause(table: str) -> None:
        if table == "Companies":
            in_the_middle.set()
            assert go_on.wait(120)

    calls.before_query = pause
    with ThreadPoolExecutor(2) as pool:
        early = pool.submit(ids, model)
        assert in_the_middle.wait(120)
        put(store, "b")
        late = pool.submit(ids, model)
        calls.before_query = lambda table: None
        go_on.set()
        assert early.result(120)[:1] == ["a"]
        assert late.result(120) == ["a", "b"]
    assert ids(model) == ["a", "b"]


def test_many_requests_and_many_changes_never_show_less_than_was_there(store: TableStore) -> None:
    model = ReadModel(store)
    stop = threading.Event()
    stored = 0
    problems: list[str] = []

    def ask() -> None:
        while not stop.is_set():
            before = stored
            found = len(ids(model))
            if found < before:
                problems.append(f"{found} of {before}")

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    for number in range(25):
        put(store, f"r{number:02}")
        stored = number + 1
    stop.set()
    for asker in askers:
        asker.join()
    assert problems == []
    assert len(ids(model)) == 25


def test_a_reading_that_failed_is_tried_again_and_nothing_old_is_passed_off(store: TableStore, calls: Calls) -> None:
    put(store, "a")
    model = ReadModel(store)
    assert ids(model) == ["a"]
    put(store, "b")

    def fail(table: str) -> None:
        if table == "Companies":
            raise StorageUnavailable

    calls.before_query = fail
    for _ in range(2):
        with pytest.raises(StorageUnavailable):
            model.snapshot()
    calls.before_query = lambda table: None
    assert ids(model) == ["a", "b"]
