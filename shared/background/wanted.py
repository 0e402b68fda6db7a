"""A room's part of a tick: a sync that an event asked for and nobody ran, and whether events still come."""

from __future__ import annotations

from shared.background import tick
from shared.core.clock import Deadline
from shared.services import Services
from shared.storage.tables.work import Board
from shared.sync import wanted


def work(services: Services, board: Board, deadline: Deadline) -> None:
    """Run a sync that is wanted: an event asked for it, and its process died, or it failed."""
    item = wanted.due(board, services.clock.now())
    if item and services.settings.webhook_enabled:
        for run in services.wanted_sync.resume(item):
            tick.after_sync(services, run)


def look(services: Services, board: Board, deadline: Deadline) -> None:
    """See what the syncs that have ended say about events."""
    if services.settings.webhook_enabled:
        services.watch.look(board, wanted.last_event(board))
