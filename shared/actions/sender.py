"""One sitting with Partner Center for one action: read, compare, send, and find out what became of it.

Nothing is sent that was not compared with what Partner Center had a moment ago, and every change carries that version as its
``If-Match``: so a late copy of a request that was given up, or a repeated one, changes nothing twice. After an answer that
leaves the outcome open, the referral is read before anything else is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from shared.actions.compare import Plan, all_as_conflicts, plan
from shared.actions.preflight import Finding
from shared.core.clock import Clock, Deadline
from shared.core.errors import (
    ActionConflict,
    ActionNotAllowed,
    ActionTooLate,
    HunterError,
    InvalidResponse,
    Rejected,
    Throttled,
    Unavailable,
)
from shared.model import odd_json
from shared.model.action import Action, ActionState, Conflict
from shared.partner_center import retry
from shared.partner_center.client import ChangeFailed, PartnerCenterClient, WaitTooLong

RESTARTS: Final = 3
"""How often it begins again because somebody else was faster."""
FIRST_LOOK: Final = 30.0
"""Seconds after which an unconfirmed action is looked at again; each further look waits twice as long."""
MOST_BETWEEN_LOOKS: Final = 600.0
"""As often as syncs come."""


@dataclass(frozen=True)
class Sat:
    """How a sitting ended."""

    action: Action
    """The action as it is now."""
    record: bytes | None
    """The referral as Partner Center answered it last."""
    error: HunterError | None = None
    """Why it did not go through."""
    due_at: datetime | None = None
    """When to look again; None for one that has ended."""


@dataclass
class _Known:
    """What is known in the course of a sitting."""

    record: bytes | None = None
    error: HunterError | None = None
    """The last failure."""
    tries: int = 0
    restarts: int = 0
    as_add: bool = False
    """Whether members that are null are added, since replacing them was refused."""
    refused: bool = False
    """Whether the last change was refused for what it is."""
    unanswered: bool = False
    """Whether a change may still be on its way."""


class _Ends(Exception):
    """The sitting ends."""

    def __init__(self, sat: Sat) -> None:
        super().__init__()
        self.sat = sat


@dataclass
class Sitting:
    """One sitting.

    Args:
        client: for this sitting alone: it keeps its pace and deadline.
        clock: the time.
        deadline: when the sitting has to end.
        attended: whether somebody waits for it; then what may pass by itself is not tried on for long.
        may_send: whether changes may be sent; what is unconfirmed is looked at all the same.
        pause: called with the seconds for which Partner Center asked to be left alone.
    """

    client: PartnerCenterClient
    clock: Clock
    deadline: Deadline
    attended: bool
    may_send: bool
    pause: Callable[[float], None]
    _known: _Known = field(default_factory=_Known)

    def go(self, action: Action, pause_left: float = 0.0) -> Sat:
        """Sit with an action; it is changed to what it is at the end.

        Args:
            action: what is to be done.
            pause_left: the seconds for which Partner Center still wants to be left alone.

        Raises:
            StorageUnavailable, ConfigurationError: where the sign-in's storage fails.
        """
        try:
            if pause_left >= self.deadline.remaining():
                self._put_off(action, Throttled(retry_after=pause_left), pause_left)
            self.clock.sleep(pause_left)
            while True:
                self._once(action)
        except _Ends as end:
            return end.sat

    def _once(self, action: Action) -> None:
        record = self._read(action)
        planned = plan(action, record, as_add=self._known.as_add)
        if action.confirmed or planned.verdict == "done":
            action.already_done = not (action.maybe_sent or action.confirmed)
            self._end(action, "applied")
        if planned.verdict == "conflict":
            self._end(action, "conflict", ActionConflict(), planned.conflicts)
        if planned.verdict == "refused":
            self._end(action, "refused", not_allowed(planned.finding))
        if self._known.refused:
            if not planned.has_alternative or self._known.as_add:
                self._end(action, "refused", self._known.error)
            self._known.as_add, self._known.refused = True, False
            planned = plan(action, record, as_add=True)
        if self._known.restarts > RESTARTS:
            self._end(action, "conflict", ActionConflict(), all_as_conflicts(action, record))
        self._check_time(action)
        etag = record.get("eTag")
        if not isinstance(etag, str) or not etag:
            self._end(
                action, "failed", InvalidResponse("Partner Center did not say which version of the referral it has.")
            )
        self._send(action, planned, str(etag))

    def _check_time(self, action: Action) -> None:
        """Whether a change may still be sent."""
        late = action.is_too_late(self.clock.now())
        if (action.accepted and not late) or (self._known.unanswered and late):
            self._leave(action, "unconfirmed", self._known.error)
        if late:
            self._end(action, "failed", too_late())
        if not self.may_send:
            self._leave(action, "unconfirmed" if action.maybe_sent else "waiting", None)
        if self._known.tries >= retry.BACKOFF.tries:
            self._give_up(action)

    def _give_up(self, action: Action) -> None:
        """After all tries of a sitting it is known that nothing was applied, unless a change is still on its way."""
        error = self._known.error or Unavailable()
        if self._known.unanswered:
            self._leave(action, "unconfirmed", error)
        action.maybe_sent = False
        if self.attended:
            self._end(action, "failed", error)
        self._leave(action, "sending", error)

    def _read(self, action: Action) -> dict[str, Any]:
        try:
            self._known.record = self.client.referral(action.referral_id)
        except WaitTooLong as wait:
            self.pause(wait.seconds)
            self._put_off(action, Throttled(retry_after=wait.seconds), wait.seconds)
        except HunterError as error:
            if isinstance(error, Throttled) and error.retry_after:
                self.pause(error.retry_after)
            if action.maybe_sent or action.confirmed:
                self._leave(action, "unconfirmed", error)
            if isinstance(error, Rejected):
                self._end(action, "refused", error)
            self._put_off(action, error, error.retry_after or 0.0)
        assert self._known.record is not None  # noqa: S101 - the branches above never come back
        return _content(self._known.record)

    def _put_off(self, action: Action, error: HunterError, seconds: float) -> None:
        """Nothing can be read now: an action of which nothing was sent fails where somebody waits, else it is tried later."""
        if action.maybe_sent or action.confirmed:
            self._leave(action, "unconfirmed", error, seconds)
        if self.attended or action.is_too_late(self.clock.now() + timedelta(seconds=seconds)):
            self._end(action, "failed", error)
        self._leave(action, "sending", error, seconds)

    def _send(self, action: Action, planned: Plan, etag: str) -> None:
        known = self._known
        known.tries += 1
        action.tries += 1
        action.request = planned.operations
        try:
            body = self.client.change(action.referral_id, planned.operations, etag, action.intent)
        except ChangeFailed as failed:
            self._after(action, failed)
            return
        except HunterError as error:  # no token: nothing was sent
            action.tries -= 1
            self._put_off(action, error, error.retry_after or 0.0)
            return
        action.confirmed = True
        if body is not None and plan(action, _content(body)).verdict == "done":
            known.record = body
            self._end(action, "applied")

    def _after(self, action: Action, failed: ChangeFailed) -> None:
        """What an answer other than the one that was hoped for means."""
        known, rule = self._known, failed.rule
        known.error = failed.error
        if rule.action is retry.Action.COMPARE_AGAIN:
            known.restarts += 1
        elif rule.action is retry.Action.LOOK:
            action.maybe_sent = True
            action.accepted = action.accepted or rule is retry.CHANGE_TAKEN
            known.unanswered = known.unanswered or rule in {retry.CHANGE_UNANSWERED, retry.CHANGE_TAKEN}
            self._wait(action, failed)
        elif rule is retry.REJECTED:
            known.refused = True
        elif action.maybe_sent:
            self._leave(action, "unconfirmed", failed.error)  # an earlier copy may yet be on its way
        else:
            self._end(action, "failed", failed.error)

    def _wait(self, action: Action, failed: ChangeFailed) -> None:
        """Before looking: as long as Partner Center asks for, which holds for everybody."""
        if failed.asked:
            self.pause(failed.asked)
        seconds = retry.BACKOFF.wait(self._known.tries, failed.asked)
        if seconds >= self.deadline.remaining():
            self._leave(action, "unconfirmed", failed.error, seconds)
        self.clock.sleep(seconds)

    def _end(
        self,
        action: Action,
        state: ActionState,
        error: HunterError | None = None,
        conflicts: list[Conflict] | None = None,
    ) -> None:
        action.state, action.conflicts = state, conflicts or []
        raise _Ends(Sat(action, self._known.record, error))

    def _leave(
        self,
        action: Action,
        state: Literal["waiting", "sending", "unconfirmed"],
        error: HunterError | None,
        seconds: float = 0.0,
    ) -> None:
        """To be gone on with by the timer."""
        action.state = state
        action.looks += 1
        pause = min(FIRST_LOOK * 2.0 ** (action.looks - 1), MOST_BETWEEN_LOOKS)
        raise _Ends(Sat(action, self._known.record, error, self.clock.now() + timedelta(seconds=max(pause, seconds))))


def _content(record: bytes) -> dict[str, Any]:
    """What an answer of the client holds; that made sure that it is an object."""
    content: dict[str, Any] = odd_json.usable(record)
    return content


def not_allowed(*findings: Finding | None) -> ActionNotAllowed:
    """The error that says what stands in the way."""
    reasons = [asdict(finding) for finding in findings if finding]
    return ActionNotAllowed(reasons[0]["message"] if reasons else None, extra={"reasons": reasons})


def too_late() -> HunterError:
    """The error of what was not sent in time."""
    return ActionTooLate("It was not sent within a quarter of an hour of its time, so it was not sent. Decide again.")
