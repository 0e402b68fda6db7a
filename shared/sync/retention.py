"""Blanking the contacts of referrals that were closed long ago, where the administrator wants it so.

Hashes stay those of what Partner Center sends, so a walk finds such a referral unchanged and leaves it blank; only when it
changes upstream is it stored anew, and the next full walk blanks it again.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from shared.model import times
from shared.model.referral import read_record, search_text_of
from shared.storage.engine.entities import Entity
from shared.storage.engine.tables import RowConflict, TableStore
from shared.storage.tables.referrals import PARTITIONS, payload_of, scan, set_payload

_DAYS_IN_MONTH: Final = 365.25 / 12
_COLUMNS: Final = ("PartitionKey", "RowKey", "status", "closedDateTime", "updatedDateTime", "contactsBlankedAt")
_PERSONAL: Final = frozenset({"firstName", "lastName", "email", "phoneNumber", "title"})
_TEAMS: Final = (("team",), ("customerProfile", "team"))


def blank_old_contacts(store: TableStore, months: int, now: datetime) -> int:
    """Blank the contacts of referrals closed more than ``months`` months ago; returns how many. 0 months keep all."""
    if months <= 0:
        return 0
    limit = times.from_datetime(now - timedelta(days=months * _DAYS_IN_MONTH))
    table, blanked = store.table("Referrals"), 0
    for partition in PARTITIONS:
        for brief in scan(table, partition, _COLUMNS):
            closed = brief.get("closedDateTime") or brief.get("updatedDateTime")
            if brief.get("status") != "Closed" or not closed or closed >= limit or brief.get("contactsBlankedAt"):
                continue
            row = table.get(partition, brief["RowKey"])
            if row and row["etag"] == brief["etag"]:
                blanked += _blank(store, row, times.from_datetime(now))
    return blanked


def without_contacts(payload: str) -> str:
    """A payload whose team members have no name, address, number or title; all else is as it was."""
    record = json.loads(payload, parse_float=Decimal)
    for path in _TEAMS:
        members: Any = record
        for part in path:
            members = members.get(part) if isinstance(members, dict) else None
        for member in members if isinstance(members, list) else []:
            if isinstance(member, dict):
                member.update(dict.fromkeys(_PERSONAL & member.keys()))
    return msgspec.json.Encoder(decimal_format="number").encode(record).decode()


def _blank(store: TableStore, row: Entity, now: str) -> bool:
    try:
        payload = without_contacts(payload_of(store, row))
    except (ValueError, RecursionError):
        return False
    etag = row.pop("etag")
    row["contactsBlankedAt"] = now
    row["searchText"] = search_text_of(read_record(payload).referral)
    set_payload(store, row, payload)
    try:
        store.table("Referrals").replace(row, etag)
    except RowConflict:
        return False  # it has just changed; the next full walk looks again
    return True
