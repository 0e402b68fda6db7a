"""The pace that a client keeps: a least time between two requests."""

from __future__ import annotations

from shared.core.clock import Clock


class Pace:
    """Keeps requests apart.

    Args:
        clock: the time.
        interval: least seconds between two requests.
    """

    def __init__(self, clock: Clock, interval: float) -> None:
        self._clock, self._interval = clock, interval
        self._last: float | None = None

    def keep(self) -> None:
        """Wait until the next request may be sent."""
        if self._last is not None:
            self._clock.sleep(self._interval - (self._clock.monotonic() - self._last))

    def sent(self) -> float:
        """Note that a request is sent now; when that is, on the monotonic clock."""
        self._last = self._clock.monotonic()
        return self._last
