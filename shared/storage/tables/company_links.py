"""The CompanyLinks table: which company a person said a referral belongs to. A sync reads it and never writes it.

One partition, ``links``; RowKey is the referral's id. What a link still has to change in companies is noted in the
Companies table, so that a link whose process died in the middle is finished by whoever syncs next.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import msgspec

from shared.model import times
from shared.model.company import Link
from shared.storage.engine import keyed
from shared.storage.engine.entities import Entity, get_text, key, put_text
from shared.storage.engine.tables import TableStore

TABLE: Final = "CompanyLinks"
PARTITION: Final = "links"
HISTORY_KEPT: Final = 50
_PENDING_TABLE: Final = "Companies"
_PENDING_PARTITION: Final = "pending"
_PENDING_AGE: Final = timedelta(minutes=10)
"""After this no process can still be busy with a link: no function runs that long."""


def load_all(store: TableStore) -> dict[str, Link]:
    """The links in force, by referral id; those that were taken back are left out."""
    return {referral_id: link for referral_id, link in load_ever(store).items() if link.key}


def load_ever(store: TableStore) -> dict[str, Link]:
    """All links, those that were taken back included, by referral id."""
    rows = store.table(TABLE).query("PartitionKey eq @partition", {"partition": PARTITION})
    return {str(row["id"]): from_row(row) for row in rows}


def read(store: TableStore, ids: Collection[str]) -> dict[str, Link]:
    """The links of these referrals, those that were taken back included."""
    if len(ids) > keyed.KEYS_IN_QUESTION:
        # People make few links: all of them are fewer requests than many filters.
        wanted = set(ids)
        return {referral_id: link for referral_id, link in load_ever(store).items() if referral_id in wanted}
    rows = keyed.read(store.table(TABLE), [(PARTITION, key(referral_id)) for referral_id in ids])
    return {str(row["id"]): from_row(row) for row in rows}


def from_row(row: Mapping[str, Any]) -> Link:
    """The link that a row holds."""
    history = msgspec.json.decode(get_text(row, "history") or "[]")
    return Link(row.get("key"), row.get("name"), row.get("domain"), row["by"], row["at"], tuple(history))


def to_row(referral_id: str, link: Link) -> Entity:
    """A link as its row."""
    row: Entity = {
        "PartitionKey": PARTITION,
        "RowKey": key(referral_id),
        "id": referral_id,
        "key": link.key,
        "name": link.name,
        "domain": link.domain,
        "by": link.by,
        "at": link.at,
    }
    put_text(row, "history", msgspec.json.encode(link.history[:HISTORY_KEPT]).decode())
    return row


@dataclass(frozen=True, slots=True)
class Pending:
    """A link, or a referral that was stored outside a run, that may not have reached the companies yet; or what somebody
    said of a company, of which lists may not know yet."""

    name: str
    """The note's row key."""
    referral_id: str
    """Empty where it is of no referral."""
    over: bool
    """Whether it is so old that nobody can still be working on it."""
    former: tuple[str, ...] = ()
    """Companies in which the referral was shown before."""


def note_pending(store: TableStore, referral_id: str = "", former: Sequence[str] = ()) -> str:
    """Note, before a link or a referral is written, that companies have to follow; returns the note's name.

    Args:
        store: the tables.
        referral_id: the referral; empty where only lists have to be told.
        former: companies in which it may have been shown so far.
    """
    name = f"{key(referral_id)}|{secrets.token_hex(8)}"  # each writer's own, so that nobody takes away another's
    row: Entity = {
        "PartitionKey": _PENDING_PARTITION,
        "RowKey": name,
        "id": referral_id,
        "at": times.from_datetime(store.clock.now()),
    }
    put_text(row, "former", msgspec.json.encode(former).decode())
    store.table(_PENDING_TABLE).insert(row)
    return name


def load_pending(store: TableStore) -> list[Pending]:
    """The notes that are left; usually none."""
    over = times.from_datetime(store.clock.now() - _PENDING_AGE)
    rows = store.table(_PENDING_TABLE).query("PartitionKey eq @partition", {"partition": _PENDING_PARTITION})
    return [Pending(str(row["RowKey"]), str(row["id"]), str(row["at"]) < over, _former(row)) for row in rows]


def clear_pending(store: TableStore, name: str) -> None:
    """Remove a note."""
    store.table(_PENDING_TABLE).delete(_PENDING_PARTITION, name)


def _former(row: Mapping[str, Any]) -> tuple[str, ...]:
    return msgspec.json.decode(get_text(row, "former") or "[]", type=tuple[str, ...])
