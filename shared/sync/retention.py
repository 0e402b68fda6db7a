"""Blanking the contacts of referrals that were closed long ago, where the administrator wants it so.

Hashes stay those of what Partner Center sends, so a walk finds such a referral unchanged and leaves it blank; only when it
changes upstream is it stored anew, and the next full walk blanks it again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from shared.core import events
from shared.core.log import get_logger
from shared.model import odd_json, times
from shared.model.referral import read_record, search_text_of
from shared.storage.engine.entities import Entity
from shared.storage.engine.tables import RowConflict, TableStore
from shared.storage.tables.referrals import PARTITIONS, PayloadMoved, payload_of, scan, set_payload

log = get_logger(__name__)

_DAYS_IN_MONTH: Final = 365.25 / 12
_COLUMNS: Final = ("PartitionKey", "RowKey", "status", "closedDateTime", "updatedDateTime", "contactsBlankedAt")
_PERSONAL: Final = ("firstName", "lastName", "email", "phoneNumber", "title")
_PATHS: Final = frozenset(
    (*team, None, field) for team in (("team",), ("customerProfile", "team")) for field in _PERSONAL
)
"""Where a payload names people."""


def blank_old_contacts(
    store: TableStore, months: int, now: datetime, failed: Callable[[int], None] = lambda _: None
) -> int:
    """Blank the contacts of referrals that were closed long ago.

    Args:
        store: the tables.
        months: closed more than so many months ago; 0 keeps all.
        now: the time, aware.
        failed: told of how many referrals the payload could not be blanked, so that the contacts are still there.

    Returns:
        Of how many they were blanked.
    """
    blanked = left = 0
    if months <= 0:
        return blanked
    limit = times.from_datetime(now - timedelta(days=months * _DAYS_IN_MONTH))
    table = store.table("Referrals")
    for partition in PARTITIONS:
        for brief in scan(table, partition, _COLUMNS):
            closed = brief.get("closedDateTime") or brief.get("updatedDateTime")
            if brief.get("status") != "Closed" or not closed or closed >= limit or brief.get("contactsBlankedAt"):
                continue
            row = table.get(partition, brief["RowKey"])
            if row is None or row["etag"] != brief["etag"]:
                continue  # it has just changed; the next full walk looks again
            try:
                blanked += _blank(store, row, times.from_datetime(now))
            except PayloadMoved:
                continue  # likewise
            except (ValueError, RecursionError):
                left += 1
    if left:
        log.error(events.CONTACTS_NOT_BLANKED, referrals=left)
    failed(left)
    return blanked


def without_contacts(payload: str) -> str:
    """A payload whose team members have no name, address, number or title; all else is as it was, byte for byte.

    Raises:
        ValueError: it is no JSON.
    """
    return odd_json.blanked(payload.encode("utf-8", "surrogatepass"), _PATHS).decode("utf-8", "surrogatepass")


def _blank(store: TableStore, row: Entity, now: str) -> bool:
    payload = without_contacts(payload_of(store, row))
    etag = row.pop("etag")
    row["contactsBlankedAt"] = now
    row["searchText"] = search_text_of(read_record(payload).referral)
    set_payload(store, row, payload)
    try:
        store.table("Referrals").replace(row, etag)
    except RowConflict:
        return False  # it has just changed; the next full walk looks again
    return True
