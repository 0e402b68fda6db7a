"""A limit on how often one instance lets a route be used."""

from __future__ import annotations

import threading

from shared.core.clock import Clock, SystemClock
from shared.core.errors import TooManyRequests


class Throttle:
    """A token bucket for this instance: so many requests at once, refilled at a steady rate. Thread-safe.

    Its purpose is that a stuck script cannot keep an instance busy; what keeps two syncs apart is the lease.
    """

    def __init__(self, burst: int, per_minute: float, clock: Clock | None = None) -> None:
        self._clock: Clock = clock or SystemClock()
        self._burst = float(burst)
        self._per_second = per_minute / 60
        self._tokens = self._burst
        self._filled = self._clock.monotonic()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Let one request through.

        Raises:
            TooManyRequests: the bucket is empty; ``retry_after`` says when there is a token again.
        """
        with self._lock:
            now = self._clock.monotonic()
            self._tokens = min(self._burst, self._tokens + (now - self._filled) * self._per_second)
            self._filled = now
            if self._tokens < 1:
                raise TooManyRequests(retry_after=(1 - self._tokens) / self._per_second)
            self._tokens -= 1
