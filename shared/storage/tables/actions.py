"""Actions: those under way in the Work table, the others for good in Actions.

An action under way has a row under its referral's id, which is at once its place in the queue and the lock: one referral has
one action at a time. When it ends, that row goes and one under the action's own id comes, in one transaction with leaving the
lane; the next tick puts it into Actions, where the newest sort first. Reading looks in both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from shared.model import times
from shared.model.action import Action, Batch, decode_action, decode_batch, encode
from shared.storage.engine import keyed
from shared.storage.engine.batches import write_all
from shared.storage.engine.entities import Entity, get_text, key, put_text
from shared.storage.engine.tables import Delete, Insert, Operation, Replace, RowConflict, TableStore
from shared.storage.tables.work import PARTITION as WORK_PARTITION
from shared.storage.tables.work import TABLE as WORK_TABLE
from shared.storage.tables.work import WorkItem

TABLE: Final = "Actions"
PARTITION: Final = "actions"
BATCHES: Final = "batches"
OPEN, ENDED, BATCH, ONCE = "action", "ended", "batch", "once"
"""Kinds of rows in the Work table: under way; ended, to be put away; batches under way; keys of requests."""
KEY_KEPT: Final = timedelta(hours=24)
"""How long a repeated request gets the first answer."""


@dataclass(frozen=True)
class OpenAction:
    """An action under way as its row was read or written."""

    action: Action
    due_at: str
    etag: str


@dataclass(frozen=True, slots=True)
class KeptBrief:
    """Of an action for good, what it is sorted out by."""

    id: str
    state: str
    action: str


@dataclass(frozen=True)
class Once:
    """A person's key for one request, so that repeating it does nothing again."""

    id: str
    fingerprint: str
    """Of what was asked for under it."""
    made: str
    """The action, or the batch, that came of it."""

    @classmethod
    def of(cls, person: str, key_given: str, asked: Any, made: str) -> Once:
        """The key that a person gave for what they asked."""
        content = _canonical(asked)
        return cls(
            hashlib.sha256(f"{person}\n{key_given}".encode("utf-8", "replace")).hexdigest(),
            hashlib.sha256(content).hexdigest(),
            made,
        )


_canonical = msgspec.json.Encoder(order="sorted", decimal_format="number").encode


class ActionTable:
    """Reads and writes actions. Every method raises StorageUnavailable when storage does not answer."""

    def __init__(self, store: TableStore) -> None:
        self._work = store.table(WORK_TABLE)
        self._table = store.table(TABLE)

    # -- under way

    def under_way(self) -> list[OpenAction]:
        """All of them: one request."""
        return [_opened(row) for row in self._rows_of(OPEN)]

    def on(self, referral_id: str) -> OpenAction | None:
        """The one under way on a referral: one request."""
        row = self._work.get(WORK_PARTITION, f"{OPEN}|{key(referral_id)}")
        return _opened(row) if row else None

    def batches_under_way(self) -> list[Batch]:
        """Batches that are not put away yet: one request."""
        return [decode_batch(row["record"]) for row in self._rows_of(BATCH)]

    def ended(self) -> list[OpenAction]:
        """What has ended and is not put away yet: one request."""
        return [_opened(row) for row in self._rows_of(ENDED)]

    def fresh(self) -> tuple[list[OpenAction], list[OpenAction]]:
        """Those under way, and those that have ended and are not put away yet: one request."""
        rows = self._work.query(
            "PartitionKey eq @partition and RowKey ge @first and RowKey lt @last",
            {"partition": WORK_PARTITION, "first": f"{OPEN}|", "last": f"{ENDED}}}"},
        )
        found: dict[str, list[OpenAction]] = {OPEN: [], ENDED: []}
        for row in rows:
            if row["kind"] in found:
                found[row["kind"]].append(_opened(row))
        return found[OPEN], found[ENDED]

    def _rows_of(self, kind: str) -> Iterator[Entity]:
        return self._work.query(
            "PartitionKey eq @partition and RowKey ge @first and RowKey lt @last",
            {"partition": WORK_PARTITION, "first": f"{kind}|", "last": f"{kind}}}"},
        )

    def transact(self, operations: Sequence[Operation]) -> list[str]:
        """Write rows of the Work table, all or nothing; the new ETags. Raises RowConflict."""
        return self._work.transact(operations)

    def once(self, once_id: str) -> Once | None:
        """What became of a person's key: one request."""
        row = self._work.get(WORK_PARTITION, f"{ONCE}|{once_id}")
        return Once(once_id, row["fingerprint"], row["made"]) if row else None

    # -- for good

    def find(self, action_id: str) -> Action | None:
        """An action by its id, wherever it is."""
        rows = self._work.query(
            "PartitionKey eq @partition and RowKey ge @first and RowKey lt @last and data eq @id",
            {"partition": WORK_PARTITION, "first": f"{OPEN}|", "last": f"{OPEN}}}", "id": action_id},
        )
        row = next(iter(rows), None) or self._work.get(WORK_PARTITION, f"{ENDED}|{action_id}")
        row = row or self._table.get(PARTITION, action_id)
        return decode_action(get_text(row, "record")) if row else None

    def find_batch(self, batch_id: str) -> Batch | None:
        """A batch by its id."""
        row = self._work.get(WORK_PARTITION, f"{BATCH}|{batch_id}") or self._table.get(BATCHES, batch_id)
        return decode_batch(row["record"]) if row else None

    def kept(self, first: str = "", last: str = "~", **columns: str) -> Iterator[KeptBrief]:
        """The actions for good in brief, newest first.

        Args:
            first: ids from here on.
            last: ids before this.
            columns: what others of their columns have to be: referralId, batchId, whoId.
        """
        conditions = "".join(f" and {name} eq @{name}" for name in columns)
        rows = self._table.query(
            f"PartitionKey eq @partition and RowKey ge @first and RowKey lt @last{conditions}",
            {"partition": PARTITION, "first": first, "last": last, **columns},
            ["RowKey", "state", "action"],
        )
        return (KeptBrief(row["RowKey"], row["state"], row["action"]) for row in rows)

    def read_kept(self, ids: Sequence[str]) -> list[Action]:
        """Actions for good by their ids, newest first."""
        rows = keyed.read(self._table, [(PARTITION, each) for each in ids])
        return sorted((decode_action(get_text(row, "record")) for row in rows), key=lambda action: action.id)

    def newest_of(self, referral_id: str, most: int) -> list[Action]:
        """The newest actions for good on a referral."""
        rows = self._table.query(
            "PartitionKey eq @partition and referralId eq @referral",
            {"partition": PARTITION, "referral": referral_id},
            limit=most,
        )
        return [decode_action(get_text(row, "record")) for row in rows]

    def put_away(self, ended: Sequence[OpenAction]) -> None:
        """Move what has ended from the Work table to where it stays; interrupted, the next time does it."""
        write_all(self._table, [Replace(_kept_row(each.action), None) for each in ended], _leave)
        write_all(
            self._work, [Delete(WORK_PARTITION, f"{ENDED}|{each.action.id}", each.etag) for each in ended], _leave
        )

    def put_batch_away(self, batch: Batch) -> None:
        """Move a batch of which all has ended."""
        self._table.replace({"PartitionKey": BATCHES, "RowKey": batch.id, "record": encode(batch)}, None)
        self._work.delete(WORK_PARTITION, f"{BATCH}|{batch.id}")

    def forget_open(self, held: OpenAction) -> None:
        """Nothing is kept of an action under way, unless somebody has touched it since it was read."""
        with suppress(RowConflict):
            self._work.transact([leave_off(held)])

    def forget_ended(self, held: OpenAction) -> None:
        """Nothing is kept of one that has ended and is not put away yet."""
        with suppress(RowConflict):
            self._work.transact([Delete(WORK_PARTITION, f"{ENDED}|{held.action.id}", held.etag)])

    def forget(self, items: Iterable[WorkItem]) -> None:
        """Take rows out of the Work table."""
        for item in items:
            self._work.delete(WORK_PARTITION, item.row_key)


# -- operations, to be written together


def open_row(action: Action, due_at: datetime) -> Entity:
    """The row of an action under way."""
    row = WorkItem(OPEN, action.referral_id, times.from_datetime(due_at), action.id).entity()
    put_text(row, "record", encode(action))
    return row


def begin(action: Action, due_at: datetime) -> Operation:
    """It is under way from now on, if no other is on its referral."""
    return Insert(open_row(action, due_at))


def move(held: OpenAction, action: Action, due_at: datetime) -> Operation:
    """It goes on like this, if nobody else has touched it."""
    return Replace(open_row(action, due_at), held.etag)


def end(held: OpenAction | None, action: Action, now: datetime) -> list[Operation]:
    """It has ended; its referral is free again."""
    row = WorkItem(ENDED, action.id, times.from_datetime(now)).entity()
    put_text(row, "record", encode(action))
    operations: list[Operation] = [Replace(row, None)]
    if held:
        operations.insert(0, leave_off(held))
    return operations


def leave_off(held: OpenAction) -> Operation:
    """It is under way no longer, and nothing is kept of it."""
    return Delete(WORK_PARTITION, f"{OPEN}|{key(held.action.referral_id)}", held.etag or None)


def note_once(once: Once, now: datetime) -> Operation:
    """A request under this key was taken, if none was."""
    item = WorkItem(ONCE, once.id, times.from_datetime(now + KEY_KEPT))
    return Insert({**item.entity(), "fingerprint": once.fingerprint, "made": once.made})


def undo(noted: Iterable[Operation]) -> list[Operation]:
    """What takes back rows that were inserted."""
    return [Delete(WORK_PARTITION, str(each.entity["RowKey"])) for each in noted if isinstance(each, Insert)]


def note_batch(batch: Batch, now: datetime) -> Operation:
    """A batch is under way; its actions are there already."""
    item = WorkItem(BATCH, batch.id, times.from_datetime(now))
    return Replace({**item.entity(), "record": encode(batch)}, None)


def _opened(row: Entity) -> OpenAction:
    return OpenAction(decode_action(get_text(row, "record")), str(row["dueAt"]), str(row["etag"]))


def _kept_row(action: Action) -> Entity:
    row: Entity = {
        "PartitionKey": PARTITION,
        "RowKey": action.id,
        "referralId": action.referral_id[:1_000],
        "batchId": action.batch_id,
        "state": action.state,
        "action": action.action,
        "whoId": action.who.id[:1_000],
    }
    put_text(row, "record", encode(action))
    return row


def _leave(operation: Operation) -> None:
    """Somebody was faster: what they wrote stays."""
