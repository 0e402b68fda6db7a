"""A world in which syncs run: the simulator over real sockets, Table Storage by Azurite, and a clock that never waits.

Every run is held against the same truth: its counts add up, and the answer, the run's record and the log say the same.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from unittest.mock import patch

import msgspec
import requests
from cryptography.fernet import Fernet

from local.simulator import RequestInfo, Simulator
from shared.companies.book import CompanyBook
from shared.core import log as log_module
from shared.core.errors import HunterError
from shared.core.settings import Settings, load
from shared.model.referral import Unstorable, content_hash, read_head
from shared.model.run import Mode, Run, Trigger
from shared.storage.engine.entities import Entity
from shared.storage.engine.tables import Delete, Operation, Replace, TableStore
from shared.storage.tables.referrals import PARTITIONS, SUMMARY_COLUMNS, from_row, payload_of, scan
from shared.storage.tables.sync_state import LEASE_SECONDS, SyncState
from shared.sync import service as sync_module
from shared.sync.seen import id_hash

NOW: Final = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
"""Where the world's clock begins. Partner Center's own is an hour behind, so that its times can be told from ours."""
BEHIND: Final = timedelta(hours=1)
TABLES: Final = (
    "Referrals",
    "ReferralChanges",
    "ReferralPayloads",
    "Companies",
    "CompanyLinks",
    "Quarantine",
    "SyncState",
)
TOKEN_KEY: Final = Fernet.generate_key().decode()

Dump = dict[str, dict[tuple[str, str], Entity]]


class ManualClock:
    """A clock that moves when it is told to, or when somebody sleeps by it."""

    def __init__(self, start: datetime = NOW) -> None:
        self._start, self._passed = start, 0.0
        self._lock = threading.Lock()
        self.sleeps: list[float] = []

    def now(self) -> datetime:
        """The wall clock."""
        return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        """Seconds since it began."""
        return self._passed

    def sleep(self, seconds: float) -> None:
        """Note the wait and let its time pass."""
        if seconds > 0:
            with self._lock:
                self.sleeps.append(seconds)
                self._passed += seconds

    def advance(self, seconds: float) -> None:
        """Let time pass that nobody waited for."""
        with self._lock:
            self._passed += seconds


class SignedIn:
    """A sign-in that always works."""

    def __init__(self, sim: Simulator) -> None:
        self._sim, self._token = sim, ""
        self.refreshed = 0

    def token(self, *, force_refresh: bool = False) -> str:
        """An access token as a sign-in would give it."""
        self.refreshed += force_refresh
        if not self._token or force_refresh:
            self._token = self._sim.access_token()
        return self._token

    def own_domain(self) -> str | None:
        """The partner's domain."""
        return "fabrikam-partner.com"


class Killed(BaseException):
    """The process ends here; nothing that runs afterwards in it may count."""


@dataclass
class Outcome:
    """What a run came to."""

    run: Run | None
    """As it is recorded; None when no run took place."""
    error: HunterError | None
    requests: list[RequestInfo]
    sleeps: list[float]
    events: list[dict[str, Any]]

    @property
    def succeeded(self) -> Run:
        """The run, which must have succeeded."""
        assert self.error is None, f"{self.error!r} {self.events}"
        assert self.run is not None
        assert self.run.state == "succeeded", self.run
        return self.run

    @property
    def waits(self) -> list[float]:
        """The waits before repeated requests to Partner Center, as the log has them."""
        return [one["waitSeconds"] for one in self.named("partner_center_attempt") if "waitSeconds" in one]

    def named(self, event: str) -> list[dict[str, Any]]:
        """The events of one name."""
        return [one for one in self.events if one["event"] == event]


class _Events(logging.Handler):
    """Takes what the app logs, as Azure would get it."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        assert "@" not in text, f"an address or a name in the log: {text}"
        assert "Bearer" not in text, text
        self.lines.append(json.loads(text))


@dataclass
class World:
    """Partner Center, storage and a clock; a context manager."""

    storage: str
    ca_dir: Path
    referrals: int = 14
    seed: int = 1
    page_size: int = 5
    settings_of: Mapping[str, str] = field(default_factory=dict)
    fast: bool = False
    parallel: bool = False
    clock: ManualClock = field(default_factory=ManualClock)

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        self.sim = Simulator(
            self.referrals, self.seed, ca_dir=self.ca_dir, now=NOW, seeded_at=NOW - BEHIND, fast=self.fast
        )
        vars(self.sim.clock)["now"] = lambda: self.clock.now() - BEHIND
        self.sim.switches.page_size = self.page_size
        self._stack.enter_context(self.sim)
        self.settings = self.settings_with()
        self.store = TableStore.from_settings(self.settings, self.clock)
        self.sign_in = SignedIn(self.sim)
        self.state = SyncState(self.store)
        self.io: Callable[[str], None] = _nothing
        """Called before and after every call to storage and to Partner Center; tests raise from it."""
        self.store.intercept = lambda when, operation, table: self.io(f"{when} {operation} {table}")
        self._events = _Events()
        logger = logging.getLogger("shared")
        level = logger.level
        logger.setLevel(logging.INFO)
        logger.addHandler(self._events)
        self._stack.callback(logger.setLevel, level)
        self._stack.callback(logger.removeHandler, self._events)
        self._stack.enter_context(patch.object(log_module, "in_azure", lambda *_: True))
        self._stack.enter_context(patch.object(requests, "Session", self._session))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _session(self) -> requests.Session:
        """What the client sends by; the Table SDK does too, but its calls are counted where they are repeated."""
        world = self

        class Session(requests.sessions.Session):
            def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
                if not (request.url or "").startswith(world.sim.api_url):
                    return super().send(request, **options)
                world.io("before request")
                answer = super().send(request, **options)
                try:
                    world.io("after request")
                except BaseException:
                    answer.close()  # a process that dies takes its sockets along
                    raise
                return answer

        return Session()

    def settings_with(self, **changed: str) -> Settings:
        """The app's settings for this world."""
        settings = load(
            {
                "HUNTER_PARTNER_CENTER_ENABLED": "true",
                "HUNTER_PARTNER_CENTER_API_URL": self.sim.api_url,
                "HUNTER_PARTNER_CENTER_TENANT_ID": self.sim.tenant_id,
                "HUNTER_PARTNER_CENTER_CLIENT_ID": self.sim.client_id,
                "HUNTER_PARTNER_CENTER_PAGE_INTERVAL_SECONDS": "0",
                "HUNTER_TOKEN_CACHE_KEY": TOKEN_KEY,
                "HUNTER_STORAGE": self.storage,
                **self.settings_of,
                **changed,
            }
        )
        assert not settings.problems, settings.problems
        return settings

    # Running

    def sync(self) -> sync_module.Sync:
        """A process's Sync over this world."""
        return sync_module.Sync(self.settings, self.store, self.sign_in, parallel=self.parallel)

    def run(self, trigger: Trigger = "http", *, mode: Mode = "incremental", **options: Any) -> Outcome:
        """Run a sync and hold what it says against the truth."""
        requests_before, events_before = len(self.sim.requests), len(self._events.lines)
        sleeps_before = len(self.clock.sleeps)
        error: HunterError | None = None
        run: Run | None = None
        try:
            run = self.sync().run(trigger, mode=mode, **options)
        except HunterError as caught:
            error = caught
        outcome = Outcome(
            run,
            error,
            list(self.sim.requests[requests_before:]),
            self.clock.sleeps[sleeps_before:],
            self._events.lines[events_before:],
        )
        self._hold_to_truth(outcome)
        return outcome

    def _hold_to_truth(self, outcome: Outcome) -> None:
        """The answer, the record and the log agree, and the counts add up."""
        ends = [one for one in outcome.events if one["event"] in {"sync_succeeded", "sync_failed", "sync_paused"}]
        if outcome.run is None and not ends:
            return  # no run took place
        assert len(ends) == 1, ends
        [end] = ends
        recorded = self.state.run(end["runId"])
        assert recorded is not None
        if outcome.run is None:
            outcome.run = recorded
        else:
            assert recorded == outcome.run
        assert end["state"] == recorded.state
        assert end["event"] == f"sync_{recorded.state}"
        check_counts(recorded)
        for name in ("fetched", "inserted", "updated", "unchanged", "repeated", "quarantined", "missing", "pages"):
            assert end[name] == getattr(recorded, name), name
        assert recorded.finished_at is not None
        error = outcome.error
        if error is None:
            assert recorded.error is None
            assert "code" not in end
            return
        assert recorded.error is not None
        assert recorded.error.code == error.code == end["code"]
        assert recorded.error.message == error.message
        assert error.correlation_id
        assert recorded.error.correlation_id == error.correlation_id == end["correlationId"]

    def kill_at(self, point: int, **options: Any) -> int:
        """Run a sync that dies at its call number ``point`` (from 1); returns how many calls it made."""
        with self.counting(point) as calls, suppress(Killed):
            self.sync().run("http", **options)
        return len(calls)

    def kill_quietly(self, point: int, **options: Any) -> None:
        """Like kill_at, for a run that may also end in another way before."""
        with suppress(HunterError):
            self.kill_at(point, **options)

    @contextmanager
    def counting(self, kill_at: int | None = None) -> Iterator[list[str]]:
        """Note every call to storage and to Partner Center, before and after; and die at one."""
        calls: list[str] = []
        lock = threading.Lock()

        def note(call: str) -> None:
            with lock:
                if kill_at is not None and len(calls) >= kill_at:
                    raise Killed  # its other threads are dead too
                calls.append(call)
                if len(calls) == kill_at:
                    raise Killed

        self.io, before = note, self.io
        try:
            yield calls
        finally:
            self.io = before

    def outlast_lease(self) -> None:
        """Let a dead run's lease run out."""
        self.clock.advance(LEASE_SECONDS + 1)

    # Storage

    def dump(self) -> Dump:
        """All tables as they are."""
        return {
            name: {(row["PartitionKey"], row["RowKey"]): row for row in self.store.table(name).query()}
            for name in TABLES
        }

    def restore(self, wanted: Dump) -> None:
        """Bring all tables back to what a dump has."""
        self.io, before = _nothing, self.io
        for name, now in self.dump().items():
            operations: dict[str, list[Operation]] = {}
            for (partition, row_key), row in now.items():
                if (partition, row_key) not in wanted[name]:
                    operations.setdefault(partition, []).append(Delete(partition, row_key))
                elif _bare(row) != _bare(wanted[name][partition, row_key]):
                    operations.setdefault(partition, []).append(Replace(wanted[name][partition, row_key], None))
            for (partition, row_key), row in wanted[name].items():
                if (partition, row_key) not in now:
                    operations.setdefault(partition, []).append(Replace(row, None))
            for each in operations.values():
                for start in range(0, len(each), 20):
                    self.store.table(name).transact(each[start : start + 20])
        self.io = before

    def tables(self) -> dict[str, Any]:
        """All tables in a form that may be compared: without ETags, ids of runs and walks, and times of ours."""
        dump = self.dump()
        self._check_recent(dump)
        return comparable(dump)

    def _check_recent(self, dump: Dump) -> None:
        """What the next run will take for known is what is stored; how much it knows is no matter."""
        recent = dump["SyncState"].get(("sync", "head-cursor"), {}).get("recent", b"")
        stored = {
            id_hash(row["RowKey"]).to_bytes(8): bytes.fromhex(row["rawHash"]) for row in dump["Referrals"].values()
        }
        for start in range(0, len(recent), 16):
            assert stored[recent[start : start + 8]] == recent[start + 8 : start + 16]

    # Holding against upstream

    def stored(self) -> dict[str, tuple[str, str | None]]:
        """Of every stored referral the hash of its payload, and since when it is missing."""
        rows = self.store.table("Referrals").query()
        return {
            row["id"]: (content_hash(payload_of(self.store, row).encode()), row.get("missingSince")) for row in rows
        }

    def upstream(self) -> dict[str, str]:
        """Of every referral at Partner Center that has an id the hash of its payload."""
        found = {}
        for body in self.sim.data.bodies():
            try:
                found[read_head(body).id] = content_hash(body)
            except Unstorable:
                continue
        return found

    def assert_equal_to_upstream(self) -> None:
        """What is stored and not missing is what Partner Center has; companies are what the rows add up to."""
        visible = {one: content for one, (content, missing) in self.stored().items() if missing is None}
        upstream = self.upstream()
        assert visible == upstream, {one for one in {*visible, *upstream} if visible.get(one) != upstream.get(one)}
        self.assert_settled()

    def assert_settled(self) -> None:
        """Making all companies anew from the rows changes nothing."""
        table = self.store.table("Referrals")
        before = _bare_table(self.dump()["Companies"])
        counts = CompanyBook(self.store).rebuild(
            from_row(row) for partition in PARTITIONS for row in scan(table, partition, SUMMARY_COLUMNS)
        )
        assert (counts.inserted, counts.updated) == (0, 0)
        assert _bare_table(self.dump()["Companies"]) == before


def _nothing(_: str) -> None:
    """No hook."""


def check_counts(run: Run) -> None:
    """Everything fetched went somewhere."""
    assert run.fetched == run.inserted + run.updated + run.unchanged + run.repeated + run.quarantined, run


def comparable(dump: Dump) -> dict[str, Any]:
    """A dump without what differs by chance or by time alone."""
    out: dict[str, Any] = {}
    for name, rows in dump.items():
        if name == "SyncState":
            out[name] = _comparable_state(rows)
            continue
        table: dict[str, Any] = {}
        for (_, row_key), row in rows.items():
            bare = {column: _timeless(value) for column, value in _bare(row).items() if column not in {"fence", "walk"}}
            identity = row_key
            if name == "ReferralChanges" and ("|missing-" in row_key or "|found-" in row_key):
                identity = row_key.partition("-")[0]  # the walk's id, or the time of ours, is in the key
                bare.pop("RowKey")
                bare["changes"] = _timeless(bare["changes"])
            table.setdefault(identity, []).append(bare)
        out[name] = table
    return out


def _comparable_state(rows: Mapping[tuple[str, str], Entity]) -> dict[str, Any]:
    # What a walk has met may outlive it, when its run dies between its end and the tidying; it means nothing then.
    kinds = {key.partition("|")[0] for _, key in rows} - {"walk"}
    state: dict[str, Any] = {"kinds": sorted(kinds)}
    for (_, row_key), row in rows.items():
        if row_key == "head-cursor":
            cursor = msgspec.json.decode(row["cursor"])
            state["cursor"] = {name: _timeless(value) for name, value in cursor.items()}
        elif row_key == "head-lease":
            state["lease"] = {"runId": row["runId"], "settled": row["settled"]}
    return state


def _bare(row: Entity) -> Entity:
    return {name: value for name, value in row.items() if name != "etag"}


def _bare_table(rows: Mapping[tuple[str, str], Entity]) -> dict[tuple[str, str], Entity]:
    return {key: _bare(row) for key, row in rows.items()}


def _timeless(value: Any) -> Any:
    """A time of ours, told by being later than any that Partner Center's clock gives, is any time of ours."""
    if isinstance(value, str) and len(value) > 19 and value[:19] >= NOW.isoformat()[:19] and value.endswith("Z"):
        return "now"
    if isinstance(value, str) and '"missingSince"' in value:
        changes = json.loads(value)
        return [{name: _timeless(each) for name, each in one.items()} for one in changes]
    return value
