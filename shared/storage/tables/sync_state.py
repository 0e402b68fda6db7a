"""The SyncState table, one partition: lease, cursor, runs, what a walk has met, and the version of the data.

They share a partition so that an entity group transaction can bind them: progress, cursor and the lease's renewal are
written together, on the condition that the lease is still ours. A run that lost its lease can therefore move nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec

from shared.core.errors import RunInterrupted, SyncRunning, Throttled
from shared.model import times
from shared.model.run import Mode, Run, RunError, run_row_key
from shared.storage.engine.entities import Entity, get_bytes, get_text, put_bytes, put_text
from shared.storage.engine.tables import Insert, Operation, Replace, RowConflict, TableStore
from shared.storage.tables.data_version import PARTITION, ROW, TABLE, read_versions, version_row

LEASE_SECONDS: Final = 60
RUNS_SHOWN: Final = 20
RUNS_KEPT: Final = 1_000
_MET_BYTES: Final = 400_000
"""Of hashes in a row: half of what an entity holds, so that it fits also where binary counts as base64."""

# Cursor, lease and version are read by one query, so their names lie side by side.
_CURSOR, _LEASE, _VERSION = "head-cursor", "head-lease", ROW


class Walk(msgspec.Struct, kw_only=True):
    """A walk in progress: where it is, so that the next run can go on."""

    id: str
    mode: Mode
    started_at: str
    watermark: str | None = None
    """The watermark that this walk will leave: the newest change when it began."""
    link: str | None = None
    """The query of the next page; None before the first."""
    pages: int = 0
    complete: bool = False
    """Whether all pages are read, so that only what is missing remains to be confirmed."""
    met_chunks: int = 0
    """How many rows of ids met it has in storage."""
    rules: str | None = None
    """Fingerprint of the rules under which it reads; under others it would not be the same walk."""


class Cursor(msgspec.Struct, kw_only=True):
    """What is known of the sync between runs."""

    watermark: str | None = None
    last_success: str | None = None
    last_full_sync: str | None = None
    rules: str | None = None
    """Fingerprint of the rules under which the last complete full walk read the stored rows."""
    walk: Walk | None = None
    throttled_until: str | None = None
    visibility_changed: bool = False


@dataclass(frozen=True)
class Head:
    """Cursor, lease and version as one query read them."""

    cursor: Cursor
    recent: bytes
    lease: Entity | None
    version: str

    def holder(self, now: datetime) -> str | None:
        """The id of the run that holds the lease."""
        if self.lease and self.lease.get("runId") and times.to_datetime(self.lease["expiresAt"]) > now:
            return str(self.lease["runId"])
        return None

    def respect_throttling(self, now: datetime) -> None:
        """Until the pause that Partner Center asked for has passed, nothing is sent there.

        Raises:
            Throttled: it has not.
        """
        if self.cursor.throttled_until:
            rest = (times.to_datetime(self.cursor.throttled_until) - now).total_seconds()
            if rest > 0:
                raise Throttled(retry_after=rest)

    @property
    def settled(self) -> bool:
        """Whether the last run ended cleanly, so that companies agree with referrals."""
        return self.lease is None or bool(self.lease.get("settled"))


class SyncState:
    """Reads the state, and takes the lease."""

    def __init__(self, store: TableStore) -> None:
        self._store = store
        self._table = store.table(TABLE)

    def load(self) -> Head:
        """Cursor, lease and version: one request."""
        rows = {
            row["RowKey"]: row
            for row in self._table.query(
                "PartitionKey eq @partition and RowKey ge @first and RowKey le @last",
                {"partition": PARTITION, "first": _CURSOR, "last": _VERSION},
            )
        }
        cursor = rows.get(_CURSOR)
        return Head(
            cursor=msgspec.json.decode(get_text(cursor, "cursor"), type=Cursor) if cursor else Cursor(),
            recent=get_bytes(cursor, "recent") if cursor else b"",
            lease=rows.get(_LEASE),
            version=rows[_VERSION]["version"] if _VERSION in rows else "0",
        )

    def run(self, run_id: str) -> Run | None:
        """One run by its id; a run whose process died and that nobody has replaced yet still says running."""
        row_key = run_row_key(run_id)
        row = self._table.get(PARTITION, row_key) if row_key else None
        return msgspec.json.decode(row["run"], type=Run) if row else None

    def runs(self, most: int = RUNS_SHOWN) -> list[Run]:
        """The newest runs, newest first."""
        rows = self._table.query(
            "PartitionKey eq @partition and RowKey ge @first and RowKey lt @last",
            {"partition": PARTITION, "first": "run|", "last": "run}"},
            limit=most,
        )
        return [msgspec.json.decode(row["run"], type=Run) for row in rows]

    def acquire(self, run: Run, head: Head) -> tuple[HeldLease, Head]:
        """Take the lease for a run and record the run; a holder that died is recorded as interrupted.

        Returns:
            The lease, and what the run before left: ``head``, or, when somebody else held the lease since that was read,
            what there is now.

        Raises:
            SyncRunning: another run holds it.
            Throttled: another run came in between, and was told to wait.
        """
        now = self._store.clock.now()
        for _ in range(3):
            holder = head.holder(now)
            if holder:
                running = self.run(holder)
                raise SyncRunning(subject=running)
            lease = _lease_row(run.id, int(head.lease["fence"]) + 1 if head.lease else 1, now, settled=False)
            operations: list[Operation] = [
                Replace(lease, head.lease["etag"]) if head.lease else Insert(lease),
                Replace(_run_row(run), None),
            ]
            died = self.run(str(head.lease["runId"])) if head.lease and head.lease.get("runId") else None
            if died and died.state == "running":
                died.state, died.finished_at = "failed", times.from_datetime(now)
                died.error = RunError(RunInterrupted.code, RunInterrupted.default)
                died.count_what_was_taken()
                operations.append(Replace(_run_row(died), None))
            try:
                etags = self._table.transact(operations)
            except RowConflict:
                found = self.load()
                if found.lease and found.lease.get("runId") == run.id:
                    return HeldLease(self._store, run.id, found.lease), head  # taken, and only the answer got lost
                head = found
                head.respect_throttling(now)
                continue
            return HeldLease(self._store, run.id, {**lease, "etag": etags[0]}), head
        raise SyncRunning

    def met(self, walk: Walk) -> bytes:
        """The ids' hashes that earlier runs of a walk have met."""
        rows = self._table.query(
            "PartitionKey eq @partition and RowKey ge @first and RowKey lt @last",
            {"partition": PARTITION, "first": f"walk|{walk.id}|", "last": f"walk|{walk.id}}}"},
        )
        return b"".join(get_bytes(row, "met") for row in rows)

    def tidy(self, keep_walk: str | None) -> None:
        """Remove what finished walks left, and the oldest runs; interrupted, the next time does it."""
        rows = self._table.query(
            "PartitionKey eq @partition and RowKey ge @first", {"partition": PARTITION, "first": "run|"}, ["RowKey"]
        )
        doomed, runs = [], 0
        for row in rows:
            name = str(row["RowKey"])
            runs += name.startswith("run|")
            old = runs > RUNS_KEPT if name.startswith("run|") else not name.startswith(f"walk|{keep_walk}|")
            if old:
                doomed.append(name)
        for name in doomed:
            self._table.delete(PARTITION, name)


class HeldLease:
    """The lease while we hold it. Every write of the state goes through it, on condition that it is still ours."""

    def __init__(self, store: TableStore, run_id: str, lease: Entity) -> None:
        self._table = store.table(TABLE)
        self._clock = store.clock
        self._run_id = run_id
        self._lease = lease
        self._renewed = store.clock.monotonic()
        self._lock = threading.Lock()
        self.fence: int = int(lease["fence"])

    def due(self) -> bool:
        """Whether it is time to renew: a third of its length has passed."""
        return self._clock.monotonic() - self._renewed > LEASE_SECONDS / 3

    def renew(self) -> None:
        """Hold it for another 60 s.

        Raises:
            RunInterrupted: another run has taken it.
        """
        self.commit()

    def commit(
        self,
        run: Run | None = None,
        cursor: Cursor | None = None,
        recent: bytes | None = None,
        met: Iterable[Entity] = (),
        *,
        new_version: bool = False,
        release: bool = False,
        settled: bool = False,
    ) -> None:
        """Write run, cursor and progress together with the lease's renewal or release: all or nothing.

        Args:
            run: the run as it stands now.
            cursor: the new cursor, with ``recent`` beside it.
            recent: hashes of the records that the last incremental walk met.
            met: rows of ``met_rows``.
            new_version: lists show something else from now on.
            release: give the lease back.
            settled: companies agree with referrals, so the next run need not look.

        Raises:
            RunInterrupted: another run has taken the lease; nothing was written.
        """
        with self._lock:
            lease = _lease_row("" if release else self._run_id, self.fence, self._clock.now(), settled=settled)
            lease["sequence"] = int(self._lease.get("sequence", 0)) + 1
            operations: list[Operation] = [Replace(lease, self._lease["etag"])]
            if run:
                operations.append(Replace(_run_row(run), None))
            if cursor:
                row: Entity = {"PartitionKey": PARTITION, "RowKey": _CURSOR}
                put_text(row, "cursor", msgspec.json.encode(cursor).decode())
                put_bytes(row, "recent", recent or b"")
                operations.append(Replace(row, None))
            operations += [Replace(one, None) for one in met]
            if new_version:
                operations.append(Replace(version_row(), None))
            try:
                etag = self._table.transact(operations)[0]
            except RowConflict:
                # Ours all the same, if an earlier attempt was applied and only its answer got lost.
                stored = self._table.get(PARTITION, _LEASE)
                ours = stored and stored["fence"] == self.fence and stored.get("sequence") == lease["sequence"]
                if not stored or not ours:
                    raise RunInterrupted from None
                etag = stored["etag"]
            self._lease = {**lease, "etag": etag}
            self._renewed = self._clock.monotonic()


def met_rows(walk: Walk, hashes: bytes) -> list[Entity]:
    """Rows of hashes of ids that a walk has met, to follow those that it has already."""
    rows: list[Entity] = []
    for start in range(0, len(hashes), _MET_BYTES):
        row: Entity = {"PartitionKey": PARTITION, "RowKey": f"walk|{walk.id}|{walk.met_chunks + len(rows):06d}"}
        put_bytes(row, "met", hashes[start : start + _MET_BYTES])
        rows.append(row)
    return rows


def read_data_version(store: TableStore) -> str:
    """The version of what lists show: one point read. "0" before the first sync."""
    return str(read_versions(store))


def bump_data_version(store: TableStore) -> str:
    """Say that lists show something else from now on; returns the new version."""
    row = version_row()
    store.table(TABLE).replace(row, None)
    return str(row["version"])


def _run_row(run: Run) -> Entity:
    return {"PartitionKey": PARTITION, "RowKey": str(run_row_key(run.id)), "run": msgspec.json.encode(run).decode()}


def _lease_row(run_id: str, fence: int, now: datetime, *, settled: bool) -> Entity:
    return {
        "PartitionKey": PARTITION,
        "RowKey": _LEASE,
        "runId": run_id,
        "fence": fence,
        "expiresAt": times.from_datetime(now + timedelta(seconds=LEASE_SECONDS)),
        "settled": settled,
    }
