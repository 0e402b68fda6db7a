"""The ReferralChanges table: what each new version of a referral changed.

An entry's key comes from the referral and its new version, so that writing it again changes nothing; it is written before
the row itself, so that no change is lost to a crash in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from shared.model import times
from shared.model.changes import Change
from shared.storage.engine.entities import Entity, get_text, key, put_text
from shared.storage.engine.tables import TableStore

TABLE: Final = "ReferralChanges"
_PARTITION: Final = "changes"
_encode = msgspec.json.Encoder(decimal_format="number").encode


class _StoredChange(msgspec.Struct):
    field: str
    before: msgspec.Raw = msgspec.field(name="from")
    after: msgspec.Raw = msgspec.field(name="to")


_decoder = msgspec.json.Decoder(list[_StoredChange])


def change_row(referral_id: str, version: str, at: str, changes: Sequence[Change]) -> Entity:
    """An entry of the history.

    Args:
        referral_id: whose.
        version: tells the new version from all others of this referral (its content's hash).
        at: when, as text of ``model.times``.
        changes: what changed.
    """
    listed = [{"field": one.field, "from": one.before, "to": one.after} for one in changes]
    row: Entity = {"PartitionKey": _PARTITION, "RowKey": f"{key(referral_id)}|{version}", "at": at}
    put_text(row, "changes", _encode(listed).decode())
    return row


def load_changes(store: TableStore, referral_id: str) -> list[dict[str, Any]]:
    """The history of a referral, newest first: ``[{"at": …, "changes": [{"field", "from", "to"}]}]``."""
    prefix = key(referral_id)
    rows = store.table(TABLE).query(
        "PartitionKey eq @partition and RowKey ge @first and RowKey lt @last",
        {"partition": _PARTITION, "first": f"{prefix}|", "last": f"{prefix}}}"},
    )
    newest = sorted(rows, key=lambda row: str(row["at"]), reverse=True)
    return [{"at": times.public(row["at"]), "changes": _changes(get_text(row, "changes"))} for row in newest]


def _changes(stored: str) -> list[dict[str, Any]]:
    return [
        {"field": one.field, "from": _value(one.before), "to": _value(one.after)} for one in _decoder.decode(stored)
    ]


def _value(raw: msgspec.Raw) -> Any:
    """A stored value; a number comes back with the decimals it had."""
    text = bytes(raw).decode()
    return Decimal(text) if text[:1].isdigit() or text[:1] == "-" else msgspec.json.decode(raw)
