"""Takes the pages that a walk reads: what is new or changed goes into the write queue, what can't be stored is set aside.

Reading is at least once, so any record may come here any number of times.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass
from typing import Final

import msgspec

from shared.core import events
from shared.core.errors import ContractChanged
from shared.core.log import get_logger
from shared.model import times
from shared.model.referral import Head, Unstorable, read_head
from shared.model.run import Run
from shared.storage.engine.entities import key
from shared.storage.engine.tables import Table, TableStore
from shared.storage.tables.quarantine import Quarantine, Rejected
from shared.storage.tables.referrals import PARTITIONS, scan_hashes
from shared.sync.handover import Handover
from shared.sync.row_writer import Candidate
from shared.sync.seen import Seen, id_hash, raw_hash
from shared.sync.write_queue import WriteQueue

log = get_logger(__name__)

WAITING_BYTES: Final = 12 * 1024 * 1024
"""The most that waits to be looked at while what is stored is still being read."""
MOST_UNSAVED: Final = 200_000
"""Ids met, of which the hashes fit one transaction together with the walk's place."""


@dataclass(frozen=True, slots=True)
class PageRead:
    """The records of a page, each read as far as its head."""

    records: list[tuple[Head, bytes]]
    rejected: list[Rejected]

    @property
    def heads(self) -> list[Head]:
        """The heads of those records that have an id, in order."""
        return [head for head, _ in self.records]

    def __len__(self) -> int:
        return len(self.records) + len(self.rejected)


def read_page(records: Iterable[msgspec.Raw]) -> PageRead:
    """Read the heads of a page's records."""
    page = PageRead([], [])
    for record in records:
        raw = bytes(record)
        try:
            page.records.append((read_head(raw), raw))
        except Unstorable as error:
            page.rejected.append(Rejected(raw, error.reason))
    return page


class StoredHashes:
    """Row keys and hashes of all referrals that are stored, read while the first pages come.

    Args:
        table: Referrals.
        executor: where partitions are read side by side; None reads them when they are taken.
    """

    def __init__(self, table: Table, executor: Executor | None) -> None:
        self._table, self._executor = table, executor
        self._reading: list[Future[array[int]]] = []
        self._wanted = self._taken = False

    @property
    def wanted(self) -> bool:
        """Whether all are known, or will be before any record is looked at."""
        return self._wanted

    @property
    def pending(self) -> bool:
        """Whether they were asked for and not taken yet."""
        return self._wanted and not self._taken

    @property
    def ready(self) -> bool:
        """Whether taking them needs no waiting."""
        return all(reading.done() for reading in self._reading)

    def begin(self) -> None:
        """Begin to read."""
        self._wanted, self._taken = True, False
        if self._executor:
            self._reading = [self._executor.submit(self._read, partition) for partition in PARTITIONS]

    def take(self) -> list[array[int]]:
        """What is stored, by partition; waits for it."""
        if self._executor:
            found = [reading.result() for reading in self._reading]
        else:
            found = [self._read(partition) for partition in PARTITIONS]
        self._reading, self._taken = [], True
        return found

    def abandon(self) -> None:
        """Wait for what is being read, and let it go."""
        wait(self._reading)
        self._reading, self._taken = [], True

    def _read(self, partition: str) -> array[int]:
        """In turn hashes of ids and of bytes."""
        found = array("Q")
        for row_key, content in scan_hashes(self._table, partition):
            found.append(id_hash(row_key))
            found.append(content)
        return found


class SetAside:
    """Puts records that can't be stored into quarantine, once those before them are dealt with."""

    def __init__(self, store: TableStore, *, dry_run: bool) -> None:
        self._quarantine, self._clock, self._dry_run = Quarantine(store), store.clock, dry_run
        self._waiting: list[tuple[Rejected, str, bool]] = []

    def add(self, record: Rejected, walk_id: str, *, full: bool) -> None:
        """Take a record that a walk met."""
        self._waiting.append((record, walk_id, full))

    def settle(self) -> Iterator[bool]:
        """Put away what waits; gives for each whether it is new there."""
        waiting, self._waiting = self._waiting, []
        for record, walk_id, full in waiting:
            if self._dry_run:
                yield False
                continue
            new = self._quarantine.put(record, times.from_datetime(self._clock.now()), walk_id, full=full)
            if new:
                log.warning(events.QUARANTINED, reason=record.reason)
            yield new

    def let_go(self, walk_id: str) -> bool:
        """Let go of the records that a complete full walk did not meet; whether there were any."""
        return bool(self._quarantine.let_go(walk_id))


class Pages:
    """Takes pages of records in one run, and counts in the run what became of them.

    Args:
        store: where rows are.
        run: whose counts are kept.
        seen: what is known by hash.
        queue: where changed records go.
        handover: where written ones are noted.
        salt: of the rules under which records are read.
        executor: where storage is read while records are taken; None does it in turn.
    """

    def __init__(
        self,
        store: TableStore,
        run: Run,
        seen: Seen,
        queue: WriteQueue,
        handover: Handover,
        *,
        salt: bytes,
        executor: Executor | None,
    ) -> None:
        self._run, self._seen, self._queue, self._handover, self._salt = run, seen, queue, handover, salt
        self._stored = StoredHashes(store.table("Referrals"), executor)
        self._aside = SetAside(store, dry_run=run.dry_run)
        self._waiting: list[tuple[Head, bytes]] = []
        """Records that came while what is stored was being read."""
        self._waiting_bytes = 0

    # -- what is known ---------------------------------------------------------------------------------------------

    def know(self, recent: bytes) -> None:
        """Take in what an earlier run met last (``Seen.recent``): that needs no reading."""
        self._seen.add_recent(recent)

    def know_all(self) -> None:
        """Read what is stored of every referral, row key and hash, while the next records come."""
        self.finish()
        self._stored.begin()
        if self._stored.ready:
            self.learn()

    def learn(self) -> None:
        """Wait for what is being read, and look at the records that came meanwhile."""
        if self._stored.pending:
            for hashes in self._stored.take():
                self._seen.add(hashes)
            if self._seen.anything or self._run.dry_run:
                self._handover.storage_has_others()
            else:
                self._handover.storage_was_empty()
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        for head, raw in waiting:
            self._look_at(head, raw)
        for new in self._aside.settle():
            self._run.count("quarantined")
            if new:
                self._handover.note_version()

    def restart(self) -> None:
        """The walk begins anew, or another begins: what was met so far counts as repeated."""
        self.learn()
        self._seen.restart()

    # -- taking records --------------------------------------------------------------------------------------------

    def take(self, page: PageRead, walk_id: str, *, full: bool) -> None:
        """Take the records of a page.

        Raises:
            ContractChanged: more than half have no id; nothing of the page was taken.
        """
        if len(page.rejected) > max(len(page.records), 1):  # one stops nothing, even where it is all of the last page
            raise ContractChanged
        self._run.count("pages")
        self._run.count("fetched", len(page))
        for head, raw in page.records:
            self._take(head, raw)
        for record in page.rejected:
            self._aside.add(record, walk_id, full=full)
            self._waiting_bytes += len(record.raw)
        if self._waiting_bytes >= WAITING_BYTES or not self._stored.pending or self._stored.ready:
            self.learn()

    def take_confirmed(self, raw: bytes) -> None:
        """Take a record that the walk did not meet and that a read by id found after all. Raises Unstorable."""
        head = read_head(raw)
        self._run.count("fetched")
        self._take(head, raw)

    def _take(self, head: Head, raw: bytes) -> None:
        if not self._stored.pending:
            self._look_at(head, raw)
            return
        self._waiting.append((head, raw))
        self._waiting_bytes += len(raw)
        if self._waiting_bytes >= WAITING_BYTES:
            self.learn()

    def _look_at(self, head: Head, raw: bytes) -> None:
        """Tell by its hashes whether a record is new or changed, and if so let it be written."""
        identity, content = id_hash(key(head.id)), raw_hash(raw, self._salt)
        sight = self._seen.meet(identity, content, head.updated)
        if sight.same:
            self._run.count("repeated" if sight.repeated else "unchanged")
            return
        if sight.repeated and self._queue.holds(head.id):
            self.flush()  # two versions of a referral are never on their way at once
        self._seen.expect(identity, content)
        self._queue.put(Candidate(head, raw, content, new=self._stored.wanted and not sight.known))
        self._account()

    def _account(self) -> None:
        """Count what was written, and hand it on."""
        for candidate, result in self._queue.take():
            self._run.count(result.outcome)
            if result.stored_hash is not None:
                self._seen.expect(id_hash(key(candidate.head.id)), result.stored_hash)
            if result.outcome == "unchanged" or self._run.dry_run:
                self._handover.storage_has_others()
            else:
                self._handover.note(candidate.head.id, result.before, result.after)

    # -- writing ---------------------------------------------------------------------------------------------------

    @property
    def full(self) -> bool:
        """Whether it is time to flush."""
        return self._queue.full or self._seen.unsaved >= MOST_UNSAVED

    @property
    def is_flushing(self) -> bool:
        """Whether a flush beside is not over, or was not waited for."""
        return self._queue.is_flushing

    @property
    def has_flushed(self) -> bool:
        """Whether ``finish_flush`` would not have to wait."""
        return self._queue.has_flushed

    def flush(self) -> None:
        """Write what changed among the records looked at, and wait until all of it is stored."""
        try:
            self._queue.flush()
        finally:
            self._account()

    def flush_all(self) -> None:
        """The same for all records taken."""
        self.learn()
        self.flush()

    def flush_beside(self) -> None:
        """Write what changed among the records taken while more are taken; ``finish_flush`` waits for it."""
        self.learn()
        try:
            self._queue.flush_beside()
        finally:
            self._account()

    def finish_flush(self) -> None:
        """Wait for what the last ``flush_beside`` has to write; raises what went wrong there."""
        try:
            self._queue.finish_flush()
        finally:
            self._account()

    def finish(self) -> None:
        """Wait for all that is on its way; raises what went wrong there."""
        try:
            self._queue.finish()
        finally:
            self._account()

    def abandon(self) -> None:
        """Wait for all that is on its way, in a run that fails anyway for another reason."""
        self._stored.abandon()
        self._queue.abandon()
        self._account()

    def let_go(self, walk_id: str) -> None:
        """Let go of the records in quarantine that a complete full walk did not meet."""
        self.learn()
        if self._aside.let_go(walk_id):
            self._handover.note_version()
