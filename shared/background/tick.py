"""What the minute timer drives, and what follows a sync: each room's worker, one after the other.

A worker gets the services, the board with everything that is noted as due (one request for all of them) and the time that is
left. One that fails is logged and stops no other.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from shared.core import events
from shared.core.clock import Deadline
from shared.core.errors import HunterError
from shared.core.log import get_logger, location

if TYPE_CHECKING:
    from shared.model.run import Run
    from shared.services import Services
    from shared.storage.tables.work import Board

log = get_logger(__name__)

TICK_SECONDS: Final = 50.0
"""A tick's time; the next one comes after 60 s."""
AFTER_SYNC_SECONDS: Final = 20.0

Work = Callable[["Services", "Board", Deadline], bool | None]
"""True where it noted something that those after it are to see: the board is read anew for them."""


@dataclass(frozen=True)
class Worker:
    """A room's part of a tick."""

    name: str
    function: str
    """``module:function``, imported when a tick first comes to it."""
    after_sync: bool = False
    """Whether it also has something to do right after a sync."""
    then: str = ""
    """The function for right after a sync, where it is another."""

    def work(self, *, after_sync: bool = False) -> Work:
        """The function."""
        module, _, function = ((after_sync and self.then) or self.function).partition(":")
        work: Work = getattr(importlib.import_module(module), function)
        return work


WORKERS: Final[tuple[Worker, ...]] = (
    Worker("actions", "shared.background.actions:work", after_sync=True, then="shared.background.actions:after_sync"),
    Worker("wanted sync", "shared.background.wanted:work", after_sync=True),
    Worker("events", "shared.background.wanted:look", after_sync=True),
    Worker("notify", "shared.background.telling:work", after_sync=True),
    Worker("dynamics", "shared.background.dynamics:work"),
)
"""In the order in which they work: what people wait for first."""


def run(services: Services, seconds: float = TICK_SECONDS) -> None:
    """Do what is due; never raises."""
    _work(services, WORKERS, seconds, after_sync=False)


def after_sync(services: Services, run: Run | None = None, seconds: float = AFTER_SYNC_SECONDS) -> None:
    """Do what follows from a sync that has just ended; never raises. Nothing follows from a run that changed nothing."""
    if run is None or run.inserted or run.updated or run.missing:
        _work(services, [worker for worker in WORKERS if worker.after_sync], seconds, after_sync=True)


def _work(services: Services, workers: Sequence[Worker], seconds: float, *, after_sync: bool) -> None:
    if not workers:
        return
    deadline = Deadline(services.clock, seconds)
    try:
        board = services.work.load()
    except HunterError as error:
        log.warning(events.WORK_FAILED, worker="board", code=error.code)
        return
    for worker in workers:
        try:
            if worker.work(after_sync=after_sync)(services, board, deadline):
                board = services.work.load()
        except HunterError as error:
            log.warning(events.WORK_FAILED, worker=worker.name, code=error.code)
        except Exception as error:  # noqa: BLE001 - one room's mistake must not stop the others
            log.error(events.UNEXPECTED_ERROR, kind=type(error).__name__, at=location(error), worker=worker.name)
