"""Takes the records that a walk meets: what is new or changed goes to the row writer, what can't be stored is set aside.

Reading is at least once, so any record may come here any number of times. A hash of the bytes tells what did not change,
and that is never read further. What did change gathers in its partition, and goes out a batch at a time while the walk
goes on.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, wait
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import msgspec

from shared.core import events
from shared.core.clock import Clock
from shared.core.errors import ContractChanged
from shared.core.log import get_logger
from shared.model import times
from shared.model.company_rows import Touched
from shared.model.referral import Head, Unstorable, read_head, rules_salt
from shared.model.run import Run
from shared.model.summary import ReferralSummary
from shared.storage.engine.entities import Entity, key
from shared.storage.engine.tables import BATCH_BYTES, BATCH_ROWS, TableStore
from shared.storage.tables.quarantine import Quarantine, Rejected
from shared.storage.tables.referrals import PARTITIONS, partition_of, scan, scan_hashes
from shared.sync.row_writer import STORED_COLUMNS, Candidate, RowWriter

log = get_logger(__name__)

BUFFER_ROWS: Final = 4_000
"""Changed records after which all are written, whole batch or not, so that the walk can keep its place."""
BUFFER_BYTES: Final = 16 * 1024 * 1024
"""The most that waits to be written, as received."""
WAITING_BYTES: Final = 12 * 1024 * 1024
"""The most that waits to be looked at while what is stored is still being read."""
WRITINGS: Final = 16
"""Batches on their way to storage, or waiting for a thread: all partitions have theirs at about the same time, and the next
page is to be asked for meanwhile."""
MOST_TOUCHED: Final = 2_000
"""Changed referrals whose companies are updated one by one; beyond that, companies are compared as a whole."""
MOST_UNSAVED: Final = 200_000
"""Ids met, of which the hashes fit one transaction together with the walk's place."""
MOST_RECENT: Final = 2_000
"""Records that a run remembers for the next one, so that what comes first there needs no reading."""
_HASH_BYTES: Final = 8


@dataclass(slots=True)
class _Part:
    """Changed records of one partition that are not on their way yet."""

    candidates: dict[str, Candidate] = field(default_factory=dict)
    size: int = 0
    """Bytes, as received."""


_Taken = tuple[Head, bytes, int, int]
"""A record that was taken: its head, its bytes, and the hashes of its id and of its bytes."""


@dataclass(frozen=True, slots=True)
class _Writing:
    """Changed records on their way."""

    candidates: dict[str, Candidate]
    future: Future[None]
    size: int
    """Bytes, as received."""


def id_hash(row_key: str) -> int:
    """The hash by which a walk remembers a referral: of its row key."""
    return int.from_bytes(hashlib.blake2b(row_key.encode("utf-8", "surrogatepass"), digest_size=_HASH_BYTES).digest())


def _numbers(hashes: bytes) -> Iterator[int]:
    return (int.from_bytes(hashes[start : start + _HASH_BYTES]) for start in range(0, len(hashes), _HASH_BYTES))


def heads_of(records: Iterable[msgspec.Raw]) -> list[Head]:
    """The heads of those records that have an id."""
    heads = []
    for record in records:
        with suppress(Unstorable):
            heads.append(read_head(bytes(record)))
    return heads


class Intake:
    """Takes pages of records in one run, and counts in the run what became of them.

    Args:
        store: where rows go.
        run: whose counts are kept.
        own_domains: the partner's own domains.
        fence: the lease's generation; of two versions that can't be told apart, the younger lease's wins.
        still_ours: raises RunInterrupted when the lease is lost; asked before a conflict is decided.
        executor: where storage is read and written while records are taken; None does it in turn.
    """

    def __init__(
        self,
        store: TableStore,
        run: Run,
        own_domains: Iterable[str],
        fence: int,
        still_ours: Callable[[], None],
        executor: Executor | None = None,
    ) -> None:
        own = frozenset(own_domains)
        self._run, self._executor = run, executor
        self._clock: Clock = store.clock
        self._salt = rules_salt(own)
        self._table = store.table("Referrals")
        self._quarantine = Quarantine(store)
        self._writer = RowWriter(store, own, self._salt, fence, still_ours, dry_run=run.dry_run)
        self._known: dict[int, int] = {}
        """Hash of the id to hash of the bytes, of rows and of records met; 0 for a row that is marked missing."""
        self._knows_all = False
        self._scans: list[Future[list[tuple[int, int]]]] = []
        """Readings of ``_known`` that are not over."""
        self._waiting: list[_Taken] = []
        """Records that came meanwhile."""
        self._waiting_bytes = 0
        self._rejected: list[tuple[Rejected, str, bool]] = []
        self._unmet: set[int] = set()
        """Of those the ones that the walk has not met."""
        self._met_before_restart: set[int] = set()
        self._unsaved: list[int] = []
        self._newest: list[tuple[str, int]] = []
        """A heap of the records met that changed last: when, and the hash of the id."""
        self._parts: dict[str, _Part] = {}
        self._gathered = self._gathered_bytes = 0
        """Changed records, and their bytes, since the last flush, on their way or not."""
        self._writings: deque[_Writing] = deque()
        self._flushing = 0
        """How many of the writings, the oldest, a flush still waits for."""
        self.touched: list[Touched] = []
        self.overflowed = False
        self._newcomers: list[ReferralSummary] | None = None
        """Rows inserted since the last ``take_newcomers``; None when there are others in storage, or may be."""
        self.wrote = False
        """Whether any row was written since it was last set to False."""

    # -- what is known ---------------------------------------------------------------------------------------------

    @property
    def rules(self) -> str:
        """Fingerprint of the rules under which records are read."""
        return self._salt.hex()

    def know_all(self) -> None:
        """Read what is stored of every referral, row key and hash, while the next records come."""
        self.finish()
        if self._executor is None:
            for partition in PARTITIONS:
                self._add(self._hashes(partition))
            self._newcomers = None if self._known or self._run.dry_run else []
        else:
            self._scans = [self._executor.submit(self._hashes, partition) for partition in PARTITIONS]
        self._knows_all = True

    def _hashes(self, partition: str) -> list[tuple[int, int]]:
        return [(id_hash(row_key), raw_hash) for row_key, raw_hash in scan_hashes(self._table, partition)]

    def _add(self, known: Iterable[tuple[int, int]]) -> None:
        for one, raw_hash in known:
            if one not in self._known:
                self._unmet.add(one)
            elif one not in self._unmet:
                continue  # it was met, and what was met is newer
            self._known[one] = raw_hash

    def _learn(self) -> None:
        """Wait for what is being read, and look at the records that came meanwhile."""
        if self._scans:
            for scan in self._scans:
                self._add(scan.result())
            self._scans = []
            self._newcomers = None if self._known or self._run.dry_run else []
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        for taken in waiting:
            self._look_at(*taken)
        rejected, self._rejected = self._rejected, []
        for one, walk_id, full in rejected:
            self._set_aside(one, walk_id, full=full)

    def know(self, recent: bytes) -> None:
        """Remember what the last incremental walk met (see ``recent``): those need no reading."""
        numbers = list(_numbers(recent))
        pairs = zip(numbers[::2], numbers[1::2], strict=False)
        self._add(pair for pair in pairs if pair[0] not in self._known)  # what this run has written is newer

    def recent(self) -> bytes:
        """Hashes of ids and bytes of the newest records met in this run, for the next run's ``know``."""
        self._learn()
        return b"".join(
            one.to_bytes(_HASH_BYTES) + self._known[one].to_bytes(_HASH_BYTES)
            for one in {one for _, one in self._newest}
            if self._known.get(one)
        )

    def restart(self) -> None:
        """The walk begins anew: what was met so far counts as repeated, and no longer as met by the walk."""
        self._learn()
        self._met_before_restart |= self._known.keys() - self._unmet
        self._unmet = set(self._known)
        self._unsaved = []

    @property
    def unsaved(self) -> int:
        """How many hashes of ids met are not kept yet."""
        self._learn()
        return len(self._unsaved)

    def take_unsaved(self, most: int | None = None) -> bytes:
        """The ids' hashes met since the last call, or the first so many of them, to be kept with the walk's place."""
        most = len(self._unsaved) if most is None else most
        taken = b"".join(one.to_bytes(_HASH_BYTES) for one in self._unsaved[:most])
        del self._unsaved[:most]
        return taken

    def unmet(self, met_earlier: bytes) -> tuple[set[int], int]:
        """Rows that a complete walk did not meet.

        Args:
            met_earlier: hashes that earlier runs of the walk have met.

        Returns:
            The hashes of their row keys, and how many rows were not marked missing before.
        """
        self._learn()
        visible = sum(1 for raw_hash in self._known.values() if raw_hash)
        unmet = {one for one in self._unmet if self._known[one]}
        unmet.difference_update(_numbers(met_earlier))
        return unmet, visible

    # -- taking records --------------------------------------------------------------------------------------------

    def take_page(self, records: Sequence[msgspec.Raw], walk_id: str, *, full: bool) -> list[Head]:
        """Take the records of a page; returns the heads of those that have an id, in order.

        Raises:
            ContractChanged: more than half have no id; nothing of the page was taken.
        """
        heads: list[tuple[Head, bytes]] = []
        rejected: list[Rejected] = []
        for record in records:
            raw = bytes(record)
            try:
                heads.append((read_head(raw), raw))
            except Unstorable as error:
                rejected.append(Rejected(raw, error.reason))
        if len(rejected) > max(len(heads), 1):  # a single record stops nothing, even where it is all of the last page
            raise ContractChanged
        self._run.pages += 1
        self._run.fetched += len(records)
        for head, raw in heads:
            self._take(head, raw)
        self._rejected += [(one, walk_id, full) for one in rejected]
        self._waiting_bytes += sum(len(one.raw) for one in rejected)
        if self._waiting_bytes >= WAITING_BYTES or all(scan.done() for scan in self._scans):
            self._learn()
        return [head for head, _ in heads]

    def take_confirmed(self, raw: bytes) -> None:
        """Take a record that the walk did not meet and that a read by id found after all."""
        head = read_head(raw)
        self._run.fetched += 1
        self._take(head, raw)

    @property
    def full(self) -> bool:
        """Whether it is time to flush."""
        return (
            self._gathered >= BUFFER_ROWS or self._gathered_bytes >= BUFFER_BYTES or len(self._unsaved) >= MOST_UNSAVED
        )

    def _take(self, head: Head, raw: bytes) -> None:
        taken = (head, raw, id_hash(key(head.id)), self._raw_hash(raw))
        if not self._scans:
            self._look_at(*taken)
            return
        self._waiting.append(taken)
        self._waiting_bytes += len(raw)
        if self._waiting_bytes >= WAITING_BYTES:
            self._learn()

    def _look_at(self, head: Head, raw: bytes, one: int, raw_hash: int) -> None:
        """Tell by its hashes whether a record is new or changed, and if so gather it."""
        known = self._known.get(one)
        met = known is not None and one not in self._unmet
        seen = met or one in self._met_before_restart
        if not met:
            self._note_met(head, one)
        if known == raw_hash:
            if seen:
                self._run.repeated += 1
            else:
                self._run.unchanged += 1
            return
        partition = partition_of(head.id)
        part = self._parts.setdefault(partition, _Part())
        if seen and (head.id in part.candidates or any(head.id in each.candidates for each in self._writings)):
            self._write_all()  # two versions of a referral are never on their way at once
            part = self._parts.setdefault(partition, _Part())
        self._known[one] = raw_hash
        part.candidates[head.id] = Candidate(head, raw, raw_hash, new=self._knows_all and known is None)
        part.size += len(raw)
        self._gathered += 1
        self._gathered_bytes += len(raw)
        if len(part.candidates) >= BATCH_ROWS or part.size >= BATCH_BYTES:
            del self._parts[partition]
            self._send(part.candidates)

    def _note_met(self, head: Head, one: int) -> None:
        self._unmet.discard(one)
        self._unsaved.append(one)
        entry = (head.updated or "", one)
        if len(self._newest) < MOST_RECENT:
            heapq.heappush(self._newest, entry)
        elif entry > self._newest[0]:
            heapq.heapreplace(self._newest, entry)

    def _raw_hash(self, raw: bytes) -> int:
        digest = hashlib.blake2b(raw, key=self._salt, digest_size=_HASH_BYTES).digest()
        return int.from_bytes(digest) or 1

    def _set_aside(self, record: Rejected, walk_id: str, *, full: bool) -> None:
        self._run.quarantined += 1
        if self._run.dry_run:
            return
        if self._quarantine.put(record, times.from_datetime(self._clock.now()), walk_id, full=full):
            self.wrote = True
            log.warning(events.QUARANTINED, reason=record.reason)

    def let_go(self, walk_id: str) -> None:
        """Let go of the records in quarantine that a complete full walk did not meet."""
        self._learn()
        self.wrote |= bool(self._quarantine.let_go(walk_id))

    # -- writing ---------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write what changed among the records taken, and wait until all of it is stored."""
        self._learn()
        self._write_all()

    def flush_beside(self) -> None:
        """Write what changed among the records taken while more are taken; ``finish_flush`` waits for it."""
        self._learn()
        for candidates in self._gathered_parts():
            self._send(candidates)
        self._flushing = len(self._writings)

    @property
    def is_flushing(self) -> bool:
        """Whether a flush beside is not over, or is over and not counted."""
        return self._flushing > 0

    @property
    def has_flushed(self) -> bool:
        """Whether ``finish_flush`` would not have to wait."""
        return all(self._writings[number].future.done() for number in range(self._flushing))

    def finish_flush(self) -> None:
        """Wait for what the last ``flush_beside`` has to write; raises what went wrong there."""
        while self._flushing:
            self._finish_oldest()

    def finish(self) -> None:
        """Wait for all that is on its way; raises what went wrong there."""
        wait([each.future for each in self._writings])  # after a failure nothing may still be writing
        while self._writings:
            self._finish_oldest()

    def abandon(self) -> None:
        """Wait for all that is on its way, in a run that fails anyway for another reason."""
        wait(self._scans)
        self._scans = []
        while self._writings:
            with suppress(Exception):
                self._finish_oldest()

    def _write_all(self) -> None:
        parts = list(self._gathered_parts())
        if len(parts) > 1:
            for candidates in parts:
                self._send(candidates)
        self.finish()
        if len(parts) == 1:  # few as they are, their partitions are read and written side by side
            self._writer.write(parts[0], self._executor)
            self._count_all(parts[0])

    def _gathered_parts(self) -> Iterator[dict[str, Candidate]]:
        """All records that are not on their way, whole partitions together, in writings of some batches' worth."""
        parts, self._parts, self._gathered, self._gathered_bytes = self._parts, {}, 0, 0
        together: dict[str, Candidate] = {}
        for part in parts.values():
            together |= part.candidates
            if len(together) >= BATCH_ROWS:
                yield together
                together = {}
        if together:
            yield together

    def _send(self, candidates: dict[str, Candidate]) -> None:
        """Begin to write these, once there are not too many on their way."""
        if self._executor is None:
            self._writer.write(candidates)
            self._count_all(candidates)
            return
        size = sum(len(one.raw) for one in candidates.values())
        while self._writings and (
            len(self._writings) >= WRITINGS or size + sum(each.size for each in self._writings) > BUFFER_BYTES
        ):
            self._finish_oldest()
        future = self._executor.submit(self._writer.write, candidates)
        self._writings.append(_Writing(candidates, future, size))

    def _finish_oldest(self) -> None:
        writing = self._writings.popleft()
        self._flushing = max(0, self._flushing - 1)
        writing.future.result()
        self._count_all(writing.candidates)

    def _count_all(self, candidates: dict[str, Candidate]) -> None:
        for one in candidates.values():
            one.count(self._run)
            if one.outcome != "unchanged":
                self._touch(Touched(one.head.id, one.before, one.after))
            if self._newcomers is not None:
                if one.after and one.outcome == "inserted":
                    self._newcomers.append(one.after)
                else:
                    self._newcomers = None

    def take_newcomers(self) -> list[ReferralSummary] | None:
        """What was inserted since the last call, in a run that found storage empty and has inserted all that is there by now;
        None in every other run."""
        taken = self._newcomers
        if taken:
            self._newcomers = []
        return taken

    def _touch(self, touched: Touched) -> None:
        if self._run.dry_run:
            return
        self.wrote = True
        if self.overflowed or len(self.touched) >= MOST_TOUCHED:
            self.overflowed, self.touched = True, []
        else:
            self.touched.append(touched)

    # -- what is missing -------------------------------------------------------------------------------------------

    def rows_of(self, hashes: set[int]) -> Iterator[Entity]:
        """The rows, in brief, whose keys have these hashes."""
        for partition in PARTITIONS:
            for row in scan(self._table, partition, STORED_COLUMNS):
                if id_hash(row["RowKey"]) in hashes:
                    yield row

    def mark_missing(self, brief: Entity, now: str, walk_id: str) -> None:
        """Mark a row as missing upstream, unless it changed meanwhile."""
        self._newcomers = None
        touched = self._writer.mark_missing(brief, now, walk_id)
        if touched:
            self._run.missing += 1
            self._known[id_hash(brief["RowKey"])] = 0
            self._touch(touched)
