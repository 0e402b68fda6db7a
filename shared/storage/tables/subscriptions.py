"""The Subscriptions table: who wants to be told what, and where. People write it, no sync does.

One partition, RowKey is the subscription's id. A Workflows address opens a channel to whoever has it, so it is kept encrypted;
a mail's address is kept as it is.
"""

from __future__ import annotations

import hashlib
from typing import Final, Protocol

import msgspec

from shared.model.person import Person
from shared.model.subscription import Subscription, Wish
from shared.storage.engine.entities import Entity, get_bytes, get_text, key, put_bytes, put_text
from shared.storage.engine.tables import TableStore

TABLE: Final = "Subscriptions"
PARTITION: Final = "subscriptions"
_PURPOSE: Final = "subscription-target"


class Sealer(Protocol):
    """Encrypts what storage may not read."""

    def seal(self, purpose: str, text: str) -> bytes:
        """Encrypt."""

    def open(self, purpose: str, sealed: bytes) -> str:
        """Decrypt; raises where no key fits."""


class _Kept(msgspec.Struct, frozen=True):
    """A subscription as its row has it, without the target."""

    wish: Wish
    owner: Person
    created_at: str
    updated_at: str
    active_since: str
    expired_since: str


_decoder = msgspec.json.Decoder(_Kept)


class Subscriptions:
    """Reads and writes them. Every method raises StorageUnavailable when storage does not answer.

    Args:
        store: the tables.
        sealer: encrypts Workflows addresses.
        unreadable: what the sealer raises where no key fits.
    """

    def __init__(self, store: TableStore, sealer: Sealer, unreadable: type[Exception]) -> None:
        self._table, self._sealer, self._unreadable = store.table(TABLE), sealer, unreadable

    def load_all(self) -> list[Subscription]:
        """All of them, in the order of their ids: one request."""
        rows = self._table.query("PartitionKey eq @partition", {"partition": PARTITION})
        return [self._from_row(row) for row in rows]

    def load(self, subscription_id: str) -> tuple[Subscription, str] | None:
        """One with its row's ETag, or None."""
        row = self._table.get(PARTITION, key(subscription_id))
        return (self._from_row(row), str(row["etag"])) if row else None

    def insert(self, subscription: Subscription) -> None:
        """Store a new one. Raises RowConflict when there is one of its id."""
        self._table.insert(self._to_row(subscription))

    def replace(self, subscription: Subscription, etag: str) -> None:
        """Store it over the version that was read. Raises RowConflict when that is there no more."""
        self._table.replace(self._to_row(subscription), etag)

    def delete(self, subscription_id: str, etag: str) -> None:
        """Remove the version that was read. Raises RowConflict when another is there."""
        self._table.delete(PARTITION, key(subscription_id), etag)

    def _to_row(self, subscription: Subscription) -> Entity:
        wish = msgspec.structs.replace(subscription.wish, target="")
        kept = msgspec.convert(
            {**msgspec.to_builtins(subscription), "wish": msgspec.to_builtins(wish)}, _Kept, strict=True
        )
        row: Entity = {
            "PartitionKey": PARTITION,
            "RowKey": key(subscription.id),
            "id": subscription.id,
            "ownerId": subscription.owner.id,
            "viewId": wish.view_id or "",
        }
        put_text(row, "content", msgspec.json.encode(kept).decode())
        if wish.channel == "teams":
            put_bytes(row, "sealed", self._sealer.seal(_PURPOSE, subscription.wish.target))
        else:
            row["target"] = subscription.wish.target
        return row

    def _from_row(self, row: Entity) -> Subscription:
        kept = _decoder.decode(get_text(row, "content"))
        target = str(row.get("target", ""))
        if kept.wish.channel == "teams":
            try:
                target = self._sealer.open(_PURPOSE, get_bytes(row, "sealed"))
            except self._unreadable:
                target = ""  # the keys were changed: it has to be entered again
        wish = msgspec.structs.replace(kept.wish, target=target)
        rest = {
            name: getattr(kept, name) for name in ("owner", "created_at", "updated_at", "active_since", "expired_since")
        }
        return Subscription(id=str(row["id"]), wish=wish, **rest)


def target_id(subscription: Subscription) -> str:
    """What tells one target from another, without saying what it is."""
    wish = subscription.wish
    return hashlib.sha256(f"{wish.channel}\n{wish.target}".encode()).hexdigest()[:40]
