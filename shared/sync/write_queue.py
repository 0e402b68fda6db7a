"""Changed records on their way to storage: they gather in their partitions and go out a batch at a time, while more come."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, Future, wait
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Protocol

from shared.storage.engine.tables import BATCH_BYTES, BATCH_ROWS
from shared.storage.tables.referrals import partition_of
from shared.sync.row_writer import Candidate, Result

BUFFER_ROWS: Final = 4_000
"""Changed records after which all are written, whole batch or not, so that the walk can keep its place."""
BUFFER_BYTES: Final = 16 * 1024 * 1024
"""The most that waits to be written, as received."""
WRITINGS: Final = 16
"""Batches on their way to storage, or waiting for a thread: all partitions have theirs at about the same time, and the next
page is to be asked for meanwhile."""


class Writer(Protocol):
    """What writes records."""

    def write(self, candidates: Mapping[str, Candidate], executor: Executor | None = None) -> dict[str, Result]:
        """Write what changed among these; returns what became of each, by id."""


@dataclass(slots=True)
class _Part:
    """Changed records of one partition that are not on their way yet."""

    candidates: dict[str, Candidate] = field(default_factory=dict)
    size: int = 0
    """Bytes, as received."""

    def put(self, candidate: Candidate) -> None:
        self.candidates[candidate.head.id] = candidate
        self.size += len(candidate.raw)

    @property
    def full(self) -> bool:
        return len(self.candidates) >= BATCH_ROWS or self.size >= BATCH_BYTES


@dataclass(frozen=True, slots=True)
class _Writing:
    """Changed records on their way."""

    candidates: dict[str, Candidate]
    future: Future[dict[str, Result]]
    size: int
    """Bytes, as received."""


class WriteQueue:
    """Takes changed records and writes them; one thread puts, several may write.

    Every method may raise what went wrong in a writing that it waits for; what was written before can be taken then.

    Args:
        writer: writes records.
        executor: where writings run while more records come; None writes at once.
    """

    def __init__(self, writer: Writer, executor: Executor | None) -> None:
        self._writer, self._executor = writer, executor
        self._parts: dict[str, _Part] = {}
        self._gathered = self._gathered_bytes = 0
        """Changed records, and their bytes, since the last flush, on their way or not."""
        self._writings: deque[_Writing] = deque()
        self._flushing = 0
        """How many of the writings, the oldest, a flush still waits for."""
        self._written: list[tuple[Candidate, Result]] = []

    def put(self, candidate: Candidate) -> None:
        """Take a record; no other version of its referral is in the queue."""
        partition = partition_of(candidate.head.id)
        part = self._parts.setdefault(partition, _Part())
        part.put(candidate)
        self._gathered += 1
        self._gathered_bytes += len(candidate.raw)
        if part.full:
            del self._parts[partition]
            self._send(part.candidates)

    def holds(self, referral_id: str) -> bool:
        """Whether a version of a referral is in the queue."""
        part = self._parts.get(partition_of(referral_id))
        return (part is not None and referral_id in part.candidates) or any(
            referral_id in writing.candidates for writing in self._writings
        )

    def take(self) -> list[tuple[Candidate, Result]]:
        """What was written since the last call, and what became of it."""
        taken, self._written = self._written, []
        return taken

    @property
    def full(self) -> bool:
        """Whether it is time to flush."""
        return self._gathered >= BUFFER_ROWS or self._gathered_bytes >= BUFFER_BYTES

    def flush(self) -> None:
        """Write all, and wait until it is stored."""
        parts = list(self._gathered_parts())
        if len(parts) > 1:
            for candidates in parts:
                self._send(candidates)
        self.finish()
        if len(parts) == 1:  # few as they are, their partitions are read and written side by side
            self._note(parts[0], self._writer.write(parts[0], self._executor))

    def flush_beside(self) -> None:
        """Begin to write all; ``finish_flush`` waits for it."""
        for candidates in self._gathered_parts():
            self._send(candidates)
        self._flushing = len(self._writings)

    @property
    def is_flushing(self) -> bool:
        """Whether a flush beside is not over, or was not waited for."""
        return self._flushing > 0

    @property
    def has_flushed(self) -> bool:
        """Whether ``finish_flush`` would not have to wait."""
        return all(self._writings[number].future.done() for number in range(self._flushing))

    def finish_flush(self) -> None:
        """Wait for what the last ``flush_beside`` has to write."""
        while self._flushing:
            self._finish_oldest()

    def finish(self) -> None:
        """Wait for all that is on its way."""
        wait([writing.future for writing in self._writings])  # after a failure nothing may still be writing
        while self._writings:
            self._finish_oldest()

    def abandon(self) -> None:
        """Wait for all that is on its way, in a run that fails anyway for another reason."""
        while self._writings:
            with suppress(Exception):
                self._finish_oldest()

    def _gathered_parts(self) -> Iterator[dict[str, Candidate]]:
        """All records that are not on their way, whole partitions together, in writings of some batches' worth."""
        parts, self._parts, self._gathered, self._gathered_bytes = self._parts, {}, 0, 0
        together: dict[str, Candidate] = {}
        for part in parts.values():
            together |= part.candidates
            if len(together) >= BATCH_ROWS:
                yield together
                together = {}
        if together:
            yield together

    def _send(self, candidates: dict[str, Candidate]) -> None:
        """Begin to write these, once there are not too many on their way."""
        if self._executor is None:
            self._note(candidates, self._writer.write(candidates))
            return
        size = sum(len(candidate.raw) for candidate in candidates.values())
        while self._writings and (
            len(self._writings) >= WRITINGS or size + sum(writing.size for writing in self._writings) > BUFFER_BYTES
        ):
            self._finish_oldest()
        future = self._executor.submit(self._writer.write, candidates)
        self._writings.append(_Writing(candidates, future, size))

    def _finish_oldest(self) -> None:
        writing = self._writings.popleft()
        self._flushing = max(0, self._flushing - 1)
        self._note(writing.candidates, writing.future.result())

    def _note(self, candidates: dict[str, Candidate], results: dict[str, Result]) -> None:
        self._written += [(candidates[referral_id], result) for referral_id, result in results.items()]
