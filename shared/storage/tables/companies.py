"""The Companies table: one partition, a row for each company key, that holds all its figures are made of."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from shared.core import events
from shared.core.log import get_logger
from shared.model.company import Company, is_domain
from shared.model.company_rows import RULES, CompanyRow, compress, decompress
from shared.storage.engine import keyed
from shared.storage.engine.entities import ENTITY_BYTES, Entity, fits, get_bytes, key, put_bytes
from shared.storage.engine.tables import Delete, Insert, Operation, Replace, TableStore
from shared.storage.engine.wire import TextRows

log = get_logger(__name__)

TABLE: Final = "Companies"
PARTITION: Final = "companies"


@dataclass(frozen=True, slots=True)
class StoredCompanies:
    """What lists need of the table."""

    companies: list[Company]
    merged: dict[str, str]
    """The keys of companies that became one with another, and that other's key."""


class _ListedRow(msgspec.Struct, gc=False):
    key: str | None = None
    company: str | None = None
    mergedInto: str | None = None  # noqa: N815 - the column's name


_LISTED_ROWS: Final = TextRows(_ListedRow)
_read_company: Final = msgspec.json.Decoder(Company).decode


def load_all(store: TableStore) -> StoredCompanies:
    """All companies that lists show, and where those went that became one with another."""
    found = StoredCompanies([], {})
    rows = store.table(TABLE).texts(
        _LISTED_ROWS, "PartitionKey eq @partition and listed eq true", {"partition": PARTITION}
    )
    for row in rows:
        if row.mergedInto and row.key:
            found.merged[row.key] = row.mergedInto
        elif company := _company(row.company):
            found.companies.append(company)
    return found


def load_domains(store: TableStore) -> list[str]:
    """The domains of all companies that have one."""
    rows = store.table(TABLE).query("PartitionKey eq @partition and listed eq true", {"partition": PARTITION}, ["key"])
    return [row["key"] for row in rows if is_domain(row["key"])]


def load_stubs(store: TableStore, keys: Collection[str]) -> dict[str, str]:
    """Of these companies, those that became one with another by themselves, and that other's key."""
    wanted = [(PARTITION, key(company)) for company in keys]
    found = keyed.read(store.table(TABLE), wanted, ["key", "mergedInto"], points=3)
    return {row["key"]: row["mergedInto"] for row in found if row.get("mergedInto")}


def find(store: TableStore, company_key: str) -> Company | None:
    """One company by its key, or by a key that was merged into it."""
    table = store.table(TABLE)
    row = table.get(PARTITION, key(company_key), ["company", "mergedInto"])
    if row and row.get("mergedInto"):
        row = table.get(PARTITION, key(row["mergedInto"]), ["company", "mergedInto"])
    return _company(row.get("company")) if row else None


def _company(text: str | None) -> Company | None:
    """The company of a row; None for a row without, and for one that cannot be read: the next rebuild mends it."""
    try:
        return _read_company(text) if text else None
    except msgspec.MsgspecError:
        return None


@dataclass(frozen=True, slots=True)
class StoredCompany:
    """A row as it was read; ``etag`` None: there was none."""

    etag: str | None = None
    packed: bytes = b""
    company: Company | None = None
    shown_in: str | None = None
    rules: int = RULES
    left_out: bool = False
    """What the row is made of is not in it (there is too much of it) or can't be read."""

    @property
    def is_current(self) -> bool:
        """Whether it was written under the rules of today."""
        return self.rules == RULES

    @classmethod
    def of(cls, row: Entity) -> StoredCompany:
        """What a row holds."""
        stored = cls(
            str(row["etag"]),
            company=_company(row.get("company")),
            shown_in=row.get("mergedInto"),
            rules=int(row["rules"]),
        )
        if row.get("oversize"):
            return replace(stored, left_out=True)
        try:
            packed = decompress(get_bytes(row, "contents"))
            CompanyRow.unpack(row["key"], packed)
        except (zlib.error, msgspec.MsgspecError):
            return replace(stored, rules=0, left_out=True)
        return replace(stored, packed=packed)


def unpacked(company_key: str, stored: StoredCompany) -> CompanyRow:
    """What a stored row is made of."""
    return CompanyRow.unpack(company_key, stored.packed) if stored.packed else CompanyRow(company_key)


def changes_of(row: CompanyRow, company: Company | None, stored: StoredCompany) -> Iterator[Operation]:
    """The write that makes the stored row this one; nothing when it is."""
    packed = row.pack()
    if row.empty:
        if stored.etag:
            yield Delete(PARTITION, key(row.key), stored.etag)
    elif packed != stored.packed or company != stored.company or not stored.is_current:
        entity = entity_of(row, company, packed)
        yield Replace(entity, stored.etag) if stored.etag else Insert(entity)


def entity_of(row: CompanyRow, company: Company | None, packed: bytes) -> Entity:
    """A row as it is stored; what is too large for a row is left out, and said."""
    entity: Entity = {
        "PartitionKey": PARTITION,
        "RowKey": key(row.key),
        "key": row.key,
        "rules": RULES,
        "listed": company is not None or row.shown_in is not None,
        "mergedInto": row.shown_in,
        "company": msgspec.json.encode(company).decode() if company else None,
    }
    whole = dict(entity)
    put_bytes(whole, "contents", compress(packed))
    if fits(whole, ENTITY_BYTES):
        return whole
    # Some ten thousand referrals of one company: its figures are kept, and made anew from all referrals when one changes.
    log.warning(events.COMPANY_OVERSIZE, referrals=len(row.entries))
    return {**entity, "oversize": True}
