"""Whether events still come: counts the polls in a row that found changes which no event announced.

Nothing at Microsoft says that a registration has gone quiet, but this app knows that it missed something whenever a poll
finds a change that nobody announced.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from shared.core import events
from shared.core.log import get_logger
from shared.model.run import Run
from shared.storage.tables.sync_state import SyncState
from shared.storage.tables.work import NEVER, Board, WorkTable
from shared.webhook.registration import KIND, ours_since

log = get_logger(__name__)

ROW: Final = "watch"
SILENT_AFTER: Final = 3
"""Polls in a row that found what no event announced."""


class Seen(msgspec.Struct, rename="camel", omit_defaults=True):
    """What the runs so far have shown; times are text of ``model.times``."""

    until: str = ""
    """When the last run that was looked at began."""
    by: str = ""
    """Who showed the last change: ``event``, ``poll``, or "" when there was none yet."""
    unannounced: int = 0
    unannounced_at: str = ""
    """When the last poll ended that found what no event announced."""

    def is_silent(self, last_event: str) -> bool:
        """Whether events seem to be lost; one that comes ends it."""
        return self.unannounced >= SILENT_AFTER and last_event <= self.unannounced_at


_decoder = msgspec.json.Decoder(Seen)


def after(seen: Seen, runs: Iterable[Run], last_event: str, since: str) -> Seen:
    """What is known once these runs have been looked at too.

    Args:
        seen: what was known.
        runs: the last runs, in any order.
        last_event: when the last event came; "" for never.
        since: since when the registration is ours; "" when it is not. Only then does a missing event mean something.
    """
    now = msgspec.structs.replace(seen)
    for run in sorted(runs, key=lambda run: run.started_at):
        if run.started_at <= now.until or not run.finished_at or run.dry_run:
            continue
        before, now.until = now.until, run.started_at
        if run.inserted + run.updated == 0:
            continue
        # What a poll finds may have been announced at any time since the one before.
        announced = run.trigger == "event" or (bool(last_event) and last_event > (before or since))
        now.by = "event" if announced else "poll"
        if announced or not since or run.started_at < since:
            now.unannounced, now.unannounced_at = 0, ""
        else:
            now.unannounced, now.unannounced_at = now.unannounced + 1, run.finished_at
    return now


class Watch:
    """Keeps what the runs have shown. Raises StorageUnavailable."""

    def __init__(self, work: WorkTable, state: SyncState) -> None:
        self._work, self._state = work, state

    def now(self, board: Board, last_event: str) -> Seen:
        """What all runs so far have shown."""
        return after(read(board), self._state.runs(), last_event, ours_since(board))

    def look(self, board: Board, last_event: str) -> None:
        """Keep what the runs since the last look have shown: called after each sync."""
        seen, now = read(board), self.now(board, last_event)
        if now == seen:
            return
        self._work.put(KIND, ROW, NEVER, msgspec.json.encode(now).decode())
        if now.is_silent(last_event) and now.unannounced != seen.unannounced:
            log.warning(events.WEBHOOK_SILENT, polls=now.unannounced)


def read(board: Board) -> Seen:
    """What is kept."""
    item = board.find(KIND, ROW)
    try:
        return _decoder.decode(item.data) if item else Seen()
    except msgspec.DecodeError:
        return Seen()
