"""The lane to Partner Center: one change at a time over all instances, each a moment after the one before.

It is one row of the Work table, so that taking and leaving it can be part of a transaction that is written anyway. The row
says who is in it and until when, so that a process that dies there blocks nobody for longer. Walks read it before a page, and
let changes go first.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from shared.core.clock import Deadline
from shared.model import times
from shared.storage.engine.entities import Entity
from shared.storage.engine.tables import Insert, Operation, Replace, RowConflict, TableStore
from shared.storage.tables.work import PARTITION, TABLE, WorkItem

LANE_SECONDS: Final = 120
"""The longest somebody is in the lane; after that, another may enter."""
YIELD_SECONDS: Final = 30.0
"""The longest a walk waits for changes before a page."""
_NEVER: Final = "9999-12-31T00:00:00.0000000Z"
_ITEM: Final = WorkItem("lane", "partner-center", _NEVER)


class LaneBusy(Exception):
    """Others were in the lane for all the time that there was."""


class Lane:
    """The lane. One for each process; thread-safe. Every method raises StorageUnavailable when storage does not answer."""

    def __init__(self, store: TableStore) -> None:
        self._table = store.table(TABLE)
        self._clock = store.clock
        self._here = threading.Lock()
        """Who of this process is in it, or waits for others to leave it."""
        self._row: Entity | None = None
        """The row as it was last seen."""
        self._known = False
        """Whether it was ever read."""
        self.used_before: str | None = None
        """When others were in it last before the one who is in it now, text of ``model.times``."""

    def enter(self, holder: str, operations: Sequence[Operation], deadline: Deadline) -> list[str] | None:
        """Write these and enter the lane, all or nothing; wait for those who are in it.

        Args:
            holder: tells this stay from all others.
            operations: what to write with it, in the Work table's partition.
            deadline: until when to wait.

        Returns:
            The new ETags of the operations; None where they were written and only the answer got lost.

        Raises:
            LaneBusy: it was not free in time; nothing was written.
            RowConflict: one of the operations does not fit what is there; ``index`` says which.
        """
        if not self._here.acquire(timeout=max(0.0, deadline.remaining())):
            raise LaneBusy
        try:
            return self._enter(holder, operations, deadline)
        except BaseException:
            self._here.release()
            raise

    def _enter(self, holder: str, operations: Sequence[Operation], deadline: Deadline) -> list[str] | None:
        if not self._known:
            self._look()
        while True:
            if self._is_free():
                row = self._new_row(holder)
                entering = Replace(row, self._row["etag"]) if self._row else Insert(row)
                try:
                    etags = self._table.transact([*operations, entering])
                except RowConflict as conflict:
                    self._look()
                    if self._row and self._row.get("holder") == holder:
                        return None
                    if conflict.index < len(operations):
                        raise
                    continue
                self.used_before = self._row.get("lastAt") if self._row else None
                self._row = {**row, "etag": etags[-1]}
                return etags[:-1]
            if deadline.passed():
                raise LaneBusy
            self._clock.sleep(random.uniform(0.02, 0.06))  # noqa: S311 - jitter, no secret
            self._look()

    def leave(self, operations: Sequence[Operation]) -> list[str]:
        """Write these and leave the lane, all or nothing. Whatever comes of it, the lane is left as far as this process goes.

        Raises:
            RowConflict: one of the operations does not fit what is there; nothing was written.
        """
        try:
            leaving = Replace(self._new_row(""), self._row["etag"] if self._row else None)
            try:
                etags = self._table.transact([*operations, leaving])
            except RowConflict as conflict:
                self._known = False
                if conflict.index < len(operations):
                    raise
                return self._table.transact(operations) if operations else []  # somebody took it over
            self._row = {**leaving.entity, "etag": etags[-1]}
            return etags[:-1]
        finally:
            self._here.release()

    def abandon(self) -> None:
        """Let others of this process in, though the lane could not be left in storage: there, its time runs out."""
        self._known = False
        self._here.release()

    def let_changes_go(self, alive: Callable[[], None]) -> None:
        """Wait, for a while, until nobody is in the lane: what a walk does before a page."""
        deadline = Deadline(self._clock, YIELD_SECONDS)
        while not deadline.passed():
            row = self._table.get(PARTITION, _ITEM.row_key, ["holder", "expiresAt"])
            if not self._here.locked() and not self._held(row):
                return
            self._clock.sleep(0.1)
            alive()

    def _is_free(self) -> bool:
        return not self._held(self._row)

    def _held(self, row: Entity | None) -> bool:
        return bool(row and row.get("holder")) and times.to_datetime(str(row and row["expiresAt"])) > self._clock.now()

    def _look(self) -> None:
        self._row, self._known = self._table.get(PARTITION, _ITEM.row_key), True

    def _new_row(self, holder: str) -> Entity:
        now = self._clock.now()
        return {
            **_ITEM.entity(),
            "holder": holder,
            "expiresAt": times.from_datetime(now + timedelta(seconds=LANE_SECONDS)),
            "lastAt": times.from_datetime(now),
        }
