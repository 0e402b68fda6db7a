"""From changed records to rows: each compared with what is stored, and written on condition that it is still so.

Writing is idempotent, so any record may come here any number of times. A row is never replaced by an older version: writes
are conditional on the version that was compared, and a conflict means read again and decide again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Final, Literal

import msgspec

from shared.model import times
from shared.model.changes import Change, diff
from shared.model.company_rows import Touched
from shared.model.referral import Head, Loaded, fingerprint, read_record, summarise
from shared.model.run import Run
from shared.model.summary import ReferralSummary
from shared.storage.engine.batches import write_all
from shared.storage.engine.entities import Entity, key
from shared.storage.engine.tables import Delete, Insert, Operation, Replace, RowConflict, TableStore
from shared.storage.tables import changes as change_log
from shared.storage.tables.referrals import (
    SUMMARY_COLUMNS,
    as_stored,
    from_row,
    partition_of,
    read_rows,
    to_row,
    write_pieces,
)

STORED_COLUMNS: Final = ("PartitionKey", *SUMMARY_COLUMNS, "contentHash", "fence")
"""What of a row decides whether a record replaces it."""
_TELLING: Final = ("contentHash", "fence", "missingSince")
"""What tells one write of a row from another."""

Outcome = Literal["inserted", "updated", "unchanged"]


@dataclass(slots=True)
class Candidate:
    """A record that may have to be written, and what became of it."""

    head: Head
    raw: bytes
    raw_hash: int
    new: bool
    """Whether storage is known to have no row of it, so that none need be read."""
    outcome: Outcome = "unchanged"
    before: ReferralSummary | None = None
    after: ReferralSummary | None = None
    change: Entity | None = None
    pieces: list[Entity] = field(default_factory=list)
    content_hash: str = ""

    def count(self, run: Run) -> None:
        """Count the outcome."""
        setattr(run, self.outcome, getattr(run, self.outcome) + 1)


class RowWriter:
    """Writes the rows of one run; thread-safe, as long as no two threads have the same referral.

    Args:
        store: where rows go.
        own_domains: the partner's own domains.
        salt: of the rules under which records are read.
        fence: the lease's generation; of two versions that can't be told apart, the younger lease's wins.
        still_ours: raises RunInterrupted when the lease is lost; asked before a conflict is decided.
        dry_run: decide everything and write nothing.
    """

    def __init__(
        self,
        store: TableStore,
        own_domains: Collection[str],
        salt: bytes,
        fence: int,
        still_ours: Callable[[], None],
        *,
        dry_run: bool = False,
    ) -> None:
        self._store, self._own_domains, self._salt, self._dry_run = store, own_domains, salt, dry_run
        self._fence, self._still_ours = fence, still_ours
        self._table = store.table("Referrals")

    def write(self, candidates: Mapping[str, Candidate], executor: Executor | None = None) -> None:
        """Write what changed, the history before the rows.

        Args:
            candidates: by id, each id once; they are told what became of them.
            executor: where partitions are read and written side by side; None does it in turn.

        Raises:
            StorageUnavailable: storage does not answer.
            RunInterrupted: a row was contended, and the lease is lost.
        """
        known = [one for one, each in candidates.items() if not each.new]
        stored = read_rows(self._table, known, STORED_COLUMNS, executor)
        operations = [
            operation
            for referral_id, candidate in candidates.items()
            if (operation := self._decide(candidate, stored.get(referral_id)))
        ]
        if self._dry_run:
            return
        write_pieces(self._store, (piece for each in candidates.values() for piece in each.pieces))
        log_rows = [each.change for each in candidates.values() if each.change]
        write_all(
            self._store.table(change_log.TABLE),
            [Replace(row, None) for row in log_rows],
            lambda operation: operation,
            executor,
        )
        by_row = {(partition_of(one), key(one)): each for one, each in candidates.items()}
        write_all(self._table, operations, lambda operation: self._decide_again(operation, by_row), executor)

    def _decide(self, candidate: Candidate, stored: Entity | None) -> Operation | None:
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
        summary = summarise(read_record(candidate.raw, loaded), self._own_domains)
        raw = candidate.raw.decode("utf-8", "surrogatepass")
        raw_hash = f"{candidate.raw_hash:016x}"
        row, candidate.pieces = to_row(summary, raw, candidate.content_hash, raw_hash, self._fence)
        candidate.after = as_stored(summary, row, raw)  # so that it compares equal later
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

    def _found_again(self, candidate: Candidate, stored: Entity) -> Operation | None:
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

    def _note_change(self, candidate: Candidate, version: str) -> None:
        if candidate.before and candidate.after:
            changed = diff(candidate.before, candidate.after)
            now = times.from_datetime(self._store.clock.now())
            # Partner Center says when a referral changed; that it is back shows only now.
            at = now if candidate.before.missing_since else candidate.head.updated or now
            candidate.change = change_log.change_row(candidate.head.id, version, at, changed) if changed else None

    def _decide_again(self, operation: Operation, by_row: dict[tuple[str, str], Candidate]) -> Operation | None:
        """A row was not as it had been read: read it again and decide again, if the lease is still ours."""
        if isinstance(operation, Delete):
            raise TypeError("no referral is ever deleted")
        partition, row_key = operation.entity["PartitionKey"], operation.entity["RowKey"]
        candidate = by_row[partition, row_key]
        stored = self._table.get(partition, row_key, STORED_COLUMNS)
        if stored and all(stored.get(name) == operation.entity.get(name) for name in _TELLING):
            return None  # our own write, whose answer got lost: the outcome stays what it was
        self._still_ours()
        again = self._decide(candidate, stored)
        write_pieces(self._store, candidate.pieces)
        if candidate.change:
            self._store.table(change_log.TABLE).replace(candidate.change, None)
        return again

    def mark_missing(self, brief: Entity, now: str, walk_id: str) -> Touched | None:
        """Mark a row as missing upstream, unless it changed meanwhile.

        Args:
            brief: the row's keys and ETag as they were read.
            now: since when it is missing, as text of ``model.times``.
            walk_id: the full walk that did not meet it.
        """
        row = self._table.get(brief["PartitionKey"], brief["RowKey"])
        if row is None or row["etag"] != brief["etag"] or row.get("missingSince"):
            return None
        etag = row.pop("etag")
        before = from_row(row)
        after = msgspec.structs.replace(before, missing_since=now)
        change = Change("missingSince", None, times.public(now))
        version = f"missing-{walk_id}"
        self._store.table(change_log.TABLE).replace(change_log.change_row(before.id, version, now, [change]), None)
        row["missingSince"] = now
        try:
            self._table.transact([Replace(row, etag)])
        except RowConflict:
            # Ours all the same, if an earlier attempt was applied and only its answer got lost.
            stored = self._table.get(row["PartitionKey"], row["RowKey"], ["missingSince"])
            if stored is None or stored.get("missingSince") != now:
                return None
        return Touched(before.id, before, after)
