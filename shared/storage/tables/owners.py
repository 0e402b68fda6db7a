"""The Owners table: who takes care of which referral. People write it, no sync does.

Partitions and keys are those of the Referrals table. A row is never removed: it keeps who changed the owner, and when.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import msgspec

from shared.model.desk import Owner
from shared.model.occasion import Occasion
from shared.model.person import Person, mail_key, same_mail
from shared.storage.engine import keyed
from shared.storage.engine.entities import Entity, get_text, key, put_text
from shared.storage.engine.tables import Insert, Operation, Replace, RowConflict, TableStore
from shared.storage.tables import outbox
from shared.storage.tables.referrals import partition_of

TABLE: Final = "Owners"
HISTORY_KEPT: Final = 50
_TRIES: Final = 20
_BATCH: Final = 100
"""Operations of one transaction (Microsoft, "Performing entity group transactions")."""


class StillConflicting(Exception):
    """Others kept changing the same rows."""


def load_all(store: TableStore) -> dict[str, Owner]:
    """All owners, by referral id."""
    rows = store.table(TABLE).query(None, select=["PartitionKey", "RowKey", "id", "mail", "name"])
    return {str(row["id"]): owner for row in rows if (owner := _owner(row))}


def set_owner(store: TableStore, ids: Collection[str], owner: Owner | None, by: Person, at: str) -> list[str]:
    """Give referrals an owner, or none.

    Every row is written on the condition that it is as it was read, so of two people at once each sees the other in the
    row's history.

    Args:
        store: the tables.
        ids: the referrals, which are there.
        owner: their owner from now on.
        by: who says so.
        at: when, text of ``model.times``.

    Returns:
        The ids of those whose owner changed.

    Raises:
        StillConflicting: others kept changing the same rows.
    """
    table, changed = store.table(TABLE), list[str]()
    partitions = itertools.groupby(sorted(set(ids), key=lambda each: (partition_of(each), each)), key=partition_of)
    for _, members in partitions:
        wanted = list(members)
        for start in range(0, len(wanted), _BATCH):
            changed += _set_together(store, table.name, wanted[start : start + _BATCH], (owner, by, at))
    return changed


def _set_together(
    store: TableStore, name: str, ids: list[str], change: tuple[Owner | None, Person, str]
) -> Iterable[str]:
    """Those of one partition, in one transaction."""
    table = store.table(name)
    for _ in range(_TRIES):
        rows = {
            str(row["id"]): row
            for row in keyed.read(table, [(partition_of(each), key(each)) for each in ids], points=3)
        }
        operations: dict[str, Operation] = {}
        for referral_id in ids:
            row = rows.get(referral_id)
            entity = _changed(referral_id, row, *change)
            if entity:
                operations[referral_id] = Replace(entity, str(row["etag"])) if row else Insert(entity)
        if not operations:
            return []
        outbox.add_occasions(store, _occasions(operations, *change))
        try:
            table.transact(list(operations.values()))
        except RowConflict:
            continue  # somebody else's change, or our own whose answer was lost: read and compare again
        return list(operations)
    raise StillConflicting


def _occasions(ids: Iterable[str], owner: Owner | None, by: Person, at: str) -> list[Occasion]:
    """What is to be told of a new owner, noted before the rows are: nothing to who takes a referral themselves."""
    if owner is None or same_mail(owner.mail, by.mail):
        return []
    facts = {"mail": owner.mail, "byName": by.name}
    return [Occasion("assigned", referral_id, at, at=at, facts=facts) for referral_id in ids]


def _changed(
    referral_id: str, row: Mapping[str, Any] | None, owner: Owner | None, by: Person, at: str
) -> Entity | None:
    """The row with another owner; None when it has that one already."""
    before = _owner(row) if row else None
    if (before and mail_key(before.mail)) == (owner and mail_key(owner.mail)):
        return None
    steps = msgspec.json.decode(get_text(row, "history") or "[]") if row else []
    step = {"at": at, "by": by.id, "from": before.mail if before else None, "to": owner.mail if owner else None}
    entity: Entity = {
        "PartitionKey": partition_of(referral_id),
        "RowKey": key(referral_id),
        "id": referral_id,
        "mail": owner.mail if owner else "",
        "name": owner.name if owner else "",
        "by": by.id,
        "at": at,
    }
    put_text(entity, "history", msgspec.json.encode([step, *steps][:HISTORY_KEPT]).decode())
    return entity


def _owner(row: Mapping[str, Any]) -> Owner | None:
    mail = row.get("mail")
    return Owner(mail, row.get("name") or mail) if mail else None
