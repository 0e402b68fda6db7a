"""What the minute timer does for Dynamics 365: changed referrals at the next tick, the CRM every ten minutes."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from shared.core import events
from shared.core.clock import Deadline
from shared.core.errors import ConfigurationError, DynamicsDisabled, DynamicsRunning, DynamicsThrottled
from shared.core.log import get_logger
from shared.model import times
from shared.services import Services
from shared.storage.tables.work import Board

log = get_logger(__name__)
KIND: Final = "dynamics"
ID: Final = "sync"
EVERY: Final = timedelta(minutes=10)
LEAST_SECONDS: Final = 5.0


def work(services: Services, board: Board, deadline: Deadline) -> None:
    """Look at what changed. The row on the board says when the CRM is due, and which version of the data was looked at."""
    try:
        services.settings.require_dynamics()
    except (DynamicsDisabled, ConfigurationError):
        return
    now = services.clock.now()
    item = board.find(KIND, ID)
    if item is None:
        services.work.add(KIND, ID, now)
        return
    version = board.versions.data
    due = bool(board.due(KIND, now))
    seconds = deadline.remaining()
    if (not due and item.data == version) or seconds < LEAST_SECONDS:
        return
    try:
        ran = services.dynamics.run("all" if due else "changed", budget=seconds)
    except (DynamicsRunning, DynamicsThrottled) as error:
        log.info(events.DYNAMICS_SKIPPED, code=error.code)
        return
    # A run that used up its time goes on at the next tick, with what changed in the CRM, too, if it had looked there.
    next_at = now + EVERY if due and not ran.pending else times.to_datetime(item.due_at)
    services.work.put(KIND, ID, next_at, "" if ran.pending else version)
