"""How the CRM asks Partner Center: as an actor of its own, under the rules of people's actions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from shared.actions.service import ActionService
from shared.actions.service import Ask as ActionAsk
from shared.core.errors import (
    ActionInProgress,
    ActionNotAllowed,
    ActionTooLate,
    IdempotencyKeyReused,
    InvalidParameter,
    NotFound,
)
from shared.dynamics.plan import Ask
from shared.model.action import DYNAMICS_365


class CrmActions:
    """Asks the service of actions.

    Args:
        actions: the service.
    """

    def __init__(self, actions: ActionService) -> None:
        self._actions = actions

    def begin(self, referral_id: str, ask: Ask, seen: Mapping[str, Any], wait: timedelta, once: str) -> str:
        """Begin an action; its id. Raises ActionInProgress, ActionNotAllowed, WritingDisabled."""
        wish = ActionAsk(ask.action, changes=ask.changes or None, reason=ask.reason, seen=dict(seen))
        try:
            return self._actions.begin(referral_id, wish, DYNAMICS_365, wait=wait, once=once).id
        except IdempotencyKeyReused:
            raise ActionInProgress from None
        except (InvalidParameter, NotFound) as error:
            raise ActionNotAllowed(error.message) from None

    def state(self, action_id: str) -> str:
        """The state of an action; ``failed`` for one that is not known."""
        found = self._actions.table.find(action_id)
        return found.state if found else "failed"

    def cancel(self, action_id: str) -> bool:
        """Cancel an action that waits; False when it is too late."""
        try:
            self._actions.cancel(action_id)
        except (ActionTooLate, NotFound):
            return False
        return True
