"""The pause that Dynamics 365 asks for, as a floor for every request of every thread and instance."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from shared.core.clock import Clock, Deadline


class Paused(Exception):
    """The pause does not fit the time that is left; ``seconds`` of it remain."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


class Gate:
    """Closed while a pause lasts.

    Args:
        clock: the time.
        until: the end of a pause that is known from storage.
        keep: called with the end of each new pause, so that other instances learn of it.
    """

    def __init__(
        self, clock: Clock, until: datetime | None = None, keep: Callable[[datetime], None] | None = None
    ) -> None:
        self._clock = clock
        self._until = until
        self._keep = keep
        self._lock = threading.Lock()

    def remaining(self) -> float:
        """Seconds that the pause still lasts; 0 without one."""
        until = self._until
        return max(0.0, (until - self._clock.now()).total_seconds()) if until else 0.0

    def close(self, seconds: float) -> None:
        """Pause at least that long; a longer pause stays as it is."""
        until = self._clock.now() + timedelta(seconds=seconds)
        with self._lock:
            if self._until and self._until >= until:
                return
            self._until = until
            if self._keep:
                self._keep(until)

    def pass_through(self, deadline: Deadline) -> None:
        """Wait until the pause is over.

        Raises:
            Paused: it lasts longer than there is time.
        """
        while (rest := self.remaining()) > 0:
            if rest > deadline.remaining():
                raise Paused(rest)
            self._clock.sleep(rest)
