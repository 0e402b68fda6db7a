"""Payloads of many referrals, read page by page: what lists do not hold and files ask for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from shared.model.referral import read_record
from shared.model.resource import Referral
from shared.storage.engine.entities import Entity
from shared.storage.engine.tables import TableStore
from shared.storage.tables import referrals

FEW: Final = 400
"""Up to so many are read by their ids; more, by reading whole partitions once."""
_TOGETHER: Final = 100


def read_payloads(store: TableStore, ids: Collection[str]) -> Iterator[tuple[str, Referral]]:
    """The records of these ids, in no particular order; one that is not stored any more is left out.

    Takes the memory of one page of rows, however many there are. Raises what storage raises.
    """
    table, wanted = store.table("Referrals"), set(ids)
    if len(wanted) <= FEW:
        ordered = sorted(wanted)
        for start in range(0, len(ordered), _TOGETHER):
            for referral_id, row in referrals.read_rows(table, ordered[start : start + _TOGETHER]).items():
                yield from _read(store, referral_id, row)
        return
    for partition in referrals.PARTITIONS:
        for row in table.query("PartitionKey eq @partition", {"partition": partition}):
            referral_id = referrals.from_row(row).id
            if referral_id in wanted:
                yield from _read(store, referral_id, row)


def _read(store: TableStore, referral_id: str, row: Entity) -> Iterator[tuple[str, Referral]]:
    whole = referrals.with_payload(store, row)
    if whole:
        yield referral_id, read_record(whole[1]).referral
