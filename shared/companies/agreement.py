"""Makes the companies' rows agree with a ledger of everything that is stored, row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from shared.companies.counts import CompanyCounts
from shared.companies.ledger import Ledger
from shared.model.company_rows import CompanyRow
from shared.storage.engine.tables import BATCH_ROWS, Delete, Operation, Table
from shared.storage.tables.companies import PARTITION, StoredCompany, changes_of


class Agreement:
    """One comparison of the table with a ledger.

    Args:
        table: the companies' rows.
        ledger: which has taken every stored referral.
        alive: called every now and then, so that a run can keep its lease.
    """

    def __init__(self, table: Table, ledger: Ledger, alive: Callable[[], None]) -> None:
        self._table, self._ledger, self._alive = table, ledger, alive
        self.counts = CompanyCounts()
        """What lists show that is new or different."""

    def differences(self) -> Iterator[Operation]:
        """Row by row, what makes the table agree with the ledger."""
        seen: set[str] = set()
        for number, row in enumerate(self._table.query("PartitionKey eq @partition", {"partition": PARTITION})):
            if number % BATCH_ROWS == 0:
                self._alive()
            seen.add(row["key"])
            yield from self._difference(self._ledger.row(row["key"]), StoredCompany.of(row), self.counts)
        for number, new in enumerate(self._ledger.rows()):
            if number % BATCH_ROWS == 0:
                self._alive()
            if new.key not in seen:
                yield from self._difference(new, StoredCompany(), self.counts)

    def _difference(self, row: CompanyRow, stored: StoredCompany, counts: CompanyCounts) -> Iterator[Operation]:
        if stored.packed and stored.is_current and row.pack() == stored.packed:
            return
        company = row.company()
        shown = (stored.company, stored.shown_in)
        if stored.left_out and not row.empty and stored.is_current and shown == (company, row.shown_in):
            return
        counts.add(stored.company, company)
        yield from changes_of(row, company, stored)

    def decide_again(self, operation: Operation) -> Operation | None:
        """Somebody else has written a row since it was compared: compare again."""
        if isinstance(operation, Delete):
            row_key, company_key = operation.row, None
        else:
            row_key, company_key = operation.entity["RowKey"], operation.entity["key"]
        row = self._table.get(PARTITION, row_key)
        company_key = row["key"] if row else company_key
        if company_key is None:
            return None
        stored = StoredCompany.of(row) if row else StoredCompany()
        return next(self._difference(self._ledger.row(company_key), stored, CompanyCounts()), None)
