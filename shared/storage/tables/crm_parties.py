"""The CrmParties table: which account stands for a company of ours, and which contact for one of its people.

A partition for each kind. What a person chose between two candidates is kept here, too, so that it is asked for once.
"""

from __future__ import annotations

from typing import Final

from shared.storage.engine.entities import key, unkey
from shared.storage.engine.tables import TableStore

TABLE: Final = "CrmParties"


def known_parties(store: TableStore, kind: str) -> dict[str, str]:
    """The records of the CRM that stand for our companies or contacts (kind ``account`` or ``contact``), by our key."""
    rows = store.table(TABLE).query("PartitionKey eq @kind", {"kind": kind}, ["RowKey", "recordId"])
    return {unkey(row["RowKey"]): str(row["recordId"]) for row in rows}


def keep_party(store: TableStore, kind: str, own_key: str, record_id: str | None) -> None:
    """Remember which record stands for a company or contact; None forgets it."""
    table = store.table(TABLE)
    if record_id is None:
        table.delete(kind, key(own_key))
        return
    table.replace({"PartitionKey": kind, "RowKey": key(own_key), "recordId": record_id}, None)
