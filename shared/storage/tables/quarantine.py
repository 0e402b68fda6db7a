"""The Quarantine table: records that cannot be stored as referrals, with the reason and what was received.

A record's key is the hash of its bytes; nothing else tells one without an id from another.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from shared.storage.engine.entities import Entity, get_text, put_text
from shared.storage.engine.tables import Replace, RowConflict, TableStore

TABLE: Final = "Quarantine"
_PARTITION: Final = "quarantine"
_MOST_KEPT: Final = 225_000
"""Letters of a record that are kept: an entity holds twice as many, but a letter may count as two."""


@dataclass(frozen=True)
class Rejected:
    """A record that has no place among the referrals."""

    raw: bytes
    reason: str

    @property
    def key(self) -> str:
        """The key under which it lies."""
        return hashlib.sha256(self.raw).hexdigest()[:32]


@dataclass(frozen=True)
class Quarantined:
    """A record that lies in quarantine."""

    key: str
    reason: str
    first_seen_at: str
    """Text of ``model.times``, as the next."""
    last_seen_at: str
    received: str
    """The record as it was received, cut where it is too long to be kept."""


class Quarantine:
    """Puts records there, and lets go of those that a full walk no longer met."""

    def __init__(self, store: TableStore) -> None:
        self._table = store.table(TABLE)
        self._stored: dict[str, Entity] | None = None

    def put(self, record: Rejected, now: str, walk_id: str, *, full: bool) -> bool:
        """Keep a record; when it is there already, only a full walk notes that it was met again. Whether it is new."""
        stored = self._rows().get(record.key)
        if stored and (not full or stored["walk"] == walk_id):
            return False
        row: Entity = {
            "PartitionKey": _PARTITION,
            "RowKey": record.key,
            "reason": record.reason,
            "firstSeenAt": stored["firstSeenAt"] if stored else now,
            "lastSeenAt": now,
            "walk": walk_id,
        }
        put_text(row, "raw", record.raw.decode("utf-8", "replace")[:_MOST_KEPT])
        self._table.transact([Replace(row, None)])  # Azurite takes large rows in batches alone
        self._rows()[record.key] = row
        return stored is None

    def let_go(self, walk_id: str) -> int:
        """Remove what a complete full walk did not meet; returns how many."""
        gone = [row for row in self._rows().values() if row["walk"] != walk_id]
        for row in gone:
            try:
                self._table.delete(_PARTITION, row["RowKey"], row.get("etag"))
            except RowConflict:
                continue
            del self._rows()[row["RowKey"]]
        return len(gone)

    def _rows(self) -> dict[str, Entity]:
        if self._stored is None:
            columns = ["RowKey", "firstSeenAt", "walk"]
            rows = self._table.query("PartitionKey eq @partition", {"partition": _PARTITION}, columns)
            self._stored = {row["RowKey"]: row for row in rows}
        return self._stored


def load(store: TableStore) -> list[Quarantined]:
    """All records in quarantine, newest first."""
    rows = store.table(TABLE).query("PartitionKey eq @partition", {"partition": _PARTITION})
    newest = sorted(rows, key=lambda row: str(row["lastSeenAt"]), reverse=True)
    return [
        Quarantined(row["RowKey"], row["reason"], row["firstSeenAt"], row["lastSeenAt"], get_text(row, "raw"))
        for row in newest
    ]


def count(store: TableStore) -> int:
    """How many records are in quarantine."""
    rows = store.table(TABLE).query("PartitionKey eq @partition", {"partition": _PARTITION}, ["RowKey"])
    return sum(1 for _ in rows)
