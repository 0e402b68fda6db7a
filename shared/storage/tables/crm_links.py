"""The CrmLinks table: which record of the CRM belongs to which referral, and what both sides agreed on last.

The truth about pairs is here and nowhere else. A row lies in its referral's partition.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import msgspec

from shared.storage.engine.entities import Entity, get_text, key, put_text, unkey
from shared.storage.engine.tables import RowConflict, TableStore
from shared.storage.tables.referrals import partition_of

TABLE: Final = "CrmLinks"


class Candidate(msgspec.Struct, frozen=True):
    """A record that may be meant."""

    table: str
    id: str
    name: str
    url: str


class LinkError(msgspec.Struct, frozen=True, omit_defaults=True):
    """What went wrong with a record: a stable code, the field of ours, and a sentence."""

    code: str
    field: str | None
    message: str
    candidates: tuple[Candidate, ...] = ()
    phrase: str | None = None
    """What the dictionaries call the sentence; None: as the code."""
    details: dict[str, str] = {}
    """What the sentence names."""


class Differing(msgspec.Struct, frozen=True, rename="camel"):
    """A field that the two sides hold differently; values as our items have them, long texts cut."""

    field: str
    crm: Any
    partner_center: Any
    agreed: Any
    """What the CRM held when both sides agreed last; None before."""
    goes_to: str | None
    """Which side is to take the other's value: ``crm``, ``partnerCenter``; None where each keeps its own."""


class Asked(msgspec.Struct, frozen=True):
    """An action that was asked for, and the state of the CRM it was asked for."""

    action_id: str
    fingerprint: str
    columns: dict[str, Any] = {}
    """The values of the CRM that it carries, by column."""


class Carried(msgspec.Struct, frozen=True):
    """A value that was carried to the other side: what a flip is told by."""

    column: str
    value: Any
    at: str


class Link(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One referral and its record. Changed by ``msgspec.structs.replace`` alone."""

    id: str
    state: str = "pending"
    """linked, pending, failed, conflict, ignored; unlinked and stopped are ours alone."""
    table: str | None = None
    record_id: str | None = None
    version: str = ""
    """The record's version after our last look at it."""
    account_id: str | None = None
    contact_id: str | None = None
    wanted: bool = False
    """Whether a person asked for it and it was not done yet."""
    converting: bool = False
    """Whether we are about to qualify its lead: written before, so that after a crash it is known who did."""
    url: str | None = None
    """Where people open the record."""
    lead_id: str | None = None
    """The lead that the opportunity came from."""
    seen: str = ""
    """Fingerprint of the referral and the mapping at that look."""
    base: dict[str, tuple[Any, Any]] = {}
    """By column what was agreed last: what Partner Center asked for, and what the CRM held."""
    differing: tuple[Differing, ...] = ()
    """What the two sides held differently after that look."""
    closed: bool = False
    """Whether both sides were closed at that look."""
    asked: Asked | None = None
    round: int = 0
    """How often a person asked to try again, so that what was refused once may be asked once more."""
    reference: str | None = None
    """What became of the opportunity's id in Partner Center: asked, done, foreign."""
    carried: tuple[Carried, ...] = ()
    stopped: bool = False
    error: LinkError | None = None
    synced_at: str | None = None
    next_at: str | None = None
    """When it is tried again by itself."""
    tries: int = 0
    name: str = ""
    """The referral's name, for the list of errors."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A link as it lies in storage."""

    link: Link
    etag: str | None


def load_all(store: TableStore) -> dict[str, Stored]:
    """All links by referral id."""
    found = {}
    for row in store.table(TABLE).query(None):
        stored = _stored(row)
        found[stored.link.id] = stored
    return found


@dataclass(frozen=True, slots=True)
class Shown:
    """A link as lists show it."""

    state: str
    table: str | None
    id: str | None
    url: str | None
    synced_at: str | None
    error: LinkError | None
    next_at: str | None
    differing: tuple[Differing, ...] = ()


_decode_differing = msgspec.json.Decoder(tuple[Differing, ...], float_hook=Decimal).decode
_decode_error = msgspec.json.Decoder(LinkError).decode
_decode_link = msgspec.json.Decoder(Link, float_hook=Decimal).decode
_encoder = msgspec.json.Encoder(decimal_format="number")


def load_shown(store: TableStore) -> dict[str, Shown]:
    """What lists show of all links, by referral id; without those that were taken off."""
    found = {}
    columns = ["RowKey", "id", "state", "crmTable", "recordId", "url", "syncedAt", "nextAt", "error", "differing"]
    for row in store.table(TABLE).query(None, select=columns):
        if row["state"] != "unlinked":
            error = _decode_error(row["error"]) if row.get("error") else None
            found[str(row.get("id") or unkey(row["RowKey"]))] = Shown(
                str(row["state"]),
                row.get("crmTable") or None,
                row.get("recordId") or None,
                row.get("url") or None,
                row.get("syncedAt") or None,
                error,
                row.get("nextAt") or None,
                _decode_differing(row["differing"]) if row.get("differing") else (),
            )
    return found


def load(store: TableStore, referral_id: str) -> Stored | None:
    """One link."""
    row = store.table(TABLE).get(partition_of(referral_id), key(referral_id))
    return _stored(row) if row else None


def save(store: TableStore, link: Link, etag: str | None) -> Stored:
    """Write a link over the version with this ETag, or as a new one.

    Raises:
        RowConflict: somebody else wrote it meanwhile.
    """
    entity: Entity = {
        "PartitionKey": partition_of(link.id),
        "RowKey": key(link.id),
        "id": link.id[:16_000],
        "state": link.state,
        "crmTable": link.table or "",
        "recordId": link.record_id or "",
        "url": link.url or "",
        "syncedAt": link.synced_at or "",
        "nextAt": link.next_at or "",
    }
    if link.error:
        put_text(entity, "error", msgspec.json.encode(link.error).decode())
    if link.differing:
        entity["differing"] = _encoder.encode(link.differing).decode()
    put_text(entity, "link", _encoder.encode(link).decode())
    table = store.table(TABLE)
    return Stored(link, table.insert(entity) if etag is None else table.replace(entity, etag))


def _stored(row: Entity) -> Stored:
    link = _decode_link(get_text(row, "link"))
    return Stored(link, str(row["etag"]) if row.get("etag") else None)


__all__ = [
    "Asked",
    "Candidate",
    "Carried",
    "Link",
    "LinkError",
    "RowConflict",
    "Shown",
    "Stored",
    "load",
    "load_all",
    "load_shown",
    "save",
]
