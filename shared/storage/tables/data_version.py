"""Which version of the data lists show: one row beside the sync's state, so that one point read tells.

A sync writes ``version``; what people change here - owners, comments - is read by itself and has a property of its own,
``desk``. A sync replaces the row as a whole: then everything is read again.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final

from shared.core.errors import StorageUnavailable
from shared.storage.engine.entities import Entity
from shared.storage.engine.tables import RowConflict, TableStore

TABLE: Final = "SyncState"
PARTITION: Final = "sync"
ROW: Final = "head-version"
NEVER: Final = "0"
"""The version before the first sync."""
_TRIES: Final = 10


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions of what lists are made of."""

    data: str = NEVER
    desk: str = ""
    """Of owners and comments; "" since the last change of the data."""

    def __str__(self) -> str:
        return f"{self.data}.{self.desk}" if self.desk else self.data


def read_versions(store: TableStore) -> Versions:
    """The versions as they are now: one point read."""
    row = store.table(TABLE).get(PARTITION, ROW, ["version", "desk"])
    return Versions(str(row["version"]), str(row.get("desk") or "")) if row else Versions()


def bump_desk_version(store: TableStore) -> None:
    """Say that owners or comments are others from now on. Raises StorageUnavailable."""
    table = store.table(TABLE)
    for _ in range(_TRIES):
        row = table.get(PARTITION, ROW)
        changed: Entity = {
            "PartitionKey": PARTITION,
            "RowKey": ROW,
            "version": row["version"] if row else NEVER,
            "desk": secrets.token_hex(8),
        }
        try:
            if row:
                table.replace(changed, str(row["etag"]))
            else:
                table.insert(changed)
        except RowConflict:
            continue  # a sync, or somebody else
        return
    raise StorageUnavailable(retry_after=5)


def version_row() -> Entity:
    """The row with a new version of the data: random, so that whoever writes it need not read it first."""
    return {"PartitionKey": PARTITION, "RowKey": ROW, "version": secrets.token_hex(8)}
