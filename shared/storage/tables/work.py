"""The Work table, one partition: what is due, and when. One query a minute reads all of it.

Whatever must happen later, or again, has a row here from before it begins until it has ended: an action that waits, a batch,
a message, a sync that is wanted, an exchange with Dynamics 365. So a process that dies leaves its work to the next tick, and a
tick with nothing due costs one request. Small versions that every tick needs lie here too (``kind`` "version").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import Final

from shared.model import times
from shared.storage.engine.entities import Entity, key
from shared.storage.engine.tables import Delete, Insert, Replace, RowConflict, TableStore
from shared.storage.tables.data_version import Versions, read_versions

TABLE: Final = "Work"
PARTITION: Final = "work"
NEVER: Final = datetime(9999, 12, 31, tzinfo=UTC)
"""When something is due that only has to be remembered."""


@dataclass(frozen=True)
class WorkItem:
    """A row of the table."""

    kind: str
    """Whose work it is: ``action``, ``batch``, ``outbox``, ``sync``, ``dynamics``; or ``version``."""
    id: str
    due_at: str
    """When it is due, text of ``model.times``."""
    data: str = ""
    """What its owner wants to know before it looks further; short."""
    etag: str | None = None
    """The version that was read."""

    @property
    def row_key(self) -> str:
        """Its key."""
        return f"{self.kind}|{key(self.id)}"

    def entity(self) -> Entity:
        """Its row."""
        return {
            "PartitionKey": PARTITION,
            "RowKey": self.row_key,
            "kind": self.kind,
            "id": self.id,
            "dueAt": self.due_at,
            "data": self.data,
        }


class Board:
    """The whole table as one query read it.

    Args:
        items: its rows.
        read: asks for the versions of the data: once for all who look at the board.
    """

    def __init__(self, items: Iterable[WorkItem], read: Callable[[], Versions] = Versions) -> None:
        self._read = read
        self._items = sorted(items, key=lambda item: (item.due_at, item.kind, item.id))

    @cached_property
    def versions(self) -> Versions:
        """The versions of the data when somebody first asked for them: one request."""
        return self._read()

    def due(self, kind: str, now: datetime) -> list[WorkItem]:
        """What of a kind is due, the longest due first."""
        latest = times.from_datetime(now)
        return [item for item in self._items if item.kind == kind and item.due_at <= latest]

    def all(self, kind: str) -> list[WorkItem]:
        """Everything of a kind, due or not."""
        return [item for item in self._items if item.kind == kind]

    def find(self, kind: str, id: str) -> WorkItem | None:
        """One row, or None."""
        return next((item for item in self._items if (item.kind, item.id) == (kind, id)), None)


class WorkTable:
    """Reads and writes what is due. Every method raises StorageUnavailable when storage does not answer."""

    def __init__(self, store: TableStore) -> None:
        self._table = store.table(TABLE)
        self._read_versions = partial(read_versions, store)

    def load(self) -> Board:
        """Everything: one request."""
        rows = self._table.query("PartitionKey eq @partition", {"partition": PARTITION})
        items = (WorkItem(row["kind"], row["id"], row["dueAt"], row.get("data", ""), row.get("etag")) for row in rows)
        return Board(items, self._read_versions)

    def get(self, kind: str, id: str) -> WorkItem | None:
        """One row, or None: one request."""
        row = self._table.get(PARTITION, f"{kind}|{key(id)}")
        return WorkItem(kind, id, row["dueAt"], row.get("data", ""), row.get("etag")) if row else None

    def put(self, kind: str, id: str, due_at: datetime, data: str = "") -> str:
        """Note that something is due, over whatever was noted before; the new version's ETag."""
        item = WorkItem(kind, id, times.from_datetime(due_at), data)
        return self._table.replace(item.entity(), None)

    def add(self, kind: str, id: str, due_at: datetime, data: str = "") -> bool:
        """Note that something is due, unless it is noted already; whether it was not."""
        item = WorkItem(kind, id, times.from_datetime(due_at), data)
        try:
            self._table.transact([Insert(item.entity())])
        except RowConflict:
            return False
        return True

    def move(self, item: WorkItem, due_at: datetime, data: str | None = None) -> bool:
        """Put something off, or take it on for that long, if nobody did so since it was read; whether that worked."""
        moved = WorkItem(item.kind, item.id, times.from_datetime(due_at), item.data if data is None else data)
        try:
            self._table.transact([Replace(moved.entity(), item.etag)])
        except RowConflict:
            return False
        return True

    def done(self, kind: str, id: str) -> None:
        """It needs no more doing; nothing happens where it was not noted."""
        try:
            self._table.transact([Delete(PARTITION, f"{kind}|{key(id)}")])
        except RowConflict:
            return

    def finish(self, item: WorkItem) -> bool:
        """It needs no more doing, unless it was noted anew since it was read; whether that worked."""
        try:
            self._table.transact([Delete(PARTITION, item.row_key, item.etag)])
        except RowConflict:
            return False
        return True
