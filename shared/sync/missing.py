"""What a complete full walk did not meet: asked for by id, and marked as missing where that confirms it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from shared.core import events
from shared.core.errors import AccessDenied, PartnerCenterError, Rejected
from shared.core.log import get_logger
from shared.model import times
from shared.model.referral import Unstorable
from shared.partner_center.client import PartnerCenterClient
from shared.storage.engine.entities import Entity
from shared.storage.engine.tables import TableStore
from shared.storage.tables.referrals import PARTITIONS, scan
from shared.storage.tables.sync_state import SyncState
from shared.sync.handover import Handover
from shared.sync.pages import Pages
from shared.sync.progress import Progress
from shared.sync.row_writer import STORED_COLUMNS, RowWriter
from shared.sync.seen import Seen, id_hash
from shared.sync.walk import TimeIsUp

log = get_logger(__name__)

VANISHED_SHARE: Final = 0.2
VANISHED_LEAST: Final = 20
"""When more than this share, and at least so many, vanish at once, the account's role has probably shrunk."""
_GONE: Final = frozenset({404, 410})


class Missing:
    """Confirms and marks what is missing, for one run.

    Args:
        store: where rows are.
        client: reads by id.
        seen: what was met.
        pages: takes what is there after all.
        has_time: whether there is time for another request.
    """

    def __init__(
        self, store: TableStore, client: PartnerCenterClient, seen: Seen, pages: Pages, has_time: Callable[[], bool]
    ) -> None:
        self._store, self._client, self._seen, self._pages, self._has_time = store, client, seen, pages, has_time

    def confirm(self, progress: Progress, writer: RowWriter, handover: Handover) -> None:
        """Mark what a complete full walk did not meet and a read by id confirms as gone or hidden.

        Raises:
            TimeIsUp: an operator accepted that many are missing, and the run has no time to ask for all of them.
            HunterError: see the retry table.
        """
        state, walk = SyncState(self._store), progress.walk
        self._pages.learn()
        unmet, visible = self._seen.unmet(state.met(walk))
        many = len(unmet) >= VANISHED_LEAST and len(unmet) > VANISHED_SHARE * visible
        if many and not walk.accept_missing:
            progress.note_visibility(changed=True)
            state.keep_vanished(sorted(str(row["id"]) for row in self._rows_of(unmet)))
            log.warning(events.VISIBILITY_CHANGED, missing=len(unmet))
            return
        progress.note_visibility(changed=False)
        for row in self._rows_of(unmet) if unmet else ():
            if not self._has_time():
                if walk.accept_missing:
                    raise TimeIsUp
                break  # the next full walk confirms the rest
            if self._is_gone(str(row["id"])):
                touched = writer.mark_missing(row, times.from_datetime(self._store.clock.now()), walk.id)
                if touched:
                    progress.run.count("missing")
                    self._seen.mark_missing(id_hash(row["RowKey"]))
                    handover.note(touched.id, touched.before, touched.after)

    def _is_gone(self, referral_id: str) -> bool:
        """Whether a read by id says so; what it finds is taken."""
        try:
            self._pages.take_confirmed(self._client.referral(referral_id))
        except AccessDenied:
            return True
        except Rejected as error:
            return error.upstream_status in _GONE
        except (PartnerCenterError, Unstorable):
            pass  # nobody knows: the next full walk asks again
        return False

    def _rows_of(self, hashes: set[int]) -> Iterator[Entity]:
        """The rows, in brief, whose keys have these hashes."""
        for partition in PARTITIONS:
            for row in scan(self._store.table("Referrals"), partition, STORED_COLUMNS):
                if id_hash(row["RowKey"]) in hashes:
                    yield row
