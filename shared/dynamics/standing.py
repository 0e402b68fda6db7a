"""Whether the CRM still stands by what it asked for: looked at just before Partner Center is told something final."""

from __future__ import annotations

from typing import Final

from shared.core.clock import Deadline
from shared.core.errors import HunterError
from shared.dynamics.client import CrmError
from shared.dynamics.records import STATES
from shared.dynamics.service import Dynamics
from shared.model.action import DYNAMICS_365, Action
from shared.storage.tables import crm_links

SECONDS: Final = 8.0
"""The longest that the question may take: other actions wait for it."""
_STATE_OF: Final = {"win": "won", "lose": "lost"}


def stands(dynamics: Dynamics, action: Action) -> bool | None:
    """Whether an action may be sent: yes for all that people asked for; None while it can't be known.

    Args:
        dynamics: the connection.
        action: what is about to be sent. Only a win or loss of Dynamics 365 itself is asked about.
    """
    if action.who.id != DYNAMICS_365.id or action.action not in _STATE_OF:
        return True
    try:
        stored = crm_links.load(dynamics.store, action.referral_id)
        if stored is None or stored.link.table != "opportunity" or not stored.link.record_id:
            return False
        with dynamics.connect(Deadline(dynamics.clock, SECONDS)) as connection:
            try:
                row = connection.client.get(f"opportunities({stored.link.record_id})", "$select=statecode")
            except CrmError as error:
                if error.kind == "record_not_found":
                    return False
                raise
    except HunterError:
        return None
    number = row.get("statecode")
    return isinstance(number, int) and STATES["opportunity"][number : number + 1] == (_STATE_OF[action.action],)
