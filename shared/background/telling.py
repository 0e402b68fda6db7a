"""Notifications' part of a tick, and of what follows a sync."""

from __future__ import annotations

from typing import Final

from shared.background.tick import AFTER_SYNC_SECONDS
from shared.core.clock import Deadline
from shared.services import Services
from shared.storage.tables.work import Board

SECONDS: Final = 20.0
"""The most that a tick waits for targets; those that are slow go on beside it."""
SECONDS_AFTER_SYNC: Final = 3.0
"""The same after a sync: whoever asked for it waits for its answer."""


def work(services: Services, board: Board, deadline: Deadline) -> None:
    """Give out what was found and send what is due."""
    left = deadline.remaining()
    most = SECONDS_AFTER_SYNC if left <= AFTER_SYNC_SECONDS else SECONDS
    services.notifier.tick(board, max(0.0, min(most, left)))
