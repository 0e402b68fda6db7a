"""One action on many referrals: each is an action of its own, under way until its turn comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import msgspec

from shared.actions.preflight import RULES, Finding, Wish, read_wish
from shared.actions.sender import not_allowed
from shared.actions.service import ActionService, Ask, Copy
from shared.core.errors import (
    ActionInProgress,
    ActionNotAllowed,
    IdempotencyKeyReused,
    InvalidParameter,
    NotFound,
)
from shared.core.settings import Settings
from shared.model import times
from shared.model.action import Action, ActionFault, ActionState, Batch, Who, new_id, stamp_of
from shared.storage.engine.tables import Operation, RowConflict, TableStore
from shared.storage.tables.actions import Once, OpenAction, begin, end, note_batch, note_once
from shared.storage.tables.referrals import read_rows

MOST: Final = 200
_TOGETHER: Final = 40
"""Actions begun in one transaction; each is a row of some kilobytes."""


@dataclass(frozen=True)
class BatchView:
    """A batch with its actions as they are now."""

    batch: Batch
    actions: list[Action]


class Batches:
    """What can be asked for of batches. One for each process; thread-safe."""

    def __init__(self, settings: Settings, store: TableStore, service: ActionService) -> None:
        self._settings, self._store, self._service = settings, store, service
        self._table, self._clock = service.table, store.clock

    def begin(self, ask: Ask, ids: Any, who: Who, *, once: str | None = None) -> Batch:
        """Record an action on each of these referrals. What may not be done is refused there, and stops nothing.

        Args:
            ask: what is to be done with each; nothing of it depends on the referral.
            ids: of the referrals, 1 to 200.
            who: who acts.
            once: a key of theirs, under which the same ask does nothing again for 24 h.

        Raises:
            WritingDisabled, InvalidParameter, ActionNotAllowed, IdempotencyKeyReused
        """
        self._settings.require_writing()
        wish, wrong = read_wish(ask.action, ask.changes, ask.reason, ask.remark)
        referrals = _read_ids(ids)
        now = self._clock.now()
        batch = Batch(id=new_id(now), action=wish.action, who=who, at=times.from_datetime(now), total=len(referrals))
        asked = Once.of(who.id, once, [referrals, *ask.content()], batch.id) if once is not None else None
        known = self._table.once(asked.id) if asked else None
        if asked and known:
            if known.fingerprint != asked.fingerprint:
                raise IdempotencyKeyReused
            return self._batch(known.made)
        if wrong:
            raise not_allowed(*wrong)
        rows = read_rows(self._store.table("Referrals"), referrals)
        copies = {referral_id: Copy.of(self._store, row) for referral_id, row in rows.items()}
        actions = [self._action(referral_id, wish, batch, copies.get(referral_id)) for referral_id in referrals]
        return self._record(batch, actions, asked)

    def _action(self, referral_id: str, wish: Wish, batch: Batch, copy: Copy | None) -> Action:
        """What is to be done with one referral, or why not."""
        if copy is None:
            missing = Action(
                id="",
                referral_id=referral_id,
                action=wish.action,
                changes=wish.changes,
                reason=wish.reason,
                remark=wish.remark,
                state="refused",
                who=batch.who,
                created_at=batch.at,
                not_before=batch.at,
                error=ActionFault(NotFound.code, "There is no such referral."),
                intent="",
            )
            return self._of_batch(missing, batch, "refused")
        action, findings = self._service.prepare(referral_id, wish, None, batch.who, copy)
        if findings:
            action.error = _fault(findings)
        return self._of_batch(action, batch, "refused" if findings else "waiting")

    def _of_batch(self, action: Action, batch: Batch, state: ActionState) -> Action:
        """The action as one of a batch: all of them have the batch's time, by which they are found."""
        wait = self._settings.undo_seconds if RULES[action.action].final else 0
        not_before = times.from_datetime(times.to_datetime(batch.at) + timedelta(seconds=wait))
        return msgspec.structs.replace(
            action,
            id=new_id(times.to_datetime(batch.at)),
            batch_id=batch.id,
            state=state,
            created_at=batch.at,
            not_before=not_before,
            finished_at=batch.at if state == "refused" else None,
        )

    def _record(self, batch: Batch, actions: Sequence[Action], asked: Once | None) -> Batch:
        """Write them, and the batch last: only with it they count. So a process that dies in between has done nothing."""
        for first in range(0, len(actions), _TOGETHER):
            self._begin_some(list(actions[first : first + _TOGETHER]))
        now = self._clock.now()
        last: list[Operation] = [note_batch(batch, now)]
        if asked:
            last.insert(0, note_once(asked, now))
        try:
            self._table.transact(last)
        except RowConflict:
            known = self._table.once(asked.id) if asked else None
            if known and known.made != batch.id:
                self._take_back(batch)
                return self._batch(known.made)
        return batch

    def _begin_some(self, actions: list[Action]) -> None:
        """Begin these; one whose referral has an action under way is refused."""
        while True:
            now = self._clock.now()
            operations = [
                operation
                for action in actions
                for operation in (
                    [begin(action, times.to_datetime(action.not_before))]
                    if action.state == "waiting"
                    else end(None, action, now)
                )
            ]
            try:
                self._table.transact(operations)
            except RowConflict as conflict:
                action = actions[conflict.index]
                open_now = self._table.on(action.referral_id)
                if open_now and open_now.action.id == action.id:
                    return  # our own writing, whose answer got lost
                fault = ActionFault(ActionInProgress.code, ActionInProgress.default)
                actions[conflict.index] = msgspec.structs.replace(
                    action, state="refused", error=fault, finished_at=times.from_datetime(now)
                )
                continue
            return

    def _take_back(self, batch: Batch) -> None:
        """The same was asked for at the same moment, and the other one was first: this one has not been."""
        for held in self._of(batch):
            self._table.forget_open(held)
        for held in self._table.ended():
            if held.action.batch_id == batch.id:
                self._table.forget_ended(held)

    # -- afterwards

    def view(self, batch_id: str) -> BatchView:
        """A batch with its actions. Raises NotFound."""
        batch = self._batch(batch_id)
        stamp = stamp_of(times.to_datetime(batch.at))
        under_way = {held.action.id: held.action for held in self._of(batch)}
        ended = {held.action.id: held.action for held in self._table.ended() if held.action.batch_id == batch.id}
        kept_ids = [brief.id for brief in self._table.kept(stamp, f"{stamp}~", batchId=batch.id)]
        kept = {action.id: action for action in self._table.read_kept(kept_ids)}
        everything = {**kept, **ended, **under_way}
        return BatchView(batch, sorted(everything.values(), key=lambda action: action.id))

    def cancel(self, batch_id: str) -> BatchView:
        """Cancel what of a batch still waits. Raises NotFound."""
        batch = self._batch(batch_id)
        for held in self._of(batch):
            if held.action.state == "waiting":
                now = self._clock.now()
                action = msgspec.structs.replace(held.action, state="cancelled", finished_at=times.from_datetime(now))
                try:
                    self._table.transact(end(held, action, now))
                except RowConflict:
                    continue  # it has just begun, or ended
        return self.view(batch_id)

    def _of(self, batch: Batch) -> list[OpenAction]:
        return [held for held in self._table.under_way() if held.action.batch_id == batch.id]

    def _batch(self, batch_id: str) -> Batch:
        batch = self._table.find_batch(batch_id)
        if batch is None:
            raise NotFound("There is no such batch.")
        return batch


def _read_ids(ids: Any) -> list[str]:
    if not isinstance(ids, list) or not all(isinstance(each, str) and each for each in ids):
        raise InvalidParameter("ids has to be a list of referrals' ids.")
    unique = list(dict.fromkeys(ids))
    if not 1 <= len(unique) <= MOST:
        raise InvalidParameter(f"ids has to hold 1 to {MOST} referrals.")
    return unique


def _fault(findings: Sequence[Finding]) -> ActionFault:
    return ActionFault(ActionNotAllowed.code, findings[0].message)
