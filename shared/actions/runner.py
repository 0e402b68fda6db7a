"""Takes one action through a sitting: into the lane, to Partner Center, what comes back into storage, and out of the lane."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

import msgspec

from shared.actions.sender import Sat, Sitting
from shared.core import events
from shared.core.clock import Deadline
from shared.core.errors import HunterError
from shared.core.log import current, get_logger
from shared.core.settings import Settings
from shared.model import times
from shared.model.action import Action, ActionFault
from shared.model.changes import Author
from shared.partner_center.client import Authenticator, PartnerCenterClient
from shared.storage.engine.tables import Operation, RowConflict, TableStore
from shared.storage.tables.actions import ActionTable, OpenAction, begin, end, leave_off, move, undo
from shared.storage.tables.lane import LANE_SECONDS, Lane, LaneBusy
from shared.storage.tables.sync_state import Head, SyncState
from shared.sync.intake import Before, Intake

log = get_logger(__name__)

SITTING_SECONDS: Final = 45.0
"""The longest a person waits for an answer before the timer takes over."""
WAITING_SECONDS: Final = 15.0
"""The longest it waits for the lane."""


@dataclass(frozen=True)
class Result:
    """What became of an action so far."""

    action: Action
    record: bytes | None = None
    """The referral as Partner Center answered it."""
    error: HunterError | None = None
    """Why it did not go through."""


@dataclass(frozen=True)
class Start:
    """What is written together with entering the lane."""

    action: Action
    held: OpenAction | None = None
    """Its row; None where it begins now."""
    beside: Sequence[Operation] = ()
    """Other rows of the Work table, written first."""
    before: Before | None = None
    """Our row of the referral, where it was read."""


class Runner:
    """Runs actions. One for each process; thread-safe.

    Args:
        settings: the app's settings.
        store: the tables.
        sign_in: where tokens come from.
        intake: where answered referrals go.
        stands: whether Dynamics 365 still wants what it asked for; None while that can't be known.
    """

    def __init__(
        self,
        settings: Settings,
        store: TableStore,
        sign_in: Authenticator,
        intake: Intake,
        *,
        stands: Callable[[Action], bool | None] = lambda _: True,
    ) -> None:
        self._settings, self._store, self._sign_in, self._intake = settings, store, sign_in, intake
        self._stands = stands
        self._table, self._lane, self._state = ActionTable(store), Lane(store), SyncState(store)
        self._clock = store.clock

    def run(self, start: Start, *, attended: bool, seconds: float = SITTING_SECONDS) -> Result:
        """Sit with an action, and note how that ended.

        Args:
            start: the action, and what is written with it.
            attended: whether somebody waits for it.
            seconds: the longest that it may take.

        Raises:
            RowConflict: what ``start`` writes does not fit what is there; its ``index`` counts ``beside`` first.
            LaneBusy: of an action whose row is there already: others were in the lane all the time.
            StorageUnavailable: storage does not answer; the timer goes on with the action.
        """
        now = self._clock.now()
        if start.held and start.action.state == "waiting":
            stands = self._stands(start.action)
            if not stands:
                return Result(start.held.action if stands is None else self._taken_back(start.held))
        action = msgspec.structs.replace(start.action, state="sending")
        leaves_at = now + timedelta(seconds=LANE_SECONDS)
        first = move(start.held, action, leaves_at) if start.held else begin(action, leaves_at)
        operations = [*start.beside, first]
        deadline = Deadline(self._clock, seconds)
        try:
            etags = self._lane.enter(
                secrets.token_hex(8), operations, Deadline(self._clock, min(seconds, WAITING_SECONDS))
            )
        except LaneBusy:
            if start.held:
                raise
            self._table.transact([*start.beside, begin(action, now)])
            return Result(action)
        try:
            held = self._held(action, etags[-1] if etags else None, leaves_at)
            result = self._sit(held, start, deadline, attended=attended)
        except BaseException:
            self._lane.abandon()
            raise
        return result

    def _taken_back(self, held: OpenAction) -> Action:
        """It is no longer wanted."""
        now = self._clock.now()
        action = msgspec.structs.replace(held.action, state="cancelled", finished_at=times.from_datetime(now))
        self._table.transact(end(held, action, now))
        log.info(events.ACTION_ENDED, actionId=action.id, action=action.action, state=action.state)
        return action

    def _held(self, action: Action, etag: str | None, due_at: object) -> OpenAction:
        if etag:
            return OpenAction(action, "", etag)
        found = self._table.on(action.referral_id)
        if found is None or found.action.id != action.id:
            raise RowConflict
        return OpenAction(action, "", found.etag)

    def _sit(self, held: OpenAction, start: Start, deadline: Deadline, *, attended: bool) -> Result:
        action = msgspec.structs.replace(held.action)
        before = start.before or self._intake.before(action.referral_id)
        client = PartnerCenterClient(
            self._settings.api_url,
            self._sign_in,
            self._clock,
            deadline,
            interval=self._settings.page_interval_seconds,
        )
        sitting = Sitting(
            client, self._clock, deadline, attended=attended, may_send=self._settings.write_enabled, pause=self._pause
        )
        try:
            self._keep_interval()
            head = self._state.load()
            sat = sitting.go(action, self._pause_left(head))
            if sat.record is not None and sat.due_at is None:
                ours = action.state == "applied" and not action.already_done
                by = Author(action.who.id, action.who.name) if ours else None
                ask = partial(client.referral, action.referral_id)
                self._intake.enter(sat.record, before, ask=ask, by=by, head=head)
        finally:
            client.close()
        self._note_fault(sat)
        self._leave(held, start, sat, attended=attended)
        return Result(action, sat.record, sat.error)

    def _leave(self, held: OpenAction, start: Start, sat: Sat, *, attended: bool) -> None:
        """Note how it ended, or when it goes on, and leave the lane."""
        action, now = sat.action, self._clock.now()
        if sat.due_at is not None:
            operations: list[Operation] = [move(held, action, sat.due_at)]
        elif is_unrecorded(sat, attended=attended):
            # The key of the request goes too: nothing came of it, so asked again it is looked at again.
            operations = [leave_off(held), *undo(start.beside)]
        else:
            action.finished_at = times.from_datetime(now)
            operations = end(held, action, now)
        try:
            self._lane.leave(operations)
        except RowConflict:
            # Somebody took it over because this took too long: what they find out counts.
            log.warning(events.ACTION_TAKEN_OVER, actionId=action.id)
        _log(action, sat)

    def _keep_interval(self) -> None:
        """The least time between two requests holds for changes of all instances, too."""
        last, interval = self._lane.used_before, self._settings.page_interval_seconds
        if last:
            passed = (self._clock.now() - times.to_datetime(last)).total_seconds()
            self._clock.sleep(min(interval, interval - passed))

    def _pause_left(self, head: Head) -> float:
        """The seconds that Partner Center still wants to be left alone."""
        until = head.paused_until
        return (times.to_datetime(until) - self._clock.now()).total_seconds() if until else 0.0

    def _pause(self, seconds: float) -> None:
        self._state.pause(seconds)

    def _note_fault(self, sat: Sat) -> None:
        error, action = sat.error, sat.action
        if error is None:
            action.error = None
            return
        error.correlation_id = error.correlation_id or str(current("correlationId") or "") or None
        action.error = ActionFault(error.code, error.message, error.correlation_id)


def is_unrecorded(sat: Sat, *, attended: bool) -> bool:
    """Whether nothing is kept of an action: a person was told at once that it can't be done, and nothing was sent."""
    return (
        attended
        and sat.action.state == "refused"
        and sat.action.tries == 0
        and sat.error is not None
        and (sat.error.status == 422 and sat.action.batch_id is None)
    )


def _log(action: Action, sat: Sat) -> None:
    """What the log says of an action: ids, codes and counts."""
    code = sat.error.code if sat.error else None
    fields = {
        "actionId": action.id,
        "action": action.action,
        "state": action.state,
        "tries": action.tries,
        "code": code,
    }
    request_id = sat.error.request_id if sat.error else None
    if action.state in {"failed", "unconfirmed"}:
        log.error(events.ACTION_FAILED, **fields, requestId=request_id)
    else:
        log.info(events.ACTION_ENDED, **fields, requestId=request_id)
