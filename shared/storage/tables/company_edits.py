"""The CompanyEdits table: what people said of companies, a name or where one belongs. No sync writes it.

One partition, ``edits``; RowKey is the kind and the company's key. Beside them lies one row that every edit changes too, so
that of two people at once the second one sees what the first one said before anything is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from shared.model.company_edits import CompanyEdit
from shared.model.person import Person
from shared.storage.engine.entities import Entity, get_text, key, put_text
from shared.storage.engine.tables import Insert, Operation, Replace, TableStore

TABLE: Final = "CompanyEdits"
PARTITION: Final = "edits"
HISTORY_KEPT: Final = 50
_GUARD: Final = "guard"
"""A row key that no edit has: theirs hold a ``|``."""


@dataclass(frozen=True, slots=True)
class StoredEdits:
    """All edits as they were read together."""

    edits: dict[tuple[str, str], CompanyEdit]
    """By kind and key, also those taken back."""
    etags: Mapping[str, str]
    """By row key."""


def load_all(store: TableStore) -> list[CompanyEdit]:
    """All edits, also those taken back."""
    return list(load(store).edits.values())


def load(store: TableStore) -> StoredEdits:
    """All edits, to be changed."""
    rows = list(store.table(TABLE).query("PartitionKey eq @partition", {"partition": PARTITION}))
    edits = [_from_row(row) for row in rows if row["RowKey"] != _GUARD]
    return StoredEdits(
        {(edit.kind, edit.key): edit for edit in edits}, {str(row["RowKey"]): str(row["etag"]) for row in rows}
    )


def save(store: TableStore, edits: Iterable[CompanyEdit], stored: StoredEdits) -> None:
    """Write edits in one transaction, on the condition that nobody has written any since ``stored`` was read.

    Raises:
        RowConflict: somebody has.
        StorageUnavailable: storage does not answer.
    """
    rows = [_to_row(edit) for edit in edits]
    guard: Entity = {"PartitionKey": PARTITION, "RowKey": _GUARD, "at": max(str(row["at"]) for row in rows)}
    operations: list[Operation] = []
    for row in (guard, *rows):
        etag = stored.etags.get(str(row["RowKey"]))
        operations.append(Replace(row, etag) if etag else Insert(row))
    store.table(TABLE).transact(operations)


def _to_row(edit: CompanyEdit) -> Entity:
    row: Entity = {
        "PartitionKey": PARTITION,
        "RowKey": f"{edit.kind}|{key(edit.key)}",
        "kind": edit.kind,
        "key": edit.key,
        "value": edit.value,
        "byId": edit.by.id,
        "byName": edit.by.name,
        "byMail": edit.by.mail,
        "at": edit.at,
    }
    put_text(row, "history", msgspec.json.encode(edit.history[:HISTORY_KEPT]).decode())
    return row


def _from_row(row: Mapping[str, Any]) -> CompanyEdit:
    history = msgspec.json.decode(get_text(row, "history") or "[]")
    by = Person(row["byId"], row["byName"], row["byMail"])
    return CompanyEdit(row["kind"], row["key"], row.get("value"), by, row["at"], tuple(history))
