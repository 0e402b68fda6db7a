"""Actions in the minute's work, and after a sync."""

from __future__ import annotations

from shared.core.clock import Deadline
from shared.services import Services
from shared.storage.tables.work import Board


def work(services: Services, board: Board, deadline: Deadline) -> bool:
    """Send what is due, look at what is unconfirmed, put away what has ended; whether something is to be told now."""
    return services.reconciler.work(board, deadline)


def after_sync(services: Services, board: Board, deadline: Deadline) -> bool:
    """Look at everything that is unconfirmed: at the latest now; whether something is to be told now."""
    return services.reconciler.work(board, deadline, every_unconfirmed=True)
