"""What keeps an action on a referral from being sent or from being applied."""

from __future__ import annotations

from shared.core.errors.base import HunterError


class WritingDisabled(HunterError):
    """`HUNTER_WRITE_ENABLED` is not true, so nothing is sent to Partner Center."""

    code = "writing_disabled"
    status = 403
    default = "Writing to Partner Center is switched off. The administrator can set HUNTER_WRITE_ENABLED to true."


class ActionConflict(HunterError):
    """The referral changed since the person saw it; `action.conflicts` has what they saw, what is there, what they wanted."""

    code = "action_conflict"
    status = 409
    default = "This referral has changed since you opened it, so nothing was sent. Compare the values and decide again."


class ActionInProgress(HunterError):
    """Another action on the same referral is under way; the answer carries it."""

    code = "action_in_progress"
    status = 409
    default = "Somebody is already acting on this referral. Wait until that has ended."


class ActionNotAllowed(HunterError):
    """The action can't be done with this referral as it is; `reasons` names each field, a code and a sentence."""

    code = "action_not_allowed"
    status = 422
    default = "This can't be done with this referral as it is."


class ActionTooLate(HunterError):
    """The action is no longer waiting, so it can't be cancelled or sent early."""

    code = "action_too_late"
    status = 409
    default = "It is too late for that: the action is no longer waiting."


class ActionNotFailed(HunterError):
    """Only an action that failed can be retried."""

    code = "action_not_failed"
    status = 409
    default = "Only an action that failed can be tried again."


class IdempotencyKeyReused(HunterError):
    """The same `Idempotency-Key` came with another body within 24 hours."""

    code = "idempotency_key_reused"
    status = 422
    default = "This Idempotency-Key was already used for a different request. Use a new one."
