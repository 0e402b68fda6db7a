"""The Outbox table: what is to be told, to whom it is still to be told, and what became of it.

Three kinds of partitions. ``occasions`` holds what was found and not yet given out: inserted before the row that it is about,
under a key of referral, version and kind, so that writing it again changes nothing. ``for-ID`` holds one row for each occasion
that a subscription asks for; it stays for a while after it was sent, so that the same occasion can't be told again. ``targets``
holds how each target is doing.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Final, Literal

import msgspec

from shared.model import times
from shared.model.occasion import Facts, Kind, Occasion
from shared.storage.engine import keyed
from shared.storage.engine.batches import write_all
from shared.storage.engine.entities import Entity, get_text, key, put_text
from shared.storage.engine.tables import Delete, Insert, Operation, Replace, RowConflict, TableStore
from shared.storage.tables.work import WorkTable

TABLE: Final = "Outbox"
OCCASIONS: Final = "occasions"
TARGETS: Final = "targets"
NOTIFY, EVALUATE = "notify", "evaluate"
"""The Work table's row that has occasions given out, and deadlines looked at."""
_STATUS: Final = "!status"
_BASELINE: Final = "!baseline"
_FACT_LETTERS: Final = 1_000

State = Literal["waiting", "sent", "dropped"]


def occasion_row(occasion: Occasion) -> Entity:
    """The row of an occasion, to be inserted; one that is there stays."""
    row: Entity = {
        "PartitionKey": OCCASIONS,
        "RowKey": f"{key(occasion.referral_id)}|{key(occasion.version)}|{occasion.kind}",
        "kind": occasion.kind,
        "referralId": occasion.referral_id,
        "version": occasion.version,
        "origin": occasion.origin,
        "updated": occasion.updated,
        "at": occasion.at,
    }
    put_text(row, "facts", _packed(occasion.facts))
    return row


def add_occasions(store: TableStore, occasions: Iterable[Occasion]) -> None:
    """Note occasions before what they are about is stored. Raises what storage raises."""
    write_all(store.table(TABLE), (Insert(occasion_row(occasion)) for occasion in occasions), _leave)


def announce(store: TableStore, occasions: Collection[Occasion]) -> bool:
    """Note occasions that no new version of the data announces, and that there is something to give out; whether there is."""
    if occasions:
        add_occasions(store, occasions)
        WorkTable(store).put(NOTIFY, EVALUATE, store.clock.now(), uuid.uuid4().hex)
    return bool(occasions)


def pending(store: TableStore) -> list[Occasion]:
    """What was found and not yet given out, in the order of referrals and versions."""
    rows = store.table(TABLE).query("PartitionKey eq @partition", {"partition": OCCASIONS})
    return [
        Occasion(
            kind=row["kind"],
            referral_id=row["referralId"],
            version=row["version"],
            origin=row["origin"],
            updated=row["updated"],
            at=row["at"],
            facts=msgspec.json.decode(get_text(row, "facts"), type=dict[str, str]),
        )
        for row in rows
    ]


def remove(store: TableStore, occasions: Iterable[Occasion]) -> None:
    """Occasions that were given out, or concern nobody."""
    gone = (Delete(OCCASIONS, occasion_row(occasion)["RowKey"]) for occasion in occasions)
    write_all(store.table(TABLE), gone, _leave)


class Delivery(msgspec.Struct, frozen=True):
    """An occasion on its way to one subscription. ``found`` and ``due`` are texts of ``model.times``: when the occasion was
    found, and from when on it may be sent."""

    kind: Kind
    referral_id: str
    version: str
    found: str
    due: str
    facts: Facts = {}

    @property
    def row_key(self) -> str:
        """Its key, by which it is told once."""
        return f"{self.kind}|{key(self.referral_id)}|{key(self.version)}"


class Status(msgspec.Struct, frozen=True):
    """When messages went out for a subscription: the last one, and those of about the last hour."""

    last_sent_at: str = ""
    recent: tuple[str, ...] = ()


class Deliveries:
    """What one subscription is to be told, and was."""

    def __init__(self, store: TableStore, subscription_id: str) -> None:
        self._store, self._table = store, store.table(TABLE)
        self._partition = partition_of(subscription_id)

    def add(self, deliveries: Iterable[Delivery], state: State = "waiting") -> None:
        """Note what is to be told; what was noted before stays as it is."""
        rows = [Insert(self._row(delivery, state)) for delivery in deliveries]
        write_all(self._table, rows, _leave)

    def known(self, kinds: tuple[Kind, Kind]) -> set[str]:
        """The keys of all that was noted of these kinds, which follow each other in the order of letters."""
        rows = self._table.query(
            "PartitionKey eq @partition and RowKey ge @first and RowKey lt @last",
            {"partition": self._partition, "first": f"{kinds[0]}|", "last": f"{kinds[1]}}}"},
            ["RowKey"],
        )
        return {str(row["RowKey"]) for row in rows}

    def waiting(self) -> list[tuple[Delivery, str]]:
        """What is still to be told, each with its row's ETag."""
        rows = self._table.query(
            "PartitionKey eq @partition and state eq @state", {"partition": self._partition, "state": "waiting"}
        )
        return [(_delivery(row), row["etag"]) for row in rows]

    def mark(
        self, deliveries: Collection[tuple[Delivery, str]], state: State, at: datetime, status: Status | None
    ) -> None:
        """Note what became of deliveries, in as few transactions as they fit; the status goes with the first."""
        operations: list[Operation] = [
            Replace({**self._row(delivery, state), "endedAt": times.from_datetime(at)}, etag)
            for delivery, etag in deliveries
        ]
        if status:
            row: Entity = {"PartitionKey": self._partition, "RowKey": _STATUS, "lastSentAt": status.last_sent_at}
            put_text(row, "recent", msgspec.json.encode(status.recent).decode())
            operations.insert(0, Replace(row, None))
        write_all(self._table, operations, _leave)

    def status(self) -> Status:
        """When messages went out."""
        return _status(self._table.get(self._partition, _STATUS))

    def baseline(self) -> str:
        """The time of activation before which nothing that had expired is told; "" while that is not yet noted."""
        row = self._table.get(self._partition, _BASELINE)
        return str(row["since"]) if row else ""

    def set_baseline(self, since: str) -> None:
        """Note that what had expired before is noted as told."""
        self._table.replace({"PartitionKey": self._partition, "RowKey": _BASELINE, "since": since}, None)

    def forget_waiting(self) -> None:
        """Forget what is still to be told, as if it had never been noted."""
        gone = [Delete(self._partition, delivery.row_key, etag) for delivery, etag in self.waiting()]
        write_all(self._table, gone, _leave)

    def prune(self, before: datetime, is_needed: Callable[[str], bool]) -> None:
        """Forget what ended before a time, but for the keys that may yet come again."""
        rows = self._table.query(
            "PartitionKey eq @partition and endedAt lt @before",
            {"partition": self._partition, "before": times.from_datetime(before)},
            ["RowKey"],
        )
        gone = [Delete(self._partition, row["RowKey"]) for row in rows if not is_needed(row["RowKey"])]
        write_all(self._table, gone, _leave)

    def remove(self) -> None:
        """Forget everything."""
        rows = self._table.query("PartitionKey eq @partition", {"partition": self._partition}, ["RowKey"])
        write_all(self._table, [Delete(self._partition, row["RowKey"]) for row in rows], _leave)

    def _row(self, delivery: Delivery, state: State) -> Entity:
        row: Entity = {
            "PartitionKey": self._partition,
            "RowKey": delivery.row_key,
            "kind": delivery.kind,
            "referralId": delivery.referral_id,
            "version": delivery.version,
            "found": delivery.found,
            "due": delivery.due,
            "state": state,
        }
        if state == "waiting":
            put_text(row, "facts", _packed(delivery.facts))
        else:
            row["endedAt"] = delivery.found
        return row


def deadline_key(referral_id: str, deadline: str) -> str:
    """What the keys of a deadline's deliveries have behind their kind, up to the step."""
    return f"{key(referral_id)}|{key(deadline)}"


def statuses(store: TableStore, subscription_ids: Iterable[str]) -> dict[str, Status]:
    """When messages went out, by subscription."""
    wanted = {partition_of(each): each for each in subscription_ids}
    rows = keyed.read(store.table(TABLE), [(partition, _STATUS) for partition in wanted], points=20)
    return {wanted[row["PartitionKey"]]: _status(row) for row in rows}


def partition_of(subscription_id: str) -> str:
    """The partition of a subscription's deliveries."""
    return f"for-{key(subscription_id)}"


class TargetState(msgspec.Struct, frozen=True):
    """How a target is doing. Times are texts of ``model.times``, "" where there is none."""

    id: str
    not_before: str = ""
    failures: int = 0
    failing_since: str = ""
    code: str = ""
    message: str = ""
    """The last failure, once it is to be shown."""
    failed_at: str = ""
    asked_until: str = ""
    """Until when the target itself asked to be left alone."""
    claimed_until: str = ""
    """Until when one process alone sends there."""
    etag: str | None = None


def load_target(store: TableStore, target_id: str) -> TargetState:
    """How a target is doing; well, where nothing was noted."""
    row = store.table(TABLE).get(TARGETS, key(target_id))
    return _target(row) if row else TargetState(target_id)


def load_targets(store: TableStore) -> dict[str, TargetState]:
    """All targets that anything was ever noted of, by id."""
    rows = store.table(TABLE).query("PartitionKey eq @partition", {"partition": TARGETS})
    return {state.id: state for state in map(_target, rows)}


def save_target(store: TableStore, state: TargetState) -> TargetState | None:
    """Write over the version that was read; with its new ETag, or None when another process wrote first."""
    row: Entity = {"PartitionKey": TARGETS, "RowKey": key(state.id)}
    row |= {_CAMEL[name]: getattr(state, name) for name in _CAMEL}
    table = store.table(TABLE)
    try:
        etag = table.replace(row, state.etag) if state.etag else table.insert(row)
    except RowConflict:
        return None
    return msgspec.structs.replace(state, etag=etag)


_CAMEL: Final = {
    "id": "id",
    "not_before": "notBefore",
    "failures": "failures",
    "failing_since": "failingSince",
    "code": "code",
    "message": "message",
    "failed_at": "failedAt",
    "asked_until": "askedUntil",
    "claimed_until": "claimedUntil",
}


def _target(row: Entity) -> TargetState:
    return TargetState(**{name: row[column] for name, column in _CAMEL.items()}, etag=row["etag"])


def _status(row: Entity | None) -> Status:
    if row is None:
        return Status()
    return Status(row["lastSentAt"], tuple(msgspec.json.decode(get_text(row, "recent"), type=list[str])))


def _delivery(row: Entity) -> Delivery:
    facts = msgspec.json.decode(get_text(row, "facts"), type=dict[str, str])
    return Delivery(row["kind"], row["referralId"], row["version"], row["found"], row["due"], facts)


def _packed(facts: Facts) -> str:
    return msgspec.json.encode({name: value[:_FACT_LETTERS] for name, value in facts.items()}).decode()


def _leave(_: Operation) -> Operation | None:
    """What is there already, or is gone already, stays so."""
    return None
