"""The time, as something that can be handed in: tests replace it, so nothing in them ever sleeps."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the app knows of time."""

    def now(self) -> datetime:
        """The wall clock: an aware datetime in UTC."""

    def monotonic(self) -> float:
        """Seconds on a clock that never jumps; only differences mean something."""

    def sleep(self, seconds: float) -> None:
        """Wait that many seconds; none for zero or less."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The wall clock: an aware datetime in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds on a clock that never jumps; only differences mean something."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait that many seconds; none for zero or less."""
        if seconds > 0:
            time.sleep(seconds)


class Deadline:
    """A point on the monotonic clock by which something has to be done."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._ends = clock.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left; negative once the deadline has passed."""
        return self._ends - self._clock.monotonic()

    def passed(self) -> bool:
        """Whether no time is left."""
        return self.remaining() <= 0
