"""The one way in for a single record that Partner Center answered outside a run: to a PATCH, or read by id.

It becomes a row by the same decisions as a walk's records, its companies follow at once, and lists show it. Three things
keep what is newer:

- The row is written under the lease's next generation. No page that a walk under way has read before the answer can put an
  older version back, however late it writes it and even under the same ``updatedDateTime``; the next run can replace it.
- An answer is at least as new as the row that was there before Partner Center was asked (``before``). Where that row
  changed meanwhile and dates can't tell which version is newer, Partner Center is asked once more.
- A note, written before the row, lets the run that is under way, or the next, look at the companies again after its own
  writing; it also finishes what a dying process left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from shared.companies.book import CompanyBook
from shared.core.errors import StorageUnavailable
from shared.model.changes import Author
from shared.model.company_rows import Touched
from shared.model.referral import Head, read_head, rules_salt
from shared.model.summary import ReferralSummary
from shared.storage.engine.entities import Entity, key
from shared.storage.engine.tables import TableStore
from shared.storage.tables import changes as change_log
from shared.storage.tables import company_links
from shared.storage.tables.referrals import from_row, partition_of
from shared.storage.tables.sync_state import Head as SyncHead
from shared.storage.tables.sync_state import SyncState, bump_data_version
from shared.sync.row_writer import NO_ROW, STORED_COLUMNS, Candidate, Outbox, Outcome, Overtaken, RowWriter, Rules
from shared.sync.seen import raw_hash

_ATTEMPTS: Final = 4


@dataclass(frozen=True, slots=True)
class Before:
    """Our row of a referral as it was before Partner Center was asked."""

    referral_id: str
    row: Entity | None

    @property
    def summary(self) -> ReferralSummary | None:
        """What lists show of it; None when there is no row."""
        return from_row(self.row) if self.row else None

    @property
    def etag(self) -> str:
        """Tells this version of our row."""
        return str(self.row["etag"]) if self.row else NO_ROW


@dataclass(frozen=True, slots=True)
class Entered:
    """What became of an answered record."""

    outcome: Outcome
    """``unchanged``: it is stored already, or a newer version is."""
    record: bytes
    """The answer that counts: the one given, or a later one where that had to be asked for."""


class Intake:
    """Takes single answered records; thread-safe.

    Args:
        store: the tables.
        own_domains: gives the partner's own domains (``sync.service.own_domains``): a record must be read here as a walk
            reads it.
        outbox: what is to be told of changes, as the sync has it; None: nothing.
    """

    def __init__(
        self, store: TableStore, own_domains: Callable[[], frozenset[str]], outbox: Outbox | None = None
    ) -> None:
        self._store, self._own_domains, self._outbox = store, own_domains, outbox
        self._state = SyncState(store)

    def before(self, referral_id: str) -> Before:
        """Our row, to be looked at before Partner Center is asked. One point read. Raises StorageUnavailable."""
        row = self._store.table("Referrals").get(partition_of(referral_id), key(referral_id), STORED_COLUMNS)
        return Before(referral_id, row)

    def enter(
        self,
        record: bytes,
        before: Before,
        *,
        ask: Callable[[], bytes],
        by: Author | None = None,
        head: SyncHead | None = None,
    ) -> Entered:
        """Store an answered record, let its companies follow, and let lists show it. Repeating it changes nothing.

        Args:
            record: the answer's body, one referral.
            before: our row as it was before the request was sent.
            ask: reads the referral by its id (``PartnerCenterClient.referral``); called where our row changed meanwhile
                and nobody can tell which version is newer.
            by: who made this version; kept with the history's entry, also when a walk has stored the version first.
            head: the sync's state as it was read shortly before, by a caller who repeats the call if it dies in the middle.
                Where no run was under way then, that saves half of the requests.

        Raises:
            Unstorable: the record has no id.
            ValueError: it is another referral's.
            StorageUnavailable: storage does not answer, or the row stayed contended.
            Whatever ``ask`` raises.
        """
        for _ in range(_ATTEMPTS):
            try:
                return self._enter(record, before, by, head)
            except Overtaken:
                before = self.before(before.referral_id)
                record = ask()
        raise StorageUnavailable(retry_after=10)

    def fetch(self, referral_id: str, ask: Callable[[], bytes], *, by: Author | None = None) -> Entered:
        """Read a referral by its id and store what is answered; arguments and errors as for ``enter``."""
        before = self.before(referral_id)
        return self.enter(ask(), before, ask=ask, by=by)

    def _enter(self, record: bytes, before: Before, by: Author | None, state: SyncHead | None) -> Entered:
        head = read_head(record)
        if head.id != before.referral_id:
            raise ValueError("the answer is another referral's")
        own_domains = self._own_domains()
        salt = rules_salt(own_domains)
        candidate = Candidate(head, record, raw_hash(record, salt), by=by, etag_before=before.etag)
        quiet = state is not None and state.holder(self._store.clock.now()) is None and state.settled
        rules = Rules(own_domains, salt, self._fence(state if quiet else None))
        writer = RowWriter(self._store, rules, lambda: None, outbox=self._outbox)
        if writer.is_stored(candidate, before.row):
            self._name_author(head, before.row, by)
            if state and before.summary:  # whoever stored it may have died before the companies followed
                self._follow(Touched(head.id, before.summary, before.summary), before, quiet=quiet)
            return Entered("unchanged", record)
        if not quiet:
            company_links.note_pending(self._store, head.id, _keys(before.summary))
        rows = {head.id: before.row} if before.row else {}
        result = writer.write_over({head.id: candidate}, rows)[head.id]
        if result.outcome == "unchanged":
            self._name_author(head, self.before(head.id).row, by)
            return Entered("unchanged", record)
        self._follow(Touched(head.id, result.before, result.after), None, quiet=quiet)
        return Entered(result.outcome, record)

    def _follow(self, touched: Touched, again: Before | None, *, quiet: bool) -> None:
        """Let companies and lists follow; ``again`` is our row where that may have been done already."""
        if again and not quiet:
            company_links.note_pending(self._store, touched.id, _keys(again.summary))
        book = CompanyBook(self._store)
        if not (quiet and book.follow_figures(touched)):
            book.follow(touched.id, touched)
        bump_data_version(self._store)

    def _fence(self, state: SyncHead | None) -> int:
        """The generation to write under: later than that of any run that may have read a page before the answer came.

        Read after the answer it is the next one. From a state that was read before, in which no run was under way, one
        more: a run may have begun since.
        """
        if state is None:
            return self._state.fence() + 1
        return (int(state.lease["fence"]) if state.lease else 0) + 2

    def _name_author(self, head: Head, row: Entity | None, by: Author | None) -> None:
        """A walk has stored this version first: say in its entry of the history who made it."""
        if by and row and row.get("revision") and row.get("updatedDateTime") == head.updated:
            change_log.note_author(
                self._store, head.id, change_log.version(int(row["revision"]), row["contentHash"]), by
            )


def _keys(summary: ReferralSummary | None) -> list[str]:
    """The companies that a referral's row may show it in."""
    return [name for name in (summary.company_key, *summary.company_mentions) if name] if summary else []
