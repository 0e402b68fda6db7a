"""From changed records to rows: each compared with what is stored, and written on condition that it is still so.

Writing is idempotent, so any record may come here any number of times. A row is never replaced by an older version: writes
are conditional on the version that was compared, and a conflict means read again and decide again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from shared.model import times
from shared.model.changes import Author, Change, diff
from shared.model.company_rows import Touched
from shared.model.referral import Head, fingerprint, read_for_lists, summarise
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

STORED_COLUMNS: Final = ("PartitionKey", *SUMMARY_COLUMNS, "contentHash", "rawHash", "fence", "revision")
"""What of a row decides whether a record replaces it."""
NO_ROW: Final = ""
"""In place of an ETag: there was no row."""
_TELLING: Final = ("contentHash", "fence", "missingSince")
"""What tells one write of a row from another."""

Outcome = Literal["inserted", "updated", "unchanged"]


class Overtaken(Exception):
    """Our row changed after Partner Center was asked, and by their dates nobody can tell which version is newer."""


class Candidate(msgspec.Struct, frozen=True):
    """A record that may have to be written."""

    head: Head
    raw: bytes
    raw_hash: int
    new: bool = False
    """Whether storage is known to have no row of it, so that none need be read."""
    by: Author | None = None
    """Who made this version, where we know."""
    etag_before: str | None = None
    """The row's ETag (or ``NO_ROW``) before Partner Center was asked for this record: while it stands, the record is at
    least as new as the row. None for records of a walk, whose pages are older than their writing."""


class Occasion(msgspec.Struct, frozen=True):
    """A version of a referral that is about to be stored."""

    before: ReferralSummary | None
    """The version it replaces; None for a referral that is new here."""
    after: ReferralSummary
    version: str
    """Tells this version from all others of the referral; the same when the writing is repeated."""
    by: Author | None
    """Who made it, where it was made from here."""


@dataclass(frozen=True, slots=True)
class Outbox:
    """Where rows go that must be stored before the referral's own, so that no crash loses what somebody is to be told."""

    table: str
    rows_of: Callable[[Occasion], Iterable[Entity]]
    """The rows for a version, mostly none, under keys made of referral and version; one that is there already stays."""


class Result(msgspec.Struct, frozen=True):
    """What became of a candidate."""

    outcome: Outcome
    before: ReferralSummary | None = None
    after: ReferralSummary | None = None
    stored_hash: int | None = None
    """The hash of the bytes that are stored, where that is another version."""


class _Decision(msgspec.Struct, frozen=True):
    """What is to be done about a candidate."""

    result: Result
    operation: Operation | None = None
    change: Entity | None = None
    """The entry of the history."""
    pieces: list[Entity] = []
    """Of a payload that does not fit its row."""
    told: list[Entity] = []
    """Rows for the outbox."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How records are read, and who reads them.

    Args:
        own_domains: the partner's own domains.
        salt: of the rules under which records are read.
        fence: the lease's generation; of two versions that can't be told apart, the younger lease's wins.
    """

    own_domains: Collection[str]
    salt: bytes
    fence: int


class RowWriter:
    """Writes rows; thread-safe, as long as no two threads have the same referral.

    Args:
        store: where rows go.
        rules: how records are read.
        still_ours: raises RunInterrupted when the lease is lost; asked before a conflict is decided.
        outbox: what is to be told of changes; None: nothing.
        dry_run: decide everything and write nothing.
    """

    def __init__(
        self,
        store: TableStore,
        rules: Rules,
        still_ours: Callable[[], None],
        *,
        outbox: Outbox | None = None,
        dry_run: bool = False,
    ) -> None:
        self._store, self._rules, self._still_ours = store, rules, still_ours
        self._outbox, self._dry_run = outbox, dry_run
        self._table = store.table("Referrals")

    def write(self, candidates: Mapping[str, Candidate], executor: Executor | None = None) -> dict[str, Result]:
        """Write what changed, the history before the rows.

        Args:
            candidates: by id, each id once.
            executor: where partitions are read and written side by side; None does it in turn.

        Returns:
            What became of each, by id.

        Raises:
            StorageUnavailable: storage does not answer.
            RunInterrupted: a row was contended, and the lease is lost.
            Overtaken: a candidate with ``etag_before`` met another version that may be newer.
        """
        known = [referral_id for referral_id, candidate in candidates.items() if not candidate.new]
        stored = read_rows(self._table, known, STORED_COLUMNS, executor)
        return self.write_over(candidates, stored, executor)

    def write_over(
        self, candidates: Mapping[str, Candidate], stored: Mapping[str, Entity], executor: Executor | None = None
    ) -> dict[str, Result]:
        """As ``write``, where the rows (``STORED_COLUMNS``) were read before."""
        decided = {
            referral_id: self._decide(candidate, stored.get(referral_id))
            for referral_id, candidate in candidates.items()
        }
        if not self._dry_run:
            self._write_decided(candidates, decided, executor)
        return {referral_id: decision.result for referral_id, decision in decided.items()}

    def _write_decided(
        self, candidates: Mapping[str, Candidate], decided: dict[str, _Decision], executor: Executor | None
    ) -> None:
        """Carry the decisions out; ``decided`` holds what was decided in the end."""
        self._write_beforehand(decided.values(), executor)
        by_row = {(partition_of(referral_id), key(referral_id)): referral_id for referral_id in candidates}

        def decide_again(operation: Operation) -> Operation | None:
            if isinstance(operation, Delete):
                raise TypeError("no referral is ever deleted")
            referral_id = by_row[operation.entity["PartitionKey"], operation.entity["RowKey"]]
            again = self._decide_again(operation.entity, candidates[referral_id])
            if again is None:
                return None
            decided[referral_id] = again
            return again.operation

        operations = [decision.operation for decision in decided.values() if decision.operation]
        write_all(self._table, operations, decide_again, executor)

    def is_stored(self, candidate: Candidate, stored: Entity | None) -> bool:
        """Whether a row holds this very version and is not marked missing."""
        content, _ = fingerprint(candidate.head, candidate.raw, self._rules.salt)
        return stored is not None and stored["contentHash"] == content and not stored.get("missingSince")

    def _write_beforehand(self, decisions: Collection[_Decision], executor: Executor | None) -> None:
        """What must be there before the rows are: pieces of payloads, the history, and what is to be told."""
        write_pieces(self._store, (piece for decision in decisions for piece in decision.pieces))
        changes = [decision.change for decision in decisions if decision.change]
        write_all(self._store.table(change_log.TABLE), map(_entry, changes), _leave, executor)
        told = [Insert(row) for decision in decisions for row in decision.told]
        if self._outbox and told:
            write_all(self._store.table(self._outbox.table), told, _leave, executor)

    def _decide(self, candidate: Candidate, stored: Entity | None) -> _Decision:
        """What to do with a record, given the row that is stored."""
        content, loaded = fingerprint(candidate.head, candidate.raw, self._rules.salt)
        if stored:
            same, gone = stored["contentHash"] == content, bool(stored.get("missingSince"))
            if same or self._is_newer(stored, candidate):
                other = None if same else int(stored["rawHash"], 16)
                return (
                    self._found_again(candidate, stored, other)
                    if gone
                    else _Decision(Result("unchanged", None, None, other))
                )
        summary = summarise(read_for_lists(candidate.raw, loaded), self._rules.own_domains)
        raw = candidate.raw.decode("utf-8", "surrogatepass")
        row, pieces = to_row(summary, raw, content, f"{candidate.raw_hash:016x}", self._rules.fence)
        after = as_stored(summary, row, raw)  # so that it compares equal later
        if stored is None:
            told = self._told(Occasion(None, after, change_log.version(0, content), candidate.by))
            return _Decision(Result("inserted", None, after), Insert(row), None, pieces, told)
        before, revision = from_row(stored), int(stored.get("revision") or 0) + 1
        row["revision"] = revision
        version = change_log.version(revision, content)
        change = self._change(candidate, before, after, version)
        told = self._told(Occasion(before, after, version, candidate.by))
        return _Decision(Result("updated", before, after), Replace(row, stored["etag"]), change, pieces, told)

    def _is_newer(self, stored: Entity, candidate: Candidate) -> bool:
        """Whether the stored version must not be replaced by the record's."""
        at, updated = stored.get("updatedDateTime"), candidate.head.updated
        if at and updated and at != updated:
            return bool(at > updated)
        if candidate.etag_before is None:
            return int(stored["fence"]) > self._rules.fence
        if stored["etag"] != candidate.etag_before:
            raise Overtaken
        return False

    def _found_again(self, candidate: Candidate, stored: Entity, other: int | None) -> _Decision:
        """What is stored is this version or a newer one, but marked missing, and here it is: take the mark off."""
        row = self._table.get(stored["PartitionKey"], stored["RowKey"])
        if row is None or row["etag"] != stored["etag"]:
            return self._decide(candidate, row)
        etag, before = row.pop("etag"), from_row(row)
        version = f"found-{stored['contentHash']}-{row.pop('missingSince')[:19]}"
        after = from_row(row)
        change = self._change(candidate, before, after, version)
        return _Decision(Result("updated", before, after, other), Replace(row, etag), change)

    def _change(
        self, candidate: Candidate, before: ReferralSummary, after: ReferralSummary, version: str
    ) -> Entity | None:
        changed = diff(before, after)
        if not changed:
            return None
        now = times.from_datetime(self._store.clock.now())
        # Partner Center says when a referral changed; that it is back shows only now.
        at = now if before.missing_since else candidate.head.updated or now
        return change_log.change_row(candidate.head.id, version, at, changed, candidate.by)

    def _told(self, occasion: Occasion) -> list[Entity]:
        return list(self._outbox.rows_of(occasion)) if self._outbox else []

    def _decide_again(self, meant: Entity, candidate: Candidate) -> _Decision | None:
        """A row was not as it had been read: read it again and decide again, if the lease is still ours."""
        stored = self._table.get(meant["PartitionKey"], meant["RowKey"], STORED_COLUMNS)
        if stored and all(stored.get(name) == meant.get(name) for name in _TELLING):
            return None  # our own write, whose answer got lost: the outcome stays what it was
        self._still_ours()
        again = self._decide(candidate, stored)
        self._write_beforehand([again], None)
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
        entry = change_log.change_row(before.id, f"missing-{walk_id}", now, [change])
        self._store.table(change_log.TABLE).replace(entry, None)
        row["missingSince"] = now
        try:
            self._table.transact([Replace(row, etag)])
        except RowConflict:
            # Ours all the same, if an earlier attempt was applied and only its answer got lost.
            stored = self._table.get(row["PartitionKey"], row["RowKey"], ["missingSince"])
            if stored is None or stored.get("missingSince") != now:
                return None
        return Touched(before.id, before, after)


def _entry(change: Entity) -> Operation:
    """An entry of the history is written once, but for who made the version: that is known to its maker alone."""
    return Replace(change, None) if change.get("byId") else Insert(change)


def _leave(_: Operation) -> Operation | None:
    """What is there already stays."""
    return None


__all__ = [
    "NO_ROW",
    "STORED_COLUMNS",
    "Candidate",
    "Occasion",
    "Outbox",
    "Overtaken",
    "Result",
    "RowWriter",
    "Rules",
]
