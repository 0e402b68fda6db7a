"""What the timer does for actions: sends what is due, looks at what is unconfirmed, works off batches, puts away what has
ended. Nothing of it depends on who asked for it or whether their browser is still there."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import msgspec

from shared.actions import telling
from shared.actions.runner import SITTING_SECONDS, Runner, Start
from shared.actions.sender import too_late
from shared.core import events
from shared.core.clock import Deadline
from shared.core.errors import HunterError
from shared.core.log import get_logger, location
from shared.core.settings import Settings
from shared.model import times
from shared.model.action import ActionFault
from shared.storage.engine.tables import RowConflict, TableStore
from shared.storage.tables import outbox
from shared.storage.tables.actions import BATCH, ENDED, ONCE, OPEN, ActionTable, OpenAction, end
from shared.storage.tables.lane import LaneBusy
from shared.storage.tables.work import Board

log = get_logger(__name__)

LEAST_SECONDS: Final = 3.0
"""With less than this left, nothing more is begun."""
_ORPHANED: Final = timedelta(minutes=5)
"""An action of a batch that was never completely written is taken back after this."""


class Reconciler:
    """The timer's part. One for each process.

    Args:
        settings: the app's settings.
        store: the tables.
        runner: what sends.
    """

    def __init__(self, settings: Settings, store: TableStore, runner: Runner) -> None:
        self._settings, self._runner = settings, runner
        self._store, self._clock = store, store.clock
        self._table = ActionTable(store)

    def work(self, board: Board, deadline: Deadline, *, every_unconfirmed: bool = False) -> bool:
        """Do what is due; with nothing due, no request. Whether it noted something that is to be told.

        Args:
            board: the Work table.
            deadline: until when.
            every_unconfirmed: look at all that is unconfirmed, due or not: what a sync brings with it.
        """
        now = self._clock.now()
        told = bool(board.all(ENDED)) and self._put_away()
        self._table.forget(board.due(ONCE, now))
        due = {item.data for item in board.due(OPEN, now)}
        if due or (every_unconfirmed and board.all(OPEN)):
            under_way = self._table.under_way()
            told |= outbox.announce(self._store, telling.of_doubtful((held.action for held in under_way), now))
            picked = {
                *due,
                *(held.action.id for held in under_way if every_unconfirmed and held.action.state == "unconfirmed"),
            }
            self._work_off(board, under_way, picked, deadline)
        self._close_batches(board)
        return told

    def _put_away(self) -> bool:
        """Keep what has ended for good, once what is to be told of it is noted; whether there is any."""
        ended = self._table.ended()
        told = outbox.announce(self._store, telling.of_ended(held.action for held in ended))
        self._table.put_away(ended)
        return told

    def work_batch(self, batch_id: str, seconds: float) -> None:
        """Work off a batch, for so many seconds at most."""
        deadline = Deadline(self._clock, seconds)
        mine = [held for held in self._table.under_way() if held.action.batch_id == batch_id]
        self._each(mine, deadline)

    def _work_off(self, board: Board, under_way: list[OpenAction], picked: set[str], deadline: Deadline) -> None:
        chosen: list[OpenAction] = []
        for held in under_way:
            action = held.action
            if action.batch_id and board.find(BATCH, action.batch_id) is None:
                self._take_orphan_back(held)
            elif action.id in picked:
                chosen.append(held)
        # Single actions before batches: somebody waits for them.
        self._each(sorted(chosen, key=lambda held: (held.action.batch_id is not None, held.due_at)), deadline)

    def _each(self, chosen: list[OpenAction], deadline: Deadline) -> None:
        for held in chosen:
            if deadline.remaining() < LEAST_SECONDS:
                return
            try:
                self._one(held, deadline)
            except RowConflict:
                continue  # cancelled, sent or taken over meanwhile
            except LaneBusy:
                return
            except HunterError:
                raise
            except Exception as error:  # noqa: BLE001 - one action that nobody can work off must not stop the others
                log.error(
                    events.UNEXPECTED_ERROR, kind=type(error).__name__, at=location(error), actionId=held.action.id
                )

    def _one(self, held: OpenAction, deadline: Deadline) -> None:
        action, now = held.action, self._clock.now()
        if action.state == "waiting":
            if times.to_datetime(action.not_before) > now:
                return
            if action.is_too_late(now):
                self._end_late(held)
                return
            if not self._settings.write_enabled:
                return
        if action.state == "sending" and held.due_at <= times.from_datetime(now) and action.looks == 0:
            # Its process died, or is about to: nobody knows whether it had sent the change.
            action = msgspec.structs.replace(action, maybe_sent=True)
        if self._settings.problems or not self._settings.enabled:
            return
        self._runner.run(Start(action, held), attended=False, seconds=min(SITTING_SECONDS, deadline.remaining()))

    def _end_late(self, held: OpenAction) -> None:
        error, now = too_late(), self._clock.now()
        action = msgspec.structs.replace(
            held.action,
            state="failed",
            finished_at=times.from_datetime(now),
            error=ActionFault(error.code, error.message),
        )
        self._table.transact(end(held, action, now))
        log.error(events.ACTION_FAILED, actionId=action.id, action=action.action, state="failed", code=error.code)

    def _take_orphan_back(self, held: OpenAction) -> None:
        if self._clock.now() - times.to_datetime(held.action.created_at) > _ORPHANED:
            self._table.forget_open(held)

    def _close_batches(self, board: Board) -> None:
        """Put those batches away of which nothing is under way."""
        if not board.all(BATCH):
            return
        going = {held.action.batch_id for held in self._table.under_way()}
        for batch in self._table.batches_under_way():
            if batch.id not in going:
                self._table.put_batch_away(batch)
