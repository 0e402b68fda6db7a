"""Many conditional writes as few entity group transactions: by partition, within the limits, in parallel."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, wait
from typing import Final

from shared.core.errors import StorageUnavailable
from shared.storage.engine.tables import BATCH_BYTES, BATCH_ROWS, BatchTooLarge, Delete, Operation, RowConflict, Table

BATCHES_AT_ONCE: Final = 4
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


def write_stream(
    table: Table, operations: Iterable[Operation], on_conflict: Decide, executor: Executor | None = None
) -> None:
    """Carry out operations as they come, while the next are made; arguments and errors as for ``write_all``."""
    writing: deque[Future[None]] = deque()
    left = iter(operations)
    try:
        while some := list(itertools.islice(left, BATCH_ROWS)):
            if executor is None:
                write_all(table, some, on_conflict)
                continue
            if len(writing) == BATCHES_AT_ONCE:
                writing.popleft().result()
            writing.append(executor.submit(write_all, table, some, on_conflict))
    finally:
        wait(writing)  # after a failure nothing may still be writing when the lease is given back
    for future in writing:
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
    """Operations by partition, as many together as one transaction takes."""
    by_partition: dict[str, list[Operation]] = {}
    for operation in operations:
        by_partition.setdefault(_partition(operation), []).append(operation)
    for _, members in sorted(by_partition.items()):
        batch: list[Operation] = []
        size = 0
        for operation in members:
            # The SDK writes a letter outside ASCII, of two bytes or more, in six, and one of four in twelve.
            weighs = _PART_BYTES + len(operation.body) * (1 if operation.body.isascii() else 3)
            if batch and (len(batch) == BATCH_ROWS or size + weighs > BATCH_BYTES):
                yield batch
                batch, size = [], 0
            batch.append(operation)
            size += weighs
        yield batch


def _partition(operation: Operation) -> str:
    return operation.partition if isinstance(operation, Delete) else str(operation.entity["PartitionKey"])
