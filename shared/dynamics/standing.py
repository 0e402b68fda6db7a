"""Whether the CRM still stands by what it asked for: looked at just before Partner Center is told something final."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from shared.core.clock import Deadline
from shared.core.errors import HunterError
from shared.model.action import DYNAMICS_365, Action
from shared.storage.tables import crm_links

if TYPE_CHECKING:
    from shared.dynamics.service import Dynamics

SECONDS: Final = 8.0
"""The longest that the question may take: other actions wait for it."""
_STATE_OF: Final = {"win": "won", "lose": "lost"}


def stands(connection: Callable[[], Dynamics], action: Action) -> bool | None:
    """Whether an action may be sent: yes for all that people asked for; None while it can't be known.

    Args:
        connection: gives the connection, which is made for a win or loss of Dynamics 365 itself alone.
        action: what is about to be sent.
    """
    if action.who.id != DYNAMICS_365.id or action.action not in _STATE_OF:
        return True
    try:
        return _is(connection(), action.referral_id, _STATE_OF[action.action])
    except HunterError:
        return None


def _is(dynamics: Dynamics, referral_id: str, state: str) -> bool:
    """Whether a referral's opportunity has a state."""
    from shared.dynamics.client import CrmError
    from shared.dynamics.records import STATES

    stored = crm_links.load(dynamics.store, referral_id)
    if stored is None or stored.link.table != "opportunity" or not stored.link.record_id:
        return False
    with dynamics.connect(Deadline(dynamics.clock, SECONDS)) as connection:
        try:
            row = connection.client.get(f"opportunities({stored.link.record_id})", "$select=statecode")
        except CrmError as error:
            if error.kind == "record_not_found":
                return False
            raise
    number = row.get("statecode")
    return isinstance(number, int) and STATES["opportunity"][number : number + 1] == (state,)
