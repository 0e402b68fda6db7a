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
from shared.storage.tables.referrals import PARTITIONS, SUMMARY_COLUMNS, from_row, read_rows, scan_summaries
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
        """Count a company; one that is gone is neither new nor different."""
        if after and not before:
            self.inserted += 1
        elif after and after != before:
            self.updated += 1

    def add_all(self, others: CompanyCounts) -> None:
        """Count what others have counted."""
        self.inserted += others.inserted
        self.updated += others.updated


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
        """Let companies follow some referrals, and those that others have noted: links, and records stored outside a run.

        Repeating it changes nothing. Only the rows concerned are read and written, conditionally; who meets a change by
        another starts over. Links and notes are looked at again after the writing: whoever made one meanwhile has written
        it first, so either it is seen then, or they see our rows.

        Raises:
            StorageUnavailable: storage does not answer, or the rows stayed contended.
        """
        return self._apply_noted(touched, mend=True)

    def _apply_noted(self, touched: Sequence[Touched], *, mend: bool) -> CompanyCounts:
        counts, seen = CompanyCounts(), set[str]()
        for _ in range(_ATTEMPTS):
            notes = [note for note in link_rows.load_pending(self._store) if note.name not in seen]
            if not (touched or notes):
                break
            counts.add_all(self._apply([*touched, *self._noted(notes)], mend=mend))
            if notes:
                bump_data_version(self._store)
            for note in notes:
                seen.add(note.name)
                if note.over:
                    link_rows.clear_pending(self._store, note.name)
            touched = ()
        return counts

    def _noted(self, notes: Sequence[link_rows.Pending]) -> Iterator[Touched]:
        """The referrals of notes as they are stored now, to be shown in no company where they were before."""
        now = {touched.id: touched for touched in self._summaries({note.referral_id for note in notes})}
        for note in notes:
            if touched := now.get(note.referral_id):
                for former in note.former:
                    yield replace(touched, before=ReferralSummary(touched.id, company_key=former))
                yield replace(touched, before=None)

    def follow(self, referral_id: str, written: Touched | None = None) -> CompanyCounts:
        """Let companies follow one referral and its link, also where somebody else changes it meanwhile.

        Args:
            referral_id: the referral.
            written: how it was written, where it was; None: its link alone is another.

        Raises:
            StorageUnavailable: storage does not answer, or the rows stayed contended.
        """
        before: ReferralSummary | None = None
        counts = CompanyCounts()
        for _ in range(_ATTEMPTS):
            now = next(iter(self._summaries([referral_id])), None)
            if now is None or now.after == before:
                return counts
            former = written.before if written else now.before
            counts.add_all(self._apply([replace(now, before=before or former)]))
            before = now.after
        raise StorageUnavailable(retry_after=10)

    def follow_figures(self, written: Touched) -> bool:
        """Let a referral's company follow where nothing but figures changed: three requests, and the usual case.

        The row is read before the link is: whoever links the referral later than that meets our row, or we meet theirs.

        Returns:
            Whether that was all; False where more than one row is concerned, or somebody else came in between.
        """
        before, after = written.before, written.after
        if before is None or after is None or not after.company_key:
            return False
        if keys_touched(written, None) != {after.company_key}:
            return False
        stored = self._read({after.company_key})[after.company_key]
        if stored.etag is None or stored.left_out or stored.shown_in or stored.rules != RULES:
            return False
        if link_rows.read(self._store, {written.id}):
            return False
        row = _unpacked(after.company_key, stored)
        change({after.company_key: row}, [written], {})
        if row.shown_in:
            return False
        try:
            for operation in self._operations(row, row.company(), stored):
                self._table.transact([operation])
        except RowConflict:
            return False
        return True

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
        changed = [referral_id for referral_id in {*before, *now} if before.get(referral_id) != now.get(referral_id)]
        counts.add_all(self._apply_noted(self._summaries(changed), mend=False))
        return counts

    def _apply(self, touched: Sequence[Touched], *, mend: bool = True) -> CompanyCounts:
        """Let companies follow; ``mend``: also those whose rows do not hold what they are made of."""
        if not touched:
            return CompanyCounts()
        ids = {each.id for each in touched}
        first: dict[str, Company | None] = {}
        last: dict[str, Company | None] = {}
        links = link_rows.read(self._store, ids)
        for attempt in range(_ATTEMPTS):
            try:
                wrote, doubtful = self._attempt(touched, links, first, last)
            except RowConflict:
                self._store.clock.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - jitter, no secret
                links = link_rows.read(self._store, ids)
                continue
            now = link_rows.read(self._store, ids) if wrote else links
            if now == links:
                counts = CompanyCounts()
                for company_key, company in last.items():
                    counts.add(first[company_key], company)
                if doubtful and mend:
                    counts.add_all(self.rebuild(self._everything()))
                return counts
            links = now
        raise StorageUnavailable(retry_after=10)

    def _attempt(
        self,
        touched: Sequence[Touched],
        links: dict[str, Any],
        first: dict[str, Company | None],
        last: dict[str, Company | None],
    ) -> tuple[bool, bool]:
        """Read, decide and write once; returns whether there was anything to write, and whether there are rows of which
        only all referrals together can tell what they should be. Raises RowConflict."""
        keys = {name for each in touched for name in keys_touched(each, links.get(each.id))}
        stored = self._read(keys)
        rows = {company: _unpacked(company, stored[company]) for company in keys}
        change(rows, touched, links)
        shown_before = {company: stored[company].shown_in for company in keys}
        # After a dozen keys at a time, the few targets of all of them are one question, too.
        points = _POINTS if len(keys) <= _POINTS else 1
        targets = self._read(targets_touched(rows, shown_before) - keys, points)
        rows |= {company: _unpacked(company, row) for company, row in targets.items()}
        stored |= targets
        left_out = {name for name, row in stored.items() if row.left_out}
        # Neither can it be told of those rows that show, or are to show, the entries of such a row.
        doubtful = left_out | {
            shown for name in left_out for shown in (stored[name].shown_in, rows[name].shown_in) if shown
        }
        merge(rows, keys, shown_before)
        operations: list[Operation] = []
        for name, row in rows.items():
            if name not in doubtful:
                first.setdefault(name, stored[name].company)
                last[name] = row.company()
                operations += self._operations(row, last[name], stored[name])
        self._alive()
        write_all(self._table, operations, _start_over)
        return bool(operations), bool(doubtful)

    def _read(self, keys: Set[str], points: int = _POINTS) -> dict[str, _Stored]:
        """The rows of these keys, ``points`` or fewer one by one, or, where they are very many, all rows once."""
        if len(keys) >= _SCAN_FROM:
            rows = self._table.query("PartitionKey eq @partition", {"partition": PARTITION})
        else:
            wanted = [(PARTITION, key(company)) for company in keys]
            rows = keyed.read(self._table, wanted, executor=self._executor, points=points)
        found = dict.fromkeys(keys, _Stored())
        found |= {row["key"]: _Stored.of(row) for row in rows if row["key"] in keys}
        return found

    def _everything(self) -> Iterator[ReferralSummary]:
        """All stored referrals."""
        for partition in PARTITIONS:
            self._alive()
            yield from scan_summaries(self._store.table("Referrals"), partition)

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
        shown = (stored.company, stored.shown_in, stored.rules)
        if stored.left_out and not row.empty and shown == (company, row.shown_in, RULES):
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
    # Some ten thousand referrals of one company: its figures are kept, and made anew from all referrals when one changes.
    log.warning(events.COMPANY_OVERSIZE, referrals=len(row.entries))
    return {**entity, "oversize": True}
