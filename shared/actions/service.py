"""Actions as people and other rooms ask for them: checked, recorded before anything is sent, sent, cancelled, retried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from shared.actions import fields
from shared.actions.compare import plan
from shared.actions.preflight import RULES, Finding, Standing, Wish, check, read_wish
from shared.actions.runner import Result, Runner, Start
from shared.actions.sender import not_allowed
from shared.core.errors import (
    ActionInProgress,
    ActionNotFailed,
    ActionTooLate,
    IdempotencyKeyReused,
    InvalidParameter,
    NotFound,
)
from shared.core.settings import Settings
from shared.model import odd_json, times
from shared.model.action import Action, Who, new_id, new_intent
from shared.model.summary import ReferralSummary
from shared.storage.engine.entities import Entity, key
from shared.storage.engine.tables import Operation, RowConflict, TableStore
from shared.storage.tables.actions import (
    ActionTable,
    Once,
    OpenAction,
    begin,
    end,
    note_once,
)
from shared.storage.tables.lane import LaneBusy
from shared.storage.tables.referrals import from_row, partition_of, with_payload
from shared.sync.intake import Before

SEEN: Final = frozenset(
    {
        *("id", "name", "customerName", "companyKey", "companyName", "category", "type", "qualification", "direction"),
        *("status", "substatus", "statusReason", "country", "city", "dealValue", "currency", "closingDateTime"),
        *("createdDateTime", "updatedDateTime", "expirationDateTime", "salesStage", "engagementId", "eTag"),
        *("externalReferenceId", "acceptedDateTime", "closedDateTime", "campaignId", "notes", "team", "answerable"),
    }
)
"""Fields of a referral that a person can have seen."""


@dataclass(frozen=True)
class Ask:
    """What is asked for, as it came: anything may be wrong with it."""

    action: Any
    changes: Any = None
    reason: Any = None
    remark: Any = None
    seen: Any = None
    """What the person saw: field to value, as our JSON has it."""

    def content(self) -> list[Any]:
        """All of it, to be told from other asks."""
        return [self.action, self.changes, self.reason, self.remark, self.seen]


@dataclass(frozen=True)
class Copy:
    """Our copy of a referral."""

    row: Entity
    summary: ReferralSummary
    record: Mapping[str, Any]
    """As Partner Center answered it."""
    values: Mapping[str, Any]
    """Of the fields that an action can be about, normalised."""

    @classmethod
    def of(cls, store: TableStore, row: Entity | None) -> Copy | None:
        """What a whole row holds, or a newer one that has taken its place; None without one."""
        whole = with_payload(store, row) if row else None
        if whole is None:
            return None
        record = odd_json.usable(whole[1].encode("utf-8", "surrogatepass"))
        return cls(whole[0], from_row(whole[0]), record, fields.values_of(record))


class ActionService:
    """What can be asked for. One for each process; thread-safe.

    Args:
        settings: the app's settings.
        store: the tables.
        runner: what sends.
    """

    def __init__(self, settings: Settings, store: TableStore, runner: Runner) -> None:
        self._settings, self._store, self._runner = settings, store, runner
        self._clock, self.table = store.clock, ActionTable(store)

    def begin(
        self, referral_id: str, ask: Ask, who: Who, *, wait: timedelta | None = None, once: str | None = None
    ) -> Action:
        """Record an action that the timer sends when its time has come.

        Args:
            referral_id: on which referral.
            ask: what.
            who: who acts: a person, or a system of ours.
            wait: how long it can be cancelled; by default HUNTER_UNDO_SECONDS for final ones, else not at all.
            once: a key of the asker's, under which the same ask does nothing again for 24 h.

        Raises:
            WritingDisabled, NotFound, InvalidParameter, ActionNotAllowed, ActionInProgress, IdempotencyKeyReused
        """
        action, _, beside = self._prepare(referral_id, ask, who, once)
        if isinstance(beside, Once):
            return self._first_answer(beside).action
        return self._record(self._waiting(action, self._undo(action) if wait is None else wait), beside)

    def act(self, referral_id: str, ask: Ask, who: Who, *, once: str | None = None) -> Result:
        """Act while somebody waits for it: at once, or, what is final, after the time in which it can be cancelled.

        Arguments and errors as for ``begin``.
        """
        action, copy, beside = self._prepare(referral_id, ask, who, once)
        if isinstance(beside, Once):
            return self._first_answer(beside)
        wait = self._undo(action)
        if wait:
            return Result(self._record(self._waiting(action, wait), beside))
        try:
            return self._runner.run(Start(action, beside=beside, before=Before(referral_id, copy.row)), attended=True)
        except RowConflict as conflict:
            return self._instead(action, beside, conflict)

    def preview(self, referral_id: str, ask: Ask, who: Who) -> Action:
        """The action that it would be, with the request that would be sent, by our copy; nothing is kept."""
        action, copy, _ = self._prepare(referral_id, ask, who, None)
        planned = plan(action, copy.record)
        if planned.verdict == "refused":
            raise not_allowed(planned.finding)
        action.request, action.conflicts = planned.operations, planned.conflicts
        action.already_done = planned.verdict == "done"
        if planned.verdict in {"done", "conflict"}:
            action.state = "applied" if action.already_done else "conflict"
            return action
        wait = self._undo(action)
        return self._waiting(action, wait) if wait else action

    def cancel(self, action_id: str) -> Action:
        """Take an action back that waits. Raises NotFound, ActionTooLate."""
        held = self._open(action_id)
        if held is None or held.action.state != "waiting":
            self._found(action_id)
            raise ActionTooLate
        now = self._clock.now()
        action = msgspec.structs.replace(held.action, state="cancelled", finished_at=times.from_datetime(now))
        try:
            self.table.transact(end(held, action, now))
        except RowConflict:
            found = self._found(action_id)
            if found.state != "cancelled":
                raise ActionTooLate from None
        return action

    def send(self, action_id: str) -> Result:
        """Send an action that waits, now. Raises NotFound, ActionTooLate, WritingDisabled."""
        self._settings.require_writing()
        held = self._open(action_id)
        if held is None or held.action.state != "waiting":
            self._found(action_id)
            raise ActionTooLate
        now = times.from_datetime(self._clock.now())
        return self._run(Start(msgspec.structs.replace(held.action, not_before=now), held))

    def retry(self, action_id: str) -> Result:
        """Try an action that failed once more. Raises NotFound, ActionNotFailed, ActionInProgress, WritingDisabled."""
        self._settings.require_writing()
        found = self._found(action_id)
        if found.state != "failed":
            raise ActionNotFailed
        again = msgspec.structs.replace(
            found,
            state="sending",
            not_before=times.from_datetime(self._clock.now()),
            finished_at=None,
            error=None,
            looks=0,
        )
        try:
            return self._runner.run(Start(again), attended=True)
        except RowConflict:
            raise self._in_progress(again) from None

    # -- what is asked for

    def prepare(self, referral_id: str, wish: Wish, seen: Any, who: Who, copy: Copy) -> tuple[Action, list[Finding]]:
        """The action that a wish makes on a referral, and what stands in its way."""
        given = read_seen(seen)
        saw = {**copy.values, **given}
        now = self._clock.now()
        action = Action(
            id=new_id(now),
            referral_id=referral_id,
            referral_name=copy.summary.name,
            action=wish.action,
            changes=wish.changes,
            reason=wish.reason,
            remark=wish.remark,
            state="sending",
            who=who,
            created_at=times.from_datetime(now),
            not_before=times.from_datetime(now),
            seen={name: saw[name] for name in _concerned(wish)},
            intent=new_intent(),
        )
        standing = Standing(saw["status"], saw["substatus"], copy.summary.answerable, saw["dealValue"])
        notes = copy.values["notes"]
        findings = check(wish, standing, notes if isinstance(notes, str) else None)
        if "dealValue" in wish.changes and not (wish.changes.get("currency") or saw["currency"]):
            findings.append(Finding("currency", "required", "Say in which currency the deal value is."))
        becomes = RULES[wish.action].becomes
        if becomes and (saw["status"], saw["substatus"]) == becomes:
            findings = [finding for finding in findings if finding.field not in {"status", "dealValue"}]
        return action, findings

    def _prepare(
        self, referral_id: str, ask: Ask, who: Who, once: str | None
    ) -> tuple[Action, Copy, list[Operation] | Once]:
        self._settings.require_writing()
        wish, wrong = read_wish(ask.action, ask.changes, ask.reason, ask.remark)
        row = self._store.table("Referrals").get(partition_of(referral_id), key(referral_id))
        copy = Copy.of(self._store, row)
        if copy is None:
            raise NotFound("There is no such referral.")
        action, findings = self.prepare(referral_id, wish, ask.seen, who, copy)
        asked = Once.of(who.id, once, [referral_id, *ask.content()], action.id) if once is not None else None
        if wrong or findings:
            known = self.table.once(asked.id) if asked else None
            if asked and known:
                return action, copy, _same(known, asked)
            raise not_allowed(*wrong, *findings)
        return action, copy, [note_once(asked, self._clock.now())] if asked else []

    def _undo(self, action: Action) -> timedelta:
        """How long it can be cancelled: not at all where nothing final can come of it, as what was seen was so already."""
        rule = RULES[action.action]
        done = (action.seen.get("status"), action.seen.get("substatus")) == rule.becomes
        return timedelta(seconds=self._settings.undo_seconds) if rule.final and not done else timedelta(0)

    def _waiting(self, action: Action, wait: timedelta) -> Action:
        action.state = "waiting"
        action.not_before = times.from_datetime(times.to_datetime(action.created_at) + wait)
        return action

    def _record(self, action: Action, beside: Sequence[Operation]) -> Action:
        try:
            self.table.transact([*beside, begin(action, times.to_datetime(action.not_before))])
        except RowConflict as conflict:
            return self._instead(action, beside, conflict).action
        return action

    def _run(self, start: Start) -> Result:
        try:
            return self._runner.run(start, attended=True)
        except RowConflict:
            found = self._found(start.action.id)
            if found.ended and found.state != "cancelled":
                return Result(found)
            raise ActionTooLate from None
        except LaneBusy:
            return Result(start.held.action if start.held else start.action)

    # -- when somebody was faster

    def _instead(self, action: Action, beside: Sequence[Operation], conflict: RowConflict) -> Result:
        """What to answer where a row was there already: the first answer to the same request, or what is under way."""
        open_now = self.table.on(action.referral_id)
        if open_now and open_now.action.id == action.id:
            return Result(open_now.action)  # our own writing, whose answer got lost
        if beside and conflict.index == 0:
            operation = beside[0]
            entity = getattr(operation, "entity", {})
            known = self.table.once(str(entity.get("id")))
            if known:
                return self._first_answer(_same(known, Once(known.id, str(entity["fingerprint"]), action.id)))
        raise self._in_progress(action)

    def _in_progress(self, action: Action) -> ActionInProgress:
        open_now = self.table.on(action.referral_id)
        return ActionInProgress(subject=open_now.action if open_now else action)

    def _first_answer(self, known: Once) -> Result:
        return Result(self._found(known.made))

    def _open(self, action_id: str) -> OpenAction | None:
        return next((each for each in self.table.under_way() if each.action.id == action_id), None)

    def _found(self, action_id: str) -> Action:
        found = self.table.find(action_id)
        if found is None:
            raise NotFound("There is no such action.")
        return found


def read_seen(seen: Any) -> dict[str, Any]:
    """What a person saw, normalised, of the fields that an action can be about. Raises InvalidParameter."""
    if seen is None:
        return {}
    if not isinstance(seen, dict):
        raise InvalidParameter("seen has to be an object.")
    unknown = sorted(set(seen) - SEEN)
    if unknown:
        raise InvalidParameter(f"seen has no field {unknown[0][:60]}.")
    read: dict[str, Any] = {}
    for name in (*fields.FIELDS, *fields.STATUS_FIELDS):
        if name in seen:
            value = seen[name]
            usual = (int | float | Decimal) if name == "dealValue" else str
            if value is not None and (isinstance(value, bool) or not isinstance(value, usual)):
                raise InvalidParameter(f"seen.{name} has a value that it can't have.")
            read[name] = fields.normal(name, value)
    return read


def _same(known: Once, asked: Once) -> Once:
    if known.fingerprint != asked.fingerprint:
        raise IdempotencyKeyReused
    return known


def _concerned(wish: Wish) -> list[str]:
    """The fields of which it counts what was seen."""
    named = [name for group in fields.GROUPS if any(each in wish.changes for each in group) for name in group]
    return [*(fields.STATUS_FIELDS if RULES[wish.action].becomes else ()), *named]
