"""Many conditional writes as few entity group transactions: by partition, within the limits, in parallel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, wait
from typing import Final

from shared.errors import StorageUnavailable
from shared.storage.entities import wire_bytes
from shared.storage.tables import (
    BATCH_BYTES,
    BATCH_ROWS,
    BatchTooLarge,
    Delete,
    Operation,
    RowConflict,
    Table,
)

_MOST_CONFLICTS: Final = 1_000
_PART_BYTES: Final = 3_072
"""Headers and address of an operation in its batch; an address of long keys may take most of it."""

Decide = Callable[[Operation], Operation | None]
"""Asked when an operation's condition did not hold: the operation to try instead, or None to leave the row alone."""


def write_all(
    table: Table, operations: Iterable[Operation], on_conflict: Decide, executor: Executor | None = None
) -> None:
    """Carry out all operations, each row at most once in the call.

    Args:
        table: the table.
        operations: inserts, replaces and deletes, in any order of partitions.
        on_conflict: reads again and decides again; called from the writing thread.
        executor: where batches run side by side; None runs them one after the other.

    Raises:
        StorageUnavailable: storage does not answer, or a row stayed contended.
    """
    batches = list(_batches(operations))
    if executor is None or len(batches) < 2:
        for batch in batches:
            _write(table, batch, on_conflict)
        return
    futures = [executor.submit(_write, table, batch, on_conflict) for batch in batches]
    wait(futures)  # all of them: after a failure nothing may still be writing when the lease is given back
    for future in futures:
        future.result()


def _write(table: Table, batch: Sequence[Operation], on_conflict: Decide) -> None:
    pending = list(batch)
    for _ in range(_MOST_CONFLICTS):
        if not pending:
            return
        try:
            table.transact(pending)
        except RowConflict as conflict:
            instead = on_conflict(pending[conflict.index])
            pending[conflict.index : conflict.index + 1] = [instead] if instead else []
        except BatchTooLarge:
            if len(pending) == 1:
                raise StorageUnavailable("A row is larger than storage takes.") from None
            half = len(pending) // 2
            _write(table, pending[:half], on_conflict)
            _write(table, pending[half:], on_conflict)
            return
        else:
            return
    raise StorageUnavailable


def _batches(operations: Iterable[Operation]) -> Iterator[list[Operation]]:
    by_partition: dict[str, list[Operation]] = {}
    for operation in operations:
        by_partition.setdefault(_partition(operation), []).append(operation)
    for _, members in sorted(by_partition.items()):
        for start in range(0, len(members), BATCH_ROWS):
            part = members[start : start + BATCH_ROWS]
            if sum(map(_surely_less, part)) <= BATCH_BYTES:
                yield part
            else:
                yield from _fitting(part)


def _fitting(operations: Iterable[Operation]) -> Iterator[list[Operation]]:
    batch: list[Operation] = []
    size = 0
    for operation in operations:
        weighs = _PART_BYTES + (0 if isinstance(operation, Delete) else wire_bytes(operation.entity))
        if batch and size + weighs > BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(operation)
        size += weighs
    yield batch


def _surely_less(operation: Operation) -> int:
    """More bytes than an operation can take, without looking at its letters: none takes more than twelve."""
    if isinstance(operation, Delete):
        return _PART_BYTES
    values = operation.entity.values()
    letters = sum(len(value) for value in values if isinstance(value, str | bytes)) + 40 * len(values)
    return _PART_BYTES + 12 * letters


def _partition(operation: Operation) -> str:
    return operation.partition if isinstance(operation, Delete) else str(operation.entity["PartitionKey"])
