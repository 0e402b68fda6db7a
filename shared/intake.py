"""From records to rows: what is new, what changed, what can't be stored; and writing just that.

Reading is at least once and writing is idempotent, so any record may come here any number of times. A row is never
replaced by an older version: writes are conditional on the version that was compared, and a conflict means read again
and decide again.
"""

from __future__ import annotations

import contextvars
import hashlib
import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Literal

import msgspec

from shared import events
from shared.clock import Clock
from shared.errors import ContractChanged
from shared.log import get_logger
from shared.model import times
from shared.model.changes import Change, diff
from shared.model.company_rows import Touched
from shared.model.referral import Head, Loaded, Unstorable, fingerprint, read_head, read_record, rules_salt, summarise
from shared.model.run import Run
from shared.model.summary import ReferralSummary
from shared.storage import changes as change_log
from shared.storage.batches import write_all
from shared.storage.entities import Entity, key
from shared.storage.quarantine import Quarantine, Rejected
from shared.storage.referrals import (
    INDEX_COLUMNS,
    PARTITIONS,
    SUMMARY_COLUMNS,
    from_row,
    partition_of,
    read_rows,
    scan,
    to_row,
    write_pieces,
)
from shared.storage.tables import Delete, Insert, Operation, Replace, RowConflict, TableStore

log = get_logger(__name__)

BUFFER_ROWS: Final = 640
"""Changed records that are gathered before they are written, while as many more are read: batches of some 40."""
BUFFER_BYTES: Final = 16 * 1024 * 1024
MOST_TOUCHED: Final = 2_000
"""Changed referrals whose companies are updated one by one; beyond that, companies are compared as a whole."""
MOST_RECENT: Final = 2_000
"""Records that a run remembers for the next one, so that what comes first there needs no reading."""
_STORED_COLUMNS: Final = ("PartitionKey", *SUMMARY_COLUMNS, "contentHash", "fence")
_TELLING: Final = ("contentHash", "fence", "missingSince")
"""What tells one write of a row from another."""
_HASH_BYTES: Final = 8

Outcome = Literal["inserted", "updated", "unchanged"]


@dataclass(slots=True)
class _Candidate:
    """A record that may have to be written."""

    head: Head
    raw: bytes
    raw_hash: int
    new: bool
    outcome: Outcome = "unchanged"
    before: ReferralSummary | None = None
    after: ReferralSummary | None = None
    change: Entity | None = None
    pieces: list[Entity] = field(default_factory=list)
    content_hash: str = ""


def id_hash(row_key: str) -> int:
    """The hash by which a walk remembers a referral: of its row key."""
    return int.from_bytes(hashlib.blake2b(row_key.encode("utf-8", "surrogatepass"), digest_size=_HASH_BYTES).digest())


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
        executor: where batches are written side by side; None writes them in turn.
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
        self._store, self._run, self._fence, self._still_ours, self._executor = store, run, fence, still_ours, executor
        self._clock: Clock = store.clock
        self._own_domains = frozenset(own_domains)
        self._salt = rules_salt(self._own_domains)
        self._table = store.table("Referrals")
        self._quarantine = Quarantine(store)
        self._known: dict[int, int] = {}
        """Hash of the id to hash of the bytes, of rows and of records met; 0 for a row that is marked missing."""
        self._knows_all = False
        self._met: set[int] = set()
        self._met_before_restart: set[int] = set()
        self._unsaved: list[int] = []
        self._newest: list[tuple[str, int]] = []
        """A heap of the records met that changed last: when, and the hash of the id."""
        self._buffer: dict[str, _Candidate] = {}
        self._writing: tuple[Future[None], dict[str, _Candidate]] | None = None
        self._buffered = 0
        self.touched: list[Touched] = []
        self.overflowed = False
        self.wrote = False
        """Whether any row was written since it was last set to False."""

    # -- what is known ---------------------------------------------------------------------------------------------

    @property
    def rules(self) -> str:
        """Fingerprint of the rules under which records are read."""
        return self._salt.hex()

    def know_all(self) -> None:
        """Read what is stored of every referral: row key and hash."""
        self.finish()
        for known in self._executor.map(self._hashes, PARTITIONS) if self._executor else map(self._hashes, PARTITIONS):
            self._known.update(known)
        self._knows_all = True

    def _hashes(self, partition: str) -> list[tuple[int, int]]:
        return [
            (id_hash(row["RowKey"]), 0 if row.get("missingSince") else int(row["rawHash"], 16))
            for row in scan(self._table, partition, INDEX_COLUMNS)
        ]

    def know(self, recent: bytes) -> None:
        """Remember what the last incremental walk met (see ``recent``): those need no reading."""
        numbers = memoryview(recent)
        for start in range(0, len(recent) - 2 * _HASH_BYTES + 1, 2 * _HASH_BYTES):
            first = int.from_bytes(numbers[start : start + _HASH_BYTES])
            self._known[first] = int.from_bytes(numbers[start + _HASH_BYTES : start + 2 * _HASH_BYTES])

    def recent(self) -> bytes:
        """Hashes of ids and bytes of the newest records met in this run, for the next run's ``know``."""
        return b"".join(
            one.to_bytes(_HASH_BYTES) + self._known[one].to_bytes(_HASH_BYTES)
            for one in {one for _, one in self._newest}
            if self._known.get(one)
        )

    def restart(self) -> None:
        """The walk begins anew: what was met so far counts as repeated, and no longer as met by the walk."""
        self._met_before_restart |= self._met
        self._met = set()
        self._unsaved = []

    @property
    def unsaved(self) -> int:
        """How many hashes of ids met are not kept yet."""
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
        earlier = {
            int.from_bytes(met_earlier[start : start + _HASH_BYTES])
            for start in range(0, len(met_earlier), _HASH_BYTES)
        }
        visible = [one for one, raw_hash in self._known.items() if raw_hash]
        return {one for one in visible if one not in self._met and one not in earlier}, len(visible)

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
        self._run.quarantined += len(rejected)
        for one in rejected:
            self._set_aside(one, walk_id, full=full)
        for head, raw in heads:
            self._take(head, raw)
        return [head for head, _ in heads]

    def take_confirmed(self, raw: bytes) -> None:
        """Take a record that the walk did not meet and that a read by id found after all."""
        self._run.fetched += 1
        self._take(read_head(raw), raw)

    @property
    def full_buffer(self) -> bool:
        """Whether it is time to flush."""
        return len(self._buffer) >= BUFFER_ROWS or self._buffered >= BUFFER_BYTES

    def _take(self, head: Head, raw: bytes) -> None:
        one = id_hash(key(head.id))
        raw_hash = self._raw_hash(raw)
        seen = one in self._met or one in self._met_before_restart
        if one not in self._met:
            self._met.add(one)
            self._unsaved.append(one)
            entry = (head.updated or "", one)
            if len(self._newest) < MOST_RECENT:
                heapq.heappush(self._newest, entry)
            elif entry > self._newest[0]:
                heapq.heapreplace(self._newest, entry)
        known = self._known.get(one)
        if known == raw_hash:
            if seen:
                self._run.repeated += 1
            else:
                self._run.unchanged += 1
            return
        if head.id in self._buffer:
            self.flush()
        self._buffer[head.id] = _Candidate(head, raw, raw_hash, new=self._knows_all and known is None)
        self._buffered += len(raw)
        self._known[one] = raw_hash

    def _raw_hash(self, raw: bytes) -> int:
        digest = hashlib.blake2b(raw, key=self._salt, digest_size=_HASH_BYTES).digest()
        return int.from_bytes(digest) or 1

    def _set_aside(self, record: Rejected, walk_id: str, *, full: bool) -> None:
        if self._run.dry_run:
            return
        if self._quarantine.put(record, times.from_datetime(self._clock.now()), walk_id, full=full):
            self.wrote = True
            log.warning(events.QUARANTINED, reason=record.reason)

    def let_go(self, walk_id: str) -> None:
        """Let go of the records in quarantine that a complete full walk did not meet."""
        self.wrote |= bool(self._quarantine.let_go(walk_id))

    # -- writing ---------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write what changed among the records taken, and wait until all of it is stored."""
        self.finish()
        candidates = self._hand_over()
        self._write(candidates)
        self._count_all(candidates)

    def flush_beside(self) -> None:
        """Write what changed among the records taken while more are taken; ``finish`` waits for it.

        One such writing goes on at a time, so no more than two buffers are held. Without an executor it is done at once.
        """
        self.finish()
        if self._executor is None or not self._buffer:
            self.flush()
            return
        candidates, context = self._hand_over(), contextvars.copy_context()
        self._writing = self._executor.submit(context.run, self._write, candidates), candidates

    @property
    def is_writing(self) -> bool:
        """Whether a writing is not over, or is over and not counted."""
        return self._writing is not None

    @property
    def has_written(self) -> bool:
        """Whether ``finish`` would not have to wait."""
        return self._writing is not None and self._writing[0].done()

    def finish(self) -> None:
        """Wait for what is being written beside; raises what went wrong there."""
        if self._writing:
            (future, candidates), self._writing = self._writing, None
            future.result()
            self._count_all(candidates)

    def abandon(self) -> None:
        """Wait for what is being written beside, in a run that fails anyway for another reason."""
        with suppress(Exception):
            self.finish()

    def _hand_over(self) -> dict[str, _Candidate]:
        candidates, self._buffer, self._buffered = self._buffer, {}, 0
        return candidates

    def _count_all(self, candidates: dict[str, _Candidate]) -> None:
        for candidate in candidates.values():
            self._count(candidate)

    def _write(self, candidates: dict[str, _Candidate]) -> None:
        """Changes first, then rows. Touches nothing of this object that ``_take`` does."""
        if not candidates:
            return
        known = [one for one, each in candidates.items() if not each.new]
        stored = read_rows(self._table, known, _STORED_COLUMNS, self._executor)
        operations = [
            operation
            for referral_id, candidate in candidates.items()
            if (operation := self._decide(candidate, stored.get(referral_id)))
        ]
        if not self._run.dry_run:
            write_pieces(self._store, (piece for each in candidates.values() for piece in each.pieces))
            log_rows = [each.change for each in candidates.values() if each.change]
            write_all(
                self._store.table(change_log.TABLE),
                [Replace(row, None) for row in log_rows],
                lambda operation: operation,
                self._executor,
            )
            by_row = {(partition_of(one), key(one)): each for one, each in candidates.items()}
            write_all(self._table, operations, lambda operation: self._decide_again(operation, by_row), self._executor)

    def _decide(self, candidate: _Candidate, stored: Entity | None) -> Operation | None:
        """What to do with a record, given the row that is stored; notes the outcome in the candidate."""
        head = candidate.head
        loaded: Loaded | None = None
        if not candidate.content_hash:
            candidate.content_hash, loaded = fingerprint(head, candidate.raw, self._salt)
        candidate.change, candidate.pieces, candidate.before, candidate.after = None, [], None, None
        candidate.outcome = "unchanged"
        gone = stored is not None and bool(stored.get("missingSince"))
        if stored and stored["contentHash"] == candidate.content_hash and not gone:
            return None
        if stored and gone and stored["contentHash"] == candidate.content_hash:
            return self._found_again(candidate, stored)
        if stored and self._is_newer(stored, head):
            return self._found_again(candidate, stored) if gone else None
        row, candidate.pieces = to_row(
            summarise(read_record(candidate.raw, loaded), self._own_domains),
            candidate.raw.decode("utf-8", "surrogatepass"),
            candidate.content_hash,
            f"{candidate.raw_hash:016x}",
            self._fence,
        )
        candidate.after = from_row(row)  # long texts as they are stored, so that they compare equal later
        if stored is None:
            candidate.outcome = "inserted"
            return Insert(row)
        candidate.outcome = "updated"
        candidate.before = from_row(stored)
        self._note_change(candidate, candidate.content_hash)
        return Replace(row, stored["etag"])

    def _is_newer(self, stored: Entity, head: Head) -> bool:
        """Whether the stored version must not be replaced by the record's."""
        at = stored.get("updatedDateTime")
        if at and head.updated and at != head.updated:
            return bool(at > head.updated)
        return int(stored["fence"]) > self._fence

    def _found_again(self, candidate: _Candidate, stored: Entity) -> Operation | None:
        """What is stored is this version or a newer one, but marked missing, and here it is: take the mark off."""
        row = self._table.get(stored["PartitionKey"], stored["RowKey"])
        if row is None or row["etag"] != stored["etag"]:
            return self._decide(candidate, row)
        etag = row.pop("etag")
        candidate.outcome, candidate.before = "updated", from_row(row)
        row.pop("missingSince")
        candidate.after = from_row(row)
        self._note_change(candidate, f"found-{stored['contentHash']}-{stored['missingSince'][:19]}")
        return Replace(row, etag)

    def _note_change(self, candidate: _Candidate, version: str) -> None:
        if candidate.before and candidate.after:
            changed = diff(candidate.before, candidate.after)
            now = times.from_datetime(self._clock.now())
            # Partner Center says when a referral changed; that it is back shows only now.
            at = now if candidate.before.missing_since else candidate.head.updated or now
            candidate.change = change_log.change_row(candidate.head.id, version, at, changed) if changed else None

    def _decide_again(self, operation: Operation, by_row: dict[tuple[str, str], _Candidate]) -> Operation | None:
        """A row was not as it had been read: read it again and decide again, if the lease is still ours."""
        if isinstance(operation, Delete):
            raise TypeError("no referral is ever deleted")
        partition, row_key = operation.entity["PartitionKey"], operation.entity["RowKey"]
        candidate = by_row[partition, row_key]
        stored = self._table.get(partition, row_key, _STORED_COLUMNS)
        if stored and all(stored.get(name) == operation.entity.get(name) for name in _TELLING):
            return None  # our own write, whose answer got lost: the outcome stays what it was
        self._still_ours()
        again = self._decide(candidate, stored)
        write_pieces(self._store, candidate.pieces)
        if candidate.change:
            self._store.table(change_log.TABLE).replace(candidate.change, None)
        return again

    def _count(self, candidate: _Candidate) -> None:
        if candidate.outcome == "inserted":
            self._run.inserted += 1
        elif candidate.outcome == "updated":
            self._run.updated += 1
        else:
            self._run.unchanged += 1
            return
        self._touch(Touched(candidate.head.id, candidate.before, candidate.after))

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
            for row in scan(self._table, partition, _STORED_COLUMNS):
                if id_hash(row["RowKey"]) in hashes:
                    yield row

    def mark_missing(self, brief: Entity, now: str, walk_id: str) -> None:
        """Mark a row as missing upstream, unless it changed meanwhile."""
        row = self._table.get(brief["PartitionKey"], brief["RowKey"])
        if row is None or row["etag"] != brief["etag"] or row.get("missingSince"):
            return
        etag = row.pop("etag")
        before = from_row(row)
        after = msgspec.structs.replace(before, missing_since=now)
        change = Change("missingSince", None, times.public(now))
        version = f"missing-{walk_id}"
        self._store.table(change_log.TABLE).replace(change_log.change_row(before.id, version, now, [change]), None)
        row["missingSince"] = now
        try:
            self._table.transact([Replace(row, etag)])
            marked = True
        except RowConflict:
            # Ours all the same, if an earlier attempt was applied and only its answer got lost.
            stored = self._table.get(row["PartitionKey"], row["RowKey"], ["missingSince"])
            marked = stored is not None and stored.get("missingSince") == now
        if marked:
            self._run.missing += 1
            self._known[id_hash(row["RowKey"])] = 0
            self._touch(Touched(before.id, before, after))
