"""Keeps the companies' rows equal to what referrals and links add up to.

What changes when a referral changes is decided in ``model.company_rows``; here are the reading, the conditional writing,
and what keeps them right when others write too. The rows are derived: :meth:`CompanyBook.rebuild` makes them anew from
the referrals and the links, and a run that did not end cleanly is followed by that.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import replace
from typing import Any, Final

from shared.companies.agreement import Agreement
from shared.companies.counts import CompanyCounts
from shared.companies.ledger import Ledger
from shared.core.errors import StorageUnavailable
from shared.core.log import get_logger
from shared.model.company import Company
from shared.model.company_rows import (
    Touched,
    change,
    keys_touched,
    merge,
    targets_touched,
)
from shared.model.summary import ReferralSummary
from shared.storage.engine import keyed
from shared.storage.engine.batches import write_all, write_stream
from shared.storage.engine.entities import key
from shared.storage.engine.tables import Operation, RowConflict, TableStore
from shared.storage.tables import company_links as link_rows
from shared.storage.tables.companies import PARTITION, TABLE, StoredCompany, changes_of, unpacked
from shared.storage.tables.referrals import PARTITIONS, SUMMARY_COLUMNS, from_row, read_rows, scan_summaries
from shared.storage.tables.sync_state import bump_data_version

log = get_logger(__name__)

_ATTEMPTS: Final = 12
_POINTS: Final = 3
"""So many rows are read one by one; more in questions of a dozen."""
_SCAN_FROM: Final = 150


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
        now = {touched.id: touched for touched in self._summaries({note.referral_id for note in notes} - {""})}
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
        if stored.etag is None or stored.left_out or stored.shown_in or not stored.is_current:
            return False
        if link_rows.read(self._store, {written.id}):
            return False
        row = unpacked(after.company_key, stored)
        change({after.company_key: row}, [written], {})
        if row.shown_in:
            return False
        try:
            for operation in changes_of(row, row.company(), stored):
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
        ledger.complete()
        agreement = Agreement(self._table, ledger, self._alive)
        write_stream(self._table, agreement.differences(), agreement.decide_again, self._executor)
        # A link made meanwhile is not in what was just written.
        before, now = ledger.links, link_rows.load_ever(self._store)
        changed = [referral_id for referral_id in {*before, *now} if before.get(referral_id) != now.get(referral_id)]
        agreement.counts.add_all(self._apply_noted(self._summaries(changed), mend=False))
        return agreement.counts

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
        rows = {company: unpacked(company, stored[company]) for company in keys}
        change(rows, touched, links)
        shown_before = {company: stored[company].shown_in for company in keys}
        # After a dozen keys at a time, the few targets of all of them are one question, too.
        points = _POINTS if len(keys) <= _POINTS else 1
        targets = self._read(targets_touched(rows, shown_before) - keys, points)
        rows |= {company: unpacked(company, row) for company, row in targets.items()}
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
                operations += changes_of(row, last[name], stored[name])
        self._alive()
        write_all(self._table, operations, _start_over)
        return bool(operations), bool(doubtful)

    def _read(self, keys: Set[str], points: int = _POINTS) -> dict[str, StoredCompany]:
        """The rows of these keys, ``points`` or fewer one by one, or, where they are very many, all rows once."""
        if len(keys) >= _SCAN_FROM:
            rows = self._table.query("PartitionKey eq @partition", {"partition": PARTITION})
        else:
            wanted = [(PARTITION, key(company)) for company in keys]
            rows = keyed.read(self._table, wanted, executor=self._executor, points=points)
        found = dict.fromkeys(keys, StoredCompany())
        found |= {row["key"]: StoredCompany.of(row) for row in rows if row["key"] in keys}
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


def _start_over(_: Operation) -> Operation | None:
    raise RowConflict
