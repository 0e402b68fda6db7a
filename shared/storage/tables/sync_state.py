"""The SyncState table, one partition: lease, cursor, runs, what a walk has met, and the version of the data.

They share a partition so that an entity group transaction can bind them: progress, cursor and the lease's renewal are
written together, on the condition that the lease is still ours. A run that lost its lease can therefore move nothing.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec

from shared.core.backoff import MOST_ASKED
from shared.core.errors import RunInterrupted, SyncRunning, Throttled
from shared.model import times
from shared.model.run import Mode, Run, RunError, run_row_key
from shared.storage.engine.entities import Entity, get_bytes, get_text, put_bytes, put_text
from shared.storage.engine.tables import Insert, Operation, Replace, RowConflict, TableStore
from shared.storage.tables.data_version import PARTITION, ROW, TABLE, version_row

LEASE_SECONDS: Final = 60
RUNS_SHOWN: Final = 20
RUNS_KEPT: Final = 1_000
_MET_BYTES: Final = 400_000
"""Of hashes in a row: half of what an entity holds, so that it fits also where binary counts as base64."""

# Cursor, lease, pause and version are read by one query, so their names lie side by side.
_CURSOR, _LEASE, _PAUSE, _VERSION = "head-cursor", "head-lease", "head-pause", ROW
_VANISHED: Final = "vanished"
_VANISHED_LETTERS: Final = 300_000
MOST_VANISHED: Final = 5_000
"""Ids of referrals that vanished at once, of which the list is kept."""


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
    accept_missing: bool = False
    """An operator knows that many have gone at once: what is confirmed as missing is marked all the same."""


class Cursor(msgspec.Struct, kw_only=True):
    """What is known of the sync between runs."""

    watermark: str | None = None
    last_success: str | None = None
    last_full_sync: str | None = None
    rules: str | None = None
    """Fingerprint of the rules under which the last complete full walk read the stored rows."""
    walk: Walk | None = None
    visibility_changed: bool = False


_decode_cursor = msgspec.json.Decoder(Cursor).decode
_decode_run = msgspec.json.Decoder(Run).decode


@dataclass(frozen=True)
class Head:
    """Cursor, lease, pause and version as one query read them."""

    cursor: Cursor
    recent: bytes
    lease: Entity | None
    version: str
    paused_until: str | None = None
    """Until when Partner Center asked to be left alone, by walks and actions alike; it may have passed."""

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
        if self.paused_until:
            rest = (times.to_datetime(self.paused_until) - now).total_seconds()
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
            cursor=_decode_cursor(get_text(cursor, "cursor")) if cursor else Cursor(),
            recent=get_bytes(cursor, "recent") if cursor else b"",
            lease=rows.get(_LEASE),
            version=rows[_VERSION]["version"] if _VERSION in rows else "0",
            paused_until=rows[_PAUSE]["until"] if _PAUSE in rows else None,
        )

    def fence(self) -> int:
        """The generation of the lease as it is held now, or was held last; 0 before the first. One point read."""
        row = self._table.get(PARTITION, _LEASE, ["fence"])
        return int(row["fence"]) if row else 0

    def pause(self, seconds: float) -> None:
        """Partner Center asked to be left alone for so long: a floor for whoever sends there next. Never shortens a pause
        that is longer, and never lasts longer than ``MOST_ASKED``."""
        until = self._store.clock.now() + timedelta(seconds=min(seconds, MOST_ASKED))
        wanted: Entity = {"PartitionKey": PARTITION, "RowKey": _PAUSE, "until": times.from_datetime(until)}
        while True:
            row = self._table.get(PARTITION, _PAUSE)
            if row and row["until"] >= wanted["until"]:
                return
            try:
                self._table.transact([Replace(wanted, row["etag"]) if row else Insert(wanted)])
            except RowConflict:
                continue
            return

    def lift_pause(self) -> bool:
        """End a pause before its time, because an operator knows better; whether there was one."""
        row = self._table.get(PARTITION, _PAUSE)
        if row is None or row["until"] <= times.from_datetime(self._store.clock.now()):
            return False
        self._table.delete(PARTITION, _PAUSE)
        return True

    def keep_vanished(self, ids: Sequence[str]) -> None:
        """Keep the list of the referrals that vanished at once, for who has to judge it; so many as fit a row."""
        row: Entity = {"PartitionKey": PARTITION, "RowKey": _VANISHED, "total": len(ids)}
        listed = ids[:MOST_VANISHED]
        while len(text := msgspec.json.encode(listed).decode()) > _VANISHED_LETTERS:
            listed = listed[: len(listed) // 2]
        put_text(row, "ids", text)
        self._table.transact([Replace(row, None)])

    def vanished(self) -> tuple[list[str], int]:
        """Those ids, and how many there were; only means something while ``Cursor.visibility_changed``."""
        row = self._table.get(PARTITION, _VANISHED)
        return (msgspec.json.decode(get_text(row, "ids"), type=list[str]), int(row["total"])) if row else ([], 0)

    def run(self, run_id: str) -> Run | None:
        """One run by its id; a run whose process died and that nobody has replaced yet still says running."""
        row_key = run_row_key(run_id)
        row = self._table.get(PARTITION, row_key) if row_key else None
        return _decode_run(row["run"]) if row else None

    def runs(self, most: int = RUNS_SHOWN) -> list[Run]:
        """The newest runs, newest first."""
        rows = self._table.query(
            "PartitionKey eq @partition and RowKey ge @first and RowKey lt @last",
            {"partition": PARTITION, "first": "run|", "last": "run}"},
            limit=most,
        )
        return [_decode_run(row["run"]) for row in rows]

    def acquire(self, run: Run, head: Head, ended: Collection[str] = ()) -> tuple[HeldLease, Head]:
        """Take the lease for a run and record the run; a holder that died is recorded as interrupted.

        Args:
            run: the run.
            head: the state as it was read.
            ended: ids of runs that are known to be over, though they could not give the lease back.

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
            if holder and holder not in ended:
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

    def leftovers(self) -> list[str]:
        """The names of rows that finished walks left, and of the oldest runs. To be asked under the lease, when no walk is
        to be gone on with; another run's rows have other names, so they can be removed later, too."""
        rows = self._table.query(
            "PartitionKey eq @partition and RowKey ge @first and RowKey lt @last",
            {"partition": PARTITION, "first": "run|", "last": "walk}"},
            ["RowKey"],
        )
        names = [str(row["RowKey"]) for row in rows]
        runs = [name for name in names if name.startswith("run|")]
        return [*runs[RUNS_KEPT:], *(name for name in names if name.startswith("walk|"))]

    def remove(self, names: Iterable[str]) -> None:
        """Remove these leftovers; interrupted, the next time does it."""
        for name in names:
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
        self._unsure: set[object] = set()
        """Tokens of commits of which nobody knows whether they were applied: their answers got lost."""
        self._over = False
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
            RunInterrupted: another run has taken the lease, or it was given back; nothing was written.
        """
        with self._lock:
            if self._over:
                raise RunInterrupted
            lease = _lease_row("" if release else self._run_id, self.fence, self._clock.now(), settled=settled)
            lease["token"] = secrets.token_hex(8)  # tells this commit from every other, those of this run included
            operations: list[Operation] = []
            if run:
                operations.append(Replace(_run_row(run), None))
            if cursor:
                row: Entity = {"PartitionKey": PARTITION, "RowKey": _CURSOR}
                put_text(row, "cursor", msgspec.json.encode(cursor).decode())
                put_bytes(row, "recent", recent or b"")
                operations.append(Replace(row, None))
            operations += [Replace(chunk, None) for chunk in met]
            if new_version:
                operations.append(Replace(version_row(), None))
            self._lease = {**lease, "etag": self._write(lease, operations)}
            self._unsure.clear()
            self._over = release
            self._renewed = self._clock.monotonic()

    def _write(self, lease: Entity, operations: Sequence[Operation]) -> str:
        """One transaction on the condition that the lease is ours; the lease row's new ETag."""
        etag = str(self._lease["etag"])
        self._unsure.add(lease["token"])
        while True:
            try:
                return self._table.transact([Replace(lease, etag), *operations])[0]
            except RowConflict:
                stored = self._table.get(PARTITION, _LEASE)
                if not stored or stored["fence"] != self.fence or stored.get("token") not in self._unsure:
                    raise RunInterrupted from None
                etag = str(stored["etag"])
                if stored["token"] == lease["token"]:
                    return etag  # an earlier attempt was applied, and only its answer got lost
                # An earlier commit of ours was applied, and its answer got lost: this one follows it.


def met_rows(walk: Walk, hashes: bytes) -> list[Entity]:
    """Rows of hashes of ids that a walk has met, to follow those that it has already."""
    rows: list[Entity] = []
    for start in range(0, len(hashes), _MET_BYTES):
        row: Entity = {"PartitionKey": PARTITION, "RowKey": f"walk|{walk.id}|{walk.met_chunks + len(rows):06d}"}
        put_bytes(row, "met", hashes[start : start + _MET_BYTES])
        rows.append(row)
    return rows


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
