"""Brings the companies up to what a run wrote: those touched, or all when nobody knows which."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor

from shared.companies.book import CompanyBook
from shared.companies.ledger import Ledger
from shared.model.run import Run
from shared.model.summary import ReferralSummary
from shared.storage.engine.tables import TableStore
from shared.storage.tables.referrals import PARTITIONS, scan_summaries
from shared.sync.handover import Handover


class Settling:
    """The companies' part of one run; to be closed.

    Args:
        store: the tables.
        handover: what the run wrote.
        executor: where rows are read and written side by side; None does it in turn.
        alive: called every now and then in long work, so that the run can keep its lease.
        settled: whether companies agreed with referrals when the run began.
    """

    def __init__(
        self,
        store: TableStore,
        handover: Handover,
        executor: Executor | None,
        alive: Callable[[], None],
        *,
        settled: bool,
    ) -> None:
        self._store, self._handover, self._executor, self._alive = store, handover, executor, alive
        self._ledger: Ledger | None = None
        self._settled = settled

    @property
    def settled(self) -> bool:
        """Whether companies agreed with referrals after the last ``settle``, or when the run began."""
        return self._settled

    @property
    def is_short(self) -> bool:
        """Whether only those touched have to follow."""
        return self._settled and not self._handover.too_many

    @property
    def is_done(self) -> bool:
        """Whether companies agree with what is written so far."""
        return self._settled and self._handover.empty

    def follow(self) -> None:
        """On a first sync take in what was written, so that its rows need not be read again; called now and then."""
        newcomers = self._handover.take_newcomers()
        if newcomers is None:
            self.close()
        elif newcomers:
            self._ledger = self._ledger or CompanyBook(self._store).ledger()
            for summary in newcomers:
                self._ledger.add(summary)

    def settle(self, run: Run) -> None:
        """Let the companies agree with all that is written, and count in the run what became of them.

        Raises:
            StorageUnavailable: storage does not answer, or rows stayed contended.
            RunInterrupted: the lease is lost.
        """
        book = CompanyBook(self._store, self._executor, self._alive)
        self.follow()
        if not self.is_done:  # who read the rows while they were written has not seen their companies
            self._handover.note_version()
        taken = self._handover.take()
        was_settled, self._settled = self._settled, False  # until all of it is done
        if self._ledger:
            counts = book.agree_with(self._ledger)
        elif was_settled and not taken.too_many:
            # Even where nothing was touched: it also finishes links by hand whose process died.
            counts = book.apply(taken.touched)
        else:
            counts = book.rebuild(self._summaries())
        run.count("companies_inserted", counts.inserted)
        run.count("companies_updated", counts.updated)
        self._settled = True

    def close(self) -> None:
        """Let go of what was taken in."""
        if self._ledger:
            self._ledger.close()
            self._ledger = None

    def _summaries(self) -> Iterator[ReferralSummary]:
        for partition in PARTITIONS:
            self._alive()
            yield from scan_summaries(self._store.table("Referrals"), partition)
