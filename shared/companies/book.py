"""The Companies table: one partition, a row for each company key, that holds all its figures are made of.

What changes when a referral changes is decided in ``model.company_rows``; here are the reading, the conditional writing,
and what keeps them right when others write too. The rows are derived: :meth:`CompanyBook.rebuild` makes them anew from
the referrals and the links, and a run that did not end cleanly is followed by that.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from shared.companies.ledger import Ledger
from shared.core import events
from shared.core.errors import StorageUnavailable
from shared.core.log import get_logger
from shared.model.company import Company, is_domain
from shared.model.company_rows import (
    RULES,
    CompanyRow,
    Touched,
    change,
    compress,
    decompress,
    keys_touched,
    merge,
    targets_touched,
)
from shared.model.summary import ReferralSummary
from shared.storage.engine import keyed
from shared.storage.engine.batches import write_all, write_stream
from shared.storage.engine.entities import ENTITY_BYTES, Entity, get_bytes, key, put_bytes, weight
from shared.storage.engine.tables import BATCH_ROWS, Delete, Insert, Operation, Replace, RowConflict, TableStore
from shared.storage.engine.wire import TextRows
from shared.storage.tables import company_links as link_rows
from shared.storage.tables.referrals import SUMMARY_COLUMNS, from_row, read_rows
from shared.storage.tables.sync_state import bump_data_version

log = get_logger(__name__)

TABLE: Final = "Companies"
PARTITION: Final = "companies"
_ATTEMPTS: Final = 12
_POINTS: Final = 3
"""So many rows are read one by one; more in questions of a dozen."""
_SCAN_FROM: Final = 150


@dataclass
class CompanyCounts:
    """How many companies that lists show are new or different."""

    inserted: int = 0
    updated: int = 0

    def add(self, before: Company | None, after: Company | None) -> None:
        """Count one company; one that is gone is neither new nor different."""
        if after and not before:
            self.inserted += 1
        elif after and after != before:
            self.updated += 1


@dataclass(frozen=True, slots=True)
class StoredCompanies:
    """What lists need of the table."""

    companies: list[Company]
    merged: dict[str, str]
    """The keys of companies that became one with another, and that other's key."""


class _ListedRow(msgspec.Struct, gc=False):
    key: str | None = None
    company: str | None = None
    mergedInto: str | None = None  # noqa: N815 - the column's name


_LISTED_ROWS: Final = TextRows(_ListedRow)
_read_company: Final = msgspec.json.Decoder(Company).decode


def load_all(store: TableStore) -> StoredCompanies:
    """All companies that lists show, and where those went that became one with another."""
    found = StoredCompanies([], {})
    rows = store.table(TABLE).texts(
        _LISTED_ROWS, "PartitionKey eq @partition and listed eq true", {"partition": PARTITION}
    )
    for row in rows:
        if row.mergedInto and row.key:
            found.merged[row.key] = row.mergedInto
        elif company := _company(row.company):
            found.companies.append(company)
    return found


def load_domains(store: TableStore) -> list[str]:
    """The domains of all companies that have one."""
    rows = store.table(TABLE).query("PartitionKey eq @partition and listed eq true", {"partition": PARTITION}, ["key"])
    return [row["key"] for row in rows if is_domain(row["key"])]


def find(store: TableStore, company_key: str) -> Company | None:
    """One company by its key, or by a key that was merged into it."""
    table = store.table(TABLE)
    row = table.get(PARTITION, key(company_key), ["company", "mergedInto"])
    if row and row.get("mergedInto"):
        row = table.get(PARTITION, key(row["mergedInto"]), ["company", "mergedInto"])
    return _company(row.get("company")) if row else None


def _company(text: str | None) -> Company | None:
    """The company of a row; None for a row without, and for one that cannot be read: the next rebuild mends it."""
    try:
        return _read_company(text) if text else None
    except msgspec.MsgspecError:
        return None


@dataclass(frozen=True, slots=True)
class _Stored:
    """A row as it was read; ``etag`` None: there was none."""

    etag: str | None = None
    packed: bytes = b""
    company: Company | None = None
    shown_in: str | None = None
    rules: int = RULES
    left_out: bool = False
    """What the row is made of is not in it (there is too much of it) or can't be read."""

    @classmethod
    def of(cls, row: Entity) -> _Stored:
        stored = cls(
            str(row["etag"]),
            company=_company(row.get("company")),
            shown_in=row.get("mergedInto"),
            rules=int(row["rules"]),
        )
        if row.get("oversize"):
            return replace(stored, left_out=True)
        try:
            packed = decompress(get_bytes(row, "contents"))
            CompanyRow.unpack(row["key"], packed)
        except (zlib.error, msgspec.MsgspecError):
            return replace(stored, rules=0, left_out=True)
        return replace(stored, packed=packed)


class CompanyBook:
    """Keeps the companies equal to what referrals and links add up to."""

    def __init__(
        self, store: TableStore, executor: Executor | None = None, alive: Callable[[], None] = lambda: None
    ) -> None:
        """Nothing is sent yet.

        Args:
            store: the tables.
            executor: where rows are read side by side; None reads them in turn.
            alive: called every now and then in long work, so that a run can keep its lease; may raise to end the work.
        """
        self._store = store
        self._alive = alive
        self._table = store.table(TABLE)
        self._executor = executor

    def apply(self, touched: Sequence[Touched]) -> CompanyCounts:
        """Let companies follow some referrals, and finish links whose process died before companies followed.

        Repeating it changes nothing. Only the rows concerned are read and written, conditionally; who meets a change by
        another starts over. Links are looked at again after the writing: a link made meanwhile has written its own row
        first, so either it is seen then, or whoever made it sees our rows.

        Raises:
            StorageUnavailable: storage does not answer, or the rows stayed contended.
        """
        pending = link_rows.load_pending(self._store)
        counts = self._apply([*touched, *self._summaries(one.referral_id for one in pending)])
        if pending:
            bump_data_version(self._store)
            for note in pending:
                if note.over:
                    link_rows.clear_pending(self._store, note.referral_id, note.etag)
        return counts

    def follow_link(self, referral_id: str) -> CompanyCounts:
        """Let companies follow the link of one referral, and the referral itself where a sync changes it meanwhile.

        Raises:
            StorageUnavailable: storage does not answer, or the rows stayed contended.
        """
        before: ReferralSummary | None = None
        counts = CompanyCounts()
        for _ in range(_ATTEMPTS):
            now = next(iter(self._summaries([referral_id])), None)
            if now is None or now.after == before:
                return counts
            followed = self._apply([replace(now, before=before or now.before)])
            counts.inserted += followed.inserted
            counts.updated += followed.updated
            before = now.after
        raise StorageUnavailable(retry_after=10)

    def rebuild(self, summaries: Iterable[ReferralSummary]) -> CompanyCounts:
        """Compare all rows with what all referrals and links add up to, and write the differences alone.

        Args:
            summaries: every stored referral once; consumed as a stream.

        Raises:
            StorageUnavailable: storage does not answer, or a row stayed contended.
        """
        with closing(self.ledger()) as ledger:
            for summary in summaries:
                ledger.add(summary)
            return self.agree_with(ledger)

    def ledger(self) -> Ledger:
        """An empty ledger, for who has all referrals one after the other and lets rows ``agree_with`` it then."""
        return Ledger(link_rows.load_ever(self._store))

    def agree_with(self, ledger: Ledger) -> CompanyCounts:
        """Compare all rows with a ledger that has taken every stored referral; otherwise as ``rebuild``."""
        counts = CompanyCounts()
        ledger.complete()
        write_stream(
            self._table,
            self._differences(ledger, counts),
            lambda operation: self._decide_again(operation, ledger),
            self._executor,
        )
        # A link made meanwhile is not in what was just written.
        before, now = ledger.links, link_rows.load_ever(self._store)
        changed = [one for one in {*before, *now} if before.get(one) != now.get(one)]
        followed = self.apply(self._summaries(changed))
        return CompanyCounts(counts.inserted + followed.inserted, counts.updated + followed.updated)

    def _apply(self, touched: Sequence[Touched]) -> CompanyCounts:
        if not touched:
            return CompanyCounts()
        ids = {one.id for one in touched}
        first: dict[str, Company | None] = {}
        last: dict[str, Company | None] = {}
        links = link_rows.read(self._store, ids)
        for attempt in range(_ATTEMPTS):
            try:
                wrote = self._attempt(touched, links, first, last)
            except RowConflict:
                self._store.clock.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - jitter, no secret
                links = link_rows.read(self._store, ids)
                continue
            now = link_rows.read(self._store, ids) if wrote else links
            if now == links:
                counts = CompanyCounts()
                for company_key, company in last.items():
                    counts.add(first[company_key], company)
                return counts
            links = now
        raise StorageUnavailable(retry_after=10)

    def _attempt(
        self,
        touched: Sequence[Touched],
        links: dict[str, Any],
        first: dict[str, Company | None],
        last: dict[str, Company | None],
    ) -> bool:
        """Read, decide and write once; returns whether there was anything to write. Raises RowConflict."""
        keys = {one for each in touched for one in keys_touched(each, links.get(each.id))}
        stored = self._read(keys)
        rows = {one: _unpacked(one, stored[one]) for one in keys}
        change(rows, touched, links)
        shown_before = {one: stored[one].shown_in for one in keys}
        # After a dozen keys at a time, the few targets of all of them are one question, too.
        points = _POINTS if len(keys) <= _POINTS else 1
        targets = self._read(targets_touched(rows, shown_before) - keys, points)
        rows |= {one: _unpacked(one, row) for one, row in targets.items()}
        stored |= targets
        merge(rows, keys, shown_before)
        operations: list[Operation] = []
        for one, row in rows.items():
            first.setdefault(one, stored[one].company)
            # Without what it is made of, only the next rebuild can tell what the row should be.
            if not stored[one].left_out:
                last[one] = row.company()
                operations += self._operations(row, last[one], stored[one])
        self._alive()
        write_all(self._table, operations, _start_over)
        return bool(operations)

    def _read(self, keys: Set[str], points: int = _POINTS) -> dict[str, _Stored]:
        """The rows of these keys, ``points`` or fewer one by one, or, where they are very many, all rows once."""
        if len(keys) >= _SCAN_FROM:
            rows = self._table.query("PartitionKey eq @partition", {"partition": PARTITION})
        else:
            wanted = [(PARTITION, key(one)) for one in keys]
            rows = keyed.read(self._table, wanted, executor=self._executor, points=points)
        found = dict.fromkeys(keys, _Stored())
        found |= {row["key"]: _Stored.of(row) for row in rows if row["key"] in keys}
        return found

    def _summaries(self, ids: Iterable[str]) -> list[Touched]:
        """Referrals as they are stored now."""
        rows = read_rows(self._store.table("Referrals"), ids, SUMMARY_COLUMNS)
        summaries = map(from_row, rows.values())
        return [Touched(summary.id, summary, summary) for summary in summaries]

    def _differences(self, ledger: Ledger, counts: CompanyCounts) -> Iterator[Operation]:
        """Row by row, what makes the table agree with the ledger."""
        seen: set[str] = set()
        for number, row in enumerate(self._table.query("PartitionKey eq @partition", {"partition": PARTITION})):
            if number % BATCH_ROWS == 0:
                self._alive()
            seen.add(row["key"])
            yield from self._difference(ledger.row(row["key"]), _Stored.of(row), counts)
        for number, new in enumerate(ledger.rows()):
            if number % BATCH_ROWS == 0:
                self._alive()
            if new.key not in seen:
                yield from self._difference(new, _Stored(), counts)

    def _difference(self, row: CompanyRow, stored: _Stored, counts: CompanyCounts) -> Iterator[Operation]:
        if row.pack() == stored.packed and stored.rules == RULES:
            return
        company = row.company()
        if stored.left_out and company == stored.company and stored.rules == RULES:
            return
        counts.add(stored.company, company)
        yield from self._operations(row, company, stored)

    def _operations(self, row: CompanyRow, company: Company | None, stored: _Stored) -> Iterator[Operation]:
        """What makes the stored row this one; nothing when it is."""
        packed = row.pack()
        if row.empty:
            if stored.etag:
                yield Delete(PARTITION, key(row.key), stored.etag)
        elif packed != stored.packed or company != stored.company or stored.rules != RULES:
            entity = _entity(row, company, packed)
            yield Replace(entity, stored.etag) if stored.etag else Insert(entity)

    def _decide_again(self, operation: Operation, ledger: Ledger) -> Operation | None:
        """Somebody else has written a row since it was compared: compare again."""
        if isinstance(operation, Delete):
            row_key, company_key = operation.row, None
        else:
            row_key, company_key = operation.entity["RowKey"], operation.entity["key"]
        row = self._table.get(PARTITION, row_key)
        company_key = row["key"] if row else company_key
        if company_key is None:
            return None
        stored = _Stored.of(row) if row else _Stored()
        return next(self._difference(ledger.row(company_key), stored, CompanyCounts()), None)


def _start_over(_: Operation) -> Operation | None:
    raise RowConflict


def _unpacked(company_key: str, stored: _Stored) -> CompanyRow:
    return CompanyRow.unpack(company_key, stored.packed) if stored.packed else CompanyRow(company_key)


def _entity(row: CompanyRow, company: Company | None, packed: bytes) -> Entity:
    entity: Entity = {
        "PartitionKey": PARTITION,
        "RowKey": key(row.key),
        "key": row.key,
        "rules": RULES,
        "listed": company is not None or row.shown_in is not None,
        "mergedInto": row.shown_in,
        "company": msgspec.json.encode(company).decode() if company else None,
    }
    whole = dict(entity)
    put_bytes(whole, "contents", compress(packed))
    if weight(whole) <= ENTITY_BYTES:
        return whole
    # Some ten thousand referrals of one company: its figures are kept, and made anew by each full walk.
    log.warning(events.COMPANY_OVERSIZE, referrals=len(row.entries))
    return {**entity, "oversize": True}
