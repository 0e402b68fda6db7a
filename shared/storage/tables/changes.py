"""The ReferralChanges table: what each new version of a referral changed.

An entry's key comes from the referral and its new version, so that writing it again changes nothing; it is written before
the row itself, so that no change is lost to a crash in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any, Final

import msgspec

from shared.model import times
from shared.model.changes import Author, Change
from shared.storage.engine.entities import Entity, get_text, key, put_text
from shared.storage.engine.tables import RowConflict, TableStore

TABLE: Final = "ReferralChanges"
_PARTITION: Final = "changes"
_NAME_LETTERS: Final = 300
_encode = msgspec.json.Encoder(decimal_format="number").encode


class _StoredChange(msgspec.Struct):
    field: str
    before: msgspec.Raw = msgspec.field(name="from")
    after: msgspec.Raw = msgspec.field(name="to")


_decoder = msgspec.json.Decoder(list[_StoredChange])


def version(revision: int, content: str) -> str:
    """What tells a version of a referral from all others: how many were stored before it, since the same content may come
    back, and the hash of its content."""
    return f"r{revision:08d}-{content}"


def change_row(referral_id: str, version: str, at: str, changes: Sequence[Change], by: Author | None = None) -> Entity:
    """An entry of the history.

    Args:
        referral_id: whose.
        version: tells the new version from all others of this referral.
        at: when, as text of ``model.times``.
        changes: what changed.
        by: who changed it, where it was changed from here.
    """
    listed = [{"field": change.field, "from": change.before, "to": change.after} for change in changes]
    row: Entity = {"PartitionKey": _PARTITION, "RowKey": f"{key(referral_id)}|{version}", "at": at}
    put_text(row, "changes", _encode(listed).decode())
    if by:
        row |= {"byId": by.id, "byName": by.name[:_NAME_LETTERS]}
    return row


def note_author(store: TableStore, referral_id: str, version: str, by: Author) -> bool:
    """Say of an entry that is there who made its version, where nobody is named yet; whether there is such an entry."""
    table = store.table(TABLE)
    row = table.get(_PARTITION, f"{key(referral_id)}|{version}")
    if row is None:
        return False
    if not row.get("byId"):
        etag = row.pop("etag")
        with suppress(RowConflict):  # somebody else has just said so
            table.replace({**row, "byId": by.id, "byName": by.name[:_NAME_LETTERS]}, etag)
    return True


def load_changes(store: TableStore, referral_id: str) -> list[dict[str, Any]]:
    """The history of a referral, newest first: ``[{"at": …, "changes": [{"field", "from", "to"}]}]``, and of those made
    from here ``by: {id, name}``."""
    prefix = key(referral_id)
    rows = store.table(TABLE).query(
        "PartitionKey eq @partition and RowKey ge @first and RowKey lt @last",
        {"partition": _PARTITION, "first": f"{prefix}|", "last": f"{prefix}}}"},
    )
    newest = sorted(rows, key=lambda row: (str(row["at"]), str(row["RowKey"])), reverse=True)
    return [_entry(row) for row in newest]


def _entry(row: Entity) -> dict[str, Any]:
    entry = {"at": times.public(row["at"]), "changes": _changes(get_text(row, "changes"))}
    return {**entry, "by": {"id": row["byId"], "name": row.get("byName", "")}} if row.get("byId") else entry


def _changes(stored: str) -> list[dict[str, Any]]:
    return [
        {"field": change.field, "from": _value(change.before), "to": _value(change.after)}
        for change in _decoder.decode(stored)
    ]


def _value(raw: msgspec.Raw) -> Any:
    """A stored value; a number comes back with the decimals it had."""
    text = bytes(raw).decode()
    return Decimal(text) if text[:1].isdigit() or text[:1] == "-" else msgspec.json.decode(raw)
